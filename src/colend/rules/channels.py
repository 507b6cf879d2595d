"""What lending brings per application, in a bank's own channel and in a pair's joint one: compiled loops over all of
them, by segment, in yuan.
"""

from __future__ import annotations

import math

from colend.equations.acceptance import highest_price
from colend.equations.pricing import origination_rate, platform_cutoff
from colend.equations.screening import information, lending, passed_applicants
from colend.rules.outlook import sharing_depth
from colend.state.tables import TECHNOLOGY, TRAFFIC

_STEP = 0.05  # relative step of the derivative by precision


def most_asked(known, threshold, loading, cost, price, log_price, general):
    """The most that a lender asks in a channel where its signals have precision `known` together: `price`, posted or
    the cap, or less where prices follow risk and dearer loans would pay less. `cost` is of a mean loan, hurdle and all.
    """
    if not general.risk_based or not general.rational:
        return price
    return highest_price(
        1.0 / (1.0 + known),
        threshold,
        loading,
        general.loss_given_default,
        cost,
        price,
        log_price,
        general.reservation_slope,
        general.reservation_sigma,
    )


def own_channel(banks, general, segments, offered, loans, margin, slope):
    """Fill what each bank expects per application in its own channel, by segment."""
    for b in range(len(banks)):
        bank = banks[b]
        for s in range(len(segments)):
            terms = segments[s]
            cost = bank.funds_rate + bank.operating_rate + origination_rate(general.cost_own, terms.amount_months)
            yuan = terms.amount_months / 24.0
            price = most_asked(
                bank.precision * terms.bank_factor,
                terms.threshold + bank.own_intercept,
                terms.loading,
                cost + bank.hurdle,
                terms.price_own,
                terms.log_own,
                general,
            )
            log_price = terms.log_own + math.log(price / terms.price_own)
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
                    price,
                    general.risk_based,
                    log_price,
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


def joint_channels(pairs, banks, platforms, depth_limits, wanted, general, segments, loans, margin, slope, income):
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
                    depth = min(sharing_depth(level, general.data_share, pairs[row].trust), depth_limits[row])
                    view = banks[b].precision * terms.bank_factor * own_view
                    asked = most_asked(
                        view + depth * platform_precision,
                        terms.threshold + pairs[row].intercept,
                        terms.loading,
                        cost + pairs[row].hurdle,
                        price,
                        log_price,
                        general,
                    )
                    worth = 0.0
                    for step in range(2 if wanted[row] else 1):
                        mean, spread, variance = information(
                            view * (1.0 + _STEP * step), platform_precision, depth, known
                        )
                        _, made, rate, loss = lending(
                            mean,
                            spread,
                            variance,
                            terms.threshold + pairs[row].intercept,
                            terms.loading,
                            general.loss_given_default,
                            cost + pairs[row].hurdle,
                            asked,
                            general.risk_based,
                            log_price + math.log(asked / price),
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
