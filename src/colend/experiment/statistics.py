"""Arms compared: means, differences paired by seed, their intervals, effect sizes and p-values.

All functions take arrays with seeds along the first axis and missing values as NaN, and work on all other axes at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, NamedTuple

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
    "mean_low",
    "mean_high",
    "effect_low",
    "effect_high",
    "correlation",
    "p_holm",
)
LEVEL = 0.95  # of every interval
UPPER = 0.5 + LEVEL / 2.0  # the quantile that bounds it above
_CELLS = 1_000_000  # numbers in memory at once where all seeds meet all seeds
_AT_ONCE = 200_000  # numbers that are compared at once: a dozen arrays are as large


def moments(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Number, mean and standard deviation (n - 1) of what is known; missing where too little is."""
    values = np.asarray(values, dtype=np.float64)
    known = ~np.isnan(values)
    number = known.sum(axis=0)
    # Around the first known value: what does not vary has exactly its value as mean and 0 as deviation.
    first = np.take_along_axis(values, known.argmax(axis=0, keepdims=True), axis=0)[0]
    around = np.where(known, values - first, 0.0)
    shift = around.sum(axis=0) / np.maximum(number, 1)
    square = np.where(known, (around - shift) ** 2, 0.0).sum(axis=0)
    deviation = np.where(number > 1, np.sqrt(square / np.maximum(number - 1, 1)), np.nan)
    return number, first + shift, deviation


def interval(values: np.ndarray, widening: float = 1.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean over the first axis (seeds) and Student's 95 % interval of it, missing with fewer than two values.

    A point when all are the same. `widening`: see `colend.experiment.stopping`.
    """
    from scipy.special import stdtrit

    number, mean, deviation = moments(values)
    half = widening * stdtrit(np.maximum(number - 1, 1), UPPER) * deviation / np.sqrt(np.maximum(number, 1))
    return mean, mean - half, mean + half


def compared(values: np.ndarray, baseline: np.ndarray, widening: float = 1.0) -> dict[str, np.ndarray]:
    """An arm against the baseline, both [seed, ...] in the same order of seeds: COMPARISON's columns but the last.

    The difference uses the seeds on which both are known: common random numbers make it far surer than the means.
    Adds `p`, of Student's paired test, missing where nothing differs.
    """
    values, baseline = np.asarray(values, dtype=np.float64), np.asarray(baseline, dtype=np.float64)
    differences = values - baseline
    number, _, deviation = moments(values)
    mean, mean_low, mean_high = interval(values, widening)
    pairs, difference, spread = moments(differences)
    _, low, high = interval(differences, widening)
    size, size_low, size_high = effect_size(values, baseline)
    favouring = np.where(np.isnan(differences), 0.0, (differences > 0.0) + 0.5 * (differences == 0.0)).sum(axis=0)
    return {
        "mean": mean,
        "sd": deviation,
        "n": number,
        "difference": difference,
        "low": low,
        "high": high,
        "pairs": pairs,
        "effect_size": size,
        "share_of_pairs": np.where(pairs > 0, favouring / np.maximum(pairs, 1), np.nan),
        "mean_low": mean_low,
        "mean_high": mean_high,
        "effect_low": size_low,
        "effect_high": size_high,
        "correlation": correlation(values, baseline),
        "p": _p_value(pairs, difference, spread * widening),
    }


def correlation(values: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Pearson's, over the seeds on which both are known; missing where one does not vary."""
    both = np.isnan(values) | np.isnan(others)
    one, other = np.where(both, np.nan, values), np.where(both, np.nan, others)
    number, mean, deviation = moments(one)
    _, mean_other, deviation_other = moments(other)
    together = np.where(both, 0.0, (one - mean) * (other - mean_other)).sum(axis=0) / np.maximum(number - 1, 1)
    scale = deviation * deviation_other
    return np.where(scale > 0.0, np.clip(together / np.where(scale > 0.0, scale, 1.0), -1.0, 1.0), np.nan)


def _p_value(number: np.ndarray, mean: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    from scipy.special import stdtr

    error = deviation / np.sqrt(np.maximum(number, 1))
    with np.errstate(divide="ignore", invalid="ignore"):  # 0 / 0: nothing differs, nothing to test
        return np.asarray(2.0 * stdtr(np.maximum(number - 1, 1), -np.abs(mean) / error))


def p_of(difference: np.ndarray, low: np.ndarray, high: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """The p-value behind a 95 % interval of a paired difference, as `compared` makes both; missing without one."""
    from scipy.special import stdtr, stdtrit

    freedom = np.maximum(np.asarray(pairs, dtype=np.float64) - 1, 1)
    half = (np.asarray(high, dtype=np.float64) - np.asarray(low, dtype=np.float64)) / 2.0
    with np.errstate(divide="ignore", invalid="ignore"):  # 0 / 0: nothing differs, nothing to test
        return np.asarray(2.0 * stdtr(freedom, -np.abs(difference) / half * stdtrit(freedom, UPPER)))


def holm(p: np.ndarray) -> np.ndarray:
    """Holm's (1979) p-values adjusted over the last axis: the family; missing ones are not part of it."""
    p = np.asarray(p, dtype=np.float64)
    order = np.argsort(p, axis=-1)  # missing ones last
    left = (~np.isnan(p)).sum(axis=-1, keepdims=True) - np.arange(p.shape[-1])
    steps = np.minimum(np.maximum.accumulate(np.take_along_axis(p, order, -1) * left, axis=-1), 1.0)
    result = np.empty_like(p)
    np.put_along_axis(result, order, steps, axis=-1)
    return np.where(np.isnan(p), np.nan, result)


def effect_size(values: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Vargha and Delaney's A (2000), P(a value > another) + P(equal) / 2; its 95 % interval.

    Over all pairs of unequal seeds, a U-statistic (Hoeffding 1948): arms share the draws of a seed, so that a value and
    its own seed's other one would tell how they go together. The interval takes the jackknife's variance, over seeds
    (Arvesen 1969), and Student's quantile, on the logit scale, so that it stays in [0, 1]; with fewer than three seeds
    there is none.

    Of arms that go closely together nearly all pairs of seeds stand in the same order in both, and count half. Every
    other one moves A by one over the number of ordered pairs; where none was seen the jackknife's variance is 0. Two
    are therefore added to it, as Agresti and Coull (1998) add to a share, one each way, unless the arms are the same to
    the last bit. Where one arm lies wholly above the other, the bound is Newcombe's (2006, method 5). It covers 95 % or
    more, at most 97 % from 20 seeds on where the order of many pairs differs.
    """
    values, others = np.broadcast_arrays(values, others)
    shape, seeds = values.shape[1:], len(values)
    flat, flat_others = values.reshape(seeds, -1), others.reshape(seeds, -1)
    block = max(1, _CELLS // max(seeds * seeds, 1))
    parts = [
        _effect_size(flat[:, first : first + block], flat_others[:, first : first + block])
        for first in range(0, flat.shape[1], block)
    ]
    size, low, high = (np.concatenate(columns).reshape(shape) for columns in zip(*parts, strict=True))
    return size, low, high


def _effect_size(values: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    from scipy.special import expit, logit, stdtrit

    known, known_others = ~np.isnan(values), ~np.isnan(others)
    number, number_others = known.sum(axis=0), known_others.sum(axis=0)
    both, either = known & known_others, known | known_others
    pairs, of_seed = number * number_others - both.sum(axis=0), known * number_others + known_others * number - 2 * both
    won = _won(values, others)
    total = won.sum(axis=0) / 2.0  # a pair is of two seeds
    size = np.where(pairs > 0, total / np.maximum(pairs, 1), np.nan)
    without = np.where(either, (total - won) / np.maximum(pairs - of_seed, 1), np.nan)  # A without the seed
    seeds, _, deviation = moments(without)
    same = ((values == others) | ~either).all(axis=0)
    unseen = np.where(same, 0.0, 2.0 / np.maximum(pairs, 1) ** 2)
    error = np.sqrt((seeds - 1) ** 2 / np.maximum(seeds, 1) * deviation**2 + unseen)
    inside, fewer = (size > 0.0) & (size < 1.0), np.minimum(number, number_others)
    middle = np.where(inside, size, 0.5)
    half = stdtrit(np.maximum(fewer - 1, 1), UPPER) * error / (middle * (1.0 - middle))
    low, high = expit(logit(middle) - half), expit(logit(middle) + half)
    for i in np.flatnonzero((pairs > 0) & ~inside):
        bound = separated(int(pairs[i]), (int(number[i]) + int(number_others[i])) / 2.0)
        low[i], high[i] = (bound, 1.0) if size[i] == 1.0 else (0.0, 1.0 - bound)
    return size, np.where(fewer > 2, low, np.nan), np.where(fewer > 2, high, np.nan)


def _won(values: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Of the pairs of unequal seeds that a seed is in, in how many the value lies above the other; equal ones half."""
    won: np.ndarray = -2.0 * (
        (values > others) + 0.5 * (values == others)
    )  # the seed with itself, which both sums below count
    block = max(1, _CELLS // max(others.size, 1))  # thousands of seeds: all pairs at once would take hundreds of MB
    for first in range(0, len(values), block):
        some = values[first : first + block, None]
        above = (some > others) + 0.5 * (some == others)  # [seed, other seed, ...]
        won[first : first + block] += above.sum(axis=1)
        won += above.sum(axis=0)
    return won


@cache
def separated(pairs: int, number: float) -> float:
    """Newcombe's (2006, method 5) lower 95 % bound of A where the value lies above the other in all `pairs`, which are
    of `number` seeds (the mean of both arms).

    The root of (1 - A)^2 = z^2 A (1 - A) (1 + (number - 1) ((1 - A)/(2 - A) + A/(1 + A))) / pairs.
    """
    from scipy.special import ndtri

    scale = float(ndtri(UPPER)) ** 2 / pairs
    low, high = 0.0, 1.0
    for _ in range(60):
        size = (low + high) / 2.0
        spread = 1.0 + (number - 1.0) * ((1.0 - size) / (2.0 - size) + size / (1.0 + size))
        low, high = (size, high) if 1.0 - size > scale * size * spread else (low, size)
    return low


class Cube(NamedTuple):
    """Whole-run measures by their place, and where there are runs."""

    points: Sequence[str]
    arms: Sequence[str]
    measures: Sequence[str]
    there: np.ndarray  # bool[seed, point, arm]
    values: np.ndarray  # float64[seed, point, arm, measure], missing as NaN

    def at(self, points: slice) -> Cube:
        """The part of some points."""
        return Cube(self.points[points], self.arms, self.measures, self.there[:, points], self.values[:, points])


def cube(
    runs: Iterable[Any], seeds: Sequence[int], points: Sequence[str], arms: Sequence[str], measures: Sequence[str]
) -> Cube:
    """The runs of these seeds, points and arms among data frames (arm, seed, point, measures) that follow each other.

    Eight bytes a number: no more than one of the frames is held beside them.
    """
    import pandas as pd

    axes = {"seed": pd.Index(seeds), "point": pd.Index(points), "arm": pd.Index(arms)}
    there = np.zeros([len(axis) for axis in axes.values()], dtype=bool)
    values = np.full((*there.shape, len(measures)), np.nan)
    for part in runs:
        places = np.array([axis.get_indexer(part[key]) for key, axis in axes.items()])
        asked = (places >= 0).all(axis=0)
        place = tuple(places[:, asked])
        values[place] = part[list(measures)].to_numpy(dtype=np.float64)[asked]
        there[place] = True
    return Cube(points, arms, measures, there, values)


def comparison(runs: Any, baseline: str, measures: Sequence[str], widening: float = 1.0) -> Any:
    """A data frame with COMPARISON of the data frame `runs` (arm, seed, point, measures), every point, arm and measure.

    Points and arms in the order in which `runs` has them.
    """
    seeds, points, arms = sorted(set(runs["seed"])), *(list(dict.fromkeys(runs[key])) for key in ("point", "arm"))
    return comparison_of(cube([runs], seeds, points, arms, measures), baseline, widening)


def comparison_of(found: Cube, baseline: str, widening: float = 1.0) -> Any:
    """A data frame with COMPARISON of a cube, every point, arm and measure.

    An arm is compared at the points where it and the baseline have runs. `p_holm` is adjusted over the measures of one
    arm at one point: what a reader of that arm looks at together.
    """
    import pandas as pd

    if baseline not in found.arms or not found.measures:
        return pd.DataFrame(columns=list(COMPARISON))
    base, values = found.arms.index(baseline), found.values
    some = max(1, _AT_ONCE // max(found.there.size, 1))  # measures: of thousands of seeds not all at once
    blocks = [
        compared(values[..., first : first + some], values[:, :, [base], first : first + some], widening)
        for first in range(0, len(found.measures), some)
    ]
    numbers = {name: np.concatenate([block[name] for block in blocks], axis=-1) for name in blocks[0]}
    numbers["p_holm"] = holm(numbers.pop("p"))
    there = np.any(found.there, axis=0)
    point, arm = np.nonzero(there & there[:, [base]])
    texts = (
        np.repeat(np.array(found.arms, dtype=object)[arm], len(found.measures)),
        np.repeat(np.array(found.points, dtype=object)[point], len(found.measures)),
        np.tile(np.array(found.measures, dtype=object), len(arm)),
    )
    columns = [*texts, *(numbers[name][point, arm].ravel() for name in COMPARISON[3:])]
    return pd.DataFrame(dict(zip(COMPARISON, columns, strict=True)))
