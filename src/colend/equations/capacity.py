"""How much a lender may lend: capital ratio, hurdle rate, headroom, admission, overshoot.

Yuan and yearly rates; scalars or arrays.
"""

from __future__ import annotations

import numpy as np

from colend.equations.numbers import Numbers


def capital_ratio(equity: Numbers, weighted_loans: Numbers, other: Numbers) -> Numbers:
    """Equity over risk-weighted consumer loans + other risk-weighted assets (exogenous); +inf without either."""
    assets = np.asarray(weighted_loans + other, dtype=float)
    return np.where(assets > 0.0, equity / np.where(assets > 0.0, assets, 1.0), np.inf)


def hurdle(ratio: Numbers, minimum: Numbers, base: Numbers, slope: Numbers, scale: Numbers) -> Numbers:
    """The return a lender wants above its costs: base + slope exp(-(ratio - minimum)/scale).

    At and below the minimum it is base + slope.
    """
    return base + slope * np.exp(-np.maximum(ratio - minimum, 0.0) / scale)


def headroom(
    equity: Numbers,
    minimum_ratio: Numbers,
    consumer_loans: Numbers,
    risk_weight: Numbers,
    other: Numbers,
    deposits: Numbers,
) -> Numbers:
    """Yuan that may still be lent: the smaller of what capital and what deposits allow, never below 0.

    Capital allows (equity/minimum - other)/risk weight - loans, deposits `deposits` - loans (+inf: no limit).
    """
    capital = (equity / minimum_ratio - other) / risk_weight
    return np.maximum(np.minimum(capital, deposits) - consumer_loans, 0.0)


def monthly_runoff(balance: Numbers, mean_term: Numbers) -> Numbers:
    """Principal repaid a month on a steady book of equal-principal loans: balance x 2 / (T + 1)."""
    return balance * 2.0 / (mean_term + 1.0)


def admission(available: Numbers, expected_lending: Numbers) -> Numbers:
    """P(an application finds capacity) = min(1, available / expected lending); 1 when nothing is expected."""
    available, expected = np.broadcast_arrays(np.asarray(available, float), np.asarray(expected_lending, float))
    return np.divide(available, expected, out=np.ones(expected.shape), where=expected > available)


def overshoot(
    consumer_loans: Numbers, equity: Numbers, minimum_ratio: Numbers, risk_weight: Numbers, other: Numbers
) -> Numbers:
    """Yuan of loans beyond what capital allows, funded at the penalty rate."""
    return np.maximum(consumer_loans - (equity / minimum_ratio - other) / risk_weight, 0.0)


def offered_lending(headroom_left: Numbers, runoff: Numbers, months: Numbers, alliances: Numbers) -> Numbers:
    """Kappa, yuan a month that a bank offers each alliance: (headroom / months + run-off) / max(1, alliances)."""
    return (headroom_left / months + runoff) / np.maximum(alliances, 1)
