"""Many swept parameters: every point, key by key, against the value of alliances."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patheffects import Normal, withStroke
from matplotlib.ticker import MaxNLocator

from colend.report.columns import wrapped
from colend.report.figures.sweep_map import grid_of
from colend.report.idle import with_still
from colend.report.reading import Reading
from colend.report.style import INK, Look, foot, looks, marks, page, plain
from colend.report.words import GROUPS, key_label

FEWEST, MOST_KEYS, COLUMNS = 3, 16, 4
FEWEST_OF_MEDIANS = 12  # points; of fewer a median is a point
MEASURE = "value_per_bank"
WINDOW, FEW_LEVELS = 8, 10  # the running median is over an eighth of the points, or at each of a few values


def sweep_points(reading: Reading) -> tuple[Figure, pd.DataFrame] | None:
    """One panel a key: a dot a point and arm, with running medians; of the other arms less the baseline, if there are.

    For two or more keys with numbers; one has a curve, two a map where they are a grid.
    """
    points = reading.values
    if len(points) < FEWEST or grid_of(reading) is not None:
        return None
    every = [key for key, value in sorted(next(iter(points.values())).items()) if isinstance(value, (int, float))]
    keys, several = every[:MOST_KEYS], reading.several
    if len(keys) < 2:
        return None
    chosen = {arm: look for arm, look in looks(reading.arms).items() if arm in reading.compared}
    number = "difference" if several else "mean"
    rows = reading.over_points([MEASURE], [number], arm=list(chosen))
    table = pd.DataFrame({key: [points[point][key] for point in rows["point"]] for key in keys})
    table = table.assign(arm=rows["arm"], **{MEASURE: rows[number]})
    term = next(term for _, group in GROUPS for term in group if term.measure == MEASURE)
    columns = min(COLUMNS, len(keys))
    height = -(-len(keys) // columns)
    what = f"Difference to “{reading.labels[reading.baseline]}”" if several else "Level"
    medians = len(points) >= FEWEST_OF_MEDIANS
    more = f"; {len(keys)} of {len(every)} parameters" if len(every) > len(keys) else ""
    figure, axes = page(
        f"{term.words} at every sweep point",
        f"{what}; a dot a point ({reading.average}){', line: running median' if medians else ''}{more}",
        height,
        columns,
        height=1.4 + 2.3 * height,
        sharey=True,
    )
    for axis, key in zip(axes.flat, keys, strict=False):
        for arm, look in chosen.items():
            of_arm = table[table["arm"] == arm]
            _draw(axis, of_arm[key].to_numpy(float), of_arm[MEASURE].to_numpy(float) * term.unit.factor, look, medians)
        if several:
            axis.axhline(0.0, color=INK, linewidth=0.7)
        axis.xaxis.set_major_locator(MaxNLocator(4))
        axis.xaxis.set_major_formatter(plain)
        axis.yaxis.set_major_formatter(plain)
        axis.tick_params(labelsize=7)
        axis.set_xlabel("\n".join(wrapped(key_label(key), 124 // columns)), fontsize=7.5)
    for axis in axes[:, 0]:
        axis.set_ylabel(term.unit.difference if several else term.unit.words)
    for axis in list(axes.flat)[len(keys) :]:
        axis.set_visible(False)
    foot(figure, marks(chosen, with_still(reading.labels, table, MEASURE), line=medians))
    return figure, table


def _draw(axis, x: np.ndarray, y: np.ndarray, look: Look, medians: bool) -> None:
    if not medians:
        axis.plot(x, y, look.marker, color=look.color, markersize=5)
        return
    axis.plot(x, y, ".", color=look.color, alpha=0.45, markersize=4, markeredgewidth=0)
    at, middle = _medians(x, y)
    how: Any = {"marker": look.marker, "markersize": 4} if len(at) <= FEW_LEVELS else {}
    halo = [withStroke(linewidth=3.4, foreground="white"), Normal()]
    axis.plot(at, middle, color=look.color, linestyle=look.line, path_effects=halo, **how)


def _medians(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where, and the median there: at every value of a few, else over a running window."""
    values = pd.Series(y).groupby(x).median()
    if len(values) <= FEW_LEVELS:
        return values.index.to_numpy(), values.to_numpy()
    order, window = np.argsort(x, kind="stable"), max(3, len(x) // WINDOW)
    running = pd.Series(y[order]).rolling(window, center=True, min_periods=window // 2).median()
    return x[order], running.to_numpy()
