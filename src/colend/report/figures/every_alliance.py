"""Every alliance of the first seed, drawn from its meeting to its end, coloured by the stages that it went through."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.collections import LineCollection
from matplotlib.dates import date2num
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from colend.report.reading import Reading
from colend.report.style import MOST_ARMS, PER_ROW, STAGE_LOOKS, date_axis, foot, page, title
from colend.report.words import STAGE_WORDS


def every_alliance(reading: Reading) -> tuple[Figure, pd.DataFrame] | None:
    """One line an alliance, oldest at the bottom; a panel an arm."""
    if not reading.has("alliances", "met", "stages"):
        return None
    lives = {arm: segments(reading, arm) for arm in reading.arms[:MOST_ARMS]}
    most = max(table["alliance"].nunique() for table in lives.values())
    if most == 0:
        return None
    columns = min(PER_ROW, len(lives))
    rows = -(-len(lives) // columns)
    each = min(6.4, 2.4 + 0.02 * most) if rows == 1 else min(2.6, 1.4 + 0.02 * most)
    figure, axes = page(
        "Every alliance from meeting to end",
        f"Seed {reading.first_seed('alliances')}; one line an alliance; it stops where the alliance ended",
        rows,
        columns,
        height=1.6 + each * rows,
        sharey=True,
    )
    whole = float(np.clip(60.0 * each / most, 0.5, 7.0))
    for axis, (arm, table) in zip(axes.flat, lives.items(), strict=False):
        place = {alliance: number for number, alliance in enumerate(table["alliance"].unique(), start=1)}
        heights = table["alliance"].map(place).to_numpy(dtype=float)
        start, stop = (date2num(reading.date(table[name])) for name in ("from_month", "to_month"))
        bars = np.stack([np.stack([start, heights], axis=1), np.stack([stop, heights], axis=1)], axis=1)
        looks = [STAGE_LOOKS[stage] for stage in table["stage"]]
        colors, widths = [look.color for look in looks], [look.width * whole for look in looks]
        axis.add_collection(LineCollection(list(bars), colors=colors, linewidths=widths, capstyle="butt"))
        axis.set_ylim(0.3, most + 0.7)
        axis.xaxis_date()
        title(axis, f"{reading.labels[arm]} ({len(place)})" if reading.several else f"{len(place)} in all", columns)
        axis.grid(False)
        axis.yaxis.set_major_locator(MaxNLocator(6, integer=True, min_n_ticks=1))
        date_axis(axis, *reading.span, most=max(3, 10 // columns))
    for axis in axes[:, 0]:
        axis.set_ylabel("in the order of meeting")
    for axis in list(axes.flat)[len(lives) :]:
        axis.set_visible(False)
    there = {stage for table in lives.values() for stage in table["stage"]}
    foot(
        figure,
        [
            Line2D([], [], color=look.color, linewidth=6.0 * look.width, label=STAGE_WORDS[stage])
            for stage, look in STAGE_LOOKS.items()
            if stage in there
        ],
    )
    return figure, pd.concat([table.assign(arm=arm) for arm, table in lives.items()], ignore_index=True)


def segments(reading: Reading, arm: str) -> pd.DataFrame:
    """From when to when each alliance of an arm's first seed was in which stage, as often as it came back to it.

    Columns alliance, stage, from_month, to_month (the month after the last).
    """
    frame = reading.frame("alliances")
    frame = frame[(frame["arm"] == arm) & (frame["seed"] == reading.first_seed("alliances"))]
    rows: list[list] = []
    for one in frame.sort_values("alliance").itertuples():
        begun = int(one.met)
        for spell in one.stages.split(", ") if one.stages else ():
            stage, months = spell.split(" ")
            rows.append([one.alliance, stage, begun, begun + int(months)])
            begun += int(months)
    return pd.DataFrame(rows, columns=["alliance", "stage", "from_month", "to_month"])
