"""The second gate: what screening capability banks with a partner gained, and beside them the others."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from colend.measures.gates import partnered
from colend.report.gates import GATED, definition, gated, over_time
from colend.report.panels import Panels, alike
from colend.report.reading import FEW_ARMS, Reading
from colend.report.style import INK, MUTED, value_axis
from colend.report.words import KIND_WORDS

GROUPS = {"partnered": "with a partner", "others": "without one"}


def capability(reading: Reading) -> tuple[Figure, pd.DataFrame] | None:
    """Mean gain of precision over time by kind and group, and quartiles at the end beside the platforms’ level."""
    if not gated(reading, "precision_gain") or not reading.has("months", "precision_platform"):
        return None
    few, recorded = len(reading.arms) <= FEW_ARMS, reading.has("banks", "precision", "operating_months")
    levels = few and recorded  # drawn; many arms have no room for them
    columns = len(GATED) + levels
    left_out = "; quartiles at the end: among the numbers behind this chart" if recorded and not few else ""
    wanted = [(group, kind) for group in GROUPS for kind in [*GATED, *[""] * levels]]  # "": quartiles at the end
    panels = Panels(
        reading,
        (
            "Second gate: do banks learn to judge risk themselves?",
            "Precision: 1 / variance of the noise in own screening. "
            f"{definition(reading, how_many=True)}; {reading.spread_at_ends}{left_out}",
        ),
        [
            f"{KIND_WORDS[kind]} {GROUPS[group]}" if kind else f"Banks {GROUPS[group]} at the end: median, middle half"
            for group, kind in wanted
        ],
        columns=columns,
        height=7.0,
        width_ratios=[1.0] * len(GATED) + [1.15] * levels,
    )
    platform, tables = reading.over_time("precision_platform"), []
    quartiles = {group: _quartiles(reading, group) for group in GROUPS if recorded}
    for place, (group, kind) in enumerate(wanted):
        if kind:
            tables.append(over_time(panels, place, ("precision_gain", group, kind), "precision gained since the start"))
            continue
        ((axis, chosen),) = panels.of(place)
        _draw_quartiles(axis, quartiles[group], chosen)
        axis.set_ylabel("precision")
        _draw_platform(axis, float(platform.groupby("month")["mean"].mean().iloc[-1]))
    if few:
        alike(panels.axes[:, : len(GATED)])
        alike(panels.axes[:, len(GATED) :])
    tables += [
        table.assign(group=group, measure="quartiles of precision at the end") for group, table in quartiles.items()
    ]
    panels.legend(mark=few)
    return panels.figure, pd.concat([*tables, platform.assign(measure="precision_platform")], ignore_index=True)


def _quartiles(reading: Reading, group: str) -> pd.DataFrame:
    """Quartiles over a group's banks at the end and their number, means over seeds."""
    frame = reading.frame("banks")
    frame = frame[(frame["month"] == frame["month"].max()) & frame["kind"].isin(GATED)]
    frame = frame[partnered(frame["operating_months"].to_numpy()) == (group == "partnered")]
    rows = []
    for (arm, kind), banks in frame.groupby(["arm", "kind"], sort=False):
        each = np.array([np.percentile(seed["precision"], [25, 50, 75]) for _, seed in banks.groupby("seed")])
        rows.append([arm, kind, *each.mean(axis=0), len(banks) / reading.seeds])
    return pd.DataFrame(rows, columns=["arm", "kind", "p25", "median", "p75", "banks"])


def _draw_quartiles(axis, spread: pd.DataFrame, chosen) -> None:
    for place, kind in enumerate(GATED):
        for number, (arm, look) in enumerate(chosen.items()):
            row = spread[(spread["arm"] == arm) & (spread["kind"] == kind)]
            if not len(row):
                continue
            x = place + (number - (len(chosen) - 1) / 2) * min(0.18, 0.7 / len(chosen))
            axis.vlines(x, row["p25"], row["p75"], color=look.color, linewidth=4.5, alpha=0.55)
            axis.plot(x, row["median"].iloc[0], look.marker, color=look.color, markersize=6.5)
    axis.set_xticks(range(len(GATED)), [KIND_WORDS[kind] for kind in GATED])
    axis.set_xlim(-0.55, len(GATED) - 0.45)
    value_axis(axis, "")


def _draw_platform(axis, level: float) -> None:
    axis.axhline(level, color=INK, linewidth=1.0, linestyle=(0, (6, 3)))
    low, high = axis.get_ylim()
    axis.set_ylim(low, max(high, level * 1.08))
    axis.text(
        0.99, level, "platforms’ level", transform=axis.get_yaxis_transform(), ha="right", va="bottom", color=MUTED
    )
