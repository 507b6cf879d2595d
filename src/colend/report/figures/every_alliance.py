"""Every alliance of the first seed, drawn from its meeting to its end, coloured by stage."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.collections import LineCollection
from matplotlib.dates import date2num
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from colend.report.reading import Reading
from colend.report.style import BLUE, GREEN, ORANGE, SKY, YELLOW, date_axis, foot, over_two_lines, page

# Stage: words, colour, thickness of its line. Lightness and thickness tell them apart in grey.
STAGES = {
    "pilot_setup": ("pilot being set up", "#BBBBBB", 1.0),
    "pilot": ("pilot", GREEN, 1.0),
    "signed": ("signed, on paper", YELLOW, 1.0),
    "integrating": ("being integrated", SKY, 1.0),
    "operating": ("in operation", BLUE, 1.0),
    "dormant": ("dormant, at times or for good", ORANGE, 0.5),
}
MOST_ARMS = 4


def every_alliance(reading: Reading) -> tuple[Figure, pd.DataFrame] | None:
    """One line an alliance, oldest at the bottom; a panel an arm. Only where a few arms are compared."""
    if not reading.has("alliances", "met", "signed", "ended") or len(reading.arms) > MOST_ARMS:
        return None
    lives = {arm: _segments(reading, arm) for arm in reading.arms}
    most = max(table["alliance"].nunique() for table in lives.values())
    if most == 0:
        return None
    figure, axes = page(
        "Every alliance from meeting to end",
        "First seed; one line an alliance, in the order of meeting; it stops where the alliance ended",
        1,
        len(lives),
        height=min(8.0, 4.0 + 0.02 * most),
        sharey=True,
    )
    whole = float(np.clip(270.0 / most, 0.8, 7.0))
    for axis, (arm, table) in zip(axes[0], lives.items(), strict=True):
        place = {alliance: number for number, alliance in enumerate(table["alliance"].unique())}
        heights = table["alliance"].map(place).to_numpy(dtype=float)
        start, stop = (date2num(reading.date(table[name])) for name in ("from_month", "to_month"))
        bars = np.stack([np.stack([start, heights], axis=1), np.stack([stop, heights], axis=1)], axis=1)
        colors = [STAGES[stage][1] for stage in table["stage"]]
        widths = [STAGES[stage][2] * whole for stage in table["stage"]]
        axis.add_collection(LineCollection(list(bars), colors=colors, linewidths=widths, capstyle="butt"))
        axis.set_ylim(-0.7, most - 0.3)
        axis.xaxis_date()
        title = f"{reading.labels[arm]} ({len(place)})" if reading.several else f"{len(place)} in all"
        axis.set_title(over_two_lines(title) if len(lives) > 2 else title)
        axis.grid(False)
        axis.yaxis.set_major_locator(MaxNLocator(6, integer=True))
        date_axis(axis, *reading.span, most=max(3, 10 // len(lives)))
    axes[0, 0].set_ylabel("alliances, in the order of meeting")
    there = {stage for table in lives.values() for stage in table["stage"]}
    foot(
        figure,
        [
            Line2D([], [], color=color, linewidth=6.0 * width, label=words)
            for stage, (words, color, width) in STAGES.items()
            if stage in there
        ],
    )
    return figure, pd.concat([table.assign(arm=arm) for arm, table in lives.items()], ignore_index=True)


def _segments(reading: Reading, arm: str) -> pd.DataFrame:
    """From when to when each alliance of an arm's first seed was in which stage: alliance, stage, from_month, to_month.

    Stages follow each other in the order of an alliance's life. After the first month of dormancy the table of
    alliances does not tell sleep from waking.
    """
    frame = reading.frame("alliances")
    frame = frame[frame["arm"] == arm]
    frame = frame[frame["seed"] == frame["seed"].min()]
    rows: list[list] = []
    for one in frame.sort_values("alliance").itertuples():
        stop = one.ended if np.isfinite(one.ended) else float(reading.months)
        piloted = np.isfinite(one.pilot_started) or one.stage == "pilot_setup"
        begins = {
            "pilot_setup": one.met if piloted else np.nan,
            "pilot": one.pilot_started,
            "signed": one.signed,
            "integrating": one.integration_started,
            "operating": one.operating_since,
            "dormant": one.first_dormant,
        }
        known = [(stage, month) for stage, month in begins.items() if np.isfinite(month)]
        for (stage, month), after in zip(known, [*(month for _, month in known[1:]), stop], strict=True):
            if after > month:
                rows.append([one.alliance, stage, int(month), int(after)])
    return pd.DataFrame(rows, columns=["alliance", "stage", "from_month", "to_month"])
