"""How precision grows and what spending on it is worth, against hand-worked numbers and brute force."""

import numpy as np
import pytest

from colend.compilation import compiled
from colend.equations.capability import (
    Path,
    absorption,
    best_research,
    doing,
    precision_change,
    profit_of_path,
    replaces_legacy,
    research,
    talent_gain,
    transfer,
    view,
)

PATH = Path(
    discount=0.992,
    decay=0.004,
    floor=0.1,
    reference=0.3,
    curvature=0.0,
    maximum=1.0,
    busy_learning=0.5,
    legacy_after=0.1,
)


def path(precision=0.3, talent=0.5, legacy=0.5, effort=0.01, worth=1e6, horizon=36, laboratory=0.0, busy=0):
    return profit_of_path(precision, talent, legacy, effort, worth, horizon, laboratory, busy, PATH)


def test_change_of_precision_by_hand():
    # absorbed 0.5 x 0.5 x 0.7 = 0.175; -0.004 x 0.2 + 0.175 x 0.02 = 0.0027
    absorbed = absorption(0.3, 0.5, 0.5, 0.3, 0.0, 1.0)
    assert absorbed == pytest.approx(0.175)
    assert precision_change(0.3, 0.004, 0.1, 1.0, absorbed, 0.02) == pytest.approx(0.0027)


def test_without_effort_precision_decays_to_its_floor_and_never_passes_the_maximum():
    tau = 0.9
    for _ in range(5_000):
        tau += precision_change(tau, 0.004, 0.1, 1.0, absorption(tau, 0.5, 0.5, 0.3, 0.0, 1.0), 0.0)
    assert tau == pytest.approx(0.1, abs=1e-6)
    assert absorption(1.2, 0.5, 0.5, 0.3, 0.0, 1.0) == 0.0


def test_curvature_lets_those_learn_more_who_know_more():
    low, high = absorption(np.array([0.1, 0.6]), 1.0, 0.0, 0.3, 1.0, 2.0) / np.array([0.95, 0.7])
    assert high / low == pytest.approx(6.0)


def test_doing_by_hand_and_crowding_out():
    # 0.005 log(1 + 9) = 0.011513; with a depth of 0.5 and crowd_out 0.3 a share of 0.85 is left
    assert doing(0.005, 9_000.0, 0.0, 0.3) == pytest.approx(0.011513, abs=1e-6)
    assert doing(0.005, 9_000.0, 0.5, 0.3) == pytest.approx(0.85 * 0.011513, abs=1e-6)
    assert list(view(0.75, np.array([0.0, 0.9]))) == [0.75, 0.9]


def test_transfer_flows_only_downhill():
    assert transfer(0.03, 0.3, 0.5, 0.8, 0.3) == pytest.approx(0.03 * 0.3 * 0.5 * 0.5)
    assert transfer(0.03, 0.3, 0.5, 0.8, 0.9) == 0.0


@pytest.mark.parametrize("worth", [1e6, 2e7, 2e8])
def test_best_research_maximises_gain_less_cost(worth):
    gain, unit, absorbed = 0.004, 50_000.0, 0.175
    spending = np.linspace(0.0, 300_000.0, 300_001)
    net = absorbed * research(gain, spending, unit) * worth - spending
    assert best_research(gain, unit, absorbed, worth, np.inf) == pytest.approx(spending[np.argmax(net)], abs=1.0)


def test_research_stops_where_it_does_not_pay():
    assert best_research(0.004, 50_000.0, 0.175, 1e6, 1e9) == 0.0


def test_research_costs_no_more_than_there_is():
    # unbounded it would be 0.004 x 0.175 x 2e8 - 50,000 = 90,000 yuan
    assert best_research(0.004, 50_000.0, 0.175, 2e8, 60_000.0) == 60_000.0


def test_a_month_of_any_effort_leads_to_the_maximum_and_no_further():
    # absorbed 0.175 x an effort of 100 would lead to 17.8
    assert 0.3 + precision_change(0.3, 0.004, 0.1, 1.0, 0.175, 100.0) == pytest.approx(1.0 - 0.0008)
    assert path(horizon=1, effort=100.0) == pytest.approx(0.992 * 1e6 * 0.6992)
    assert precision_change(2.0, 0.004, 0.1, 1.0, 0.0, 100.0) == pytest.approx(-0.0076)  # above it: decay alone


def test_path_without_effort_or_decay_brings_nothing():
    assert profit_of_path(0.3, 0.5, 0.5, 0.0, 1e6, 36, 0.0, 0, PATH._replace(decay=0.0)) == 0.0


def test_path_of_one_month_by_hand():
    # tau rises by 0.175 x 0.01 - 0.004 x 0.2 = 0.00095, worth 950 yuan a month from now
    assert path(horizon=1) == pytest.approx(0.992 * 950.0)


def test_talent_and_a_new_system_raise_the_path_over_a_long_horizon_only():
    assert path(laboratory=0.1, horizon=60) > path(horizon=60)
    long_gain = path(horizon=60, busy=12) - path(horizon=60)
    short_gain = path(horizon=12, busy=12) - path(horizon=12)
    assert long_gain > 0.0 > short_gain  # while the old system is replaced the bank learns less


def test_replacement_needs_the_gain_to_cover_cost_and_attachment():
    assert replaces_legacy(10.0, 8.0, 0.5, 4.0)
    assert not replaces_legacy(10.0, 8.0, 0.6, 4.0)


def test_a_laboratory_raises_talent_towards_one():
    talent = 0.4
    for _ in range(12):
        talent += talent_gain(talent, 0.12)
    assert talent == pytest.approx(1 - 0.6 * 0.99**12)


def test_compiled_is_plain():
    arguments = (0.3, 0.5, 0.5, 0.01, 1e6, 36, 0.1, 12, PATH)
    assert compiled(profit_of_path)(*arguments) == pytest.approx(profit_of_path(*arguments), rel=1e-12)
