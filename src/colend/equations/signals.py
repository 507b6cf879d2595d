"""What a lender knows about an applicant: normal signals, and what selection reveals.

A screener with precision tau sees x = z + e, e ~ N(0, 1/tau). Events that selected the application before the lender
saw it (the platform passed it, earlier lenders refused it, the borrower accepts) truncate a latent normal that is
correlated with z; the belief stays normal by moment matching, as in Clark (1961)'s and Heckman (1979)'s truncated
moments.
"""

from __future__ import annotations

import math

from colend.equations.normal import inverse_mills_ratio

_NO_SPREAD = 1e-12  # below this variance a latent is known, and truncation says nothing more


def posterior(signal, precision):
    """Mean and variance of z ~ N(0, 1) after a signal of that precision: tau x / (1 + tau), 1 / (1 + tau)."""
    variance = 1.0 / (1.0 + precision)
    return precision * signal * variance, variance


def sharing_weight(variance, platform_precision, depth):
    """1 / D, D = A + (1/delta - 1)/tau_p, A = v + 1/tau_p: how much a shared score at depth delta in [0, 1] counts;
    0: nothing.
    """
    if depth <= 0.0:
        return 0.0
    return 1.0 / (variance + 1.0 / (platform_precision * depth))


def with_shared_score(mean, variance, score, weight, platform_precision):
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


def given_above(mean, variance, latent_mean, latent_variance, covariance, cutoff):
    """Mean and variance of z once it is known that the latent exceeds `cutoff`.

    k = (mu - c)/s, lambda = phi(k)/Phi(k): m + cov lambda / s, v - (cov / s)^2 lambda (lambda + k).
    """
    if latent_variance <= _NO_SPREAD:
        return mean, variance
    spread = math.sqrt(latent_variance)
    k = (latent_mean - cutoff) / spread
    ratio = inverse_mills_ratio(k)
    slope = covariance / spread
    return mean + slope * ratio, variance - slope * slope * ratio * (ratio + k)


def given_below(mean, variance, latent_mean, latent_variance, covariance, cutoff):
    """The same for a latent below `cutoff`: the mirror image of `given_above`."""
    return given_above(mean, variance, -latent_mean, latent_variance, -covariance, -cutoff)


def earlier_signal(signal, precision, other_precision, common, mean, variance):
    """What this lender believes about an earlier lender's signal x_j, before and after the rest of what it knows.

    The two lenders' noises share a part: `common` = rho_b, so c = 1 + rho_b / sqrt(tau_i tau_j). With V = 1 +
    1/tau_i, on x_i alone x_j ~ N(x_i c / V, 1 + 1/tau_j - c^2 / V) and cov(z, x_j) = 1 - c / V. Then it is carried to
    the current belief (`mean`, `variance`) about z with the regression g = cov / v. Returns mean and variance of x_j,
    covariance with z.
    """
    own_mean, own_variance = posterior(signal, precision)
    total = 1.0 + 1.0 / precision
    shared = 1.0 + common / math.sqrt(precision * other_precision)
    regression = (1.0 - shared / total) / own_variance
    latent_mean = signal * shared / total + regression * (mean - own_mean)
    latent_variance = 1.0 + 1.0 / other_precision - shared * shared / total - regression**2 * (own_variance - variance)
    return latent_mean, latent_variance, regression * variance
