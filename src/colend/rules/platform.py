"""What a platform does in a month.

It sends its applications to partners, and its own lender keeps within its capital.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from colend.equations.acceptance import price_of_risk
from colend.equations.capacity import admission, headroom, monthly_runoff, overshoot
from colend.equations.normal import normal_cdf
from colend.equations.relationship import idle_share
from colend.rules.alliance import pairs_of
from colend.rules.bank import joint_lending
from colend.rules.offer import Side, terms_at
from colend.rules.outlook import general_terms, mean_term, segment_terms
from colend.scenario.parameters import Parameters
from colend.state.world import World


def expected_applications(parameters: Parameters) -> np.ndarray:
    """Applications a month that each platform may expect in the long run, persons, float64[platforms, segments].

    Persons x need x share of months without a loan (as if everyone who accepts the price got one) x what customers do
    not take to their own bank, split by users. The price is the posted one, or what the platform's own lender would ask
    of somebody of whom it knows the segment only.
    """
    population = parameters.population
    persons = population.borrowers * population.scale
    need = population.monthly_need.as_array()
    spread = math.hypot(population.reservation_sigma, population.reservation_slope)
    funded = np.array([normal_cdf(-log_price / spread) for log_price in usual_prices(parameters)])
    away = 1.0 - population.initial_owner_share.as_array() * parameters.customers.loyalty
    a_month = (
        persons * population.segment_share.as_array() * need * idle_share(need, funded, mean_term(parameters)) * away
    )
    users = np.asarray(parameters.platforms.user_share, dtype=float)
    return users[:, None] / max(1.0, users.sum()) * a_month


def usual_prices(parameters: Parameters) -> np.ndarray:
    """ln(price / R) by segment at which `expected_applications` counts who takes a loan."""
    segments, general = segment_terms(parameters), general_terms(parameters)
    prices = segments.price_joint
    if general.risk_based:
        platforms, hurdle = parameters.platforms, parameters.banks.base_hurdle
        cost = platforms.funds_rate + platforms.operating_rate
        side = Side(cost, 0.0, hurdle, general.cost_joint, 0.0, 1.0)
        terms = [terms_at(segment.price_joint, side, general, segment) for segment in segments]
        prices = np.array([price_of_risk(0.0, 1.0, one)[0] for one in terms])
    return np.log(prices / segments.reservation)


class LenderCapacity(NamedTuple):
    """What the platforms' own lenders can do this month, after their part of the month's joint loans;
    float64[platforms].
    """

    headroom: np.ndarray  # yuan
    overshoot: np.ndarray
    expected_lending: np.ndarray  # yuan a month
    admission: np.ndarray


def lender_capacity(world: World) -> LenderCapacity:
    """Headroom, overshoot and admission of the platforms' own lenders."""
    platforms, outlook, alliances = world.platforms, world.outlook, world.alliances
    minimum = world.parameters.platforms.lender_minimum_ratio
    room = headroom(platforms.equity, minimum, platforms.lender_loans, 1.0, 0.0, np.inf)
    beyond = overshoot(platforms.lender_loans, platforms.equity, minimum, 1.0, 0.0)
    joint = np.zeros(len(platforms))
    rows, yuan = joint_lending(world)
    part = 1.0 - world.contracts.funding_share[alliances.contract[rows]]
    np.add.at(joint, alliances.platform[rows], yuan * (part * world.pairs.admission[pairs_of(world, rows)]))
    runoff = monthly_runoff(platforms.lender_loans, mean_term(world.parameters))
    available = np.maximum(room + runoff - joint, 0.0)
    admitted = np.where(platforms.present != 0, admission(available, outlook.lender_lending), 0.0)
    return LenderCapacity(room, beyond, outlook.lender_lending + joint, admitted)


def first_choice(allocations: np.ndarray, offered: np.ndarray, chances: np.ndarray) -> float:
    """Fill P(an application meets each partner first); returns P(it meets the platform's own lender first).

    P(first = a) = alloc_a offered_a / sum offered over eligible partners (alloc 1 full, less in a pilot); the remainder
    goes pro rata to full partners, else to the own lender.
    """
    whole, full, given = 0.0, 0.0, 0.0
    for i in range(len(offered)):
        whole += offered[i]
        if allocations[i] >= 1.0:
            full += offered[i]
    if whole <= 0.0:
        chances[:] = 0.0
        return 1.0
    for i in range(len(offered)):
        chances[i] = allocations[i] * (offered[i] / whole)
        given += chances[i]
    if full <= 0.0:
        return 1.0 - given
    for i in range(len(offered)):
        if allocations[i] >= 1.0:
            chances[i] += (1.0 - given) * (offered[i] / full)
    return 0.0
