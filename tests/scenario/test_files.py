"""Files beside the scenario: `include` and banks of one's own; and the scenarios that ship."""

import pytest

from colend.scenario import ScenarioError, load, runs, shipped
from colend.scenario.parameters import KINDS
from colend.scenario.regulation import RULES

LIST = "{path}:1: include: list.yaml:1: a scenario is a mapping of keys such as `base:`; this is a list"
OTHER = """\
name: other
title: Other
years: 3
seeds: 5
base: {alliances.fit_sd: 0.5, credit: {posted_rate: 0.12}}
compare: {alliances.sequencing: [sign_then_cooperate, cooperate_then_sign]}
baseline: cooperate_then_sign
record: {months: yearly}
"""


def test_a_file_builds_on_another(write):
    write(OTHER, "parts/other.yaml")
    found = load(
        write("include: parts/other.yaml\nseeds: 2\nbase: {credit.posted_rate.prime: 0.1}\nrecord: {lives: 1}\n")
    )
    assert (found.name, found.title, found.years, found.seeds) == ("scenario", "Other", 3, [0, 1])
    assert (list(found.arms), found.baseline) == (["sign_then_cooperate", "cooperate_then_sign"], "cooperate_then_sign")
    assert (found.record.months, found.record.lives) == ("yearly", 1)
    parameters = found.arm(found.baseline).parameters
    assert parameters.alliances.fit_sd == 0.5
    assert parameters.credit.posted_rate.numbers() == (0.1, 0.12, 0.12)


def test_arms_of_the_upper_file_replace_those_below_with_their_baseline(write):
    write(OTHER, "other.yaml")
    found = load(write("include: [other.yaml]\narms: {a: {}, b: {}}\n"))
    assert (list(found.arms), found.baseline) == (["a", "b"], "a")


def test_a_problem_below_names_its_own_file(write, tmp_path):
    write("years: 3\nbase: {alliances.fit_sd: -1}\n", "parts/other.yaml")
    with pytest.raises(ScenarioError) as caught:
        load(write("include: parts/other.yaml\n"))
    assert caught.value.problems == (
        "parts/other.yaml:2: alliances.fit_sd: -1 is not allowed; allowed: a number from 0 to 20",
    )


@pytest.mark.parametrize(
    ("include", "problem"),
    [
        ("none.yaml", "{path}:1: include: none.yaml: there is no such file"),
        ("scenario.yaml", "{path}:1: include: scenario.yaml includes itself: scenario.yaml -> scenario.yaml"),
        (
            "ring.yaml",
            "ring.yaml:1: include: scenario.yaml includes itself: scenario.yaml -> ring.yaml -> scenario.yaml",
        ),
        ("../scenario.yaml", "{path}:1: include: '../scenario.yaml' is outside the scenario's folder"),
        ("/etc/passwd", "{path}:1: include: '/etc/passwd' is outside the scenario's folder"),
        ("3", "{path}:1: include: 3 is not allowed; allowed: the name of a file"),
        ("", "{path}:1: include: none is not allowed; allowed: the name of a file"),
        ("list.yaml", LIST),
        (".", "{path}:1: include: .: is a directory, not a scenario file"),
    ],
)
def test_includes_that_cannot_be(write, include, problem):
    write("include: scenario.yaml\n", "ring.yaml")
    write("- a\n", "list.yaml")
    path = write(f"include: {include}\n")
    with pytest.raises(ScenarioError) as caught:
        load(path)
    assert caught.value.problems == (problem.format(path=path),)


BANKS = """\
name,kind,equity,precision,talent,sequencing
First,city,5e9,0.3,0.5,sign_then_cooperate
Second,city,4e9,0.25,0.4,cooperate_then_sign
Third,rural,6e8,0.2,0.3,sign_then_cooperate
"""


def test_banks_of_ones_own(write):
    write(BANKS, "my_banks.csv")
    found = load(write("base:\n  banks: {from: my_banks.csv, minimum_ratio: 0.08}\n"))
    banks = found.arm("base").parameters.banks
    assert [getattr(banks, kind).number for kind in KINDS] == [2, 1, 0]
    assert banks.city.equity == [5e9, 4e9]
    assert banks.city.sequencing == ["sign_then_cooperate", "cooperate_then_sign"]
    assert banks.rural.talent == [0.3]
    assert banks.rural.legacy == {"uniform": [0.2, 0.8]}, "what the file does not name keeps its default"
    assert banks.minimum_ratio == 0.08
    assert runs(found)[0].key


def test_banks_files_may_be_compared(write):
    write(BANKS, "a.csv")
    write("kind,readiness\ncity,0.5\ncity,0.5\n", "b.csv")
    found = load(write("compare: {banks.from: [a.csv, b.csv]}\nbaseline: {banks.from: b.csv}\n"))
    assert (list(found.arms), found.baseline) == (["a.csv", "b.csv"], "b.csv")
    assert found.arm("b.csv").parameters.banks.city.readiness == 0.5


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        (
            "kind,talnt,talent,talent\ncity,0.1,0.1,0.1\n",
            [
                "b.csv:1: 'talnt': there is no such column; did you mean talent?",
                "b.csv:1: talent: this column is given twice",
            ],
        ),
        ("talent\n0.5\n", ["b.csv:1: kind: this column is missing"]),
        ("kind,talent\n", ["b.csv:1: there is no bank in this file"]),
        ("", ["b.csv:1: kind: this column is missing", "b.csv:1: there is no bank in this file"]),
        (
            "kind,talent\ncity,2\ncities,0.5\ncity\nrural,\nrural,high\nrural,nan\n",
            [
                "b.csv:2: talent: '2' is not allowed; allowed: a number from 0 to 1",
                "b.csv:3: kind: 'cities' is not one of city, rural, consumer_finance; did you mean city?",
                "b.csv:4: 1 cells for 2 columns",
                "b.csv:5: talent: '' is not allowed; allowed: a number from 0 to 1",
                "b.csv:6: talent: 'high' is not allowed; allowed: a number from 0 to 1",
                "b.csv:7: talent: 'nan' is not allowed; allowed: a number from 0 to 1",
            ],
        ),
        (
            "kind,sequencing\ncity,sign\n",
            [
                "b.csv:2: sequencing: 'sign' is not allowed; "
                "allowed: one of sign_then_cooperate, cooperate_then_sign, adaptive"
            ],
        ),
        (
            "kind,readiness\ncity,0.1\ncity,0.2\n",
            ["b.csv:2: readiness: is one number for all banks of a kind, and these differ"],
        ),
    ],
)
def test_what_is_wrong_with_a_file_of_banks(write, text, problems):
    write(text, "b.csv")
    with pytest.raises(ScenarioError) as caught:
        load(write("base: {banks.from: b.csv}\n"))
    assert list(caught.value.problems) == problems


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("none.csv", "none.csv: there is no such file"),
        ("ob.csv", "ob.csv: there is no such file; did you mean bob.csv?"),
        (".", ".: cannot be read: Is a directory"),
        ("../b.csv", "'../b.csv' is outside the scenario's folder"),
        ("3", "3 is not allowed; allowed: the name of a CSV file"),
    ],
)
def test_files_of_banks_that_cannot_be(write, value, problem):
    write(BANKS, "bob.csv")
    path = write(f"base: {{banks.from: {value}}}\n")
    with pytest.raises(ScenarioError) as caught:
        load(path)
    assert caught.value.problems == (f"{path}:1: banks.from: {problem}",)


def test_a_number_of_banks_beside_a_file_must_be_its_own(write):
    write(BANKS, "b.csv")
    path = write("base: {banks: {from: b.csv, city: {number: 3}}}\n")
    with pytest.raises(ScenarioError, match=r"banks\.city\.equity: a list of 2, but number is 3"):
        load(path)


def test_the_scenarios_that_ship():
    assert list(shipped()) == [
        "alliance",
        "china_2017_2020",
        "consumer_finance_first_year",
        "nanjing_duxiaoman",
        "one_bank",
        "openness",
        "phase_diagram",
        "policy",
        "regional_rule",
        "screening_morris",
        "sequencing",
        "stress",
        "sweep_sobol",
        "two_ecosystems",
        "webank_2017",
        "which_way_does_the_market_go",
    ]
    for name, path in shipped().items():
        text = path.read_text(encoding="utf-8")
        assert text.startswith("# "), "opens with its question"
        assert "?" in text.splitlines()[0]
        found = load(name)
        assert found.name == name
        assert found.question
        assert found.title != name


def test_the_plans_of_the_scenarios_that_ship():
    alliance = load("alliance")
    assert (len(alliance.arms), len(alliance.seeds), alliance.years) == (5, 20, 6)
    assert alliance.baseline == "sign_then_cooperate + traffic"
    assert len(load("openness").arms) == 3
    policy = load("policy")
    assert [len(policy.policies.get(name, ())) for name in policy.arms] == [0, *[1] * 9, 10]
    alone = [rule.name for rules in policy.policies.values() if len(rules) == 1 for rule in rules]
    assert sorted(alone) == sorted(RULES)
    assert len(load("regional_rule").policies) == 4
    assert (len(load("screening_morris").points), len(load("screening_morris").arms)) == (160, 4)
    assert len(load("phase_diagram").points) == 49
    one = load("one_bank").arm("base").parameters
    assert [getattr(one.banks, kind).number for kind in KINDS] == [1, 0, 0]


def test_a_name_of_a_shipped_scenario_gives_way_to_a_file(write, monkeypatch, tmp_path):
    write("title: Mine\n", "alliance")
    monkeypatch.chdir(tmp_path)
    assert load("alliance").title == "Mine"


def test_checking_a_scenario_needs_no_heavy_package():
    import subprocess
    import sys

    code = (
        "import sys; from colend.scenario import load, runs; runs(load('alliance'));"
        "rule = {'measure': 'value_per_bank', 'half_width': 1e6};"
        "runs(load('alliance', seeds={'at_least': 5, 'at_most': 6, 'until': rule}));"
        "print([name for name in ('numpy', 'numba', 'pandas', 'mesa', 'scipy', 'matplotlib') if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
