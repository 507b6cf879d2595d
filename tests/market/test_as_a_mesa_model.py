"""What a market inherits of `mesa.Model` holds, or says what to use instead (the table in docs/architecture.md)."""

import copy
import json
import pickle

import mesa
import numpy as np
import pandas as pd
import pytest

import colend
from colend.agents import Bank, CityBank, Platform
from colend.market import Market, simulate
from colend.state.saving import SavedMarketError

TINY = {"population__borrowers": 200, "population__persons": 2_000_000, "years": 0.5}


@pytest.fixture
def market(make_market):
    return make_market(seed=3, **TINY)


def months_of(market):
    """Every month's measures so far, and where every borrower and account stands, as texts and bytes."""
    people = market.world.borrowers
    told = json.dumps([month["months"] for month in market.history], default=str)
    return told, [people[name].tobytes() for name in people.dtype.names], market.world.books.balance.tobytes()


COPIES = {
    "fork": Market.fork,
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda market: pickle.loads(pickle.dumps(market)),
}


@pytest.mark.parametrize("engine", ["columns", "objects"])
def test_every_copy_goes_on_to_the_bit(make_market, engine):
    market = make_market(seed=3, engine=engine, **TINY)
    market.step()
    market.step()
    market.random.random(), market.rng.random()  # whoever uses Mesa's generators finds them alike in a copy
    twins = [copied(market) for copied in COPIES.values()]
    market.run_model()
    drawn = market.random.random(), market.rng.random()
    for twin in twins:
        assert (twin.steps, twin.month, twin.running) == (2, 2, True)
        assert twin.banks[1].model is twin
        twin.run_model()
        assert months_of(twin) == months_of(market)
        assert (twin.random.random(), twin.rng.random()) == drawn


def test_what_is_copied_with_a_market_is_of_its_copy(market):
    together = copy.deepcopy([market, market.banks[2], market.platforms[0], market.borrowers[7]])
    assert together[1] is together[0].banks[2]
    assert together[2] is together[0].platforms[0]
    assert (together[3].model, together[3].row) == (together[0], 7)
    bank = pickle.loads(pickle.dumps(market.banks[2]))
    assert bank.model is not market
    assert bank is bank.model.banks[2]


def test_a_pickle_of_another_source_is_refused(market, monkeypatch):
    held = pickle.dumps(market)
    monkeypatch.setattr("colend.agents.market.model_hash", lambda: "0" * 64)
    with pytest.raises(SavedMarketError, match="a pickled market was saved by another version"):
        pickle.loads(held)


def test_a_run_ends(market):
    market.run_model()
    assert (market.steps, market.month, market.running) == (6, 6, False)
    market.run_model()
    with pytest.raises(RuntimeError, match="6 months are over: `years`"):
        market.step()
    assert (market.steps, len(market.history)) == (6, 6)
    assert not market.fork().running


def test_what_a_market_is_made_of(make_setting, tmp_path):
    said = {"base": {"population": {"borrowers": 200, "persons": 2_000_000}}, "years": 0.25}
    scenario = colend.load(said)
    numpys, python = Market(scenario, np.int64(7)), Market(scenario.arm("base"), rng=7)
    numpys.step(), python.step()
    assert months_of(numpys) == months_of(python)
    numpys.save(tmp_path / "market")
    assert Market.load(tmp_path / "market").seed == 7
    several = colend.load(said | {"compare": {"alliances.fit_sd": [1, 2]}})
    with pytest.raises(ValueError, match=r"of one arm: Market\(scenario\.arm\(name\)\); the arms are: '1', '2'"):
        Market(several)
    for wrong in ("alliance", {"years": 1}, None):
        with pytest.raises(TypeError, match=r"is no market's setting: Market\(colend\.load\(\.\.\.\)\.arm\(name\)\)"):
            Market(wrong)
    for wrong in ({"seed": -1}, {"seed": 1.5}, {"seed": "1"}, {"threads": 0}, {"engine": "column"}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            Market(scenario, **wrong)


def test_agents_are_looked_at_as_mesa_does(market):
    banks, platforms = len(market.banks), len(market.platforms)
    assert len(market.agents) == banks + platforms
    assert set(market.agent_types) == {type(bank) for bank in market.banks} | {Platform}
    assert len(market.agents.select(agent_type=Bank)) == banks
    assert market.agents_by_type[Platform].get("user_share") == [platform.user_share for platform in market.platforms]
    assert market.agents.agg("precision", max) == max(agent.precision for agent in market.agents)
    assert market.agents.select(agent_type=Bank).groupby("kind").count()[1] == 7
    assert [agent.row for agent in market.agents_by_type[CityBank].sort("precision")][-1] < 5
    market.agents_by_type[Platform].set("precision", 0.7)
    assert (market.world.platforms.precision == 0.7).all()
    assert sorted(agent.unique_id for agent in market.agents.shuffle()) == list(range(1, banks + platforms + 1))
    assert market.banks[0].random is market.random


def test_borrowers_are_taken_by_numbers_of_any_kind(market):
    everyone = market.borrowers
    assert everyone[np.int32(5)].row == everyone[5].row == 5
    assert [one.row for one in everyone[np.array([3, 1])]] == [one.row for one in everyone[pd.Series([3, 1])]] == [3, 1]
    assert [one.row for one in everyone[range(2)]] == [one.row for one in everyone[:2]] == [0, 1]
    assert len(everyone[market.world.borrowers.segment == 1]) == (market.world.borrowers.segment == 1).sum()
    for wrong in (200, [200], 1.0, "1", [True, False]):
        with pytest.raises(IndexError):
            everyone[wrong]


@pytest.mark.parametrize("engine", ["columns", "objects"])
def test_nothing_that_mesa_offers_can_corrupt_a_market(make_market, engine):
    market, clean = (make_market(seed=3, engine=engine, **TINY) for _ in range(2))
    for each in (market, clean):
        each.step()
    wrongs = [
        (lambda: market.agents.shuffle_do("step"), "acts in the market's month alone: market.step()"),
        (lambda: market.agents.do("advance"), "acts in the market's month alone"),
        (lambda: market.borrowers[3].step(), "Borrower 3 acts in the market's month alone"),
        (lambda: market.banks[2].remove(), "CityBank 2 cannot be removed"),
        (lambda: market.deregister_agent(market.platforms[0]), "Platform 0 cannot be removed"),
        (market.remove_all_agents, "cannot be removed"),
        (lambda: CityBank(market, 0), "CityBank: whom a market has is its scenario's"),
        (lambda: market.borrower_type(market, 0), "Borrower: whom a market has"),
        (lambda: Platform.create_agents(market, 2, [0, 1]), "Platform: whom a market has"),
        (lambda: market.reset_randomizer(5), "make another, Market"),
        (lambda: market.reset_rng(5), "make another, Market"),
    ]
    for wrong, said in wrongs:
        with pytest.raises(RuntimeError) as raised:
            wrong()
        assert said in str(raised.value)
    with pytest.raises(AttributeError, match="CityBank has no column 'precison'; did you mean precision"):
        market.agents.set("precison", 0.5)
    market.agents.shuffle(inplace=True)
    market.step(), clean.step()
    assert months_of(market) == months_of(clean)


def test_a_borrower_that_would_not_step_is_missed(make_market):
    market = make_market(engine="objects", **TINY)
    everyone = market.agents_by_type[market.borrower_type]
    everyone.remove(everyone[4])
    with pytest.raises(RuntimeError, match="199 of 200 borrowers would step"):
        market.step()


class Onlooker(mesa.Agent):
    """An agent of one's own."""


def test_agents_and_collectors_of_ones_own(market, tmp_path):
    onlooker = Onlooker(market)
    assert onlooker in market.agents
    with pytest.raises(TypeError, match=r"market\.agents holds Onlooker"):
        market.fork()
    onlooker.remove()
    market.datacollector = mesa.DataCollector({"banks": lambda one: len(one.banks)}, {"precision": "precision"})
    market.datacollector.collect(market)
    twin = copy.deepcopy(market)
    twin.step()
    twin.datacollector.collect(twin)
    assert twin.datacollector.model_vars == {"banks": [13, 13]}
    assert market.datacollector.model_vars == {"banks": [13]}
    with pytest.raises(TypeError, match="datacollector is one of your own"):
        market.save(tmp_path / "market")
    market.datacollector = None
    market.save(tmp_path / "market")


def test_mesa_collects_the_measures_of_every_month(market, make_setting):
    market.run_model()
    frame = market.datacollector.get_model_vars_dataframe()
    months = simulate(make_setting(**TINY), 3)["months"]
    assert list(frame) == list(months)
    for name, column in months.items():
        np.testing.assert_array_equal(frame[name].to_numpy(), column)


def test_mesas_batch_run(make_setting):
    settings = [make_setting(**TINY)]
    rows = mesa.batch_run(
        Market, {"setting": settings, "seed": range(2)}, data_collection_period=1, display_progress=False
    )
    found = pd.DataFrame(rows)
    assert found.groupby("seed").size().tolist() == [6, 6]
    months = simulate(settings[0], 1)["months"]
    np.testing.assert_array_equal(found.query("seed == 1")["applications"].to_numpy(), months["applications"])
    last = mesa.batch_run(Market, {"setting": settings[0], "seed": 1}, display_progress=False)
    assert [(row["Step"], row["applications"]) for row in last] == [(5, months["applications"][-1])]


@pytest.mark.slow
def test_mesas_batch_run_in_processes(make_setting):
    settings = make_setting(**TINY)
    rows = [
        pd.DataFrame(mesa.batch_run(Market, {"setting": settings, "seed": range(3)}, number, display_progress=False))
        for number in (1, 2)
    ]
    columns = ["seed", "Step", "applications", "balance_own"]
    one, two = (found[columns].sort_values("seed", ignore_index=True) for found in rows)
    pd.testing.assert_frame_equal(one, two)
