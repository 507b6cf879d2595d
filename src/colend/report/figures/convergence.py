"""Enough runs? How the differences that matter most, and their intervals, settled as seeds were added."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from colend.experiment.sensitivity import SHOWN
from colend.experiment.stopping import looks, until_of
from colend.report.enough import term_of
from colend.report.reading import Reading
from colend.report.style import INK, MUTED, foot, marks, page, value_axis
from colend.report.style import looks as looks_of
from colend.report.words import Term

FEWEST = 5  # seeds; fewer show nothing settle
MOST_STEPS = 200  # numbers of seeds drawn


def convergence(reading: Reading) -> tuple[Figure, pd.DataFrame] | None:
    """Running mean of six measures over the first n seeds, n growing, with its 95 % interval.

    Of the paired difference to the baseline; of the level where there is one arm.
    """
    if reading.seeds < FEWEST:
        return None
    rule, runs = until_of(reading.scenario), reading.frame("runs")
    names = [name for name in SHOWN if name in runs]
    if rule is not None and rule.measure not in names:
        names[-1:] = [rule.measure]
    several = reading.several
    chosen = {arm: look for arm, look in looks_of(reading.arms).items() if arm in reading.compared}
    table = _running(reading, names, list(chosen))
    what = f"Difference to “{reading.labels[reading.baseline]}”, paired by seed" if several else "Level"
    figure, axes = page(
        "Are these enough runs?",
        f"{what}: mean of the first n seeds, and its 95 % interval{_wider(reading)}",
        2,
        3,
        height=6.0,
        sharex=True,
    )
    for axis, name in zip(axes.flat, names, strict=False):
        wanted = rule.half_width if rule is not None and rule.measure == name else None
        _draw(axis, table[table["measure"] == name], term_of(name), chosen, several, wanted)
    for axis in list(axes.flat)[len(names) :]:
        axis.set_visible(False)
    for axis in axes[1]:
        axis.set_xlabel("seeds")
    legend = marks(chosen, reading.labels, line=True)
    if rule is not None:
        legend.append(Line2D([], [], color=INK, linestyle=":", label="last mean ± half-width wanted"))
        asked: dict[str, Any] = {"color": MUTED, "linewidth": 0.6, "alpha": 0.6}
        legend.append(Line2D([], [], label="seeds after which it was asked: enough?", **asked))
        axis = axes.flat[names.index(rule.measure)]
        for number in looks(rule.at_least, reading.seeds):
            axis.axvline(number, zorder=0.5, **asked)
    foot(figure, legend)
    return figure, table


def _wider(reading: Reading) -> str:
    """What is unusual about the intervals."""
    return f" (×{reading.widening:.2f}, as results decided when to stop)" if reading.widening > 1.0 else ""


def _running(reading: Reading, names: list[str], arms: list[str]) -> pd.DataFrame:
    """arm, measure, seeds, mean, low, high of the first so many seeds."""
    frame = reading.frame("runs").set_index(["arm", "seed"])[names].astype(float)
    seeds = sorted(set(frame.index.get_level_values("seed")))
    base = frame.loc[reading.baseline].reindex(seeds)
    numbers = np.unique(np.linspace(2, len(seeds), min(len(seeds) - 1, MOST_STEPS)).round().astype(int))
    parts = []
    for arm in arms:
        values = frame.loc[arm].reindex(seeds)
        values = (values - base if arm != reading.baseline else values).to_numpy()
        for number in numbers:
            mean, low, high = reading.interval(values[:number])
            parts.append(
                pd.DataFrame({"arm": arm, "measure": names, "seeds": number, "mean": mean, "low": low, "high": high})
            )
    return pd.concat(parts, ignore_index=True)


def _draw(axis, table: pd.DataFrame, term: Term, chosen, several: bool, wanted: float | None) -> None:
    factor = term.unit.factor
    last = table["seeds"].max()
    for arm, look in chosen.items():
        rows = table[table["arm"] == arm]
        seeds, mean, low, high = (rows[name].to_numpy(dtype=float) for name in ("seeds", "mean", "low", "high"))
        axis.plot(seeds, mean * factor, color=look.color, linestyle=look.line)
        axis.plot(seeds[-1:], mean[-1:] * factor, look.marker, color=look.color, markersize=5, clip_on=False)
        axis.fill_between(seeds, low * factor, high * factor, color=look.color, alpha=0.14, linewidth=0)
        if wanted is not None:
            for end in (mean[-1] - wanted, mean[-1] + wanted):
                axis.axhline(end * factor, color=INK, linestyle=":", linewidth=0.8)
    settled = table[table["seeds"] >= max(FEWEST, last / 10)]  # the first intervals would hide all others
    ends = settled[["low", "high"]].to_numpy() * factor
    if np.isfinite(ends).any():
        bottom, top = np.nanmin(ends), np.nanmax(ends)
        space = 0.05 * (top - bottom) or 1.0
        axis.set_ylim(bottom - space, top + space)
    axis.set_title(term.words, fontsize=8.5)
    if several:
        axis.axhline(0.0, color=INK, linewidth=0.9)
    value_axis(axis, term.unit.difference if several else term.unit.words, zero=False, ticks=5)
