"""What it says of borrowers that they take a loan at its price, and the price that is right once that is known.

A borrower accepts when r <= R exp(sigma xi - gamma z): the good have other offers and leave first, the more of them
the dearer the loan. Rates are per year; `log_price` is ln(r / R).
"""

from __future__ import annotations

import math

from colend.equations.default import hazard_score
from colend.equations.normal import normal_cdf, normal_quantile
from colend.equations.pricing import expected_loss_rate, hazard_bearable, mean_needed
from colend.equations.signals import given_above

_MONEY = 1e-5  # a tenth of a basis point, to which prices are rounded
_NEAR = 0.05  # of creditworthiness, whose deviation is 1
_STEPS = 20  # at most
_DEARER = 0.01  # a step by which the margin is tried
_EVEN = 0.02  # so near to losing what it brings is near enough: the margin is flat there


def acceptance(mean: float, variance: float, log_price: float, slope: float, sigma: float) -> float:
    """P(R exp(sigma xi - gamma z) >= r | z ~ N(m, v)) = Phi((-ln(r/R) - gamma m) / sqrt(sigma^2 + gamma^2 v))."""
    return normal_cdf((-log_price - slope * mean) / math.sqrt(sigma * sigma + slope * slope * variance))


def accepted_belief(mean: float, variance: float, log_price: float, slope: float, sigma: float) -> tuple[float, float]:
    """Mean and variance of z once the borrower accepts. The good leave first."""
    spread = sigma * sigma + slope * slope * variance
    return given_above(mean, variance, -slope * mean, spread, -slope * variance, log_price)


def cutoff_mean(
    limit: float,
    threshold: float,
    loading: float,
    variance: float,
    log_price: float,
    slope: float,
    sigma: float,
    rational: bool,
) -> float:
    """The posterior mean, before acceptance, below which a lender refuses: there the hazard's score is `limit`.

    Naive lenders: (d - limit sqrt(1 + beta^2 v)) / beta. Rational ones predict for those who accept; there the belief
    is nearly linear in m and three Newton steps of unit slope, from that value, are enough; where acceptance says as
    much as all else that is known, secants go on from there.
    """
    cut = mean_needed(limit, threshold, loading, variance)
    if not rational:
        return cut
    before, missing_before = cut, 0.0
    for step in range(_STEPS):
        mean, remaining = accepted_belief(cut, variance, log_price, slope, sigma)
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


def accepted_score(
    mean: float, variance: float, threshold: float, loading: float, log_price: float, slope: float, sigma: float
) -> tuple[float, float]:
    """The hazard's score for whoever accepts a price, and the variance of z that is left."""
    mean, variance = accepted_belief(mean, variance, log_price, slope, sigma)
    return hazard_score(threshold, loading, mean, variance), variance


def price_of_risk(
    mean: float,
    variance: float,
    threshold: float,
    loading: float,
    loss_given_default: float,
    base_rate: float,
    price: float,
    log_price: float,
    slope: float,
    sigma: float,
) -> tuple[float, float, float]:
    """The lowest rate that pays for whoever accepts that rate: (rate, hazard's score, variance of z), both given that.

    T(r) = base + EL(h(z | accepts r)) is what the lender must ask if the loan is taken at r; the price is T's smallest
    fixed point. T rises with r, since a dearer loan is taken by worse borrowers, and is convex: from T(0), which asks
    as if nobody minded, a step to T(r) and then secants stay below the fixed point and close in on it. `price`, with
    `log_price` = ln(price / R), is the most that the lender asks, where the loan is known to pay: T(price) <= price.
    """
    score, remaining = hazard_score(threshold, loading, mean, variance), variance
    rate = base_rate + expected_loss_rate(normal_cdf(score), loss_given_default)
    before, missing_before = 0.0, 0.0
    for step in range(_STEPS):
        rate = min(max(rate, _MONEY), price)
        log_rate = log_price + math.log(rate / price)
        score, remaining = accepted_score(mean, variance, threshold, loading, log_rate, slope, sigma)
        missing = base_rate + expected_loss_rate(normal_cdf(score), loss_given_default) - rate
        if abs(missing) <= _MONEY or step == _STEPS - 1:
            break
        closer = missing
        if step > 0 and missing != missing_before:
            closer = missing * (rate - before) / (missing_before - missing)
        before, missing_before = rate, missing
        rate += closer
    return rate, score, remaining


def lost_by_asking(
    rate: float,
    variance: float,
    threshold: float,
    loading: float,
    loss_given_default: float,
    base_rate: float,
    log_rate: float,
    slope: float,
    sigma: float,
) -> float:
    """What a slightly dearer loan to whoever is just worth one at `rate` loses to selection, over what it brings."""
    limit = normal_quantile(hazard_bearable(rate - base_rate, loss_given_default))
    margin = cutoff_mean(limit, threshold, loading, variance, log_rate, slope, sigma, True)
    score, _ = accepted_score(margin, variance, threshold, loading, log_rate, slope, sigma)
    worse, _ = accepted_score(margin, variance, threshold, loading, log_rate + math.log(1.0 + _DEARER), slope, sigma)
    lost = expected_loss_rate(normal_cdf(worse), loss_given_default)
    lost -= expected_loss_rate(normal_cdf(score), loss_given_default)
    return lost / (rate * _DEARER)


def highest_price(
    variance: float,
    threshold: float,
    loading: float,
    loss_given_default: float,
    base_rate: float,
    price: float,
    log_price: float,
    slope: float,
    sigma: float,
) -> float:
    """The most that a lender asks for risk, up to the cap `price`: beyond it a dearer loan pays less, not more.

    At every price somebody is just worth lending to, m(r). While m falls a higher price lets more people in; where it
    turns, asking more drives away the good faster than it earns on the bad. Whoever is not worth a loan at that price
    is worth none. The turn is where a dearer loan loses what it brings: false position on the logarithm between cost,
    where it loses nothing, and cap; the end that stays counts half each time.
    """
    if price <= base_rate:
        return price
    terms = (variance, threshold, loading, loss_given_default, base_rate)
    low, high, rate = math.log(max(base_rate, _MONEY)), math.log(price), price
    below, above = -1.0, lost_by_asking(price, *terms, log_price, slope, sigma) - 1.0
    if above <= 0.0:
        return price
    for _ in range(_STEPS):
        at = (low * above - high * below) / (above - below)
        rate = math.exp(at)
        excess = lost_by_asking(rate, *terms, log_price + at - math.log(price), slope, sigma) - 1.0
        if abs(excess) <= _EVEN:
            break
        if excess < 0.0:
            low, below, above = at, excess, 0.5 * above
        else:
            high, above, below = at, excess, 0.5 * below
    return min(rate, price)
