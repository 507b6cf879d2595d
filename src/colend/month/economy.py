"""Step 1: the economy of the month. The systematic factor is an AR(1) with unit variance: M <- psi M + sqrt(1 -
psi^2) eta. Stress, where a scenario asks for it, begins and ends here.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import ndtri

from colend.compilation import compiled
from colend.rules.founding import BEFORE, place_in
from colend.rules.stress import stressed, turned_to
from colend.state.draws import MACRO, SCENE, entity_key, key_of_month, month_key, normal, uniform
from colend.state.table import Table
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


def shock(world: World) -> None:
    """Begin or end what begins or ends this month; hold the systematic factor while a downturn lasts."""
    terms = world.parameters.stress
    if world.month == terms.start_month:
        squeeze_funds(world, terms.funds_spread, 1.0 - terms.deposit_outflow)
        if 0 < terms.leaving_platform <= len(world.platforms):
            leave(world, terms.leaving_platform - 1)
    elif world.month == terms.start_month + terms.months:
        squeeze_funds(world, -terms.funds_spread, 1.0 / (1.0 - terms.deposit_outflow))
    if terms.downturn_quantile > 0.0 and stressed(world):
        world.systematic_factor = float(ndtri(terms.downturn_quantile))


def squeeze_funds(world: World, spread: float, deposits: float) -> None:
    """Move everybody's price of funds by `spread`, and banks' deposits to the share `deposits`."""
    for rows in (world.banks, world.platforms):
        rows.funds_rate += spread
    world.banks.deposits *= deposits


def leave(world: World, platform: int) -> None:
    """A platform closes: its pacts end, its lender lends no more, its users turn to the others in proportion."""
    world.platforms.present[platform] = 0
    cumulative = turned_to(world)
    if cumulative is not None:
        key = key_of_month(world.seed, world.month)
        compiled(turn_to_others, allocates=False)(world.borrowers, key, platform, cumulative)


def turn_to_others(rows: Table, key: np.uint64, platform: int, cumulative: np.ndarray) -> None:
    """Borrowers of `platform` draw another one."""
    for number in range(len(rows)):
        row = rows[number]
        if row.platform == platform:
            row.platform = place_in(uniform(entity_key(key, number), SCENE), cumulative)
