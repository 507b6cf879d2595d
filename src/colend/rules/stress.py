"""Stress: shocks that begin in one month and pass, the departure of a platform excepted."""

from __future__ import annotations

import numpy as np

from colend.state.world import World


def stressed(world: World) -> bool:
    """Whether this month is one of stress."""
    terms = world.parameters.stress
    return terms.start_month <= world.month < terms.start_month + terms.months


def demand_factor(world: World) -> np.ndarray:
    """What multiplies the need for loans this month, by segment."""
    return world.parameters.stress.demand_factor.as_array() if stressed(world) else np.ones(3)


def turned_to(world: World) -> np.ndarray | None:
    """Cumulative shares of the platforms in the market, by users: to whom the users of one that closed turn; None where
    there is nowhere to turn to, and whoever has no bank of their own finds no lender.
    """
    left = np.where(world.platforms.present != 0, world.platforms.user_share, 0.0)
    if left.sum() <= 0.0:
        return None
    cumulative = np.cumsum(left) / left.sum()
    cumulative[np.flatnonzero(left)[-1] :] = 1.0
    return cumulative
