"""The state machine, on a market whose alliances are made to go one way."""

from itertools import pairwise

import numpy as np
import pytest

from colend.month.alliance_learning import binomial
from colend.rules.alliance import alliances_in, slots_used
from colend.state.books import Flow
from colend.state.tables import (
    BANK_CLOSED,
    DORMANT,
    ENDED,
    INTEGRATING,
    LAPSED,
    NONE,
    OPERATING,
    PILOT,
    PILOT_FAILED,
    PILOT_SETUP,
    SIGNED,
)

FIRST = {"alliances__sequencing": "cooperate_then_sign"}


def walked(market, months):
    """Stage of every alliance month by month, int[months, alliances]."""
    stages = np.full((months, 500), -1)
    for month in range(months):
        market.step()
        stages[month, : len(market.world.alliances)] = market.world.alliances.stage
    return stages[:, : len(market.world.alliances)]


def test_a_good_pair_goes_from_pilot_to_operation_in_the_months_it_takes(make_market):
    market = make_market(
        years=2, **FIRST, alliances__fit_sd=0.1, alliances__prior_mean=3.0, alliances__operation_sd=0.1
    )
    stages = walked(market, 20)
    rows = market.world.alliances
    early = np.flatnonzero((rows.met < 8) & (rows.operating_since != NONE))
    assert len(early) > 3
    group = market.parameters.alliances
    for row in early:
        one = rows[row]
        assert one.pilot_started == one.met + group.pilot_setup_months
        assert one.decision_due == one.signed == one.pilot_started + group.pilot_months
        assert one.integration_due == one.integration_started + group.integration_months == one.operating_since
        life = stages[one.met :, row]
        order = [int(life[0]), *(int(stage) for before, stage in pairwise(life) if stage != before)]
        assert order[:4] == [PILOT_SETUP, PILOT, INTEGRATING, OPERATING]


def test_a_hopeless_pair_fails_its_pilot_and_frees_its_slots(make_market):
    market = make_market(years=1, **FIRST, alliances__fit_sd=2.0)
    market.world.pairs.fit[:] = -6.0  # nobody knows
    walked(market, 12)
    rows = market.world.alliances
    over = rows[rows.decision_due < 11]
    assert len(over) > 3
    assert (over.stage == ENDED).all()
    assert (over.end_reason == PILOT_FAILED).all()
    assert (over.signed == NONE).all()
    held = slots_used(market.world)[0].sum()
    assert held == len(alliances_in(market.world, PILOT_SETUP, PILOT, INTEGRATING))


def test_signing_first_learns_after_signing_and_goes_dormant_until_the_term_ends(make_market):
    market = make_market(years=2, alliances__fit_sd=2.0, alliances__review_months=2)
    market.world.pairs.fit[:] = -6.0
    stages = walked(market, 20)
    rows = market.world.alliances
    assert (rows.signed == rows.met).all()
    slept = rows[rows.first_dormant != NONE]
    assert len(slept) > 3
    assert (slept.first_dormant >= slept.operating_since + 2).all()
    assert (stages == DORMANT).any()
    over = rows[(rows.term_ends <= 19) & (rows.first_dormant != NONE)]
    assert (over.end_reason == LAPSED).all()


def test_a_dormant_pact_wakes_when_it_is_worth_it_again(make_market):
    market = make_market(years=2, alliances__fit_sd=2.0, alliances__review_months=1, alliances__term_months=60)
    market.world.pairs.fit[:] = -6.0
    walked(market, 12)
    asleep = alliances_in(market.world, DORMANT)
    assert len(asleep)
    pairs = market.world.alliances.pair[asleep]
    market.world.pairs.belief_mean[pairs] = 5.0
    market.step()
    assert (market.world.alliances.stage[asleep] == OPERATING).all()
    assert (market.world.alliances.ended[asleep] == NONE).all()


def test_prestige_makes_paper_pacts(make_market):
    market = make_market(years=1, alliances__signing_prestige=1e9, alliances__integration_cost=5e7)
    walked(market, 10)
    rows = market.world.alliances
    assert len(rows) > 5
    paper = (rows.stage == SIGNED) & (rows.integration_started == NONE)
    assert paper.mean() > 0.8
    assert (rows.routed[paper] == 0.0).all()


def test_a_good_pact_is_renewed(make_market):
    market = make_market(years=2, alliances__fit_sd=0.1, alliances__prior_mean=3.0, alliances__term_months=8)
    walked(market, 22)
    rows = market.world.alliances
    assert rows.renewals.max() >= 1
    assert (rows.term_ends[rows.renewals > 0] > rows.met[rows.renewals > 0] + 8).all()


def test_what_alliances_cost_is_what_the_books_say(make_market):
    """Spending noted with the alliances equals what was posted, to the fen."""
    market = make_market(years=1, **FIRST, platforms__openness="technology")
    posted = np.zeros(2)
    for _ in range(12):
        market.step()
        flows = -market.world.books.flows[[Flow.ALLIANCE_COST, Flow.OPENING_COST]].sum(axis=(0, 2))
        banks = market.world.books.banks
        posted += [flows[:banks].sum(), flows[banks : banks + market.world.books.platforms].sum()]
    rows = market.world.alliances
    noted = np.array([rows.bank_spent.sum(), rows.platform_spent.sum()]) * 100
    np.testing.assert_allclose(noted, posted, rtol=0, atol=0.5)
    assert posted.min() > 0


def test_a_bank_without_equity_leaves_its_alliances_and_the_books_still_balance(make_market):
    market = make_market(years=1)
    walked(market, 6)
    bank = int(market.world.alliances.bank[alliances_in(market.world, OPERATING)[0]])
    books = market.world.books
    loss = int(books.equity()[bank]) + 100
    books.post(bank, books.suppliers, loss, Flow.OPERATING_COST)
    market.world.banks.equity[bank] = -1.0
    market.world.banks.alive[bank] = 0
    for _ in range(6):
        market.step()
    mine = market.world.alliances
    mine = mine[mine.bank == bank]
    assert (mine.stage == ENDED).all()
    assert (mine.end_reason == BANK_CLOSED).any()
    joint = np.flatnonzero(market.world.contracts.bank == bank)
    assert market.world.totals.originations[joint].sum() == 0
    assert market.world.totals.loan_months[joint].sum() > 0  # its loans run off


@pytest.mark.parametrize(("n", "q"), [(1, 0.3), (7, 0.5), (5_000, 0.02), (80_000, 0.7)])
def test_served_applications_are_binomial(n, q):
    """Mean and variance of k against n q and n q (1 - q): four standard errors of 40,000 draws."""
    uniform = (np.arange(40_000) + 0.5) / 40_000
    k = binomial(uniform, np.full(40_000, n), np.full(40_000, q))
    assert ((k >= 0) & (k <= n)).all()
    assert (k == np.rint(k)).all()
    spread = np.sqrt(n * q * (1 - q))
    assert k.mean() == pytest.approx(n * q, abs=4 * spread / 200 + 1e-9)
    assert k.std() == pytest.approx(spread, rel=4 / np.sqrt(2 * 40_000))
    assert (np.diff(k) >= 0).all()


def test_beliefs_outlive_an_episode(make_market):
    market = make_market(years=2, **FIRST, alliances__fit_sd=2.0)
    market.world.pairs.fit[:] = -6.0
    walked(market, 18)
    rows = market.world.alliances
    failed = rows[rows.end_reason == PILOT_FAILED]
    pairs = failed.platform.astype(int) * len(market.world.banks) + failed.bank
    assert (market.world.pairs.belief_mean[pairs] < market.world.pairs.prior_mean[pairs]).all()
    assert len(np.unique(pairs)) == len(pairs)  # nobody who failed met again
