"""Who is served: persons with a loan by segment and by region."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from colend.report.reading import Reading
from colend.report.style import foot, looks, marks, page, value_axis
from colend.report.words import SEGMENT_WORDS


def inclusion(reading: Reading) -> tuple[Figure, pd.DataFrame] | None:
    """Share of each segment's persons that have a loan at the end, and of thin-file persons by region."""
    if not reading.has("regions", "persons", "served"):
        return None
    several = reading.frame("regions")["region"].nunique() > 1
    figure, axes = page(
        "Who is served at the end?",
        f"Persons with a loan, % of those who live there; {reading.spread}"
        + (f"; by region {reading.average}" if several else ""),
        1,
        2 if several else 1,
        width_ratios=[1.0, 1.5] if several else None,
    )
    chosen = looks(reading.arms)
    frame = reading.frame("regions")
    frame = frame[frame["month"] == frame["month"].max()]
    segments = _share(reading, frame, ["segment"])
    regions = _share(reading, frame[frame["segment"] == "thin_file"], ["region"])
    order = regions.groupby("region")["mean"].mean().sort_values().index
    _dots(axes[0, 0], segments, "segment", list(SEGMENT_WORDS), chosen)
    axes[0, 0].set_xticks(range(len(SEGMENT_WORDS)), list(SEGMENT_WORDS.values()))
    axes[0, 0].set_title("By segment")
    value_axis(axes[0, 0], "% with a loan")
    if several:
        _dots(axes[0, 1], regions.assign(low=np.nan, high=np.nan), "region", list(order), chosen, apart=False)
        axes[0, 1].set_xticks(range(len(order)), [str(region) for region in order], fontsize=7.5)
        axes[0, 1].set_xlabel("region, in the order of the share served")
        axes[0, 1].set_title("Thin file, by region (axis not from zero)")
        value_axis(axes[0, 1], "", zero=False)
    foot(figure, marks(chosen, reading.labels) if reading.several else [])
    tables = [segments.assign(region="all"), regions.assign(segment="thin_file")]
    return figure, pd.concat(tables, ignore_index=True).assign(unit="% of persons")


def _share(reading: Reading, frame: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Per cent served by arm and `by`, sums before dividing within a seed; mean and interval over seeds."""
    sums = frame.groupby(["arm", *by, "seed"], sort=False)[["served", "persons"]].sum().reset_index()
    sums["share"] = 100.0 * sums["served"] / sums["persons"].where(sums["persons"] > 0.0)
    rows = []
    for key, seeds in sums.groupby(["arm", *by], sort=False):
        mean, low, high = reading.interval(seeds["share"].to_numpy())
        rows.append([*key, float(mean), float(low), float(high)])
    return pd.DataFrame(rows, columns=["arm", *by, "mean", "low", "high"])


def _dots(axis, table: pd.DataFrame, by: str, order: list, chosen, apart: bool = True) -> None:
    """Marks with intervals, an arm a mark, side by side or above each other."""
    step = 0.7 / max(len(chosen), 3) if apart else 0.0
    for number, (arm, look) in enumerate(chosen.items()):
        rows = table[table["arm"] == arm].set_index(by).reindex(order)
        x = np.arange(len(order)) + (number - (len(chosen) - 1) / 2) * step
        axis.vlines(x, rows["low"], rows["high"], color=look.color, linewidth=1.4)
        axis.plot(x, rows["mean"], look.marker, color=look.color, markersize=5.5, linestyle="")
    axis.set_xlim(-0.6, len(order) - 0.4)
