"""One value an agent: quantiles at Phi(score), clipped to the bounds."""

import numpy as np
import pytest
from scipy.special import ndtr, ndtri

from colend.rules.distributions import draw

EVERYWHERE = (-np.inf, np.inf)
SCORES = ndtri(np.array([0.1, 0.25, 0.5, 0.75, 0.9]))


def test_a_number_is_the_same_for_all():
    assert draw(0.3, SCORES, EVERYWHERE).tolist() == [0.3] * 5


def test_a_list_is_one_each():
    assert draw([1, 2, 3, 4, 5], SCORES, EVERYWHERE).tolist() == [1, 2, 3, 4, 5]
    with pytest.raises(ValueError, match="a list of 2 for 5 agents"):
        draw([1, 2], SCORES, EVERYWHERE)


def test_quantiles():
    assert draw({"normal": [2.0, 0.5]}, SCORES, EVERYWHERE) == pytest.approx(2.0 + 0.5 * SCORES)
    assert draw({"lognormal": [5e9, 0.6]}, SCORES, EVERYWHERE) == pytest.approx(5e9 * np.exp(0.6 * SCORES))
    assert draw({"uniform": [2.0, 4.0]}, SCORES, EVERYWHERE) == pytest.approx([2.2, 2.5, 3.0, 3.5, 3.8])
    assert draw({"choice": {1: 0.2, 2: 0.5, 3: 0.3}}, SCORES, EVERYWHERE).tolist() == [1, 2, 2, 3, 3]


def test_bounds_clip():
    assert draw({"normal": [0.5, 10.0]}, SCORES, (0, 1)).tolist() == [0, 0, 0.5, 1, 1]


def test_the_far_ends_of_a_choice():
    """Probabilities that add to 1 but for rounding leave no score without a value."""
    scores = np.array([-40.0, 40.0])
    shares = dict.fromkeys(range(10), 0.1)
    assert draw({"choice": shares}, scores, EVERYWHERE).tolist() == [0, 9]
    assert ndtr(40.0) == 1.0


def test_no_agents():
    assert draw({"normal": [0, 1]}, np.zeros(0), EVERYWHERE).shape == (0,)
