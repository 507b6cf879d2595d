"""Which swept parameters matter: Sobol's, Morris's or first-order indices of a sampled sweep."""

from __future__ import annotations

import textwrap

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from colend.experiment.sensitivity import SHOWN
from colend.report.columns import shortened, wrapped
from colend.report.reading import Reading
from colend.report.style import BLUE, INK, MOST_ARMS, MUTED, NAME, SKY, foot, page, plain
from colend.report.words import GROUPS, Term, parameter_words
from colend.scenario.sweep import LATIN_HYPERCUBE, MORRIS, SOBOL, Sample

MOST_KEYS, FEWEST_KEYS = 20, 5  # drawn, those that matter most: as many as the page's height has room for
MOST_HEIGHT = 18.0  # inches, unless so many arms ask for more with FEWEST_KEYS each
SHARES = (-0.5, 1.5)  # of the variance: an interval that goes further says no more than that nothing is known
KEY, GAP = 0.27, 0.45  # inches: the height of a key, and what a row of panels has beside its keys
WORDS = {
    "first": "alone (first order)",
    "total": "with all it interacts with (total)",
    "mu_star": "mean size of its effect over its range",
    "sigma": "how much that varies with the other parameters",
}
METHOD = {
    SOBOL: "Sobol indices, shares of the variance",
    MORRIS: "Morris’s elementary effects",
    LATIN_HYPERCUBE: "RBD-FAST indices, shares of the variance",
}


def sensitivities(reading: Reading) -> tuple[Figure, pd.DataFrame] | None:
    """Six measures, a row of panels for each arm that is not the baseline: bars of every swept key.

    A panel says how much of the design its measure is defined on where that is not all of it. Nothing while the design
    is incomplete.
    """
    sample = reading.sample
    if sample is None:
        return None
    terms = [term for _, group in GROUPS for term in group if term.measure in SHOWN]
    table = reading.result.frame("sensitivity")
    if table.empty:
        return None
    arms = list(dict.fromkeys(table["arm"]))
    drawn, rows_drawn = table[table["arm"].isin(arms[:MOST_ARMS])], min(len(arms), MOST_ARMS)
    room = int(((MOST_HEIGHT - 1.75) / rows_drawn - GAP) / KEY)
    keys = _ranked(drawn)[: max(room, FEWEST_KEYS)]
    figure, axes = page(
        "Which parameters matter?",
        _subtitle(reading, sample, drawn, len(arms), len(keys)),
        rows_drawn + 1,
        len(terms),
        height=1.75 + (GAP + KEY * len(keys)) * rows_drawn,
        height_ratios=(0.05, *[1.0] * rows_drawn),
        sharex="col",
        sharey=True,
    )
    for column, term in zip(axes.T, terms, strict=True):
        words = textwrap.fill(term.words.replace("… ", "Value "), 19)
        column[0].set_axis_off()
        column[0].text(0.0, 0.0, words, transform=column[0].transAxes, fontsize=8.5, color=INK)
        rows = drawn[drawn["measure"] == term.measure]
        for axis, arm in zip(column[1:], arms, strict=False):
            _panel(axis, rows[rows["arm"] == arm], keys, term, sample, len(reading.points))
        if not rows["value"].any():
            column[-1].set_xticks([])
        elif sample.method == MORRIS:
            column[-1].set_xlabel(term.unit.difference, fontsize=8)
        else:
            (left, right), (least, most) = column[-1].get_xlim(), SHARES
            column[-1].set_xlim(max(left, least), min(right, most))
            column[-1].set_xlabel("share", fontsize=8)
    if reading.several:
        for axis, arm in zip(axes[1:, 0], arms, strict=False):
            axis.set_title(shortened(reading.labels[arm], NAME))
    foot(figure, [Patch(color=_color(name), label=WORDS[name]) for name in drawn["index"].unique()])
    return figure, table


def _subtitle(reading: Reading, sample: Sample, drawn: pd.DataFrame, arms: int, keys: int) -> str:
    of = f" of the difference to “{reading.labels[reading.baseline]}”" if reading.several else ""
    beyond = ((drawn["low"] < SHARES[0]) | (drawn["high"] > SHARES[1])).any() and sample.method != MORRIS
    cut = f" cut at {plain(SHARES[0])} and {plain(SHARES[1])}" if beyond else ""
    words = f"{METHOD[sample.method]}{of}, 95 % interval{cut}; {len(reading.points):,} points, {reading.average}"
    if arms > MOST_ARMS:
        words += f"; first {MOST_ARMS} of {arms} arms"
    if keys < len(sample.ranges):
        words += f"; {keys} of {len(sample.ranges)} parameters"
    return words


def _ranked(table: pd.DataFrame) -> list[str]:
    """Keys by their largest share over arms and measures, at most MOST_KEYS."""
    chief = table[table["index"] == table["index"].iloc[-1 if "total" in set(table["index"]) else 0]]
    scale = chief.groupby(["arm", "measure"])["value"].transform("max")
    share = (chief["value"] / scale.where(scale > 0.0)).fillna(0.0)
    return list(share.groupby(chief["key"]).max().sort_values(ascending=False, kind="stable").index[:MOST_KEYS])


def _color(index: str) -> str:
    return SKY if index in ("total", "sigma") else BLUE


def _panel(axis, rows: pd.DataFrame, keys: list[str], term: Term, sample: Sample, points: int) -> None:
    undefined, used = map(int, rows[["undefined", "used"]].iloc[0])
    words = []
    if not used and undefined:
        words += ["left out: undefined", f"at {undefined:,} of {points:,} points"]
    elif not used:
        words += ["too few points"]
    elif not rows["value"].any():
        words += ["nothing changes it"]
    else:
        _bars(axis, rows, keys, term.unit.factor if sample.method == MORRIS else 1.0)
    if used and undefined:
        words += [f"{used} of {sample.n} trajectories:", f"undefined at {undefined:,} point{'s' * (undefined > 1)}"]
    here = {"transform": axis.transAxes, "ha": "right", "va": "bottom", "in_layout": False}
    axis.text(0.99, 0.02, "\n".join(words), fontsize=7, color=MUTED, **here)
    axis.set_yticks(range(len(keys)), ["\n".join(wrapped(parameter_words(key), 36)[:2]) for key in keys], fontsize=7.0)
    axis.set_ylim(len(keys) - 0.4, -0.6)
    axis.grid(True, axis="x")
    axis.grid(False, axis="y")
    axis.tick_params(axis="y", length=0)
    axis.tick_params(axis="x", labelsize=8)
    axis.xaxis.set_major_locator(MaxNLocator(2, steps=[1, 2, 5, 10]))
    axis.xaxis.set_major_formatter(plain)


def _bars(axis, rows: pd.DataFrame, keys: list[str], factor: float) -> None:
    names = list(dict.fromkeys(rows["index"]))
    thick = 0.8 / len(names)
    for i, name in enumerate(names):
        part = rows[rows["index"] == name].set_index("key").reindex(keys)
        y = np.arange(len(keys)) + (i - (len(names) - 1) / 2) * thick
        value, low, high = (part[column].to_numpy(dtype=float) * factor for column in ("value", "low", "high"))
        axis.barh(y, value, thick * 0.9, color=_color(name))
        known = np.isfinite(low)
        axis.hlines(y[known], low[known], high[known], color=INK, linewidth=0.9)
    axis.axvline(0.0, color=MUTED, linewidth=0.8)
