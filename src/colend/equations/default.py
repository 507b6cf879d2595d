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

_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(80)


def monthly_hazard(threshold, loading, creditworthiness, asset_correlation, factor):
    """h(z, M): probability that a loan defaults this month, given everything."""
    distance = threshold - loading * creditworthiness - math.sqrt(asset_correlation) * factor
    return normal_cdf(distance / math.sqrt(1.0 - asset_correlation))


def hazard_score(threshold, loading, mean, variance):
    """Phi^-1 of the hazard predicted on z ~ N(mean, variance), the factor averaged out: (d - beta m) / sqrt(1 +
    beta^2 v).
    """
    return (threshold - loading * mean) / math.sqrt(1.0 + loading * loading * variance)


def hazard_slope(score, loading, variance):
    """Derivative of the predicted hazard by the threshold: phi(score) / sqrt(1 + beta^2 v)."""
    return normal_density(score) / math.sqrt(1.0 + loading * loading * variance)


def hazard_decline(hazard, slope, loading, variance):
    """How much one survived month lowers the predicted hazard.

    Survival is good news about z: its posterior mean moves by v beta slope / (1 - h) (probit moment matching), and
    the hazard by -beta slope for each unit of that; so h falls by v (beta slope)^2 / (1 - h).
    """
    return variance * (loading * slope) ** 2 / (1.0 - hazard)


def annual_default_rate(threshold: float, loading: float) -> float:
    """Share of a segment that defaults within 12 months: 1 - E[(1 - Phi(d - beta z))^12], z ~ N(0, 1)."""
    survival = (1.0 - ndtr(threshold - loading * _NODES)) ** 12
    return float(1.0 - (survival * _WEIGHTS).sum() / math.sqrt(2.0 * math.pi))


@functools.cache
def solve_threshold(annual_rate: float, loading: float) -> float:
    """The threshold d at which a segment defaults at `annual_rate` (between 0 and 1, exclusive) a year."""
    from scipy.optimize import brentq

    return float(brentq(lambda threshold: annual_default_rate(threshold, loading) - annual_rate, -12.0, 12.0))
