"""The fishing test: the same market with and without platforms, from the same month and the same draws."""

import dataclasses
import itertools

import numpy as np
import pytest

from colend.counterfactual import FishingTest
from colend.market import living, simulate
from colend.measures.fishing import Fishing, Season, Standing, index, of_kind, pooled
from colend.month import live_month
from colend.month.founding import found_world
from colend.scenario.design import FishingTerms
from colend.scenario.parameters import KINDS
from colend.state.tables import ENDED, NONE, WITHDRAWN

TECHNOLOGY = {"platforms__openness": "technology", "population__borrowers": 4_000, "customers__conversion": 0.6}


@pytest.fixture(name="fish")
def fish_fixture(make_setting):
    def fish(terms=None, engine="columns", years=2, **settings):
        setting = make_setting(years=years, **TECHNOLOGY | settings)
        return simulate(dataclasses.replace(setting, fishing_test=terms), 1, engine)

    return fish


def same(one, other):
    return all(np.array_equal(one[name], other[name], equal_nan=one[name].dtype.kind == "f") for name in one)


@pytest.mark.parametrize("month", [None, 8])
def test_the_test_leaves_the_run_itself_alone(fish, month):
    """Whatever month it begins in, all tables but its own are those of a run without it; its months stay out."""
    without, with_test = fish(), fish(FishingTerms(month=month))
    assert len(with_test["months"]["month"]) == 24
    for table in without:
        assert same(without[table], {name: with_test[table][name] for name in without[table]}), table
    assert set(with_test) - set(without) == {"fishing"}


def test_with_nobody_to_withdraw_from_both_markets_are_the_same(fish):
    """Consumer-finance companies alone are tested, and none of them lends through a platform: nothing changes."""
    rows = fish(FishingTerms(kinds=("consumer_finance",), minimum_originations=0.0))["fishing"]
    assert list(rows["kind"]) == ["consumer_finance"]
    assert rows["own_alone"] == rows["own_together"]
    assert rows["profit_alone"] == rows["profit_together"]


def test_platforms_stop_and_loans_run_off(make_setting):
    setting = dataclasses.replace(make_setting(**TECHNOLOGY), fishing_test=FishingTerms(kinds=("rural",)))
    world = found_world(setting, 1, 1)
    for _ in range(18):
        live_month(world)
    test = FishingTest(world, setting.fishing_test, living)
    test.month = world.month
    test.before_month()
    fork, rural = test.fork, np.flatnonzero(world.banks.kind == KINDS.index("rural"))
    before = fork.alliances.copy()
    running = np.isin(before.bank, rural) & (before.stage != ENDED)
    assert running.any()
    joint = np.isin(fork.contracts.bank, rural) & (fork.contracts.platform != NONE)
    owed = []
    for _ in range(14):
        live_month(fork)  # beyond the run's end too
        owed.append(fork.contracts.balance[: len(joint)][joint].sum())
        assert not fork.totals.originations[: len(joint)][joint].any()
    ended = fork.alliances[: len(before)][running]
    assert (ended.end_reason == WITHDRAWN).all()
    assert (ended.ended == 18).all()
    assert not np.isin(fork.alliances.bank[len(before) :], rural).any()
    assert all(later <= earlier for earlier, later in itertools.pairwise(owed))
    assert owed[-1] == 0  # no loan is longer than twelve months
    assert np.isin(fork.alliances.bank[fork.alliances.stage != ENDED], rural).sum() == 0
    city = ~np.isin(before.bank, rural) & (before.stage != ENDED)
    assert (fork.alliances.end_reason[: len(before)][city] != WITHDRAWN).all()


def test_the_index_by_hand(make_market):
    """Sums before dividing, and a bank below the minimum has none."""
    market = make_market()
    banks = market.world.banks
    seasons = Season(len(banks)), Season(len(banks))
    terms, everyone = FishingTerms(minimum_originations=10.0), np.arange(len(banks))
    nothing = np.full(len(banks), np.nan)
    standing = Standing(banks.operating_months, *[nothing] * 4)
    test = Fishing(terms, everyone, banks.kind, standing, *seasons)
    test.together.own[:2], test.together.joint[:2] = (10.0, 1.0), (30.0, 2.0)
    test.alone.own[:2] = 20.0, 3.0
    assert index(test)[0] == 0.5
    assert np.isnan(index(test)[1:]).all()
    assert pooled(test, of_kind(test, "city")) == 23.0 / 43.0
    assert np.isnan(pooled(test, of_kind(test, "rural")))


def test_every_banks_numbers_add_up_to_the_runs(fish):
    tables = fish(FishingTerms(), years=3)
    rows, run = tables["fishing"], tables["runs"]
    assert 0.0 < run["fishing_index"][0] < 1.5
    assert run["fishing_index"][0] == pytest.approx(rows["own_alone"].sum() / rows["lent_together"].sum())
    assert run["fishing_missing_share"][0] == np.isnan(rows["index"]).mean()
    assert run["fishing_survivors"][0] == rows["alive_alone"].mean()


def test_both_engines_agree(fish):
    terms, small = FishingTerms(month=6, horizon_months=4), {"years": 1, "population__borrowers": 400}
    one, other = (fish(terms, engine, **small) for engine in ("columns", "objects"))
    assert same(one["fishing"], other["fishing"])
    assert same(one["runs"], other["runs"])
