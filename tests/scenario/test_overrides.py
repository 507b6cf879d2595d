"""Overrides go through the checks of files: each is heeded, or refused with what would be."""

# ruff: noqa: E501

import pytest

from colend.scenario import ScenarioError, load, read_overrides
from colend.scenario.design import FishingTerms
from colend.scenario.labels import arms_by_call

FOUR = """\
base: {platforms: {number: 2, user_share: [0.6, 0.4]}}
compare:
  alliances.sequencing: [sign_then_cooperate, cooperate_then_sign]
  platforms.openness: [traffic, technology]
"""


@pytest.mark.parametrize(
    ("texts", "problem"),
    [
        (["base="], "override: base: is empty, so that it overrides nothing"),
        (["alliances="], "override: alliances: is empty, so that it overrides nothing"),
        (["banks.rural="], "override: banks.rural: is empty, so that it overrides nothing"),
        (["record=", "record.months=none"], "override: record: is empty, so that it overrides nothing"),
        (["include=x.yaml"], "override: include: stands in scenario files only; a third file may include both"),
        (["years=1", "years=2"], "--set years=2: years is given twice, first as 1"),
        (["alliances.fit_sd=1", " alliances.fit_sd =1"], "--set  alliances.fit_sd =1: alliances.fit_sd is given twice, first as 1"),
        (["base.alliances.fit_sd=1", "alliances.fit_sd=2"], "override: alliances.fit_sd: given twice, by itself and with `alliances`"),
        (["base={alliances.fit_sd: 1}", "base.alliances.fit_sd=2"], "override: base.alliances.fit_sd: given twice, by itself and with `base`"),
        (["alliances={fit_sd: 1}", "alliances.fit_sd=2"], "override: alliances.fit_sd: given twice, first at override"),
        (["record={months: all}", "record.months=none"], "override: record.months: given twice, by itself and with `record`"),
        (["record=all"], "override: record: 'all' is not a mapping of keys; its keys are: months, banks, alliances, lives"),
        (["sweep.sample.n=8"], "override: sweep.sample.n: `sweep` is overridden as a whole, with all that stands below it"),
        (["compare.alliances.fit_sd=[1, 2]"], "override: compare.alliances.fit_sd: `compare` is overridden as a whole, with all that stands below it"),
        (["platforms.openness=traffic"], "override: platforms.openness: the scenario varies it (scenario.yaml:4), so that it cannot be overridden; override `compare` as a whole, or run one arm (--only)"),
        (["platforms.number=3"], "override: platforms.user_share: a list of 2, but number is 3: one for each of the platforms is wanted (user_share stands at scenario.yaml:1)"),
        (["alliances.fit_sd=2,3"], "override: alliances.fit_sd: '2,3' is not allowed; allowed: a number from 0 to 20; a list stands in brackets, [2, 3], and a decimal has a point"),
        (["alliances.funding_share=30%"], "override: alliances.funding_share: '30%' is not allowed; allowed: a number from 0.0001 to 1; did you mean 0.3?"),
        (["population.borrowers=10,000"], "override: population.borrowers: '10,000' is not allowed; allowed: a whole number from 10 to 1000000000; did you mean 10000?"),
        (["credit.posted_rate.prime=8%"], "override: credit.posted_rate.prime: '8%' is not allowed; allowed: a number from 0.001 to 2; did you mean 0.08?"),
        (["alliances.pilot_openness=Technology open"], "override: alliances.pilot_openness: 'Technology open' is not allowed; allowed: one of traffic, customers, technology; did you mean technology?"),
        (["banks.equity=1e9"], "override: banks.equity: there is no such parameter; did you mean banks.city.equity?"),
        (["Alliances.Fit-SD=1"], "override: Alliances.Fit-SD: there is no such parameter; did you mean alliances.fit_sd?"),
        (["policy={cap: 0.2, from: 2017-03}"], "override: policy.cap: there is no such rule; the rules are: minimum_platform_share, maximum_partner_to_capital, maximum_joint_share, home_region_only, rate_cap, all_in_cost_cap, maximum_sharing_depth, partner_list, maximum_score_reliance"),
        (["sweep={alliances.fit_sd: [1, 2]}"], "override: sweep.alliances.fit_sd: there is no such key; allowed: one of grid, sample, table"),
        (["sweep={sample: {n: some, ranges: {alliances.fit_sd: [1, 2]}}}"], "override: sweep.sample.n: 'some' is not allowed; allowed: a whole number from 1 to 1,000,000"),
        (["title=5"], "override: title: 5 is not allowed; allowed: a text of at most 10,000 characters; in quotes it is one"),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_wrong_with_an_override_is_said_in_one_line(write, texts, problem):
    path = write(FOUR)
    with pytest.raises(ScenarioError) as caught:
        load(path, read_overrides(texts))
    assert [found.replace(f"{path.parent}/", "") for found in caught.value.problems] == [problem]


def test_what_is_given_twice_in_python_is_refused_too(write):
    path = write(FOUR)
    for key, how in (("years", {"years": 3}), ("seeds", {"seeds": 4}), ("population.borrowers", {"borrowers": 500})):
        with pytest.raises(ScenarioError, match=f"override: {key}: given twice, among the overrides and by itself"):
            load(path, {key: 2}, **how)
    with pytest.raises(ScenarioError, match=r"population\.borrowers: given twice"):
        load(path, {"population": {"borrowers": 500}}, borrowers=500)


def test_problems_never_break_their_line(write):
    with pytest.raises(ScenarioError) as caught:
        load(write(FOUR), {"a\nb\x1b[31m": 1})
    assert caught.value.problems == ("override: a\\nb\\x1b[31m: there is no such parameter",)


@pytest.mark.parametrize("off", ["null", "none", "~", ""])
def test_a_fishing_test_is_switched_off(scenario, off):
    assert scenario(f"fishing_test: {off}\n").fishing_test is None
    on = "fishing_test: {horizon_months: 6}\n"
    assert scenario(on, overrides=read_overrides([f"fishing_test={off}"])).fishing_test is None
    assert scenario("fishing_test: {}\n").fishing_test == FishingTerms()
    assert scenario(on, overrides={"fishing_test": {}}).fishing_test == FishingTerms(horizon_months=6)
    assert scenario(on, overrides={"fishing_test.month": 3}).fishing_test == FishingTerms(month=3, horizon_months=6)


def test_a_file_that_builds_on_another_switches_its_fishing_test_off(write):
    write("fishing_test: {horizon_months: 6}\n", "other.yaml")
    assert load(write("include: other.yaml\nfishing_test: none\n")).fishing_test is None
    assert load(write("include: other.yaml\nfishing_test: {month: 3}\n")).fishing_test.horizon_months == 6


def test_none_is_a_value_where_messages_say_so(scenario):
    text = "base: {alliances.sequencing: cooperate_then_sign, banks.rural.sequencing: none}\n"
    found = scenario(text).arm("base").parameters.banks.rural.sequencing
    assert found is None


def test_whole_numbers_may_be_written_as_programs_write_them(scenario):
    assert scenario("seeds: 20.0\n").seeds == list(range(20))
    assert scenario("seeds: [3.0, 5]\n").seeds == [3, 5]
    found = scenario("record: {lives: 2.0}\nfishing_test: {month: 3.0, horizon_months: 2.0}\n")
    assert (found.record.lives, found.fishing_test) == (2, FishingTerms(3, 2))
    assert [type(value) for value in (found.record.lives, found.fishing_test.month)] == [int, int]
    sampled = scenario("sweep: {sample: {n: 4.0, seed: 1.0, ranges: {alliances.fit_sd: [1, 2]}}}\n")
    assert (sampled.sample.n, sampled.sample.seed) == (4, 1)


def test_arms_answer_to_what_charts_call_them(scenario):
    found = scenario(FOUR + "baseline: Cooperate first, technology open\n")
    assert found.baseline == "cooperate_then_sign + technology"
    assert found.arm("Sign first, traffic open") == found.arm("sign_then_cooperate + traffic")
    with pytest.raises(KeyError, match="did you mean"):
        found.arm("Sign first, traffic opne")
    assert arms_by_call({"a_b": {}, "a b": {}, "c": {}}) == {"a_b": "a_b", "a b": "a b", "C": "c", "c": "c"}
