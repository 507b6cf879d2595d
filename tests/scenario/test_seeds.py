"""`seeds` as a rule: what it says, and what is wrong with it."""

import pytest

from colend.scenario import Scenario, load
from colend.scenario.top_level import Until

RULE = "seeds: {at_least: 30, at_most: 400, until: {measure: value_per_bank, half_width: 1e6}}\n"
MEASURE = "allowed: a measure of whole runs, see `simulate --list measures`"


def test_a_rule(scenario):
    found = scenario(RULE)
    assert found.until == Until(30, 400, "value_per_bank", 1e6)
    assert found.seeds == list(range(400))
    assert found.resolved()["until"] == {
        "at_least": 30,
        "at_most": 400,
        "measure": "value_per_bank",
        "half_width": 1e6,
    }
    assert Scenario.restored(found.resolved()).until == found.until
    assert "until" not in scenario("seeds: 3\n").resolved()


def test_a_number_of_seeds_overrides_it_and_it_a_number(scenario, write):
    assert (scenario(RULE, seeds=3).until, scenario(RULE, seeds=3).seeds) == (None, [0, 1, 2])
    rule = {"at_least": 5, "at_most": 9, "until": {"measure": "meetings", "half_width": 2}}
    assert scenario(RULE, seeds=rule).until == Until(5, 9, "meetings", 2.0)
    write(RULE, "below.yaml")
    assert load(write("include: below.yaml\nseeds: [4]\n")).until is None


@pytest.mark.parametrize(
    ("rule", "wrong"),
    [
        ("{at_least: 30, at_most: 20, until: U}", "at_most: 20 is less than at_least, 30"),
        (
            "{at_least: 4, at_most: 20, until: U}",
            "at_least: 4 is not allowed; allowed: a whole number from 5 to",
        ),
        ("{at_least: 5.5, at_most: 20, until: U}", "at_least: 5.5 is not allowed"),
        ("{at_least: true, at_most: 20, until: U}", "at_least: true is not allowed"),
        ("{at_least: 5, until: U}", "at_most: none is not allowed"),
        ("{at_least: 5, at_most: 2000000, until: U}", "at_most: 2000000 is not allowed"),
        ("{at_lest: 5, at_least: 5, at_most: 20, until: U}", "at_lest: there is no such key; did you mean at_least?"),
        ("{at_least: 5, at_most: 20}", "until: none is not allowed; allowed: a mapping {measure: one of"),
        ("{at_least: 5, at_most: 20, until: 3}", "until: 3 is not allowed"),
        (
            "{at_least: 5, at_most: 20, until: {measure: value_per_bnk, half_width: 1}}",
            f"until.measure: 'value_per_bnk' is not allowed; {MEASURE}; did you mean value_per_bank?",
        ),
        ("{at_least: 5, at_most: 20, until: {half_width: 1}}", f"until.measure: none is not allowed; {MEASURE}"),
        (
            "{at_least: 5, at_most: 20, until: {measure: meetings, half_width: 0}}",
            "until.half_width: 0 is not allowed; allowed: a number above 0, in the measure’s unit",
        ),
        ("{at_least: 5, at_most: 20, until: {measure: meetings, half_width: -1}}", "until.half_width: -1 is not"),
        ("{at_least: 5, at_most: 20, until: {measure: meetings, half_width: .inf}}", "until.half_width: inf is not"),
        ("{at_least: 5, at_most: 20, until: {measure: meetings, half_width: wide}}", "until.half_width: 'wide' is"),
        ("{at_least: 5, at_most: 20, until: {measure: meetings, half_width: 1, n: 3}}", "until.n: there is no such"),
        ("{}", "at_least: none is not allowed"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(problems, rule, wrong):
    found = problems("years: 1\nseeds: " + rule.replace("U", "{measure: meetings, half_width: 1}") + "\n")
    assert found[0].startswith(f"scenario.yaml:2: seeds.{wrong}")


def test_all_that_is_wrong_is_said_at_once(problems):
    text = "seeds:\n  at_least: 1\n  at_most: 9\n  until:\n    measure: nothing_like_it\n    half_width: no\n"
    assert [problem.split(": ")[:2] for problem in problems(text)] == [
        ["scenario.yaml:2", "seeds.at_least"],
        ["scenario.yaml:5", "seeds.until.measure"],
        ["scenario.yaml:6", "seeds.until.half_width"],
    ]
