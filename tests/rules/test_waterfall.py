"""One application's whole waterfall recomputed by hand, lender by lender, with SciPy and the model's formulas."""

import math

import numpy as np
import pytest
from scipy import optimize, special, stats

from colend.month.borrowers import pass_over, scratch
from colend.rules.borrower import borrower_month
from colend.state.draws import (
    BUREAU_NOISE,
    LENDER_NOISE,
    PLATFORM_SCORE,
    ROUTE,
    SHARED_NOISE,
    TERM,
    entity_key,
    normal,
    uniform,
)
from colend.state.tables import JOINT, table
from colend.state.totals import TOTAL

BETA, LGD, THRESHOLD, PLATFORM, COMMON = 0.6, 0.65, -3.116, 0.8, 0.3


def truncated(at, above):
    """Mean and variance of a standard normal above or below `at`; `stats.truncnorm` takes a thousand times as long."""
    side = 1.0 if above else -1.0
    mean = side * math.exp(-0.5 * at**2 - 0.5 * math.log(2.0 * math.pi) - special.log_ndtr(-side * at))
    return mean, 1.0 + at * mean - mean**2


class Gaussian:
    """What a lender believes about (z, u, x_p): creditworthiness, the noise that banks share, the platform's score."""

    def __init__(self):
        self.mean = np.zeros(3)
        self.covariance = np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 1.0 + 1.0 / PLATFORM]])

    def learn(self, weights, noise, mean, variance):
        """The latent weights' (z, u, x_p) + noise has this mean and variance now, and was normal before."""
        gain = self.covariance @ weights
        before = weights @ gain + noise
        self.mean = self.mean + gain / before * (mean - weights @ self.mean)
        self.covariance = self.covariance - np.outer(gain, gain) / before * (1.0 - variance / before)

    def observe(self, weights, noise, value):
        self.learn(np.array(weights), noise, value, 0.0)

    def truncate(self, weights, noise, cutoff, above):
        """By the truncated normal's own mean and variance."""
        weights = np.array(weights)
        mean, variance = weights @ self.mean, weights @ self.covariance @ weights + noise
        if variance < 1e-12:
            return
        shift, left = truncated((cutoff - mean) / math.sqrt(variance), above)
        self.learn(weights, noise, mean + math.sqrt(variance) * shift, variance * left)


class ByHand:
    """Follows one applicant through the platform's lenders; `story` lists (contract, outcome, hazard)."""

    def __init__(self, row, number, snapshot, depth):
        self.offers, self.key = snapshot.offers, entity_key(snapshot.month.key[0], number)
        self.z = float(row.creditworthiness)
        place = uniform(self.key, TERM)
        self.term = [3, 6, 9, 12][int(np.searchsorted([0.1, 0.35, 0.65, 1.0], place, side="right"))]
        self.months = 600_000 * (self.term + 1)
        self.score = self.z + normal(self.key, PLATFORM_SCORE) / math.sqrt(PLATFORM)
        self.depth = depth
        self.story = []
        self.refusals = []  # (precision, cut-off)
        self.route(dict(zip(snapshot.route_member.tolist(), snapshot.route_weight, strict=True)))

    def route(self, weights):
        for place in range(3):
            target = uniform(self.key, ROUTE + place) * sum(weights.values())
            for contract in weights:
                target -= weights[contract]
                if target < 0.0:
                    break
            del weights[contract]
            if self.visit(contract):
                return
        self.visit(3)

    def platform_cutoff(self):
        room = 0.08 + (0.02 - 24 * 500.0 / self.months) / 0.25
        hazard = room / (12 * LGD + room)
        variance = 1 / (1 + PLATFORM)
        mean = (THRESHOLD - stats.norm.ppf(hazard) * math.sqrt(1 + BETA**2 * variance)) / BETA
        return mean * (1 + PLATFORM) / PLATFORM

    def belief(self, signal, precision, joint):
        belief = Gaussian()
        if joint:
            belief.observe([1.0, math.sqrt(COMMON / precision), 0.0], (1.0 - COMMON) / precision, signal)
            if self.depth > 0:
                blur = (1 / self.depth - 1) / PLATFORM
                belief.observe([0.0, 0.0, 1.0], blur, self.score + math.sqrt(blur) * normal(self.key, SHARED_NOISE))
        else:
            belief.observe([0.0, 0.0, 1.0], 0.0, signal)
        for other, cutoff in self.refusals:
            belief.truncate([1.0, math.sqrt(COMMON / other), 0.0], (1.0 - COMMON) / other, cutoff, above=False)
        belief.truncate([0.0, 0.0, 1.0], 0.0, self.platform_cutoff(), above=True)
        belief.truncate([-0.2, 0.0, 0.0], 0.25**2, math.log(0.13 / 0.2), above=True)
        return belief.mean[0], belief.covariance[0, 0]

    def risk(self, signal, precision, joint):
        mean, variance = self.belief(signal, precision, joint)
        return (THRESHOLD - BETA * mean) / math.sqrt(1 + BETA**2 * variance)

    def visit(self, contract):
        """True when the story ends here."""
        offer = self.offers[contract, 1]
        joint = offer.kind == JOINT
        if joint and self.score < self.platform_cutoff():
            self.story.append((contract, "not_passed", None))
            return False
        precision, signal = float(offer.precision), self.score
        if joint:
            noise = math.sqrt(COMMON) * normal(self.key, BUREAU_NOISE)
            noise += math.sqrt(1 - COMMON) * normal(self.key, LENDER_NOISE + int(offer.bank))
            signal = self.z + noise / math.sqrt(precision)
        room = 0.13 - float(offer.base_rate) - 24 * 500.0 / self.months
        limit = stats.norm.ppf(room / (12 * LGD + room))
        risk = self.risk(signal, precision, joint)
        if risk <= limit:
            self.story.append((contract, "originations", stats.norm.cdf(risk)))
            return True
        cutoff = optimize.brentq(lambda x: self.risk(x, precision, joint) - limit, -25, 40)
        self.refusals.append((precision, cutoff))
        self.story.append((contract, "refused", None))
        return False


def test_truncated_moments_are_scipys():
    for at in (-6.0, -1.3, 0.0, 0.4, 5.0):
        assert truncated(at, True) == pytest.approx(stats.truncnorm.stats(at, np.inf), rel=1e-9)
        assert truncated(at, False) == pytest.approx(stats.truncnorm.stats(-np.inf, at), rel=1e-9)


@pytest.mark.parametrize("depth", [0.0, 0.4])
def test_every_visit_as_by_hand(hand_made, applicants, depth):
    """The only approximation is the cut-off's secant steps (1e-3 of a signal's unit), so near-ties are left out."""
    snapshot, rows = hand_made(depth=depth), applicants(90)
    lengths = []
    with np.errstate(over="ignore"):
        for number in range(len(rows)):
            totals = table(TOTAL, snapshot.offers.shape)
            story = ByHand(rows[number], number, snapshot, depth).story
            borrower_month(number, rows[number], snapshot, totals, scratch(3))
            lengths.append(len(story))
            for contract, outcome, hazard in story:
                assert totals.visited[contract, 1] == 1
                assert totals[outcome][contract, 1] == 1, (number, story)
                if hazard is not None:
                    assert rows.contract[number] == contract
                    assert rows.predicted_hazard[number] == pytest.approx(hazard, rel=2e-3)
            assert totals.visited.sum() == len(story)
    assert max(lengths) == 4
    assert lengths.count(1) > 10


def test_rational_lenders_are_calibrated_and_naive_ones_are_not(hand_made, applicants):
    """Hazard predicted against the true mean hazard of those who were funded, at each bank; no defaults drawn.

    Tolerance: 4 % for moment matching plus four standard errors of the mean hazard.
    """
    ratios = {}
    for rational in (1, 0):
        snapshot, rows = hand_made(rational=rational), applicants(150_000)
        generator = np.random.default_rng(5)
        spread = 0.25 * generator.standard_normal(len(rows)) - 0.2 * rows.creditworthiness
        rows.reservation_rate = 0.2 * np.exp(spread)
        pass_over(rows, snapshot)
        for contract in (3, 4, 5, 6):
            funded = rows[rows.contract == contract]
            true = stats.norm.cdf(THRESHOLD - BETA * funded.creditworthiness)
            error = 4 * true.std() / math.sqrt(len(funded)) / true.mean()
            ratios[rational, contract] = funded.predicted_hazard.mean() / true.mean()
            if rational:
                assert ratios[rational, contract] == pytest.approx(1.0, abs=0.04 + error)
    assert all(ratios[0, contract] < ratios[1, contract] for contract in (3, 4, 5, 6))
    assert min(ratios[0, contract] for contract in (4, 5, 6)) < 0.85
