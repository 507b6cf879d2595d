"""What a platform does in a month.

It sends its applications to partners, and its own lender keeps within its capital.
"""

from __future__ import annotations

import math

import numpy as np

from colend.compilation import compiled
from colend.equations.acceptance import price_of_risk
from colend.equations.capacity import admission, headroom, monthly_runoff, overshoot
from colend.equations.normal import normal_cdf
from colend.equations.pricing import origination_rate
from colend.equations.relationship import idle_share
from colend.rules.alliance import alliances_in, pairs_of
from colend.rules.outlook import general_terms, mean_term, segment_terms
from colend.rules.prospects import joint_loans
from colend.rules.regulation import region_weights
from colend.state.snapshot import Routing
from colend.state.tables import OPERATING, PILOT
from colend.state.world import World


def expected_applications(parameters) -> np.ndarray:
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


def usual_prices(parameters) -> np.ndarray:
    """ln(price / R) by segment at which `expected_applications` counts who takes a loan."""
    terms, general = segment_terms(parameters), general_terms(parameters)
    if not general.risk_based:
        return terms.log_joint
    platforms = parameters.platforms
    cost = platforms.funds_rate + platforms.operating_rate + parameters.banks.base_hurdle
    slope = general.reservation_slope if general.rational else 0.0
    prices = [
        price_of_risk(
            0.0,
            1.0,
            segment.threshold,
            segment.loading,
            general.loss_given_default,
            cost + origination_rate(general.cost_joint, segment.amount_months),
            segment.price_joint,
            segment.log_joint,
            slope,
            general.reservation_sigma,
        )[0]
        for segment in terms
    ]
    return terms.log_joint + np.log(prices / terms.price_joint)


def set_lender_capacity(world: World) -> None:
    """Headroom, overshoot and admission of the platforms' own lenders, after their part of the month's joint loans."""
    platforms, parameters, outlook = world.platforms, world.parameters, world.outlook
    minimum = parameters.platforms.lender_minimum_ratio
    platforms.headroom = headroom(platforms.equity, minimum, platforms.lender_loans, 1.0, 0.0, np.inf)
    platforms.overshoot = overshoot(platforms.lender_loans, platforms.equity, minimum, 1.0, 0.0)
    joint = np.zeros(len(platforms))
    rows, yuan = joint_lending(world)
    alliances, pairs = world.alliances, world.pairs
    part = (1.0 - world.contracts.funding_share[alliances.contract[rows]]) * pairs.admission[pairs_of(world, rows)]
    np.add.at(joint, alliances.platform[rows], yuan * part)
    platforms.expected_lending = outlook.lender_lending + joint
    runoff = monthly_runoff(platforms.lender_loans, mean_term(parameters))
    available = np.maximum(platforms.headroom + runoff - joint, 0.0)
    platforms.admission = np.where(platforms.present != 0, admission(available, outlook.lender_lending), 0.0)


def joint_lending(world: World) -> tuple[np.ndarray, np.ndarray]:
    """Alliances with flow, and the yuan a month that each may expect to lend, both parts."""
    outlook = world.outlook
    return outlook.flowing, outlook.joint_loans @ outlook.segments.amount


def first_choice(allocations, offered, chances) -> float:
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


def route(world: World) -> None:
    """Set this month's routing table, `routed`, the real applications that each alliance meets first, and what these
    may come to (`outlook.flowing`, `outlook.joint_loans`).

    Partners are those in pilot (`pilot_allocation` of their share) and operation whose bank is alive; a signed
    partner's offered lending counts (1 + signed_priority)-fold. The own lender has a row where it has weight;
    otherwise it comes last anyway. Where local banks lend in their region only, the table has a slice for each.
    """
    alliances, banks, outlook = world.alliances, world.banks, world.outlook
    group, parts, lenders = world.parameters.alliances, region_weights(world), world.lender_rows
    eligible = alliances_in(world, PILOT, OPERATING)
    eligible = eligible[banks.alive[alliances.bank[eligible]] != 0]
    start = np.zeros(len(lenders) * len(parts) + 1, dtype=np.int64)
    most = len(lenders) + len(eligible)  # rows for each part
    member, weight = np.zeros(len(parts) * most, dtype=np.int64), np.zeros(len(parts) * most)
    alliances.routed = 0.0
    compiled(fill_routes, allocates=False)(
        alliances,
        eligible,
        world.platforms.applications,
        lenders,
        outlook.kappa,
        outlook.offer_cap,
        parts,
        group.pilot_allocation,
        1.0 + group.signed_priority,
        *np.zeros((2, len(eligible))),
        start,
        member,
        weight,
    )
    alliances.routed = np.rint(alliances.routed)
    world.routing = Routing(start, member[: start[-1]], weight[: start[-1]])
    outlook.flowing, outlook.joint_loans = joint_loans(world)


def fill_routes(
    alliances,
    rows,
    applications,
    lenders,
    kappa,
    caps,
    parts,
    pilot,
    priority,
    allocations,
    offered,
    start,
    member,
    weight,
):
    """Fill the routing table of each platform and part of the market with the partners `rows`; add up ALLIANCE.routed.

    `pilot` is what a pilot is allocated, `priority` what a signed partner's offered lending counts; `allocations` and
    `offered` are room for one slice.
    """
    for place in range(len(start) - 1):
        p, part = place // len(parts), place % len(parts)
        first = end = start[place]
        for row in rows:
            alliance = alliances[row]
            bank, operating = alliance.bank, alliance.stage == OPERATING
            if alliance.platform == p and parts[part, bank] > 0.0:
                allocations[end - first] = 1.0 if operating else pilot
                here = min(kappa[bank], caps[p, bank]) * parts[part, bank]
                offered[end - first] = here * priority if operating else here
                member[end] = row
                end += 1
        own = first_choice(allocations[: end - first], offered[: end - first], weight[first:end])
        for i in range(first, end):
            alliance = alliances[member[i]]
            alliance.routed += applications[p] / len(parts) * weight[i]
            member[i] = alliance.contract
        if own > 0.0:
            member[end], weight[end] = lenders[p], own
            end += 1
        start[place + 1] = end
