"""What it says of borrowers that they take a loan at its price, and the price that is right once that is known.

A borrower accepts when r <= R exp(sigma xi - gamma z): the good have other offers and leave first, the more of them
the dearer the loan. Rates are per year; `log_price` is ln(r / R).
"""

from __future__ import annotations

import math
from typing import NamedTuple

from colend.equations.default import hazard_score
from colend.equations.normal import normal_cdf, normal_quantile
from colend.equations.pricing import expected_loss_rate, hazard_bearable, mean_needed
from colend.equations.signals import given_above

_MONEY = 1e-5  # a tenth of a basis point, to which prices are rounded
_NEAR = 0.05  # of creditworthiness, whose deviation is 1
_STEPS = 20  # at most
_DEARER = 0.01  # a step by which the margin is tried
_EVEN = 0.02  # so near to losing what it brings is near enough: the margin is flat there


class Terms(NamedTuple):
    """On which terms a lender meets a segment: what its losses and its borrowers hang on."""

    threshold: float  # of default, as the lender sees it
    loading: float
    loss_given_default: float
    base_rate: float  # what a loan must bring beside its losses, a year
    price: float  # posted; where prices follow risk, the most that the lender asks
    log_price: float  # ln(price / R)
    slope: float  # of the log reservation rate by creditworthiness
    sigma: float  # its spread
    rational: bool  # the lender knows what acceptance says
    risk_based: bool  # prices follow risk


def acceptance(mean: float, variance: float, log_price: float, slope: float, sigma: float) -> float:
    """P(R exp(sigma xi - gamma z) >= r | z ~ N(m, v)) = Phi((-ln(r/R) - gamma m) / sqrt(sigma^2 + gamma^2 v))."""
    return normal_cdf((-log_price - slope * mean) / math.sqrt(sigma * sigma + slope * slope * variance))


def accepted_belief(mean: float, variance: float, log_price: float, slope: float, sigma: float) -> tuple[float, float]:
    """Mean and variance of z once the borrower accepts. The good leave first."""
    spread = sigma * sigma + slope * slope * variance
    return given_above(mean, variance, -slope * mean, spread, -slope * variance, log_price)


def cutoff_mean(limit: float, variance: float, log_price: float, terms: Terms) -> float:
    """The posterior mean, before acceptance at `log_price`, below which a lender refuses: there the hazard's score is
    `limit`.

    Naive lenders: (d - limit sqrt(1 + beta^2 v)) / beta. Rational ones predict for those who accept; there the belief
    is nearly linear in m and three Newton steps of unit slope, from that value, are enough; where acceptance says as
    much as all else that is known, secants go on from there.
    """
    threshold, loading = terms.threshold, terms.loading
    cut = mean_needed(limit, threshold, loading, variance)
    if not terms.rational:
        return cut
    before, missing_before = cut, 0.0
    for step in range(_STEPS):
        mean, remaining = accepted_belief(cut, variance, log_price, terms.slope, terms.sigma)
        score = hazard_score(threshold, loading, mean, remaining)
        missing = (score - limit) * math.sqrt(1.0 + loading * loading * remaining) / loading
        change = missing_before - missing
        further = missing
        if step > 2 and change != 0.0:
            further = missing * (cut - before) / change
        before, missing_before = cut, missing
        cut += further
        if step > 1 and missing * missing <= _NEAR * abs(change):  # what a unit step leaves to do
            break
    return cut


def accepted_score(mean: float, variance: float, log_price: float, slope: float, terms: Terms) -> tuple[float, float]:
    """The hazard's score for whoever accepts a price, and the variance of z that is left; `slope` as the lender knows
    it.
    """
    mean, variance = accepted_belief(mean, variance, log_price, slope, terms.sigma)
    return hazard_score(terms.threshold, terms.loading, mean, variance), variance


def price_of_risk(mean: float, variance: float, terms: Terms) -> tuple[float, float, float]:
    """The lowest rate that pays for whoever accepts that rate: (rate, hazard's score, variance of z), both given that.

    T(r) = base + EL(h(z | accepts r)) is what the lender must ask if the loan is taken at r; the price is T's smallest
    fixed point. T rises with r, since a dearer loan is taken by worse borrowers, and is convex: from T(0), which asks
    as if nobody minded, a step to T(r) and then secants stay below the fixed point and close in on it. The loan is
    known to pay at the most that the lender asks: T(price) <= price.
    """
    slope, lost = terms.slope if terms.rational else 0.0, terms.loss_given_default
    score, remaining = hazard_score(terms.threshold, terms.loading, mean, variance), variance
    rate = terms.base_rate + expected_loss_rate(normal_cdf(score), lost)
    before, missing_before = 0.0, 0.0
    for step in range(_STEPS):
        rate = min(max(rate, _MONEY), terms.price)
        log_rate = terms.log_price + math.log(rate / terms.price)
        score, remaining = accepted_score(mean, variance, log_rate, slope, terms)
        missing = terms.base_rate + expected_loss_rate(normal_cdf(score), lost) - rate
        if abs(missing) <= _MONEY or step == _STEPS - 1:
            break
        closer = missing
        if step > 0 and missing != missing_before:
            closer = missing * (rate - before) / (missing_before - missing)
        before, missing_before = rate, missing
        rate += closer
    return rate, score, remaining


def lost_by_asking(rate: float, log_rate: float, variance: float, terms: Terms) -> float:
    """What a slightly dearer loan to whoever is just worth one at `rate` loses to selection, over what it brings."""
    limit = normal_quantile(hazard_bearable(rate - terms.base_rate, terms.loss_given_default))
    margin = cutoff_mean(limit, variance, log_rate, terms)
    score, _ = accepted_score(margin, variance, log_rate, terms.slope, terms)
    worse, _ = accepted_score(margin, variance, log_rate + math.log(1.0 + _DEARER), terms.slope, terms)
    lost = expected_loss_rate(normal_cdf(worse), terms.loss_given_default)
    lost -= expected_loss_rate(normal_cdf(score), terms.loss_given_default)
    return lost / (rate * _DEARER)


def highest_price(variance: float, terms: Terms) -> float:
    """The most that a rational lender asks for risk, up to the cap, the price of `terms`: beyond it a dearer loan pays
    less, not more.

    At every price somebody is just worth lending to, m(r). While m falls a higher price lets more people in; where it
    turns, asking more drives away the good faster than it earns on the bad. Whoever is not worth a loan at that price
    is worth none. The turn is where a dearer loan loses what it brings: false position on the logarithm between cost,
    where it loses nothing, and cap; the end that stays counts half each time.
    """
    price, log_price = terms.price, terms.log_price
    if price <= terms.base_rate:
        return price
    low, high, rate = math.log(max(terms.base_rate, _MONEY)), math.log(price), price
    below, above = -1.0, lost_by_asking(price, log_price, variance, terms) - 1.0
    if above <= 0.0:
        return price
    for _ in range(_STEPS):
        at = (low * above - high * below) / (above - below)
        rate = math.exp(at)
        excess = lost_by_asking(rate, log_price + at - math.log(price), variance, terms) - 1.0
        if abs(excess) <= _EVEN:
            break
        if excess < 0.0:
            low, below, above = at, excess, 0.5 * above
        else:
            high, above, below = at, excess, 0.5 * below
    return min(rate, price)
