"""A lender's belief about one applicant, and the signal from which it approves."""

from __future__ import annotations

import math

from colend.equations.default import hazard_score
from colend.equations.pricing import mean_needed
from colend.equations.signals import earlier_signal, given_above, given_below, posterior, with_shared_score
from colend.state.tables import JOINT, LENDER


def belief(signal, offer, shared_score, cutoff, month, refusals, visited):
    """Mean and variance of the applicant's z as the lender of `offer` sees it.

    Own signal, then the score that the platform shares, then (rational lenders only) what selection reveals: the
    platform passed the application (x_p >= `cutoff`), each of the `visited` lenders before refused it for risk, and
    whoever takes the loan at this price accepts it (log reservation rate above the price's: `offer.acceptance` = ln(r /
    R_s); the good have other offers and leave first).
    """
    mean, variance = posterior(signal, offer.precision)
    if offer.kind == JOINT:
        mean, variance, score_mean, score_variance, covariance = with_shared_score(
            mean, variance, shared_score, offer.sharing_weight, offer.platform_precision
        )
        if month.rational != 0 and cutoff > -math.inf:
            mean, variance = given_above(mean, variance, score_mean, score_variance, covariance, cutoff)
    if month.rational == 0:
        return mean, variance
    common = 0.0 if offer.kind == LENDER else month.bureau_correlation
    for i in range(visited):
        if refusals[i].informative != 0:
            latent_mean, latent_variance, covariance = earlier_signal(
                signal, offer.precision, refusals[i].precision, common, mean, variance
            )
            mean, variance = given_below(mean, variance, latent_mean, latent_variance, covariance, refusals[i].cutoff)
    slope = month.reservation_slope
    spread = month.reservation_sigma * month.reservation_sigma + slope * slope * variance
    return given_above(mean, variance, -slope * mean, spread, -slope * variance, offer.acceptance)


def signal_cutoff(limit, offer, loading, shared_score, cutoff, month, refusals, visited):
    """The own signal at which the hazard score equals `limit`: below it this lender refuses.

    Newton's first step starts where the signal alone would decide; two secant steps follow (the belief is nearly
    linear in the signal).
    """
    gain = offer.precision / (1.0 + offer.precision)
    variance = 1.0 / (1.0 + offer.precision)
    x0 = mean_needed(limit, offer.threshold, loading, variance) / gain
    mean, variance = belief(x0, offer, shared_score, cutoff, month, refusals, visited)
    f0 = hazard_score(offer.threshold, loading, mean, variance) - limit
    x1 = x0 + f0 * math.sqrt(1.0 + loading * loading * variance) / (loading * gain)
    for _ in range(2):
        mean, variance = belief(x1, offer, shared_score, cutoff, month, refusals, visited)
        f1 = hazard_score(offer.threshold, loading, mean, variance) - limit
        if abs(f1) < 1e-6 or abs(f1 - f0) < 1e-12:
            break
        x0, x1, f0 = x1, x1 - f1 * (x1 - x0) / (f1 - f0), f1
    return x1
