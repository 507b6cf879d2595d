"""What banks plan and learn: capital, admission, spending that pays for some, intercepts, precision."""

import numpy as np
import pytest

from colend.equations.capability import absorption
from colend.month.borrowers import over_segments
from colend.month.expectations import refresh_prospects
from colend.month.founding import prepare_plans
from colend.month.learning import correct_intercepts, learn_risk_control, observe_flows
from colend.month.plans import begin_replacements, choose_laboratory, plans, set_admission, set_capacity
from colend.rules.bank import (
    best_spending,
    best_touchpoints,
    done,
    replacements,
    running_loans,
    taught,
    touchpoint_costs_now,
)
from colend.rules.prospects import absorbed_now
from colend.state.books import Flow
from colend.state.outlook import Calibration
from colend.state.tables import OPERATING
from colend.state.totals import FIXED_POINT

TRAFFIC, CUSTOMERS, TECHNOLOGY = range(3)
BOTH = [(0, 0, OPERATING), (1, 1, OPERATING)]


@pytest.fixture
def planned(hand_made_world):
    """A market with two operating alliances, planned once, technology open."""
    world = hand_made_world(TECHNOLOGY, BOTH)
    prepare_plans(world)
    plans(world)
    return world


def test_capital_decides_hurdle_and_headroom(hand_made_world):
    world = hand_made_world()
    prepare_plans(world)
    banks = world.banks
    banks.capital_ratio = [0.105, 0.135, 0.3]
    set_capacity(world)
    assert banks.hurdle == pytest.approx([0.06, 0.02 + 0.04 * np.exp(-3), 0.02], abs=1e-6)
    # equity 5 bn: 5 / 0.105 - 5 / 0.135 = 10.58 bn of loans
    assert banks.headroom[0] == pytest.approx(5e9 / 0.105 - 5e9 / 0.135)
    assert world.outlook.kappa == pytest.approx(banks.headroom / 6)


def test_alliances_share_what_a_bank_offers(hand_made_world):
    world = hand_made_world(stages=[(0, 0, OPERATING), (1, 0, OPERATING)])
    prepare_plans(world)
    assert world.outlook.kappa[0] == pytest.approx(world.banks.headroom[0] / 6 / 2)


def test_admission_is_what_capital_and_runoff_allow(hand_made_world):
    world = hand_made_world(stages=BOTH)
    prepare_plans(world)
    banks = world.banks
    world.outlook.joint_loans[:] = 5_000.0
    set_admission(world)
    assert list(banks.admission) == [1.0, 1.0, 1.0]
    banks.consumer_loans = banks.headroom
    set_capacity(world)
    world.outlook.bank_lending = banks.consumer_loans * 2.0 / 9.7 * 4.0
    set_admission(world)
    assert banks.admission == pytest.approx(0.25)


def test_a_bank_without_capital_or_closed_plans_nothing(hand_made_world):
    world = hand_made_world(TECHNOLOGY, BOTH, learning={"research_unit": 1.0, "laboratory_cost": 0.0})
    prepare_plans(world)
    banks = world.banks
    banks.capital_ratio[0] = 0.1
    banks.alive[1] = 0
    banks.legacy = 0.9
    plans(world)
    assert list(banks.research_spending[:2]) == [0.0, 0.0]
    assert list(banks.laboratory[:2]) == list(banks.replacement_months_left[:2]) == [0, 0]
    assert banks.touchpoints[1] == 0


def test_research_is_bought_where_it_pays(planned):
    world = planned
    learning = world.parameters.learning
    spending = best_spending(world, 3)
    discount = (1 + world.parameters.alliances.discount_rate) ** (-1 / 12)
    for b in range(3):
        months = sum((discount * (1 - learning.decay)) ** t for t in range(1, int(world.banks.horizon_months[b]) + 1))
        worth = world.outlook.precision_profit[b] * months
        expected = max(0.0, learning.research_gain * absorbed_now(world)[b] * worth - learning.research_unit)
        assert spending[b] == pytest.approx(expected)
    world.outlook.precision_profit[:] = [1e9, 0.0, 0.0]
    assert (best_spending(world, 3) > 0).tolist() == [True, False, False]


def test_joint_profit_counts_in_the_worth_of_precision(hand_made_world):
    alone, allied = hand_made_world(), hand_made_world(stages=BOTH)
    for world in (alone, allied):
        prepare_plans(world)
        refresh_prospects(world)
    gain = allied.outlook.precision_profit - alone.outlook.precision_profit
    assert gain[0] > 0.0
    assert gain[1] > 0.0
    assert gain[2] == pytest.approx(0.0)


def test_a_laboratory_needs_a_long_horizon_and_much_to_gain(planned):
    world = planned
    banks, outlook = world.banks, world.outlook
    world.month = 12
    outlook.precision_profit[:], outlook.effort[:] = 5e8, 0.05
    banks.horizon_months = [120, 120, 120]
    chosen = []
    for month in range(12):
        world.month = month
        choose_laboratory(world)
    chosen.append(banks.laboratory.copy())
    banks.horizon_months = 1
    for month in range(12):
        world.month = month
        choose_laboratory(world)
    chosen.append(banks.laboratory.copy())
    assert chosen[0].tolist() == [1, 1, 1]
    assert chosen[1].tolist() == [0, 0, 0]


def test_replacement_is_begun_once_and_ends_with_a_new_system(planned):
    world = planned
    banks, outlook, learning = world.banks, world.outlook, world.parameters.learning
    banks.replacement_months_left, banks.replaced = 0, 0
    banks.legacy, banks.horizon_months, banks.sunk_cost_bias = 0.8, 60, [0.0, 0.0, 1e6]
    outlook.effort[:], outlook.precision_profit[:] = 0.05, 1e9
    world.books.start_month()
    for month in range(12):
        world.month = month
        begin_replacements(world)
    spent = -world.books.flows[Flow.REPLACEMENT_COST, :3].sum(axis=1) / 100
    assert spent[:2] == pytest.approx(learning.replacement_cost * banks.initial_equity[:2])
    assert spent[2] == 0.0  # attached to the old system
    for _ in range(int(learning.replacement_months)):
        assert banks.replaced.tolist() == [0, 0, 0]
        learn_risk_control(world)
    assert banks.replaced.tolist() == [1, 1, 0]
    assert banks.legacy.tolist() == [learning.legacy_floor, learning.legacy_floor, 0.8]
    assert len(replacements(world)[0]) == 0


def test_touchpoints_need_visibility_and_a_horizon(hand_made_world):
    """The same alliance: nothing with traffic alone, something where customers are open, nothing for tomorrow."""
    bought = []
    for openness, horizon in ((TRAFFIC, 48), (CUSTOMERS, 48), (CUSTOMERS, 1)):
        world = hand_made_world(openness, BOTH)
        world.banks.horizon_months = horizon
        prepare_plans(world)
        refresh_prospects(world)
        flow, running = running_loans(world)
        bought.append(int(best_touchpoints(world, flow, touchpoint_costs_now(world, running))[0]))
    assert bought[0] == bought[2] == 0
    assert bought[1] > 0


def test_spending_is_posted_to_the_fen(planned):
    world = planned
    banks, books = world.banks, world.books
    books.start_month()
    banks.research_spending = [1_234.56, 0.0, 0.0]
    world.month = 1  # no decision on research this month
    plans(world)
    assert books.flows[Flow.RESEARCH_COST, 0].sum() == -123_456
    assert books.flows[Flow.RESEARCH_COST].sum() == 0
    touch = books.flows[Flow.TOUCHPOINT_COST, :3].sum(axis=1)
    assert ((touch < 0) == (banks.touchpoints > 0)).all()


def test_a_laboratory_is_shared_with_a_partner_that_opens_technology(planned):
    world = planned
    learning, books = world.parameters.learning, world.books
    books.start_month()
    world.banks.laboratory = [1, 0, 1]
    world.month = 1  # nobody of the three decides on laboratories
    plans(world)
    cost = -books.flows[Flow.LABORATORY_COST].sum(axis=1)
    share = learning.laboratory_platform_share
    assert cost[:5] == pytest.approx(learning.laboratory_cost * 100 * np.array([1 - share, 0, 1, share, 0]))


def test_correction_by_hand():
    sums = Calibration(np.array([7.0, 0.0]), np.array([2.0, 1.0]), np.array([30.0, 0.0]))
    assert sums.correction(20.0) == pytest.approx([0.1, -0.05])


def test_intercepts_are_kept_by_channel(planned):
    world = planned
    for contract, defaults in ((0, 3), (3, 2), (5, 4)):  # bank 0's own channel, platform 0's lender, pair (0, 0)
        world.totals[contract, 1].defaults = defaults
        world.totals[contract, 1].predicted = int(FIXED_POINT)
        world.totals[contract, 2].slope = int(5 * FIXED_POINT)
    world.contract_totals = over_segments(world.totals)
    correct_intercepts(world)
    assert world.banks.own_intercept == pytest.approx([2 / 25, 0, 0])
    assert world.platforms.own_intercept == pytest.approx([1 / 25, 0])
    assert world.pairs.intercept == pytest.approx([3 / 25, 0, 0, 0, 0, 0])
    correct_intercepts(world)  # sums go on: 6 more or less expected of 30
    assert world.pairs.intercept[0] == pytest.approx(6 / 30)


def test_corrections_converge_on_the_truth():
    """A lender that predicts at the wrong threshold finds the difference: many loans, the hazard linear around it."""
    generator = np.random.default_rng(2)
    sums = Calibration.empty(1)
    hazard, slope, error = 0.01, 0.03, 0.15
    for _ in range(60):
        sums.defaults += generator.binomial(5_000, hazard + slope * error)
        sums.predicted += 5_000 * hazard
        sums.slope += 5_000 * slope
    # standard error: sqrt(n h) / (n slope) = 0.0072
    assert sums.correction(20.0)[0] == pytest.approx(error, abs=0.03)


def test_flows_are_smoothed_and_scaled(planned):
    world = planned
    before = world.platforms.applications.copy(), world.outlook.experience.copy()
    world.totals.applications[world.lender_rows, 1] = [2_000, 1_000]  # at each platform, in simulated borrowers
    world.totals.matured[0] = [1, 2, 0]  # own channel of bank 0: 3 simulated loans are 3,000 persons
    world.totals.matured[6] = [0, 4, 0]  # pair (1, 1): 4,000 persons, bank's part 0.75, view 0.75
    world.contract_totals = over_segments(world.totals)
    observe_flows(world)
    assert world.platforms.applications == pytest.approx(0.8 * before[0] + 0.2 * np.array([2e6, 1e6]))
    assert world.outlook.experience == pytest.approx(0.8 * before[1] + 0.2 * np.array([3_000, 4_000 * 0.75 * 0.75, 0]))
    assert world.outlook.leaned[1] == pytest.approx(0.2 * 4_000 * 0.75 * 0.75 * 0.5)  # data_share is the depth


@pytest.mark.parametrize("busy", [0, 3])
def test_precision_learns_by_doing_research_and_transfer(planned, busy):
    """The month's change by the formula; a bank that replaces its old system meanwhile learns at a part of the pace."""
    world = planned
    banks, learning = world.banks, world.parameters.learning
    banks.replacement_months_left = busy
    banks.research_spending = [learning.research_unit, 0.0, 0.0]
    tau = banks.precision.copy()
    effort = done(world) + np.array([learning.research_gain * np.log(2), 0, 0]) + taught(world)
    absorbed = absorption(
        tau, banks.talent, banks.legacy, 0.3, learning.absorption_curvature, learning.maximum_precision
    )
    pace = learning.replacement_learning if busy else 1.0
    learn_risk_control(world)
    change = -learning.decay * (tau - learning.floor) + absorbed * effort * pace
    assert banks.precision == pytest.approx(tau + change)
    # pair (0, 0): theta x trust x q x (tau_p - tau)
    assert taught(world)[0] == pytest.approx(learning.transfer * 0.3 * 0.5 * (0.8 - banks.precision[0]))
    assert taught(world)[2] == 0.0


def test_openness_without_technology_teaches_nothing(hand_made_world):
    world = hand_made_world(CUSTOMERS, BOTH)
    prepare_plans(world)
    plans(world)
    assert taught(world).tolist() == [0.0, 0.0, 0.0]
