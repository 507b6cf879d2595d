"""What an alliance and a pilot are worth to one party: section 6 of the model, by quadrature.

Terms of a party (a record, yuan): `gain`, what a month at full allocation brings per unit of the share served (N w,
and what transfer adds); `pilot_gain`, the same in a pilot; `cost` and `pilot_monthly_cost`, of running it and of
applications; `signing`, `integration`, `setup`, once; `noise`, variance of one month's observed logit at full
allocation, `pilot_noise` in a pilot; months as in the parameters; `months` those counted, the shorter of term and
horizon; `continues`, 1 where a pilot goes on while the pact is integrated.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from colend.equations.fit import expected_share, fill_shares, mean_for_share, share_at, variance_after
from colend.equations.normal import normal_density
from colend.equations.numbers import Row

TERMS = np.dtype(
    [
        (name, "f8")
        for name in (
            "gain",
            "cost",
            "pilot_gain",
            "pilot_monthly_cost",
            "signing",
            "integration",
            "setup",
            "noise",
            "pilot_noise",
            "pilot_scale_variance",
            "operation_variance",
            "discount",
            "integration_months",
            "review_months",
            "months",
            "setup_months",
            "pilot_months",
            "continues",
        )
    ]
)
_REACH = 6.5  # standard deviations of the belief to come that are integrated over
# Gauss-Legendre on [-1, 1]; the kink of max(0, .) is an end of the interval, so the integrand is smooth.
_NODES, _WEIGHTS = (tuple(float(x) for x in part) for part in np.polynomial.legendre.leggauss(20))


def annuity_between(discount: float, first: float, last: float) -> float:
    """sum of discount^t for whole t from `first` to `last`; 0 when there are none."""
    months = last - first + 1.0
    if months <= 0.0:
        return 0.0
    if discount >= 1.0:
        return months
    return discount**first * (1.0 - discount**months) / (1.0 - discount)


def surplus(
    mean: float, variance: float, gain: float, cost: float, operation_variance: float, table: np.ndarray
) -> float:
    """S-bar(m, v): expected surplus of a month, gain x E[logistic(x + u)] - cost, on the belief N(m, v)."""
    return gain * expected_share(mean, variance + operation_variance, table) - cost


class Tables(NamedTuple):
    """E[share served] by belief, and room for those of one belief."""

    whole: np.ndarray  # `share_table`
    pilot: np.ndarray  # one that reaches as far as what a pilot shows may differ from the whole
    room: np.ndarray  # float64[means of the first]


class Ahead(NamedTuple):
    """What is ahead of a pact, as far as it does not hang on the mean of the belief that it is valued on."""

    must: float  # months of operation until the first review, each by its discount
    may: float  # months after it
    tried: float  # months of a pilot that goes on
    spread: float  # deviation of the mean that will be believed at the review
    root: float  # that mean at which the surplus is 0: above it the alliance goes on, below it goes dormant
    shares: np.ndarray  # E[share served] then, by the means of the table


def ahead_of(variance: float, terms: Row, tables: Tables) -> Ahead:
    """What is ahead on a belief of this variance."""
    start, table = terms.integration_months, tables.whole
    review = min(start + terms.review_months, terms.months)
    later = variance_after(variance, terms.review_months / terms.noise)
    fill_shares(later + terms.operation_variance, table, tables.room)
    root = math.inf if terms.cost > 0.0 else -math.inf
    if terms.gain > 0.0:
        root = mean_for_share(terms.cost / terms.gain, later + terms.operation_variance, table)
    return Ahead(
        annuity_between(terms.discount, start + 1.0, review),
        annuity_between(terms.discount, start + terms.review_months + 1.0, terms.months),
        annuity_between(terms.discount, 1.0, min(start, terms.months)) if terms.continues > 0.0 else 0.0,
        math.sqrt(max(0.0, variance - later)),
        root,
        tables.room,
    )


def option_on_surplus(mean: float, terms: Row, ahead: Ahead, table: np.ndarray) -> float:
    """E[max(0, S-bar(m_L, v_L))], m_L ~ N(mean, spread^2)."""
    if ahead.spread <= 1e-9:
        return max(0.0, terms.gain * share_at(mean, table, ahead.shares) - terms.cost)
    low = max(-_REACH, (ahead.root - mean) / ahead.spread)
    if low >= _REACH:
        return 0.0
    half = 0.5 * (_REACH - low)
    total = 0.0
    for i in range(len(_NODES)):
        z = low + half * (1.0 + _NODES[i])
        value = terms.gain * share_at(mean + ahead.spread * z, table, ahead.shares) - terms.cost
        total += _WEIGHTS[i] * value * normal_density(z)
    return half * total


def pilot_surplus(mean: float, variance: float, terms: Row, pilot_table: np.ndarray) -> float:
    """S_pilot: expected surplus of a pilot's month, whose fit may differ from the whole by N(0, scale^2)."""
    return surplus(
        mean,
        variance + terms.pilot_scale_variance,
        terms.pilot_gain,
        terms.pilot_monthly_cost,
        terms.operation_variance,
        pilot_table,
    )


def alliance_value(mean: float, variance: float, terms: Row, ahead: Ahead, tables: Tables) -> float:
    """V(m, v) = -K_sign - K_int + sum_{t=I+1}^{I+L} b^t S(m, v) + sum_{t=I+L+1}^{T} b^t E[max(0, S(m_L, v_L))].

    m_L ~ N(m, v - v_L) is the belief at the first review; `ahead` is that of the same variance. Where a pilot
    continues the months of integration earn, too: + sum_{t=1}^{I} b^t S_pilot.
    """
    value = ahead.must * surplus(mean, variance, terms.gain, terms.cost, terms.operation_variance, tables.whole)
    if ahead.may > 0.0:
        value += ahead.may * option_on_surplus(mean, terms, ahead, tables.whole)
    if ahead.tried > 0.0:
        value += ahead.tried * pilot_surplus(mean, variance, terms, tables.pilot)
    return value - terms.signing - terms.integration


def variance_after_pilot(variance: float, terms: Row) -> float:
    """v_P: posterior variance after the pilot's months; what it shows may differ from the whole by N(0, scale^2)."""
    information = terms.pilot_months / (terms.pilot_noise + terms.pilot_months * terms.pilot_scale_variance)
    return variance_after(variance, information)


def pilot_value(mean: float, variance: float, terms: Row, tables: Tables) -> float:
    """V_pilot(m, v) = -K_pilot + sum_{t=U+1}^{U+P} b^t S_pilot + b^(U+P) E[max(0, V(m_P, v_P))].

    m_P ~ N(m, v - v_P) is the belief at the end of the pilot.
    """
    end = terms.setup_months + terms.pilot_months
    months = annuity_between(terms.discount, terms.setup_months + 1.0, end)
    during = months * pilot_surplus(mean, variance, terms, tables.pilot)
    later = variance_after_pilot(variance, terms)
    spread = math.sqrt(max(0.0, variance - later))
    after = option_on_alliance(mean, spread, later, terms, ahead_of(later, terms, tables), tables)
    return during - terms.setup + terms.discount**end * after


def option_on_alliance(mean: float, spread: float, variance: float, terms: Row, ahead: Ahead, tables: Tables) -> float:
    """E[max(0, V(m_P, v_P))], m_P ~ N(mean, spread^2): V rises in m_P, its root is found first so that the kink ends
    the interval.
    """
    if spread <= 1e-9:
        return max(0.0, alliance_value(mean, variance, terms, ahead, tables))
    low, high = mean - _REACH * spread, mean + _REACH * spread
    if alliance_value(high, variance, terms, ahead, tables) <= 0.0:
        return 0.0
    if alliance_value(low, variance, terms, ahead, tables) < 0.0:
        top = high
        for _ in range(10):  # V is 0 at the root, so its error there counts squared
            middle = 0.5 * (low + top)
            if alliance_value(middle, variance, terms, ahead, tables) < 0.0:
                low = middle
            else:
                top = middle
    half = 0.5 * (high - low)
    total = 0.0
    for i in range(len(_NODES)):
        point = low + half * (1.0 + _NODES[i])
        worth = alliance_value(point, variance, terms, ahead, tables)
        total += _WEIGHTS[i] * worth * normal_density((point - mean) / spread)
    return half * total / spread


def value_rows(
    means: np.ndarray, variances: np.ndarray, terms: np.ndarray, tables: Tables, pilot: np.ndarray, values: np.ndarray
) -> None:
    """Fill `values` with V, or V_pilot where `pilot` is 1, row by row; `terms` is TERMS[rows]."""
    for i in range(len(values)):
        row = terms[i]
        if pilot[i] != 0:
            values[i] = pilot_value(means[i], variances[i], row, tables)
        else:
            ahead = ahead_of(variances[i], row, tables)
            values[i] = alliance_value(means[i], variances[i], row, ahead, tables)


def surplus_rows(
    means: np.ndarray, variances: np.ndarray, terms: np.ndarray, table: np.ndarray, values: np.ndarray
) -> None:
    """Fill `values` with S-bar at full operation, row by row."""
    for i in range(len(values)):
        row = terms[i]
        values[i] = surplus(means[i], variances[i], row.gain, row.cost, row.operation_variance, table)


def share_rows(means: np.ndarray, variances: np.ndarray, table: np.ndarray, values: np.ndarray) -> None:
    """Fill `values` with the expected share served on each belief (operational noise included in the variance)."""
    for i in range(len(values)):
        values[i] = expected_share(means[i], variances[i], table)
