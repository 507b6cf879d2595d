"""Default hazards against numbers worked out by hand and against simulation."""

import itertools
import math

import numpy as np
import pytest
from scipy import integrate, special, stats

from colend.equations.default import (
    annual_default_rate,
    hazard_decline,
    hazard_score,
    hazard_slope,
    monthly_hazard,
    solve_threshold,
)
from colend.equations.normal import normal_cdf


def test_hazard_by_hand():
    # (-2.749 - 0.6 * 0.5 - 0.2 * 1) / sqrt(0.96) = -3.249 / 0.979796 = -3.316
    assert monthly_hazard(-2.749, 0.6, 0.5, 0.04, 1.0) == pytest.approx(stats.norm.cdf(-3.315996), rel=1e-5)


@pytest.mark.parametrize(("rate", "threshold"), [(0.012, -3.583), (0.04, -3.116), (0.09, -2.749)])
def test_thresholds_of_the_design_table(rate, threshold):
    assert solve_threshold(rate, 0.6) == pytest.approx(threshold, abs=5e-4)
    assert annual_default_rate(solve_threshold(rate, 0.6), 0.6) == pytest.approx(rate, rel=1e-9)


@pytest.mark.parametrize("loading", [0.01, 0.6, 1.5, 3.0, 5.0])
@pytest.mark.parametrize("rate", [0.0001, 0.04, 0.9])
def test_the_annual_rate_holds_over_the_whole_of_both_bounds(rate, loading):
    """Against adaptive quadrature, told where the hazard turns; from 3 on Gauss-Hermite missed by up to 1.5 %."""
    threshold = solve_threshold(rate, loading)

    def bad(z):
        return (1.0 - (1.0 - special.ndtr(threshold - loading * z)) ** 12) * math.exp(-0.5 * z * z)

    turns = sorted({min(max((threshold + step) / loading, -9.0), 9.0) for step in range(-6, 7)} | {-9.0, 0.0, 9.0})
    known = sum(integrate.quad(bad, *part, epsabs=1e-15)[0] for part in itertools.pairwise(turns))
    assert known / math.sqrt(2.0 * math.pi) == pytest.approx(rate, rel=1e-9)


def test_predicted_hazard_is_the_mean_over_belief_and_factor():
    generator = np.random.default_rng(2)
    size = 400_000
    mean, variance = 0.3, 0.7
    z = mean + np.sqrt(variance) * generator.standard_normal(size)
    factor = generator.standard_normal(size)
    hazards = stats.norm.cdf((-2.749 - 0.6 * z - 0.2 * factor) / np.sqrt(0.96))
    # Four standard errors of the simulated mean.
    predicted = normal_cdf(hazard_score(-2.749, 0.6, mean, variance))
    assert predicted == pytest.approx(hazards.mean(), abs=4 * hazards.std() / np.sqrt(size))


def test_slope_is_the_derivative_by_the_threshold():
    low, high = (normal_cdf(hazard_score(-2.749 + step, 0.6, 0.3, 0.7)) for step in (-1e-5, 1e-5))
    slope = hazard_slope(hazard_score(-2.749, 0.6, 0.3, 0.7), 0.6, 0.7)
    assert slope == pytest.approx((high - low) / 2e-5, rel=1e-6)


def test_survival_lowers_the_hazard_as_integration_says():
    """E[h | survived one month] by quadrature; moment matching is good to a fifth of the small decline."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(100)
    mean, variance = 0.0, 0.8
    hazards = stats.norm.cdf(-2.749 - 0.6 * (mean + np.sqrt(variance) * nodes))
    weights = weights / weights.sum()
    before = (weights * hazards).sum()
    after = (weights * hazards * (1 - hazards)).sum() / (weights * (1 - hazards)).sum()
    score = hazard_score(-2.749, 0.6, mean, variance)
    decline = hazard_decline(before, hazard_slope(score, 0.6, variance), 0.6, variance)
    assert decline > 0
    # the linearised variance of h understates a convex h: known sign, bounded size
    assert 0.5 < decline / (before - after) <= 1.0
