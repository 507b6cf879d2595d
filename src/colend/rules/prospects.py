"""What every bank and platform expects from lending together, and from lending alone: what plans and pacts rest on.

Margins are yuan per application; an application is one that the platform routed to the pair and the joint pipeline can
serve. `refresh_prospects` fills the market's `Outlook` and writes the pairs' columns applications, bank_margin,
platform_margin and transfer_worth.
"""

from __future__ import annotations

import math

import numpy as np

from colend.compilation import compiled
from colend.equations.capability import absorption, transfer
from colend.equations.pricing import origination_rate, platform_cutoff
from colend.equations.relationship import AWAY, HOME, annuity, customer_value, idle_share
from colend.equations.screening import information, lending, passed_applicants
from colend.equations.valuation import share_rows
from colend.rules.alliance import alliances_in, pairs_of
from colend.rules.outlook import TECHNOLOGY, TRAFFIC, Outlook, mean_term, monthly_discount, sharing_depth
from colend.rules.regulation import depth_limit, home_share, region_weights, set_limits
from colend.state.tables import INTEGRATING, JOINT, OPERATING, PILOT, SIGNED, pair_of

_STEP = 0.05  # relative step of the derivative by precision
_ROUNDS = 3  # the derivative of pairs without business is refreshed in turns, each every third month


def own_channel(banks, general, segments, offered, loans, margin, slope):
    """Fill what each bank expects per application in its own channel, by segment."""
    for b in range(len(banks)):
        bank = banks[b]
        for s in range(len(segments)):
            terms = segments[s]
            cost = bank.funds_rate + bank.operating_rate + origination_rate(general.cost_own, terms.amount_months)
            yuan = terms.amount_months / 24.0
            worth = 0.0
            for step in range(2):
                precision = bank.precision * terms.bank_factor * (1.0 + _STEP * step)
                variance = 1.0 / (1.0 + precision)
                sold, made, rate, loss = lending(
                    0.0,
                    math.sqrt(1.0 - variance),
                    variance,
                    terms.threshold + bank.own_intercept,
                    terms.loading,
                    general.loss_given_default,
                    cost + bank.hurdle,
                    terms.price_own,
                    general.risk_based,
                    terms.log_own,
                    general.reservation_slope,
                    general.reservation_sigma,
                    general.rational,
                )
                profit = yuan * (rate - cost * made - loss)
                if step == 0:
                    offered[b, s], loans[b, s], margin[b, s], worth = sold, made, profit, profit
                else:
                    slope[b, s] = (profit - worth) / (_STEP * bank.precision)


def is_open(pairs, first, number, level):
    """Whether any of `number` pairs from row `first` on has this openness."""
    found = False
    for row in range(first, first + number):
        found = found or pairs[row].openness == level
    return found


def joint_channels(pairs, banks, platforms, depths, wanted, general, segments, loans, margin, slope, income):
    """Fill what each pair expects per served application, by segment, with what the platform opens.

    Both sides earn on the same event, that the platform passes it, the bank offers and the borrower accepts: the bank
    s_b B(T+1)/24 (r - r* + hurdle), the platform B(T+1)/24 [fee income + s_p (r - cost_p - EL)], cost_p its funds and
    operating rate. Slopes by precision only where `wanted`. Naive parties expect applicants like all others, though
    they see how many pass.
    """
    part = general.funding_share
    other = 1.0 - part
    for p in range(len(platforms)):
        platform = platforms[p]
        for level in range(TECHNOLOGY + 1):
            if not is_open(pairs, p * len(banks), len(banks), level):
                continue
            technology = general.technology_fee if level == TECHNOLOGY else 0.0
            own_view = general.thin_view if level == TRAFFIC else 1.0
            fee_income = part * general.fee_rate + technology
            own_cost = platform.funds_rate + platform.operating_rate
            for s in range(len(segments)):
                terms = segments[s]
                platform_precision = platform.precision * terms.platform_factor
                price = min(terms.price_joint, general.rate_cap + fee_income)
                log_price = terms.log_joint + math.log(price / terms.price_joint)
                cutoff = platform_cutoff(
                    fee_income,
                    other,
                    price - own_cost,
                    general.minimum_income,
                    terms.amount_months,
                    general.loss_given_default,
                    terms.threshold + platform.own_intercept,
                    terms.loading,
                    platform_precision,
                )
                passed = passed_applicants(cutoff, platform_precision)[2]
                known = cutoff if general.rational else -math.inf
                yuan = terms.amount_months / 24.0
                origination = origination_rate(general.cost_joint / part, terms.amount_months)  # the bank pays it all
                fixed = general.fee_rate + technology / part + origination
                for b in range(len(banks)):
                    row = p * len(banks) + b
                    if pairs[row].openness != level:
                        continue
                    cost = banks[b].funds_rate + banks[b].operating_rate + fixed
                    worth = 0.0
                    for step in range(2 if wanted[row] else 1):
                        own = banks[b].precision * terms.bank_factor * own_view * (1.0 + _STEP * step)
                        mean, spread, variance = information(own, platform_precision, depths[row], known)
                        _, made, rate, loss = lending(
                            mean,
                            spread,
                            variance,
                            terms.threshold + pairs[row].intercept,
                            terms.loading,
                            general.loss_given_default,
                            cost + pairs[row].hurdle,
                            price,
                            general.risk_based,
                            log_price,
                            general.reservation_slope,
                            general.reservation_sigma,
                            general.rational,
                        )
                        profit = passed * part * yuan * (rate - cost * made - loss)
                        if step == 0:
                            loans[row, s], margin[row, s], worth = passed * made, profit, profit
                            earned = fee_income * made + other * (rate - own_cost * made - loss)
                            income[row, s] = passed * yuan * earned
                        else:
                            slope[row, s] = (profit - worth) / (_STEP * banks[b].precision)


def expected_shares(market, pair: np.ndarray) -> np.ndarray:
    """E[q] of these pairs in full operation, on what is believed of their fit and the month's operational noise."""
    pairs, shares = market.pairs, np.zeros(len(pair))
    variance = pairs.belief_variance[pair] + market.parameters.alliances.operation_sd**2
    compiled(share_rows, allocates=False)(pairs.belief_mean[pair], variance, market.share_table, shares)
    return shares


def refresh_prospects(market) -> None:
    """Recompute the expectations of all pairs, on this month's hurdles, kappa, precision, intercepts and trust.

    Writes PAIR.applications (smoothed after the first time), bank_margin, platform_margin, transfer_worth, and the
    market's `outlook`; where rules are announced, first `regulation.foreseen`, what pairs may expect under those.
    """
    regulation, outlook, pairs = market.regulation, market.outlook, market.pairs
    regulation.foreseen = foreseen = None
    weight = market.parameters.alliances.smoothing if outlook.started else 1.0
    if regulation.coming is not None and outlook.started:
        now, kept = regulation.now, pairs.applications.copy()
        regulation.now, (outlook.general, outlook.segments) = regulation.coming, regulation.coming_terms
        set_limits(market)
        later = expect(market, weight)
        foreseen = pairs.copy()
        regulation.now, pairs.applications = now, kept
    outlook.general, outlook.segments = regulation.terms
    set_limits(market)
    today = expect(market, weight)
    outlook.started = True
    if foreseen is not None:
        change = np.divide(later, today, out=np.ones(len(later)), where=today > 0.0)
        foreseen.applications = np.where(today > 0.0, pairs.applications * change, later)
        regulation.foreseen = foreseen


def expect(market, weight: float) -> np.ndarray:
    """The expectations of all pairs under the rules in force; returns applications, to which PAIR.applications moves by
    `weight`.
    """
    parameters, banks, platforms, pairs = market.parameters, market.banks_table, market.platforms_table, market.pairs
    outlook = market.outlook
    alliances = market.alliances
    signed = alliances_in(market, SIGNED, INTEGRATING, OPERATING)
    running = alliances_in(market, PILOT, OPERATING)
    place = np.arange(len(pairs))
    platform_of, bank_of = np.divmod(place, len(banks))
    opens_technology = pairs.openness == TECHNOLOGY
    turn = (place + market.month) % _ROUNDS == 0 if outlook.started else True
    wanted = opens_technology & turn
    wanted[pairs_of(market, running)] = True
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
        platforms,
        np.minimum(
            sharing_depth(pairs.openness, parameters.platforms.data_share, pairs.trust),
            depth_limit(market),
        ),
        wanted,
        outlook.general,
        outlook.segments,
        outlook.loans,
        outlook.margin,
        outlook.slope,
        outlook.platform_income,
    )
    applications = anticipated_applications(market, signed)
    pairs.applications += weight * (applications - pairs.applications)

    value_customers(market)
    mix = outlook.mix[platform_of]
    noticed = expected_awareness(outlook, banks.touchpoints, home_share(market))[bank_of, :, pairs.openness]
    won = outlook.loans * outlook.conversion * noticed
    pairs.bank_margin = (mix * (outlook.margin + won * outlook.customer_worth[bank_of])).sum(axis=1)
    lost = won * market.lifetime_loss[platform_of]
    pairs.platform_margin = (mix * (parameters.platforms.incremental_share * outlook.platform_income - lost)).sum(
        axis=1
    )
    value_precision(market, alliances, running)
    value_transfer(market, alliances, running, platform_of, bank_of, opens_technology)
    closed = banks.alive[bank_of] == 0
    for column in ("applications", "bank_margin", "platform_margin", "transfer_worth"):
        pairs[column][closed] = 0.0
    return applications


def contract_depths(market, contracts: np.recarray) -> np.ndarray:
    """delta by contract: how deep the platform shares its score; 0 outside joint programmes."""
    joint = contracts.kind == JOINT
    pair = np.where(joint, pair_of(contracts.platform, contracts.bank, len(market.banks_table)), 0)
    data_share = market.parameters.platforms.data_share
    depth = np.minimum(
        sharing_depth(contracts.openness, data_share, market.pairs.trust[pair]), depth_limit(market)[pair]
    )
    return np.where(joint, depth, 0.0)


def served_applications(market, rows: np.ndarray) -> np.ndarray:
    """Applications a month that these alliances may expect to serve: routed x share served by their belief."""
    alliances = market.alliances
    pair = pairs_of(market, rows)
    return alliances.routed[rows] * expected_shares(market, pair)


def joint_loans(market) -> tuple[np.ndarray, np.ndarray]:
    """Alliances in pilot or operation, and the loans a month that each may expect, float64[alliance, segment]."""
    alliances, outlook = market.alliances, market.outlook
    rows = alliances_in(market, PILOT, OPERATING)
    pair = pairs_of(market, rows)
    per_application = outlook.mix[alliances.platform[rows]] * outlook.loans[pair]
    return rows, served_applications(market, rows)[:, None] * per_application


def anticipated_applications(market, signed: np.ndarray) -> np.ndarray:
    """N_pb, persons a month at full allocation, before smoothing, by pair.

    applications_p kappa_b / max(sum kappa of p's signed partners other than b + kappa_b, anticipated_entry x sum
    kappa of all banks): without the anticipation every bank would expect the whole platform. Where local banks lend in
    their region only, region by region.
    """
    platforms, alliances, weights = market.platforms_table, market.alliances, region_weights(market)
    offered = np.minimum(market.outlook.kappa, market.outlook.offer_cap)
    seat = alliances.platform[signed], alliances.bank[signed]
    applications = platforms.applications[:, None] / len(weights)
    expected = np.zeros_like(offered)
    for weight in weights:
        kappa, held = offered * weight, np.zeros_like(offered)
        held[seat] = kappa[seat]
        others = held.sum(axis=1)[:, None] - held
        entry = market.parameters.alliances.anticipated_entry * kappa.sum(axis=1, keepdims=True)
        crowd = np.maximum(others + kappa, entry)
        expected += applications * np.divide(kappa, crowd, out=np.zeros_like(crowd), where=crowd > 0.0)
    return expected.ravel()


def expected_awareness(outlook: Outlook, sets: np.ndarray, home: np.ndarray) -> np.ndarray:
    """Awareness at the end of a joint loan with the banks' present touchpoints, float64[bank, segment, openness].

    `home` is the share of each bank's joint borrowers who live in its region.
    """
    both, home = outlook.awareness[sets], home[:, None, None]
    return home * both[..., HOME] + (1.0 - home) * both[..., AWAY]


def own_need(market) -> np.ndarray:
    """A customer's own-channel applications a month, float64[bank, segment]: need x loyalty x share of idle months."""
    parameters = market.parameters
    need = parameters.population.monthly_need.as_array()
    return need * parameters.customers.loyalty * idle_share(need, market.outlook.own_loans, mean_term(parameters))


def value_customers(market) -> None:
    """Yuan that a customer won is worth to the bank (`lifetime_value`, CLV) and costs the platform (`lifetime_loss`).

    The bank counts at its own horizon and precision, and a customer that loses money as worth nothing. The platform
    counts `alliances.term_months` of its mean income on the applications that it no longer sees; what the bank
    refuses comes back to it.
    """
    outlook, parameters = market.outlook, market.parameters
    discount, stay = monthly_discount(parameters), 1.0 - parameters.customers.attrition
    applications = own_need(market)
    horizons = market.banks_table.horizon_months[:, None]
    margin = np.maximum(outlook.own_margin, 0.0)
    outlook.customer_worth = customer_value(discount, parameters.customers.attrition, horizons, applications, margin)
    weight = (
        outlook.kappa / outlook.kappa.sum() if outlook.kappa.sum() > 0.0 else np.full(len(margin), 1.0 / len(margin))
    )
    income = outlook.platform_income.reshape(-1, *margin.shape)
    gone = annuity(discount, stay, parameters.alliances.term_months) * applications * outlook.own_offered
    market.lifetime_value = outlook.customer_worth
    market.lifetime_loss = np.maximum(np.einsum("b,bs,pbs->ps", weight, gone, income), 0.0)


def value_precision(market, alliances: np.recarray, running: np.ndarray) -> None:
    """Profit a month that one more unit of precision brings each bank: own channel and the alliances that run."""
    outlook = market.outlook
    outlook.precision_profit = (outlook.own_applications * outlook.own_slope).sum(axis=1)
    rows = pairs_of(market, running)
    served = served_applications(market, running)
    joint = served * (outlook.mix[alliances.platform[running]] * outlook.slope[rows]).sum(axis=1)
    np.add.at(outlook.precision_profit, alliances.bank[running], joint)
    outlook.precision_profit = np.maximum(outlook.precision_profit, 0.0)


def absorbed_now(market) -> np.ndarray:
    """What each bank makes of a unit of learning effort today."""
    banks, learning = market.banks_table, market.parameters.learning
    return absorption(
        banks.precision,
        banks.talent,
        banks.legacy,
        learning.reference_precision,
        learning.absorption_curvature,
        learning.maximum_precision,
    )


def value_transfer(market, alliances, running, platform_of, bank_of, opens_technology) -> None:
    """PAIR.transfer_worth: what a month of transfer at q = 1 adds to the bank's profit over its horizon, yuan.

    Counts the bank's own lending, its running alliances and this pair's own expected flow.
    """
    outlook, pairs, banks, parameters = market.outlook, market.pairs, market.banks_table, market.parameters
    learning = parameters.learning
    flow = pairs.applications * expected_shares(market, np.arange(len(pairs)))
    counted = np.zeros(len(pairs), dtype=bool)
    counted[pairs_of(market, running)] = True
    here = np.where(counted, 0.0, flow * (outlook.mix[platform_of] * outlook.slope).sum(axis=1))
    profit = outlook.precision_profit[bank_of] + np.maximum(here, 0.0)
    absorbed = absorbed_now(market)
    taught = transfer(
        learning.transfer, pairs.trust, 1.0, market.platforms_table.precision[platform_of], banks.precision[bank_of]
    )
    lasting = annuity(monthly_discount(parameters), 1.0 - learning.decay, banks.horizon_months)
    pairs.transfer_worth = np.where(opens_technology, profit * (absorbed * lasting)[bank_of] * taught, 0.0)
