"""Arms compared: means, differences paired by seed, their intervals and effect sizes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

COMPARISON = (
    "arm",
    "point",
    "measure",
    "mean",
    "sd",
    "n",
    "difference",
    "low",
    "high",
    "pairs",
    "effect_size",
    "share_of_pairs",
)


def interval(values: np.ndarray) -> tuple[float, float]:
    """Student's 95 % interval of the mean; missing with fewer than two values; a point when all are the same."""
    n = len(values)
    if n < 2:
        return math.nan, math.nan
    from scipy.special import stdtrit

    half = float(stdtrit(n - 1, 0.975)) * float(values.std(ddof=1)) / math.sqrt(n)
    mean = float(values.mean())
    return mean - half, mean + half


def effect_size(values: np.ndarray, others: np.ndarray) -> float:
    """Vargha and Delaney's A (2000): P(a value > another) + P(equal) / 2, over all pairs."""
    if not len(values) or not len(others):
        return math.nan
    higher = (values[:, None] > others).mean() + 0.5 * (values[:, None] == others).mean()
    return float(higher)


def compared(values: np.ndarray, baseline: np.ndarray) -> dict[str, float]:
    """One measure of one arm against the baseline; both by seed, in the same order, missing as NaN.

    The difference uses the seeds on which both are known: common random numbers make it far surer than the means.
    """
    known = values[~np.isnan(values)]
    both = ~np.isnan(values) & ~np.isnan(baseline)
    differences = values[both] - baseline[both]
    low, high = interval(differences)
    return {
        "mean": float(known.mean()) if len(known) else math.nan,
        "sd": float(known.std(ddof=1)) if len(known) > 1 else math.nan,
        "n": len(known),
        "difference": float(differences.mean()) if len(differences) else math.nan,
        "low": low,
        "high": high,
        "pairs": len(differences),
        "effect_size": effect_size(known, baseline[~np.isnan(baseline)]),
        "share_of_pairs": effect_size(differences, np.zeros(1)),
    }


def comparison(runs: Any, baseline: str, measures: list[str]) -> Iterator[tuple]:
    """Rows of the comparison table from the data frame `runs` (arm, seed, point, measures), every arm and point."""
    for point, at_point in runs.groupby("point", sort=False):
        by_arm = {arm: frame.set_index("seed") for arm, frame in at_point.groupby("arm", sort=False)}
        if baseline not in by_arm:
            continue
        for arm, frame in by_arm.items():
            seeds = frame.index.union(by_arm[baseline].index)
            mine, base = frame.reindex(seeds), by_arm[baseline].reindex(seeds)
            for measure in measures:
                numbers = compared(mine[measure].to_numpy(dtype=np.float64), base[measure].to_numpy(dtype=np.float64))
                yield (arm, point, measure, *(numbers[name] for name in COMPARISON[3:]))
