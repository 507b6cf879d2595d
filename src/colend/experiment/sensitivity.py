"""Which swept parameters matter: indices of a sampled design, by SALib, for the arms of a sweep."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from colend.experiment.errors import StoreError
from colend.scenario.design import point_name
from colend.scenario.sweep import LATIN_HYPERCUBE, MORRIS, MORRIS_LEVELS, SOBOL, Sample

COLUMNS = ("arm", "measure", "key", "index", "value", "low", "high", "undefined", "used")
# Whole-run measures whose indices are kept with the results, and drawn.
SHOWN = (
    "balance_joint_end",
    "converted",
    "precision_median_end",
    "dormant_share_end",
    "value_per_bank",
    "loss_rate_joint",
)
RESAMPLES = 200  # of the bootstrap behind the intervals
HARMONICS, POINTS_A_HARMONIC = 10, 8  # of RBD-FAST; two of a half's points a harmonic would be all there is
FEWEST_TRAJECTORIES = 4  # of Morris's that are left where a measure is undefined: a mean of fewer says too little
MOST_NAMED = 12  # missing runs in a message


class IncompleteDesignError(StoreError):
    """Runs of the design are missing; an index made without them would be wrong without a word."""

    def __init__(self, missing: Sequence[str]) -> None:
        more = f" and {len(missing) - MOST_NAMED:,} more" if len(missing) > MOST_NAMED else ""
        names = "; ".join(missing[:MOST_NAMED])
        super().__init__(
            f"the design is incomplete, so that its sensitivity cannot be told: {len(missing):,} runs are missing "
            f"({names}{more}); the same command runs what is missing",
            2,
        )


def sample_of(scenario: Any) -> Sample | None:
    """The sample that a scenario (or a scenario read from a manifest) sweeps over, or None."""
    sample = getattr(scenario, "sample", None)
    return Sample(**sample) if isinstance(sample, dict) else sample


def sensitivity(runs: Any, scenario: Any, measures: Sequence[str]) -> Any:
    """A data frame with COLUMNS: how much of each measure every swept key explains.

    `runs` is the data frame of whole-run measures. With one arm the measure itself is taken, its mean over seeds; with
    several the difference of every other arm to the baseline, paired by seed. Indices: `first` and `total` of Sobol's
    design (Saltelli et al. 2010), `mu_star` and `sigma` of Morris's (Campolongo et al. 2007), in the measure's unit,
    `first` of a Latin hypercube (RBD-FAST, Tarantola et al. 2006); low and high bound their 95 % interval, missing
    where the method gives none. Raises IncompleteDesignError when runs are missing, ValueError when nothing was
    sampled.

    `undefined` counts the points at which the measure is undefined for some seed. An elementary effect needs the two
    points it lies between and nothing else, so Morris's indices are then those of the trajectories on which the measure
    is defined throughout: `used` of them, the same for every key, and the effects where it is defined. The other
    methods have no such part: they take keys to vary independently of each other, as they do over the whole design but
    not over the part where a measure is defined. Their indices are missing then (`used` is 0), as are those of fewer
    than FEWEST_TRAJECTORIES.
    """
    import pandas as pd

    sample = sample_of(scenario)
    if sample is None:
        raise ValueError("the scenario has no sampled sweep")
    design, rows = sample.unit_rows(), [point_name(row) for row in sample.rows()]
    _refuse_incomplete(runs, scenario, rows)
    frame = runs.set_index(["arm", "seed", "point"])
    others = [arm for arm in scenario.arms if arm != scenario.baseline] or [scenario.baseline]
    result: list[tuple] = []
    for arm in others:
        values = frame.loc[arm, list(measures)]
        if arm != scenario.baseline:
            values = values - frame.loc[scenario.baseline, list(measures)]
        means = values.groupby("point").mean().where(values.notna().groupby("point").all())
        for measure in measures:
            outcome = means.loc[rows, measure].to_numpy(dtype=float)
            undefined, use = int(means[measure].isna().sum()), _usable(sample, outcome)
            used = sample.n if use.all() else int(use.sum()) // (len(sample.ranges) + 1)
            found = _indices(sample, design[use], outcome[use])
            result += [(arm, measure, *row, undefined, used) for row in found]
    return pd.DataFrame(result, columns=list(COLUMNS))


def _refuse_incomplete(runs: Any, scenario: Any, rows: list[str]) -> None:
    there = set(zip(runs["arm"], runs["seed"], runs["point"], strict=True))
    wanted = [(arm, seed, point) for seed in scenario.seeds for point in dict.fromkeys(rows) for arm in scenario.arms]
    missing = [f"{arm}:{seed}:{point}" for arm, seed, point in wanted if (arm, seed, point) not in there]
    if missing:
        raise IncompleteDesignError(missing)


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


def _indices(sample: Sample, design: np.ndarray, outcome: np.ndarray) -> list[tuple]:
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
    problem, unknown = sample.problem, np.full(len(sample.ranges), np.nan)
    if sample.method == SOBOL:
        from SALib.analyze import sobol

        scaled = (outcome - outcome.mean()) / outcome.std()  # better conditioned; the indices have no unit
        found = sobol.analyze(  # to SALib a seed of 0 is none
            problem, scaled, calc_second_order=False, num_resamples=RESAMPLES, seed=sample.seed + 1
        )
        return {"first": (found["S1"], found["S1_conf"]), "total": (found["ST"], found["ST_conf"])}
    if sample.method == MORRIS:
        from SALib.analyze import morris

        found = morris.analyze(
            problem, design, outcome, num_levels=MORRIS_LEVELS, num_resamples=RESAMPLES, seed=sample.seed
        )
        return {"mu_star": (found["mu_star"], found["mu_star_conf"]), "sigma": (found["sigma"], unknown)}
    from SALib.analyze import rbd_fast

    # The bias of a first-order index grows with harmonics over points; intervals are made of half the points.
    harmonics = max(1, min(HARMONICS, len(outcome) // POINTS_A_HARMONIC))
    found = rbd_fast.analyze(problem, design, outcome, M=harmonics, num_resamples=RESAMPLES, seed=sample.seed)
    return {"first": (found["S1"], found["S1_conf"])}
