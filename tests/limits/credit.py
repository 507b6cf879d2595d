"""What tests of screening and of selection share: settings, and what they integrate (thresholds, hazards, what a price
bears), all by SciPy.
"""

import math
from functools import cache

import numpy as np
from scipy import integrate, optimize, special, stats

SEGMENTS = ("prime", "mass", "thin_file")
LOADING, LOSS_GIVEN_DEFAULT = 0.6, 0.65
MATCHING = 0.04  # documented: predictions of rational lenders against simulation, by moment matching
# Banks are alike, everybody applies in the first month, and the economy's factor has no weight.
ALIKE = {
    "population__monthly_need": dict.fromkeys(SEGMENTS, 1.0),
    "population__demand_growth": 0.0,
    "population__initial_owner_share": dict.fromkeys(SEGMENTS, 0.0),
    "credit__asset_correlation": 0.0,
    "credit__origination_cost_joint": 0.0,
    "credit__origination_cost_own": 0.0,
    "banks__hurdle_slope": 0.0,
    "banks__rural__precision": 0.3,
    "platforms__minimum_income": 0.0,
    "platforms__lender_equity": 1e13,
    "alliances__prior_mean": 20.0,
    "alliances__prior_sd": 0.0,
    "alliances__fit_sd": 0.0,
    "alliances__operation_sd": 0.001,
}
# Loans of a month and little need: applicants stay a draw of everybody. Much default, so that there is much to learn; a
# platform that bears nothing, since its own intercept would move its cut-off and with it what banks have to learn.
MONTHLY = {
    "population__borrowers": 300_000,
    "population__persons": 300_000,
    "population__segment_share": {"prime": 0.0, "mass": 0.0, "thin_file": 1.0},
    "population__monthly_need": dict.fromkeys(SEGMENTS, 0.1),
    "population__terms_months": [1],
    "population__term_shares": [1.0],
    "population__reservation_rate": dict.fromkeys(SEGMENTS, 0.5),
    "credit__annual_default_rate": {"prime": 0.012, "mass": 0.04, "thin_file": 0.3},
    "credit__posted_rate": {"prime": 0.1, "mass": 0.1, "thin_file": 0.36},
    "credit__rate_cap": 1.0,
    "credit__lockout_months": 0,
    "credit__prescreen_inference": "naive",
    "alliances__funding_share": 1.0,
}


@cache
def threshold(annual):
    """d with integral [1 - (1 - Phi(d - beta z))^12] phi(z) dz = the annual default rate."""

    def excess(d):
        def good(z):
            return special.ndtr(LOADING * z - d) ** 12 * math.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)

        return 1.0 - integrate.quad(good, -9.0, 9.0)[0] - annual

    return optimize.brentq(excess, -8.0, 2.0, xtol=1e-10)


def required_loss(hazard):
    """12 LGD h/(1 - h)."""
    return 12.0 * LOSS_GIVEN_DEFAULT * hazard / (1.0 - hazard)


def bearable(room):
    """The hazard whose required loss is `room`."""
    return optimize.brentq(lambda hazard: required_loss(hazard) - room, 1e-12, 0.99, xtol=1e-14)


def predicted(d, mean, variance):
    """Hazard on z ~ N(mean, variance): Phi((d - beta mean)/sqrt(1 + beta^2 v))."""
    return stats.norm.cdf((d - LOADING * mean) / np.sqrt(1.0 + LOADING**2 * variance))


def mean_that_bears(d, room, variance):
    """The posterior mean at which the predicted hazard is what the price bears."""
    return (d - stats.norm.ppf(bearable(room)) * np.sqrt(1.0 + LOADING**2 * variance)) / LOADING


def discrimination(annual, precision, goods, bads):
    """AUC for default within 12 months, P(a good one's signal exceeds a bad one's) = E Phi((z_good - z_bad)
    sqrt(tau/2)), bad with 1 - (1 - h)^12; and the standard error of the Mann-Whitney statistic of so many of each
    (Hanley and McNeil 1982, Radiology 143).
    """
    z = np.linspace(-8.0, 8.0, 501)
    good = stats.norm.cdf(LOADING * z - threshold(annual)) ** 12
    good, bad = (weights * stats.norm.pdf(z) for weights in (good, 1.0 - good))
    good, bad = good / good.sum(), bad / bad.sum()
    area = good @ stats.norm.cdf((z[:, None] - z) * np.sqrt(precision / 2.0)) @ bad
    x = np.linspace(-8.0, 8.0, 801) * np.sqrt(1.0 + 1.0 / precision)
    at = (x[:, None] - z) * np.sqrt(precision)
    density = stats.norm.pdf(at) * np.sqrt(precision) * (x[1] - x[0])
    two_bads = density @ good @ (stats.norm.cdf(at) @ bad) ** 2
    two_goods = density @ bad @ (stats.norm.sf(at) @ good) ** 2
    variance = area * (1 - area) + (bads - 1) * (two_bads - area**2) + (goods - 1) * (two_goods - area**2)
    return area, np.sqrt(variance / goods / bads)
