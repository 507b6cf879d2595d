"""Two swept parameters at once: a map of who leads, with the line of no difference."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.colors import TwoSlopeNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

from colend.report.reading import Reading
from colend.report.style import INK, MUTED, foot, page, plain
from colend.report.words import GROUPS, Term

FEWEST = 3  # values of each parameter
UNCLEAR: Any = {"fill": False, "edgecolor": MUTED, "hatch": "////", "linewidth": 0.0}
VALUES = ("value_per_bank", "value_market", "value_per_meeting", "value_per_slot_month")


@rc_context({"hatch.color": MUTED})  # newer Matplotlib takes it from here, not from the edge
def sweep_map(reading: Reading) -> tuple[Figure, pd.DataFrame] | None:
    """Value of alliances by every way of counting over a grid of two parameters.

    The difference of the first other arm to the baseline, hatched where its interval holds zero; levels of one arm.
    """
    table = _table(reading)
    if table is None:
        return None
    (across, up), several = table.attrs["keys"], len(reading.arms) > 1
    arm = table["arm"].iloc[0]
    what = f"“{reading.labels[arm]}” less “{reading.labels[reading.baseline]}”" if several else reading.labels[arm]
    figure, axes = page(
        "Value of alliances over two parameters",
        f"{what}; {reading.spread}",
        2,
        2,
        height=7.4,
        sharex=True,
        sharey=True,
    )
    terms = {term.measure: term for _, group in GROUPS for term in group}
    terms["value_per_meeting"] = terms["value_per_meeting_closed"]._replace(words="… per meeting")
    for axis, measure in zip(axes.flat, VALUES, strict=True):
        _map(figure, axis, table[table["measure"] == measure], terms[measure], several)
    for axis in axes[1]:
        axis.set_xlabel(across)
    for axis in axes[:, 0]:
        axis.set_ylabel(up)
    if several:
        line = Line2D([], [], color=INK, linewidth=1.6, label="no difference")
        foot(figure, [line, Patch(**UNCLEAR, label="interval holds zero")])
    return figure, table


def _table(reading: Reading) -> pd.DataFrame | None:
    """Rows arm, measure, x, y (the two parameters), difference (or mean), low, high; None unless it is such a grid."""
    points = {point: json.loads(point) for point in reading.points if point}
    keys = list(next(iter(points.values()))) if points else []
    numbers = all(isinstance(value, (int, float)) for point in points.values() for value in point.values())
    if len(keys) != 2 or not numbers or reading.sample is not None:
        return None
    x, y = ({name: point[key] for name, point in points.items()} for key in keys)
    if min(len(set(x.values())), len(set(y.values()))) < FEWEST or len(points) != len(set(x.values())) * len(
        set(y.values())
    ):
        return None
    others = [arm for arm in reading.arms if arm != reading.baseline]
    arm = others[0] if others else reading.baseline
    compared = reading.over_points(VALUES)
    rows = compared[compared["arm"] == arm]
    table = rows.assign(x=rows["point"].map(x), y=rows["point"].map(y))
    if not others:
        table = table.assign(difference=table["mean"])
    table = table[["arm", "measure", "x", "y", "difference", "low", "high"]].reset_index(drop=True)
    table.attrs["keys"] = tuple(keys)
    return table


def _map(figure: Figure, axis, rows: pd.DataFrame, term: Term, several: bool) -> None:
    grids = {
        name: rows.pivot(index="y", columns="x", values=name).to_numpy(dtype=float)
        for name in ("difference", "low", "high")
    }
    shown = grids["difference"] * term.unit.factor
    places = rows.pivot(index="y", columns="x", values="difference")
    far = float(np.nanmax(np.abs(shown))) or 1.0
    how: Any = {"cmap": "PuOr", "norm": TwoSlopeNorm(0.0, -far, far)} if several else {"cmap": "cividis"}
    wide, tall = range(len(places.columns)), range(len(places.index))
    image = axis.pcolormesh(wide, tall, shown, shading="nearest", **how)
    if several:
        for y, x in np.argwhere((grids["low"] <= 0.0) & (grids["high"] >= 0.0)):
            axis.add_patch(Rectangle((x - 0.5, y - 0.5), 1.0, 1.0, **UNCLEAR))
        if np.nanmin(shown) < 0.0 < np.nanmax(shown):
            axis.contour(wide, tall, shown, levels=[0.0], colors=[INK], linewidths=1.6)
    axis.set_xticks(wide, [plain(value) for value in places.columns], fontsize=7.5)
    axis.set_yticks(tall, [plain(value) for value in places.index], fontsize=7.5)
    axis.grid(False)
    axis.set_title(term.words.replace("… ", "Value "), fontsize=8.5)
    bar = figure.colorbar(image, ax=axis, pad=0.02, aspect=25)
    bar.set_label(term.unit.difference if several else term.unit.words, fontsize=8)
    bar.ax.tick_params(labelsize=7.5)
