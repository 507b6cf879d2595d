"""What the figures of the two gates share: who stands before them, and a panel of a group of banks over time."""

from __future__ import annotations

import numpy as np
import pandas as pd

from colend.measures.gates import GATED, MONTHS_BEFORE
from colend.report.panels import Panels
from colend.report.reading import FEW_ARMS, Reading
from colend.report.style import INK, MUTED, lines, nothing
from colend.scenario.errors import counted

__all__ = ["GATED", "definition", "gated", "over_time"]

FEWEST = 0.75  # of the seeds, with a bank in a group: less is not drawn
BESIDE_LINES = {"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.6}  # words that a line may cross


def definition(reading: Reading, how_many: bool = False) -> str:
    """Who is meant by banks with a partner, and where it stands how many they are when panels have no room for it."""
    words = f"With a partner: {MONTHS_BEFORE} months or more with a pact in operation by then"
    return words + "; how many: chart 09" if how_many and len(reading.arms) > FEW_ARMS else words


def gated(reading: Reading, *measures: str) -> bool:
    """Whether these monthly measures of the gates were recorded, of any bank at all."""
    if not reading.has("months", *(f"{measure}_partnered_{kind}" for measure in measures for kind in GATED)):
        return False
    return any(
        (reading.frame("months")[f"banks_{group}_{kind}"] > 0.0).any()
        for group in ("partnered", "others")
        for kind in GATED
    )


def over_time(
    panels: Panels,
    place: int,
    measure: tuple[str, str, str],
    unit: str,
    factor: float = 1.0,
    most: float | None = None,
) -> pd.DataFrame:
    """Draw a monthly measure (its name, group and kind of bank) by arm into a panel; its numbers.

    Around zero unless `most` bounds it from above. Where FEWEST of the seeds have such banks: a mean over fewer is one
    over those whose first partners came early. How many banks these are at the end stands in a panel with room for it.
    """
    reading, name, (_, group, kind) = panels.reading, "_".join(measure), measure
    frame = reading.over_time(name, factor)
    there = reading.over_time(lambda months: months[name].notna().astype(float))["mean"] >= FEWEST
    for axis, chosen in panels.of(place):
        if not (there & frame["arm"].isin(chosen)).any():
            nothing(axis, _why_nothing(reading, group, kind, list(chosen)))
            continue
        lines(axis, frame[there], chosen, reading.labels)
        if most is None:
            axis.axhline(0.0, color=INK, linewidth=0.8)
        if panels.few:
            words = _how_many(reading, group, kind, list(chosen))
            where = {"transform": axis.transAxes, "va": "top", "fontsize": 7.5, "color": MUTED, "bbox": BESIDE_LINES}
            axis.text(0.02, 0.98, words, **where)
    panels.finish(place, unit, dates=bool(there.any()), zero=most is not None, most=np.inf if most is None else most)
    return frame.assign(kind=kind, group=group, measure=measure[0])


def _at_end(reading: Reading, group: str, kind: str, arms: list[str]) -> pd.Series:
    """Banks in the group at the end by arm and seed."""
    months = reading.frame("months")
    months = months[months["arm"].isin(arms)]
    return months[months["month"] == months["month"].max()].set_index(["arm", "seed"])[f"banks_{group}_{kind}"]


def _why_nothing(reading: Reading, group: str, kind: str, arms: list[str]) -> str:
    """Why a measure of a group is not drawn: there are no such banks in enough of the seeds, or it is of nothing."""
    if (_at_end(reading, group, kind, arms) > 0.0).groupby("arm").mean().max() >= FEWEST:
        return "these banks have none"
    return "no bank without one" if group == "others" else "no bank with a partner for so long"


def _how_many(reading: Reading, group: str, kind: str, arms: list[str]) -> str:
    """Banks in the group at the end, means over seeds of the arm with fewest of these and of that with most."""
    numbers = _at_end(reading, group, kind, arms).groupby("arm").mean()
    least, most = round(numbers.min()), round(numbers.max())
    return f"{'' if least == most else f'{least} to '}{counted(most, 'bank')} at the end"
