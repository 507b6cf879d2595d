"""Value is profit: parts of it add up to the fen, in every arm, and it is counted on one date."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from colend.market import Market, simulate
from colend.measures import collect_run
from colend.measures.accounts import PARTS, worth_at_start
from colend.month.record import close
from colend.rules.alliance_measures import AllianceFacts
from colend.scenario.design import Record
from colend.scenario.parameters import OPENNESS, SEQUENCING
from colend.state.books import CHANNELS, Flow

YEARS = 2.5
ARMS = [(sequencing, openness) for sequencing in SEQUENCING for openness in OPENNESS]


def fen(yuan):
    """Yuan that were divided from whole fen, as whole fen again."""
    return np.rint(np.asarray(yuan) * 100.0).astype(np.int64)


@pytest.fixture(scope="module")
def runs(make_setting):
    """The tables of the small market in every arm, and without alliances."""

    def run(**settings):
        return simulate(make_setting(years=YEARS, banks__city__legacy=0.8, **settings), 3)

    arms = {arm: run(alliances__sequencing=arm[0], platforms__openness=arm[1]) for arm in ARMS}
    return arms | {"without": run(alliances__meeting_rate=0.0)}


def test_every_flow_that_makes_profit_is_in_one_part():
    seen = [(kind, channel) for _, _, kinds, channels in PARTS for kind in kinds for channel in channels]
    assert len(set(seen)) == len(seen)
    neutral = {Flow.PAID_OUT, Flow.PRINCIPAL}  # cash for a claim
    wanted = {kind for kind in Flow if kind <= Flow.TAX} - neutral
    assert set(seen) == {(kind, channel) for kind in wanted for channel in range(CHANNELS)}


@pytest.mark.parametrize("arm", [*ARMS, "without"])
def test_parts_add_up_to_the_profit_that_books_and_years_tell_to_the_fen(runs, arm):
    accounts, tables = runs[arm]["accounts"], runs[arm]
    parts = sum(fen(accounts[name]) for name, *_ in PARTS)
    np.testing.assert_array_equal(parts, fen(accounts["profit"]))
    for party, number in (("bank", "bank"), ("platform", "platform")):
        years = tables[f"{party}s"]
        of_years = np.zeros((accounts["party"] == party).sum(), dtype=np.int64)
        np.add.at(of_years, years[number][: len(of_years) * 2], fen(years["profit"][: len(of_years) * 2]))
        months = fen(tables["months"][f"{party}_profit"])
        assert fen(accounts["profit"][accounts["party"] == party].sum()) == months.sum()
        assert of_years.sum() == months[:24].sum()
    assert accounts["interest_joint"].any() == (arm != "without")
    assert accounts["alliances"].any() == (arm != "without")


@pytest.mark.parametrize("arm", ARMS)
def test_the_change_of_profit_is_the_change_of_its_parts_to_the_fen(runs, arm):
    mine, other = runs[arm]["accounts"], runs["without"]["accounts"]
    change = sum(fen(mine[name]) - fen(other[name]) for name, *_ in PARTS)
    np.testing.assert_array_equal(change, fen(mine["profit"]) - fen(other["profit"]))
    assert change.any()


@pytest.mark.parametrize("arm", [*ARMS[:1], "without"])
def test_value_is_profit_discounted_to_the_runs_start(runs, arm):
    """b^t of a yearly 10 %, the first month at 1; per bank, per platform and for all are one sum, to rounding."""
    tables = runs[arm]
    months, accounts, run = tables["months"], tables["accounts"], tables["runs"]
    discounts = 1.1 ** (-np.arange(YEARS * 12) / 12.0)
    banks, platforms = (months[f"{party}_profit"] @ discounts for party in ("bank", "platform"))
    assert run["value_market"][0] == pytest.approx(banks + platforms, rel=1e-12)
    for party, known in (("bank", banks), ("platform", platforms)):
        own = accounts["value"][accounts["party"] == party]
        assert own.sum() == pytest.approx(known, rel=1e-9)
        assert run[f"value_per_{party}"][0] == pytest.approx(own.mean(), rel=1e-9)


def test_value_at_the_start_by_hand():
    view = SimpleNamespace(world=SimpleNamespace(monthly_discount=0.5))
    assert worth_at_start(view, np.array([8.0, 4.0, 4.0])) == 8.0 + 2.0 + 1.0
    np.testing.assert_array_equal(worth_at_start(view, np.array([[1.0, 0.0], [2.0, 4.0]])), [2.0, 2.0])


def test_a_lean_sweep_has_no_accounts_and_the_same_value(make_setting):
    setting = make_setting(years=1)
    lean = replace(setting, record=Record(months="none", banks="none", alliances=False, lives=0))
    whole, bare = simulate(setting, 0), simulate(lean, 0)
    assert "accounts" not in bare
    assert bare["runs"]["value_market"] == whole["runs"]["value_market"]


def test_a_renewal_is_no_part_of_its_cohorts_first_term(make_setting):
    """Value stands still when a term is over: what a renewal costs and brings counts for nobody's first term."""
    market = Market(make_setting(years=2.5), 3)
    seen = {}
    while market.running:
        before = market.world.alliances.bank_value.copy()
        market.step()
        alliances = market.world.alliances
        for row in np.flatnonzero(alliances.renewals == 1):
            seen.setdefault(int(row), before[row])
    close(market.world)
    table, facts = collect_run(market.world)["alliances"], AllianceFacts(market.world)
    assert seen
    for row, known in seen.items():
        assert table["bank_first_term"][row] == known
    single = table["renewals"] == 0
    np.testing.assert_array_equal(table["bank_first_term"][single], table["bank_value"][single])
    assert facts.value_per_meeting_closed == table["bank_first_term"][facts.closed].mean()
    assert (table["bank_first_term"] != table["bank_value"]).any()


def test_what_is_to_come_is_discounted_to_the_start_and_is_in_no_other_value(make_setting):
    market = Market(make_setting(years=1.5), 3)
    market.run_model()
    before = collect_run(market.world)["runs"]
    close(market.world)
    after, alliances = collect_run(market.world)["runs"], market.world.alliances
    assert before["value_to_come"][0] == 0.0
    coming = alliances.bank_terminal_value + alliances.platform_terminal_value
    assert after["value_to_come"][0] == pytest.approx((1.1 ** (-alliances.met / 12.0) * coming).sum(), rel=1e-12)
    assert {name for name in after if before[name].tobytes() != after[name].tobytes()} == {"value_to_come"}
