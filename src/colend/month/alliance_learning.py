"""Step 7, alliances: what a month of operation cost, showed and did to trust."""

from __future__ import annotations

import numpy as np
from scipy.special import bdtr, ndtr, ndtri

from colend.equations.fit import observation_variance, trust_change, updated_belief
from colend.month.alliances import pay
from colend.rules.alliance import alliances_in, drawn, pairs_of, slot_use, with_flow
from colend.state import draws
from colend.state.books import Flow
from colend.state.tables import DORMANT, INTEGRATING, OPERATING, PILOT, PILOT_SETUP
from colend.state.world import World


def learn_alliances(world: World) -> None:
    """Pay for the month, observe k of n applications served, update belief and trust of every alliance with flow."""
    pay_for_operations(world)
    alliances, pairs, group = world.alliances, world.pairs, world.parameters.alliances
    working = alliances.bank[alliances_in(world, OPERATING)]
    world.banks.operating_months[np.unique(working)] += 1
    held = alliances_in(world, PILOT_SETUP, PILOT, INTEGRATING)
    alliances.slot_months[held] += slot_use(world, held)
    dormant = alliances_in(world, DORMANT)
    alliances.dormant_months[dormant] += 1
    asleep = pairs_of(world, dormant)
    pairs.trust[asleep] *= 1.0 - group.trust_decay

    rows = with_flow(world)
    rows = rows[alliances.routed[rows] >= 1.0]
    if not len(rows):
        return
    pair = pairs_of(world, rows)
    applications = np.rint(alliances.routed[rows])
    served = binomial(drawn(world, draws.SERVED_COUNT)[pair], applications, alliances.share_served[rows])
    failed = applications - served
    observed = np.log((served + 0.5) / (failed + 0.5))
    noise = observation_variance(group.operation_sd, served, failed)
    change_trust(world, pair, observed, noise)
    learn_fit(world, rows, pair, observed, noise)


def binomial(uniform: np.ndarray, trials: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """k ~ Binomial(trials, probability) as the exact quantile of one uniform draw, the least k whose cumulated
    probability reaches it; arrays. From where a Cornish-Fisher expansion puts it the search takes a step or two.
    """
    n, p, z = trials.astype(np.int64), np.minimum(np.maximum(probability, 1e-12), 1.0 - 1e-12), ndtri(uniform)
    near = trials * p + z * np.sqrt(trials * p * (1.0 - p)) + (1.0 - 2.0 * p) * (z * z - 1.0) / 6.0
    k, moved = np.minimum(np.maximum(np.floor(near), 0.0), trials), True
    while moved:
        up = (k < trials) & (bdtr(k, n, p) < uniform)
        down = ~up & (k > 0.0) & (bdtr(k - 1.0, n, p) >= uniform)
        k, moved = k + up - down, bool(up.any() or down.any())
    return k


def learn_fit(world: World, rows: np.ndarray, pair: np.ndarray, observed: np.ndarray, noise: np.ndarray) -> None:
    """Conjugate update. What a pilot shows shares one unknown difference from the whole, so its months are pooled
    first.
    """
    alliances, pairs, group = world.alliances, world.pairs, world.parameters.alliances
    in_pilot = alliances.stage[rows] != OPERATING  # one that continues shows what the pilot showed
    pilot, own = rows[in_pilot], pair[in_pilot]
    alliances.pilot_information[pilot] += 1.0 / noise[in_pilot]
    alliances.pilot_evidence[pilot] += observed[in_pilot] / noise[in_pilot]
    information = alliances.pilot_information[pilot]
    pairs.belief_mean[own], pairs.belief_variance[own] = updated_belief(
        alliances.pilot_mean[pilot],
        alliances.pilot_variance[pilot],
        alliances.pilot_evidence[pilot] / information,
        1.0 / information + group.pilot_scale_sd**2,
    )
    whole = pair[~in_pilot]
    pairs.belief_mean[whole], pairs.belief_variance[whole] = updated_belief(
        pairs.belief_mean[whole], pairs.belief_variance[whole], observed[~in_pilot], noise[~in_pilot]
    )


def change_trust(world: World, pair: np.ndarray, observed: np.ndarray, noise: np.ndarray) -> None:
    """Trust by how the month went, set against what everybody would have thought of the pair."""
    pairs, group = world.pairs, world.parameters.alliances
    p = ndtr((observed - pairs.prior_mean[pair]) / np.sqrt(noise))
    weight = group.operation_sd**2 / noise
    pairs.trust[pair] += trust_change(pairs.trust[pair], p, weight, group.trust_gain, group.trust_loss)


def pay_for_operations(world: World) -> None:
    """Running costs, application costs and the platform's cost of what it opens, for the month that ran."""
    alliances, group = world.alliances, world.parameters.alliances
    rows = with_flow(world)
    if not len(rows):
        return
    fixed = np.where(alliances.stage[rows] == OPERATING, group.running_cost, group.pilot_running_cost)
    cost = fixed * world.banks.cost_scale[alliances.bank[rows]] + group.application_cost * alliances.routed[rows]
    pay(world, rows, cost, cost)
    open_rows = alliances_in(world, OPERATING)
    opening = world.parameters.platforms.opening_cost.as_array()[alliances.openness[open_rows]]
    scale = world.banks.cost_scale[alliances.bank[open_rows]]
    pay(world, open_rows, 0.0, scale * opening, Flow.OPENING_COST)
