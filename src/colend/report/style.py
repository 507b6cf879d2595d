"""How figures look: sizes, colours that survive colour blindness and grey, axes with dates and units."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.dates import date2num, num2date
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter, MaxNLocator

from colend.report.columns import cell_len, shortened, wrapped
from colend.report.reading import BANDS

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
    "axes.titley": 1.0,  # no panel has ticks above it that every layout would look for
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
    "text.parse_math": False,  # what people wrote is no markup
    "timezone": "UTC",
    "path.simplify": True,
}


class Look(NamedTuple):
    """How an arm is drawn; the line style and the marker tell arms apart where colour does not."""

    color: str
    line: Any
    marker: str


class StageLook(NamedTuple):
    """How a stage of an alliance is drawn; lightness, hatching and thickness tell stages apart in grey."""

    color: str
    hatch: str = ""  # of an area
    width: float = 1.0  # of a line


STAGE_LOOKS = {
    "deciding": StageLook("#DDDDDD"),
    "pilot_setup": StageLook("#BBBBBB"),
    "pilot": StageLook(GREEN, "////"),
    "signed": StageLook(YELLOW),
    "integrating": StageLook(SKY),
    "operating": StageLook(BLUE),
    "dormant": StageLook(ORANGE, "xxxx", 0.5),
}
TITLE, SUBTITLE, NAME = 80, 160, 110  # columns of text that a page may have room for: title, below it, an arm's name
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
MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
WIDTH, LINE = 10.0, 0.24  # inches: of a page, of a line of legend
PER_ROW = 4  # panels beside each other where each arm has one
MOST_ARMS = len(_LOOKS)  # drawn in one figure, the last four in hues met before; more cannot be told apart
BASELINE, ALONE = Look("#8C8C8C", "-", "s"), Look(BLUE, "-", "o")  # the two of a panel that is one arm's own


def looks(arms: list[str]) -> dict[str, Look]:
    """The look of each arm, at most MOST_ARMS of them."""
    return dict(zip(arms, _FEW.get(len(arms), _LOOKS), strict=False))


def page(
    title: str, subtitle: str, rows: int = 1, columns: int = 1, height: float = 4.9, **grid: Any
) -> tuple[Figure, np.ndarray]:
    """A figure WIDTH inches wide with its heading, and its axes [row, column]."""
    figure = Figure(figsize=(WIDTH, height), facecolor="white")
    figure.set_layout_engine("constrained", w_pad=0.08, h_pad=0.06, wspace=0.02, hspace=0.03)
    at: Any = {"color": INK, "va": "top"}
    first = figure.text(0.012, 1.0 - 0.12 / height, "", fontsize=13, fontweight="bold", **at)
    second = figure.text(0.012, 1.0 - 0.42 / height, "", fontsize=8.8, **at | {"color": MUTED})
    _fit(first, lambda most: shortened(title, most), TITLE, 0.82)
    _fit(second, lambda most: "\n".join(_evenly(subtitle, most)), SUBTITLE, 0.99)
    _leave_room(figure, 0)
    return figure, figure.subplots(rows, columns, squeeze=False, **grid)


def _evenly(words: str, most: int) -> list[str]:
    """Lines of at most so many columns, of about the same length."""
    number = len(wrapped(words, most))
    return wrapped(words, min(most, cell_len(words) // number + 8))


def _fit(text: Text, words: Callable[[int], str], most: int, part: float) -> None:
    """Set the words that fit into a part of the page's width, of at most so many columns."""
    figure = text.get_figure()
    assert figure is not None
    for columns in range(most, 8, -4):
        text.set_text(words(columns))
        if text.get_window_extent().x1 <= part * figure.bbox.x1:
            return


def _leave_room(figure: Figure, lines: int) -> None:
    """Keep the axes between the heading and `lines` lines of legend."""
    height = float(figure.get_size_inches()[1])
    heading = 0.55 + 0.17 * (figure.texts[1].get_text().count("\n") + 1)
    top, bottom = heading / height, (0.12 + LINE * lines) / height
    engine = figure.get_layout_engine()
    assert isinstance(engine, ConstrainedLayoutEngine)
    engine.set(rect=(0.006, bottom, 0.988, 1.0 - top - bottom))


def foot(figure: Figure, *legends: list) -> None:
    """Legends at the foot of the page, the first one lowest; each on as many lines as its names need."""
    lines = 0
    for handles in filter(None, legends):
        for handle in handles:
            handle.set_label(shortened(handle.get_label(), NAME))
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
    furthest = axis.dataLim.x1 - date2num(first) if np.isfinite(axis.dataLim.x1) else 0.0  # also intervals at the end
    right = max(days, int(furthest)) + max(1, days // 70)
    axis.set_xlim(first - np.timedelta64(days // 100, "D"), first + np.timedelta64(right, "D"))
    years = days > 2.5 * 366
    step = -(-days // ((366 if years else 31) * most))
    unit: Any = "datetime64[Y]" if years else "datetime64[M]"
    ticks = np.arange(first.astype(unit), last.astype(unit) + 1, step).astype("datetime64[D]")
    axis.set_xticks(ticks[ticks >= first])
    axis.xaxis.set_major_formatter(FuncFormatter(lambda number, _: in_dates(number, years)))


def in_dates(number: float, years: bool) -> str:
    """A tick of a date axis: its year, or its month (in English, whatever the session's language) and year."""
    date = num2date(number)
    return f"{date.year}" if years else f"{MONTH_NAMES[date.month - 1]}\n{date.year}"


def value_axis(axis, unit: str, zero: bool = True, ticks: int = 6, most: float = np.inf) -> None:
    """The vertical axis: its unit, few ticks, from zero unless `zero` is False, no further than `most`.

    Measures here are not negative; a band that goes below zero is cut off there. An axis that leaves zero out says so.
    """
    low, high = axis.get_ylim()
    axis.set_ylabel(f"{unit}\n(axis not from zero)" if unit and not zero and not low <= 0.0 <= high else unit)
    axis.yaxis.set_major_locator(MaxNLocator(ticks, steps=[1, 2, 2.5, 5, 10]))
    axis.yaxis.set_major_formatter(FuncFormatter(plain))
    if zero:
        highest = axis.dataLim.y1 if np.isfinite(axis.dataLim.y1) else 0.0
        axis.set_ylim(0.0, min(max(axis.get_ylim()[1], 1.05 * highest), most) if highest > 0.0 else 1.0)


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
    """A line an arm; `frame` from `Reading.over_time`. Returns the lines for the legend.

    Intervals are bands; of more than BANDS arms they stand side by side where the lines end.
    """
    handles, ends = [], []
    for arm, look in looks_of.items():
        rows = frame[frame["arm"] == arm]
        x, low, high = (rows[name].to_numpy() for name in ("date", "low", "high"))
        (line,) = axis.plot(x, rows["mean"].to_numpy(), color=look.color, linestyle=look.line, label=labels[arm])
        if rows["mean"].notna().sum() == 1:
            line.set_marker(look.marker)
        known = np.flatnonzero(np.isfinite(low))
        if len(known) and len(looks_of) <= BANDS:
            axis.fill_between(x, low, high, color=look.color, alpha=0.16, linewidth=0)
        elif len(known):
            ends.append((x, rows["mean"].to_numpy()[known[-1]], low[known[-1]], high[known[-1]], look))
        handles.append(line)
    for number, (x, mean, low, high, look) in enumerate(ends, start=1):
        beyond = x[-1] + (x[-1] - x[0]) * (0.006 + 0.016 * number)
        axis.vlines(beyond, low, high, color=look.color, linewidth=1.6)
        axis.plot(beyond, mean, look.marker, color=look.color, markersize=3.5)
    return handles


def marks(looks_of: dict[str, Look], labels: dict[str, str], line: bool = False, mark: bool = True) -> list[Line2D]:
    """Legend entries of arms drawn as marks, as lines, or as both."""
    return [
        Line2D(
            [],
            [],
            color=look.color,
            marker=look.marker if mark else "",
            linestyle=look.line if line else "",
            markersize=6.5,
            label=labels[arm],
        )
        for arm, look in looks_of.items()
    ]


def title(axis, words: str, columns: int = 1, **how: Any) -> None:
    """An arm's name above its panel, on two lines where it needs them, of which there are `columns` side by side."""
    room = NAME // columns - 4
    parts = wrapped(words, room)
    if len(parts) > 1 and ", " in words:  # rather between its parts
        first, rest = words.split(", ", 1)
        parts = [f"{first},", rest] if max(cell_len(first) + 1, cell_len(rest)) <= room else parts
    parts = [*parts[:1], shortened(" ".join(parts[1:]), room)] if len(parts) > 2 else parts
    axis.set_title("\n".join(parts), **how)


def nothing(axis, words: str) -> None:
    """Say in an axis that there is nothing to show, and why."""
    axis.text(0.5, 0.5, words, transform=axis.transAxes, ha="center", va="center", color=MUTED, fontsize=9)
    if len(axis.get_shared_x_axes().get_siblings(axis)) == 1:  # else others are read by these ticks
        axis.tick_params(bottom=False, labelbottom=False)
    if len(axis.get_shared_y_axes().get_siblings(axis)) == 1:
        axis.tick_params(left=False, labelleft=False)
    axis.grid(False)
