"""Which swept parameters matter: Sobol's, Morris's or first-order indices of a sampled sweep."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from colend.experiment.sensitivity import IncompleteDesignError, sample_of, sensitivity
from colend.report.figures.sweep import SHOWN
from colend.report.reading import Reading
from colend.report.style import BLUE, INK, MUTED, SKY, foot, page, plain
from colend.report.words import GROUPS

MOST_KEYS = 20  # drawn, those that matter most
WORDS = {
    "first": "alone (first order)",
    "total": "with all it interacts with (total)",
    "mu_star": "mean size of its effect over its range",
    "sigma": "how much that varies with the other parameters",
}
METHOD = {"sobol": "Sobol indices", "morris": "Morris’s elementary effects", "latin_hypercube": "RBD-FAST"}


def sensitivities(reading: Reading) -> tuple[Figure, pd.DataFrame] | None:
    """Bars of every swept key for six measures; of the first arm that is not the baseline where arms are compared.

    Nothing while the design is incomplete: indices made without the missing runs would be wrong.
    """
    sample, runs = sample_of(reading.scenario), reading.result.runs
    if sample is None or not len(runs):
        return None
    try:
        table = sensitivity(runs, reading.scenario, [name for name in SHOWN if name in runs])
    except IncompleteDesignError:
        return None
    if table.empty:
        return None
    drawn = table[table["arm"] == table["arm"].iloc[0]]
    terms = [term for _, group in GROUPS for term in group if term.measure in set(drawn["measure"])]
    keys = _ranked(drawn)
    several = len(reading.scenario.arms) > 1
    arm = drawn["arm"].iloc[0]
    of = f"What “{reading.labels[arm]}” changes: " if several else ""
    unit = "in the measure’s unit" if sample.method == "morris" else "share of the variance"
    figure, axes = page(
        "Which parameters matter?",
        f"{of}{METHOD[sample.method]}, {unit}, 95 % interval; {len(reading.points):,} points, {reading.average}",
        2,
        3,
        height=2.2 + 0.34 * len(keys) * 2,
        sharey=True,
    )
    for axis, term in zip(axes.flat, terms, strict=False):
        factor = term.unit.factor if sample.method == "morris" else 1.0
        _bars(axis, drawn[drawn["measure"] == term.measure], keys, factor)
        axis.set_title(term.words.replace("… ", "Value "), fontsize=8.5)
        if sample.method == "morris":
            axis.set_xlabel(term.unit.difference, fontsize=8)
    for axis in list(axes.flat)[len(terms) :]:
        axis.set_visible(False)
    foot(figure, [Patch(color=_color(name), label=WORDS[name]) for name in drawn["index"].unique()])
    return figure, table


def _ranked(table: pd.DataFrame) -> list[str]:
    """Keys by their largest share over the measures, at most MOST_KEYS."""
    chief = table[table["index"] == table["index"].iloc[-1 if "total" in set(table["index"]) else 0]]
    scale = chief.groupby("measure")["value"].transform("max")
    share = (chief["value"] / scale.where(scale > 0.0)).fillna(0.0)
    return list(share.groupby(chief["key"]).max().sort_values(ascending=False, kind="stable").index[:MOST_KEYS])


def _color(index: str) -> str:
    return SKY if index in ("total", "sigma") else BLUE


def _bars(axis, rows: pd.DataFrame, keys: list[str], factor: float) -> None:
    if not rows["value"].any():
        axis.text(0.5, 0.5, "nothing changes it", transform=axis.transAxes, ha="center", va="center", color=MUTED)
        axis.set_xticks([])
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
    axis.set_yticks(range(len(keys)), keys, fontsize=7.5)
    axis.set_ylim(len(keys) - 0.4, -0.6)
    axis.grid(True, axis="x")
    axis.grid(False, axis="y")
    axis.tick_params(axis="y", length=0)
    axis.xaxis.set_major_formatter(plain)
