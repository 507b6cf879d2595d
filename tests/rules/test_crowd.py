"""What pairs expect of the crowd that shares a platform's flow: by hand, at its ends, and what a mean leaves out."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from colend.compilation import compiled
from colend.equations.fit import logistic_normal_mean, share_table
from colend.equations.valuation import TERMS, Tables, ahead_of, alliance_value
from colend.month.founding import prepare_plans
from colend.rules.crowd import Meetings, Others, crowd_after, fill_forecast, forecast, learned, mean_share
from colend.rules.crowd import crowd as crowd_of
from colend.rules.crowd import windows as windows_of
from colend.state.tables import DORMANT, ENDED, INTEGRATING, NONE, OPERATING, PILOT, SIGNED

SIGN_FIRST, COOPERATE_FIRST = 0, 1
NOBODY_ELSE = Others(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
MEETINGS = Meetings(conversion=0.5, lead=4.0, held=8.0, awake=0.75)


@pytest.fixture(name="market_of")
def market_of_fixture(hand_made_world):
    """market_of(stages, sequencing): a world by hand whose plans were made, everybody offering 10 yuan a month."""

    def make(stages=(), sequencing=SIGN_FIRST, **alliances):
        world = hand_made_world(stages=stages, alliances={"crowd": "forecast", **alliances})
        world.pair_sequencing = np.full(6, sequencing, dtype=np.int8)
        world.pairs.alliance = NONE
        world.pairs.alliance[world.alliances.pair] = np.arange(len(world.alliances))
        world.banks.maximum_partners, world.banks.slots, world.platforms.slots = 3, 1, 8.0
        prepare_plans(world)
        world.outlook.kappa = np.full(3, 10.0)
        world.platforms.applications = [1_000.0, 600.0]
        return world

    return make


def share(others, offered=10.0, first=5, last=40, discount=0.99, pace=1.0, pilot=False):
    return mean_share(offered, others, MEETINGS, pace, discount, first, last, pilot)


def test_the_crowd_to_come_by_hand():
    others = Others(
        working=100.0,
        asleep=20.0,
        building=40.0,
        trying=60.0,
        entrant=10.0,
        arrivals=2.0,
        free=1.0,
        turnover=0.5,
        may_come=9.0,
    )
    assert crowd_after(others, MEETINGS, 0.0) == 100.0
    # half of the lead: the sleepers' share is half put right, half of those who build and of a half who try have come
    assert crowd_after(others, MEETINGS, 2.0) == pytest.approx(
        100.0 + (0.75 * 120.0 - 100.0) / 2 + 0.75 * (20.0 + 15.0)
    )
    # six months after the lead 1 + 0.5 * 6 = 4 have begun, of 12 that would; after 40 all nine
    settled = 0.75 * (100.0 + 20.0 + 40.0 + 30.0)
    assert crowd_after(others, MEETINGS, 10.0) == pytest.approx(settled + 0.75 * 0.5 * 4 * 10.0)
    assert crowd_after(others, MEETINGS, 44.0) == pytest.approx(settled + 0.75 * 0.5 * 9 * 10.0)


def test_a_lone_bank_expects_all_of_the_flow_and_one_in_a_large_crowd_nothing():
    assert share(NOBODY_ELSE) == pytest.approx(1.0, rel=1e-12)
    assert share(NOBODY_ELSE, pilot=True) == pytest.approx(1.0, rel=1e-12)
    assert share(NOBODY_ELSE, pace=1.01, first=5, last=5) == pytest.approx(1.01**5)
    for name in ("working", "building", "trying"):
        assert share(NOBODY_ELSE._replace(**{name: 1e12})) < 1e-9
    assert share(NOBODY_ELSE._replace(entrant=1e12, arrivals=1.0, may_come=100.0, free=100.0)) < 1e-9
    shares = [share(NOBODY_ELSE._replace(working=10.0 * partners)) for partners in range(8)]
    assert all(later < earlier for earlier, later in pairwise(shares))


def test_an_expected_flow_by_hand(market_of):
    """Platform 0 has one partner, one that builds; two banks have two partners at most and nobody may come."""
    world = market_of([(0, 0, OPERATING), (0, 1, INTEGRATING), (1, 2, DORMANT)], crowd_prior_weight=1e-9)
    world.alliances.integration_due[1] = 3
    world.alliances.operating_since[[0, 2]] = 0
    world.banks.maximum_partners = 1
    meetings = learned(world)
    expected, near = forecast(world)
    # demand grows by less than 0.4 % a month
    assert near[0] == pytest.approx(1_000.0 * 10.0 / (10.0 + 10.0 * meetings.awake / meetings.lead), rel=0.004)
    assert expected[1] == pytest.approx(1_000.0 * 10.0 / (10.0 + 10.0 * meetings.awake), rel=0.1)
    assert near[5] == pytest.approx(600.0, rel=0.004)


@pytest.mark.parametrize("sequencing", [SIGN_FIRST, COOPERATE_FIRST])
def test_months_that_count(market_of, sequencing):
    """Set-up 1, pilot 6, integration 4, term 36: operation under a pact that is signed now or after a pilot; what is in
    pilot, builds, works."""
    world = market_of([(0, 0, PILOT), (0, 1, INTEGRATING), (1, 2, OPERATING), (0, 2, SIGNED)], sequencing)
    world.month = 9
    world.alliances.decision_due, world.alliances.integration_due = 13, 12
    found = windows_of(world)
    trial = 7 * sequencing
    assert (found.first[3], found.last[3]) == (trial + 5, trial + 36)
    assert (found.first[0], found.last[0], found.near_last[0]) == (3 + 5, 3 + 36, 3)
    assert (found.first[1], found.last[1], found.near_last[1]) == (2 + 1, 36, 1)
    assert (found.first[5], found.last[5], found.near_last[5]) == (1, 36, 1)
    assert (found.first[2], found.last[2]) == (5, 36)
    assert (found.near_first[3], found.near_last[3]) == ((2, 7) if sequencing else (1, 1))
    assert found.in_pilot.tolist() == [True, False, False, *[sequencing == COOPERATE_FIRST] * 2, False]


def test_what_became_of_meetings_is_learned_from_all_whose_fate_is_known(market_of):
    world = market_of([(0, 0, OPERATING), (0, 1, ENDED), (0, 2, PILOT), (1, 0, INTEGRATING)])
    before = learned(market_of())
    group = world.parameters.alliances
    assert before == (group.crowd_prior_conversion, group.crowd_prior_months, group.crowd_prior_months, 1.0)
    world.month, rows = 20, world.alliances
    rows.met = [2, 3, 15, 14]
    rows.integration_started, rows.integration_due = [2, NONE, NONE, 18], [6, NONE, NONE, 22]
    rows.operating_since, rows.ended = [6, NONE, NONE, NONE], [NONE, 10, NONE, NONE]
    rows.slot_months, rows.dormant_months = [4.0, 7.0, 5.0, 6.0], [3, 0, 0, 0]
    weight, found = group.crowd_prior_weight, learned(world)
    assert found.conversion == pytest.approx((0.6 * weight + 2) / (weight + 3))
    assert found.lead == pytest.approx((8 * weight + 4 + 8) / (weight + 2))
    assert found.held == pytest.approx((8 * weight + 4 + 7 + 6 + 2) / (weight + 3))
    assert found.awake == pytest.approx(1 - 3 / (12 * weight + 14))


def test_region_by_region_local_banks_share_their_own(market_of):
    """A bank alone in its region expects what a twentieth of the platform brings, whoever works elsewhere."""
    world = market_of([(0, 0, OPERATING)], crowd_prior_weight=1e6)
    world.banks.maximum_partners = 0
    world.regulation.now = replace(world.regulation.now, home_region_only=1.0)
    expected, _ = forecast(world)
    assert expected[1] == pytest.approx(expected[0], rel=0.02)  # regions 0 and 1, each beside nobody
    assert expected[1] == pytest.approx(1_000.0 / 20, rel=0.2)  # demand grows meanwhile


def test_compiled_and_plain_agree(market_of):
    world = market_of([(0, 0, OPERATING), (0, 1, PILOT), (1, 2, INTEGRATING)], COOPERATE_FIRST)
    found = []
    for fill in (fill_forecast, compiled(fill_forecast, allocates=False)):
        term, near = np.zeros(6), np.zeros(6)
        fill(crowd_of(world), learned(world), windows_of(world), world.monthly_discount, term, near)
        found.append((term, near))
    assert (found[0][0] == found[1][0]).all()
    assert (found[0][1] == found[1][1]).all()


@pytest.mark.parametrize("mean", [-0.5, 0.5, 1.5])
@pytest.mark.parametrize("number", [20_000.0, 100_000.0])
def test_what_a_mean_flow_leaves_out_of_v(mean, number):
    """V with the flow of every month by itself against V with its mean, where 10 partners become some 40 and the flow
    falls to a fifth: within 4 % of what the pact takes in. (A month's part of V is a difference of two terms.)"""
    others = NOBODY_ELSE._replace(working=100.0, entrant=10.0, arrivals=3.0, free=1_000.0, may_come=1_000.0)
    months, discount, table = range(5, 37), 1.1 ** (-1 / 12), share_table(2.0)
    tables = Tables(table, table, np.empty(table.shape[1]))
    flow = np.array([share(others, first=m, last=m, discount=discount) for m in months])
    level = number / flow[0]
    assert flow[-1] < 0.25 * flow[0]
    row = np.zeros(1, dtype=TERMS).view(np.recarray)[0]
    row.noise = row.operation_variance = 0.64
    row.discount, row.integration_months, row.review_months = discount, 4, 6

    def value(n, last):
        row.gain, row.cost, row.months = 30.0 * n, 50_000.0 + 12.0 * n, last
        return alliance_value(mean, 1.5625, row, ahead_of(1.5625, row, tables), tables)

    def total(each):
        return sum(value(level * n, m) - value(level * n, m - 1) for n, m in zip(each, months, strict=True))

    rough = total([share(others, discount=discount, last=36)] * len(months))
    income = 30.0 * level * logistic_normal_mean(mean, 1.5625 + 0.64) * flow @ [discount**m for m in months]
    assert abs(rough - total(flow)) < 0.04 * income
