"""One application's whole waterfall recomputed by hand, lender by lender, with SciPy and the model's formulas."""

import math

import numpy as np
import pytest
from scipy import optimize, stats

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
from colend.state.tables import JOINT, TOTAL, table

BETA, LGD, THRESHOLD, PLATFORM, COMMON = 0.6, 0.65, -3.116, 0.8, 0.3


def truncated(mean, variance, latent_mean, latent_variance, covariance, cutoff, above):
    """Moments of z given the latent above (or below) the cut-off, from the truncated normal's own mean and variance."""
    spread = math.sqrt(latent_variance)
    at = (cutoff - latent_mean) / spread
    law = stats.truncnorm(at, np.inf) if above else stats.truncnorm(-np.inf, at)
    slope = covariance / latent_variance
    return mean + slope * spread * law.mean(), variance - slope**2 * latent_variance * (1.0 - law.var())


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
        mean, variance = precision * signal / (1 + precision), 1 / (1 + precision)
        own_mean, own_variance = mean, variance
        if joint:
            wide = variance + 1 / PLATFORM
            latent = [mean, wide, variance]
            if self.depth > 0:
                blur = (1 / self.depth - 1) / PLATFORM
                seen = self.score + math.sqrt(blur) * normal(self.key, SHARED_NOISE)
                total = wide + blur
                latent = [mean + wide * (seen - mean) / total, wide * (1 - wide / total), variance * (1 - wide / total)]
                mean, variance = mean + variance * (seen - mean) / total, variance - variance**2 / total
            mean, variance = truncated(mean, variance, *latent, self.platform_cutoff(), above=True)
        for other, cutoff in self.refusals:
            shared = 1 + (COMMON if joint else 0.0) / math.sqrt(precision * other)
            total = 1 + 1 / precision
            g = (1 - shared / total) / own_variance
            latent_mean = signal * shared / total + g * (mean - own_mean)
            latent_variance = 1 + 1 / other - shared**2 / total - g**2 * (own_variance - variance)
            mean, variance = truncated(mean, variance, latent_mean, latent_variance, g * variance, cutoff, above=False)
        price = 0.13
        return truncated(
            mean, variance, -0.2 * mean, 0.25**2 + 0.04 * variance, -0.2 * variance, math.log(price / 0.2), above=True
        )

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

    Tolerance: 5 % for moment matching (design document) plus four standard errors of the mean hazard.
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
                assert ratios[rational, contract] == pytest.approx(1.0, abs=0.05 + error)
    assert all(ratios[0, contract] < ratios[1, contract] for contract in (3, 4, 5, 6))
    assert min(ratios[0, contract] for contract in (4, 5, 6)) < 0.85
