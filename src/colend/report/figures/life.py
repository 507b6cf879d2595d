"""One alliance's life: what the parties believed, how far they trusted each other, what they lent."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from colend.report.reading import Reading
from colend.report.style import INK, MUTED, STAGE_LOOKS, VERMILION, date_axis, foot, page, title, value_axis
from colend.report.words import STAGE_WORDS, yuan_unit

DASHED = (0, (5, 2))


def life(reading: Reading) -> tuple[Figure, pd.DataFrame] | None:
    """Belief with its 95 % band beside the true fit, trust, and lending, over the stages; up to two arms."""
    if not reading.has("alliance_months", "belief_mean", "stage"):
        return None
    lives = [one for one in (_longest(reading, arm) for arm in _arms(reading)) if one is not None]
    if not lives:
        return None
    figure, axes = page(
        "One alliance’s life" if len(lives) == 1 else "Two alliances’ lives",
        f"{f'Two of {len(reading.arms)} arms; ' if len(reading.arms) > len(lives) else ''}"
        f"seed {reading.first_seed('alliance_months')}; of the alliances whose months were kept, the one that lent "
        "most; belief with its 95 % band",
        3,
        len(lives),
        height=7.6,
        sharex=True,
        sharey="row",
        height_ratios=[1.3, 0.8, 1.0],
    )
    unit = yuan_unit(max(months["balance"].max() for months in lives))
    for column, months in enumerate(lives):
        _draw(reading, axes[:, column], months, unit.factor, len(lives))
    value_axis(axes[0, 0], "fit (logit of the share served)", zero=False, ticks=5)
    value_axis(axes[1, 0], "0 to 1", ticks=4, most=1.0)
    value_axis(axes[2, 0], unit.words, ticks=4)
    _legends(figure, {stage for months in lives for stage in months["stage"]})
    return figure, pd.concat(lives, ignore_index=True)


def _arms(reading: Reading) -> list[str]:
    """The baseline, and the first arm that differs from it in when the parties sign (else in anything)."""
    others = [arm for arm in reading.arms if arm != reading.baseline]
    if not others:
        return [reading.baseline]
    frame = reading.frame("alliances")
    if "sequencing" in frame:
        kinds = frame.groupby("arm")["sequencing"].agg(lambda names: tuple(sorted(set(names))))
        others.sort(key=lambda arm: kinds.get(arm) == kinds.get(reading.baseline))
    return [reading.baseline, others[0]]


def _longest(reading: Reading, arm: str) -> pd.DataFrame | None:
    """The months of an arm's alliance that lent most in the first seed; None where it has none."""
    frame = reading.frame("alliance_months")
    frame = frame[(frame["arm"] == arm) & (frame["seed"] == reading.first_seed("alliance_months"))]
    if not len(frame):
        return None
    chosen = frame.groupby("alliance")["originated"].sum().idxmax()
    return frame[frame["alliance"] == chosen]


def _draw(reading: Reading, axes, months: pd.DataFrame, factor: float, columns: int) -> None:
    dates = reading.date(months["month"])
    mean, half = months["belief_mean"].to_numpy(), 1.96 * months["belief_sd"].to_numpy()
    belief, trust, volume = axes
    belief.fill_between(dates, mean - half, mean + half, color=INK, alpha=0.16, linewidth=0)
    belief.plot(dates, mean, color=INK)
    belief.plot(dates, months["fit"], color=VERMILION, linestyle=DASHED, linewidth=1.5)
    trust.plot(dates, months["trust"], color=INK)
    trust.set_ylim(0.0, 1.0)
    volume.plot(dates, months["balance"] * factor, color=INK)
    volume.fill_between(dates, 0.0, months["originated"] * factor, color=INK, alpha=0.35, linewidth=0, step="mid")
    arm = months["arm"].iloc[0]
    pair = f"platform no. {months['platform'].iloc[0]} and bank no. {months['bank'].iloc[0]} of the tables"
    title(belief, f"{reading.labels[arm]}: {pair}" if reading.several else pair.capitalize(), columns)
    trust.set_title("Trust", fontweight="normal")
    volume.set_title("Lending: outstanding (line), paid out in the month (area)", fontweight="normal")
    blocks = _blocks(months["stage"].to_numpy())
    ends = np.append(dates, dates[-1] + np.timedelta64(30, "D"))
    for axis in axes:
        for stage, first, last in blocks:
            color = STAGE_LOOKS[stage].color if stage in STAGE_LOOKS else "#FFFFFF"
            axis.axvspan(ends[first], ends[last], color=color, alpha=0.22, linewidth=0, zorder=0)
    for stage, first, last in blocks:
        if last - first > 0.14 * reading.months and stage in STAGE_LOOKS:
            middle = ends[first] + (ends[last] - ends[first]) / 2
            words = STAGE_WORDS[stage].split(",")[0]
            belief.text(
                middle,
                0.02,
                words,
                transform=belief.get_xaxis_transform(),
                ha="center",
                va="bottom",
                fontsize=8,
                color=MUTED,
            )
    date_axis(volume, *reading.span)


def _blocks(stage: np.ndarray) -> list[tuple[str, int, int]]:
    """Runs of one stage: its name, its first row, the row after its last."""
    changes = [0, *(int(row) for row in np.flatnonzero(stage[1:] != stage[:-1]) + 1), len(stage)]
    return [(str(stage[first]), first, last) for first, last in itertools.pairwise(changes)]


def _legends(figure: Figure, there: set[str]) -> None:
    dashed = Line2D([], [], color=VERMILION, linestyle=DASHED, linewidth=1.5, label="true fit, hidden from both")
    patches = [
        Patch(facecolor=look.color, alpha=0.35, label=STAGE_WORDS[stage].split(",")[0])
        for stage, look in STAGE_LOOKS.items()
        if stage in there
    ]
    foot(figure, [Line2D([], [], color=INK, label="what both believe about fit"), dashed], patches)
