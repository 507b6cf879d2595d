"""The model beside published figures: distance in tolerances, and signs."""

from __future__ import annotations

import textwrap
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from colend.report.evidence import published, said
from colend.report.reading import Reading
from colend.report.style import BLUE, FAINT, INK, MUTED, ORANGE, foot, page, plain

FURTHEST = 4.0  # tolerances; what lies beyond is an arrow
LABEL, LINES = 58, 2  # letters on a line, lines of a label
SIGNS = "Signs that studies found"
SIZES = ("bn", "m", "%", "yuan")  # what stands behind a number
USES = {"judge": (BLUE, "o", "kept to judge"), "calibrate": (ORANGE, "s", "used to calibrate")}


def evidence(reading: Reading) -> tuple[Figure, pd.DataFrame] | None:
    """Every published figure that the scenario speaks to, and the model's answer beside it."""
    frame = reading.evidence
    if not len(frame):
        return None
    return evidence_of({"": frame}, _below(reading)), frame


def _below(reading: Reading) -> str:
    spread = f"mean and 95 % interval over {reading.seeds} seeds" if reading.seeds > 1 else "one seed, no interval"
    return f"Model less published figure, in tolerances of the figure; {spread}"


def evidence_of(frames: dict[str, pd.DataFrame], subtitle: str) -> Figure:
    """The figure of data frames of evidence by heading: numbers of each, then all signs."""
    frame = pd.concat(frames.values())
    parts = {heading: rows[rows["sign"] == ""] for heading, rows in frames.items()}
    parts[SIGNS] = frame[frame["sign"] != ""]
    parts = {heading: rows for heading, rows in parts.items() if len(rows)}
    heights = [len(rows) + 0.9 for rows in parts.values()]
    size = 1.2 + 0.25 * len(parts) + 0.3 * sum(heights)
    figure, axes = page("The model beside published figures", subtitle, len(parts), 1, size, height_ratios=heights)
    for axis, (heading, rows) in zip(axes[:, 0], parts.items(), strict=True):
        _rows(axis, rows.sort_values("use", kind="stable"), heading)
    handles: list[Any] = [
        Line2D([], [], color=color, marker=marker, linestyle="", markersize=6.5, label=words)
        for use, (color, marker, words) in USES.items()
        if (frame["use"] == use).any()
    ]
    foot(figure, [*handles, Patch(facecolor=FAINT, label="within the tolerance, or the published sign and clear")])
    return figure


def _rows(axis, rows: pd.DataFrame, heading: str) -> None:
    """One row a figure, from the top down: mark, interval, and both numbers at the right."""
    signs = heading == SIGNS
    band = (1.0, FURTHEST) if signs else (-1.0, 1.0)
    axis.axvspan(*band, color=FAINT, alpha=0.6, linewidth=0, zorder=0)
    axis.axvline(0.0, color=INK, linewidth=0.9, zorder=1)
    beside = {"transform": axis.get_yaxis_transform(), "va": "center", "fontsize": 7.5}
    for place, row in enumerate(rows.itertuples()):
        _mark(axis, row, place)
        axis.text(1.01, place, _numbers(row), color=INK, **beside)
    axis.text(1.01, -0.85, "published | model", color=MUTED, **beside)
    axis.set_title(heading, loc="left", fontsize=9.0)
    words = [_label(f"{row.says}, {row.date}") for row in rows.itertuples()]
    axis.set_yticks(range(len(rows)), words, fontsize=7.0, color=INK)
    axis.set_ylim(len(rows) - 0.4, -0.6)
    axis.set_xlim(-FURTHEST * 1.05, FURTHEST * 1.05)
    axis.tick_params(axis="y", length=0)
    axis.grid(False, axis="y")
    axis.grid(True, axis="x")
    axis.xaxis.set_major_formatter(plain)
    axis.spines["left"].set_visible(False)
    axis.set_xlabel("half-widths of the 95 % interval; the published sign is to the right" if signs else "tolerances")


def _numbers(row: Any) -> str:
    """Both numbers; their common unit once, at the end."""
    left, right = {"positive": "> 0", "negative": "< 0"}.get(row.sign) or published(row), said(row)
    unit = right.rsplit(" ", 1)[-1]
    unit = unit if unit in SIZES else ""
    of = {"yuan": " yuan", "persons": " persons", "months": " months"}.get(row.unit, "") if unit != "yuan" else ""
    return f"{left.removesuffix(f' {unit}')}  |  {right}{of}"


def _label(words: str) -> str:
    """On at most LINES lines."""
    return "\n".join(textwrap.wrap(words, LABEL, max_lines=LINES, placeholder="…"))


def _mark(axis, row, place: int) -> None:
    """Where the model lies: its mark and interval, an arrow beyond the axis, nothing where it says nothing."""
    if not np.isfinite(row.model):
        axis.text(0.0, place, "the model says nothing", ha="center", va="center", fontsize=7, color=MUTED)
        return
    color, marker, _ = USES[row.use]
    half = (row.high - row.low) / 2.0
    if row.sign:
        if not half > 0.0:
            return
        towards = 1.0 if row.sign == "positive" else -1.0
        middle, reach = towards * row.model / half, 1.0
    else:
        middle, reach = (row.model - row.published) / row.tolerance, half / row.tolerance
    if abs(middle) > FURTHEST:
        edge = np.sign(middle) * FURTHEST
        axis.plot(edge, place, ">" if edge > 0 else "<", color=color, markersize=6)
        return
    if np.isfinite(reach):
        ends = np.clip([middle - reach, middle + reach], -FURTHEST, FURTHEST)
        axis.plot(ends, [place, place], color=color, linewidth=1.7)
    axis.plot(middle, place, marker, color=color, markersize=5.5)
