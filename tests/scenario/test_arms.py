"""Arms, sweep points, baseline, seeds and runs."""

import itertools

import pytest

from colend.scenario import Record, load, runs
from colend.scenario.design import check

FOUR = """\
compare:
  alliances.sequencing: [sign_then_cooperate, cooperate_then_sign]
  platforms: {openness: [traffic, technology]}
"""


def test_without_anything_to_compare_there_is_one_arm(scenario):
    found = scenario("base: {alliances.fit_sd: 0.5}\n")
    assert (found.name, found.title, found.question) == ("scenario", "scenario", "")
    assert (found.start, found.years, found.seeds, found.record) == ("2017-01", 6, [0], Record())
    assert (list(found.arms), found.baseline, found.points) == (["base"], "base", [{}])
    setting = found.arm("base")
    assert setting.parameters.alliances.fit_sd == 0.5
    assert (setting.months, setting.parameters.population.scale, setting.point) == (72, 1000, {})


def test_every_combination_is_an_arm_named_by_its_values(scenario):
    found = scenario(FOUR)
    assert list(found.arms) == [
        "sign_then_cooperate + traffic",
        "sign_then_cooperate + technology",
        "cooperate_then_sign + traffic",
        "cooperate_then_sign + technology",
    ]
    assert found.baseline == "sign_then_cooperate + traffic"
    parameters = found.arm("cooperate_then_sign + technology").parameters
    assert (parameters.alliances.sequencing, parameters.platforms.openness) == ("cooperate_then_sign", "technology")


@pytest.mark.parametrize(
    "baseline",
    [
        "cooperate_then_sign + traffic",
        "{alliances.sequencing: cooperate_then_sign, platforms.openness: traffic}",
        "{platforms: {openness: traffic}, alliances: {sequencing: cooperate_then_sign}}",
    ],
)
def test_the_baseline_by_name_or_by_values(scenario, baseline):
    assert scenario(f"{FOUR}baseline: {baseline}\n").baseline == "cooperate_then_sign + traffic"


def test_names_of_values_that_are_not_words(scenario):
    found = scenario(
        "compare:\n"
        "  platforms.openness: [traffic, [traffic, traffic, customers, customers, technology, technology]]\n"
        "  banks.city.talent: [0.5, 1e-3, {normal: [0.5, 0.1]}]\n"
    )
    levels = ["traffic", "[traffic, traffic, customers, customers, technology, technology]"]
    values = ["0.5", "0.001", "{normal: [0.5, 0.1]}"]
    assert list(found.arms) == [" + ".join(pair) for pair in itertools.product(levels, values)]
    assert found.arm(list(found.arms)[-1]).parameters.platforms.openness[2] == "customers"


def test_arms_by_name_may_be_equal_in_content(scenario):
    found = scenario(
        "base: {credit.posted_rate: 0.12}\n"
        "arms:\n  a: {alliances.fit_sd: 0.5}\n  b: {alliances: {fit_sd: 0.5}}\n"
        "  c: {credit.posted_rate.prime: 0.1}\n  d:\n"
        "baseline: b\n"
    )
    assert (list(found.arms), found.baseline) == (["a", "b", "c", "d"], "b")
    assert found.arm("a").content() == found.arm("b").content()
    assert found.arm("c").parameters.credit.posted_rate.numbers() == (0.1, 0.12, 0.12)


def test_a_part_after_its_whole_and_a_whole_after_its_part(scenario):
    part_later = scenario("base: {credit.posted_rate: 0.12, credit.posted_rate.prime: 0.1}\n")
    assert part_later.arm("base").parameters.credit.posted_rate.numbers() == (0.1, 0.12, 0.12)
    whole_later = scenario("base: {credit.posted_rate.prime: 0.1, credit.posted_rate: 0.12}\n")
    assert whole_later.arm("base").parameters.credit.posted_rate.numbers() == (0.12, 0.12, 0.12)


def test_a_grid_is_every_combination_at_every_arm(scenario):
    found = scenario(
        FOUR + "sweep: {grid: {alliances.fit_sd: [0.2, 1], learning: {doing: [0, 0.005, 0.01]}}}\nseeds: 2\n"
    )
    assert len(found.points) == 6
    assert found.points[1] == {"alliances.fit_sd": 0.2, "learning.doing": 0.005}
    setting = found.arm("cooperate_then_sign + traffic", found.points[-1])
    assert (setting.parameters.alliances.fit_sd, setting.parameters.learning.doing) == (1, 0.01)
    assert setting.point == found.points[-1]
    assert found.record == Record(months="none", banks="none", alliances=False, lives=0)
    planned = runs(found)
    assert len(planned) == 4 * 6 * 2
    assert planned[0].name == 'sign_then_cooperate + traffic:0:{"alliances.fit_sd":0.2,"learning.doing":0}'


def test_a_sweep_keeps_what_it_is_asked_to_keep(scenario):
    found = scenario("sweep: {grid: {alliances.fit_sd: [0.2, 1]}}\nrecord: {months: all}\n")
    assert found.record == Record(months="all", banks="none", alliances=False, lives=0)


def test_keys_of_runs_differ_where_results_may(scenario):
    found = scenario(FOUR + "seeds: 3\n")
    planned = runs(found)
    assert [(run.setting.arm, run.seed) for run in planned[:5]] == [(arm, 0) for arm in found.arms] + [
        ("sign_then_cooperate + traffic", 1)
    ]
    assert len({run.key for run in planned}) == 12
    assert [run.key for run in runs(scenario(FOUR + "seeds: 3\n"))] == [run.key for run in planned]
    changed = runs(scenario(FOUR + "seeds: 3\nbase: {alliances.fit_sd: 1.2}\n"))
    assert not {run.key for run in changed} & {run.key for run in planned}
    same = runs(scenario(FOUR + "seeds: 3\nname: other\ntitle: Other\nbase: {alliances.fit_sd: 1.25}\n"))
    assert [run.key for run in same] == [run.key for run in planned]


def test_an_arm_that_is_not_there(scenario):
    found = scenario(FOUR)
    with pytest.raises(KeyError, match="did you mean sign_then_cooperate \\+ traffic"):
        found.arm("sign_then_coperate + traffic")
    with pytest.raises(KeyError, match="no sweep point"):
        found.arm("sign_then_cooperate + traffic", {"alliances.fit_sd": 3})


def test_what_is_given_with_the_call(write):
    path = write("years: 2\nseeds: 4\nbase: {alliances.fit_sd: 0.5, credit.posted_rate.mass: 0.14}\n")
    found = load(
        path,
        overrides={"alliances": {"fit_sd": 0.7}, "title": "T", "record.lives": 1, "start": "2018-01"},
        seeds=[3, 7],
        years=0.5,
        borrowers=500,
    )
    assert (found.title, found.start, found.years, found.seeds) == ("T", "2018-01", 0.5, [3, 7])
    setting = found.arm("base")
    assert (setting.months, setting.parameters.population.scale, setting.record.lives) == (6, 200_000, 1)
    assert setting.parameters.alliances.fit_sd == 0.7
    assert load(path, overrides={"years": 3, "seeds": 2}).seeds == [0, 1]


def test_a_scenario_as_data(scenario):
    data = scenario(FOUR + "base: {population.borrowers: 1000}\n").resolved()
    assert data["base"] == {"population.borrowers": 1000}
    assert data["arms"]["sign_then_cooperate + traffic"] == {
        "alliances.sequencing": "sign_then_cooperate",
        "platforms.openness": "traffic",
    }


def test_a_later_point_that_does_not_fit_is_an_error_when_asked_for(scenario, monkeypatch):
    from colend.scenario import ScenarioError, fitting

    monkeypatch.setattr(fitting, "MOST_CHECKED", 1)
    found = scenario("sweep: {grid: {banks.target_ratio: [0.12, 0.1]}}\n")
    with pytest.raises(
        ScenarioError, match=r'arm base at {"banks.target_ratio":0.1}: banks.target_ratio: 0.1 is not above'
    ):
        check(runs(found))
