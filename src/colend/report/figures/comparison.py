"""The main comparison: what differs between the arms and the baseline, by how much, with what certainty."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from colend.report.panels import Marks, rows_of_arms
from colend.report.reading import Reading
from colend.report.style import MOST_ARMS
from colend.report.words import AMOUNTS, GROUPS, PRECISION, Unit, shown


def comparison(reading: Reading) -> tuple[Figure, pd.DataFrame] | None:
    """Paired differences to the baseline with 95 % intervals, a panel a measure in its own unit, an arm a line."""
    table = differences(reading)
    if table is None:
        return None
    how = (
        f"paired by seed, mean and 95 % interval over {reading.seeds} seeds, hollow where it holds zero"
        if reading.seeds > 1
        else "one seed, no interval"
    )
    panels, group = [], ""
    for _, rows in table.groupby("measure", sort=False):
        first = rows.iloc[0]
        heading = first["group"] if first["group"] != group else ""
        group = first["group"]
        numbers = rows[["arm", "difference", "low", "high"]].rename(columns={"difference": "mean"})
        numbers[["mean", "low", "high"]] *= first["unit"].factor
        panels.append(Marks(first["words"], _along(first["unit"]), numbers, _level(first), heading))
    figure = rows_of_arms(
        reading,
        (
            f"What differs from “{reading.labels[reading.baseline]}”",
            f"Difference to that arm, whose level stands above each panel with its 95 % interval; {how}",
        ),
        panels,
        [arm for arm in reading.arms[:MOST_ARMS] if arm != reading.baseline],
    )
    return figure, table.assign(unit=[unit.words for unit in table["unit"]])


def differences(reading: Reading) -> pd.DataFrame | None:
    """Rows of the comparison that the figure shows.

    Columns group, measure, words, unit, arm, baseline (its mean), baseline_low, baseline_high, difference, low, high as
    they are, and percent, percent_low, percent_high of the baseline's value: of amounts of money and people alone,
    since rates and shares differ by points and numbers of few by themselves; NaN where the baseline is zero.
    """
    if not reading.has("comparison", "measure", "difference", "low", "high") or len(reading.arms) < 2:
        return None
    frame = reading.frame("comparison").set_index(["arm", "measure"])
    rows = []
    for group, terms in GROUPS:
        for term in terms:
            if not term.drawn or (reading.baseline, term.measure) not in frame.index:
                continue
            level = [
                float(frame.loc[(reading.baseline, term.measure), name]) for name in ("mean", "mean_low", "mean_high")
            ]
            factor = 100.0 / abs(level[0]) if level[0] and term.unit in AMOUNTS else np.nan
            for arm in reading.arms:
                if arm == reading.baseline or (arm, term.measure) not in frame.index:
                    continue
                found = frame.loc[(arm, term.measure)]
                numbers = [float(found[name]) for name in ("difference", "low", "high")]
                scaled = [number * factor for number in numbers]
                rows.append([group, term.measure, term.words, term.unit, arm, *level, *numbers, *scaled])
    names = ["group", "measure", "words", "unit", "arm", "baseline", "baseline_low", "baseline_high"]
    names += ["difference", "low", "high", "percent", "percent_low", "percent_high"]
    table = pd.DataFrame(rows, columns=names)
    known = table.groupby("measure")["difference"].transform(lambda values: values.notna().any()).astype(bool)
    return table[known] if known.any() else None


def _along(unit: Unit) -> str:
    """What a difference is counted in."""
    return unit.difference or ("precision" if unit == PRECISION else "number")


def _level(row: pd.Series) -> str:
    """The baseline's mean with the half-width of its interval."""
    unit = row["unit"]
    half = (row["baseline_high"] - row["baseline_low"]) / 2.0
    spread = f" ± {shown(half, unit, like=row['baseline'])}" if np.isfinite(half) else ""
    return f"{shown(row['baseline'], unit)}{spread} {unit.words}".rstrip()
