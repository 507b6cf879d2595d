"""The first gate: own customers and the own channel, of banks with a partner and beside them of the others."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from colend.report.gates import GATED, definition, gated, over_time
from colend.report.panels import Panels
from colend.report.reading import Reading
from colend.report.words import KIND_WORDS

# Rows of panels: measure, group, words, unit, the most that it can be (None: a change, around zero).
ROWS = (
    ("customers_change", "partnered", "with a partner: own customers", "% more than at the start", None),
    ("customers_change", "others", "without one: own customers", "% more than at the start", None),
    ("own_share", "partnered", "with a partner: own channel", "% of what they lend", 102.0),
)


def customers(reading: Reading) -> tuple[Figure, pd.DataFrame] | None:
    """Own customers since the start and the own channel's share of lending over time, by kind of bank and group."""
    if not gated(reading, "customers_change", "own_share"):
        return None
    wanted = [(row, kind) for row in ROWS for kind in GATED]
    panels = Panels(
        reading,
        (
            "First gate: do banks win customers of their own?",
            f"{definition(reading, how_many=True)}; joint loans: the bank’s part; {reading.spread_at_ends}",
        ),
        [f"{KIND_WORDS[kind]} {words}" for (_, _, words, _, _), kind in wanted],
        columns=len(GATED),
        height=8.2,
    )
    parts = [
        over_time(panels, place, (measure, group, kind), unit, 100.0, most)
        for place, ((measure, group, _, unit, most), kind) in enumerate(wanted)
    ]
    panels.legend()
    return panels.figure, pd.concat(parts, ignore_index=True).assign(unit="%")
