"""What Python gives: dictionaries as files, numbers of NumPy and pandas as Python's, names that exist."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import colend
from colend.scenario import ScenarioError
from colend.scenario.design import runs
from colend.scenario.given import listed, plain, unknown, whole

TEXT = """
name: given
years: 0.5
seeds: [0, 1, 2]
base: {population: {borrowers: 300}, banks.city.number: 2, platforms.user_share: [0.5, 0.5], platforms.number: 2}
arms: {one: {platforms.openness: traffic}, two: {}}
sweep: {grid: {alliances.fit_sd: [0.5, 1.0], alliances.pilot_months: [3, 4]}}
record: {lives: 2, alliances: true}
fishing_test: {horizon_months: 3}
"""
SAID = {
    "name": "given",
    "years": np.float64(0.5),
    "seeds": range(3),
    "base": {
        "population": {"borrowers": np.int64(300)},
        "banks.city.number": np.uint8(2),
        "platforms.user_share": np.array([0.5, 0.5]),
        "platforms.number": pd.Series([2])[0],
    },
    "arms": {"one": {"platforms.openness": np.str_("traffic")}, "two": {}},
    "sweep": {"grid": {"alliances.fit_sd": np.linspace(0.5, 1.0, 2), "alliances.pilot_months": range(3, 5)}},
    "record": {"lives": np.int16(2), "alliances": np.bool_(True)},
    "fishing_test": {"horizon_months": np.int64(3)},
}


def test_a_dictionary_says_what_a_file_does(tmp_path):
    path = tmp_path / "given.yaml"
    path.write_text(TEXT)
    written, given = colend.load(path), colend.load(SAID)
    assert given.resolved() == written.resolved()
    assert repr(given.resolved()) == repr(written.resolved())  # also in type
    assert [one.key for one in runs(given)] == [one.key for one in runs(written)]
    assert given.path is None
    assert SAID["seeds"] == range(3)
    assert colend.load({}).name == "dictionary"


def test_a_dictionary_has_the_checks_of_a_file():
    with pytest.raises(ScenarioError) as raised:
        colend.load({"yaers": 2, "base": {"alliances": {"fit_sdd": 1}}, "seeds": np.float64(1.5)})
    assert raised.value.problems == (
        "dictionary: yaers: there is no such key; did you mean years?",
        "dictionary: alliances.fit_sdd: there is no such parameter; did you mean alliances.fit_sd?",
        "dictionary: seeds: 1.5 is not allowed; allowed: a number of seeds from 1 to 1,000,000, or a list of different "
        "whole numbers from 0",
    )
    endless: dict = {}
    endless["base"] = endless
    for wrong in ({"base": 3}, {("base", "years"): 3}, endless):
        with pytest.raises(ScenarioError, match="dictionary"):
            colend.load(wrong)
    with pytest.raises(ScenarioError, match=r"overrides: .* is not a mapping"):
        colend.load({}, ["years=2"])


@pytest.mark.parametrize(
    "given",
    [
        {"overrides": {"alliances.fit_sd": np.float64(0.25), "alliances.pilot_months": np.int32(4)}, "seeds": range(2)},
        {"overrides": {"alliances": {"fit_sd": np.array(0.25), "pilot_months": 4}}, "seeds": np.arange(2)},
        {
            "overrides": {"alliances.fit_sd": np.float32(0.25), "alliances.pilot_months": np.uint8(4)},
            "seeds": np.int64(2),
        },
        {"overrides": {"alliances.fit_sd": 0.25, "alliances.pilot_months": 4, "seeds": pd.Index([0, 1])}},
    ],
)
def test_numbers_of_any_kind_make_the_same_runs(given):
    scenario = colend.load({}, **given, years=np.float32(0.5), borrowers=np.int64(300))
    python = {"alliances.fit_sd": 0.25, "alliances.pilot_months": 4}
    same = colend.load({}, python, seeds=2, years=0.5, borrowers=300)
    assert repr(scenario.resolved()) == repr(same.resolved())
    assert [one.key for one in runs(scenario)] == [one.key for one in runs(same)]


def test_plain_values():
    given = {np.str_("a"): (np.bool_(True), [np.float32(0.5)]), "b": Path("x.csv"), "c": (i for i in range(2))}
    assert plain(given) == {"a": [True, [0.5]], "b": "x.csv", "c": [0, 1]}
    assert type(plain(given)["a"][0]) is bool
    assert listed({3}) == listed(np.int8(3)) == [3]
    assert listed(pd.Series(["x", "y"])) == listed({"x": 0, "y": 0}.keys()) == ["x", "y"]
    assert whole("seed", np.int64(3), 0) == 3
    for wrong in (0, 1.0, True, "1", None):
        with pytest.raises(ValueError, match=r"jobs .*: a whole number of at least 1"):
            whole("jobs", wrong, 1)
    assert unknown("seed", 40, range(20)).args == ("no seed 40; there are: 0 to 19",)


def test_points_and_arms_that_exist():
    scenario = colend.load(SAID)
    point = scenario.points[1]
    for asked in (dict(point), {"alliances.pilot_months": np.int64(4), "alliances.fit_sd": np.float64(0.5)}):
        assert scenario.arm(np.str_("one"), asked).point == point
    assert scenario.arm("one", '{"alliances.fit_sd": 0.5, "alliances.pilot_months": 4}').point == point
    with pytest.raises(KeyError, match="no arm 'tow'; did you mean two"):
        scenario.arm("tow")
    for wrong in ({"alliances.fit_sd": 0.5}, "", "nothing", 1):
        with pytest.raises(KeyError, match="no sweep point"):
            scenario.arm("one", wrong)
    with pytest.raises(KeyError, match="no sweep point 0; there are: none"):
        colend.load("alliance").point(0)
