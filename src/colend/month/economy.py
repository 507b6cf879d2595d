"""Step 1: the economy of the month. The systematic factor is an AR(1) with unit variance: M <- psi M + sqrt(1 -
psi^2) eta. Stress, where a scenario asks for it, begins and ends here.
"""

from __future__ import annotations

import math

import numpy as np

from colend.rules.founding import BEFORE
from colend.rules.stress import shock
from colend.state.draws import MACRO, entity_key, month_key, normal
from colend.state.world import World


def factor_draw(seed: int, month: int) -> float:
    """eta of a month: a standard normal draw."""
    with np.errstate(over="ignore"):
        return float(normal(entity_key(month_key(seed, month), 0), MACRO))


def economy(world: World) -> None:
    """Move the systematic credit factor on, and begin or end a stress.

    Before the first month the factor is drawn from its stationary distribution.
    """
    persistence = world.parameters.macro.systematic_persistence
    if world.month == 0:
        world.systematic_factor = factor_draw(world.seed, BEFORE)
    innovation = math.sqrt(1.0 - persistence**2)
    world.systematic_factor = persistence * world.systematic_factor + innovation * factor_draw(world.seed, world.month)
    shock(world)
    world.books.start_month()
