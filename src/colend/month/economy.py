"""Step 1: the economy of the month. The systematic factor is an AR(1) with unit variance: M <- psi M + sqrt(1 -
psi^2) eta. Stress, where a scenario asks for it, begins and ends here.
"""

from __future__ import annotations

import math

import numpy as np

from colend.rules.founding import BEFORE
from colend.rules.stress import shock
from colend.state.draws import MACRO, entity_key, month_key, normal


def factor_draw(seed: int, month: int) -> float:
    """eta of a month: a standard normal draw."""
    with np.errstate(over="ignore"):
        return float(normal(entity_key(month_key(seed, month), 0), MACRO))


def economy(market) -> None:
    """Move the systematic credit factor on, and begin or end a stress.

    Before the first month the factor is drawn from its stationary distribution.
    """
    persistence = market.parameters.macro.systematic_persistence
    if market.month == 0:
        market.systematic_factor = factor_draw(market.seed, BEFORE)
    innovation = math.sqrt(1.0 - persistence**2)
    market.systematic_factor = persistence * market.systematic_factor + innovation * factor_draw(
        market.seed, market.month
    )
    shock(market)
    market.books.start_month()
