"""Alliances by stage over time, and how many of the signed pacts do nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from colend.report.reading import FEW_ARMS, Reading
from colend.report.style import (
    FAINT,
    INK,
    MOST_ARMS,
    PER_ROW,
    STAGE_LOOKS,
    date_axis,
    foot,
    lines,
    looks,
    nothing,
    page,
    title,
    value_axis,
)
from colend.report.words import STAGE_WORDS

# From the bottom of the stack: what works first.
STACK = ("operating", "integrating", "pilot", "signed", "dormant")
MEASURES = [f"alliances_{stage}" for stage in STACK]


def stages(reading: Reading) -> tuple[Figure, pd.DataFrame] | None:
    """Stacked number of alliances by stage for each arm, and the share of signed pacts that do nothing."""
    if not reading.has("months", *MEASURES, "dormant_share"):
        return None
    arms = reading.arms[:MOST_ARMS]
    columns = min(PER_ROW, len(arms))
    rows = -(-len(arms) // columns)
    together = len(arms) <= FEW_ARMS  # else the share stands in each arm's own panel
    figure, axes = page(
        "What becomes of alliances",
        f"Alliances by stage, {reading.average}; signed pacts that are on paper or dormant, from the first pact on, "
        f"{reading.spread_at_ends if together else reading.average}",
        rows + together,
        columns,
        height=2.3 + (2.3 if together else 1.9) * (rows + together),
    )
    parts = [reading.over_time(measure).assign(measure=measure, unit="number") for measure in MEASURES]
    share = reading.over_time("dormant_share", 100.0)
    tallest = 0.0
    for axis, arm in zip(axes.flat, arms, strict=False):
        tables = [part[part["arm"] == arm] for part in parts]
        heights = np.array([table["mean"].to_numpy() for table in tables])
        dates = month_ends(tables[0]["date"].to_numpy())
        areas = axis.stackplot(dates, np.repeat(heights, 2, axis=1), linewidth=0)
        for area, stage in zip(areas, STACK, strict=True):
            look = STAGE_LOOKS[stage]
            area.set(facecolor=look.color, hatch=look.hatch, edgecolor="white", linewidth=0.3)
        title(axis, reading.labels[arm] if reading.several else "Alliances by stage", columns)
        tallest = max(tallest, float(np.nansum(heights, axis=0).max()))
        date_axis(axis, *reading.span, most=max(3, 10 // columns))
        if not together:
            _share_at_the_end(axis, share[share["arm"] == arm])
    for number, axis in enumerate(axes[:rows].flat):
        axis.set_visible(number < len(arms))
        axis.set_ylim(0.0, tallest * (1.05 if together else 1.4) or 1.0)
        value_axis(axis, "alliances" if number % columns == 0 else "")
        axis.yaxis.set_major_locator(MaxNLocator(5, integer=True, min_n_ticks=1))
    handles = _share(figure, axes[rows], reading, share) if together else []
    _legends(figure, handles, [stage for stage, part in zip(STACK, parts, strict=True) if part["mean"].max() > 0.0])
    parts.append(share.assign(measure="dormant_share", unit="%"))
    return figure, pd.concat(parts, ignore_index=True)


def month_ends(dates: np.ndarray) -> np.ndarray:
    """Begin and end of each month: what holds in a month is drawn over all of it."""
    last = (dates[-1:].astype("datetime64[M]") + 1).astype(dates.dtype)
    return np.stack([dates, np.append(dates[1:], last)], axis=1).ravel()


def _share(figure: Figure, row: np.ndarray, reading: Reading, share: pd.DataFrame) -> list:
    """The share of signed pacts that do nothing, all arms in one panel over the width of the page; its legend."""
    for axis in row:
        axis.remove()
    axis = figure.add_subplot(row[0].get_gridspec()[-1, :])
    handles = lines(axis, share, looks(reading.arms), reading.labels)
    axis.set_title("Signed pacts that do nothing (on paper or dormant)")
    if share["mean"].notna().any():
        date_axis(axis, *reading.span)
        value_axis(axis, "% of signed pacts", ticks=4, most=102.0)
    else:
        nothing(axis, "no pact was signed")
    return handles if reading.several else []


def _share_at_the_end(axis, share: pd.DataFrame) -> None:
    last = float(share["mean"].iloc[-1])
    words = "no signed pact at the end" if np.isnan(last) else f"{last:.0f} % of pacts\ndo nothing at the end"
    axis.text(0.03, 0.97, words, transform=axis.transAxes, va="top", fontsize=7.5, color=INK)


def _legends(figure: Figure, handles: list, there: list[str]) -> None:
    patches = [
        Patch(
            facecolor=look.color, hatch=look.hatch, edgecolor="white" if look.hatch else FAINT, label=STAGE_WORDS[stage]
        )
        for stage, look in ((stage, STAGE_LOOKS[stage]) for stage in there)
    ]
    foot(figure, handles, patches)
