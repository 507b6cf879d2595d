"""What a lender knows about an applicant: normal signals, and what selection reveals.

A screener with precision tau sees x = z + e, e ~ N(0, 1/tau). Events that selected the application before the lender
saw it (the platform passed it, earlier lenders refused it, the borrower accepts) truncate a latent normal that is
correlated with z; the belief stays normal by moment matching, as in Clark (1961)'s and Heckman (1979)'s truncated
moments.
"""

from __future__ import annotations

import math

from colend.equations.normal import inverse_mills_ratio, normal_cdf, normal_density

_NO_SPREAD = 1e-12  # below this variance a latent is known, and truncation says nothing more


def posterior(signal: float, precision: float) -> tuple[float, float]:
    """Mean and variance of z ~ N(0, 1) after a signal of that precision: tau x / (1 + tau), 1 / (1 + tau)."""
    variance = 1.0 / (1.0 + precision)
    return precision * signal * variance, variance


def sharing_weight(variance: float, platform_precision: float, depth: float) -> float:
    """1 / D, D = A + (1/delta - 1)/tau_p, A = v + 1/tau_p: how much a shared score at depth delta in [0, 1] counts;
    0: nothing.
    """
    if depth <= 0.0:
        return 0.0
    return 1.0 / (variance + 1.0 / (platform_precision * depth))


def with_shared_score(
    mean: float, variance: float, score: float, weight: float, platform_precision: float
) -> tuple[float, float, float, float, float]:
    """Belief about z and about the platform's score x_p after the shared score y with `weight` = 1 / D.

    Returns the mean and variance of z, then the mean and variance of x_p and the covariance of both.
    """
    spread = variance + 1.0 / platform_precision
    surprise = (score - mean) * weight
    return (
        mean + variance * surprise,
        variance - variance * variance * weight,
        mean + spread * surprise,
        spread * (1.0 - spread * weight),
        variance * (1.0 - spread * weight),
    )


def truncation(latent_mean: float, latent_variance: float, cutoff: float) -> tuple[float, float]:
    """What it says that a normal latent exceeds `cutoff`: (shift, shrink).

    k = (mu - c)/s, lambda = phi(k)/Phi(k): anything with covariance c to the latent has its mean moved by c lambda / s,
    and two such things have their covariance lowered by c c' lambda (lambda + k) / s^2.
    """
    if latent_variance <= _NO_SPREAD:
        return 0.0, 0.0
    spread = math.sqrt(latent_variance)
    k = (latent_mean - cutoff) / spread
    ratio = inverse_mills_ratio(k)
    return ratio / spread, ratio * (ratio + k) / latent_variance


def truncation_between(latent_mean: float, latent_variance: float, low: float, high: float) -> tuple[float, float]:
    """The same for a latent known to lie between `low` and `high` (either may be infinite), as shift and shrink.

    a = (low - mu)/s, b = (high - mu)/s, P = Phi(b) - Phi(a): shift (phi(a) - phi(b))/P and shrink shift^2 - (a phi(a) -
    b phi(b))/P, before the division by s and s^2. Where P vanishes the latent lies at the nearer end.
    """
    if high == math.inf:
        return truncation(latent_mean, latent_variance, low)
    if low == -math.inf:
        shift, shrink = truncation(-latent_mean, latent_variance, -high)
        return -shift, shrink
    if latent_variance <= _NO_SPREAD:
        return 0.0, 0.0
    spread = math.sqrt(latent_variance)
    a, b = (low - latent_mean) / spread, (high - latent_mean) / spread
    inside = normal_cdf(-a) - normal_cdf(-b) if a > 0.0 else normal_cdf(b) - normal_cdf(a)
    if inside < 1e-12:
        return (a if a > 0.0 else b) / spread, 1.0 / latent_variance
    at_a, at_b = normal_density(a), normal_density(b)
    shift = (at_a - at_b) / inside
    return shift / spread, (shift * shift - (a * at_a - b * at_b) / inside) / latent_variance


def given_above(
    mean: float, variance: float, latent_mean: float, latent_variance: float, covariance: float, cutoff: float
) -> tuple[float, float]:
    """Mean and variance of z once it is known that the latent exceeds `cutoff`."""
    shift, shrink = truncation(latent_mean, latent_variance, cutoff)
    return mean + covariance * shift, variance - covariance * covariance * shrink


def common_noise(
    signal: float, precision: float, common: float, mean: float, variance: float
) -> tuple[float, float, float]:
    """What a lender believes about u ~ N(0, 1), the noise that banks share, beside its belief about z.

    Banks' signals are x = z + sqrt(rho_b / tau) u + e, e ~ N(0, (1 - rho_b) / tau), so given z and x: u ~ N(sqrt(rho_b
    tau)(x - z), 1 - rho_b). `common` is rho_b, 0 for a lender whose signal has no part in it. Returns mean and variance
    of u and its covariance with z.
    """
    slope = math.sqrt(common * precision)
    return slope * (signal - mean), 1.0 - common + slope * slope * variance, -slope * variance


def earlier_signal(
    precision: float,
    common: float,
    mean: float,
    variance: float,
    noise_mean: float,
    noise_variance: float,
    covariance: float,
) -> tuple[float, float, float, float]:
    """What this lender believes about an earlier bank's signal x_j of that precision, from its belief about z and u.

    Returns mean and variance of x_j, its covariance with z and with u.
    """
    loading = math.sqrt(common / precision)
    with_z = variance + loading * covariance
    with_noise = covariance + loading * noise_variance
    return (
        mean + loading * noise_mean,
        with_z + loading * with_noise + (1.0 - common) / precision,
        with_z,
        with_noise,
    )


def repeated_signal(
    signal: float, precision: float, earlier_precision: float, mean: float, variance: float, covariance: float
) -> tuple[float, float, float, float]:
    """What a bank that saw the applicant with `earlier_precision` before, in the same month, knows of that signal.

    Its noise is the same, scaled: x_j = z + (x - z) r, r = sqrt(precision / earlier precision) <= 1. Returns as
    `earlier_signal` does; with r = 1 there is nothing left to learn.
    """
    own = math.sqrt(precision / earlier_precision)
    left = 1.0 - own
    return left * mean + own * signal, left * left * variance, left * variance, left * covariance
