"""What screening is worth: the lending to expect from applicants, and how well a precision tells good from bad.

A lender with posterior variance v sees posterior means m ~ N(mean, spread^2) over its applicants. It offers where the
price bears the loss it predicts, which is a cut-off on m; the borrower accepts when r <= R exp(sigma xi - gamma z).
Everything else is an integral over m above the cut-off, taken by Gauss-Legendre quadrature. Rates are per year, on
the balance; a rate times B(T+1)/24 is yuan a loan.
"""

from __future__ import annotations

import functools
import math

import numpy as np

from colend.equations.acceptance import Terms, acceptance, cutoff_mean, price_of_risk
from colend.equations.default import hazard_score, normal_nodes
from colend.equations.normal import inverse_mills_ratio, normal_cdf, normal_density, normal_quantile
from colend.equations.pricing import expected_loss_rate, hazard_bearable

# Nodes and weights on [-1, 1]; eight of them are within 0.1 % of a fine grid (a test says so).
NODES, WEIGHTS = np.polynomial.legendre.leggauss(8)
_REACH = 3.5  # deviations of m that are integrated over, either side


def passed_applicants(cutoff: float, platform_precision: float) -> tuple[float, float, float]:
    """Mean and variance of z ~ N(0, 1) among the applications with platform score x_p >= `cutoff`, and their share.

    x_p ~ N(0, 1 + 1/tau_p), cov(z, x_p) = 1. A cut-off of -inf passes everybody.
    """
    spread = math.sqrt(1.0 + 1.0 / platform_precision)
    k = -cutoff / spread
    if k > 8.0:
        return 0.0, 1.0, 1.0
    if k < -8.0:
        return 0.0, 1.0, 0.0
    ratio = inverse_mills_ratio(k)
    return ratio / spread, 1.0 - ratio * (ratio + k) / (spread * spread), normal_cdf(k)


def information(
    own_precision: float, platform_precision: float, depth: float, mean: float, variance: float
) -> tuple[float, float, float]:
    """Distribution of the lender's posterior mean m of z over applicants that the platform passed on, among whom z has
    this `mean` and `variance` (`passed_applicants`).

    Own signal of precision `own_precision`, a shared score of precision `depth` x tau_p, and the knowledge that x_p is
    above the cut-off, which says less the more of x_p is shared: the part (1 - depth)^1.5 of its precision is left
    (the posterior variance is then within 1 % of simulation). Returns (mean, spread of m, posterior variance).
    """
    selection = (1.0 - depth) * math.sqrt(1.0 - depth) * (1.0 / variance - 1.0)
    posterior_variance = 1.0 / (1.0 + selection + own_precision + depth * platform_precision)
    return mean, math.sqrt(max(variance - posterior_variance, 0.0)), posterior_variance


def lending(mean: float, spread: float, variance: float, terms: Terms) -> tuple[float, float, float, float]:
    """What to expect per applicant of a pool with m ~ N(mean, spread^2) and posterior variance `variance`.

    Under risk-based pricing the lender asks no more than the price of `terms` (`acceptance.highest_price`), and each
    loan costs its `price_of_risk`. Returns four expectations per applicant: P(offered), P(offered and accepted), E[r;
    accepted], E[expected loss rate; accepted].
    """
    threshold, loading, loss_given_default = terms.threshold, terms.loading, terms.loss_given_default
    price, log_price, slope, sigma = terms.price, terms.log_price, terms.slope, terms.sigma
    bearable = hazard_bearable(price - terms.base_rate, loss_given_default)
    if bearable <= 0.0:
        return 0.0, 0.0, 0.0, 0.0
    cut = cutoff_mean(normal_quantile(bearable), variance, log_price, terms)
    if spread <= 1e-9:
        low, half, count = mean, 0.0, 1
        if mean < cut:
            return 0.0, 0.0, 0.0, 0.0
        offered = 1.0
    else:
        offered = normal_cdf((mean - cut) / spread)
        low = max(cut, mean - _REACH * spread)
        half = 0.5 * (mean + _REACH * spread - low)
        count = len(NODES)
        if half <= 0.0:
            return offered, 0.0, 0.0, 0.0
    accepted = 0.0
    rate = 0.0
    loss = 0.0
    leaving = slope * slope * variance  # of the acceptance latent's variance, the part that is news about z
    latent = math.sqrt(sigma * sigma + leaving)
    for i in range(count):
        m = low + half * (NODES[i] + 1.0)
        weight = 1.0
        if spread > 1e-9:
            weight = WEIGHTS[i] * half / spread * normal_density((m - mean) / spread)
        if terms.risk_based:
            asked, score, _ = price_of_risk(m, variance, terms)
            taking = acceptance(m, variance, log_price + math.log(asked / price), slope, sigma)
        else:
            asked = price
            k = (-log_price - slope * m) / latent
            taking = normal_cdf(k)
            predicted, remaining = m, variance
            if terms.rational and taking > 1e-12:  # `accepted_belief`, sharing Phi(k)
                ratio = normal_density(k) / taking
                predicted = m - slope * variance / latent * ratio
                remaining = variance * (1.0 - leaving / (latent * latent) * ratio * (ratio + k))
            score = hazard_score(threshold, loading, predicted, remaining)
        loss_rate = expected_loss_rate(normal_cdf(score), loss_given_default)
        weight *= taking
        accepted += weight
        rate += weight * asked
        loss += weight * loss_rate
    return offered, accepted, rate, loss


def discrimination(precision: float, threshold: float, loading: float) -> float:
    """AUC of 12-month default among all applicants of a segment, screened with `precision` (> 0).

    P(the posterior mean of a good one exceeds that of a bad one), by integration; bad with probability
    1 - (1 - Phi(d - beta z))^12, z | m ~ N(m, 1/(1+tau)), m ~ N(0, tau/(1+tau)).
    """
    from scipy.special import ndtr

    spread, inner = math.sqrt(precision / (1.0 + precision)), math.sqrt(1.0 / (1.0 + precision))
    grid = np.linspace(-7.0, 7.0, 281)
    density = np.exp(-0.5 * grid * grid)
    density /= density.sum()
    # A hazard steeper than this falls between the nodes of one rule over the whole line.
    nodes, weights = np.polynomial.hermite_e.hermegauss(40) if loading <= 1.5 else normal_nodes(panels=12)
    z = spread * grid[:, None] + inner * nodes
    bad = (1.0 - (1.0 - ndtr(threshold - loading * z)) ** 12) @ (weights / weights.sum())
    worse, better = density * bad, density * (1.0 - bad)
    below = np.cumsum(worse) - 0.5 * worse  # a tie counts one half
    return float((better * below).sum() / (worse.sum() * better.sum()))


@functools.lru_cache(maxsize=64)
def _discrimination_curve(threshold: float, loading: float, far: bool) -> tuple[np.ndarray, np.ndarray]:
    """A grid of sqrt(tau) and the AUC there; in sqrt(tau) the curve is smooth down to 1/2 at 0.

    Even up to tau = 9; where `far`, on to 10,000, the largest precision of a segment that is allowed, in equal ratios.
    """
    roots = np.linspace(0.0, 3.0, 61)
    if far:
        roots = np.append(roots, np.geomspace(3.0, 100.0, 31)[1:])
    return roots, np.array([0.5, *(discrimination(root * root, threshold, loading) for root in roots[1:])])


def discriminations(precisions: np.ndarray, threshold: float, loading: float) -> np.ndarray:
    """`discrimination` for many precisions (0 to 10,000), interpolated in a table: error below 2e-4."""
    roots, values = _discrimination_curve(float(threshold), float(loading), bool((precisions > 9.0).any()))
    return np.interp(np.sqrt(precisions), roots, values)
