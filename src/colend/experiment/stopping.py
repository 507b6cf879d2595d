"""Enough runs? When to stop adding seeds, and how much wider intervals must be because somebody looked.

Seeds are added until every difference of interest is known to a half-width (Chow and Robbins 1965). Whoever stops when
the estimated spread is small stops too early too often: Student's interval of such a sample covers less than 95 %
(Starr 1966; two points less from 10 seeds on). Here one looks after fixed numbers of seeds only, and all intervals are
Student's times one constant, `widening`, at which the interval still covers 95 % at the worst spread there can be. For
normal differences that constant is exact, because their mean is independent of the spreads that decide when to stop.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from colend.experiment.statistics import LEVEL, comparison
from colend.experiment.tables import frame
from colend.scenario.design import Scenario

LATER = 1.25  # times as many seeds at every look
_LOOKS = 12  # after which a spread is known so well that stopping costs no coverage
_CELLS = 2048  # steps of the distribution of the sum of squares


def looks(at_least: int, at_most: int) -> list[int]:
    """Numbers of seeds after which one looks: the same at any number of processes."""
    result = [at_least]
    while result[-1] < at_most:
        result.append(min(at_most, int(np.ceil(result[-1] * LATER))))
    return result


def widened(scenario: Scenario) -> float:
    """How many times Student's the intervals of a scenario's results are."""
    rule = scenario.until
    return widening(rule.at_least, rule.at_most) if rule else 1.0


class Known(NamedTuple):
    """How well the rule's measure is known: half-width of the least sure difference, where, and if that is enough."""

    half_width: float
    arm: str
    point: str
    enough: bool


def known(runs: Any, scenario: Scenario) -> Known:
    """What a data frame of the runs so far (arm, seed, point, the rule's measure) says of the scenario's rule.

    A difference that is not known at all (a measure that fewer than two pairs of runs define) is never enough. How well
    a twin is known does not count.
    """
    rule = scenario.until
    assert rule is not None
    rows = comparison(runs, scenario.baseline, [rule.measure], widened(scenario))
    asked, several = scenario.own_arms, len(scenario.own_arms) > 1
    others = rows[rows["arm"].isin(asked) & ((rows["arm"] != scenario.baseline) | (not several))]
    low, high = ("low", "high") if several else ("mean_low", "mean_high")
    if others.empty:
        return Known(np.inf, "", "", False)
    half = ((others[high] - others[low]) / 2.0).fillna(np.inf)
    widest = others.loc[half.idxmax()]
    return Known(float(half.max()), widest["arm"], widest["point"], bool(half.max() <= rule.half_width))


def said(database: Path, scenario: Scenario) -> dict[str, Any]:
    """What the runs in a file say of the scenario's rule, and what its intervals are widened by."""
    rule = scenario.until
    assert rule is not None
    found = known(frame(database, "runs", [rule.measure], scenario), scenario)
    half = found.half_width if np.isfinite(found.half_width) else None
    told = {"seeds": len(scenario.seeds), "half_width": half, "arm": found.arm, "point": found.point}
    return told | {"reached": found.enough, "widening": widened(scenario)}


@cache
def widening(at_least: int, at_most: int) -> float:
    """What Student's 95 % interval is multiplied by where seeds were added look by look.

    The least constant c with P(|mean| <= c t S / sqrt(N)) >= 0.95 for normal values of every spread, N being the first
    look at which c t S / sqrt(N) is the wanted half-width or less; 1 where there is a single look.
    """
    steps = looks(at_least, at_most)[:_LOOKS]
    if len(steps) == 1:
        return 1.0
    low, high = 1.0, 4.0
    stops = [_stops(steps, aim) for aim in np.geomspace(at_least / 3.0, 3.0 * steps[-1], 48)]
    while high - low > 1e-4:
        middle = (low + high) / 2.0
        covered = min(float((weight * _covers(middle * root)).sum()) for weight, root in stops)
        low, high = (low, middle) if covered >= LEVEL else (middle, high)
    return high


def _covers(root: np.ndarray) -> np.ndarray:
    """P(|Z| <= root) of a standard normal Z."""
    from scipy.special import ndtr

    return np.asarray(2.0 * ndtr(root) - 1.0)


def _stops(steps: list[int], aim: float) -> tuple[np.ndarray, np.ndarray]:
    """Where one stops: the probability of every (look, spread), and t S / sigma there.

    One stops at n when (t S / sigma)^2 * aim / 1.96^2 <= n: about at `aim` seeds if the spread were known. (n - 1) S^2
    / sigma^2 is a sum of independent chi-squares, carried from look to look as its distribution over equal steps.
    """
    from scipy.special import gammainc, ndtri, stdtrit

    upper, last = float(ndtri(0.5 + LEVEL / 2.0)), steps[-1]
    step = (last + 9.0 * np.sqrt(2.0 * last)) / _CELLS
    sums = step * np.arange(_CELLS)
    edges = np.concatenate([[0.0], sums + step / 2.0])
    left, before = np.eye(1, _CELLS)[0], 1
    weights, roots = [], []
    for n in steps:
        added = np.diff(gammainc((n - before) / 2.0, edges / 2.0))
        left = np.maximum(np.fft.irfft(np.fft.rfft(left, 2 * _CELLS) * np.fft.rfft(added, 2 * _CELLS))[:_CELLS], 0.0)
        root = stdtrit(n - 1, 0.5 + LEVEL / 2.0) * np.sqrt(sums / (n - 1))
        stop = (root**2 * aim / upper**2 <= n) | (n == last)
        weights.append(np.where(stop, left, 0.0))
        roots.append(root)
        left, before = np.where(stop, 0.0, left), n
    return np.concatenate(weights), np.concatenate(roots)
