"""The summary's table of what alliances did to the banks that have them: the same banks in the arm and in its twin."""

from __future__ import annotations

from typing import Any

import numpy as np

from colend.experiment.derived import EFFECTS
from colend.measures.gates import GATED
from colend.report.columns import left, right, wrapped
from colend.report.reading import Reading
from colend.report.words import AUC, KIND_WORDS, MILLIONS, PERCENT, PERSONS, Unit, shown

LABEL, CELL, MOST = 32, 17, 4  # widths of the columns; arms beside each other
TOLD = {  # effect: words and unit
    "value": ("Value", MILLIONS),
    "customers": ("Own customers", PERSONS),
    "auc": ("Own screening", AUC),
    "index": ("Lends alone", PERCENT),
    "learned": ("Learned to fish", PERCENT),
}
ASIDE = ("customers_change", "precision_gain")  # measures that the table tells more of


def lines(reading: Reading, width: int) -> list[str]:
    """Effects by kind of bank, an arm a column; nothing without twins, or where no bank has a partner for so long."""
    if not reading.aside:
        return []
    table = reading.frame(EFFECTS)
    if not len(table) or not (table["group"] == "partnered").any():
        return []
    table = table[(table["group"] == "partnered") & table["measure"].isin(TOLD)]
    rows = table.assign(of=table["kind"] + " " + table["measure"]).set_index(["arm", "of"])
    stars = reading.starred(rows)
    words = "What alliances did to the banks with a partner: difference to the same banks without alliances"
    result = ["", *wrapped(words, width)]
    for first in range(0, len(reading.arms), MOST):
        arms = reading.arms[first : first + MOST]
        heads = [wrapped(reading.labels[arm], CELL - 1)[:2] for arm in arms]
        heads = [[""] * (2 - len(head)) + head for head in heads]
        result += [" " * LABEL + "".join(right(head[row], CELL - 1) + " " for head in heads) for row in range(2)]
        for kind in (kind for kind in reversed(GATED) if (table["kind"] == kind).any()):
            number = [_banks(rows, arm, f"{kind} value") for arm in arms]
            result.append(
                left(f"{KIND_WORDS[kind]}, so many", LABEL) + "".join(f"{one:>{CELL - 1}} " for one in number)
            )
            for measure, (name, unit) in TOLD.items():
                cells = [_cell(rows, arm, f"{kind} {measure}", unit, stars) for arm in arms]
                label = f"  {name}, {unit.difference}"
                result.append(left(label, LABEL) + "".join(f"{cell:>{CELL}}" for cell in cells))
    return [line.rstrip() for line in result]


def _banks(rows: Any, arm: str, of: str) -> str:
    return f"{rows.loc[(arm, of), 'banks']:.0f}" if (arm, of) in rows.index else "0"


def _cell(rows: Any, arm: str, of: str, unit: Unit, stars: set[tuple[str, ...]]) -> str:
    if (arm, of) not in rows.index:
        return "– "
    row = rows.loc[(arm, of)]
    like = row["level"]
    words = shown(row["difference"], unit, sign=True, like=like)
    half = f"±{shown((row['high'] - row['low']) / 2.0, unit, like=like)}" if np.isfinite(row["low"]) else ""
    return f"{words}{half}{'*' if (arm, of) in stars else ' '}"
