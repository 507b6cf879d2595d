"""One way to show arms: all in a panel while they are few, else a row of panels for each, beside the baseline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from colend.report.columns import shortened, wrapped
from colend.report.reading import FEW_ARMS, Reading
from colend.report.style import (
    ALONE,
    BASELINE,
    INK,
    MOST_ARMS,
    MUTED,
    NAME,
    PER_ROW,
    Look,
    date_axis,
    foot,
    looks,
    marks,
    page,
    plain,
    value_axis,
)

HEADING, ROW, FIRST = 0.17, 1.15, 1.9  # inches: a line of headings, a row of panels, what else a page has
LINE = 0.17  # inches: of an arm's name in a panel of marks


class Panels:
    """The panels of a figure: one for each of `titles`, `columns` beside each other, or a row for each arm.

    With `beside` False panels show differences to the baseline, which has no row and no line then; `along_values`
    says that each panel's horizontal axis is its own. `labels` are the arms' where they say more than their names.
    """

    def __init__(
        self,
        reading: Reading,
        heading: tuple[str, str],
        titles: Sequence[str],
        columns: int,
        height: float,
        beside: bool = True,
        along_values: bool = False,
        labels: dict[str, str] | None = None,
        **grid: Any,
    ) -> None:
        self.reading, self.titles, self.beside = reading, list(titles), beside
        self.labels = labels or reading.labels
        self.arms = reading.arms[:MOST_ARMS] if beside else reading.compared[:MOST_ARMS]
        self.few = len(self.arms) <= FEW_ARMS
        self.with_units: Sequence[int] = ()
        if self.few:
            rows = -(-len(titles) // columns)
            self.with_units = range(0, len(titles), columns if grid.get("sharey") else 1)
            self.figure, self.axes = page(*heading, rows, columns, height, **grid)
            for axis, words in zip(self.axes.flat, titles, strict=False):
                axis.set_title("\n".join(wrapped(words, 112 // columns)), fontsize=9.5 if columns < 3 else 8.5)
            for axis in list(self.axes.flat)[len(titles) :]:
                axis.set_visible(False)
            self.lowest = list(self.axes.flat)[max(0, len(titles) - columns) : len(titles)]  # of each column
            for axis in self.lowest:
                axis.tick_params(labelbottom=True)
            return
        self.each = [arm for arm in self.arms if arm != reading.baseline or not beside]
        self.abreast = min(max(1, PER_ROW // len(titles)), len(self.each))  # arms beside each other
        rows, across = -(-len(self.each) // self.abreast), self.abreast * len(titles)
        tall = HEADING * max(map(len, map(self._heading, titles)))
        self.figure, self.axes = page(
            *heading,
            rows + 1,
            across,
            FIRST + tall + ROW * rows,
            height_ratios=(tall / ROW, *[1.0] * rows),
            sharex="col" if along_values else True,
        )
        for axis in self.axes[0]:
            axis.set_axis_off()
        for place in range(len(titles)):
            first, *others = self._own(place)
            for axis in others:
                axis.sharey(first)
        for axis, arm in zip(self._own(0), self.each, strict=True):
            axis.set_title(shortened(self.labels[arm], NAME // self.abreast - 4), fontsize=9)
        empty = len(titles) * (len(self.each) - self.abreast * (rows - 1))  # from there on, in the last row
        for axis in self.axes[-1, empty:]:
            axis.set_visible(False)
        self.lowest = [*self.axes[-1, :empty], *self.axes[-2, empty:]]
        for axis in self.lowest:
            axis.tick_params(labelbottom=True)

    def _heading(self, words: str) -> list[str]:
        return wrapped(words, 72 // max(PER_ROW, len(self.titles)))

    def _own(self, place: int) -> list[Any]:
        """The axes of a panel, an arm each."""
        found = []
        for number in range(len(self.each)):
            row, column = divmod(number, self.abreast)
            found.append(self.axes[1 + row, column * len(self.titles) + place])
        return found

    def of(self, place: int) -> list[tuple[Any, dict[str, Look]]]:
        """The axes of a panel, each with the arms that it shows and how."""
        if self.few:
            every = looks(self.reading.arms)
            return [(self.axes.flat[place], {arm: every[arm] for arm in self.arms})]
        beside = {self.reading.baseline: BASELINE} if self.beside else {}
        return [(axis, beside | {arm: ALONE}) for axis, arm in zip(self._own(place), self.each, strict=True)]

    def finish(self, place: int, unit: str, dates: bool = False, **how: Any) -> None:
        """Axes of a panel: dates along it if asked, the unit of its values; `how` for `value_axis`."""
        for axis, _ in self.of(place):
            if dates:
                date_axis(axis, *self.reading.span, most=7 if self.few else max(2, 10 // self.axes.shape[1]))
            value_axis(axis, unit if place in self.with_units else "", **how | ({} if self.few else {"ticks": 3}))
        if not self.few:
            words = "\n".join(self._heading(f"{self.titles[place]}, {unit}" if unit else self.titles[place]))
            for axis in self.axes[0, place :: len(self.titles)]:
                axis.text(0.0, 0.0, words, transform=axis.transAxes, fontsize=7.5, color=MUTED, va="bottom")

    def along(self, words: str) -> None:
        """What is along all panels, below the lowest."""
        room = 120 // self.axes.shape[1]
        for axis in self.lowest:
            axis.set_xlabel("\n".join(wrapped(words, room)))

    def along_one(self, place: int, words: str) -> None:
        """What is along one panel, where the horizontal axes are of values."""
        own = self.of(place)
        for axis, _ in own:
            axis.xaxis.set_major_formatter(plain)
            axis.locator_params(axis="x", nbins=5 if self.few else 3)
        for axis, _ in own:
            axis.set_xlabel(words if self.few or axis in self.lowest else "")

    def legend(self, line: bool = True, mark: bool = False, more: Sequence[Any] = ()) -> None:
        """Which arm is which, at the foot; where there is but one, nothing."""
        words = self.labels
        if self.few:
            every = looks(self.reading.arms)
            chosen = {arm: every[arm] for arm in self.arms}
        else:
            words = {"": "the arm named above the row", self.reading.baseline: words[self.reading.baseline]}
            chosen = ({self.reading.baseline: BASELINE} if self.beside else {}) | {"": ALONE}
        alone = len(chosen) == 1 and (self.beside or not self.few)
        handles = [] if alone else marks(chosen, words, line=line, mark=mark)
        foot(self.figure, [*handles, *more])


def alike(axes: np.ndarray) -> None:
    """The same vertical reach in all of these panels, so that groups can be set side by side by eye."""
    drawn = [axis for axis in axes.flat if axis.lines]
    ends = np.array([axis.get_ylim() for axis in drawn]) if drawn else np.zeros((1, 2))
    for axis in drawn:
        axis.set_ylim(ends[:, 0].min(), ends[:, 1].max())


def dots(
    axis: Any, table: pd.DataFrame, by: str, order: list[Any], chosen: Mapping[str, Look], apart: bool = True
) -> None:
    """Marks with intervals over `order`, an arm a mark, side by side or above each other."""
    step = 0.7 / max(len(chosen), 3) if apart else 0.0
    for number, (arm, look) in enumerate(chosen.items()):
        rows = table[table["arm"] == arm].set_index(by).reindex(order)
        x = np.arange(len(order)) + (number - (len(chosen) - 1) / 2) * step
        axis.vlines(x, rows["low"], rows["high"], color=look.color, linewidth=1.4)
        axis.plot(x, rows["mean"], look.marker, color=look.color, markersize=5.5, linestyle="")
    axis.set_xlim(-0.6, len(order) - 0.4)


class Marks(NamedTuple):
    """A panel of marks: its title, its unit, rows (arm, mean, low, high), what stands below the title, and the heading
    of the group that it begins.
    """

    title: str
    unit: str
    rows: pd.DataFrame
    below: str = ""
    group: str = ""


def rows_of_arms(
    reading: Reading,
    heading: tuple[str, str],
    panels: Sequence[Marks],
    arms: Sequence[str],
    columns: int = 4,
    levels: bool | None = None,
) -> Figure:
    """A mark and interval a line, an arm a line, whose name stands beside it.

    With the baseline among the arms: levels, a dashed line through the baseline's. Without: differences to it, hollow
    where the interval holds zero. `levels`: which of the two, whoever is among the arms.
    """
    levels = reading.baseline in arms if levels is None else levels
    columns = min(columns, len(panels))
    rows = -(-len(panels) // columns)
    titles = [wrapped(panel.title, 120 // columns) + [panel.below] * bool(panel.below) for panel in panels]
    tall = 0.55 + 0.14 * max(map(len, titles)) + 0.17 * any(panel.group for panel in panels)
    figure, axes = page(*heading, rows, columns, height=1.1 + rows * (tall + LINE * len(arms)), sharey=True)
    for axis, panel, words in zip(axes.flat, panels, titles, strict=False):
        found = panel.rows.set_index("arm").reindex(list(arms))
        if levels:
            axis.axvline(found.loc[reading.baseline, "mean"], color=MUTED, linewidth=0.8, linestyle=(0, (4, 3)))
        else:
            axis.axvline(0.0, color=INK, linewidth=0.8)
        for place, (arm, row) in enumerate(found.iterrows()):
            _mark(axis, place, row, BASELINE if levels and arm == reading.baseline else ALONE, levels)
        lines_of_names(axis, [reading.labels[arm] for arm in arms])
        axis.set_title("\n".join(words), fontsize=8.0, fontweight="normal", pad=3.0)
        if panel.group:
            at: Any = {"xycoords": "axes fraction", "textcoords": "offset points"}
            axis.annotate(panel.group, (0.0, 1.0), (0, 10.5 * len(words) + 5), fontsize=8.5, fontweight="bold", **at)
        axis.set_xlabel(panel.unit, fontsize=7.5, labelpad=1.0)
    for axis in list(axes.flat)[len(panels) :]:
        axis.set_visible(False)
    return figure


def _mark(axis: Any, place: int, row: pd.Series, look: Look, level: bool) -> None:
    if not np.isfinite(row["mean"]):
        axis.text(0.02, place, "undefined", transform=axis.get_yaxis_transform(), va="center", fontsize=7, color=MUTED)
        return
    clear = level or not np.isfinite(row["low"]) or row["low"] > 0.0 or row["high"] < 0.0
    axis.hlines(place, row["low"], row["high"], color=look.color, linewidth=1.5)
    axis.plot(
        row["mean"],
        place,
        look.marker,
        color=look.color,
        markersize=4.5,
        markerfacecolor=look.color if clear else "white",
    )


def lines_of_names(axis: Any, names: Sequence[str]) -> None:
    """Names down the vertical axis, numbers along the other."""
    axis.set_yticks(range(len(names)), [shortened(name, 34) for name in names], fontsize=7.5, color=INK)
    axis.set_ylim(len(names) - 0.5, -0.5)
    axis.tick_params(axis="y", length=0)
    axis.grid(True, axis="x")
    axis.grid(False, axis="y")
    axis.margins(x=0.08)
    axis.locator_params(axis="x", nbins=4)
    axis.xaxis.set_major_formatter(plain)
    axis.tick_params(axis="x", labelsize=7.5)
