"""How far banks with a partner came: their fishing index, and how much of the distance to platforms they closed."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from colend.measures.fishing import HALF
from colend.measures.gates import GATED
from colend.report.gates import definition
from colend.report.reading import Reading
from colend.report.style import INK, MUTED, foot, looks, marks, nothing, page, value_axis
from colend.report.words import KIND_WORDS
from colend.scenario.errors import counted

MOST = 150.0  # per cent: what is beyond stands at the edge
COLUMNS = ("bank", "kind", "partnered", "index", "auc", "first_auc", "auc_goal", "learned")


def gates(reading: Reading) -> tuple[Figure, pd.DataFrame] | None:
    """Of the banks of a kind with a partner, all seeds together: the share that came as far as this, or further.

    Left the index, right the part of the distance closed; upright lines are the thresholds, of which none decides.
    """
    if not reading.has("fishing", *COLUMNS) or not reading.scenario.fishing_test:
        return None
    banks = reading.frame("fishing")
    banks = banks[(banks["partnered"] == 1) & banks["kind"].isin(GATED) & banks["arm"].isin(reading.arms)]
    banks = banks[["arm", "seed", *COLUMNS]].assign(
        index=100.0 * banks["index"],
        closed=100.0 * HALF * (banks["auc"] - banks["first_auc"]) / (banks["auc_goal"] - banks["first_auc"]),
    )
    kinds = [kind for kind in GATED if (banks["kind"] == kind).any()]
    if not kinds:
        return None
    figure, axes = page(
        "How far did banks with a partner come?",
        f"Share of them that came at least so far, all seeds together; upright: the gates. {definition(reading)}",
        len(kinds),
        2,
        height=1.3 + 2.7 * len(kinds),
        sharey=True,
    )
    chosen = looks(reading.arms)
    thresholds = {"index": 100.0 * reading.scenario.fishing_test.share, "closed": 100.0 * HALF}
    words = {
        "index": "Lent alone once platforms stop, % of its lending with them",
        "closed": "Closed of the first distance to its platforms’ AUC, %",
    }
    for row, kind in zip(axes, kinds, strict=True):
        of_kind = banks[banks["kind"] == kind]
        for axis, name in zip(row, words, strict=True):
            _survival(axis, of_kind, name, chosen, 1.2 * thresholds[name])
            axis.axvline(thresholds[name], color=MUTED, linewidth=1.0, linestyle=(0, (4, 3)))
            axis.set_title(f"{KIND_WORDS[kind]}: {_how_many(of_kind, name, reading.seeds)}", fontsize=9)
            axis.set_xlabel(words[name], fontsize=8.5)
        value_axis(row[0], "% of these banks")
    handles = marks(chosen, reading.labels, line=True, mark=False) if reading.several else []
    foot(figure, [*handles, Line2D([], [], color=MUTED, linestyle=(0, (4, 3)), label="gate")])
    return figure, banks


def _survival(axis, banks: pd.DataFrame, name: str, chosen, at_least: float) -> None:
    """Of each arm's banks, how many come as far as x, in per cent; the axis goes as far as one, and to `at_least`."""
    lowest = max(min(0.0, np.nanmin(banks[name], initial=0.0)), -MOST)
    most = min(max(at_least, 1.05 * np.nanmax(banks[name], initial=0.0)), MOST)
    drawn = False
    for arm, look in chosen.items():
        values = np.sort(banks.loc[banks["arm"] == arm, name].dropna().to_numpy(dtype=float).clip(lowest, most))
        if not len(values):
            continue
        x = np.concatenate([[lowest], values, [most]])
        share = np.concatenate([[100.0], 100.0 * (1.0 - np.arange(len(values)) / len(values)), [0.0]])
        axis.step(x, share, where="pre", color=look.color, linestyle=look.line)
        drawn = True
    if not drawn:
        nothing(axis, "no bank has one")
    axis.set_xlim(lowest, most)
    if lowest < 0.0:
        axis.axvline(0.0, color=INK, linewidth=0.6)


def _how_many(banks: pd.DataFrame, name: str, seeds: int) -> str:
    """Banks in an arm a seed, of the arm with fewest of them and of that with most."""
    numbers = banks[banks[name].notna()].groupby("arm")["bank"].count() / max(seeds, 1)
    if numbers.empty:
        return "none"
    least, most = round(numbers.min()), round(numbers.max())
    return f"{'' if least == most else f'{least} to '}{counted(most, 'bank')} a seed"
