"""Price and decision: required rates, the hazard a price can bear, the platform's own cut-off. Rates a year, amounts
in fen.
"""

from __future__ import annotations

import math

from colend.equations.normal import normal_quantile
from colend.equations.numbers import Whole

_SURE = 1.0 - 1e-12  # where nothing is lost at default every hazard can be borne; no finite price bears a sure default


def expected_loss_rate(hazard: float, loss_given_default: float) -> float:
    """Yearly expected loss on the balance: 12 LGD h / (1 - h), h the monthly hazard."""
    hazard = min(hazard, _SURE)
    return 12.0 * loss_given_default * hazard / (1.0 - hazard)


def hazard_bearable(loss_rate: float, loss_given_default: float) -> float:
    """The monthly hazard at which the expected loss rate is `loss_rate`; 0 when there is no room for any loss."""
    if loss_rate <= 0.0:
        return 0.0
    return min(loss_rate / (12.0 * loss_given_default + loss_rate), _SURE)


def origination_rate(origination_cost: float, amount_months: float) -> float:
    """A cost per loan as a yearly rate on the balance: 24 F / (B (T + 1)); `amount_months` is B (T + 1)."""
    return 24.0 * origination_cost / amount_months


def mean_needed(score: float, threshold: float, loading: float, variance: float) -> float:
    """The posterior mean of z at which the hazard score equals `score`: m = (d - score sqrt(1 + beta^2 v)) / beta."""
    return (threshold - score * math.sqrt(1.0 + loading * loading * variance)) / loading


def platform_cutoff(
    fee_income: float,
    own_part: float,
    interest_margin: float,
    minimum_income: float,
    amount_months: float,
    loss_given_default: float,
    threshold: float,
    loading: float,
    precision: float,
) -> float:
    """The score x_p from which the platform earns by passing an application on.

    It passes when B(T+1)/24 [fee income + s_p (r - cost_p - EL_p)] >= k_p, cost_p funds and operating. `fee_income` is
    s_b fee (a year, on the whole balance), `own_part` s_p, `interest_margin` r - cost_p, `minimum_income` k_p (fen).
    Returns -inf when it always pays, inf when it never does.
    """
    income = fee_income - origination_rate(minimum_income, amount_months)
    if own_part <= 0.0:
        return -math.inf if income >= 0.0 else math.inf
    bearable = hazard_bearable(interest_margin + income / own_part, loss_given_default)
    if bearable <= 0.0:
        return math.inf
    mean = mean_needed(normal_quantile(bearable), threshold, loading, 1.0 / (1.0 + precision))
    return mean * (1.0 + precision) / precision


def monthly_interest(balance: float | Whole, rate: float) -> int:
    """Interest of one month in fen: balance x rate / 12, rounded to the nearest fen, half a fen up.

    The hair on top is for rates such as 0.13, which floats hold a little low or high: half a fen would go either way.
    """
    return math.floor(balance * rate / 12.0 + 0.500001)
