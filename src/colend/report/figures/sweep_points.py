"""Many swept parameters: every point, key by key, against the value of alliances."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from colend.report.reading import Reading
from colend.report.style import BLUE, INK, page, plain
from colend.report.words import GROUPS, Term

FEWEST, MOST_KEYS, COLUMNS = 12, 12, 4
MEASURE = "value_per_bank"
WINDOW, FEW_LEVELS = 8, 10  # the running median is over an eighth of the points, or at each of a few values


def sweep_points(reading: Reading) -> tuple[Figure, pd.DataFrame] | None:
    """One panel a key: a dot a point, with a running median; of the first other arm less the baseline, if there is one.

    For three or more keys with numbers; two have a map, one a curve.
    """
    points = {point: json.loads(point) for point in reading.points if point}
    if len(points) < FEWEST:
        return None
    keys = [key for key, value in next(iter(points.values())).items() if isinstance(value, (int, float))][:MOST_KEYS]
    if len(keys) < 3:
        return None
    others = [arm for arm in reading.arms if arm != reading.baseline]
    arm = others[0] if others else reading.baseline
    compared = reading.over_points([MEASURE])
    rows = compared[compared["arm"] == arm]
    values = rows["difference"] if others else rows["mean"]
    table = pd.DataFrame([points[point] for point in rows["point"]])[keys].assign(**{MEASURE: values.to_numpy(float)})
    term = next(term for _, group in GROUPS for term in group if term.measure == MEASURE)
    height = -(-len(keys) // COLUMNS)
    what = f"“{reading.labels[arm]}” less “{reading.labels[reading.baseline]}”" if others else reading.labels[arm]
    figure, axes = page(
        f"{term.words} at every sweep point",
        f"{what}; a dot a point ({reading.average}), line: running median",
        height,
        COLUMNS,
        height=1.4 + 2.3 * height,
        sharey=True,
    )
    for axis, key in zip(axes.flat, keys, strict=False):
        _panel(axis, table[key].to_numpy(float), table[MEASURE].to_numpy(float), term, bool(others))
        axis.set_xlabel(key, fontsize=7.5)
    for axis in axes[:, 0]:
        axis.set_ylabel(term.unit.difference if others else term.unit.words)
    for axis in list(axes.flat)[len(keys) :]:
        axis.set_visible(False)
    return figure, table


def _panel(axis, x: np.ndarray, y: np.ndarray, term: Term, several: bool) -> None:
    y = y * term.unit.factor
    axis.plot(x, y, ".", color=BLUE, alpha=0.45, markersize=4)
    at, middle = _medians(x, y)
    axis.plot(at, middle, color=INK, linewidth=1.4, marker="_" if len(at) <= FEW_LEVELS else None)
    if several:
        axis.axhline(0.0, color=INK, linewidth=0.7)
    axis.xaxis.set_major_locator(MaxNLocator(4))
    axis.xaxis.set_major_formatter(plain)
    axis.yaxis.set_major_formatter(plain)
    axis.tick_params(labelsize=7)


def _medians(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where, and the median there: at every value of a few, else over a running window."""
    values = pd.Series(y).groupby(x).median()
    if len(values) <= FEW_LEVELS:
        return values.index.to_numpy(), values.to_numpy()
    order, window = np.argsort(x, kind="stable"), max(3, len(x) // WINDOW)
    running = pd.Series(y[order]).rolling(window, center=True, min_periods=window // 2).median()
    return x[order], running.to_numpy()
