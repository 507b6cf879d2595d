"""Joint lending by arm: what is outstanding and what is paid out each month."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from colend.report.reading import Reading
from colend.report.style import date_axis, foot, lines, looks, page, value_axis
from colend.report.words import yuan_unit

PANELS = {"balance_joint": "Outstanding", "originations_joint": "Paid out in the month"}


def lending(reading: Reading) -> tuple[Figure, pd.DataFrame] | None:
    """Balances and originations of joint loans over time, both parties' parts."""
    if not reading.has("months", *PANELS):
        return None
    figure, axes = page(
        f"Joint lending{reading.by_arm}", f"Banks’ and platforms’ parts together; {reading.spread_of_levels}", 1, 2
    )
    chosen, parts, handles = looks(reading.arms), [], []
    for axis, (measure, words) in zip(axes[0], PANELS.items(), strict=True):
        unit = yuan_unit(reading.frame("months")[measure].max())
        frame = reading.over_time(measure, unit.factor)
        handles = lines(axis, frame, chosen, reading.labels)
        axis.set_title(words)
        date_axis(axis, *reading.span)
        value_axis(axis, unit.words)
        parts.append(frame.assign(measure=measure, unit=unit.words))
    foot(figure, handles if reading.several else [])
    return figure, pd.concat(parts, ignore_index=True)
