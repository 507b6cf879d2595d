"""Indices of sampled designs: known functions, what intervals cover, and designs that are not complete."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from SALib.analyze import morris

from colend.experiment.sensitivity import IncompleteDesignError, _indices, sensitivity
from colend.scenario.design import point_name
from colend.scenario.sweep import MORRIS_LEVELS, Sample

KEYS = ("alliances.fit_sd", "alliances.operation_sd", "alliances.prior_mean")
RANGES = dict.fromkeys(KEYS, (0.0, 1.0))


def results(method, n, function, arms=("base",), seeds=(0, 1), seed=3):
    """What a scenario would have given whose measure is `function(x, arm, seed)` of its point."""
    sample = Sample(method, n, seed, RANGES)
    points = {point_name(row): row for row in sample.rows()}
    rows = [
        (arm, seed, name, function(np.array(list(point.values())), arm, seed))
        for seed in seeds
        for name, point in points.items()
        for arm in arms
    ]
    frame = pd.DataFrame(rows, columns=["arm", "seed", "point", "y"])
    return [frame], SimpleNamespace(sample=sample, own_arms=list(arms), baseline=arms[0], seeds=list(seeds))


def linear(x, arm, seed):
    """Variance shares of 4 x1 + 2 x2 with uniform x: 16/20, 4/20, 0; elementary effects 4, 2, 0."""
    return 4.0 * x[0] + 2.0 * x[1] + 100.0 * seed


def by_key(table, index):
    return table[table["index"] == index].set_index("key").loc[list(KEYS)]


def counts(table):
    """Points at which the measure is undefined, and how much of the sample was used: the same in every row."""
    ((undefined, used),) = set(zip(table["undefined"], table["used"], strict=True))
    return undefined, used


def test_sobol_gives_the_variance_shares_within_its_own_interval():
    table = by_key(sensitivity(*results("sobol", 256, linear), ["y"]), "first")
    for known, row in zip((0.8, 0.2, 0.0), table.itertuples(), strict=True):
        half = row.high - row.value
        assert abs(row.value - known) <= 2.0 * half + 1e-9  # two half-widths are 3.9 standard errors


def test_a_twin_has_no_indices_and_the_one_arm_beside_it_keeps_its_own():
    (frame,), scenario = results("sobol", 16, linear, arms=("base", "twin"))
    scenario.own_arms = ["base"]
    table = sensitivity([frame], scenario, ["y"])
    assert set(table["arm"]) == {"base"}
    assert table["value"].any()


def test_total_indices_count_interactions():
    """x1 x2 of centred uniforms is all interaction: first order 0, total 1 for both."""
    (frame,), scenario = results("sobol", 512, lambda x, arm, seed: (x[0] - 0.5) * (x[1] - 0.5))
    table = sensitivity([frame], scenario, ["y"])
    first, total = by_key(table, "first"), by_key(table, "total")
    for key in KEYS[:2]:
        assert abs(first["value"][key]) <= 2.0 * (first["high"] - first["value"])[key]
        assert abs(total["value"][key] - 1.0) <= 2.0 * (total["high"] - total["value"])[key]
    assert total["value"][KEYS[2]] == 0.0


def test_morris_gives_the_elementary_effects_of_a_linear_function_exactly():
    table = sensitivity(*results("morris", 6, linear), ["y"])
    np.testing.assert_allclose(by_key(table, "mu_star")["value"], [4.0, 2.0, 0.0], atol=1e-9)
    np.testing.assert_allclose(by_key(table, "sigma")["value"], 0.0, atol=1e-9)


def tolerance(repetitions, share):
    """Four standard errors of a share."""
    return 4.0 * np.sqrt(share * (1.0 - share) / repetitions)


def test_morris_has_salibs_moments():
    sample, generator = Sample("morris", 6, 3, RANGES), np.random.default_rng(5)
    design, outcome = sample._draw(), generator.normal(size=sample.size)
    known = morris.analyze(sample.problem, design, outcome, num_levels=MORRIS_LEVELS)
    found = _indices(sample, design, outcome)
    np.testing.assert_allclose([row[2] for row in found], [*known["mu_star"], *known["sigma"]], rtol=1e-12)


@pytest.mark.parametrize("trajectories", [4, 10])
@pytest.mark.parametrize(
    "function",
    [lambda x, noise: 4.0 * x[:, 0] + 2.0 * x[:, 1] + noise, lambda x, noise: np.prod(1.0 + 3.0 * x, axis=1)],
    ids=["sum and noise", "product"],
)
def test_the_interval_of_a_mean_size_covers_what_it_says(trajectories, function):
    """Trajectories are independent, so one long sample is many short ones, and its mean sizes are as good as known.

    90 to 95 %; a normal quantile of a bootstrap's spread covers 80 % of four, 89 % of ten.
    """
    repetitions, generator = 600, np.random.default_rng(7)
    whole, short = (Sample("morris", n, 3, RANGES) for n in (repetitions * trajectories, trajectories))
    design = whole._draw()
    outcome = function(design, generator.normal(size=len(design)))
    known = [row[2] for row in _indices(whole, design, outcome)[: len(KEYS)]]
    parts = zip(*(array.reshape(repetitions, short.size, -1) for array in (design, outcome)), strict=True)
    found = np.array([[row[3:] for row in _indices(short, *part)[: len(KEYS)]] for part in parts])
    covered = np.mean((found[..., 0] <= known) & (known <= found[..., 1]), axis=0)
    assert (covered >= 0.90 - tolerance(repetitions, 0.90)).all()
    assert (covered <= 0.95 + tolerance(repetitions, 0.95)).all()


@pytest.mark.parametrize("points", [16, pytest.param(100, marks=pytest.mark.slow)])
def test_the_intervals_of_a_latin_hypercube_cover_what_they_say(points):
    """Shares of 4 x1 + 2 x2 and as much normal noise: 0.4, 0.1, 0.

    90 to 99 % are covered, and half an interval is 1 to 1.4 times its 1.96 standard deviations over samples (known to
    1 / sqrt(2 R)): SALib's, of half the points, is 1.8 to 2.3 times.
    """
    repetitions, generator, known = 500, np.random.default_rng(7), np.array([0.4, 0.1, 0.0])
    found = []
    for seed in range(repetitions):
        sample = Sample("latin_hypercube", points, seed, RANGES)
        design = sample._draw()
        outcome = 4.0 * design[:, 0] + 2.0 * design[:, 1] + generator.normal(0.0, np.sqrt(20.0 / 12.0), points)
        found.append([row[2:] for row in _indices(sample, design, outcome)])
    value, low, high = np.moveaxis(np.array(found), -1, 0)
    covered = np.mean((low <= known) & (known <= high), axis=0)
    assert (covered >= 0.90 - tolerance(repetitions, 0.90)).all()
    assert (covered <= 0.99 + tolerance(repetitions, 0.99)).all()
    wide = ((high - low) / 2.0).mean(axis=0) / (1.96 * value.std(axis=0))
    error = 4.0 / np.sqrt(2.0 * repetitions)
    assert (wide >= 1.0 - error).all()
    assert (wide <= 1.4 + error).all()


def test_a_latin_hypercube_ranks_keys_by_first_order():
    values = by_key(sensitivity(*results("latin_hypercube", 400, linear), ["y"]), "first")["value"]
    assert values.iloc[0] > values.iloc[1] > values.iloc[2]
    assert values.iloc[0] == pytest.approx(0.8, abs=4 * 0.8 / np.sqrt(400) * 2)


@pytest.mark.parametrize("n", [7, 8, 12, 40, 79])
def test_a_small_latin_hypercube_has_fewer_harmonics_or_no_indices(n):
    """Half of 40 points, of which intervals are made, hold no ten harmonics: nothing is left to divide by."""
    table = sensitivity(*results("latin_hypercube", n, linear), ["y"])
    assert table["value"].notna().all() == (n >= 8)
    assert counts(table) == (0, n if n >= 8 else 0)


def test_with_several_arms_the_paired_difference_is_analysed():
    def function(x, arm, seed):
        return 1000.0 * x[2] + 7.0 * seed + (3.0 * x[1] if arm == "other" else 0.0)

    table = sensitivity(*results("morris", 4, function, arms=("base", "other")), ["y"])
    assert set(table["arm"]) == {"other"}
    np.testing.assert_allclose(by_key(table, "mu_star")["value"], [0.0, 3.0, 0.0], atol=1e-9)


@pytest.mark.parametrize("method", ["sobol", "morris", "latin_hypercube"])
def test_indices_are_the_same_twice_with_a_seed_of_zero_too(method):
    of = results(method, 16, linear, seed=0)
    pd.testing.assert_frame_equal(sensitivity(*of, ["y"]), sensitivity(*of, ["y"]), check_exact=True)


def test_a_constant_has_no_sensitivity():
    assert (sensitivity(*results("sobol", 8, lambda x, arm, seed: 5.0), ["y"])["value"] == 0.0).all()


@pytest.mark.parametrize("method", ["sobol", "latin_hypercube"])
def test_what_is_undefined_somewhere_has_no_shares_of_variance_and_the_table_says_where(method):
    (frame,), scenario = results(method, 8, linear, arms=("base", "other"))
    frame.loc[frame["point"].isin(frame["point"].unique()[[0, 5]]) & (frame["seed"] == 1), "y"] = np.nan
    table = sensitivity([frame.assign(z=1.0)], scenario, ["y", "z"])
    of = dict(list(table.groupby("measure")))
    assert of["y"][["value", "low", "high"]].isna().all(axis=None)
    assert counts(of["y"]) == (2, 0)
    assert counts(of["z"]) == (0, scenario.sample.n)


def test_morris_leaves_out_the_trajectories_on_which_a_measure_is_undefined():
    """What is left of a linear function has its effects exactly; one point may lie on several trajectories."""
    (frame,), scenario = results("morris", 8, linear)
    rows = [point_name(row) for row in scenario.sample.rows()]
    there = frame["point"] == rows[9]
    touched = {i // (len(KEYS) + 1) for i, row in enumerate(rows) if row == rows[9]}
    table = sensitivity([frame.assign(y=frame["y"].mask(there & (frame["seed"] == 0)))], scenario, ["y"])
    assert counts(table) == (1, 8 - len(touched))
    np.testing.assert_allclose(by_key(table, "mu_star")["value"], [4.0, 2.0, 0.0], atol=1e-9)


def test_morris_of_too_few_whole_trajectories_says_nothing():
    (frame,), scenario = results("morris", 8, linear)
    starts = [point_name(row) for row in scenario.sample.rows()[:: len(KEYS) + 1]]
    table = sensitivity([frame.assign(y=frame["y"].mask(frame["point"].isin(starts[:5])))], scenario, ["y"])
    assert table["value"].isna().all()
    assert counts(table) == (len(set(starts[:5])), 0)


def test_the_interval_of_a_mean_size_does_not_go_below_zero():
    (frame,), scenario = results("morris", 4, lambda x, arm, seed: float(x[0] > 0.9))
    table = by_key(sensitivity([frame], scenario, ["y"]), "mu_star")
    assert (table["low"] >= 0.0).all()
    assert (table["high"] >= table["value"]).all()


@pytest.mark.parametrize("method", ["sobol", "morris", "latin_hypercube"])
def test_an_incomplete_design_is_refused_with_what_is_missing(method):
    (frame,), scenario = results(method, 4, linear)
    with pytest.raises(IncompleteDesignError, match=r"1 run missing \(.base:0:\{") as caught:
        sensitivity([frame.drop(index=2)], scenario, ["y"])
    assert caught.value.status == 2
