"""Joint lending by arm: what is outstanding and what is paid out each month."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from colend.report.panels import Panels
from colend.report.reading import Reading
from colend.report.style import lines
from colend.report.words import yuan_unit

PANELS = {"balance_joint": "Outstanding", "originations_joint": "Paid out in the month"}


def lending(reading: Reading) -> tuple[Figure, pd.DataFrame] | None:
    """Balances and originations of joint loans over time, both parties' parts."""
    if not reading.has("months", *PANELS):
        return None
    panels = Panels(
        reading,
        (f"Joint lending{reading.by_arm}", f"Banks’ and platforms’ parts together; {reading.spread_of_levels}"),
        list(PANELS.values()),
        columns=2,
        height=4.9,
    )
    parts = []
    for place, measure in enumerate(PANELS):
        unit = yuan_unit(reading.frame("months")[measure].max())
        frame = reading.over_time(measure, unit.factor)
        for axis, chosen in panels.of(place):
            lines(axis, frame, chosen, reading.labels)
        panels.finish(place, unit.words, dates=True)
        parts.append(frame.assign(measure=measure, unit=unit.words))
    panels.legend()
    return panels.figure, pd.concat(parts, ignore_index=True)
