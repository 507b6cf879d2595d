"""Step 3, expectations: what every bank and platform expects from lending together, and from lending alone."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from colend.compilation import compiled
from colend.equations.numbers import Row
from colend.equations.relationship import annuity
from colend.month.regulation import set_limits
from colend.rules.alliance import alliances_in, pairs_of, with_flow
from colend.rules.channels import EVERYBODY, expected, passed_on
from colend.rules.crowd import forecast
from colend.rules.offer import brought_by, brought_by_nobody, deal_at, depth_at, joint_side, own_side
from colend.rules.prospects import (
    CustomerTerms,
    Known,
    absorbed_now,
    anticipated_applications,
    customer_rows,
    expected_shares,
    own_need,
    precision_rows,
    served_applications,
    worth_of_pair,
)
from colend.rules.regulation import depth_limit, home_share
from colend.state.outlook import LendingTerms
from colend.state.table import Table
from colend.state.tables import INTEGRATING, OPERATING, SIGNED
from colend.state.world import World

_ROUNDS = 3  # the derivative of pairs without business is refreshed in turns, each every third month


class Joint(NamedTuple):
    """What each pair expects per served application, float64[pairs, segments]."""

    loans: np.ndarray
    margin: np.ndarray  # yuan, the bank's
    slope: np.ndarray  # yuan per unit of the bank's precision
    income: np.ndarray  # yuan, the platform's


def refresh_prospects(world: World) -> None:
    """Recompute the expectations of all pairs, on this month's hurdles, kappa, precision, intercepts and trust.

    Writes PAIR.applications (smoothed after the first time), bank_margin, platform_margin, transfer_worth, and the
    market's `outlook`; where rules are announced, first `regulation.foreseen`, what pairs may expect under those.
    """
    regulation, outlook, pairs = world.regulation, world.outlook, world.pairs
    regulation.foreseen = foreseen = None
    weight = world.parameters.alliances.smoothing if outlook.started else 1.0
    if regulation.coming is not None and outlook.started:
        now, kept = regulation.now, pairs.applications.copy()
        regulation.now = regulation.coming
        look_at(world, regulation.coming_terms)
        later = expect(world, weight)
        foreseen = pairs.copy()
        regulation.now, pairs.applications = now, kept
    look_at(world, regulation.terms)
    today = expect(world, weight)
    outlook.started = True
    if foreseen is not None:
        change = np.divide(later, today, out=np.ones(len(later)), where=today > 0.0)
        foreseen.applications = np.where(today > 0.0, pairs.applications * change, later)
        regulation.foreseen = foreseen


def look_at(world: World, terms: LendingTerms) -> None:
    """Expect under these terms, and under the limits of the regime in force."""
    world.outlook.general, world.outlook.segments = terms
    set_limits(world)


def expect(world: World, weight: float) -> np.ndarray:
    """The expectations of all pairs under the rules in force; returns applications, to which PAIR.applications moves by
    `weight`.
    """
    banks, pairs, outlook = world.banks, world.pairs, world.outlook
    signed = alliances_in(world, SIGNED, INTEGRATING, OPERATING)
    running = with_flow(world)
    flowing = np.zeros(len(pairs), dtype=bool)
    flowing[pairs_of(world, running)] = True
    turn = (np.arange(len(pairs)) + world.month) % _ROUNDS == 0 if outlook.started else True
    wanted = flowing | (turn & (outlook.general.teaches[pairs.openness] != 0))
    compiled(own_channels, allocates=False)(
        banks,
        outlook.general,
        outlook.segments,
        outlook.own_offered,
        outlook.own_loans,
        outlook.own_margin,
        outlook.own_slope,
    )
    compiled(joint_channels, allocates=False)(
        pairs,
        banks,
        world.platforms,
        depth_limit(world),
        wanted,
        outlook.general,
        outlook.segments,
        Joint(outlook.loans, outlook.margin, outlook.slope, outlook.platform_income),
    )
    applications = expect_applications(world, signed, weight)
    value_customers(world)
    value_precision(world, running)
    value_pairs(world, flowing)
    return applications


def own_channels(
    banks: Table,
    general: Row,
    segments: Table,
    offered: np.ndarray,
    loans: np.ndarray,
    margin: np.ndarray,
    slope: np.ndarray,
) -> None:
    """Fill what each bank expects per application in its own channel, by segment."""
    for b in range(len(banks)):
        side = own_side(banks[b], general)
        for s in range(len(segments)):
            brought = brought_by_nobody(segments[s])
            found = expected(banks[b], side, 0.0, 2, brought, EVERYBODY, general, segments[s])
            offered[b, s], loans[b, s], margin[b, s], _, slope[b, s] = found


def expect_applications(world: World, signed: np.ndarray, weight: float) -> np.ndarray:
    """Set what flow the pairs expect, PAIR.applications and near_applications, and return it as it would be unsmoothed.

    A forecast needs no smoothing: it rests on flows that are smoothed and on who works with whom.
    """
    pairs = world.pairs
    if world.parameters.alliances.crowd == "forecast":
        pairs.applications, pairs.near_applications = forecast(world)
        return pairs.applications.copy()
    applications = anticipated_applications(world, signed)
    pairs.applications += weight * (applications - pairs.applications)
    pairs.near_applications = pairs.applications
    return applications


def is_open(pairs: Table, first: int, number: int, level: int) -> bool:
    """Whether any of `number` pairs from row `first` on has this openness."""
    found = False
    for row in range(first, first + number):
        found = found or pairs[row].openness == level
    return found


def joint_channels(
    pairs: Table,
    banks: Table,
    platforms: Table,
    depth_limits: np.ndarray,
    wanted: np.ndarray,
    general: Row,
    segments: Table,
    joint: Joint,
) -> None:
    """Fill what each pair expects per served application, by segment, with what the platform opens. Slopes by
    precision only where `wanted`.
    """
    for p in range(len(platforms)):
        first = p * len(banks)
        for level in range(len(general.teaches)):
            if not is_open(pairs, first, len(banks), level):
                continue
            deal = deal_at(level, platforms[p], general)
            for s in range(len(segments)):
                brought = brought_by(platforms[p], deal, general, segments[s])
                pool = passed_on(brought, general, segments[s])
                for b in range(len(banks)):
                    row = first + b
                    pair = pairs[row]
                    if pair.openness != level:
                        continue
                    side, steps = joint_side(banks[b], pair, deal, general), 2 if wanted[row] else 1
                    depth = depth_at(level, pair.trust, depth_limits[row], general)
                    found = expected(banks[b], side, depth, steps, brought, pool, general, segments[s])
                    _, joint.loans[row, s], joint.margin[row, s], joint.income[row, s], slope = found
                    if wanted[row]:
                        joint.slope[row, s] = slope


def value_customers(world: World) -> None:
    """What a customer won is worth to each bank, CLV, and what it costs each platform."""
    outlook, parameters = world.outlook, world.parameters
    terms = CustomerTerms(
        world.monthly_discount, parameters.customers.attrition, float(parameters.alliances.term_months)
    )
    outlook.customer_loss[:] = 0.0
    compiled(customer_rows, allocates=False)(
        world.banks,
        terms,
        own_need(world),
        outlook.own_margin,
        outlook.own_offered,
        outlook.kappa,
        outlook.platform_income,
        outlook.customer_worth,
        outlook.customer_loss,
    )


def value_precision(world: World, running: np.ndarray) -> None:
    """Profit a month that one more unit of precision brings each bank: own channel and the alliances that run."""
    outlook = world.outlook
    compiled(precision_rows, allocates=False)(
        world.alliances,
        running,
        served_applications(world, running),
        outlook.mix,
        outlook.slope,
        outlook.own_applications,
        outlook.own_slope,
        outlook.precision_profit,
    )


def value_pairs(world: World, flowing: np.ndarray) -> None:
    """What an application and a month of transfer are worth to each pair; `flowing`, bool[pairs]: it has applications
    already.
    """
    outlook, banks, learning = world.outlook, world.banks, world.parameters.learning
    lasting = annuity(world.monthly_discount, 1.0 - learning.decay, banks.horizon_months)
    known = Known(
        flowing,
        expected_shares(world, np.arange(len(world.pairs))),
        home_share(world),
        absorbed_now(world) * lasting,
        outlook.general.teaches,
        learning.transfer,
        world.parameters.platforms.incremental_share,
        outlook.mix,
        outlook.conversion,
        outlook.awareness,
        outlook.loans,
        outlook.margin,
        outlook.slope,
        outlook.platform_income,
        outlook.customer_worth,
        outlook.customer_loss,
        outlook.precision_profit,
    )
    compiled(worth_rows, allocates=False)(world.pairs, banks, world.platforms, known)


def worth_rows(pairs: Table, banks: Table, platforms: Table, known: Known) -> None:
    """Set bank_margin, platform_margin and transfer_worth of PAIR; a closed bank expects nothing."""
    for row in range(len(pairs)):
        p, b = row // len(banks), row % len(banks)
        pair, bank = pairs[row], banks[b]
        margins = worth_of_pair(row, b, p, pair, bank, platforms[p], known)
        pair.bank_margin, pair.platform_margin, pair.transfer_worth = margins
        if bank.alive == 0:
            pair.applications = pair.near_applications = 0.0
            pair.bank_margin = pair.platform_margin = pair.transfer_worth = 0.0
