"""Fit: the hidden logit of the share of applications that a joint pipeline can serve, and what parties believe about
it.
"""

from __future__ import annotations

import functools
import math

import numpy as np

from colend.compilation import compiled
from colend.equations.numbers import Numbers

_STEP = 0.0625  # of the table in the mean; cubic interpolation is then good to 1e-7
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(64)
_NODES = _NODES[_WEIGHTS > 1e-18]  # a third of the nodes adds less than the last digit
_WEIGHTS = _WEIGHTS[_WEIGHTS > 1e-18] / _WEIGHTS.sum()
_FINE_NODES, _FINE_WEIGHTS = np.polynomial.hermite_e.hermegauss(80)


def logistic(x: float) -> float:
    """1 / (1 + exp(-x)), without overflow."""
    if x >= 0.0:
        return 1.0 / (1.0 + math.exp(-x))
    grown = math.exp(x)
    return grown / (1.0 + grown)


def observation_variance(operation_sd: Numbers, served: Numbers, failed: Numbers) -> Numbers:
    """Variance of the observed logit y = ln((k + 1/2) / (n - k + 1/2)): sigma_ops^2 + 1/(k + 1/2) + 1/(n - k + 1/2)."""
    return operation_sd * operation_sd + 1.0 / (served + 0.5) + 1.0 / (failed + 0.5)


def updated_belief(mean: Numbers, variance: Numbers, observed: Numbers, noise: Numbers) -> tuple[Numbers, Numbers]:
    """Conjugate normal update of a belief by an observation of that noise variance; arrays allowed, variance may be
    0.
    """
    weight = variance / (variance + noise)
    return mean + weight * (observed - mean), variance * (1.0 - weight)


def variance_after(variance: float, information: float) -> float:
    """Posterior variance after observations that together carry `information` (a precision; 0: none)."""
    return variance / (1.0 + variance * information)


def trust_change(trust: Numbers, p: Numbers, weight: Numbers, gain: Numbers, loss: Numbers) -> Numbers:
    """omega [g p (1 - trust) - l (1 - p) trust], p = Phi((y - mu_pb) / sqrt v), omega = sigma_ops^2 / v = `weight`.

    Measured against the public prior, not the belief: beliefs adapt, and trust would end at one half whatever the fit.
    Arrays allowed.
    """
    return weight * (gain * p * (1.0 - trust) - loss * (1.0 - p) * trust)


def logistic_normal_mean(mean: float, variance: float) -> float:
    """E[logistic(X)], X ~ N(mean, variance), by 80-point Gauss-Hermite quadrature: the reference for the table."""
    points = mean + math.sqrt(variance) * _FINE_NODES
    return float((_FINE_WEIGHTS / (1.0 + np.exp(-np.clip(points, -700, 700)))).sum() / math.sqrt(2.0 * math.pi))


def add_shares(
    odds: np.ndarray, spreads: np.ndarray, nodes: np.ndarray, weights: np.ndarray, shares: np.ndarray
) -> None:
    """Add E[logistic(N(m, s^2))] to shares[spread, mean] by quadrature; `odds` is exp(-m), so that a node costs one
    division.
    """
    for row in range(len(spreads)):
        for node in range(len(nodes)):
            shift, weight = math.exp(-spreads[row] * nodes[node]), weights[node]
            for place in range(len(odds)):
                shares[row, place] += weight / (1.0 + odds[place] * shift)


@functools.lru_cache(maxsize=8)  # arms and seeds share it
def share_table(largest_sd: float) -> np.ndarray:
    """E[logistic(N(m, s^2))] on a grid, float64[1 + sds, means]; row 0 holds the grid itself: first mean, mean step,
    sd step.

    Means reach far enough that the share is 0 or 1 to 1e-6 beyond; 96 steps of s up to `largest_sd`, with one more on
    each side for cubic interpolation (the mean is even in s). 64-point Gauss-Hermite quadrature.
    """
    reach = 16.0 + 5.0 * largest_sd
    means = np.arange(-reach, reach + _STEP, _STEP)
    step = max(largest_sd, 0.1) / 96.0
    spreads = np.abs(np.arange(-1, 99) * step)
    table = np.zeros((1 + len(spreads), len(means)))
    table[0, :3] = means[0], _STEP, step
    compiled(add_shares, allocates=False)(np.exp(-means), spreads, _NODES, _WEIGHTS, table[1:])
    return table


def cubic(a: float, b: float, c: float, d: float, t: float) -> float:
    """Catmull-Rom interpolation between b (t = 0) and c (t = 1)."""
    return b + 0.5 * t * (c - a + t * (2.0 * a - 5.0 * b + 4.0 * c - d + t * (3.0 * (b - c) + d - a)))


def fill_shares(variance: float, table: np.ndarray, shares: np.ndarray) -> None:
    """Fill `shares` with E[logistic(N(m, variance))] for the means m of `share_table`."""
    spread = min(math.sqrt(variance) / table[0, 2], 96.0)
    j = int(spread)
    t = spread - j
    j += 2  # row 0 is the grid, row 1 what is before s = 0
    for i in range(len(shares)):
        shares[i] = cubic(table[j - 1, i], table[j, i], table[j + 1, i], table[j + 2, i], t)


def share_at(mean: float, table: np.ndarray, shares: np.ndarray) -> float:
    """E[logistic(N(mean, v))] from what `fill_shares` made of `table` for v, constant beyond the edges."""
    place = (mean - table[0, 0]) / table[0, 1]
    place = min(max(place, 1.0), len(shares) - 3.0)
    i = int(place)
    return cubic(shares[i - 1], shares[i], shares[i + 1], shares[i + 2], place - i)


def expected_share(mean: float, variance: float, table: np.ndarray) -> float:
    """E[logistic(N(mean, variance))] from `share_table`, beyond whose edges it is constant."""
    place = (mean - table[0, 0]) / table[0, 1]
    place = min(max(place, 1.0), table.shape[1] - 3.0)
    i = int(place)
    t = place - i
    spread = min(math.sqrt(variance) / table[0, 2], 96.0)
    j = int(spread)
    u = spread - j
    j += 2  # row 0 is the grid, row 1 what is before s = 0
    return cubic(
        cubic(table[j - 1, i - 1], table[j - 1, i], table[j - 1, i + 1], table[j - 1, i + 2], t),
        cubic(table[j, i - 1], table[j, i], table[j, i + 1], table[j, i + 2], t),
        cubic(table[j + 1, i - 1], table[j + 1, i], table[j + 1, i + 1], table[j + 1, i + 2], t),
        cubic(table[j + 2, i - 1], table[j + 2, i], table[j + 2, i + 1], table[j + 2, i + 2], t),
        u,
    )


def mean_for_share(share: float, variance: float, table: np.ndarray) -> float:
    """The mean at which the expected share equals `share`: -inf below 0, +inf from the largest on (bisection, then it
    is exact to 1e-9).
    """
    if share <= 0.0:
        return -math.inf
    low = table[0, 0]
    high = -low
    if share >= expected_share(high, variance, table):
        return math.inf
    for _ in range(48):
        middle = 0.5 * (low + high)
        if expected_share(middle, variance, table) < share:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)
