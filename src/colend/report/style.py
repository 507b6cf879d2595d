"""How figures look: sizes, colours that survive colour blindness and grey, axes with dates and units."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.dates import DateFormatter, MonthLocator, YearLocator
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

# Okabe and Ito's colours, named; their lightness (CIE L*) is what is left of them in grey.
BLACK, BLUE, VERMILION, GREEN, PURPLE = "#000000", "#0072B2", "#D55E00", "#009E73", "#CC79A7"  # L* 0 46 54 57 61
SKY, ORANGE, YELLOW = "#56B4E9", "#E69F00", "#F0E442"  # 70 71 89
INK, MUTED, FAINT = "#222222", "#555555", "#DDDDDD"

STYLE: Any = {
    "font.size": 9.0,
    "font.family": "sans-serif",
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 6.0,
    "axes.labelsize": 9.0,
    "axes.labelcolor": MUTED,
    "axes.edgecolor": MUTED,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "legend.frameon": False,
    "legend.fontsize": 9.0,
    "lines.linewidth": 1.8,
    "hatch.linewidth": 0.6,
    "hatch.color": "white",
    "svg.fonttype": "none",
    "svg.hashsalt": "colend",
    "path.simplify": True,
}


class Look(NamedTuple):
    """How an arm is drawn; the line style and the marker tell arms apart where colour does not."""

    color: str
    line: Any
    marker: str


CHARACTER = 0.03  # width of a tick's digit, as a part of the width of a panel of three
_DASHED, _DASH_DOT, _DOTTED = (0, (5, 1.8)), (0, (7, 1.6, 1.4, 1.6)), (0, (1.3, 1.4))
_LONG, _DASH_DOT_DOT = (0, (11, 2.5)), (0, (6, 1.5, 1.2, 1.5, 1.2, 1.5))
# Hues in pairs, dark and light: with four arms made of two choices, one choice is the hue, the other the lightness.
_LOOKS = (
    Look(BLUE, "-", "o"),
    Look(SKY, _DASHED, "s"),
    Look(VERMILION, _DASH_DOT, "^"),
    Look(ORANGE, _DOTTED, "D"),
    Look(BLACK, "-", "v"),
    Look(PURPLE, _LONG, "P"),
    Look(GREEN, _DASH_DOT_DOT, "X"),
    Look(YELLOW, "-", "*"),
    Look(BLUE, (0, (3, 3)), "<"),
    Look(VERMILION, (0, (9, 2, 3, 2)), "h"),
    Look(BLACK, (0, (2, 1, 2, 4)), "d"),
    Look(GREEN, (0, (14, 3, 1.2, 3)), ">"),
)
_FEW = {
    1: (Look(BLUE, "-", "o"),),
    2: (Look(BLUE, "-", "o"), Look(ORANGE, _DASHED, "s")),
    3: (Look(BLUE, "-", "o"), Look(ORANGE, _DASHED, "s"), Look(BLACK, _DASH_DOT, "^")),
}
WIDTH, LINE = 10.0, 0.24  # inches: of a page, of a line of legend
MOST_ARMS = len(_LOOKS)  # drawn in one figure, the last four in hues met before; more cannot be told apart


def looks(arms: list[str]) -> dict[str, Look]:
    """The look of each arm, at most MOST_ARMS of them."""
    return dict(zip(arms, _FEW.get(len(arms), _LOOKS), strict=False))


def page(
    title: str, subtitle: str, rows: int = 1, columns: int = 1, height: float = 4.9, **grid: Any
) -> tuple[Figure, np.ndarray]:
    """A figure WIDTH inches wide with its heading, and its axes [row, column]."""
    figure = Figure(figsize=(WIDTH, height), facecolor="white")
    figure.set_layout_engine("constrained", w_pad=0.08, h_pad=0.06, wspace=0.02, hspace=0.03)
    _leave_room(figure, 0)
    figure.text(0.012, 1.0 - 0.12 / height, title, fontsize=13, fontweight="bold", color=INK, va="top")
    figure.text(0.012, 1.0 - 0.42 / height, subtitle, fontsize=8.8, color=MUTED, va="top")
    return figure, figure.subplots(rows, columns, squeeze=False, **grid)


def _leave_room(figure: Figure, lines: int) -> None:
    """Keep the axes between the heading and `lines` lines of legend."""
    height = float(figure.get_size_inches()[1])
    top, bottom = 0.72 / height, (0.12 + LINE * lines) / height
    engine = figure.get_layout_engine()
    assert isinstance(engine, ConstrainedLayoutEngine)
    engine.set(rect=(0.006, bottom, 0.988, 1.0 - top - bottom))


def foot(figure: Figure, *legends: list) -> None:
    """Legends at the foot of the page, the first one lowest; each on as many lines as its names need."""
    lines = 0
    for handles in filter(None, legends):
        for columns in range(len(handles), 0, -1):
            legend = figure.legend(
                handles=handles,
                loc="lower left",
                bbox_to_anchor=(0.005, LINE * lines / figure.get_size_inches()[1]),
                ncol=columns,
                handlelength=2.8,
                columnspacing=1.6,
                borderaxespad=0.3,
            )
            if columns == 1 or legend.get_window_extent().x1 <= 0.995 * figure.bbox.x1:
                break
            legend.remove()
        lines += -(-len(handles) // columns)
    _leave_room(figure, lines)


def date_axis(axis, first: np.datetime64, last: np.datetime64, most: int = 7) -> None:
    """Real dates on the horizontal axis from `first` to `last`, at most `most`: years, or months in short runs."""
    days = max(int((last - first).astype(int)), 28)
    axis.set_xlim(first - np.timedelta64(days // 100, "D"), first + np.timedelta64(days + days // 100, "D"))
    if days > 2.5 * 366:
        axis.xaxis.set_major_locator(YearLocator(-(-days // (366 * most))))
        axis.xaxis.set_major_formatter(DateFormatter("%Y"))
    else:
        axis.xaxis.set_major_locator(MonthLocator(interval=-(-days // (31 * most))))
        axis.xaxis.set_major_formatter(DateFormatter("%b\n%Y"))


def value_axis(axis, unit: str, zero: bool = True, ticks: int = 6, most: float = np.inf) -> None:
    """The vertical axis: its unit, few ticks, from zero unless `zero` is False, no further than `most`.

    Measures here are not negative; a band that goes below zero is cut off there.
    """
    axis.set_ylabel(unit)
    axis.yaxis.set_major_locator(MaxNLocator(ticks, steps=[1, 2, 2.5, 5, 10]))
    axis.yaxis.set_major_formatter(FuncFormatter(plain))
    if zero:
        highest = axis.dataLim.y1 if np.isfinite(axis.dataLim.y1) else 0.0
        top = min(max(axis.get_ylim()[1], 1.05 * highest), most)
        axis.set_ylim(0.0, top if top > 0.0 else 1.0)


def at_least(axis, part: float) -> None:
    """Keep the vertical axis from blowing up nothing: its span is at least `part` of its middle."""
    low, high = axis.get_ylim()
    middle = (low + high) / 2.0
    half = max(high - low, part * abs(middle)) / 2.0
    axis.set_ylim(middle - half, middle + half)


def plain(number: float, _=None) -> str:
    """A tick's number: as short as it can be, with a true minus."""
    return f"{number:,.10g}".replace("-", "−")


def ticks_at(axis, values: Sequence[float]) -> None:
    """A tick at each of these values in order, with its number where the one before leaves room for it."""
    at = axis.transAxes.inverted().transform(axis.transData.transform([(value, 0.0) for value in values]))[:, 0]
    labels, free = [], -1.0
    for x, text in zip(at, map(plain, values), strict=True):
        half = 0.5 * CHARACTER * len(text)
        labels.append(text if x - half >= free else "")
        free = x + half + CHARACTER if labels[-1] else free
    axis.set_xticks(values, labels)


def lines(axis, frame, looks_of: dict[str, Look], labels: dict[str, str]) -> list:
    """A line an arm with its interval; `frame` from `Reading.over_time`. Returns the lines for the legend."""
    handles = []
    for arm, look in looks_of.items():
        rows = frame[frame["arm"] == arm]
        dates = rows["date"].to_numpy()
        (line,) = axis.plot(dates, rows["mean"].to_numpy(), color=look.color, linestyle=look.line, label=labels[arm])
        if len(rows) == 1:
            line.set_marker(look.marker)
        if np.isfinite(rows["low"].to_numpy()).any():
            axis.fill_between(
                dates, rows["low"].to_numpy(), rows["high"].to_numpy(), color=look.color, alpha=0.16, linewidth=0
            )
        handles.append(line)
    return handles


def marks(looks_of: dict[str, Look], labels: dict[str, str], line: bool = False) -> list[Line2D]:
    """Legend entries of arms drawn as marks, or as lines and marks."""
    return [
        Line2D(
            [],
            [],
            color=look.color,
            marker=look.marker,
            linestyle=look.line if line else "",
            markersize=6.5,
            label=labels[arm],
        )
        for arm, look in looks_of.items()
    ]


def over_two_lines(words: str) -> str:
    """An arm's name for a narrow panel: broken after its first part."""
    return words.replace(", ", ",\n", 1)


def nothing(axis, words: str) -> None:
    """Say in an axis that there is nothing to show, and why."""
    axis.text(0.5, 0.5, words, transform=axis.transAxes, ha="center", va="center", color=MUTED, fontsize=9)
    axis.set_xticks([])
    axis.set_yticks([])
    axis.grid(False)
