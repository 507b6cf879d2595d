"""Steps 4 to 6: every borrower's month, over all rows, in chunks driven by threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from colend.compilation import compiled
from colend.rules.borrower import borrower_month
from colend.state.snapshot import REFUSAL
from colend.state.tables import BORROWER, TOTAL, table


def run_rows(first, last, rows, snapshot, totals, refusals):
    """The rule of a borrower over rows first..last-1."""
    for number in range(first, last):
        borrower_month(number, rows[number], snapshot, totals, refusals)


def scratch(depth: int) -> np.recarray:
    """Room for what the lenders of one waterfall leave behind."""
    return np.zeros(depth + 1, dtype=REFUSAL).view(np.recarray)


def pass_over(rows: np.recarray, snapshot, threads: int = 1) -> np.recarray:
    """Run the month over all `rows` with the compiled rule; returns TOTAL[contract, segment].

    Each thread counts in its own table of integers; integers add up to the same sum in any order.
    """
    assert rows.dtype == BORROWER
    run = compiled(run_rows, allocates=False)
    shape = snapshot.offers.shape
    depth = int(snapshot.month.waterfall_depth[0])
    bounds = np.linspace(0, len(rows), threads + 1).astype(np.int64)
    totals = [table(TOTAL, shape) for _ in range(threads)]

    def chunk(i):
        run(bounds[i], bounds[i + 1], rows, snapshot, totals[i], scratch(depth))

    if threads == 1:
        chunk(0)
        return totals[0]
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(chunk, range(threads)))
    flat = sum(part.view(np.int64) for part in totals)
    return flat.view(TOTAL).reshape(shape).view(np.recarray)
