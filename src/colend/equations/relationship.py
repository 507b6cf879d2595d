"""The first gate: from traffic to customers. Awareness, touchpoints, and what a customer of one's own is worth.

Arrays are indexed [touchpoint set, segment, place], place 0 (HOME) in the bank's own region, 1 (AWAY) elsewhere. A
set is a bit pattern in the order of TOUCHPOINTS; the branch (the last one) reaches only borrowers of the bank's own
region.
"""

from __future__ import annotations

import numpy as np

from colend.equations.numbers import Numbers

BRANCH = 3  # place of the branch in TOUCHPOINTS
HOME, AWAY = 0, 1


def set_members(touchpoints: int = 4) -> np.ndarray:
    """Which touchpoints each of the 2^n sets holds, bool[sets, touchpoints]: touchpoint i is bit i of the set."""
    return (np.arange(2**touchpoints)[:, None] >> np.arange(touchpoints)) & 1 == 1


def touch_strength(strength: np.ndarray, reach: np.ndarray) -> np.ndarray:
    """Strength of every set: float64[16, segments, 2], the sum of strength x reach over its touchpoints.

    `strength` float64[4]; `reach` float64[4, segments], the share of a segment that uses the touchpoint.
    """
    single = np.repeat((strength[:, None] * reach)[:, :, None], 2, axis=2)
    single[BRANCH, :, AWAY] = 0.0
    return np.tensordot(set_members().astype(float), single, axes=1)


def awareness_gain(growth: Numbers, touch: Numbers, visibility: Numbers) -> Numbers:
    """Share of the remaining unawareness that a month of a running joint loan removes: 1 - exp(-g touch visibility)."""
    return 1.0 - np.exp(-growth * touch * visibility)


def awareness_at_end(
    growth: float, touch: np.ndarray, visibility: np.ndarray, terms: np.ndarray, shares: np.ndarray
) -> np.ndarray:
    """Expected awareness at the end of a loan that began unaware: sum_T share_T (1 - exp(-g touch visibility T)).

    `touch` and `visibility` broadcast; `terms` months and `shares` (sum 1) are one-dimensional. Zero touch gives zero.
    """
    pace = np.asarray(growth * touch * visibility)
    return ((1.0 - np.exp(-pace[..., None] * terms)) * shares).sum(axis=-1)


def annuity(discount: Numbers, persistence: Numbers, months: Numbers) -> Numbers:
    """sum_{t=1..months} (b x persistence)^t, b the monthly discount factor; `months` may be a fraction and an array."""
    factor = discount * persistence
    return months if factor >= 1.0 else factor * (1.0 - factor**months) / (1.0 - factor)


def idle_share(need: Numbers, funded: Numbers, term: Numbers) -> Numbers:
    """Share of its months in which a customer has no loan and may need one: 1 / (1 + need x P(funded) x T).

    A renewal process: 1/need months until the next need, which is met with probability `funded` by a loan of `term`
    months.
    """
    return 1.0 / (1.0 + need * funded * term)


def customer_value(
    discount: Numbers, attrition: Numbers, horizon: Numbers, applications: Numbers, margin: Numbers
) -> Numbers:
    """CLV in yuan: sum_{t <= horizon} b^t (1 - attrition)^t x applications x margin.

    `applications`: a customer's own-channel applications a month (need x loyalty x share of months without a loan);
    `margin`: yuan each.
    """
    return annuity(discount, 1.0 - attrition, horizon) * applications * margin


def conversion_probability(conversion: Numbers, owned: Numbers, switch: Numbers) -> Numbers:
    """P(becomes a customer | fully aware) = `conversion`, of the share `owned` with another bank only `switch`."""
    return conversion * (1.0 - owned * (1.0 - switch))


def touchpoint_costs(
    fixed: np.ndarray,
    per_customer: np.ndarray,
    reach: np.ndarray,
    cost_scale: np.ndarray,
    running: np.ndarray,
    home_share: np.ndarray,
) -> np.ndarray:
    """Monthly cost in yuan of every set for every bank, float64[banks, 16].

    `fixed`, `per_customer` float64[4] yuan a month; `cost_scale` float64[banks]; `running` float64[banks, segments]
    joint loans running; `home_share` float64[banks], the part of them in the bank's region (all that a branch
    reaches).
    """
    reached = running @ reach.T  # [banks, touchpoints]
    reached[:, BRANCH] *= home_share
    return (cost_scale[:, None] * fixed + reached * per_customer) @ set_members().T.astype(float)


def touchpoint_benefits(
    awareness: np.ndarray, flow: np.ndarray, customer_worth: np.ndarray, home_share: np.ndarray
) -> np.ndarray:
    """Monthly benefit of every set for every bank, yuan, float64[banks, 16]: sum over joint loans of E[a] x worth.

    `awareness` float64[16, segments, openness, 2] at the end of a loan; `flow` float64[banks, segments, openness]
    joint loans ending a month; `customer_worth` float64[banks, segments] = conversion x CLV.
    """
    worth = flow * customer_worth[:, :, None]
    away = np.einsum("bso,kso->bk", worth, awareness[..., AWAY])
    home = np.einsum("bso,kso->bk", worth, awareness[..., HOME])
    return away + home_share[:, None] * (home - away)


def best_set(benefits: np.ndarray, costs: np.ndarray) -> np.ndarray:
    """The set with the largest benefit less cost; a tie goes to the smaller number (nothing, if nothing pays)."""
    return np.argmax(benefits - costs, axis=1)
