"""The second gate: risk control of one's own. How precision grows and decays, and what spending on it is worth.

Precision tau is in units of 1/Var of the screening noise; spending is yuan a month; `effort` is the sum doing +
research + transfer in units of tau a month before absorption. Works on scalars and on arrays over banks.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from colend.equations.numbers import Numbers


def absorption(
    precision: Numbers, talent: Numbers, legacy: Numbers, reference: Numbers, curvature: Numbers, maximum: Numbers
) -> Numbers:
    """How much of an effort sticks: talent (1 - legacy) (tau / tau_ref)^alpha (1 - tau / tau_max), never below 0.

    `curvature` alpha = 0: what one knows does not help to learn more.
    """
    return talent * (1.0 - legacy) * (precision / reference) ** curvature * np.maximum(1.0 - precision / maximum, 0.0)


def precision_change(
    precision: Numbers, decay: Numbers, floor: Numbers, maximum: Numbers, absorbed: Numbers, effort: Numbers
) -> Numbers:
    """Delta tau of a month: -decay (tau - floor) + absorbed x effort, which does not lead beyond the maximum."""
    return -decay * (precision - floor) + np.minimum(absorbed * effort, np.maximum(maximum - precision, 0.0))


def view(thin_view: Numbers, depth: Numbers) -> Numbers:
    """How much of an applicant a bank sees in a joint programme: max(thin_view, delta); 1 in its own channel."""
    return np.maximum(thin_view, depth)


def doing(rate: Numbers, loans: Numbers, depth: Numbers, crowd_out: Numbers) -> Numbers:
    """Learning by doing: l log(1 + loans / 1000) (1 - crowd_out x delta).

    `loans`: funded, matured loans a month in persons, each times the bank's part and its view; `depth`: how deep the
    partner's technology carries them, averaged over these loans (0 in the own channel).
    """
    return rate * np.log1p(loans / 1000.0) * (1.0 - crowd_out * depth)


def transfer(
    rate: Numbers, trust: Numbers, share_served: Numbers, platform_precision: Numbers, precision: Numbers
) -> Numbers:
    """Know-how from a platform that opens its technology: theta trust q max(0, tau_p - tau)."""
    return rate * trust * share_served * np.maximum(platform_precision - precision, 0.0)


def research(gain: Numbers, spending: Numbers, unit: Numbers) -> Numbers:
    """What research adds to effort: gain log(1 + spending / unit)."""
    return gain * np.log1p(spending / unit)


def best_research(gain: Numbers, unit: Numbers, absorbed: Numbers, precision_worth: Numbers, most: Numbers) -> Numbers:
    """Monthly research spending at which its marginal gain equals its cost, in yuan; 0 where it never does.

    `precision_worth`: yuan that one unit of tau is worth over the horizon; `most`: what can be spent, yuan a month.
    Setting to 1 the derivative of absorbed x gain x log(1 + s / unit) x worth gives
    s = absorbed x gain x worth - unit.
    """
    return np.clip(gain * absorbed * precision_worth - unit, 0.0, most)


def talent_gain(talent: Numbers, laboratory_gain: Numbers) -> Numbers:
    """Monthly gain of talent in a bank with a joint laboratory: gain (1 - talent) / 12."""
    return laboratory_gain * (1.0 - talent) / 12.0


class Path(NamedTuple):
    """What the paths of all banks' precision have in common."""

    discount: float  # value today of a yuan next month
    decay: float  # of precision a month
    floor: float
    reference: float  # precision at which absorption is talent x (1 - legacy)
    curvature: float
    maximum: float
    busy_learning: float  # share of learning that goes on while an old system is being replaced
    legacy_after: float


def profit_of_path(
    precision: float,
    talent: float,
    legacy: float,
    effort: float,
    worth: float,
    horizon: float,
    laboratory_gain: float,
    busy_months: int,
    path: Path,
) -> float:
    """Discounted profit from precision over a horizon, yuan: sum_{t=1..horizon} b^t worth (tau_t - tau_0).

    `worth` is the profit a month of one unit of tau. `laboratory_gain` 0: no laboratory. `busy_months` > 0: an old
    system is being replaced; learning slows for so long. `path` is a Path. Scalar, compiled over banks.
    """
    tau = precision
    value = 0.0
    factor = 1.0
    for t in range(int(horizon)):
        pace = 1.0
        if t < busy_months:
            pace = path.busy_learning
        elif busy_months > 0:
            legacy = path.legacy_after
        room = max(1.0 - tau / path.maximum, 0.0)
        absorbed = talent * (1.0 - legacy) * math.pow(tau / path.reference, path.curvature) * room
        tau = tau - path.decay * (tau - path.floor) + min(pace * absorbed * effort, max(path.maximum - tau, 0.0))
        talent += laboratory_gain * (1.0 - talent) / 12.0
        factor *= path.discount
        value += factor * worth * (tau - precision)
    return value


def replaces_legacy(gain: Numbers, cost: Numbers, sunk_cost_bias: Numbers, book_value: Numbers) -> Numbers:
    """Whether the discounted profit gained covers the cost + sunk_cost_bias x the old system's book value."""
    return gain >= cost + sunk_cost_bias * book_value


def spillover(share: float, efforts: np.ndarray) -> np.ndarray:
    """What each member of a club hears: share x the mean effort of the other members; at least two efforts."""
    return share * (np.sum(efforts) - efforts) / (len(efforts) - 1)
