"""Each rule's arithmetic on a market of three banks and two platforms, by hand."""

import numpy as np
import pytest

from colend.equations.capacity import hurdle
from colend.month.founding import prepare_plans
from colend.month.plans import set_capacity
from colend.month.regulation import set_limits, set_room
from colend.rules.offer import brought_by, deal_of
from colend.rules.regulation import (
    depth_limit,
    home_share,
    lending_terms,
    region_weights,
    stock_limits,
)
from colend.scenario.regulation import OPEN, Regime
from colend.scenario.setting import Setting
from colend.state.tables import OPERATING, PILOT

BOTH = [(0, 0, OPERATING), (1, 0, OPERATING)]


@pytest.fixture
def lent(hand_made_world):
    """Bank 0 (equity 5 bn) has joint loans with both platforms: its parts are 0.9 and 0.3 bn yuan."""
    world = hand_made_world(stages=BOTH)
    prepare_plans(world)
    for contract, yuan in ((5, 0.9e9), (6, 0.3e9)):
        world.books.balance[world.books.claim(contract, 0)] = int(yuan * 100)
    world.banks.consumer_loans[0] = 1.5e9
    return world


def in_force(world, **numbers):
    world.regulation.now = Regime(**numbers)
    world.regulation.terms = lending_terms(world.parameters, world.regulation.now)
    world.outlook.general, world.outlook.segments = world.regulation.terms
    return world


def test_limits_on_stocks_by_hand(lent):
    world = in_force(lent, maximum_partner_to_capital=0.25, maximum_joint_share=0.2)
    stocks = np.array([0.9e9, 0, 0, 0.3e9, 0, 0])
    one, every = stock_limits(world, stocks)
    assert one[[0, 3]] == pytest.approx([1.25e9, 1.25e9])  # a quarter of 5 bn
    # J / (J + own 0.3 bn + other 5 bn / 0.135) = 0.2 where J = a quarter of the others
    assert every[0] == pytest.approx((0.3e9 + 5e9 / 0.135) / 4)


def test_a_limit_raises_the_hurdle_as_capital_does_and_caps_what_is_offered(lent):
    world = in_force(lent, maximum_partner_to_capital=0.2)  # 1 bn: the first platform's stock is at 90 % of it
    set_capacity(world)
    set_limits(world)
    group, banks = world.parameters.banks, world.banks
    as_capital = hurdle(0.105 / 0.9, 0.105, group.base_hurdle, group.hurdle_slope, group.hurdle_scale)
    assert world.pairs.hurdle[0] == pytest.approx(as_capital)
    assert world.pairs.hurdle[0] > banks.hurdle[0]
    assert world.pairs.hurdle[3] == banks.hurdle[0]  # 30 % of the limit: capital is nearer
    assert world.pairs.hurdle[1] == banks.hurdle[1]  # no joint loans
    runoff = 0.9e9 * 2 / (8.7 + 1)
    assert world.outlook.offer_cap[0, 0] == pytest.approx(0.1e9 / group.headroom_months + runoff, rel=1e-6)


def test_hurdle_rises_without_a_step(lent):
    """From far below the limit to beyond it: the hurdle never falls and never jumps."""
    world = in_force(lent, maximum_partner_to_capital=0.2)
    seen = []
    for yuan in np.linspace(0.5e9, 1.1e9, 601):
        world.books.balance[world.books.claim(5, 0)] = int(yuan * 100)
        set_limits(world)
        seen.append(world.pairs.hurdle[0])
    steps = np.diff(seen)
    assert (steps >= 0.0).all()
    # slope of the exponential at the limit times the step of 0.1 % of it: 0.04 x 0.105 / 0.01 x 0.001
    assert steps.max() <= 0.04 * 10.5 * 0.0011
    assert seen[-1] == pytest.approx(0.06)


def test_admission_is_what_the_nearest_limit_has_room_for(lent):
    world = in_force(lent, maximum_partner_to_capital=0.2)
    asked = np.array([1e9, 0, 0, 1e9, 0, 0])
    set_room(world, asked)
    term = 0.1 * 3 + 0.25 * 6 + 0.3 * 9 + 0.35 * 12
    room = np.array([0.1e9 + 0.9e9 * 2 / (term + 1), 0.7e9 + 0.3e9 * 2 / (term + 1)])
    assert world.pairs.admission[[0, 3]] == pytest.approx(room / 1e9)
    world.books.balance[world.books.claim(5, 0)] = int(1.3e9 * 100)  # beyond what a month's run-off brings back
    set_room(world, asked)
    assert world.pairs.admission[0] == 0.0
    assert (world.pairs.admission[[1, 2, 4, 5]] == 1.0).all()


def test_a_limit_on_all_joint_loans_filters_what_the_first_left(lent):
    world = in_force(lent, maximum_partner_to_capital=0.2, maximum_joint_share=0.03)
    asked = np.array([1e9, 0, 0, 1e9, 0, 0])
    set_room(world, asked)
    one, every = world.regulation.filters[1:]
    left = (asked * one)[[0, 3]].sum()
    assert every[0] == pytest.approx(min(1.0, world.regulation.room[2, 0] / left))
    assert world.pairs.admission == pytest.approx(one * every)


def test_a_platform_that_must_fund_a_share_needs_the_capital(lent):
    world = in_force(lent, minimum_platform_share=0.3)
    world.platforms.equity = [1e8, 1e10]
    asked = np.array([10e9, 0, 0, 10e9, 0, 0])  # the platform's part: 3/7 of it
    set_room(world, asked)
    assert world.pairs.admission[0] == pytest.approx(1e8 / 0.105 / (10e9 * 3 / 7))
    assert world.pairs.admission[3] == 1.0
    assert world.outlook.general.funding_share == pytest.approx(0.7)


def test_without_limits_nothing_is_touched(lent):
    world = in_force(lent)
    set_capacity(world)
    set_limits(world)
    set_room(world, np.full(6, 1e15))
    assert (world.pairs.hurdle == np.tile(world.banks.hurdle, 2)).all()
    assert (world.pairs.admission == 1.0).all()
    assert np.isinf(world.outlook.offer_cap).all()
    assert np.isinf(depth_limit(world)).all()
    _, segments = lending_terms(world.parameters, OPEN)
    for name in segments.dtype.names:
        assert (segments[name] == world.outlook.segments[name]).all()


def test_depth_is_bound_by_the_bureau_and_by_own_risk_control(lent):
    world = in_force(lent, maximum_sharing_depth=0.25, maximum_score_reliance=0.5)
    # precision of the shared score delta x 0.8 x factor at most half of the bank's; thin file: factors 1.125 and 0.8
    expected = np.minimum(0.25, 0.5 * np.array([0.3, 0.2, 0.35]) * 0.8 / 1.125 / 0.8)
    assert depth_limit(world) == pytest.approx(np.tile(expected, 2))


def test_own_risk_control_asks_nothing_of_segments_in_which_nobody_is(lent):
    """Thin file has the least own precision against the platform's; with nobody there, mass sets the limit."""
    world = in_force(lent, maximum_score_reliance=0.5)
    people = world.parameters.population
    shares = people.segment_share.model_copy(update={"prime": 0.4, "mass": 0.6, "thin_file": 0.0})
    people = people.model_copy(update={"segment_share": shares})
    world.setting = Setting(world.parameters.model_copy(update={"population": people}))
    assert depth_limit(world) == pytest.approx(np.tile(0.5 * np.array([0.3, 0.2, 0.35]) / 0.8, 2))


def test_the_rate_is_the_price_less_fees_and_the_cost_is_all(lent):
    regime = Regime(rate_cap=0.12, all_in_cost_cap=0.16)
    general, segments = lending_terms(lent.parameters, regime)
    assert segments.price_joint == pytest.approx(
        [0.105, 0.13, 0.16]
    )  # the rate's cap follows with each contract's fees
    assert segments.price_own == pytest.approx([0.1, 0.12, 0.12])
    assert general.rate_cap == 0.12
    for fee, price in ((0.03, 0.1425), (0.06, 0.16)):  # banks pay the fee on their part, three quarters
        brought = brought_by(lent.platforms[0], deal_of(0, 0.75, fee, 0.0), general, segments[2])
        assert brought.price == pytest.approx(price)


def test_at_home_local_banks_keep_to_their_region_and_national_ones_spread(lent):
    world = lent
    assert region_weights(world).tolist() == [[1.0, 1.0, 1.0]]
    in_force(world, home_region_only=1.0)
    weights = region_weights(world)
    assert weights.shape == (20, 3)
    assert weights[:, 0].tolist() == [1.0] + [0.0] * 19  # city bank of region 0
    assert weights[:, 1].tolist() == [0.0, 1.0] + [0.0] * 18  # rural bank of region 1
    assert weights[:, 2] == pytest.approx(1 / 20)  # consumer-finance company
    assert home_share(world) == pytest.approx([1.0, 1.0, 1 / 20])


def test_expected_applications_follow_the_region(hand_made_world):
    """A lone local partner may expect its region's applications, a twentieth of the platform's, not all of them."""
    from colend.rules.prospects import anticipated_applications

    world = hand_made_world(stages=[(0, 0, OPERATING)], alliances={"anticipated_entry": 0.0})
    prepare_plans(world)
    signed = np.array([0])
    everywhere = anticipated_applications(world, signed)[0]
    in_force(world, home_region_only=1.0)
    at_home = anticipated_applications(world, signed)[0]
    assert everywhere == pytest.approx(world.platforms.applications[0])
    assert at_home == pytest.approx(everywhere / 20)


def test_routing_sends_each_region_to_its_own_banks(hand_made_world):
    from colend.month.routing import route

    world = hand_made_world(stages=[(0, 0, OPERATING), (0, 2, OPERATING), (1, 1, PILOT)])
    prepare_plans(world)
    in_force(world, home_region_only=1.0)
    world.outlook.kappa = np.array([40.0, 40.0, 20.0])
    route(world)
    start, member, weight = world.routing
    assert len(start) == 2 * 20 + 1
    first = slice(start[0], start[1])  # platform 0, region 0: the city bank against a twentieth of the national one
    assert member[first].tolist() == [5, 6]
    assert weight[first] == pytest.approx([40 / 41, 1 / 41])
    second = slice(start[1], start[2])  # elsewhere the national one alone
    assert member[second].tolist() == [6]
    home = slice(start[21], start[22])  # platform 1, region 1: a pilot, and the lender for the rest
    assert member[home].tolist() == [7, 4]
    away = slice(start[22], start[23])
    assert member[away].tolist() == [4]
    routed = world.platforms.applications[0] / 20 * (40 / 41)
    assert world.alliances.routed[0] == np.rint(routed)
