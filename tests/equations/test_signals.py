"""Posterior inference against brute-force simulation of the very events it conditions on."""

import math

import numpy as np
import pytest

from colend.equations.signals import (
    earlier_signal,
    given_above,
    given_below,
    posterior,
    sharing_weight,
    with_shared_score,
)

SIZE = 3_000_000
BANK, OTHER, PLATFORM, COMMON = 0.3, 0.25, 0.8, 0.3


@pytest.fixture(scope="module")
def people():
    """z, a bank's signal, another bank's (noises share a part), the platform's score, and a blurred copy of it at
    depth 0.5.
    """
    generator = np.random.default_rng(7)
    z, shared, own, other, platform, blur = generator.standard_normal((6, SIZE))
    bank = z + (math.sqrt(COMMON) * shared + math.sqrt(1 - COMMON) * own) / math.sqrt(BANK)
    second = z + (math.sqrt(COMMON) * shared + math.sqrt(1 - COMMON) * other) / math.sqrt(OTHER)
    score = z + platform / math.sqrt(PLATFORM)
    return z, bank, second, score, score + blur * math.sqrt((1 / 0.5 - 1) / PLATFORM)


def near(values, at, width=0.05):
    return np.abs(values - at) < width


def agrees(z, mean, variance, slack):
    """Mean within four standard errors plus `slack` of moment matching (in units of z), variance within 5 %."""
    assert len(z) > 500
    assert mean == pytest.approx(z.mean(), abs=4 * z.std() / math.sqrt(len(z)) + slack)
    error = 4 * math.sqrt(2 / len(z))  # of a normal sample's variance, relative
    assert variance == pytest.approx(z.var(), rel=0.05 + error)


def test_own_signal_by_hand():
    assert posterior(1.0, 0.25) == pytest.approx((0.2, 0.8))


def test_own_signal(people):
    z, bank, *_ = people
    agrees(z[near(bank, 0.7)], *posterior(0.7, BANK), slack=0.002)


def test_shared_score(people):
    z, bank, _, _, shared = people
    mean, variance = posterior(0.7, BANK)
    weight = sharing_weight(variance, PLATFORM, 0.5)
    mean, variance, *_ = with_shared_score(mean, variance, -0.4, weight, PLATFORM)
    agrees(z[near(bank, 0.7) & near(shared, -0.4)], mean, variance, slack=0.003)
    # the same as two independent signals of precision tau_b and delta tau_p
    assert variance == pytest.approx(1 / (1 + BANK + 0.5 * PLATFORM))
    assert mean == pytest.approx((BANK * 0.7 - 0.5 * PLATFORM * 0.4) / (1 + BANK + 0.5 * PLATFORM))


def test_nothing_shared_changes_nothing_and_all_shared_leaves_no_truncation():
    mean, variance = posterior(0.7, BANK)
    assert with_shared_score(mean, variance, 9.9, sharing_weight(variance, PLATFORM, 0.0), PLATFORM)[:2] == (
        mean,
        variance,
    )
    full = with_shared_score(mean, variance, 0.1, sharing_weight(variance, PLATFORM, 1.0), PLATFORM)
    assert full[3] == pytest.approx(0.0, abs=1e-12)
    assert given_above(full[0], full[1], *full[2:], 0.0) == pytest.approx(full[:2])


@pytest.mark.parametrize("cutoff", [-1.5, 0.0, 1.0])
def test_passed_by_the_platform(people, cutoff):
    z, bank, _, score, _ = people
    mean, variance = posterior(0.2, BANK)
    mean, variance, *latent = with_shared_score(mean, variance, 0.0, 0.0, PLATFORM)
    mean, variance = given_above(mean, variance, *latent, cutoff)
    agrees(z[near(bank, 0.2) & (score > cutoff)], mean, variance, slack=0.002)


@pytest.mark.parametrize("cutoff", [-1.0, 0.5])
def test_refused_by_an_earlier_bank(people, cutoff):
    z, bank, second, score, _ = people
    mean, variance = posterior(0.2, BANK)
    mean, variance, *latent = with_shared_score(mean, variance, 0.0, 0.0, PLATFORM)
    mean, variance = given_above(mean, variance, *latent, -0.5)
    mean, variance = given_below(mean, variance, *earlier_signal(0.2, BANK, OTHER, COMMON, mean, variance), cutoff)
    agrees(z[near(bank, 0.2) & (score > -0.5) & (second < cutoff)], mean, variance, slack=0.01)


def test_leaving_the_refusal_out_is_wrong(people):
    z, bank, second, *_ = people
    chosen = z[near(bank, 0.2) & (second < -1.0)]
    assert abs(posterior(0.2, BANK)[0] - chosen.mean()) > 10 * chosen.std() / math.sqrt(len(chosen))


def test_independent_noise_is_the_case_without_a_common_part():
    mean, variance = posterior(0.4, BANK)
    latent_mean, latent_variance, covariance = earlier_signal(0.4, BANK, OTHER, 0.0, mean, variance)
    assert (latent_mean, covariance) == pytest.approx((mean, variance))
    assert latent_variance == pytest.approx(variance + 1 / OTHER)
