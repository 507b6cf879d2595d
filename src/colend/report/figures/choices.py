"""What parties that choose for themselves come to: shares of each choice over time, and who changes to what."""

from __future__ import annotations

from itertools import cycle
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from colend.experiment.statistics import interval
from colend.report.columns import shortened
from colend.report.reading import Reading
from colend.report.style import (
    BLACK,
    BLUE,
    INK,
    MOST_ARMS,
    NAME,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    Look,
    date_axis,
    foot,
    lines,
    page,
    plain,
    value_axis,
)
from colend.scenario.labels import OPTION_WORDS
from colend.scenario.parameters import OPENNESS, SEQUENCING

FIRST = f"choosing_{SEQUENCING[0]}"
# Measures of months, in words and as they look.
PARTIES = {
    f"banks_{FIRST}": ("banks that want to sign first", Look(BLUE, "-", "o")),
    f"platforms_{FIRST}": ("platforms that do", Look(SKY, (0, (5, 1.8)), "s")),
}
_LOOKS = (
    Look(VERMILION, "-", "^"),
    Look(ORANGE, (0, (5, 1.8)), "D"),
    Look(BLACK, (0, (7, 1.6, 1.4, 1.6)), "v"),
    Look(PURPLE, (0, (11, 2.5)), "P"),
)
LEVELS = {
    f"platforms_opening_{name}": (OPTION_WORDS[name], look) for name, look in zip(OPENNESS, cycle(_LOOKS), strict=False)
}
TURNS = {
    SEQUENCING[0]: ("banks that go over to it", BLUE),
    SEQUENCING[1]: ("banks that leave it, to cooperate first", SKY),
}
BAR, HALF_A_YEAR = np.timedelta64(250, "D"), np.timedelta64(183, "D")


def choices(reading: Reading) -> tuple[Figure, pd.DataFrame] | None:
    """A row for each arm where somebody chooses: shares month by month, changes from one year's end to the next.

    None where nobody chooses; without changes where banks and platforms were not recorded at two year's ends.
    """
    arms = [arm for arm, chosen in reading.adapting.items() if chosen]
    if not arms or len(arms) > MOST_ARMS or not reading.has("months", *PARTIES, *LEVELS):
        return None
    chosen = set[str]().union(*reading.adapting.values())
    columns: list[tuple[str, Any, pd.DataFrame]] = []
    legends: list[list] = []
    if "openness" in chosen:
        columns.append(("What platforms open", _levels, shares(reading, arms, LEVELS, "% of platforms")))
        columns.append(("Platforms that change", _openings, changes(reading, arms, "platform", "openness", OPENNESS)))
        legends.append(_lines(LEVELS))
    if "sequencing" in chosen:
        columns.insert(
            0, ("Who wants to sign first", _parties, shares(reading, arms, PARTIES, "% of banks, of platforms"))
        )
        columns.insert(1, ("Banks that change", _turns, changes(reading, arms, "bank", "sequencing", SEQUENCING)))
        bars = [Patch(facecolor=color, edgecolor=INK, linewidth=0.4, label=words) for words, color in TURNS.values()]
        legends.append(_lines(PARTIES) + bars)
    columns = [column for column in columns if len(column[2])]
    figure, axes = page(
        "What banks and platforms choose for themselves",
        f"Shares by month, and changes from one year’s end to the next; {reading.spread}",
        len(arms) + 1,
        len(columns),
        height=1.8 + 1.5 * len(arms),
        height_ratios=(0.1, *[1.0] * len(arms)),
    )
    for place, (heading, draw, numbers) in enumerate(columns):
        axes[0, place].set_axis_off()
        axes[0, place].text(0.0, 0.0, heading, fontsize=10, color=INK)
        for axis, arm in zip(axes[1:, place], arms, strict=True):
            draw(axis, numbers[numbers["arm"] == arm], numbers)
            date_axis(axis, *reading.span, most=4)
            if place == 0 and reading.several:
                axis.set_title(shortened(reading.labels[arm], NAME))
    foot(figure, *legends)
    return figure, pd.concat([numbers for _, _, numbers in columns], ignore_index=True)


def shares(reading: Reading, arms: list[str], measures: dict[str, tuple[str, Look]], unit: str) -> pd.DataFrame:
    """Per cent by arm, choice and month, with its interval over seeds."""
    return pd.concat(
        [
            reading.interval_over_time(arm, measure, 100.0).assign(choice=measure, unit=unit)
            for arm in arms
            for measure in measures
        ],
        ignore_index=True,
    )


def changes(reading: Reading, arms: list[str], party: str, choice: str, options: tuple[str, ...]) -> pd.DataFrame:
    """Of the banks or platforms there at two year's ends that follow each other, per cent that went over to an option.

    One row for each arm, later year's end and option, with its interval over seeds; empty without two year's ends.
    """
    if not reading.has(f"{party}s", choice):
        return pd.DataFrame()
    table = reading.frame(f"{party}s")
    if "alive" in table:
        table = table[table["alive"] == 1]
    parts = []
    for arm in arms:
        held = table[table["arm"] == arm].pivot(index="month", columns=["seed", party], values=choice)
        before, now = held.shift(), held
        both = (before.notna() & now.notna()).T.groupby(level="seed").sum()
        months = held.index[1:]
        for option in options:
            gone = ((now == option) & before.notna() & (before != option)).T.groupby(level="seed").sum()
            mean, low, high = interval((100.0 * gone / both.where(both > 0)).to_numpy(dtype=float)[:, 1:])
            numbers = {"month": months, "date": reading.date(months), "mean": mean, "low": low, "high": high}
            parts.append(pd.DataFrame({"arm": arm, **numbers, "choice": f"{party}s_to_{option}"}))
    return pd.concat(parts, ignore_index=True).assign(unit=f"% of {party}s a year")


def _lines(measures: dict[str, tuple[str, Look]]) -> list:
    return [Line2D([], [], color=look.color, linestyle=look.line, label=words) for words, look in measures.values()]


def _shares(axis: Any, numbers: pd.DataFrame, measures: dict[str, tuple[str, Look]]) -> None:
    looks = {measure: look for measure, (_, look) in measures.items()}
    words = {measure: name for measure, (name, _) in measures.items()}
    lines(axis, numbers.assign(arm=numbers["choice"]), looks, words)
    value_axis(axis, "%", ticks=4, most=102.0)
    axis.set_ylim(0.0, 102.0)


def _parties(axis: Any, numbers: pd.DataFrame, _: pd.DataFrame) -> None:
    _shares(axis, numbers, PARTIES)


def _levels(axis: Any, numbers: pd.DataFrame, _: pd.DataFrame) -> None:
    _shares(axis, numbers, LEVELS)


def _turns(axis: Any, numbers: pd.DataFrame, of_all: pd.DataFrame) -> None:
    """Up: to sign first; down: to cooperate first."""
    for sign, (option, (_, color)) in zip((1.0, -1.0), TURNS.items(), strict=True):
        rows = numbers[numbers["choice"] == f"banks_to_{option}"]
        dates = rows["date"].to_numpy() - HALF_A_YEAR
        axis.bar(dates, sign * rows["mean"], width=BAR, color=color, edgecolor=INK, linewidth=0.4)
        axis.vlines(dates, sign * rows["low"].clip(lower=0.0), sign * rows["high"], color=INK, linewidth=0.8)
    axis.axhline(0.0, color=INK, linewidth=0.7)
    value_axis(axis, "% a year", zero=False, ticks=4)
    axis.yaxis.set_major_formatter(lambda number, _: plain(abs(number)))
    most = 1.05 * min(max(of_all["mean"].max(), of_all["high"].max(), 1.0), 100.0)
    axis.set_ylim(-most, most)


def _openings(axis: Any, numbers: pd.DataFrame, of_all: pd.DataFrame) -> None:
    """Stacked by what they open then, in the colours of the lines beside."""
    below: Any = 0.0
    for option, (_, look) in zip(OPENNESS, LEVELS.values(), strict=True):
        rows = numbers[numbers["choice"] == f"platforms_to_{option}"]
        dates = rows["date"].to_numpy() - HALF_A_YEAR
        axis.bar(dates, rows["mean"], width=BAR, bottom=below, color=look.color, edgecolor="white", linewidth=0.4)
        below = below + rows["mean"].to_numpy()
    highest = of_all.groupby(["arm", "month"])["mean"].sum().max()
    value_axis(axis, "% a year", ticks=4, most=102.0)
    axis.set_ylim(0.0, min(102.0, 1.05 * highest) or 1.0)
