"""The fishing test: what banks lend alone once platforms stop serving them, and at which losses."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from colend.report.columns import wrapped
from colend.report.gates import GATED, definition
from colend.report.panels import Marks, dots, rows_of_arms
from colend.report.reading import FEW_ARMS, Reading
from colend.report.style import MOST_ARMS, foot, looks, marks, page, value_axis
from colend.report.words import KIND_WORDS

ALL = "fishing_index"
OF_INDEX, OF_LOSSES = "% of their lending with platforms", "% of balances a year"
LOSSES = {"fishing_loss_rate_together": "with platforms", "fishing_loss_rate_alone": "without them"}


def fishing(reading: Reading) -> tuple[Figure, pd.DataFrame] | None:
    """The index by kind of bank, and the loss rate of own channels with and without platforms, by arm."""
    if not reading.has("runs", ALL):
        return None
    runs, tested = reading.frame("runs"), _tested(reading)
    indices = {ALL: "All banks"} | dict(_of_kind(kind) for kind in KIND_WORDS if kind in tested)
    unknown = [words for measure, words in indices.items() if runs[measure].isna().all()]
    left_out = f"{' and '.join(unknown)} lent too little to have an index; " if unknown else ""
    indices = {measure: words for measure, words in indices.items() if words not in unknown}
    if not indices:
        return None
    heading = (
        "What do banks lend alone when platforms stop serving them?",
        f"Own channels’ lending without platforms over all lending with them, and their losses. "
        f"{definition(reading)}; {left_out}{reading.spread}",
    )
    table = pd.DataFrame(
        [[measure, words, *row] for measure, words in (indices | LOSSES).items() for row in _numbers(reading, measure)],
        columns=["measure", "words", "arm", "mean", "low", "high"],
    ).assign(unit="%")
    if len(reading.arms) > FEW_ARMS:
        tables = [Marks(words, OF_INDEX, table[table["measure"] == measure]) for measure, words in indices.items()]
        tables += [
            Marks(f"Own channels’ loss rate {words}", OF_LOSSES, table[table["measure"] == measure])
            for measure, words in LOSSES.items()
        ]
        heading = (heading[0], f"{heading[1]}; dashed: “{reading.labels[reading.baseline]}”")
        return rows_of_arms(reading, heading, tables, reading.arms[:MOST_ARMS], columns=3), table
    figure, axes = page(*heading, 1, 2, width_ratios=[1.5, 1.0])
    chosen = looks(reading.arms)
    for axis, measures, words, unit in (
        (axes[0, 0], indices, "Fishing index, by kind of bank", OF_INDEX),
        (axes[0, 1], LOSSES, "Loss rate of own channels", OF_LOSSES),
    ):
        dots(axis, table, "measure", list(measures), chosen)
        axis.set_xticks(range(len(measures)), ["\n".join(wrapped(name, 20)) for name in measures.values()])
        axis.set_title(words)
        value_axis(axis, unit)
    foot(figure, marks(chosen, reading.labels) if reading.several else [])
    return figure, table


def _of_kind(kind: str) -> tuple[str, str]:
    """The index of a kind of bank and its words: of those with a partner, of a kind that has gates."""
    if kind in GATED:
        return f"{ALL}_partnered_{kind}", f"{KIND_WORDS[kind]} with a partner"
    return f"{ALL}_{kind}", KIND_WORDS[kind]


def _tested(reading: Reading) -> set[str]:
    """Kinds of bank that the test was about; all of them where it was not recorded."""
    return set(reading.frame("fishing")["kind"]) if reading.has("fishing", "kind") else set(KIND_WORDS)


def _numbers(reading: Reading, measure: str) -> list[list]:
    """Per cent by arm: arm, mean, low, high."""
    values = reading.of_runs(measure)
    return [[arm, *map(float, reading.interval(100.0 * values[arm]))] for arm in reading.arms]
