"""`policy`: presets and dated rules in a scenario and its arms; what is wrong is one clear error."""

import json

import pytest

from colend.scenario import load
from colend.scenario.design import Scenario
from colend.scenario.policy import listed_presets, presets
from colend.scenario.regulation import RULES

HERE = "scenario.yaml"
KNOWN = "the presets are: china_2017_12, china_2020_07, china_2021_02, china_2022_01, china_2025_10, china"
CAP = "allowed: a number from 0.01 to 2"
TWICE = "two versions of one rule in force at once"

ONE_LINE = [
    ("policy: [china_2021_02, chinna]\n", f"1: policy[1]: there is no preset 'chinna'; did you mean china?; {KNOWN}"),
    ("policy: {from: 2018-01, rate_cap: 20%}\n", f"1: policy.rate_cap: '20%' is not allowed; {CAP}; did you mean 0.2?"),
    ("policy: {from: 2018-01, rate_cap: 900%}\n", f"1: policy.rate_cap: '900%' is not allowed; {CAP}"),
    ("policy: 3\n", f"1: policy: 3 is not allowed; allowed: a preset or a mapping; {KNOWN}"),
    (
        "policy:\n  from: 2031-01\n  rate_cap: 0.2\n",
        "2: policy.from: '2031-01' lies outside the run, 2017-01 to 2022-12",
    ),
    ("policy: {from: 2016-12, rate_cap: 0.2}\n", "1: policy.from: '2016-12' lies outside the run, 2017-01 to 2022-12"),
    (
        "start: 2012-01\nyears: 3\npolicy: china_2017_12\n",
        "3: policy: china_2017_12: none of its rules (2017-12) is in force in the run, 2012-01 to 2014-12",
    ),
    (
        "policy:\n  - {from: 2018-01, rate_cap: 0.2}\n  - {from: 2019-01, rate_cap: 0.15}\n",
        f"3: rate_cap: 0.15 from 2019-01, and 0.2 from 2018-01 (scenario.yaml:2): {TWICE}; give `until` to the first",
    ),
    (
        "policy: [china_2017_12, {from: 2019-01, all_in_cost_cap: 0.15}]\n",
        f"1: all_in_cost_cap: 0.15 from 2019-01, and 0.36 from 2017-12 (scenario.yaml:1): {TWICE}",
    ),
    ("policy: {rate_cap: 0.2}\n", "1: policy.from: is missing: the month from which it holds, e.g. 2021-02"),
    ("policy: {from: 2018, rate_cap: 1}\n", "1: policy.from: 2018 is not allowed; allowed: a month, e.g. 2021-02"),
    (
        "policy: {from: 2018-01, until: 2017-06, rate_cap: 1}\n",
        "1: policy.until: '2017-06' is not after from, '2018-01'",
    ),
    (
        "policy: {from: 2018-01, notice_months: 1.5, rate_cap: 1}\n",
        "1: policy.notice_months: 1.5 is not allowed; allowed: a whole number from 0 to 120",
    ),
    ("policy: {from: 2018-01}\n", f"1: policy: names no rule; the rules are: {', '.join(RULES)}"),
    ("policy: {from: 2018-01, rate_kap: 1}\n", "1: policy.rate_kap: there is no such rule; did you mean rate_cap?"),
    (
        "policy: {from: 2018-01, rate_cap: 3}\n",
        "1: policy.rate_cap: 3 is not allowed; allowed: a number from 0.01 to 2",
    ),
    (
        "policy: {from: 2018-01, home_region_only: 1}\n",
        "1: policy.home_region_only: 1 is not allowed; allowed: true or false",
    ),
    ("base: {policy: china}\n", "1: policy: there is no such parameter; it stands at the top level or in an arm"),
    (
        "sweep: {grid: {policy: [china]}}\n",
        "1: policy: there is no such parameter; it stands at the top level or in an arm",
    ),
    ("compare: {policy: china}\n", "1: policy: 'china' is not a list of alternatives"),
    ("compare: {policy: [none, none]}\n", "1: compare: two arms are named 'none'"),
]


@pytest.mark.parametrize(("text", "problem"), ONE_LINE)
def test_one_clear_error(problems, text, problem):
    assert problems(text) == [f"{HERE}:{problem}"]


def test_all_problems_at_once(problems):
    text = "arms:\n  one: {policy: chinna}\n  two: {policy: {from: 2018-01, rate_cap: 9, partner_list: 0.5}}\n"
    assert [one.split(":")[1:3] for one in problems(text)] == [
        ["2", " policy"],
        ["3", " policy.rate_cap"],
        ["3", " policy.partner_list"],
    ]


def test_a_policy_of_nothing_says_what_there_is(problems):
    names, dates = problems("policy: {}\n")
    assert names == f"{HERE}:1: policy: names no rule; the rules are: {', '.join(RULES)}"
    assert dates == f"{HERE}:1: policy.from: is missing: the month from which it holds, e.g. 2021-02"


def test_arms_have_the_scenarios_policy_or_their_own(scenario):
    found = scenario(
        "policy: china_2017_12\narms: {same: {}, none: {policy: none}, own: {policy: {from: 2018-01, rate_cap: 0.2}}}\n"
    )
    assert list(found.policies) == ["same", "own"]
    assert [rule.name for rule in found.arm("same").policy] == ["all_in_cost_cap"]
    assert found.arm("none").policy == ()
    assert [rule.value for rule in found.arm("own").policy] == [0.2]


def test_every_combination_of_policies_and_parameters_is_an_arm(scenario):
    found = scenario(
        "compare: {platforms.openness: [traffic, technology], policy: [none, china_2017_12]}\n"
        "baseline: {policy: none, platforms.openness: traffic}\n"
    )
    assert list(found.arms) == [
        "traffic + none",
        "traffic + china_2017_12",
        "technology + none",
        "technology + china_2017_12",
    ]
    assert found.baseline == "traffic + none"
    assert set(found.policies) == {"traffic + china_2017_12", "technology + china_2017_12"}


def test_one_version_may_follow_another(scenario):
    found = scenario(
        "policy: [{from: 2018-01, until: 2019-01, rate_cap: 0.2}, {from: 2019-01, rate_cap: 0.15}]\n"
    ).policies["base"]
    assert [(rule.value, rule.start, rule.until) for rule in found] == [
        (0.2, "2018-01", "2019-01"),
        (0.15, "2019-01", None),
    ]


def test_a_policy_given_on_the_command_line(scenario, problems):
    assert scenario("name: one\n", overrides={"policy": "china_2017_12"}).policies["base"][0].value == 0.36
    [found] = problems("compare: {policy: [none, china]}\n", overrides={"policy": "china"})
    assert "the scenario varies it" in found
    assert "cannot be overridden" in found


def test_a_preset_holds_what_came_before_the_run(scenario):
    found = scenario("start: 2021-01\nyears: 2\npolicy: china\n").policies["base"]
    assert {rule.name: rule.start for rule in found} == {
        "all_in_cost_cap": "2017-12",
        "maximum_score_reliance": "2020-07",
        "minimum_platform_share": "2022-01",
        "home_region_only": "2022-01",
        "maximum_sharing_depth": "2022-01",
        "maximum_partner_to_capital": "2022-07",
        "maximum_joint_share": "2022-07",
    }


def test_presets_cover_the_published_dates_and_say_where_they_are_from():
    """The dates and numbers that the sources give; the history has a later version end the earlier."""
    dated = {name: {(rule.name, rule.value, rule.start) for rule in one.dated} for name, one in presets().items()}
    assert dated["china_2017_12"] == {("all_in_cost_cap", 0.36, "2017-12")}
    assert ("maximum_partner_to_capital", 0.25, "2022-07") in dated["china_2021_02"]
    assert ("maximum_joint_share", 0.5, "2022-07") in dated["china_2021_02"]
    assert {("minimum_platform_share", 0.3, "2022-01"), ("home_region_only", 1.0, "2022-01")} < dated["china_2022_01"]
    assert ("all_in_cost_cap", 0.24, "2025-10") in dated["china_2025_10"]
    assert dated["china"] == set.union(*(dated[name] for name in dated if name != "china"))
    ends = {rule.start: rule.until for rule in presets()["china"].dated if rule.name == "all_in_cost_cap"}
    assert ends == {"2017-12": "2025-10", "2025-10": None}
    for one in listed_presets():
        assert one["source"]
        assert one["address"].startswith("http") or one["name"] == "china"


def test_the_resolved_scenario_keeps_the_rules(scenario, tmp_path):
    found = scenario("policy: {from: 2018-01, rate_cap: 0.2, notice_months: 3}\n")
    kept = found.resolved()["policies"]["base"]
    assert kept == [
        {
            "name": "rate_cap",
            "value": 0.2,
            "start": "2018-01",
            "until": None,
            "notice_months": 3,
            "preset": "",
        }
    ]
    assert Scenario.restored(json.loads(json.dumps(found.resolved()))).policies == found.policies
    assert "policy" in found.arm("base").content()
    assert "policy" not in load(tmp_path / HERE, overrides={"policy": "none"}).arm("base").content()
