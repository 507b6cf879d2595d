"""What alliances did to the banks that have them: the same banks in each arm and in its twin without alliances."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from colend.experiment.derived import EFFECTS
from colend.measures.gates import GATED
from colend.report.gates import definition
from colend.report.panels import Marks, rows_of_arms
from colend.report.reading import Reading
from colend.report.style import MOST_ARMS
from colend.report.words import AUC, KIND_WORDS, MILLIONS, PERCENT, PERSONS, YEARLY, Unit

SHOWN: dict[str, tuple[str, Unit]] = {
    "value": ("Value", MILLIONS),
    "customers": ("Own customers at the end", PERSONS),
    "own_lent": ("Lent by its own channel, last year", MILLIONS),
    "auc": ("AUC of its own screening", AUC),
    "index": ("Lent alone once platforms stop, of its lending with them", PERCENT),
    "index_by_customers": ("… of that, by more customers", PERCENT),
    "index_by_skill": ("… and by what it lends a customer", PERCENT),
    "lent_alone": ("The same in yuan", MILLIONS),
    "loss_rate_alone": ("Losses then", YEARLY),
    "first_gate": ("Pass the first gate", PERCENT),
    "second_gate": ("Pass the second gate", PERCENT),
    "learned": ("Learned to fish: both", PERCENT),
}


def beside_twins(reading: Reading) -> tuple[Figure, pd.DataFrame] | None:
    """Mean effects on the banks with a partner, by kind: difference to the same banks without alliances."""
    if not reading.scenario.twins:
        return None
    table = reading.result.frame(EFFECTS, point=reading.point)
    if table.empty:  # as of a sweep, which records no banks
        return None
    table = table[(table["group"] == "partnered") & table["measure"].isin(SHOWN)]
    if table.empty:
        return None
    panels = []
    for kind in (kind for kind in GATED if (table["kind"] == kind).any()):
        heading = KIND_WORDS[kind]
        for measure, (words, unit) in SHOWN.items():
            rows = table[(table["kind"] == kind) & (table["measure"] == measure)]
            if rows.empty:
                continue
            numbers = rows[["arm", "difference", "low", "high"]].rename(columns={"difference": "mean"})
            numbers[["mean", "low", "high"]] *= unit.factor
            below = f"{rows['banks'].min():.0f} to {rows['banks'].max():.0f} banks" if heading else ""
            panels.append(Marks(words, unit.difference, numbers, below, heading))
            heading = ""
    figure = rows_of_arms(
        reading,
        (
            "What did alliances do to the banks that have them?",
            "Mean difference to the same banks in the market without alliances, on the same seeds; hollow where the "
            f"interval holds zero. {definition(reading)}; {reading.spread}",
        ),
        panels,
        reading.arms[:MOST_ARMS],
        levels=False,
    )
    return figure, table.assign(words=[SHOWN[measure][0] for measure in table["measure"]])
