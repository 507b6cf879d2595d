"""What screening is worth: a table of AUCs, simulated applicants, and the value of precision at a posted price."""

import math

import numpy as np
import pytest
from scipy.special import ndtr

from colend.compilation import compiled
from colend.equations import screening
from colend.equations.acceptance import Terms
from colend.equations.default import solve_threshold
from colend.equations.screening import (
    discrimination,
    discriminations,
    information,
    lending,
    passed_applicants,
)
from colend.equations.signals import posterior, sharing_weight, with_shared_score

LOADING, LOSS, SLOPE, SIGMA = 0.6, 0.65, 0.2, 0.25
MASS = solve_threshold(0.04, LOADING)


def terms(base=0.094, price=0.13, reservation=0.20, rational=True, risk_based=False):
    """A mass lender's: base 9.4 % is 7.4 % of cost, 2 % of hurdle."""
    log_price = math.log(price / reservation)
    return Terms(MASS, LOADING, LOSS, base, price, log_price, SLOPE, SIGMA, rational, risk_based)


def mass_lending(precision, **changes):
    """Expectations per mass applicant of a lender that screens alone."""
    variance = 1.0 / (1.0 + precision)
    return lending(0.0, math.sqrt(1.0 - variance), variance, terms(**changes))


def margin_in_basis_points(precision, risk_based=False, rational=True, price=0.13):
    _, accepted, rate, loss = mass_lending(precision, risk_based=risk_based, rational=rational, price=price)
    return 1e4 * (rate - 0.074 * accepted - loss)


@pytest.mark.parametrize(
    ("annual", "expected"),
    [
        (0.012, {0.30: 0.720, 0.45: 0.752, 0.60: 0.774}),
        (0.04, {0.20: 0.668, 0.30: 0.697, 0.80: 0.768}),
        (0.09, {0.16: 0.640, 0.24: 0.666, 0.90: 0.756}),
    ],
)
def test_discrimination_is_the_design_table(annual, expected):
    threshold = solve_threshold(annual, LOADING)
    for precision, auc in expected.items():
        assert discrimination(precision, threshold, LOADING) == pytest.approx(auc, abs=6e-4)
    table = discriminations(np.array(list(expected)), threshold, LOADING)
    assert table == pytest.approx(list(expected.values()), abs=7e-4)


def test_discrimination_limits():
    assert discriminations(np.array([0.0]), MASS, LOADING)[0] == 0.5
    # z known: 0.879 in the design's table
    assert discrimination(1e6, MASS, LOADING) == pytest.approx(0.879, abs=1e-3)


def test_discrimination_table_is_as_good_as_integration():
    precisions = np.array([0.013, 0.11, 0.37, 0.77, 1.9])
    exact = [discrimination(p, MASS, LOADING) for p in precisions]
    assert discriminations(precisions, MASS, LOADING) == pytest.approx(exact, abs=2e-4)


@pytest.mark.parametrize("loading", [LOADING, 5.0])
def test_the_table_of_auc_holds_up_to_the_largest_precision(loading):
    """Beyond 9 it stood still."""
    threshold, precisions = solve_threshold(0.04, loading), np.array([0.01, 4.0, 20.0, 300.0, 9_000.0])
    exact = [discrimination(one, threshold, loading) for one in precisions]
    assert discriminations(precisions, threshold, loading) == pytest.approx(exact, abs=2e-4)


def test_the_steepest_hazard_has_its_auc():
    """Against sums over a fine grid of z for every posterior mean; with 40 nodes it was 0.02 off."""
    threshold, precision = solve_threshold(0.04, 5.0), 0.01
    mean = np.linspace(-0.7, 0.7, 281)  # seven deviations, sqrt(tau / (1 + tau)) each
    z = np.linspace(-8.0, 8.0, 4_001)
    density = np.exp(-0.5 * (z - mean[:, None]) ** 2 * (1.0 + precision))
    bad = (density * (1.0 - (1.0 - ndtr(threshold - 5.0 * z)) ** 12)).sum(axis=1) / density.sum(axis=1)
    seen = np.exp(-0.5 * mean**2 * (1.0 + precision) / precision)
    worse, better = seen * bad, seen * (1.0 - bad)
    known = (better * (worse.cumsum() - 0.5 * worse)).sum() / (worse.sum() * better.sum())
    assert discrimination(precision, threshold, 5.0) == pytest.approx(known, abs=1e-4)


@pytest.mark.parametrize("rational", [True, False])
def test_margin_rises_with_precision_at_a_posted_price(rational):
    """The outcome that makes the second gate worth something: basis points of profit per mass application at 13 %.

    The design's numbers for a naive lender are about 218 at tau 0.1, 250 at 0.3 and 312 at 1.5.
    """
    curve = [margin_in_basis_points(tau, rational=rational) for tau in (0.1, 0.3, 0.8, 1.5)]
    assert (np.diff(curve) > 15.0).all()
    if not rational:
        assert curve == pytest.approx([218.7, 242.8, 274.5, 294.3], abs=0.5)


def test_precision_is_worth_next_to_nothing_under_risk_based_pricing():
    """At cost plus the borrower pays for the lender's ignorance, and margins hardly differ."""
    curve = [margin_in_basis_points(tau, risk_based=True, rational=False, price=0.24) for tau in (0.1, 0.3, 0.8, 1.5)]
    assert curve == pytest.approx([187.4] * 4, abs=0.6)


@pytest.mark.parametrize("rational", [True, False])
def test_lending_is_what_simulated_applicants_bring(rational):
    """Draw z, signal and reservation rate; offer where the predicted loss fits, accept where r <= R exp(..)."""
    generator = np.random.default_rng(4)
    size, precision, price, reservation = 400_000, 0.4, 0.13, 0.20
    z, noise, taste = generator.standard_normal((3, size))
    mean, variance = precision / (1 + precision) * (z + noise / math.sqrt(precision)), 1.0 / (1.0 + precision)
    log_price = math.log(price / reservation)
    predicted, remaining = mean, variance
    if rational:
        spread = math.sqrt(SIGMA**2 + SLOPE**2 * variance)
        k = (-log_price - SLOPE * mean) / spread
        ratio = np.exp(-0.5 * k * k) / math.sqrt(2 * math.pi) / ndtr(k)
        predicted = mean - SLOPE * variance / spread * ratio
        remaining = variance - (SLOPE * variance / spread) ** 2 * ratio * (ratio + k)
    hazard = ndtr((MASS - LOADING * predicted) / np.sqrt(1 + LOADING**2 * remaining))
    loss = 12 * LOSS * hazard / (1 - hazard)
    offered = 0.094 + loss <= price
    taken = offered & (reservation * np.exp(SIGMA * taste - SLOPE * z) >= price)
    simulated = [offered.mean(), taken.mean(), (taken * price).mean(), (taken * loss).mean()]
    expected = mass_lending(precision, rational=rational)
    assert expected == pytest.approx(simulated, rel=0.01)  # four standard errors of 400,000 draws


@pytest.mark.parametrize("rational", [True, False])
def test_lending_at_the_price_of_risk_is_what_simulated_applicants_bring(rational):
    """Each applicant's price by going from T(0) to T(T(0)) and so on, all at once: the lowest that pays for whoever
    takes it at that price (naive lenders stop at T(0)); offered up to the cap, taken where r <= R exp(..).
    """
    generator = np.random.default_rng(9)
    size, precision, cap, reservation = 100_000, 0.8, 0.15, 0.20
    z, noise, taste = generator.standard_normal((3, size))
    mean, variance = precision / (1 + precision) * (z + noise / math.sqrt(precision)), 1.0 / (1.0 + precision)

    def predicted_loss(price):
        latent, seen, left = math.sqrt(SIGMA**2 + SLOPE**2 * variance), mean, variance
        if rational:
            k = (-np.log(price / reservation) - SLOPE * mean) / latent
            ratio = np.exp(-0.5 * k * k) / math.sqrt(2 * math.pi) / ndtr(k)
            seen = mean - SLOPE * variance / latent * ratio
            left = variance - (SLOPE * variance / latent) ** 2 * ratio * (ratio + k)
        hazard = ndtr((MASS - LOADING * seen) / np.sqrt(1 + LOADING**2 * left))
        return 12 * LOSS * hazard / (1 - hazard)

    price = np.full(size, 0.094)
    for _ in range(30):
        price = np.minimum(0.094 + predicted_loss(price), 1.0)
    loss, offered = predicted_loss(price), price <= cap
    taken = offered & (reservation * np.exp(SIGMA * taste - SLOPE * z) >= price)
    simulated = [offered.mean(), taken.mean(), (taken * price).mean(), (taken * loss).mean()]
    expected = mass_lending(precision, risk_based=True, rational=rational, price=cap, reservation=reservation)
    assert expected == pytest.approx(simulated, rel=0.02)  # four standard errors of 100,000 draws


def test_no_price_room_means_no_offer():
    assert mass_lending(0.3, base=0.13) == (0.0, 0.0, 0.0, 0.0)


def test_a_lender_that_knows_nothing_offers_to_all_or_to_none():
    offered, *_ = lending(0.0, 0.0, 1.0, terms(0.05, rational=False))
    assert offered == 1.0
    offered, *_ = lending(0.0, 0.0, 1.0, terms(0.129, rational=False))
    assert offered == 0.0


def test_few_nodes_are_within_a_thousandth_of_many(monkeypatch):
    coarse = {}
    cases = [(tau, base) for tau in (0.05, 0.2, 0.8, 2.0) for base in (0.07, 0.094)]
    for case in cases:
        coarse[case] = mass_lending(case[0], base=case[1])
    nodes, weights = np.polynomial.legendre.leggauss(300)
    monkeypatch.setattr(screening, "NODES", nodes)
    monkeypatch.setattr(screening, "WEIGHTS", weights)
    monkeypatch.setattr(screening, "_REACH", 7.0)
    for case in cases:
        assert coarse[case][1:] == pytest.approx(mass_lending(case[0], base=case[1])[1:], rel=1.5e-3)


@pytest.mark.parametrize("cutoff", [-1.5, -0.5, 0.5])
def test_those_who_passed_are_a_truncated_normal(cutoff):
    generator = np.random.default_rng(6)
    z = generator.standard_normal(1_000_000)
    passed = z + generator.standard_normal(len(z)) / math.sqrt(0.8) >= cutoff
    mean, variance, share = passed_applicants(cutoff, 0.8)
    assert (mean, variance, share) == pytest.approx((z[passed].mean(), z[passed].var(), passed.mean()), abs=5e-3)


def test_everybody_passes_without_a_cutoff_and_nobody_an_infinite_one():
    assert passed_applicants(-math.inf, 0.8) == (0.0, 1.0, 1.0)
    assert passed_applicants(math.inf, 0.8)[2] == 0.0


@pytest.mark.parametrize("depth", [0.0, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("cutoff", [-1.5, 0.5])
def test_information_is_that_of_simulated_beliefs(depth, cutoff):
    """Mean and spread of the posterior mean over passed applicants, each belief by the exact inference of `signals`."""
    generator = np.random.default_rng(7)
    own, platform = 0.3, 0.8
    z = generator.standard_normal(400_000)
    score = z + generator.standard_normal(len(z)) / math.sqrt(platform)
    seen = score >= cutoff
    z, score = z[seen], score[seen]
    mean, variance = posterior(z + generator.standard_normal(len(z)) / math.sqrt(own), own)
    blur = math.sqrt((1 / depth - 1) / platform) if depth > 0 else 0.0
    shared = score + blur * generator.standard_normal(len(z))
    weight = sharing_weight(variance, platform, depth)
    mean, variance, latent, spread, covariance = with_shared_score(mean, variance, shared, weight, platform)
    if spread > 1e-9:
        k = (latent - cutoff) / math.sqrt(spread)
        ratio = np.exp(-0.5 * k * k) / math.sqrt(2 * math.pi) / ndtr(k)
        mean = mean + covariance / math.sqrt(spread) * ratio
        variance = (variance - covariance**2 / spread * ratio * (ratio + k)).mean()
    expected_mean, expected_spread, expected_variance = information(
        own, platform, depth, *passed_applicants(cutoff, platform)[:2]
    )
    assert expected_mean == pytest.approx(mean.mean(), abs=5e-3)
    assert expected_spread == pytest.approx(mean.std(), rel=0.015)
    assert expected_variance == pytest.approx(variance, rel=0.01)


def test_no_lender_knows_more_than_both_signals():
    for depth in (0.0, 0.3, 1.0):
        for cutoff in (-math.inf, -1.0, 0.5):
            pool = passed_applicants(cutoff, 0.8)[:2]
            assert information(0.3, 0.8, depth, *pool)[2] >= 1.0 / (1.0 + 0.3 + 0.8) - 1e-12


def test_compiled_is_plain():
    arguments = (0.1, 0.5, 0.7, terms())
    assert compiled(lending)(*arguments) == pytest.approx(lending(*arguments), rel=1e-13)
