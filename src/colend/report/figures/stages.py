"""Alliances by stage over time, and how many of the signed pacts do nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from colend.report.reading import Reading
from colend.report.style import (
    BLUE,
    FAINT,
    GREEN,
    ORANGE,
    SKY,
    date_axis,
    foot,
    lines,
    looks,
    nothing,
    over_two_lines,
    page,
    value_axis,
)

# From the bottom of the stack: what works first. Lightness and hatching tell stages apart in grey.
STAGES = {
    "alliances_operating": ("in operation", BLUE, ""),
    "alliances_integrating": ("being integrated", SKY, ""),
    "alliances_pilot": ("pilot", GREEN, "////"),
    "alliances_signed": ("signed, on paper", "#F0E442", ""),
    "alliances_dormant": ("dormant", ORANGE, "xxxx"),
}
PER_ROW = 4


def stages(reading: Reading) -> tuple[Figure, pd.DataFrame] | None:
    """Stacked number of alliances by stage for each arm, and the share of signed pacts that do nothing."""
    if not reading.has("months", *STAGES, "dormant_share"):
        return None
    chosen = looks(reading.arms)
    arms = list(chosen)
    columns = min(PER_ROW, len(arms))
    rows = -(-len(arms) // columns)
    figure, axes = page(
        "What becomes of alliances",
        f"Alliances by stage ({reading.average}), and signed pacts that are on paper or dormant ({reading.spread})",
        rows + 1,
        columns,
        height=2.3 + 2.3 * (rows + 1),
    )
    parts = [reading.over_time(measure).assign(measure=measure, unit="number") for measure in STAGES]
    tallest = 0.0
    for number, arm in enumerate(arms):
        axis = axes[number // columns, number % columns]
        tables = [part[part["arm"] == arm] for part in parts]
        heights = np.array([table["mean"].to_numpy() for table in tables])
        areas = axis.stackplot(tables[0]["date"].to_numpy(), np.nan_to_num(heights), linewidth=0)
        for area, (_, color, hatch) in zip(areas, STAGES.values(), strict=True):
            area.set(facecolor=color, hatch=hatch, edgecolor="white", linewidth=0.3)
        title = reading.labels[arm] if reading.several else "Alliances by stage"
        axis.set_title(over_two_lines(title) if columns > 2 else title)
        tallest = max(tallest, float(np.nansum(heights, axis=0).max()))
        date_axis(axis, *reading.span, most=max(3, 10 // columns))
    for number in range(rows * columns):
        axis = axes[number // columns, number % columns]
        axis.set_visible(number < len(arms))
        axis.set_ylim(0.0, tallest * 1.05 or 1.0)
        value_axis(axis, "alliances" if number % columns == 0 else "")
    for axis in axes[rows]:
        axis.remove()
    axis = figure.add_subplot(axes[0, 0].get_gridspec()[rows, :])
    share = reading.over_time("dormant_share", 100.0)
    handles = lines(axis, share, chosen, reading.labels)
    axis.set_title("Signed pacts that do nothing (on paper or dormant)")
    if share["mean"].notna().any():
        date_axis(axis, *reading.span)
        value_axis(axis, "% of signed pacts", ticks=4, most=102.0)
    else:
        nothing(axis, "no pact was signed")
    _legends(
        figure,
        handles if reading.several else [],
        [m for m, part in zip(STAGES, parts, strict=True) if part["mean"].max() > 0.0],
    )
    parts.append(share.assign(measure="dormant_share", unit="%"))
    return figure, pd.concat(parts, ignore_index=True)


def _legends(figure: Figure, handles: list, there: list[str]) -> None:
    patches = [
        Patch(facecolor=color, hatch=hatch, edgecolor=FAINT if not hatch else "white", label=words)
        for words, color, hatch in (STAGES[measure] for measure in there)
    ]
    foot(figure, handles, patches)
