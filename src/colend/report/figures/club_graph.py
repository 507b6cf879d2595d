"""The club: who of its members works with the platform, drawn around its hub."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from colend.report.reading import Reading
from colend.report.style import BLUE, MOST_ARMS, MUTED, PER_ROW, foot, looks, page, title
from colend.report.words import KIND_WORDS

HUB = 2


def club_graph(reading: Reading) -> tuple[Figure, pd.DataFrame] | None:
    """Members in a circle around their hub at the last year's end of the first seed, a panel an arm."""
    if not reading.has("banks", "club", "club_working"):
        return None
    banks, seed = reading.frame("banks"), reading.first_seed("banks")
    banks = banks[(banks["club"] > 0) & (banks["seed"] == seed) & (banks["month"] == banks["month"].max())]
    arms = [arm for arm in reading.arms if (banks["arm"] == arm).any()][:MOST_ARMS]
    if not arms:
        return None
    marks = {kind: look.marker for kind, look in looks(list(KIND_WORDS)).items() if (banks["kind"] == kind).any()}
    columns = min(len(arms), PER_ROW if len(arms) != 2 * (PER_ROW - 1) else PER_ROW - 1)
    rows = -(-len(arms) // columns)
    figure, axes = page(
        "Who in the club works with the platform?",
        f"Seed {seed}, end of the run; members around their hub, a line to each that works with the club’s platform",
        rows,
        columns,
        height=1.5 + 3.1 * rows,
    )
    parts = []
    for axis, arm in zip(axes.flat, arms, strict=False):
        table = banks[banks["arm"] == arm].sort_values(["kind", "bank"])
        hub = table["club"].to_numpy() == HUB
        angle = np.zeros(len(table))
        angle[~hub] = 2.0 * np.pi * np.arange((~hub).sum()) / max((~hub).sum(), 1)
        x, y = np.where(hub, 0.0, np.sin(angle)), np.where(hub, 0.0, np.cos(angle))
        works = table["club_working"].to_numpy() == 1
        for row in np.flatnonzero(works & ~hub):
            axis.plot([0.0, x[row]], [0.0, y[row]], color=BLUE, linewidth=0.7, alpha=0.6, zorder=1)
        size, edge = np.where(hub, 130.0, 30.0), np.where(works, BLUE, MUTED)
        for kind, mark in marks.items():
            here = table["kind"].to_numpy() == kind
            face = np.where(works[here], BLUE, "white")
            axis.scatter(x[here], y[here], size[here], face, mark, edgecolors=edge[here], linewidths=1.0, zorder=2)
        axis.set_aspect("equal")
        axis.set_axis_off()
        title(axis, f"{reading.labels[arm]}: {works.sum()} of {len(table)}", columns)
        place = {"arm": arm, "x": x, "y": y}
        parts.append(table[["bank", "kind", "region", "club", "club_working"]].assign(**place))
    for axis in list(axes.flat)[len(arms) :]:
        axis.set_visible(False)
    foot(
        figure,
        [
            _mark(BLUE, BLUE, 6.5, "works with the platform"),
            _mark("white", MUTED, 6.5, "does not"),
            _mark("white", MUTED, 11.0, "hub, in the middle"),
            *(_mark("white", MUTED, 5.5, KIND_WORDS[kind], mark) for kind, mark in marks.items()),
        ],
    )
    return figure, pd.concat(parts, ignore_index=True)


def _mark(face: str, edge: str, size: float, words: str, mark: str = "o") -> Line2D:
    return Line2D([], [], linestyle="", marker=mark, color=edge, markerfacecolor=face, markersize=size, label=words)
