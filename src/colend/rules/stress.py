"""Stress: shocks that begin in one month and pass, the departure of a platform excepted."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from colend.compilation import compiled
from colend.rules.founding import place_in
from colend.state import draws
from colend.state.draws import entity_key, key_of_month, uniform
from colend.state.world import World


def stressed(world: World) -> bool:
    """Whether this month is one of stress."""
    terms = world.parameters.stress
    return terms.start_month <= world.month < terms.start_month + terms.months


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


def demand_factor(world: World) -> np.ndarray:
    """What multiplies the need for loans this month, by segment."""
    return world.parameters.stress.demand_factor.as_array() if stressed(world) else np.ones(3)


def leave(world: World, platform: int) -> None:
    """A platform closes: its pacts end, its lender lends no more, its users turn to the others in proportion."""
    platforms = world.platforms
    platforms.present[platform] = 0
    left = np.where(platforms.present != 0, platforms.user_share, 0.0)
    if left.sum() <= 0.0:
        return  # nowhere to turn to: whoever has no bank of their own finds no lender
    cumulative = np.cumsum(left) / left.sum()
    cumulative[np.flatnonzero(left)[-1] :] = 1.0
    key = key_of_month(world.seed, world.month)
    compiled(turn_to_others, allocates=False)(world.borrowers, key, platform, cumulative)


def turn_to_others(rows, key, platform, cumulative):
    """Borrowers of `platform` draw another one."""
    for number in range(len(rows)):
        row = rows[number]
        if row.platform == platform:
            row.platform = place_in(uniform(entity_key(key, number), draws.SCENE), cumulative)
