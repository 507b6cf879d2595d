"""Who is served: persons with a loan by segment and by region."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from colend.report.panels import Marks, dots, rows_of_arms
from colend.report.reading import FEW_ARMS, Reading
from colend.report.style import MOST_ARMS, foot, looks, marks, page, value_axis
from colend.report.words import SEGMENT_WORDS

TITLE = "Who is served at the end?"
MOST_REGIONS = 24  # whose numbers have room


def inclusion(reading: Reading) -> tuple[Figure, pd.DataFrame] | None:
    """Share of each segment's persons that have a loan at the end, and of thin-file persons by region."""
    if not reading.has("regions", "persons", "served"):
        return None
    frame = reading.frame("regions")
    frame = frame[frame["month"] == frame["month"].max()]
    segments = _share(reading, frame, ["segment"])
    regions = _share(reading, frame[frame["segment"] == "thin_file"], ["region"])
    numbers = pd.concat([segments.assign(region="all"), regions.assign(segment="thin_file")], ignore_index=True)
    draw = _together if len(reading.arms) <= FEW_ARMS else _apart
    return draw(reading, segments, regions), numbers.assign(unit="% of persons")


def _together(reading: Reading, segments: pd.DataFrame, regions: pd.DataFrame) -> Figure:
    """All arms side by side, segment by segment and region by region."""
    several = regions["region"].nunique() > 1
    figure, axes = page(
        TITLE,
        f"Persons with a loan, % of those who live there; {reading.spread}"
        + (f"; by region {reading.average}" if several else ""),
        1,
        2 if several else 1,
        width_ratios=[1.0, 1.5] if several else None,
    )
    chosen = looks(reading.arms)
    order = regions.groupby("region")["mean"].mean().sort_values().index
    dots(axes[0, 0], segments, "segment", list(SEGMENT_WORDS), chosen)
    axes[0, 0].set_xticks(range(len(SEGMENT_WORDS)), list(SEGMENT_WORDS.values()))
    axes[0, 0].set_title("By segment")
    value_axis(axes[0, 0], "% of persons with a loan")
    if several:
        dots(axes[0, 1], regions.assign(low=np.nan, high=np.nan), "region", list(order), chosen, apart=False)
        every = -(-len(order) // MOST_REGIONS)
        axes[0, 1].set_xticks(range(0, len(order), every), [str(region) for region in order[::every]], fontsize=7.5)
        axes[0, 1].set_xlabel("the model’s regions by their numbers in the table “regions”, least served first")
        axes[0, 1].set_title("Thin file, by region (axis not from zero)")
        value_axis(axes[0, 1], "", zero=False)
    foot(figure, marks(chosen, reading.labels) if reading.several else [])
    return figure


def _apart(reading: Reading, segments: pd.DataFrame, regions: pd.DataFrame) -> Figure:
    """A panel a segment, an arm a line; of the regions the least and the most served."""
    tables = [
        Marks(words, "% with a loan", segments[segments["segment"] == name]) for name, words in SEGMENT_WORDS.items()
    ]
    if regions["region"].nunique() > 1:
        ends = regions.groupby("arm", sort=False)["mean"].agg(["mean", "min", "max"]).reset_index()
        ends = ends.rename(columns={"min": "low", "max": "high"})
        tables.append(Marks("Thin file: mean of regions, and least to most served region", "% with a loan", ends))
    dashed = f"dashed: “{reading.labels[reading.baseline]}”"
    heading = (TITLE, f"Persons with a loan, % of those who live there; {reading.spread}; {dashed}")
    return rows_of_arms(reading, heading, tables, reading.arms[:MOST_ARMS])


def _share(reading: Reading, frame: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Per cent served by arm and `by`, sums before dividing within a seed; mean and interval over seeds."""
    sums = frame.groupby(["arm", *by, "seed"], sort=False)[["served", "persons"]].sum().reset_index()
    sums["share"] = 100.0 * sums["served"] / sums["persons"].where(sums["persons"] > 0.0)
    rows = []
    for key, seeds in sums.groupby(["arm", *by], sort=False):
        mean, low, high = reading.interval(seeds["share"].to_numpy())
        rows.append([*key, float(mean), float(low), float(high)])
    return pd.DataFrame(rows, columns=["arm", *by, "mean", "low", "high"])
