"""What pairs expect: applications, margins, customers, transfer; against the formulas written out."""

import numpy as np
import pytest

from colend.equations.acceptance import Terms
from colend.equations.fit import logistic_normal_mean
from colend.equations.pricing import platform_cutoff
from colend.equations.screening import information, lending, passed_applicants
from colend.month.expectations import refresh_prospects
from colend.month.founding import prepare_plans
from colend.rules.offer import depth_at
from colend.rules.outlook import general_terms
from colend.rules.prospects import anticipated_applications
from colend.scenario.parameters import Parameters
from colend.state.tables import DORMANT, INTEGRATING, OPERATING

TRAFFIC, CUSTOMERS, TECHNOLOGY = range(3)


def row(platform, bank):
    return platform * 3 + bank


def test_depth_by_openness():
    general = general_terms(Parameters())
    of_trust = [depth_at(openness, trust, 1.0, general) for openness, trust in ((0, 0.9), (1, 0.9), (2, 0.9), (2, 0.1))]
    assert of_trust == [0.0, 0.5, 0.9, 0.5]
    assert [depth_at(openness, 0.9, 0.3, general) for openness in range(3)] == [0.0, 0.3, 0.3]  # where a rule limits it


def test_anticipated_applications_by_hand(hand_made_world):
    world = hand_made_world(stages=[(0, 0, OPERATING), (0, 1, INTEGRATING), (0, 2, DORMANT)])
    prepare_plans(world)
    world.outlook.kappa = np.array([30.0, 10.0, 20.0])
    world.platforms.applications = [1_000.0, 600.0]
    expected = anticipated_applications(world, np.array([0, 1]))
    # platform 0: bank 0 beside bank 1, bank 1 beside bank 0, bank 2 beside both
    assert expected[:3] == pytest.approx([1_000 * 30 / 40, 1_000 * 10 / 40, 1_000 * 20 / 60])
    # platform 1 has nobody: at least a quarter of all offers, 15, is expected to come
    assert expected[3:] == pytest.approx([600.0, 600 * 10 / 15, 600.0])


def test_applications_are_smoothed_after_the_first_time(hand_made_world):
    world = hand_made_world()
    prepare_plans(world)
    before = world.pairs.applications.copy()
    world.platforms.applications *= 2.0
    refresh_prospects(world)
    assert world.pairs.applications == pytest.approx(1.2 * before)


def test_margins_of_a_pair_by_the_formula(hand_made_world):
    """Bank and platform on traffic, without touchpoints: both margins written out from the expected lending."""
    world = hand_made_world(TRAFFIC)
    prepare_plans(world)
    bank, outlook = world.banks[1], world.outlook
    mean_total, platform_total = 0.0, 0.0
    for s, terms in enumerate(outlook.segments):
        precision = 0.2 * terms.bank_factor * 0.75  # a thin file
        score = 0.8 * terms.platform_factor
        # it passes whoever brings it 5 yuan: fees on three quarters of the loan, interest on its own quarter
        conditions = (0.75 * 0.027, 0.25, terms.price_joint - 0.065, 5.0, terms.amount_months, 0.65)
        cutoff = platform_cutoff(*conditions, terms.threshold, 0.6, score)
        pool_mean, pool_variance, passed = passed_applicants(cutoff, score)
        belief = information(precision, score, 0.0, pool_mean, pool_variance)
        cost = 0.030 + 0.015 + 0.027 + 24 * 5 / 0.75 / terms.amount_months
        price, log_price = terms.price_joint, np.log(terms.price_joint / terms.reservation)
        asked = Terms(terms.threshold, 0.6, 0.65, cost + bank.hurdle, price, log_price, 0.2, 0.25, True, False)
        _, accepted, rate, loss = lending(*belief, asked)
        yuan = terms.amount_months / 24
        mean_total += outlook.mix[0, s] * passed * 0.75 * yuan * (rate - cost * accepted - loss)
        income = 0.75 * 0.027 * accepted + 0.25 * (rate - 0.065 * accepted - loss)
        platform_total += outlook.mix[0, s] * passed * yuan * income * 0.5
    assert world.pairs.bank_margin[row(0, 1)] == pytest.approx(mean_total, rel=1e-9)
    assert world.pairs.platform_margin[row(0, 1)] == pytest.approx(platform_total, rel=1e-9)


def test_a_better_bank_earns_more_in_every_segment_and_channel(hand_made_world):
    world = hand_made_world(CUSTOMERS)
    world.banks.precision = [0.1, 0.3, 0.9]
    for column, value in (("funds_rate", 0.03), ("kind", 1), ("equity", 1e9), ("horizon_months", 36)):
        world.banks[column] = value
    world.banks.other_risk_weighted_assets = world.banks.equity / world.banks.capital_ratio
    prepare_plans(world)
    assert (np.diff(world.pairs.bank_margin[:3]) > 0.0).all()
    assert (np.diff(world.outlook.own_margin[:, 1:], axis=0) > 0.0).all()
    assert (world.outlook.own_slope[:, 1:] > 0.0).all()


def test_intercepts_move_the_cutoff(hand_made_world):
    calm, warned = hand_made_world(), hand_made_world()
    warned.pairs.intercept = 0.2
    warned.banks.own_intercept = 0.2
    for world in (calm, warned):
        prepare_plans(world)
    assert (warned.pairs.bank_margin < calm.pairs.bank_margin).all()
    assert (warned.outlook.own_loans < calm.outlook.own_loans).all()


def test_touchpoints_add_customers_where_they_are_visible(hand_made_world):
    for openness, at_least in ((TRAFFIC, 0.0), (CUSTOMERS, 0.2)):
        bare, seen = hand_made_world(openness), hand_made_world(openness)
        seen.banks.touchpoints = 0b0111
        for world in (bare, seen):
            prepare_plans(world)
        gained = seen.pairs.bank_margin - bare.pairs.bank_margin
        assert (gained > at_least).all()
        assert (seen.pairs.platform_margin < bare.pairs.platform_margin).all()  # customers won are customers lost


def test_value_of_a_customer_by_hand(hand_made_world):
    world = hand_made_world()
    prepare_plans(world)
    outlook, discount = world.outlook, world.monthly_discount
    applications = 0.08 * 0.5 / (1 + 0.08 * outlook.own_loans[0, 1] * 8.7)
    months = sum((discount * 0.99) ** t for t in range(1, 49))
    assert outlook.customer_worth[0, 1] == pytest.approx(months * applications * outlook.own_margin[0, 1])
    assert (outlook.customer_loss > 0.0).all()


def test_transfer_is_worth_something_only_with_technology(hand_made_world):
    markets = [hand_made_world(openness) for openness in (TRAFFIC, CUSTOMERS, TECHNOLOGY)]
    for world in markets:
        prepare_plans(world)
    assert markets[0].pairs.transfer_worth.max() == markets[1].pairs.transfer_worth.max() == 0.0
    assert (markets[2].pairs.transfer_worth[[0, 1, 3, 4]] > 0.0).all()


def test_transfer_worth_by_the_formula(hand_made_world):
    world = hand_made_world(TECHNOLOGY)
    prepare_plans(world)
    outlook, pairs, banks = world.outlook, world.pairs, world.banks
    here = row(0, 0)
    served = pairs.applications[here] * logistic_normal_mean(0.0, 1.25**2 + 0.8**2)
    profit = outlook.precision_profit[0] + served * (outlook.mix[0] * outlook.slope[here]).sum()
    learned = 0.5 * (1 - 0.5) * (1 - 0.3) * 0.03 * 0.3 * (0.8 - 0.3)
    discount = world.monthly_discount
    lasting = sum((discount * (1 - 0.004)) ** t for t in range(1, int(banks.horizon_months[0]) + 1))
    assert pairs.transfer_worth[here] == pytest.approx(profit * learned * lasting)


def test_a_closed_bank_expects_nothing(hand_made_world):
    world = hand_made_world(TECHNOLOGY)
    world.banks.alive[0] = 0
    prepare_plans(world)
    for column in ("applications", "bank_margin", "platform_margin", "transfer_worth"):
        assert world.pairs[column][row(1, 0)] == 0.0
        assert world.pairs[column][row(1, 1)] > 0.0


def test_naive_parties_overrate_their_applicants(hand_made_world):
    rational = hand_made_world()
    naive = hand_made_world(credit={"prescreen_inference": "naive"})
    for world in (rational, naive):
        prepare_plans(world)
    assert (naive.outlook.own_margin[:, 1:] > rational.outlook.own_margin[:, 1:]).all()
