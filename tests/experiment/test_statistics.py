"""Intervals cover what they claim; differences are exactly zero where nothing differs."""

import math

import numpy as np
import pandas as pd
import pytest

from colend.experiment.statistics import (
    COMPARISON,
    compared,
    comparison,
    correlation,
    effect_size,
    holm,
    interval,
    p_of,
    separated,
)


def tolerance(repetitions, share=0.95):
    """Four standard errors of a share."""
    return 4.0 * math.sqrt(share * (1.0 - share) / repetitions)


def correlated(generator, seeds, repetitions, correlation):
    """Two normal samples [seeds, repetitions], paired."""
    one, other = generator.standard_normal((2, seeds, repetitions))
    return one, correlation * one + math.sqrt(1.0 - correlation**2) * other


def test_interval_by_hand():
    # mean 2, sd 1, n = 3: 2 +- 4.302653 / sqrt(3)
    assert interval(np.array([1.0, 2.0, 3.0])) == pytest.approx((2, 2 - 2.484138, 2 + 2.484138), abs=1e-5)
    assert interval(np.array([1.0, 2.0, 3.0]), 2.0)[1] == pytest.approx(2 - 2 * 2.484138, abs=1e-5)
    assert interval(np.full(7, 0.1)) == (0.1, 0.1, 0.1)


def test_the_p_value_behind_an_interval_is_the_tests():
    """At any widening; of equal arms there is none, of a difference that never varies it is 0."""
    generator = np.random.default_rng(8)
    base, arm = generator.normal(size=(2, 9, 5))
    for widening in (1.0, 1.07):
        found = compared(arm + 0.8, base, widening)
        told = p_of(*(found[name] for name in ("difference", "low", "high", "pairs")))
        np.testing.assert_allclose(told, found["p"], rtol=1e-9)
    assert np.isnan(p_of(0.0, 0.0, 0.0, 4))
    assert p_of(2.0, 2.0, 2.0, 4) == 0.0


def test_many_columns_at_once_are_each_alone_and_missing_values_are_left_out():
    values = np.random.default_rng(1).normal(size=(7, 4))
    mean, low, high = interval(values)
    for column in range(4):
        alone = interval(values[:, column])
        np.testing.assert_allclose((mean[column], low[column], high[column]), alone, rtol=1e-12)
    mean, low, _ = interval(np.array([[1.0, np.nan], [np.nan, np.nan]]))
    assert mean[0] == 1.0
    assert np.isnan([mean[1], low[0], low[1]]).all()


@pytest.mark.parametrize("correlation", [0.0, 0.9])
def test_intervals_cover_95_percent(correlation):
    """Of the paired difference and of A, 20 seeds, normal arms half a deviation apart: A = Phi(0.5 / sqrt(2)).

    The interval of A is an approximation: it may cover more, and a point less.
    """
    repetitions = 8_000
    base, arm = correlated(np.random.default_rng(4), 20, repetitions, correlation)
    found = compared(arm + 0.5, base)
    covered = np.mean((found["low"] <= 0.5) & (found["high"] >= 0.5))
    assert covered == pytest.approx(0.95, abs=tolerance(repetitions))
    truth = 0.5 * math.erfc(-0.5 / 2.0)
    covered = np.mean((found["effect_low"] <= truth) & (found["effect_high"] >= truth))
    assert 0.94 - tolerance(repetitions) <= covered <= 0.97 + tolerance(repetitions)
    assert np.mean(found["correlation"]) == pytest.approx(correlation, abs=0.01)


def test_an_arm_against_itself_differs_by_exactly_nothing():
    values = np.random.default_rng(1).standard_normal(20)
    found = compared(values, values.copy())
    assert (found["difference"], found["low"], found["high"]) == (0.0, 0.0, 0.0)
    assert found["share_of_pairs"] == 0.5
    assert (found["effect_size"], found["effect_low"], found["effect_high"]) == (0.5, 0.5, 0.5)
    assert found["correlation"] == pytest.approx(1.0)
    assert np.isnan(found["p"])


def test_missing_values_are_left_out_of_pairs_and_counted():
    found = compared(np.array([1.0, np.nan, 3.0, 4.0]), np.array([0.0, 1.0, np.nan, 2.0]))
    assert (found["n"], found["pairs"], found["difference"]) == (3, 2, 1.5)
    assert compared(np.array([np.nan]), np.array([1.0]))["pairs"] == 0


def test_effect_size_by_hand():
    # of the two pairs of unequal seeds (1,1) and (2,0): one higher, one equal
    assert effect_size(np.array([1.0, 2.0]), np.array([0.0, 1.0]))[0] == pytest.approx(1.5 / 2)


def test_the_interval_of_the_effect_size_by_hand():
    """Values 1, 3, 5 against 2, 1, 4: of six pairs of unequal seeds 3.5 won, A = 7/12; without a seed 1/2, 1/2, 3/4.

    Jackknife: 2/3 (1 + 1 + 4)/144 = 1/36; two more pairs: 2/36. Logit 0.336472, error of it sqrt(1/12) / (7/12 * 5/12)
    = 1.187692, t(2) 4.302653.
    """
    size, low, high = effect_size(np.array([1.0, 3.0, 5.0]), np.array([2.0, 1.0, 4.0]))
    half = 4.302653 * 1.187692
    assert size == pytest.approx(7 / 12)
    assert low == pytest.approx(1 / (1 + math.exp(-0.336472 + half)), rel=1e-5)
    assert high == pytest.approx(1 / (1 + math.exp(-0.336472 - half)), rel=1e-5)


@pytest.mark.parametrize("seeds", [5, 20])
@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.9, 0.99, 0.999, 1.0])
def test_the_effect_size_is_unbiased_and_its_interval_covers(seeds, correlation):
    """Normal arms d deviations apart: A = Phi(d / sqrt(2)), within four standard errors of the mean estimate.

    95 % or more are covered; at 20 seeds and d >= 0.5, where the order of many pairs differs, no more than 97 %.
    """
    repetitions, generator = 4_000, np.random.default_rng(9)
    for shift in (0.0, 0.01, 0.1, 0.5, 1.0):
        base, arm = correlated(generator, seeds, repetitions, correlation)
        size, low, high = effect_size(arm + shift, base)
        truth = 0.5 * math.erfc(-shift / 2.0)
        assert abs(size.mean() - truth) <= 4.0 * size.std() / math.sqrt(repetitions) + 1e-12
        covered = np.mean((low <= truth) & (truth <= high))
        assert covered >= 0.95 - tolerance(repetitions)
        assert seeds < 20 or shift < 0.5 or covered <= 0.97 + tolerance(repetitions, 0.97)


def test_an_effect_size_of_closely_paired_arms_is_not_surer_than_it_can_be():
    """Twenty values, each a little higher: every pair stands in the same order in both, and one more might not."""
    size, low, high = effect_size(np.arange(20.0) + 0.01, np.arange(20.0))
    assert size == 0.5
    assert 0.48 < low < 0.5 < high < 0.52


def test_an_effect_size_goes_over_the_pairs_that_there_are():
    """As by hand over every pair of unequal seeds, where each arm lacks other seeds; no interval with two seeds."""
    values, others = np.random.default_rng(6).integers(0, 4, (2, 9, 5)).astype(float)
    values[[0, 3], :], others[[3, 5, 7], :] = np.nan, np.nan
    size, low, high = effect_size(values, others)
    for column in range(5):
        pairs = [
            (one > other) + 0.5 * (one == other)
            for i, one in enumerate(values[:, column])
            for j, other in enumerate(others[:, column])
            if i != j and not np.isnan([one, other]).any()
        ]
        assert size[column] == pytest.approx(np.mean(pairs))
    assert ((low < size) & (size < high)).all()
    assert np.isnan(effect_size(values[:3], others[:3])[1:]).all()


def test_a_whole_separation_has_newcombes_bound():
    """One value above one other: 1 - A = z^2 A (N = 1), so A = 1 / (1 + z^2)."""
    assert separated(1, 1) == pytest.approx(1 / (1 + 1.959964**2), rel=1e-6)
    size, low, high = effect_size(np.arange(20.0) + 100.0, np.arange(20.0))
    assert (size, high) == (1.0, 1.0)
    assert 0.85 < low < 1.0
    assert effect_size(np.arange(20.0), np.arange(20.0) + 100.0)[1:] == pytest.approx((0.0, 1.0 - low))


def test_correlation_and_p_by_hand():
    """1, 2, 3 with 1, 3, 2: r = 1/2. Differences 1, 2, 3: t = 2 sqrt(3), p = 0.07418 with 2 degrees."""
    assert correlation(np.array([1.0, 2.0, 3.0]), np.array([1.0, 3.0, 2.0])) == pytest.approx(0.5)
    assert np.isnan(correlation(np.array([1.0, 2.0, 3.0]), np.ones(3)))
    assert compared(np.array([1.0, 2.0, 3.0]), np.zeros(3))["p"] == pytest.approx(0.07418, abs=1e-5)


def test_holm_by_hand():
    """0.01, 0.04, 0.03 of three: 0.01 * 3, 0.03 * 2, and no less than that for the last."""
    np.testing.assert_allclose(holm([[0.01, 0.04, 0.03, np.nan]]), [[0.03, 0.06, 0.06, np.nan]])
    assert holm([0.9, 0.8]).tolist() == [1.0, 1.0]


def test_holm_keeps_the_family_wise_error():
    """Ten true nulls, 4,000 times: some p below 0.05 in at most 5 % of families; unadjusted in 1 - 0.95^10 = 40 %."""
    p = np.random.default_rng(8).random((4_000, 10))
    assert np.mean((holm(p) <= 0.05).any(axis=1)) <= 0.05 + tolerance(4_000, 0.05)
    assert np.mean((p <= 0.05).any(axis=1)) == pytest.approx(0.4013, abs=tolerance(4_000, 0.4))


def test_pairs_go_by_seed_whatever_the_order_of_rows():
    runs = pd.DataFrame(
        {"arm": ["a", "a", "b", "b"], "seed": [1, 2, 2, 1], "point": "", "profit": [10.0, 20.0, 23.0, 11.0]}
    )
    found = comparison(runs, "a", ["profit"]).set_index("arm").loc["b"]
    assert (found["difference"], found["pairs"], found["share_of_pairs"]) == (2.0, 2, 1.0)


def test_an_arm_that_lacks_a_point_or_a_seed_is_compared_where_it_can_be():
    runs = pd.DataFrame(
        [("a", 0, "x", 1.0), ("a", 1, "x", 2.0), ("b", 0, "x", 5.0), ("b", 0, "y", 7.0), ("a", 0, "z", 1.0)],
        columns=["arm", "seed", "point", "profit"],
    )
    found = comparison(runs, "a", ["profit"])
    assert found[["arm", "point", "n", "pairs"]].to_numpy().tolist() == [
        ["a", "x", 2, 2],
        ["b", "x", 1, 1],
        ["a", "z", 1, 1],
    ]
    assert found.loc[1, "difference"] == 4.0
    assert list(found.columns) == list(COMPARISON)
    assert comparison(runs, "nobody", ["profit"]).empty
