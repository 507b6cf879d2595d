"""What the figures of the two gates share: who stands before them, and a panel of a group of banks over time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from colend.measures.gates import GATED, MONTHS_BEFORE
from colend.report.reading import Reading
from colend.report.style import INK, MUTED, date_axis, lines, nothing, value_axis

__all__ = ["DEFINITION", "GATED", "gated", "over_time"]

DEFINITION = f"With a partner: {MONTHS_BEFORE} months or more with a pact in operation by then"


def gated(reading: Reading, *measures: str) -> bool:
    """Whether these monthly measures of the gates were recorded."""
    return reading.has("months", *(f"{measure}_partnered_{kind}" for measure in measures for kind in GATED))


def over_time(
    axis, reading: Reading, measure: str, group: str, kind: str, chosen, factor: float = 1.0, most: float | None = None
) -> tuple[pd.DataFrame, list[Any]]:
    """Draw a monthly measure of a group of banks by arm; its numbers, and the lines drawn.

    Around zero unless `most` bounds it from above. From the month on in which every seed has such banks: an interval
    over some seeds is one over those whose first partners came early.
    """
    name = f"{measure}_{group}_{kind}"
    frame = reading.over_time(name, factor)
    there = reading.over_time(lambda months: months[name].notna().astype(float))["mean"] == 1.0
    if not there.any():
        nothing(axis, "no bank is without a partner" if group == "others" else "no bank has a partner for so long")
        return frame, []
    drawn = lines(axis, frame[there], chosen, reading.labels)
    date_axis(axis, *reading.span)
    value_axis(axis, "", zero=most is not None, most=np.inf if most is None else most)
    if most is None:
        axis.axhline(0.0, color=INK, linewidth=0.8)
    where = {"transform": axis.transAxes, "ha": "left", "va": "top", "fontsize": 8, "color": MUTED}
    axis.text(0.02, 0.97, _how_many(reading, group, kind), **where)
    return frame, drawn


def _how_many(reading: Reading, group: str, kind: str) -> str:
    """Banks in the group at the end, means over seeds of the arm with fewest and of that with most."""
    months = reading.frame("months")
    numbers = months[months["month"] == months["month"].max()].groupby("arm")[f"banks_{group}_{kind}"].mean()
    least, most = f"{numbers.min():.0f}", f"{numbers.max():.0f}"
    return f"{least if least == most else f'{least} to {most}'} banks at the end"
