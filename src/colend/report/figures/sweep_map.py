"""Two swept parameters at once: a map of who leads, with the line of no difference."""

from __future__ import annotations

import textwrap
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.colors import TwoSlopeNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, PathPatch
from matplotlib.path import Path

from colend.report.columns import shortened, wrapped
from colend.report.idle import with_still
from colend.report.reading import FEW_ARMS, Reading
from colend.report.style import INK, MOST_ARMS, MUTED, foot, page, plain
from colend.report.words import GROUPS, key_label

FEWEST = 3  # values of each parameter
TALL, LOW = 2.1, 1.35  # inches: a row of maps, where there are few and where there are many
UNCLEAR: Any = {"fill": False, "edgecolor": MUTED, "hatch": "////", "linewidth": 0.0}
VALUES = ("value_per_bank", "value_per_platform", "value_market", "value_per_meeting_closed")


@rc_context({"hatch.color": MUTED})  # newer Matplotlib takes it from here, not from the edge
def sweep_map(reading: Reading) -> tuple[Figure, pd.DataFrame] | None:
    """Value by every way of counting over a grid of two parameters, a row of maps for each other arm.

    Differences to the baseline, hatched where the interval holds zero; levels where there is one arm.
    """
    table = _table(reading)
    if table is None:
        return None
    (across, up), several = table.attrs["keys"], reading.several
    labels, every = with_still(reading.labels, table, "difference"), list(dict.fromkeys(table["arm"]))
    arms = every[:MOST_ARMS]
    alone = len(arms) == 1
    what = f"Difference to “{reading.labels[reading.baseline]}”" if several else labels[arms[0]]
    if several and alone:
        what = f"“{labels[arms[0]]}” less “{reading.labels[reading.baseline]}”"
    more = "" if alone else f"; upwards: {key_label(up)}"
    more += f"; first {MOST_ARMS} of {len(every)} arms" if len(every) > MOST_ARMS else ""
    figure, axes = page(
        "Value over two parameters",
        f"{what}; {reading.spread}{more}",
        *((2, 2) if alone else (len(arms), len(VALUES))),
        height=7.4 if alone else 2.4 + (TALL if len(arms) <= FEW_ARMS else LOW) * len(arms),
        sharex=True,
        sharey=True,
    )
    grid = axes.reshape(1, -1) if alone else axes  # [arm, way of counting]
    terms = {term.measure: term for _, group in GROUPS for term in group}
    for column, measure in zip(grid.T, VALUES, strict=True):
        term, rows = terms[measure], table[table["measure"] == measure]
        how = _colours(rows["difference"].to_numpy(float) * term.unit.factor, several)
        for axis, arm in zip(column, arms, strict=True):
            image = _map(axis, rows[rows["arm"] == arm], term.unit.factor, several, how)
        column[0].set_title(term.words if alone else textwrap.fill(term.words, 22), fontsize=8.5 if alone else 8.0)
        place: Any = {"pad": 0.02, "aspect": 25} if alone else {"location": "bottom", "pad": 0.04, "aspect": 18}
        bar = figure.colorbar(image, ax=list(column), **place)
        bar.set_label(term.unit.difference if several else term.unit.words, fontsize=8)
        bar.ax.tick_params(labelsize=7.5)
    for axis in axes[-1]:
        axis.set_xlabel("\n".join(wrapped(key_label(across), 55 if alone else 26)), fontsize=8.0)
    for number, axis in enumerate(axes[:, 0]):
        if alone:
            axis.set_ylabel("\n".join(wrapped(key_label(up), 48)), fontsize=8.0)
        else:
            name = "\n".join(wrapped(shortened(labels[arms[number]], 40), 18))
            axis.set_ylabel(name, fontsize=7.5, rotation=0, ha="right", va="center")
    if several:
        line = Line2D([], [], color=INK, linewidth=1.6, label="no difference")
        foot(figure, [line, Patch(**UNCLEAR, label="interval holds zero")])
    return figure, table


def grid_of(reading: Reading) -> tuple[dict[str, float], dict[str, float]] | None:
    """Where every sweep point lies on a map: the values of its two parameters; None unless they are such a grid."""
    points = reading.values
    keys = sorted(next(iter(points.values())))
    numbers = all(isinstance(value, (int, float)) for point in points.values() for value in point.values())
    if len(keys) != 2 or not numbers or reading.sample is not None:
        return None
    x, y = ({name: point[key] for name, point in points.items()} for key in keys)
    wide, tall = len(set(x.values())), len(set(y.values()))
    return (x, y) if min(wide, tall) >= FEWEST and len(points) == wide * tall else None


def _table(reading: Reading) -> pd.DataFrame | None:
    """Rows arm, measure, x, y (the two parameters), difference (or mean), low, high; None unless they are a grid."""
    grid = grid_of(reading)
    if grid is None:
        return None
    x, y = grid
    difference = "difference" if reading.several else "mean"
    rows = reading.over_points(VALUES, [difference, "low", "high"], arm=reading.compared)
    table = rows.assign(x=rows["point"].map(x), y=rows["point"].map(y), difference=rows[difference])
    table = table[["arm", "measure", "x", "y", "difference", "low", "high"]]
    table.attrs["keys"] = tuple(sorted(reading.values[reading.point]))
    return table


def _colours(shown: np.ndarray, several: bool) -> dict[str, Any]:
    """One scale for all arms: around no difference, or over the levels."""
    if several:
        far = float(np.nanmax(np.abs(shown), initial=0.0)) or 1.0
        return {"cmap": "PuOr", "norm": TwoSlopeNorm(0.0, -far, far)}
    return {"cmap": "cividis"}


def _map(axis, rows: pd.DataFrame, factor: float, several: bool, how: dict[str, Any]):
    grids = {
        name: rows.pivot(index="y", columns="x", values=name).to_numpy(dtype=float)
        for name in ("difference", "low", "high")
    }
    shown = grids["difference"] * factor
    places = rows.pivot(index="y", columns="x", values="difference")
    wide, tall = range(len(places.columns)), range(len(places.index))
    image = axis.pcolormesh(wide, tall, shown, shading="nearest", **how)
    if several:
        axis.add_patch(PathPatch(_cells((grids["low"] <= 0.0) & (grids["high"] >= 0.0)), **UNCLEAR))
        if (shown < 0.0).any() and (shown > 0.0).any():
            axis.contour(wide, tall, shown, levels=[0.0], colors=[INK], linewidths=1.6)
    axis.set_xticks(wide, [plain(value) for value in places.columns], fontsize=7.5)
    axis.set_yticks(tall, [plain(value) for value in places.index], fontsize=7.5)
    axis.grid(False)
    return image


def _cells(chosen: np.ndarray) -> Path:
    """The outlines of the chosen cells [y, x] as one path: a patch for each would take most of a large map's memory."""
    corners = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5], [-0.5, -0.5]])
    outlines = np.argwhere(chosen)[:, None, ::-1] + corners  # [cell, corner, x or y]
    codes = [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY]
    return Path(outlines.reshape(-1, 2), np.tile(codes, len(outlines)))
