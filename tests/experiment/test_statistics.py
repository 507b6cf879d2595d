"""Intervals cover what they claim; differences are exactly zero where nothing differs."""

import math

import numpy as np
import pandas as pd
import pytest

from colend.experiment.statistics import COMPARISON, compared, comparison, effect_size, interval


def test_interval_by_hand():
    # mean 2, sd 1, n = 3: 2 +- 4.302653 / sqrt(3)
    assert interval(np.array([1.0, 2.0, 3.0])) == pytest.approx((2 - 2.484138, 2 + 2.484138), abs=1e-5)
    assert all(math.isnan(end) for end in interval(np.array([1.0])))


def test_the_interval_of_a_paired_difference_covers_95_percent():
    """20 seeds, correlated arms, 4,000 repetitions: the share has standard error sqrt(0.95 * 0.05 / 4000)."""
    generator = np.random.default_rng(4)
    repetitions, covered = 4_000, 0
    for _ in range(repetitions):
        common = generator.standard_normal(20)
        base = common + 0.3 * generator.standard_normal(20)
        arm = 0.5 + common + 0.3 * generator.standard_normal(20)
        found = compared(arm, base)
        covered += found["low"] <= 0.5 <= found["high"]
    assert covered / repetitions == pytest.approx(0.95, abs=4 * math.sqrt(0.95 * 0.05 / repetitions))


def test_an_arm_against_itself_differs_by_exactly_nothing():
    values = np.random.default_rng(1).standard_normal(20)
    found = compared(values, values.copy())
    assert (found["difference"], found["low"], found["high"]) == (0.0, 0.0, 0.0)
    assert found["share_of_pairs"] == 0.5
    assert found["effect_size"] == 0.5


def test_missing_values_are_left_out_of_pairs_and_counted():
    found = compared(np.array([1.0, np.nan, 3.0, 4.0]), np.array([0.0, 1.0, np.nan, 2.0]))
    assert (found["n"], found["pairs"], found["difference"]) == (3, 2, 1.5)
    assert compared(np.array([np.nan]), np.array([1.0]))["pairs"] == 0


def test_effect_size_by_hand():
    # of the four pairs (1,0) (1,1) (2,0) (2,1): three higher, one equal
    assert effect_size(np.array([1.0, 2.0]), np.array([0.0, 1.0])) == pytest.approx(3.5 / 4)


def test_pairs_go_by_seed_whatever_the_order_of_rows():
    runs = pd.DataFrame(
        {"arm": ["a", "a", "b", "b"], "seed": [1, 2, 2, 1], "point": "", "profit": [10.0, 20.0, 23.0, 11.0]}
    )
    rows = [dict(zip(COMPARISON, row, strict=True)) for row in comparison(runs, "a", ["profit"])]
    other = next(row for row in rows if row["arm"] == "b")
    assert (other["difference"], other["pairs"], other["share_of_pairs"]) == (2.0, 2, 1.0)
