"""Two engines, any number of threads: one result, to the last bit.

Engine `objects` is the plain source of the whole month, engine `columns` the same source compiled.
"""

import functools
import gc
import importlib
from dataclasses import is_dataclass

import numpy as np
import pytest

from colend import compilation
from colend.compilation import compiled, running
from colend.market import Market, simulate
from colend.month import MONTH, take
from colend.scenario.regulation import Rule
from colend.state.saving import attributes
from colend.state.tables import JOINT, OWN, pair_of


def same(one, other, where="world"):
    """The places of two states, everything that is declared of a world and all that it holds, which differ in type or
    in any bit (padding between columns apart).
    """
    if type(one) is not type(other):
        return [where]
    if isinstance(one, np.ndarray | np.generic | float):
        left, right = np.asarray(one), np.asarray(other)
        if left.dtype.names:
            return [part for name in left.dtype.names for part in same(left[name], right[name], f"{where}.{name}")]
        told = [(array.dtype, array.shape, array.tobytes()) for array in (left, right)]
        return [] if told[0] == told[1] else [where]
    if type(one) in (list, tuple):
        parts = [dict(enumerate(held)) for held in (one, other)]
    elif type(one) is dict:
        parts = [one, other]
    elif is_dataclass(one) or hasattr(one, "_fields") or hasattr(one, "__dict__"):
        parts = [attributes(held) for held in (one, other)]
    else:
        return [] if one == other else [where]
    if parts[0].keys() != parts[1].keys():
        return [where]
    return [part for name in parts[0] for part in same(parts[0][name], parts[1][name], f"{where}.{name}")]


TINY = {  # plain loops take a hundred times as long
    "population__borrowers": 150,
    "population__regions": 2,
    "banks__city__number": 3,
    "banks__rural__number": 2,
    "platforms__number": 2,
    "platforms__user_share": [0.6, 0.4],
    "alliances__prior_mean": 1.0,
}
ALL_ACT = TINY | {
    "population__borrowers": 800,
    "population__monthly_need": 0.3,
    "population__scene_share": 0.9,
    "platforms__openness": ["technology", "customers"],
    "alliances__sequencing": "cooperate_then_sign",
    "customers__conversion": 0.9,
    "customers__switch_probability": 0.9,
    "customers__cash_offer_rate": 1.0,
    "customers__visibility": 1.0,
    "banks__rural__deposits_to_equity": 0.05,
}
RULES = {
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
# Every rule in force from the eighth month on, some announced before.
POLICY = [Rule(name, value, "2017-08", notice_months=place % 3) for place, (name, value) in enumerate(RULES.items())]
STRESS = {"start_month": 5, "months": 2, "downturn_quantile": 0.01, "leaving_platform": 2, "funds_spread": 0.02}
CLUB = {
    "members": ["city 1-2", "rural 1-2"],
    "template_saving": 0.3,
    "reference": 0.4,
    "spillover": 0.5,
    "hub_wait_months": 2,
}
MARKETS = {
    "prices for risk, confidence": {
        "credit__pricing": "risk_based",
        "credit__rate_cap": 1.0,
        "alliances__sign_confidence": 0.6,
    },
    "forecasts, pilots that go on": {
        "alliances__crowd": "forecast",
        "alliances__pilot_continues": 1,
        "alliances__sequencing": "cooperate_then_sign",
    },
    "stress": {f"stress__{name}": value for name, value in STRESS.items()},
    "adaptive": {
        "alliances__sequencing": "adaptive",
        "platforms__openness": "adaptive",
        "adaptive__interval_months": 3,
        "adaptive__evaluation_months": 2,
    },
    "a club": {f"clubs__{name}": value for name, value in CLUB.items()},
}


@pytest.fixture(name="both")
def both_fixture(make_market):
    """both(months, **settings): the market in both engines month by month, equal to the bit."""

    def both(months, **settings):
        columns, objects = (make_market(engine=engine, years=months / 12, **settings) for engine in compilation.ENGINES)
        for _ in range(months):
            columns.step()
            objects.step()
            assert same(columns.world, objects.world) == []
            yield columns

    return both


def test_engines_agree_on_a_market_in_which_every_mechanism_acts(both):
    seen = 0
    for market in both(13, **ALL_ACT):
        seen = seen + np.array([market.world.totals[name].sum() for name in market.world.totals.dtype.names])
    idle = {name for name, count in zip(market.world.totals.dtype.names, seen, strict=True) if count == 0}
    assert idle <= {"over_limit", "outside"}, "regulation's alone"
    kinds = market.world.contracts.kind
    assert (market.world.totals.loan_months.sum(axis=1)[kinds == JOINT]).any()
    assert (market.world.totals.loan_months.sum(axis=1)[kinds == OWN]).any()


@pytest.mark.parametrize("settings", MARKETS.values(), ids=MARKETS)
def test_engines_agree(both, settings):
    *_, market = both(9, **TINY | settings)
    assert len(market.world.alliances) > 3


def test_engines_agree_under_regulation(both):
    """Loans refused for want of room under a limit, and applicants whom their own bank must turn away."""
    settings = {f"customers__{name}": 1.0 for name in ("conversion", "switch_probability", "visibility", "loyalty")}
    settings |= {"policy": POLICY, "platforms__openness": "customers", "population__monthly_need": 0.4}
    settings |= {"population__borrowers": 400, "banks__rural__number": 3}
    over_limit = outside = 0
    for market in both(11, **TINY | settings):
        over_limit += market.world.totals.over_limit.sum()
        outside += market.world.totals.outside.sum()
    assert over_limit > 0
    assert outside > 0


@pytest.mark.parametrize("engine", compilation.ENGINES)
@pytest.mark.parametrize("threads", [2, 4])
def test_threads_do_not_matter(make_market, engine, threads):
    months = 12 if engine == "columns" else 3
    one, more = (make_market(years=1, engine=engine, threads=number, **TINY) for number in (1, threads))
    for _ in range(months):
        one.step()
        more.step()
    assert same(one.world, more.world) == []


def larger(function):
    """Gives a hundredth more."""
    return lambda *arguments: function(*arguments) * 1.01


def later(function):
    """Gives a unit more."""
    return lambda *arguments: function(*arguments) + 1


def idle(function):
    """Fills in nothing."""
    return lambda *arguments: None


def miscounted(function):
    """Counts an application too many."""

    def counting(totals):
        counts = function(totals)
        counts.applications += 1
        return counts

    return counting


# A function of each step and what breaks it.
BROKEN = {
    "regulation": ("colend.month.regulation", "most_funded", larger),
    "economy": ("colend.month.economy", "place_in", later),
    "pacts": ("colend.equations.valuation", "surplus", larger),
    "plans": ("colend.equations.relationship", "annuity", larger),
    "open_doors": ("colend.month.offers", "sharing_weight", larger),
    "borrowers": ("colend.rules.borrower", "monthly_interest", later),
    "count": ("colend.month.borrowers", "over_segments", miscounted),
    "learning": ("colend.month.alliance_learning", "trust_change", larger),
    "settlement": ("colend.month.settlement", "monthly", later),
    "record": ("colend.measures.counts", "count_banks", idle),
}


# Of these what is broken is a function of arrays, or the compiled loop itself, which is made anew.
NOT_COMPILED = {"regulation", "count", "record"}


@pytest.fixture(name="before", scope="module")
def before_fixture(make_setting):
    """A market in both engines, before a month in which every step has something to do: half way, rules begin, a
    platform leaves and parties meet.
    """
    months = int(STRESS["start_month"])
    policy = [Rule(name, value, f"2017-{months + 1:02d}") for name, value in RULES.items()]
    setting = make_setting(years=1, policy=policy, platforms__openness="technology", **TINY | MARKETS["stress"])
    markets = [Market(setting, 2, engine) for engine in compilation.ENGINES]
    for _ in range(months):
        for market in markets:
            market.step()
    return markets


def taken(market, broken=""):
    """The world of a copy of the market after the month that comes, whose step `broken` runs with a function broken."""
    twin = market.fork()
    everyone = twin._step_everyone if twin.engine == "objects" else None
    for step in MONTH:
        with pytest.MonkeyPatch.context() as patch:
            if step.__name__ == broken:
                module, name, breaking = BROKEN[broken]
                where = importlib.import_module(module)
                patch.setattr(where, name, breaking(getattr(where, name)))
            take(step, twin.world, everyone)
    return twin.world


@pytest.fixture(name="columns", scope="module")
def columns_fixture(before):
    """The world after that month, compiled."""
    return taken(before[0])


def test_every_step_is_broken_below():
    assert list(BROKEN) == [step.__name__ for step in MONTH]


def test_both_ways_agree_where_nothing_is_broken(before, columns):
    assert same(columns, taken(before[1])) == []


@pytest.mark.parametrize("step", BROKEN)
def test_a_rule_that_is_not_what_was_compiled_is_caught(before, columns, step):
    """The plain source of one step changes after it was compiled: the engines must part."""
    assert same(columns, taken(before[1], broken=step)) != []


@pytest.mark.parametrize("step", [step for step in BROKEN if step not in NOT_COMPILED])
def test_what_was_compiled_does_not_notice(before, columns, step):
    """So it is compiled code that runs in engine `columns`, and plain source alone that parts from it above."""
    assert same(columns, taken(before[0], broken=step)) == []


def broken_interest(balance, rate):
    return np.int64(balance * rate / 12.0 + 1.5)


broken_interest.__module__ = "colend.rules.borrower"


@pytest.mark.slow
def test_a_broken_kernel_is_caught(before, monkeypatch):
    """The reference is the plain source: compile another interest rule, past all that is kept, and they must part."""
    with monkeypatch.context() as patch:
        patch.setattr(compilation, "_kept", lambda function, how: None)
        patch.setattr(compilation, "_compiled", functools.cache(compilation._compiled.__wrapped__))
        patch.setattr("colend.rules.borrower.monthly_interest", broken_interest)
        columns = taken(before[0])
    assert "world.books.balance" in same(columns, taken(before[1]))


def test_what_is_compiled_is_plain_where_it_is_asked_to_be():
    """Afterwards all is as before, and the compiled version is not made anew."""
    fast = compiled(pair_of)
    with running(plain=True):
        assert compiled(pair_of) is pair_of
        with running(plain=False):
            assert compiled(pair_of) is fast
        assert compiled(pair_of) is pair_of
    assert compiled(pair_of) is fast is not pair_of


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
