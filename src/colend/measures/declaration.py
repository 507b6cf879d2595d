"""What a measure is: one declaration with name, table, unit, meaning and where its value is taken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

# Every unit that a measure may have. Money and people are those of the real market.
UNITS = (
    "persons",
    "number",
    "months",
    "month",
    "yuan",
    "share",
    "rate a year",
    "AUC",
    "precision",
    "logit",
    "logit squared",
    "yuan a month",
    "standard deviations",
    "name",
    "1",
)


@dataclass(frozen=True)
class Measure:
    """One reported measure; `name` is its column.

    `take` gets the view of its table (`colend.measures.views`) and answers with a number (tables `runs`, `months`) or
    a column with one value a row. What is not defined is NaN, never 0: a loss rate without loans, a month that has not
    come. A measure of a run names the monthly ones that it is made of: `months` those of every month, `end` those of
    the last; a run that records no months takes no others. `over` says over whom a measure of a run is taken.
    """

    name: str
    table: str
    unit: str
    meaning: str
    take: Callable[[Any], Any]
    months: tuple[str, ...] = ()
    end: tuple[str, ...] = ()
    over: str = ""


def ratio(part, whole):
    """part / whole as floats, NaN where there is no whole; numbers or arrays."""
    if isinstance(part, int | float) and isinstance(whole, int | float):  # most often; arrays cost a hundred times more
        return float(part / whole) if whole else np.nan
    part, whole = np.asarray(part, dtype=np.float64), np.asarray(whole, dtype=np.float64)
    result = np.divide(part, whole, out=np.full(np.broadcast(part, whole).shape, np.nan), where=whole != 0.0)
    return result if result.ndim else float(result)


def mean(values) -> float:
    """Mean of the values there are; NaN of none."""
    values = np.asarray(values, dtype=np.float64)
    values = values[np.isfinite(values)]
    return float(values.mean()) if len(values) else np.nan


def middle(values, percent: float = 50.0) -> float:
    """Percentile of the values there are, linear between ranks (the median by default); NaN of none."""
    values = np.asarray(values, dtype=np.float64)
    ranked = np.sort(values[np.isfinite(values)])
    if not len(ranked):
        return np.nan
    place = (len(ranked) - 1) * percent / 100.0
    below = int(place)
    above = min(below + 1, len(ranked) - 1)
    return float(ranked[below] + (place - below) * (ranked[above] - ranked[below]))
