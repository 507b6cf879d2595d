"""What lending brings per application, in a bank's own channel and in a pair's joint one, in yuan."""

from __future__ import annotations

from typing import NamedTuple

from colend.equations.numbers import Row
from colend.equations.pricing import platform_cutoff
from colend.equations.screening import information, lending, passed_applicants
from colend.rules.offer import Brought, Side, loan_cost, terms_of, view_of

_STEP = 0.05  # relative step of the derivative by precision


class Pool(NamedTuple):
    """The applicants that reach a lender."""

    mean: float  # of z, as banks know it
    variance: float
    passed: float  # part of the applications that the platform passes


class Expected(NamedTuple):
    """What an application brings."""

    offered: float
    loans: float
    margin: float  # the bank's
    income: float  # the platform's
    slope: float  # of the margin by the bank's precision; 0 where nobody asks


EVERYBODY = Pool(0.0, 1.0, 1.0)


def passed_on(brought: Brought, general: Row, segment: Row) -> Pool:
    """Whom a platform passes on for loans of the mean amount.

    Naive parties expect applicants like all others, though they see how many pass.
    """
    cutoff = platform_cutoff(
        brought.fees,
        1.0 - brought.part,
        brought.price - brought.cost,
        brought.minimum_income,
        segment.amount_months,
        general.loss_given_default,
        brought.threshold,
        segment.loading,
        brought.precision,
    )
    mean, variance, passed = passed_applicants(cutoff, brought.precision)
    return Pool(mean, variance, passed) if general.rational else Pool(0.0, 1.0, passed)


def expected(
    bank: Row, side: Side, depth: float, steps: int, brought: Brought, pool: Pool, general: Row, segment: Row
) -> Expected:
    """What a bank, and the platform that brings an application, expect of it; the slope where there are two `steps`.

    Both sides earn on the same event, that the platform passes it, the bank offers and the borrower accepts: the bank
    s_b B(T+1)/24 (r - r* + hurdle), the platform B(T+1)/24 [fee income + s_p (r - cost_p - EL)].
    """
    view = view_of(bank, side, segment)
    terms = terms_of(side, view + depth * brought.precision, brought.price, general, segment)
    cost, yuan, passed, part = loan_cost(side, segment), segment.amount_months / 24.0, pool.passed, brought.part
    offered, loans, margin, income, slope = 0.0, 0.0, 0.0, 0.0, 0.0
    for step in range(steps):
        precision = view * (1.0 + _STEP * step)
        mean, spread, variance = information(precision, brought.precision, depth, pool.mean, pool.variance)
        sold, made, rate, loss = lending(mean, spread, variance, terms)
        profit = passed * part * yuan * (rate - cost * made - loss)
        if step == 0:
            offered, loans, margin = passed * sold, passed * made, profit
            earned = brought.fees * made + (1.0 - part) * (rate - brought.cost * made - loss)
            income = passed * yuan * earned
        else:
            slope = (profit - margin) / (_STEP * bank.precision)
    return Expected(offered, loans, margin, income, slope)
