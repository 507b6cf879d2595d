"""Draws are functions of their coordinates; here only that they are, and that neighbours do not resemble each other."""

import numpy as np
import pytest
from scipy import stats

from colend.state.draws import entity_key, month_key, normal, uniform

SIZE = 200_000


@pytest.fixture(autouse=True)
def wrap_around():
    with np.errstate(over="ignore"):
        yield


def draws(seed=0, month=0, purpose=1, size=SIZE):
    return uniform(entity_key(month_key(seed, month), np.arange(size, dtype=np.uint64)), purpose)


def test_same_coordinates_same_draw_alone_or_in_a_column():
    column = draws(seed=3, month=5, purpose=7, size=10)
    assert [uniform(entity_key(month_key(3, 5), i), 7) for i in range(10)] == column.tolist()


def test_uniform():
    # Kolmogorov-Smirnov at the 0.1 % level; the draws are fixed, so this passes or fails for ever.
    assert stats.kstest(draws(), "uniform").pvalue > 0.001
    assert 0.0 < draws().min() < draws().max() < 1.0


@pytest.mark.parametrize("other", [{"seed": 1}, {"month": 1}, {"month": -1}, {"purpose": 2}])
def test_neighbours_are_uncorrelated(other):
    # a correlation of independent draws has standard error 1/sqrt(n); four of them
    assert abs(np.corrcoef(draws(), draws(**other))[0, 1]) < 4 / np.sqrt(SIZE)


def test_next_entity_is_uncorrelated():
    column = draws()
    assert abs(np.corrcoef(column[:-1], column[1:])[0, 1]) < 4 / np.sqrt(SIZE)


def test_normal_is_the_quantile_of_the_uniform():
    key = entity_key(month_key(0, 0), 5)
    assert stats.norm.cdf(normal(key, 3)) == pytest.approx(uniform(key, 3), rel=1e-12)
