"""The model beside published figures: what each run says about a fact, and how far that is from what was published."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from colend.experiment.statistics import interval
from colend.scenario.facts import Fact

EVIDENCE = (
    "fact",
    "says",
    "date",
    "unit",
    "use",
    "published",  # the figure; NaN for a sign
    "sign",
    "tolerance",
    "model",  # mean over seeds
    "low",  # 95 % interval of that mean
    "high",
    "seeds",
    "distance",  # numbers: |model - published| in tolerances
    "holds",  # within the tolerance, or a sign clear of zero; None where the model says nothing
)


def model_says(frame: Any, fact: Fact, arm: str) -> dict[int, float]:
    """The fact's counterpart by seed, from a table's data frame; a seed that says nothing is left out."""
    found: dict[int, float] = {}
    for seed, rows in frame[frame["arm"] == arm].groupby("seed"):
        chosen = rows.query(fact.model.rows, engine="python") if fact.model.rows else rows
        with np.errstate(divide="ignore", invalid="ignore"):  # nothing over nothing says nothing
            value = float(chosen.eval(fact.model.value, engine="python")) if len(chosen) else math.nan
        if math.isfinite(value):
            found[int(seed)] = value
    return found


def beside(facts: Iterable[Fact], frame_of: Callable[[str], Any], baseline: str, widening: float = 1.0) -> Any:
    """A data frame with EVIDENCE of each fact; `frame_of(table)` gives the data frame of a table at one sweep point.

    Intervals are `widening` times Student's (`colend.experiment.stopping`).
    """
    import pandas as pd

    rows = []
    for fact in facts:
        frame = frame_of(fact.model.table)
        said: dict[int, float] = {}
        if len(frame):
            said = model_says(frame, fact, fact.model.arm or baseline)
            if fact.model.minus:
                other = model_says(frame, fact, fact.model.minus)
                said = {seed: value - other[seed] for seed, value in said.items() if seed in other}
        rows.append(_row(fact, np.array(list(said.values())), widening))
    return pd.DataFrame(rows, columns=list(EVIDENCE))


def _row(fact: Fact, values: np.ndarray, widening: float) -> tuple[Any, ...]:
    mean, low, high = map(float, interval(values, widening)) if len(values) else (math.nan,) * 3
    distance, holds = math.nan, None
    if len(values) and fact.value is not None and fact.tolerance is not None:
        distance = abs(mean - fact.value) / fact.tolerance
        holds = distance <= 1.0
    elif len(values) > 1:
        holds = low > 0.0 if fact.sign == "positive" else high < 0.0
    published = math.nan if fact.value is None else fact.value
    tolerance = math.nan if fact.tolerance is None else fact.tolerance
    told = (fact.name, fact.says, fact.date, fact.unit, fact.use, published, fact.sign or "", tolerance)
    return *told, mean, low, high, len(values), distance, holds
