"""What an alliance and a pilot are worth to one party: section 6 of the model, by quadrature.

Terms of a party (a record, yuan): `gain`, what a month at full allocation brings per unit of the share served (N w,
and what transfer adds); `pilot_gain`, the same in a pilot; `cost` and `pilot_monthly_cost`, of running it and of
applications; `signing`, `integration`, `setup`, once; `noise`, variance of one month's observed logit at full
allocation, `pilot_noise` in a pilot; months as in the parameters; `months` those counted, the shorter of term and
horizon; `continues`, 1 where a pilot goes on while the pact is integrated.
"""

from __future__ import annotations

import math

import numpy as np

from colend.equations.fit import expected_share, mean_for_share, variance_after
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


def option_on_surplus(
    mean: float,
    spread: float,
    later_variance: float,
    gain: float,
    cost: float,
    operation_variance: float,
    root: float,
    table: np.ndarray,
) -> float:
    """E[max(0, S-bar(m_L, v_L))], m_L ~ N(mean, spread^2), `root` the m_L where S-bar is 0."""
    if spread <= 1e-9:
        return max(0.0, surplus(mean, later_variance, gain, cost, operation_variance, table))
    low = max(-_REACH, (root - mean) / spread)
    if low >= _REACH:
        return 0.0
    half = 0.5 * (_REACH - low)
    total = 0.0
    for i in range(len(_NODES)):
        z = low + half * (1.0 + _NODES[i])
        value = surplus(mean + spread * z, later_variance, gain, cost, operation_variance, table)
        total += _WEIGHTS[i] * value * normal_density(z)
    return half * total


def review_root(variance: float, terms: Row, table: np.ndarray) -> float:
    """The belief at review at which the surplus is 0: above it the alliance goes on, below it goes dormant."""
    later = variance_after(variance, terms.review_months / terms.noise)
    if terms.gain <= 0.0:
        return math.inf if terms.cost > 0.0 else -math.inf
    return mean_for_share(terms.cost / terms.gain, later + terms.operation_variance, table)


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


def alliance_value(
    mean: float, variance: float, terms: Row, root: float, table: np.ndarray, pilot_table: np.ndarray
) -> float:
    """V(m, v) = -K_sign - K_int + sum_{t=I+1}^{I+L} b^t S(m, v) + sum_{t=I+L+1}^{T} b^t E[max(0, S(m_L, v_L))].

    m_L ~ N(m, v - v_L) is the belief at the first review; `root` from `review_root` at the same variance. Where a pilot
    continues the months of integration earn, too: + sum_{t=1}^{I} b^t S_pilot.
    """
    start = terms.integration_months
    review = min(start + terms.review_months, terms.months)
    later = variance_after(variance, terms.review_months / terms.noise)
    must = annuity_between(terms.discount, start + 1.0, review)
    may = annuity_between(terms.discount, start + terms.review_months + 1.0, terms.months)
    value = must * surplus(mean, variance, terms.gain, terms.cost, terms.operation_variance, table)
    if may > 0.0:
        value += may * option_on_surplus(
            mean,
            math.sqrt(max(0.0, variance - later)),
            later,
            terms.gain,
            terms.cost,
            terms.operation_variance,
            root,
            table,
        )
    if terms.continues > 0.0:
        until = annuity_between(terms.discount, 1.0, min(start, terms.months))
        value += until * pilot_surplus(mean, variance, terms, pilot_table)
    return value - terms.signing - terms.integration


def variance_after_pilot(variance: float, terms: Row) -> float:
    """v_P: posterior variance after the pilot's months; what it shows may differ from the whole by N(0, scale^2)."""
    information = terms.pilot_months / (terms.pilot_noise + terms.pilot_months * terms.pilot_scale_variance)
    return variance_after(variance, information)


def pilot_value(mean: float, variance: float, terms: Row, table: np.ndarray, pilot_table: np.ndarray) -> float:
    """V_pilot(m, v) = -K_pilot + sum_{t=U+1}^{U+P} b^t S_pilot + b^(U+P) E[max(0, V(m_P, v_P))].

    m_P ~ N(m, v - v_P) is the belief at the end of the pilot. `pilot_table` reaches as far as what a pilot shows may
    differ from the whole; V is that of `table`, as without pilots.
    """
    end = terms.setup_months + terms.pilot_months
    months = annuity_between(terms.discount, terms.setup_months + 1.0, end)
    during = months * pilot_surplus(mean, variance, terms, pilot_table)
    later = variance_after_pilot(variance, terms)
    spread = math.sqrt(max(0.0, variance - later))
    root = review_root(later, terms, table)
    after = option_on_alliance(mean, spread, later, terms, root, table, pilot_table)
    return during - terms.setup + terms.discount**end * after


def option_on_alliance(
    mean: float,
    spread: float,
    variance: float,
    terms: Row,
    root: float,
    table: np.ndarray,
    pilot_table: np.ndarray,
) -> float:
    """E[max(0, V(m_P, v_P))], m_P ~ N(mean, spread^2): V rises in m_P, its root is found first so that the kink ends
    the interval.
    """
    if spread <= 1e-9:
        return max(0.0, alliance_value(mean, variance, terms, root, table, pilot_table))
    low, high = mean - _REACH * spread, mean + _REACH * spread
    if alliance_value(high, variance, terms, root, table, pilot_table) <= 0.0:
        return 0.0
    if alliance_value(low, variance, terms, root, table, pilot_table) < 0.0:
        top = high
        for _ in range(10):  # V is 0 at the root, so its error there counts squared
            middle = 0.5 * (low + top)
            if alliance_value(middle, variance, terms, root, table, pilot_table) < 0.0:
                low = middle
            else:
                top = middle
    half = 0.5 * (high - low)
    total = 0.0
    for i in range(len(_NODES)):
        point = low + half * (1.0 + _NODES[i])
        worth = alliance_value(point, variance, terms, root, table, pilot_table)
        total += _WEIGHTS[i] * worth * normal_density((point - mean) / spread)
    return half * total / spread


def value_rows(
    means: np.ndarray,
    variances: np.ndarray,
    terms: np.ndarray,
    table: np.ndarray,
    pilot_table: np.ndarray,
    pilot: np.ndarray,
    values: np.ndarray,
) -> None:
    """Fill `values` with V, or V_pilot where `pilot` is 1, row by row; `terms` is TERMS[rows]."""
    for i in range(len(values)):
        row = terms[i]
        if pilot[i] != 0:
            values[i] = pilot_value(means[i], variances[i], row, table, pilot_table)
        else:
            root = review_root(variances[i], row, table)
            values[i] = alliance_value(means[i], variances[i], row, root, table, pilot_table)


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
