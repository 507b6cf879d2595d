"""A lender's belief about one applicant, and the signal from which it approves."""

from __future__ import annotations

import math

from colend.equations.acceptance import accepted_belief
from colend.equations.default import hazard_score
from colend.equations.numbers import Row, Whole
from colend.equations.pricing import mean_needed
from colend.equations.signals import (
    common_noise,
    earlier_signal,
    posterior,
    repeated_signal,
    truncation,
    truncation_between,
    with_shared_score,
)
from colend.state.table import Table
from colend.state.tables import JOINT, LENDER, NONE


def belief(
    signal: float, offer: Row, shared_score: float, cutoff: float, month: Row, refusals: Table, visited: Whole
) -> tuple[float, float]:
    """Mean and variance of the applicant's z as the lender of `offer` sees it.

    Own signal, then the score that the platform shares, then (rational lenders only) what selection reveals: each of
    the `visited` lenders before refused it for risk, and the platform passed the application (x_p >= `cutoff`). What
    acceptance says comes last, at the price that is asked (`given_acceptance`). In this order moment matching is within
    4 % of simulation; with the platform's part before the refusals it is 8 % off at the third lender.
    """
    mean, variance = posterior(signal, offer.precision)
    score_mean, score_variance, covariance = mean, variance, variance
    if offer.kind == JOINT:
        mean, variance, score_mean, score_variance, covariance = with_shared_score(
            mean, variance, shared_score, offer.sharing_weight, offer.platform_precision
        )
    if month.rational == 0:
        return mean, variance
    if visited > 0:
        before_mean, before_variance = mean, variance
        mean, variance = given_refusals(signal, offer, mean, variance, month, refusals, visited)
        carried = covariance / before_variance  # banks' refusals tell of the score only what they tell of z
        score_mean += carried * (mean - before_mean)
        score_variance -= carried * carried * (before_variance - variance)
        covariance = carried * variance
    if offer.kind == JOINT:
        ceiling = lender_cutoff(refusals, visited)
        if cutoff > -math.inf or ceiling < math.inf:
            shift, shrink = truncation_between(score_mean, score_variance, cutoff, ceiling)
            mean, variance = mean + covariance * shift, variance - covariance * covariance * shrink
    return mean, variance


def given_acceptance(mean: float, variance: float, log_price: float, month: Row) -> tuple[float, float]:
    """Mean and variance of z once the borrower takes the loan at a price, `log_price` = ln(r / R_s), as the lender sees
    it: to naive ones that says nothing.
    """
    if month.rational == 0:
        return mean, variance
    return accepted_belief(mean, variance, log_price, month.reservation_slope, month.reservation_sigma)


def given_refusals(
    signal: float, offer: Row, mean: float, variance: float, month: Row, refusals: Table, visited: Whole
) -> tuple[float, float]:
    """Mean and variance of z given that each of the `visited` banks before saw a signal below its cut-off.

    Banks' signals share noise u, so each refusal tells of u too, and the next one says the less about z.
    """
    common = month.bureau_correlation
    own = 0.0 if offer.kind == LENDER else common
    noise_mean, noise_variance, covariance = common_noise(signal, offer.precision, own, mean, variance)
    for i in range(visited):
        if refusals[i].informative == 0 or refusals[i].bank == NONE:
            continue
        if refusals[i].bank == offer.bank:
            latent_mean, latent_variance, with_z, with_noise = repeated_signal(
                signal, offer.precision, refusals[i].precision, mean, variance, covariance
            )
        else:
            latent_mean, latent_variance, with_z, with_noise = earlier_signal(
                refusals[i].precision, common, mean, variance, noise_mean, noise_variance, covariance
            )
        shift, shrink = truncation(-latent_mean, latent_variance, -refusals[i].cutoff)
        mean, noise_mean = mean - with_z * shift, noise_mean - with_noise * shift
        variance -= with_z * with_z * shrink
        noise_variance -= with_noise * with_noise * shrink
        covariance -= with_z * with_noise * shrink
    return mean, variance


def lender_cutoff(refusals: Table, visited: Whole) -> float:
    """The score below which the platform's own lender refused, if it saw the application before; else inf."""
    for i in range(visited):
        if refusals[i].informative != 0 and refusals[i].bank == NONE:
            return refusals[i].cutoff
    return math.inf


def signal_cutoff(
    limit: float,
    log_price: float,
    offer: Row,
    loading: float,
    shared_score: float,
    cutoff: float,
    month: Row,
    refusals: Table,
    visited: Whole,
) -> float:
    """The own signal at which the hazard score, at the most that this lender asks, is `limit`: below it, it refuses.

    Newton's first step starts where the signal alone would decide; two secant steps follow (the belief is nearly
    linear in the signal).
    """
    gain = offer.precision / (1.0 + offer.precision)
    variance = 1.0 / (1.0 + offer.precision)
    x0 = mean_needed(limit, offer.threshold, loading, variance) / gain
    mean, variance = belief(x0, offer, shared_score, cutoff, month, refusals, visited)
    mean, variance = given_acceptance(mean, variance, log_price, month)
    f0 = hazard_score(offer.threshold, loading, mean, variance) - limit
    x1 = x0 + f0 * math.sqrt(1.0 + loading * loading * variance) / (loading * gain)
    for _ in range(2):
        mean, variance = belief(x1, offer, shared_score, cutoff, month, refusals, visited)
        mean, variance = given_acceptance(mean, variance, log_price, month)
        f1 = hazard_score(offer.threshold, loading, mean, variance) - limit
        if abs(f1) < 1e-6 or abs(f1 - f0) < 1e-12:
            break
        x0, x1, f0 = x1, x1 - f1 * (x1 - x0) / (f1 - f0), f1
    return x1
