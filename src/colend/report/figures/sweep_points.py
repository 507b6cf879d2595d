"""Many swept parameters: every point, key by key, against the value of alliances."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patheffects import Normal, withStroke

from colend.report.figures.sweep_map import grid_of
from colend.report.idle import with_still
from colend.report.panels import Panels, alike
from colend.report.reading import FEW_ARMS, Reading
from colend.report.style import INK, Look
from colend.report.words import GROUPS, Term, key_label

FEWEST, COLUMNS = 3, 4
MOST_KEYS, MOST_KEYS_EACH = 16, 5  # where arms share panels, and where each has its own
FEWEST_OF_MEDIANS = 12  # points; of fewer a median is a point
MEASURE = "value_per_bank"
WINDOW, FEW_LEVELS = 8, 10  # the running median is over an eighth of the points, or at each of a few values


def sweep_points(reading: Reading) -> tuple[Figure, pd.DataFrame] | None:
    """One panel a key: a dot a point and arm, with running medians; of the other arms less the baseline, if there are.

    Many arms have a row of panels each, of the keys along which medians move most. For two or more keys with numbers;
    one has a curve, two a map where they are a grid.
    """
    points = reading.values
    if len(points) < FEWEST or grid_of(reading) is not None:
        return None
    keys = [key for key, value in sorted(next(iter(points.values())).items()) if isinstance(value, (int, float))]
    if len(keys) < 2:
        return None
    number = "difference" if reading.several else "mean"
    rows = reading.over_points([MEASURE], [number], arm=reading.compared)
    table = pd.DataFrame({key: [points[point][key] for point in rows["point"]] for key in keys})
    table = table.assign(arm=rows["arm"], **{MEASURE: rows[number]})
    few, medians = len(reading.compared) <= FEW_ARMS, len(points) >= FEWEST_OF_MEDIANS
    drawn = keys[:MOST_KEYS] if few else _that_move_it(table, keys)[:MOST_KEYS_EACH]
    term = next(term for _, group in GROUPS for term in group if term.measure == MEASURE)
    panels = Panels(
        reading,
        (f"{term.words} at every sweep point", _subtitle(reading, term, len(drawn), len(keys), medians)),
        [key_label(key) for key in drawn],
        columns=min(COLUMNS, len(drawn)),
        height=1.4 + 2.5 * -(-len(drawn) // COLUMNS),
        beside=not reading.several,
        along_values=True,
        labels=with_still(reading.labels, table, MEASURE),
        **({"sharey": True} if few else {}),
    )
    for place, key in enumerate(drawn):
        for axis, chosen in panels.of(place):
            for arm, look in chosen.items():
                one = table[table["arm"] == arm]
                _draw(axis, one[key].to_numpy(float), one[MEASURE].to_numpy(float) * term.unit.factor, look, medians)
            if reading.several:
                axis.axhline(0.0, color=INK, linewidth=0.7)
        panels.finish(place, term.unit.words if few else "", zero=False)
        panels.along_one(place, "")
    alike(panels.axes[0 if few else 1 :])
    panels.legend(line=medians, mark=True)
    return panels.figure, table


def _subtitle(reading: Reading, term: Term, drawn: int, keys: int, medians: bool) -> str:
    what = f"Difference to “{reading.labels[reading.baseline]}”" if reading.several else "Level"
    line = ", line: running median" if medians else ""
    which = " along which medians move most" if len(reading.compared) > FEW_ARMS else ""
    more = f"; {drawn} of {keys} parameters{which}" if drawn < keys else ""
    return f"{what}, {term.unit.words}; a dot a point ({reading.average}){line}{more}"


def _that_move_it(table: pd.DataFrame, keys: list[str]) -> list[str]:
    """Keys in the order of how far medians lie apart along them, in the arm where they do most."""

    def reach(key: str) -> float:
        middles = [
            _medians(one[key].to_numpy(float), one[MEASURE].to_numpy(float))[1] for _, one in table.groupby("arm")
        ]
        return max(float(np.nanmax(middle) - np.nanmin(middle)) for middle in middles if np.isfinite(middle).any())

    return sorted(keys, key=reach, reverse=True) if table[MEASURE].notna().any() else keys


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
