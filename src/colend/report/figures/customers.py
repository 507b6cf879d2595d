"""The first gate: own customers and the own channel, of banks with a partner and beside them of the others."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from colend.report.gates import DEFINITION, GATED, gated, over_time
from colend.report.reading import Reading
from colend.report.style import foot, looks, page
from colend.report.words import KIND_WORDS

# Rows of panels: measure, group, words, the most that it can be (None: a change, around zero).
ROWS = (
    ("customers_change", "partnered", "with a partner: own customers,\n% more than at the start", None),
    ("customers_change", "others", "without one: own customers,\n% more than at the start", None),
    ("own_share", "partnered", "with a partner: own channel,\n% of what they lend", 102.0),
)


def customers(reading: Reading) -> tuple[Figure, pd.DataFrame] | None:
    """Own customers since the start and the own channel's share of lending over time, by kind of bank and group."""
    if not gated(reading, "customers_change", "own_share"):
        return None
    figure, axes = page(
        "First gate: do banks win customers of their own?",
        f"{DEFINITION}; joint loans: the bank’s part; {reading.spread}",
        len(ROWS),
        len(GATED),
        height=8.2,
        sharex=True,
    )
    chosen, parts = looks(reading.arms), []
    handles: list = []
    for panels, (measure, group, words, most) in zip(axes, ROWS, strict=True):
        for axis, kind in zip(panels, GATED, strict=True):
            frame, drawn = over_time(axis, reading, measure, group, kind, chosen, 100.0, most)
            handles = drawn or handles
            parts.append(frame.assign(kind=kind, group=group, measure=measure, unit="%"))
        panels[0].set_ylabel(words)
    for axis, kind in zip(axes[0], GATED, strict=True):
        axis.set_title(KIND_WORDS[kind])
    foot(figure, handles if reading.several else [])
    return figure, pd.concat(parts, ignore_index=True)
