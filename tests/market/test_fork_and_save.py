"""A fork and a saved market go on exactly as the market they were made of."""

import dataclasses
import json
import zipfile

import numpy as np
import pytest

from colend.market import Market
from colend.measures import collect_run
from colend.month.record import close
from colend.scenario.setting import FishingTerms
from colend.state.saving import Anatomy, SavedMarketError


def ended(market, months):
    """Every table after so many months more, as bytes by table and column."""
    for _ in range(months):
        market.step()
    close(market.world)
    tables = collect_run(market.world)
    return {
        (table, name): np.asarray(column).tobytes() if np.asarray(column).dtype.kind != "U" else list(column)
        for table, columns in tables.items()
        for name, column in columns.items()
    }


@pytest.fixture(params=["columns", "objects"])
def half_way(make_market, request):
    market = make_market(
        seed=3,
        engine=request.param,
        alliances__sequencing="cooperate_then_sign",
        platforms__openness="technology",
        population__borrowers=300,
        population__persons=3_000_000,
    )
    for _ in range(9):
        market.step()
    return market


def test_a_fork_left_alone_has_the_same_months(half_way):
    twin = half_way.fork()
    assert ended(twin, 6) == ended(half_way, 6)


def test_what_happens_to_a_fork_leaves_the_market_alone(half_way):
    """Whatever is written in the copy, the market goes on as another copy does that nobody touched."""
    spoilt, clean = half_way.fork(), half_way.fork()
    spoilt.world.pairs["fit"][:] = -9.0
    spoilt.world.borrowers["creditworthiness"] = 0.0
    spoilt.world.books.flows[:] = 1
    spoilt.world.outlook.own_applications[:] = 0.0
    spoilt.step()
    assert half_way.month == clean.month == 9
    assert ended(half_way, 4) == ended(clean, 4)


def test_a_fork_has_agents_of_its_own(half_way):
    twin = half_way.fork()
    assert twin.banks[2].model is twin
    assert twin.steps == half_way.steps == 9
    twin.banks[2].precision = 0.9
    assert half_way.banks[2].precision != 0.9
    assert len(twin.agents) == len(half_way.agents)


def test_a_loaded_market_goes_on_as_the_one_that_was_saved(half_way, tmp_path):
    half_way.save(tmp_path / "market")
    assert [path.name for path in tmp_path.iterdir()] == ["market"]
    loaded = Market.load(tmp_path / "market")
    assert (loaded.engine, loaded.seed, loaded.month, loaded.date) == (half_way.engine, 3, 9, half_way.date)
    assert loaded.setting == half_way.setting
    assert ended(loaded, 6) == ended(half_way, 6)


@pytest.mark.parametrize("month", [None, 5])
def test_a_market_with_a_fishing_test_is_saved_too(make_setting, tmp_path, month):
    """Also with one at the end, as shipped scenarios have it."""
    setting = dataclasses.replace(make_setting(population__borrowers=100), fishing_test=FishingTerms(month=month))
    Market(setting).save(tmp_path / "market")
    assert Market.load(tmp_path / "market").setting == setting


def test_a_market_is_saved_before_its_first_month_too(make_market, tmp_path):
    market = make_market()
    market.save(tmp_path / "market")
    assert ended(Market.load(tmp_path / "market"), 3) == ended(market, 3)


def test_another_version_is_refused(make_market, tmp_path, monkeypatch):
    path = tmp_path / "market"
    make_market().save(path)
    monkeypatch.setattr("colend.agents.market.model_hash", lambda: "0" * 64)
    with pytest.raises(SavedMarketError, match="saved by another version of colend"):
        Market.load(path)
    monkeypatch.undo()
    with zipfile.ZipFile(path) as archive:
        assert "head.npy" in archive.namelist()
    with np.load(path) as archive:
        held = dict(archive)
    head = json.loads(str(held["head"])) | {"saved_market": 99}
    with open(path, "wb") as file:
        np.savez(file, **held | {"head": np.array(json.dumps(head))})
    with pytest.raises(SavedMarketError, match="another version"):
        Market.load(path)


@pytest.mark.parametrize("content", [b"", b"seed: 3\n", b"PK\x03\x04 nothing more"])
def test_what_is_no_saved_market_is_named(tmp_path, content):
    path = tmp_path / "market"
    path.write_bytes(content)
    with pytest.raises(SavedMarketError, match="market is not a saved market"):
        Market.load(path)


def test_a_damaged_file_is_named(make_market, tmp_path):
    path = tmp_path / "market"
    make_market().save(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SavedMarketError, match="not a saved market"):
        Market.load(path)
    spoilt = bytearray(whole)
    spoilt[len(whole) // 2 : len(whole) // 2 + 200] = bytes(200)
    path.write_bytes(spoilt)
    with pytest.raises(SavedMarketError, match=r"damaged|not a saved market"):
        Market.load(path)


def test_a_missing_file_is_an_ordinary_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        Market.load(tmp_path / "nothing")


def test_what_cannot_be_held_is_named_with_its_place():
    with pytest.raises(TypeError, match=r"state\.part is of type complex"):
        Anatomy((), {}).take_apart({"part": 1j}, [])


def test_what_a_user_hung_on_a_market_is_named_as_the_user_did(make_market):
    market = make_market(population__borrowers=50)
    market.mine = {"number": 1j}
    with pytest.raises(TypeError, match=r"^market\.mine\.number is of type complex: a copy or a saved market cannot"):
        market.fork()
