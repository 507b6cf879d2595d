"""Fit: expected shares by table and by quadrature, beliefs and trust by hand."""

import math

import numpy as np
import pytest

from colend.compilation import compiled
from colend.equations.fit import (
    expected_share,
    logistic,
    logistic_normal_mean,
    mean_for_share,
    observation_variance,
    share_table,
    trust_change,
    updated_belief,
    variance_after,
)

TABLE = share_table(2.0)


def test_logistic_by_hand_and_far_out():
    assert logistic(0.0) == 0.5
    assert logistic(math.log(3.0)) == pytest.approx(0.75)
    assert (logistic(-800.0), logistic(800.0)) == (0.0, 1.0)


@pytest.mark.parametrize("largest", [0.5, 2.0, 3.0])
def test_the_table_is_the_integral(largest):
    """Cubic interpolation at a step of 1/16 in the mean and 1/96 of the spread: good to 1e-6."""
    generator, table, share = np.random.default_rng(1), share_table(largest), compiled(expected_share)
    for mean, spread in zip(generator.normal(0, 3, 300), generator.uniform(0, largest, 300), strict=True):
        assert share(mean, spread**2, table) == pytest.approx(logistic_normal_mean(mean, spread**2), abs=1e-6)


def test_table_compiled_and_plain_agree():
    share = compiled(expected_share)
    for mean in np.linspace(-40, 40, 81):
        assert share(mean, 1.7, TABLE) == expected_share(mean, 1.7, TABLE)


def test_mean_for_share_inverts():
    for share in (0.05, 0.5, 0.9):
        assert expected_share(mean_for_share(share, 1.3, TABLE), 1.3, TABLE) == pytest.approx(share, abs=1e-9)
    assert mean_for_share(0.0, 1.0, TABLE) == -math.inf
    assert mean_for_share(1.0, 1.0, TABLE) == math.inf


def test_belief_by_hand():
    # prior N(0, 1), observation 2 with noise 1: N(1, 1/2)
    assert updated_belief(0.0, 1.0, 2.0, 1.0) == (1.0, 0.5)
    assert updated_belief(0.3, 0.0, 9.0, 1.0) == (0.3, 0.0)
    assert variance_after(1.5, 0.0) == 1.5
    assert variance_after(1.0, 3.0) == 0.25


def test_observed_logits_have_the_variance_that_beliefs_assume():
    """y = ln((k + 1/2)/(n - k + 1/2)), k ~ Binomial(n, logistic(x + u)): mean x and the variance declared."""
    generator = np.random.default_rng(3)
    x, sigma, n, size = 0.4, 0.8, 5_000, 200_000
    served = generator.binomial(n, 1 / (1 + np.exp(-x - sigma * generator.standard_normal(size))))
    observed = np.log((served + 0.5) / (n - served + 0.5))
    declared = observation_variance(sigma, served, n - served).mean()
    assert observed.mean() == pytest.approx(x, abs=4 * observed.std() / math.sqrt(size))
    assert observed.var() == pytest.approx(declared, rel=4 * math.sqrt(2 / size) + 0.005)


def test_beliefs_that_say_70_percent_are_right_in_70_percent():
    """Calibration: after six observations, the truth is below the belief's 70 % quantile in 70 % of cases."""
    generator = np.random.default_rng(8)
    size, noise = 100_000, 0.65
    fit = generator.normal(0.0, 1.25, size)
    mean, variance = np.zeros(size), np.full(size, 1.25**2)
    for _ in range(6):
        observed = fit + math.sqrt(noise) * generator.standard_normal(size)
        mean, variance = updated_belief(mean, variance, observed, noise)
    share = (fit < mean + 0.5244005127 * np.sqrt(variance)).mean()
    assert share == pytest.approx(0.7, abs=4 * math.sqrt(0.21 / size))


def test_trust_by_hand():
    # p = 1/2, omega = 1: 0.05 * 0.5 * 0.7 - 0.08 * 0.5 * 0.3
    assert trust_change(0.3, 0.5, 1.0, 0.05, 0.08) == pytest.approx(0.0175 - 0.012)
