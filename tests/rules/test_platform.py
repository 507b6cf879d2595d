"""Routing: shares by offered lending, pilots, priority, own lender, closed banks; and the platform lender's capital."""

import numpy as np
import pytest

from colend.month.founding import prepare_plans
from colend.month.plans import set_capacity, set_lender_capacity
from colend.month.routing import route
from colend.rules.founding import found_platforms
from colend.rules.platform import expected_applications, first_choice
from colend.scenario.parameters import Parameters
from colend.state.tables import DORMANT, OPERATING, PILOT

LENDERS = (3, 4)


def chances(allocations, kappa):
    chance = np.zeros(len(kappa))
    own = first_choice(allocations, kappa, chance)
    return list(np.round(chance, 12)), round(own, 12)


def test_full_partners_share_by_offered_lending():
    assert chances([1.0, 1.0], [30.0, 10.0]) == ([0.75, 0.25], 0.0)


def test_what_a_pilot_leaves_goes_to_full_partners_pro_rata():
    # shares 1/2, 1/4, 1/4; the pilot takes a tenth of its quarter; 0.225 is left for the other two as 2 : 1
    assert chances([1.0, 1.0, 0.1], [20.0, 10.0, 10.0]) == ([0.65, 0.325, 0.025], 0.0)


def test_a_lone_pilot_does_not_get_everything():
    assert chances([0.1], [10.0]) == ([0.1], 0.9)


def test_without_partners_or_without_offers_the_own_lender_has_it_all():
    assert chances([], []) == ([], 1.0)
    assert chances([1.0], [0.0]) == ([0.0], 1.0)


def test_route_writes_the_table_and_the_real_applications(hand_made_world):
    world = hand_made_world(stages=[(0, 0, OPERATING), (0, 1, PILOT), (1, 2, DORMANT)])
    prepare_plans(world)
    world.outlook.kappa = np.array([30.0, 10.0, 10.0])
    route(world)
    routing = world.routing
    assert list(routing.start) == [0, 2, 3]
    assert list(routing.member) == [5, 6, LENDERS[1]]  # a dormant partner gets nothing, its platform lends itself
    assert routing.weight == pytest.approx([0.975, 0.025, 1.0])
    seen = world.platforms.applications[0]
    assert list(world.alliances.routed[:3]) == [np.rint(0.975 * seen), np.rint(0.025 * seen), 0.0]


def test_a_closed_bank_is_routed_around(hand_made_world):
    world = hand_made_world(stages=[(0, 0, OPERATING), (0, 1, OPERATING)])
    prepare_plans(world)
    world.banks.alive[0] = 0
    set_capacity(world)
    route(world)
    assert list(world.routing.member) == [6, LENDERS[1]]
    assert world.alliances.routed[0] == 0.0


def test_priority_of_signed_partners_counts_against_pilots(hand_made_world):
    stages = [(0, 0, OPERATING), (0, 1, PILOT)]
    plain = hand_made_world(stages=stages)
    favoured = hand_made_world(stages=stages, alliances={"signed_priority": 1.0})
    for world in (plain, favoured):
        prepare_plans(world)
        world.outlook.kappa = np.array([10.0, 10.0, 10.0])
        route(world)
    assert plain.routing.weight[1] == pytest.approx(0.1 / 2)
    assert favoured.routing.weight[1] == pytest.approx(0.1 / 3)


def test_fee_and_least_income_are_the_platform_s_own(hand_made_world):
    """Founded from a list; a dearer platform leaves banks less, a choosier one passes fewer."""
    fees, incomes = [0.02, 0.06], [5.0, 500.0]
    given = {"number": 2, "user_share": [0.6, 0.4], "fee_rate": fees, "minimum_income": incomes}
    founded = found_platforms(Parameters(platforms=given), seed=0)
    assert (list(founded.fee_rate), list(founded.minimum_income)) == (fees, incomes)
    dearer, choosier = hand_made_world(), hand_made_world()
    dearer.platforms.fee_rate, choosier.platforms.minimum_income = fees, incomes
    for world in (dearer, choosier):
        prepare_plans(world)
    margin, loans = dearer.outlook.margin.reshape(2, 9), choosier.outlook.loans.reshape(2, 9)
    for more, less in (margin, loans):  # some lend nothing to some on any terms
        assert (less <= more).all()
        assert less.sum() < more.sum()


def test_expected_applications_do_not_hang_on_the_number_of_borrowers(hand_made_world):
    few, many = (
        expected_applications(hand_made_world(population={"borrowers": number}).parameters)
        for number in (100_000, 1_000_000)
    )
    assert few == pytest.approx(many)
    assert few.sum(axis=1) == pytest.approx(few.sum() * np.array([0.6, 0.4]))


def test_without_customers_or_acceptance_applications_are_persons_times_need(hand_made_world):
    parameters = hand_made_world().parameters
    credit = parameters.credit.model_copy(update={"posted_rate": parameters.population.reservation_rate})
    customers = parameters.customers.model_copy(update={"loyalty": 0.0})
    parameters = parameters.model_copy(update={"credit": credit, "customers": customers})
    # at a price of R half accept: prime is idle 1 / (1 + 0.05 x 0.5 x 8.7) of the time
    population = parameters.population
    prime = population.persons * population.segment_share.prime * population.monthly_need.prime
    assert expected_applications(parameters)[:, 0].sum() == pytest.approx(prime / (1 + 0.05 * 0.5 * 8.7), rel=1e-6)


def test_a_full_lender_admits_what_is_repaid(hand_made_world):
    world = hand_made_world()
    prepare_plans(world)
    platforms = world.platforms
    platforms.lender_loans = platforms.equity / 0.105 + np.array([0.0, 1e9])
    world.outlook.lender_lending = platforms.lender_loans * 2.0 / 9.7 * np.array([2.0, 4.0])
    set_lender_capacity(world)
    assert platforms.headroom == pytest.approx(0.0, abs=1e-3)
    assert platforms.overshoot == pytest.approx([0.0, 1e9], abs=1e-3)
    assert platforms.admission == pytest.approx([0.5, 0.25])
