"""How much a lender may lend: capital ratio, hurdle rate, headroom, admission, overshoot.

Yuan and yearly rates; scalars or arrays.
"""

from __future__ import annotations

import numpy as np


def capital_ratio(equity, weighted_loans, other):
    """Equity over risk-weighted consumer loans + other risk-weighted assets (exogenous); +inf without either."""
    assets = np.asarray(weighted_loans + other, dtype=float)
    return np.where(assets > 0.0, equity / np.where(assets > 0.0, assets, 1.0), np.inf)


def hurdle(ratio, minimum, base, slope, scale):
    """The return a lender wants above its costs: base + slope exp(-(ratio - minimum)/scale).

    At and below the minimum it is base + slope.
    """
    return base + slope * np.exp(-np.maximum(ratio - minimum, 0.0) / scale)


def headroom(equity, minimum_ratio, consumer_loans, risk_weight, other, deposits):
    """Yuan that may still be lent: the smaller of what capital and what deposits allow, never below 0.

    Capital allows (equity/minimum - other)/risk weight - loans, deposits `deposits` - loans (+inf: no limit).
    """
    capital = (equity / minimum_ratio - other) / risk_weight
    return np.maximum(np.minimum(capital, deposits) - consumer_loans, 0.0)


def monthly_runoff(balance, mean_term):
    """Principal repaid a month on a steady book of equal-principal loans: balance x 2 / (T + 1)."""
    return balance * 2.0 / (mean_term + 1.0)


def admission(available, expected_lending):
    """P(an application finds capacity) = min(1, available / expected lending); 1 when nothing is expected."""
    available, expected = np.broadcast_arrays(np.asarray(available, float), np.asarray(expected_lending, float))
    return np.divide(available, expected, out=np.ones(expected.shape), where=expected > available)


def overshoot(consumer_loans, equity, minimum_ratio, risk_weight, other):
    """Yuan of loans beyond what capital allows, funded at the penalty rate."""
    return np.maximum(consumer_loans - (equity / minimum_ratio - other) / risk_weight, 0.0)


def offered_lending(headroom_left, runoff, months, alliances):
    """Kappa, yuan a month that a bank offers each alliance: (headroom / months + run-off) / max(1, alliances)."""
    return (headroom_left / months + runoff) / np.maximum(alliances, 1)
