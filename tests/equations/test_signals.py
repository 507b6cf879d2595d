"""Posterior inference against brute-force simulation of the very events it conditions on."""

import math

import numpy as np
import pytest

from colend.equations.signals import (
    common_noise,
    earlier_signal,
    given_above,
    posterior,
    repeated_signal,
    sharing_weight,
    truncation,
    truncation_between,
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


@pytest.mark.parametrize(("low", "high"), [(-1.5, 0.0), (-0.5, 0.5), (0.2, math.inf), (-math.inf, -0.3)])
def test_score_between_two_cutoffs(people, low, high):
    z, bank, _, score, _ = people
    mean, variance = posterior(0.2, BANK)
    mean, variance, *latent, covariance = with_shared_score(mean, variance, 0.0, 0.0, PLATFORM)
    shift, shrink = truncation_between(*latent, low, high)
    chosen = z[near(bank, 0.2) & (score > low) & (score < high)]
    agrees(chosen, mean + covariance * shift, variance - covariance**2 * shrink, slack=0.002)


def test_between_two_far_cutoffs_the_latent_lies_at_the_nearer():
    for low, high, end in ((20.0, 21.0, 20.0), (-21.0, -20.0, -20.0), (20.0, 19.9, 20.0)):
        shift, shrink = truncation_between(1.0, 4.0, low, high)
        assert (1.0 + 4.0 * shift, 4.0 - 16.0 * shrink) == pytest.approx((end, 0.0), abs=0.5)


def refused(precisions, cutoffs, signal=0.2, precision=BANK, common=COMMON):
    """Mean and variance of z by truncations, one bank's refusal after the other."""
    mean, variance = posterior(signal, precision)
    noise_mean, noise_variance, covariance = common_noise(signal, precision, common, mean, variance)
    for other, cutoff in zip(precisions, cutoffs, strict=True):
        *latent, with_z, with_noise = earlier_signal(
            other, COMMON, mean, variance, noise_mean, noise_variance, covariance
        )
        shift, shrink = truncation(-latent[0], latent[1], -cutoff)
        mean, noise_mean = mean - with_z * shift, noise_mean - with_noise * shift
        variance, noise_variance = variance - with_z**2 * shrink, noise_variance - with_noise**2 * shrink
        covariance -= with_z * with_noise * shrink
    return mean, variance


@pytest.mark.parametrize("cutoff", [-1.0, 0.5])
def test_refused_by_an_earlier_bank_then_passed_by_the_platform(people, cutoff):
    z, bank, second, score, _ = people
    mean, variance = refused([OTHER], [cutoff])
    mean, variance, *latent = with_shared_score(mean, variance, 0.0, 0.0, PLATFORM)
    mean, variance = given_above(mean, variance, *latent, -0.5)
    agrees(z[near(bank, 0.2) & (score > -0.5) & (second < cutoff)], mean, variance, slack=0.01)


def test_refused_by_two_banks_whose_noise_is_partly_the_same(people):
    """As a platform's lender sees it, whose own signal has no part in that noise: the first refusal has told of it, so
    the second one says less about z.
    """
    z, bank, second, score, _ = people
    chosen = z[near(score, 0.2) & (second < -0.5) & (bank < 0.0)]
    agrees(chosen, *refused([OTHER, BANK], [-0.5, 0.0], 0.2, PLATFORM, common=0.0), slack=0.01)


def test_a_banks_own_earlier_signal_is_the_present_one_scaled(people):
    z, bank, *_ = people
    less = z + (bank - z) * math.sqrt(1.0 / 0.75)
    mean, variance = posterior(0.5, 0.75 * BANK)
    _, _, covariance = common_noise(0.5, 0.75 * BANK, COMMON, mean, variance)
    *latent, with_z, with_noise = repeated_signal(0.5, 0.75 * BANK, BANK, mean, variance, covariance)
    chosen = near(less, 0.5, 0.02)
    assert latent == pytest.approx([bank[chosen].mean(), bank[chosen].var()], abs=2e-3)
    assert with_z == pytest.approx(np.cov(z[chosen], bank[chosen])[0, 1], abs=5e-3)
    assert with_noise < 0.0
    nothing = repeated_signal(0.5, BANK, BANK, mean, variance, covariance)
    assert nothing == (0.5, 0.0, 0.0, 0.0)


def test_leaving_the_refusal_out_is_wrong(people):
    z, bank, second, *_ = people
    chosen = z[near(bank, 0.2) & (second < -1.0)]
    assert abs(posterior(0.2, BANK)[0] - chosen.mean()) > 10 * chosen.std() / math.sqrt(len(chosen))


def test_independent_noise_is_the_case_without_a_common_part():
    mean, variance = posterior(0.4, BANK)
    noise = common_noise(0.4, BANK, 0.0, mean, variance)
    assert noise == (0.0, 1.0, 0.0)
    assert earlier_signal(OTHER, 0.0, mean, variance, *noise) == pytest.approx(
        (mean, variance + 1 / OTHER, variance, 0.0)
    )


def test_common_noise_is_what_simulation_says(people):
    """Another bank's signal given one's own x: mean x c / V, variance 1 + 1/tau_j - c^2 / V, V = 1 + 1/tau_i, c = 1 +
    rho_b / sqrt(tau_i tau_j).
    """
    _, bank, second, *_ = people
    mean, variance = posterior(0.4, BANK)
    latent = earlier_signal(OTHER, COMMON, mean, variance, *common_noise(0.4, BANK, COMMON, mean, variance))
    shared, total = 1.0 + COMMON / math.sqrt(BANK * OTHER), 1.0 + 1.0 / BANK
    assert latent[:2] == pytest.approx((0.4 * shared / total, 1.0 + 1.0 / OTHER - shared**2 / total))
    assert latent[2] == pytest.approx(1.0 - shared / total)
    chosen = second[near(bank, 0.4)]
    assert latent[0] == pytest.approx(chosen.mean(), abs=4 * chosen.std() / math.sqrt(len(chosen)))
