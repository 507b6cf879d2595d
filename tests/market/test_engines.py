"""Two engines, any number of threads: one result, to the last bit."""

import functools
import gc
import importlib

import numpy as np
import pytest

from colend.market import Market, simulate
from colend.scenario.regulation import Rule
from colend.state.tables import JOINT, OWN

TABLES = ("banks", "platforms", "pairs", "borrowers", "totals")


def same(one, other):
    """Names of the columns and accounts that differ in any bit between two markets (padding between columns apart)."""
    different = []
    for name in (*TABLES, "alliances", "contracts"):
        left, right = getattr(one.world, name), getattr(other.world, name)
        different += [
            f"{name}.{column}" for column in left.dtype.names if left[column].tobytes() != right[column].tobytes()
        ]
    if one.world.books.balance.tobytes() != other.world.books.balance.tobytes():
        different.append("books")
    return different


ALL_ACT = {
    "population__borrowers": 1_200,
    "platforms__openness": ["technology", "customers", "traffic"],
    "alliances__sequencing": "cooperate_then_sign",
    "customers__conversion": 0.9,
    "customers__switch_probability": 0.9,
    "banks__rural__deposits_to_equity": 0.05,
}


def test_engines_agree_on_a_market_in_which_every_mechanism_acts(make_market):
    columns = make_market(engine="columns", years=2, **ALL_ACT)
    objects = make_market(engine="objects", years=2, **ALL_ACT)
    seen = dict.fromkeys(columns.world.totals.dtype.names if hasattr(columns.world, "totals") else (), 0)
    for _ in range(24):
        columns.step()
        objects.step()
        assert same(columns, objects) == []
        for name in columns.world.totals.dtype.names:
            seen[name] = seen.get(name, 0) + int(columns.world.totals[name].sum())
    idle = {name for name, count in seen.items() if count == 0} - {"over_limit", "outside"}  # regulation's
    assert not idle, f"never happened: {idle}"
    kinds = columns.world.contracts.kind
    assert (columns.world.totals.loan_months.sum(axis=1)[kinds == JOINT]).any()
    assert (columns.world.totals.loan_months.sum(axis=1)[kinds == OWN]).any()


def test_engines_agree_on_prices_for_risk_forecasts_and_pilots_that_go_on(make_market):
    settings = ALL_ACT | {"years": 0.5, "credit__pricing": "risk_based", "credit__rate_cap": 1.0}
    settings |= {"alliances__crowd": "forecast", "alliances__pilot_continues": 1}
    columns, objects = (make_market(engine=engine, **settings) for engine in ("columns", "objects"))
    for _ in range(6):
        columns.step()
        objects.step()
        assert same(columns, objects) == []
    assert len(np.unique(columns.world.borrowers.rate)) > 100


def test_engines_agree_under_regulation(make_market):
    """Every rule in force from the eighth month on, some announced before; both of regulation's counts are there."""
    numbers = {
        "home_region_only": 1.0,
        "maximum_partner_to_capital": 0.1,
        "maximum_joint_share": 0.2,
        "minimum_platform_share": 0.4,
        "maximum_sharing_depth": 0.2,
        "maximum_score_reliance": 0.5,
        "rate_cap": 0.14,
        "all_in_cost_cap": 0.16,
        "partner_list": 2.0,
    }
    policy = [
        Rule(name, value, "2017-08", notice_months=place % 3) for place, (name, value) in enumerate(numbers.items())
    ]
    settings = {"years": 1.5, "policy": policy, "platforms__openness": "customers", "population__borrowers": 1_200}
    settings |= {"customers__conversion": 0.9, "customers__visibility": 0.9, "banks__city__customer_weight": 1.0}
    columns, objects = (make_market(engine=engine, **settings) for engine in ("columns", "objects"))
    over_limit = outside = 0
    for _ in range(18):
        columns.step()
        objects.step()
        assert same(columns, objects) == []
        over_limit += columns.world.totals.over_limit.sum()
        outside += columns.world.totals.outside.sum()
    assert over_limit > 0
    assert outside > 0


@pytest.mark.parametrize("threads", [2, 4])
def test_threads_do_not_matter(make_market, threads):
    one, more = make_market(years=1), make_market(years=1, threads=threads)
    for _ in range(12):
        one.step()
        more.step()
    assert same(one, more) == []


def broken_interest(balance, rate):
    return np.int64(balance * rate / 12.0 + 1.5)


broken_interest.__module__ = "colend.rules.borrower"


def test_a_rule_that_is_not_what_was_compiled_is_caught(make_market, monkeypatch):
    """The plain source changes when the compiled one is made: the engines must part."""
    import colend.rules.borrower as rule

    columns, objects = make_market(engine="columns", years=1), make_market(engine="objects", years=1)
    for _ in range(3):
        columns.step()
    assert rule.monthly_interest.__name__ == "monthly_interest"
    monkeypatch.setattr(rule, "monthly_interest", broken_interest)
    for _ in range(3):
        objects.step()
    assert "books" in same(columns, objects)


@pytest.mark.slow
def test_a_broken_kernel_is_caught(make_market, monkeypatch):
    """The reference is the plain source: compile another interest rule and the engines must part."""
    columns, objects = make_market(engine="columns", years=1), make_market(engine="objects", years=1)
    import colend.compilation as compilation
    import colend.rules.borrower as rule

    @functools.cache
    def break_it(function, allocates=True):
        target = broken_interest if function.__name__ == "monthly_interest" else function
        copy = compilation.twin(target, lambda inner: break_it(inner, allocates))
        return compilation._numba().njit(nogil=True, error_model="numpy", _nrt=allocates)(copy)

    assert rule.monthly_interest.__name__ == "monthly_interest"
    for _ in range(3):
        objects.step()
    with monkeypatch.context() as patch:
        patch.setattr(importlib.import_module("colend.month.borrowers"), "compiled", break_it)
        for _ in range(3):
            columns.step()
    assert "books" in same(columns, objects)


@pytest.mark.parametrize("module", ["colend.month.settlement", "colend.state.books"])
def test_compiled_loops_do_what_their_source_says(make_market, monkeypatch, module):
    loops, source = make_market(years=1, **ALL_ACT), make_market(years=1, **ALL_ACT)
    for _ in range(9):
        loops.step()
        with monkeypatch.context() as patch:
            patch.setattr(importlib.import_module(module), "compiled", lambda function, allocates=True: function)
            source.step()
    assert same(loops, source) == []
    assert loops.world.books.flows.tobytes() == source.world.books.flows.tobytes()
    assert loops.world.contract_profit.tobytes() == source.world.contract_profit.tobytes()


def test_looking_at_borrowers_registers_nobody(make_market):
    market = make_market()
    before = len(market.agents)
    assert market.borrowers[17].segment in (0, 1, 2)
    assert len(list(market.borrowers)) == 2_000
    assert len(market.agents) == before
    with pytest.raises(IndexError):
        market.borrowers[2_000]
    assert not any(type(agent).__name__ == "Borrower" for agent in market.agents)
    everyone = make_market(engine="objects")
    assert len(everyone.agents_by_type[everyone.borrower_type]) == 2_000


def test_agents_show_their_rows(make_market):
    market = make_market()
    market.step()
    assert market.banks[3].precision == market.world.banks.precision[3]
    market.banks[3].precision = 0.5
    assert market.world.banks.precision[3] == 0.5
    assert {type(bank).__name__ for bank in market.banks} == {"CityBank", "RuralBank", "ConsumerFinanceCompany"}
    assert np.isclose(sum(platform.user_share for platform in market.platforms), 1.0)


def test_a_finished_run_leaves_no_market_behind(make_setting):
    gc.collect()
    before = sum(isinstance(thing, Market) for thing in gc.get_objects())
    simulate(make_setting(years=0.25), 0)
    gc.collect()
    assert sum(isinstance(thing, Market) for thing in gc.get_objects()) == before
