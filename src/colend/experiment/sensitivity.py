"""Which swept parameters matter: indices of a sampled design, by SALib, for the arms of a sweep."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from itertools import product
from typing import Any

import numpy as np

from colend.experiment.errors import StoreError
from colend.experiment.statistics import UPPER, cube, interval, moments
from colend.scenario.design import Scenario, point_name
from colend.scenario.errors import counted, listed
from colend.scenario.sweep import LATIN_HYPERCUBE, MORRIS, SOBOL, Sample

COLUMNS = ("arm", "measure", "key", "index", "value", "low", "high", "undefined", "used")
# Whole-run measures whose indices are kept with the results, and drawn.
SHOWN = (
    "balance_joint_end",
    "converted",
    "precision_gain_mean",
    "dormant_share_mean",
    "value_per_bank",
    "loss_rate_joint",
)
RESAMPLES = 200  # of the bootstrap behind Sobol's intervals
HARMONICS, POINTS_A_HARMONIC = 10, 8  # of RBD-FAST; two points a harmonic would be all there is
FEWEST_TRAJECTORIES = 4  # of Morris's that are left where a measure is undefined: a mean of fewer says too little
MOST_NAMED = 12  # missing runs in a message


class IncompleteDesignError(StoreError):
    """Runs of the design are missing; an index made without them would be wrong without a word."""

    def __init__(self, missing: int, names: Sequence[str]) -> None:
        more = f" and {missing - MOST_NAMED:,} more" if missing > MOST_NAMED else ""
        super().__init__(
            f"the design is incomplete, so that its sensitivity cannot be told: {counted(missing, 'run')} missing "
            f"({listed(names[:MOST_NAMED])}{more}); the same command runs what is missing",
            2,
        )


def sensitivity(runs: Iterable[Any], scenario: Scenario, measures: Sequence[str]) -> Any:
    """A data frame with COLUMNS: how much of each measure every swept key explains.

    `runs` are data frames of whole-run measures that follow each other. With one arm the measure itself is taken, its
    mean over seeds; with several the difference of every other arm to the baseline, paired by seed. Indices: `first`
    and `total` of Sobol's design (Saltelli et al. 2010), `mu_star` and `sigma` of Morris's (Campolongo et al. 2007), in
    the measure's unit, `first` of a Latin hypercube (RBD-FAST, Tarantola et al. 2006). Raises IncompleteDesignError
    when runs are missing, ValueError when nothing was sampled.

    low and high bound the 95 % interval over designs like this one. Of `mu_star` it is Student's, over trajectories:
    it covers 90 to 95 % from four of them on, less where few trajectories have nearly all of the effect (80 to 90 % of
    the exponential of a sum). RBD-FAST's is in `_shares`. Sobol's is SALib's bootstrap, as if points were drawn
    independently; a scrambled sequence is more even than that, so from 64 base points on it covers 94 % (functions that
    turn often) to all (linear ones), but of 16 as little as 76 %. `sigma` has none.

    `undefined` counts the points at which the measure is undefined for some seed. An elementary effect needs the two
    points it lies between and nothing else, so Morris's indices are then those of the trajectories on which the measure
    is defined throughout: `used` of them, the same for every key, and the effects where it is defined. The other
    methods have no such part: they take keys to vary independently of each other, as they do over the whole design but
    not over the part where a measure is defined. Their indices are missing then (`used` is 0), as are those of fewer
    than FEWEST_TRAJECTORIES.
    """
    import pandas as pd

    sample: Sample | None = scenario.sample
    if sample is None:
        raise ValueError("the scenario has no sampled sweep")
    design, rows = sample.unit_rows(), [point_name(row) for row in sample.rows()]
    arms, points = scenario.own_arms, list(dict.fromkeys(rows))  # a point that repeats was run once
    found = cube(runs, scenario.seeds, points, arms, measures)
    if not found.there.all():
        places = np.argwhere(~found.there)
        named = [f"{arms[arm]}:{scenario.seeds[seed]}:{points[point]}" for seed, point, arm in places[:MOST_NAMED]]
        raise IncompleteDesignError(len(places), named)
    place, base = pd.Index(points).get_indexer(rows), arms.index(scenario.baseline)
    of_point = np.tile(np.arange(len(points)), len(scenario.seeds))
    result: list[tuple[Any, ...]] = []
    for arm, measure in product([arm for arm in arms if arm != scenario.baseline] or arms, measures):
        values = found.values[:, :, arms.index(arm), measures.index(measure)]  # [seed, point]
        if arm != scenario.baseline:
            values = values - found.values[:, :, base, measures.index(measure)]
        known = ~np.isnan(values).any(axis=0)
        means = np.where(known, pd.Series(values.ravel()).groupby(of_point).mean(), np.nan)
        outcome, undefined = means[place], int((~known).sum())
        use = _usable(sample, outcome)
        used = sample.n if use.all() else int(use.sum()) // (len(sample.ranges) + 1)
        indices = _indices(sample, design[use], outcome[use])
        result += [(arm, measure, *row, undefined, used) for row in indices]
    return pd.DataFrame(result, columns=list(COLUMNS))


def _usable(sample: Sample, outcome: np.ndarray) -> np.ndarray:
    """Rows of the design that indices are made of: all, or a part or none where some outcomes are undefined (NaN); none
    of a Latin hypercube that is too small for a single harmonic.
    """
    known = np.isfinite(outcome)
    if known.all() or sample.method != MORRIS:
        enough = sample.method != LATIN_HYPERCUBE or len(outcome) >= POINTS_A_HARMONIC
        return np.full(len(outcome), known.all() and enough)
    whole = known.reshape(sample.n, -1).all(axis=1)
    if whole.sum() < FEWEST_TRAJECTORIES:
        whole[:] = False
    return np.repeat(whole, len(outcome) // sample.n)


def _indices(sample: Sample, design: np.ndarray, outcome: np.ndarray) -> list[tuple[Any, ...]]:
    """key, index, value, low, high of every key; all zero where nothing changes the outcome, missing without one."""
    keys = list(sample.ranges)
    if not len(outcome) or np.ptp(outcome) == 0.0:
        value = 0.0 if len(outcome) else np.nan
        return [(key, index, value, value, value) for key in keys for index in _names(sample)]
    with np.errstate(divide="ignore", invalid="ignore"), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Constant values")  # in a resample, where little changes the outcome
        found = _analysed(sample, design, outcome)
    least = 0.0 if sample.method == MORRIS else -np.inf  # of sizes, which are not below zero
    rows = []
    for index, (values, half) in found.items():
        for key, value, spread in zip(keys, np.asarray(values, float), np.asarray(half, float), strict=True):
            rows.append((key, index, float(value), float(np.maximum(least, value - spread)), float(value + spread)))
    return rows


def _names(sample: Sample) -> tuple[str, ...]:
    return {SOBOL: ("first", "total"), MORRIS: ("mu_star", "sigma")}.get(sample.method, ("first",))


def _analysed(sample: Sample, design: np.ndarray, outcome: np.ndarray) -> dict[str, tuple[Any, Any]]:
    """By index: its values and the half-widths of their 95 % intervals, key by key."""
    if sample.method == SOBOL:
        from SALib.analyze import sobol

        scaled = (outcome - outcome.mean()) / outcome.std()  # better conditioned; the indices have no unit
        found = sobol.analyze(  # to SALib a seed of 0 is none
            sample.problem, scaled, calc_second_order=False, num_resamples=RESAMPLES, seed=sample.seed + 1
        )
        return {"first": (found["S1"], found["S1_conf"]), "total": (found["ST"], found["ST_conf"])}
    if sample.method == MORRIS:
        effects = _elementary_effects(design, outcome)
        mean, _, high = interval(np.abs(effects))
        return {"mu_star": (mean, high - mean), "sigma": (moments(effects)[2], np.full_like(mean, np.nan))}
    return {"first": _shares(sample, design, outcome)}


def _elementary_effects(design: np.ndarray, outcome: np.ndarray) -> np.ndarray:
    """float64[trajectory, key]: what a key changes over its whole range, by the one step that a trajectory takes in it.

    SALib's `morris.analyze` has the same, but gives their moments only.
    """
    keys = design.shape[1]
    steps = np.diff(design.reshape(-1, keys + 1, keys), axis=1)  # [trajectory, step, key]
    slopes = np.diff(outcome.reshape(-1, keys + 1), axis=1) / steps.sum(axis=2)  # a step is in one key alone
    return np.asarray(np.einsum("ts,tsk->tk", slopes, steps != 0.0))


def _shares(sample: Sample, design: np.ndarray, outcome: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First-order shares S of the variance by RBD-FAST, key by key, and the half-widths of their 95 % intervals.

    S is the adjusted R^2 of a regression on the 2 M waves of M harmonics, which over a Latin hypercube are the same in
    every sample: f = n - 2 M degrees of freedom are left, and R^2/(1 - R^2) is the ratio of a noncentral chi-square of
    2 M degrees, with noncentrality n S/(1 - S), to a central one of f. By the delta method, then,

        Var(S) = (1 - S)^2 (2 S (2 - S) + 4 M (1 - S)^2/f)/f,

    and Student's quantile of f degrees. It takes what other keys do for normal noise: 90 to 99 % are covered, fewer
    where that has heavy tails (87 % with Student's t of four degrees) and where M harmonics cannot follow the outcome
    (two turns over the range at 16 points). SALib resamples half of the points: intervals are 1.5 to 3 times too wide.
    """
    from SALib.analyze import rbd_fast
    from scipy.special import stdtrit

    harmonics = max(1, min(HARMONICS, len(outcome) // POINTS_A_HARMONIC))  # the bias grows with harmonics over points
    found = rbd_fast.analyze(sample.problem, design, outcome, M=harmonics, num_resamples=2)
    first, left = np.asarray(found["S1"], dtype=np.float64), len(outcome) - 2 * harmonics
    share = np.clip(first, 0.0, 1.0)
    variance = (1.0 - share) ** 2 * (2.0 * share * (2.0 - share) + 4.0 * harmonics * (1.0 - share) ** 2 / left) / left
    return first, stdtrit(left, UPPER) * np.sqrt(variance)
