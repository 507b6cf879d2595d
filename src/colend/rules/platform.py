"""What a platform does in a month.

It sends its applications to partners, and its own lender keeps within its capital.
"""

from __future__ import annotations

import math

import numpy as np

from colend.equations.capacity import admission, headroom, monthly_runoff, overshoot
from colend.equations.normal import normal_cdf
from colend.equations.relationship import idle_share
from colend.rules.alliance import alliances_in, pairs_of
from colend.rules.outlook import mean_term, segment_terms
from colend.rules.prospects import joint_loans
from colend.rules.regulation import region_weights
from colend.state.snapshot import Routing
from colend.state.tables import OPERATING, PILOT


def expected_applications(parameters) -> np.ndarray:
    """Applications a month that each platform may expect in the long run, persons, float64[platforms, segments].

    Persons x need x share of months without a loan (as if everyone who accepts the posted price got one) x what
    customers do not take to their own bank, split by users.
    """
    population = parameters.population
    persons = population.borrowers * max(1, round(population.persons / population.borrowers))
    need = population.monthly_need.as_array()
    spread = math.hypot(population.reservation_sigma, population.reservation_slope)
    funded = np.array([normal_cdf(-log_price / spread) for log_price in segment_terms(parameters).log_joint])
    away = 1.0 - population.initial_owner_share.as_array() * parameters.customers.loyalty
    a_month = (
        persons * population.segment_share.as_array() * need * idle_share(need, funded, mean_term(parameters)) * away
    )
    users = np.asarray(parameters.platforms.user_share, dtype=float)
    return users[:, None] / max(1.0, users.sum()) * a_month


def set_lender_capacity(market) -> None:
    """Headroom, overshoot and admission of the platforms' own lenders, after their part of the month's joint loans."""
    platforms, parameters, outlook = market.platforms_table, market.parameters, market.outlook
    minimum = parameters.platforms.lender_minimum_ratio
    platforms.headroom = headroom(platforms.equity, minimum, platforms.lender_loans, 1.0, 0.0, np.inf)
    platforms.overshoot = overshoot(platforms.lender_loans, platforms.equity, minimum, 1.0, 0.0)
    joint = np.zeros(len(platforms))
    rows, yuan = joint_lending(market)
    alliances, pairs = market.alliances, market.pairs
    part = (1.0 - market.contracts.funding_share[alliances.contract[rows]]) * pairs.admission[pairs_of(market, rows)]
    np.add.at(joint, alliances.platform[rows], yuan * part)
    platforms.expected_lending = outlook.lender_lending + joint
    runoff = monthly_runoff(platforms.lender_loans, mean_term(parameters))
    available = np.maximum(platforms.headroom + runoff - joint, 0.0)
    platforms.admission = np.where(platforms.present != 0, admission(available, outlook.lender_lending), 0.0)


def joint_lending(market) -> tuple[np.ndarray, np.ndarray]:
    """Alliances with flow, and the yuan a month that each may expect to lend, both parts."""
    rows, loans = joint_loans(market)
    return rows, loans @ market.outlook.segments.amount


def first_choice(allocations: np.ndarray, kappa: np.ndarray, priority: np.ndarray) -> tuple[np.ndarray, float]:
    """P(an application meets each partner first), and P(it meets the platform's own lender first).

    P(first = a) = alloc_a kappa_a / sum kappa over eligible partners (alloc 1 full, less in a pilot); the remainder
    goes pro rata to full partners, else to the own lender. `priority` multiplies kappa (1: none).
    """
    weight = np.where(allocations > 0.0, kappa * priority, 0.0)
    if weight.sum() <= 0.0:
        return np.zeros(len(weight)), 1.0
    weight /= weight.sum()
    chance = allocations * weight
    remainder = 1.0 - chance.sum()
    full = np.where(allocations >= 1.0, weight, 0.0)
    if full.sum() <= 0.0:
        return chance, remainder
    return chance + remainder * full / full.sum(), 0.0


def route(market) -> None:
    """Set this month's routing table and `routed`, the real applications that each alliance meets first.

    Partners are those in pilot (`pilot_allocation` of their share) and operation whose bank is alive; a signed
    partner's offered lending counts (1 + signed_priority)-fold. The own lender has a row where it has weight;
    otherwise it comes last anyway. Where local banks lend in their region only, the table has a slice for each.
    """
    alliances, banks, group = market.alliances, market.banks_table, market.parameters.alliances
    eligible = alliances_in(market, PILOT, OPERATING)
    eligible = eligible[banks.alive[alliances.bank[eligible]] != 0]
    alliances.routed = 0.0
    start = [0]
    members: list[np.ndarray] = []
    weights: list[np.ndarray] = []
    parts = region_weights(market)
    for platform, lender in enumerate(market.lender_rows):
        partners = eligible[alliances.platform[eligible] == platform]
        kappa = np.minimum(market.outlook.kappa, market.outlook.offer_cap[platform])
        for part in parts:
            here = partners[part[alliances.bank[partners]] > 0.0]
            bank, operating = alliances.bank[here], alliances.stage[here] == OPERATING
            chance, own = first_choice(
                np.where(operating, 1.0, group.pilot_allocation),
                kappa[bank] * part[bank],
                np.where(operating, 1.0 + group.signed_priority, 1.0),
            )
            alliances.routed[here] += market.platforms_table.applications[platform] / len(parts) * chance
            members.append(alliances.contract[here])
            weights.append(chance)
            if own > 0.0:
                members.append(np.array([lender]))
                weights.append(np.array([own]))
            start.append(start[-1] + len(here) + int(own > 0.0))
    alliances.routed = np.rint(alliances.routed)
    market.routing = Routing(
        np.array(start, dtype=np.int64),
        np.concatenate(members).astype(np.int64),
        np.concatenate(weights).astype(np.float64),
    )
