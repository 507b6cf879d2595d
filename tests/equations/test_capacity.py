"""Capital, hurdle, headroom and admission against numbers worked by hand."""

import numpy as np
import pytest

from colend.equations.capacity import (
    admission,
    capital_ratio,
    headroom,
    hurdle,
    monthly_runoff,
    offered_lending,
    overshoot,
)


def test_capital_ratio():
    assert capital_ratio(13.5, 20.0, 80.0) == pytest.approx(0.135)
    assert capital_ratio(13.5, 0.0, 0.0) == np.inf


def test_hurdle_rises_smoothly_to_its_bound():
    # one scale above the minimum: 0.02 + 0.04 / e
    assert hurdle(0.115, 0.105, 0.02, 0.04, 0.01) == pytest.approx(0.02 + 0.04 * np.exp(-1))
    assert hurdle(0.05, 0.105, 0.02, 0.04, 0.01) == pytest.approx(0.06)
    assert hurdle(0.5, 0.105, 0.02, 0.04, 0.01) == pytest.approx(0.02)


def test_headroom_is_the_smaller_of_capital_and_deposits():
    # 10.5 / 0.105 = 100; less 60 of other assets leaves 40 for loans, 15 of them lent
    assert headroom(10.5, 0.105, 15.0, 1.0, 60.0, np.inf) == pytest.approx(25.0)
    assert headroom(10.5, 0.105, 15.0, 1.0, 60.0, 20.0) == pytest.approx(5.0)
    assert headroom(10.5, 0.105, 45.0, 1.0, 60.0, np.inf) == 0.0
    assert overshoot(45.0, 10.5, 0.105, 1.0, 60.0) == pytest.approx(5.0)
    assert overshoot(15.0, 10.5, 0.105, 1.0, 60.0) == 0.0


def test_a_risk_weight_stretches_both_alike():
    assert headroom(10.5, 0.105, 15.0, 0.5, 60.0, np.inf) == pytest.approx(65.0)


def test_admission_rations_in_proportion():
    assert admission(50.0, 100.0) == pytest.approx(0.5)
    assert admission(0.0, 100.0) == 0.0
    assert list(admission(np.array([0.0, 200.0]), np.array([0.0, 100.0]))) == [1.0, 1.0]


def test_runoff_of_a_steady_book():
    """One loan of 12 begun every month, term 12: 12 is repaid a month, and 12 x 13 / 2 is outstanding."""
    assert monthly_runoff(12 * 13 / 2, 12) == pytest.approx(12.0)


def test_offers_share_what_is_left_among_alliances():
    assert list(offered_lending(np.array([60.0, 60.0]), 5.0, 6, np.array([0, 3]))) == [15.0, 5.0]
