"""Step 7, alliances: what a month of operation cost, showed and did to trust."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import bdtr, ndtri

from colend.compilation import compiled
from colend.equations.fit import observation_variance, trust_change, updated_belief
from colend.equations.normal import normal_cdf
from colend.equations.numbers import Row
from colend.month.alliances import Till, pay_one, till
from colend.rules.alliance import drawn, pairs_of, slot_use, with_flow
from colend.state import draws
from colend.state.books import Flow
from colend.state.table import Table
from colend.state.tables import DORMANT, OPERATING
from colend.state.world import World


def learn_alliances(world: World) -> None:
    """Pay for the month, observe k of n applications served, update belief and trust of every alliance with flow."""
    alliances, pairs, terms, rows = world.alliances, world.pairs, world.outlook.alliances, with_flow(world)
    works = np.zeros(len(world.banks), dtype=np.int64)
    compiled(count_months, allocates=False)(alliances, pairs, terms, works)
    world.banks.operating_months += works
    compiled(pay_operations, allocates=False)(alliances, rows, world.banks, terms, till(world))

    rows = rows[alliances.routed[rows] >= 1.0]
    if len(rows):
        uniform, sent = drawn(world, draws.SERVED_COUNT)[pairs_of(world, rows)], np.rint(alliances.routed[rows])
        served = binomial(uniform, sent, alliances.share_served[rows])
        compiled(observe_rows, allocates=False)(alliances, rows, pairs, sent, served, terms)


def count_months(alliances: Table, pairs: Table, terms: Row, works: np.ndarray) -> None:
    """Count the month for alliances, and let trust in those asleep fade; `terms` are ALLIANCE_TERMS. Sets `works`,
    int64[banks], to 1 where a pact of the bank operates.
    """
    for row in range(len(alliances)):
        one = alliances[row]
        one.slot_months += slot_use(one.stage, terms.pilot_slot_use)
        if one.stage == OPERATING:
            works[one.bank] = 1
            one.months_in_operation += 1
            one.routed_in_operation += one.routed
        if one.stage == DORMANT:
            one.dormant_months += 1
            pairs[one.pair].trust *= 1.0 - terms.trust_decay


def pay_operations(alliances: Table, rows: np.ndarray, banks: Table, terms: Row, to: Till) -> None:
    """Running costs, application costs and the platform's cost of what it opens, for the month that ran."""
    for row in rows:
        one = alliances[row]
        scale, operates = banks[one.bank].cost_scale, one.stage == OPERATING
        fixed = terms.running_cost if operates else terms.pilot_running_cost
        cost = fixed * scale + terms.application_cost * one.routed
        pay_one(one, cost, cost, Flow.ALLIANCE_COST, to)
        if operates:
            pay_one(one, 0.0, scale * terms.opening_cost[one.openness], Flow.OPENING_COST, to)


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


def observe_rows(
    alliances: Table, rows: np.ndarray, pairs: Table, sent: np.ndarray, served: np.ndarray, terms: Row
) -> None:
    """`observe` for the alliances `rows`; applications `sent` and `served`, float64[rows]."""
    for i in range(len(rows)):
        one = alliances[rows[i]]
        observe(one, pairs[one.pair], served[i], sent[i] - served[i], terms)


def observe(one: Row, pair: Row, served: float, failed: float, terms: Row) -> None:
    """Trust by how the month went, set against what everybody would have thought of the pair; belief by a conjugate
    update. What a pilot shows shares one unknown difference from the whole, so its months are pooled first.
    """
    observed = math.log((served + 0.5) / (failed + 0.5))
    noise = observation_variance(terms.operation_sd, served, failed)
    p = normal_cdf((observed - pair.prior_mean) / math.sqrt(noise))
    weight = terms.operation_sd * terms.operation_sd / noise
    pair.trust += trust_change(pair.trust, p, weight, terms.trust_gain, terms.trust_loss)
    mean, variance = pair.belief_mean, pair.belief_variance
    if one.stage != OPERATING:  # one that continues shows what the pilot showed
        one.pilot_information += 1.0 / noise
        one.pilot_evidence += observed / noise
        mean, variance, observed = one.pilot_mean, one.pilot_variance, one.pilot_evidence / one.pilot_information
        noise = 1.0 / one.pilot_information + terms.pilot_scale_sd * terms.pilot_scale_sd
    pair.belief_mean, pair.belief_variance = updated_belief(mean, variance, observed, noise)
