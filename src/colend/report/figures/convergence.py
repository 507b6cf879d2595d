"""Enough runs? How the differences that matter most, and their intervals, settled as seeds were added."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from colend.experiment.sensitivity import SHOWN
from colend.experiment.stopping import looks
from colend.report.enough import term_of
from colend.report.panels import Panels
from colend.report.reading import BANDS, Reading
from colend.report.style import INK, MUTED
from colend.report.words import Term

FEWEST = 5  # seeds; fewer show nothing settle
MOST_STEPS = 200  # numbers of seeds drawn


def convergence(reading: Reading) -> tuple[Figure, pd.DataFrame] | None:
    """Running mean of six measures over the first n seeds, n growing, with its 95 % interval.

    Of the paired difference to the baseline; of the level where there is one arm.
    """
    if reading.seeds < FEWEST:
        return None
    rule, runs = reading.scenario.until, reading.frame("runs")
    names = [name for name in SHOWN if name in runs and runs[name].notna().any()]
    if rule is not None and rule.measure not in names:
        names[-1:] = [rule.measure]
    several = reading.several
    what = f"Difference to “{reading.labels[reading.baseline]}”, paired by seed" if several else "Level"
    terms = [term_of(name) for name in names]
    panels = Panels(
        reading,
        ("Are these enough runs?", f"{what}: mean of the first n seeds, and its 95 % interval{_wider(reading)}"),
        [term.words.replace("… ", "Value ") for term in terms],
        columns=3,
        height=6.0,
        beside=False,
        sharex=True,
    )
    table = _running(reading, names, panels.arms)
    for place, (name, term) in enumerate(zip(names, terms, strict=True)):
        wanted = rule.half_width if rule is not None and rule.measure == name else None
        rows = table[table["measure"] == name]
        for axis, chosen in panels.of(place):
            _draw(axis, rows, term, chosen, several, wanted)
            _within(axis, rows, term)
        panels.finish(place, term.unit.difference if several else term.unit.words, zero=False, ticks=5)
    panels.along("seeds")
    legend: list[Any] = []
    if rule is not None:
        legend.append(Line2D([], [], color=INK, linestyle=":", label="last mean ± half-width wanted"))
        asked: dict[str, Any] = {"color": MUTED, "linewidth": 0.6, "alpha": 0.6}
        legend.append(Line2D([], [], label="seeds after which it was asked: enough?", **asked))
        for axis, _ in panels.of(names.index(rule.measure)):
            for number in looks(rule.at_least, reading.seeds):
                axis.axvline(number, zorder=0.5, **asked)
    panels.legend(mark=True, more=legend)
    return panels.figure, table


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
    for arm, look in chosen.items():
        rows = table[table["arm"] == arm]
        seeds, mean, low, high = (rows[name].to_numpy(dtype=float) for name in ("seeds", "mean", "low", "high"))
        axis.plot(seeds, mean * factor, color=look.color, linestyle=look.line)
        axis.plot(seeds[-1:], mean[-1:] * factor, look.marker, color=look.color, markersize=5, clip_on=False)
        if len(chosen) <= BANDS:
            axis.fill_between(seeds, low * factor, high * factor, color=look.color, alpha=0.14, linewidth=0)
        else:  # bands over bands hide each other
            for end in (low, high):
                axis.plot(seeds, end * factor, color=look.color, linewidth=0.6, alpha=0.7)
        if wanted is not None:
            for end in (mean[-1] - wanted, mean[-1] + wanted):
                axis.axhline(end * factor, color=INK, linestyle=":", linewidth=0.8)
    if several:
        axis.axhline(0.0, color=INK, linewidth=0.9)


def _within(axis, table: pd.DataFrame, term: Term) -> None:
    """Show the intervals from when they have settled: the first ones would hide all others."""
    settled = table[table["seeds"] >= max(FEWEST, table["seeds"].max() / 10)]
    ends = settled[["low", "high"]].to_numpy() * term.unit.factor
    if np.isfinite(ends).any():
        bottom, top = np.nanmin(ends), np.nanmax(ends)
        space = 0.05 * (top - bottom) or 1.0
        axis.set_ylim(bottom - space, top + space)
