"""What lending brings per application, in a bank's own channel and in a pair's joint one: compiled loops over all of
them, by segment, in yuan.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from colend.equations.acceptance import highest_price
from colend.equations.numbers import Row
from colend.equations.pricing import origination_rate, platform_cutoff
from colend.equations.screening import information, lending, passed_applicants
from colend.state.table import Table

_STEP = 0.05  # relative step of the derivative by precision


def most_asked(
    known: float, threshold: float, loading: float, cost: float, price: float, log_price: float, general: Row
) -> float:
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


def own_channel(
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
                    cost + bank.hurdle,
                    price,
                    log_price,
                    general,
                )
                profit = yuan * (rate - cost * made - loss)
                if step == 0:
                    offered[b, s], loans[b, s], margin[b, s], worth = sold, made, profit, profit
                else:
                    slope[b, s] = (profit - worth) / (_STEP * bank.precision)


class Brought(NamedTuple):
    """What a platform brings to loans of a segment at a level of openness."""

    precision: float  # of its score
    sight: float  # how much of an applicant the bank sees itself
    price: float
    log_price: float
    cutoff: float  # of its pre-screening, as banks know it
    passed: float  # part of the applications that it passes
    fee_income: float  # a year on the whole balance
    own_cost: float  # funds and operating rate of its lender
    bank_cost: float  # what fees and origination cost the bank, a year on its part


def brought_by(platform: Row, level: int, general: Row, terms: Row) -> Brought:
    """What a platform brings at a level of openness.

    Naive parties expect applicants like all others, though they see how many pass.
    """
    technology = general.technology_fee[level]
    part = general.funding_share
    fee_income = part * general.fee_rate + technology
    own_cost = platform.funds_rate + platform.operating_rate
    precision = platform.precision * terms.platform_factor
    price = min(terms.price_joint, general.rate_cap + fee_income)
    log_price = terms.log_joint + math.log(price / terms.price_joint)
    cutoff = platform_cutoff(
        fee_income,
        1.0 - part,
        price - own_cost,
        general.minimum_income,
        terms.amount_months,
        general.loss_given_default,
        terms.threshold + platform.own_intercept,
        terms.loading,
        precision,
    )
    passed = passed_applicants(cutoff, precision)[2]
    origination = origination_rate(general.cost_joint / part, terms.amount_months)  # the bank pays it all
    bank_cost = general.fee_rate + technology / part + origination
    known = cutoff if general.rational else -math.inf
    return Brought(precision, general.sight[level], price, log_price, known, passed, fee_income, own_cost, bank_cost)


def pair_lending(
    pair: Row, bank: Row, depth: float, steps: int, brought: Brought, general: Row, terms: Row
) -> tuple[float, float, float, float]:
    """Loans, the bank's margin, the platform's income and, where there are two `steps`, the margin's slope by the
    bank's precision, per served application of a segment.

    Both sides earn on the same event, that the platform passes it, the bank offers and the borrower accepts: the bank
    s_b B(T+1)/24 (r - r* + hurdle), the platform B(T+1)/24 [fee income + s_p (r - cost_p - EL)], cost_p its funds and
    operating rate.
    """
    part, yuan = general.funding_share, terms.amount_months / 24.0
    cost = bank.funds_rate + bank.operating_rate + brought.bank_cost
    view, threshold = bank.precision * terms.bank_factor * brought.sight, terms.threshold + pair.intercept
    base_rate, known = cost + pair.hurdle, view + depth * brought.precision
    asked = most_asked(known, threshold, terms.loading, base_rate, brought.price, brought.log_price, general)
    log_price = brought.log_price + math.log(asked / brought.price)
    loans, margin, income, slope = 0.0, 0.0, 0.0, 0.0
    for step in range(steps):
        precision = view * (1.0 + _STEP * step)
        mean, spread, variance = information(precision, brought.precision, depth, brought.cutoff)
        _, made, rate, loss = lending(
            mean, spread, variance, threshold, terms.loading, base_rate, asked, log_price, general
        )
        profit = brought.passed * part * yuan * (rate - cost * made - loss)
        if step == 0:
            loans, margin = brought.passed * made, profit
            earned = brought.fee_income * made + (1.0 - part) * (rate - brought.own_cost * made - loss)
            income = brought.passed * yuan * earned
        else:
            slope = (profit - margin) / (_STEP * bank.precision)
    return loans, margin, income, slope
