"""The numbers of regulation: which are in force, which are coming, and what room they left."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from colend.scenario.regulation import NAMES, OPEN, RULES, Regime
from colend.state.declared import kept
from colend.state.outlook import LendingTerms
from colend.state.tables import NONE

STOCK_LIMITS = tuple(row for row, kind in enumerate(RULES.values()) if kind.room)


def _no_pairs() -> np.ndarray:
    return np.ones((len(STOCK_LIMITS), 0))


@dataclass(slots=True, eq=False, repr=False)
class Regulation:
    """The rules as they stand in a month of the run."""

    terms: LendingTerms = kept("terms of lending under the rules in force")
    coming_terms: LendingTerms = kept("the same under the coming ones")
    now: Regime = kept("the numbers in force", default=OPEN)
    since: np.ndarray = kept(
        "month of the run in which a rule came, NONE: never",
        shape="int64[rules]",
        unit="months",
        default_factory=lambda: np.full(len(NAMES), NONE),
    )
    coming: Regime | None = kept("in force or announced next month, where that is another regime", default=None)
    months_left: int = kept("until the first rule announced now; 0: there is none", unit="months", default=0)
    places: float = kept(
        "on a bank's list, the announced rule counted in: nobody begins what it would end", default=np.inf
    )
    foreseen: np.recarray | None = kept(
        "what pairs may expect under the coming rules", shape="PAIR[pairs]", default=None
    )
    room: np.ndarray = kept(
        "what limits on stocks left at the month's start",
        shape="float64[limits, pairs]",
        unit="yuan",
        default_factory=_no_pairs,
    )
    filters: np.ndarray = kept(
        "the admission that each limit leaves",
        shape="float64[limits, pairs]",
        unit="probability",
        default_factory=_no_pairs,
    )
