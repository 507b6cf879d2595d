"""What every bank and platform expects from lending together, and from lending alone: what plans and pacts rest on.

Margins are yuan per application; an application is one that the platform routed to the pair and the joint pipeline can
serve. `refresh_prospects` fills the market's `Outlook` and writes the pairs' columns applications, bank_margin,
platform_margin and transfer_worth.
"""

from __future__ import annotations

import numpy as np

from colend.compilation import compiled
from colend.equations.capability import absorption, transfer
from colend.equations.relationship import AWAY, HOME, annuity, customer_value, idle_share
from colend.equations.valuation import share_rows
from colend.rules.alliance import alliances_in, pairs_of
from colend.rules.channels import joint_channels, own_channel
from colend.rules.outlook import mean_term, sharing_depth
from colend.rules.regulation import depth_limit, home_share, region_weights, set_limits
from colend.state.outlook import TECHNOLOGY
from colend.state.tables import INTEGRATING, JOINT, OPERATING, PILOT, SIGNED
from colend.state.world import World

_ROUNDS = 3  # the derivative of pairs without business is refreshed in turns, each every third month


def expected_shares(world: World, pair: np.ndarray) -> np.ndarray:
    """E[q] of these pairs in full operation, on what is believed of their fit and the month's operational noise."""
    pairs, shares = world.pairs, np.zeros(len(pair))
    variance = pairs.belief_variance[pair] + world.parameters.alliances.operation_sd**2
    compiled(share_rows, allocates=False)(pairs.belief_mean[pair], variance, world.share_table, shares)
    return shares


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
        regulation.now, (outlook.general, outlook.segments) = regulation.coming, regulation.coming_terms
        set_limits(world)
        later = expect(world, weight)
        foreseen = pairs.copy()
        regulation.now, pairs.applications = now, kept
    outlook.general, outlook.segments = regulation.terms
    set_limits(world)
    today = expect(world, weight)
    outlook.started = True
    if foreseen is not None:
        change = np.divide(later, today, out=np.ones(len(later)), where=today > 0.0)
        foreseen.applications = np.where(today > 0.0, pairs.applications * change, later)
        regulation.foreseen = foreseen


def expect(world: World, weight: float) -> np.ndarray:
    """The expectations of all pairs under the rules in force; returns applications, to which PAIR.applications moves by
    `weight`.
    """
    banks, pairs, outlook = world.banks, world.pairs, world.outlook
    signed = alliances_in(world, SIGNED, INTEGRATING, OPERATING)
    running = alliances_in(world, PILOT, OPERATING)
    flowing = np.zeros(len(pairs), dtype=bool)
    flowing[pairs_of(world, running)] = True
    turn = (np.arange(len(pairs)) + world.month) % _ROUNDS == 0 if outlook.started else True
    wanted = flowing | (turn & (pairs.openness == TECHNOLOGY))
    compiled(own_channel, allocates=False)(
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
        outlook.loans,
        outlook.margin,
        outlook.slope,
        outlook.platform_income,
    )
    applications = anticipated_applications(world, signed)
    pairs.applications += weight * (applications - pairs.applications)
    value_customers(world)
    value_precision(world, running)
    value_pairs(world, flowing)
    return applications


def contract_depths(world: World) -> np.ndarray:
    """delta by contract: how deep the platform shares its score; 0 outside joint programmes."""
    depths = np.zeros(len(world.contracts))
    compiled(depth_rows, allocates=False)(
        world.contracts, world.pairs, len(world.banks), world.outlook.general, depth_limit(world), depths
    )
    return depths


def depth_rows(contracts, pairs, banks, general, limits, depths):
    """Fill the depths of joint contracts."""
    for row in range(len(contracts)):
        contract = contracts[row]
        if contract.kind == JOINT:
            pair = contract.platform * banks + contract.bank
            depth = sharing_depth(contract.openness, general.data_share, pairs[pair].trust)
            depths[row] = min(depth, limits[pair])


def served_applications(world: World, rows: np.ndarray) -> np.ndarray:
    """Applications a month that these alliances may expect to serve: routed x share served by their belief."""
    return world.alliances.routed[rows] * expected_shares(world, pairs_of(world, rows))


def joint_loans(world: World) -> tuple[np.ndarray, np.ndarray]:
    """Alliances in pilot or operation, and the loans a month that each may expect, float64[alliance, segment]."""
    alliances, outlook = world.alliances, world.outlook
    rows = alliances_in(world, PILOT, OPERATING)
    per_application = outlook.mix[alliances.platform[rows]] * outlook.loans[pairs_of(world, rows)]
    return rows, served_applications(world, rows)[:, None] * per_application


def anticipated_applications(world: World, signed: np.ndarray) -> np.ndarray:
    """N_pb, persons a month at full allocation, before smoothing, by pair.

    applications_p kappa_b / max(sum kappa of p's signed partners other than b + kappa_b, anticipated_entry x sum
    kappa of all banks): without the anticipation every bank would expect the whole platform. Where local banks lend in
    their region only, region by region.
    """
    partner, expected = np.zeros(len(world.pairs), dtype=bool), np.zeros(len(world.pairs))
    partner[pairs_of(world, signed)] = True
    compiled(share_applications, allocates=False)(
        world.platforms.applications,
        world.outlook.kappa,
        world.outlook.offer_cap,
        region_weights(world),
        partner,
        world.parameters.alliances.anticipated_entry,
        expected,
    )
    return expected


def share_applications(applications, kappa, cap, weights, partner, entry, expected):
    """Add the applications that each pair may expect from each part of the market."""
    banks = len(kappa)
    for part in range(len(weights)):
        for p in range(len(applications)):
            whole, signed = 0.0, 0.0
            for b in range(banks):
                offered = min(kappa[b], cap[p, b]) * weights[part, b]
                whole += offered
                if partner[p * banks + b]:
                    signed += offered
            for b in range(banks):
                offered, row = min(kappa[b], cap[p, b]) * weights[part, b], p * banks + b
                others = signed - offered if partner[row] else signed
                crowd = max(others + offered, entry * whole)
                if crowd > 0.0:
                    expected[row] += applications[p] / len(weights) * (offered / crowd)


def own_need(world: World) -> np.ndarray:
    """A customer's own-channel applications a month, float64[bank, segment]: need x loyalty x share of idle months."""
    parameters = world.parameters
    need = parameters.population.monthly_need.as_array()
    return need * parameters.customers.loyalty * idle_share(need, world.outlook.own_loans, mean_term(parameters))


def value_customers(world: World) -> None:
    """Yuan that a customer won is worth to the bank (`customer_worth`, CLV) and costs the platform (`customer_loss`).

    The bank counts at its own horizon and precision, and a customer that loses money as worth nothing. The platform
    counts `alliances.term_months` of its mean income on the applications that it no longer sees; what the bank
    refuses comes back to it.
    """
    outlook, parameters = world.outlook, world.parameters
    outlook.customer_loss[:] = 0.0
    compiled(customer_rows, allocates=False)(
        world.banks.horizon_months,
        own_need(world),
        outlook.own_margin,
        outlook.own_offered,
        outlook.kappa,
        outlook.platform_income,
        world.monthly_discount,
        parameters.customers.attrition,
        parameters.alliances.term_months,
        outlook.customer_worth,
        outlook.customer_loss,
    )


def customer_rows(horizons, need, margin, offered, kappa, income, discount, attrition, term, worth, lost):
    """Fill `worth` by bank and `lost` by platform, of a customer in each segment; of the banks that win customers each
    counts by what it offers.
    """
    banks, whole = len(kappa), 0.0
    for b in range(banks):
        whole += kappa[b]
    stay = annuity(discount, 1.0 - attrition, term)
    for s in range(worth.shape[1]):
        for b in range(banks):
            weight = kappa[b] / whole if whole > 0.0 else 1.0 / banks
            worth[b, s] = customer_value(discount, attrition, horizons[b], need[b, s], max(margin[b, s], 0.0))
            gone = stay * need[b, s] * offered[b, s]
            for p in range(len(lost)):
                lost[p, s] += weight * gone * income[p * banks + b, s]
        for p in range(len(lost)):
            lost[p, s] = max(lost[p, s], 0.0)


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


def precision_rows(alliances, rows, served, mix, slope, own_applications, own_slope, profit):
    """Fill `profit` by bank; `served` applications a month of the alliances `rows`."""
    banks, segments = own_slope.shape
    for b in range(banks):
        profit[b] = 0.0
        for s in range(segments):
            profit[b] += own_applications[b, s] * own_slope[b, s]
    for i in range(len(rows)):
        p, b = alliances[rows[i]].platform, alliances[rows[i]].bank
        each = 0.0
        for s in range(segments):
            each += mix[p, s] * slope[p * banks + b, s]
        profit[b] += served[i] * each
    for b in range(banks):
        profit[b] = max(profit[b], 0.0)


def absorbed_now(world: World) -> np.ndarray:
    """What each bank makes of a unit of learning effort today."""
    banks, learning = world.banks, world.parameters.learning
    return absorption(
        banks.precision,
        banks.talent,
        banks.legacy,
        learning.reference_precision,
        learning.absorption_curvature,
        learning.maximum_precision,
    )


def value_pairs(world: World, flowing: np.ndarray) -> None:
    """What an application and a month of transfer are worth to each pair; `flowing`, bool[pairs]: it has applications
    already.
    """
    outlook, banks, learning = world.outlook, world.banks, world.parameters.learning
    lasting = annuity(world.monthly_discount, 1.0 - learning.decay, banks.horizon_months)
    compiled(worth_rows, allocates=False)(
        world.pairs,
        banks,
        world.platforms,
        flowing,
        expected_shares(world, np.arange(len(world.pairs))),
        home_share(world),
        absorbed_now(world) * lasting,
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


def worth_rows(
    pairs,
    banks,
    platforms,
    flowing,
    shares,
    home,
    learned,
    transfer_rate,
    incremental,
    mix,
    conversion,
    awareness,
    loans,
    margin,
    slope,
    income,
    customer_worth,
    customer_loss,
    precision_profit,
):
    """Fill bank_margin, platform_margin and transfer_worth of PAIR; a closed bank expects nothing.

    A loan won a customer with the awareness that it leaves; the bank's margin counts that customer's worth, the
    platform's what it loses. A month of transfer at q = 1 adds to the bank's profit over its horizon: in its own
    lending, its running alliances and, where it is not one of them, this pair's own expected flow. `learned` is what a
    unit of effort comes to over the horizon.
    """
    for row in range(len(pairs)):
        p, b = row // len(banks), row % len(banks)
        pair, bank = pairs[row], banks[b]
        bank_margin, platform_margin, more = 0.0, 0.0, 0.0
        for s in range(len(conversion)):
            aware = awareness[bank.touchpoints, s, pair.openness]
            noticed = home[b] * aware[HOME] + (1.0 - home[b]) * aware[AWAY]
            won = loans[row, s] * conversion[s] * noticed
            bank_margin += mix[p, s] * (margin[row, s] + won * customer_worth[b, s])
            platform_margin += mix[p, s] * (incremental * income[row, s] - won * customer_loss[p, s])
            more += mix[p, s] * slope[row, s]
        worth = 0.0
        if pair.openness == TECHNOLOGY:
            here = 0.0 if flowing[row] else max(pair.applications * shares[row] * more, 0.0)
            taught = transfer(transfer_rate, pair.trust, 1.0, platforms[p].precision, bank.precision)
            worth = (precision_profit[b] + here) * learned[b] * taught
        pair.bank_margin, pair.platform_margin, pair.transfer_worth = bank_margin, platform_margin, worth
        if bank.alive == 0:
            pair.applications = pair.bank_margin = pair.platform_margin = pair.transfer_worth = 0.0
