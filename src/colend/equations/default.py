"""Default: a monthly probit hazard with one systematic factor (Vasicek 2002, Risk 15(12), on a monthly clock).

h(z, M) = Phi((d - beta z - sqrt(rho) M) / sqrt(1 - rho)), with z ~ N(0, 1) the creditworthiness, M ~ N(0, 1) the
systematic factor, rho the asset correlation, beta the loading on creditworthiness and d the segment's threshold.
Hazards are per month, rates per year.
"""

from __future__ import annotations

import functools
import math

import numpy as np
from scipy.special import ndtr

from colend.equations.normal import normal_cdf, normal_density


def normal_nodes(reach: float = 9.0, panels: int = 24) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights of E[f(z)], z ~ N(0, 1): sixteen Gauss-Legendre nodes in each panel of -reach..reach.

    At the largest loading, 5, a borrower goes from safe to lost within a fifth of a unit of z; of one rule over the
    whole line, such as Gauss-Hermite, too few nodes fall there. The annual rate is within 1e-10 of itself at every
    loading allowed (a test compares with adaptive quadrature).
    """
    nodes, weights = np.polynomial.legendre.leggauss(16)
    half = reach / panels
    middle = np.linspace(half - reach, reach - half, panels)
    z = (middle[:, None] + half * nodes).ravel()
    return z, np.tile(half * weights, panels) * np.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)


_NODES, _WEIGHTS = normal_nodes()


def monthly_hazard(
    threshold: float, loading: float, creditworthiness: float, asset_correlation: float, factor: float
) -> float:
    """h(z, M): probability that a loan defaults this month, given everything."""
    distance = threshold - loading * creditworthiness - math.sqrt(asset_correlation) * factor
    return normal_cdf(distance / math.sqrt(1.0 - asset_correlation))


def hazard_score(threshold: float, loading: float, mean: float, variance: float) -> float:
    """Phi^-1 of the hazard predicted on z ~ N(mean, variance), the factor averaged out: (d - beta m) / sqrt(1 +
    beta^2 v).
    """
    return (threshold - loading * mean) / math.sqrt(1.0 + loading * loading * variance)


def hazard_slope(score: float, loading: float, variance: float) -> float:
    """Derivative of the predicted hazard by the threshold: phi(score) / sqrt(1 + beta^2 v)."""
    return normal_density(score) / math.sqrt(1.0 + loading * loading * variance)


def hazard_decline(hazard: float, slope: float, loading: float, variance: float) -> float:
    """How much one survived month lowers the predicted hazard.

    Survival is good news about z: its posterior mean moves by v beta slope / (1 - h) (probit moment matching), and
    the hazard by -beta slope for each unit of that; so h falls by v (beta slope)^2 / (1 - h).
    """
    return variance * (loading * slope) ** 2 / (1.0 - hazard)


def annual_default_rate(threshold: float, loading: float) -> float:
    """Share of a segment that defaults within 12 months: 1 - E[(1 - Phi(d - beta z))^12], z ~ N(0, 1)."""
    return float(((1.0 - (1.0 - ndtr(threshold - loading * _NODES)) ** 12) * _WEIGHTS).sum())


@functools.cache
def solve_threshold(annual_rate: float, loading: float) -> float:
    """The threshold d at which a segment defaults at `annual_rate` (between 0 and 1, exclusive) a year.

    A month's hazard over the whole segment is Phi(d / sqrt(1 + beta^2)): twelve such deviations hold every rate.
    """
    least, most = -12.0 * math.hypot(1.0, loading), 12.0 * math.hypot(1.0, loading)
    for _ in range(60):  # to the last bit
        middle = 0.5 * (least + most)
        if annual_default_rate(middle, loading) < annual_rate:
            least = middle
        else:
            most = middle
    return 0.5 * (least + most)
