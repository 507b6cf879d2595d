"""Every kind of wrong input gives one clear line: where, which key, what value, what is allowed, what was meant."""

# ruff: noqa: E501

import pickle

import pytest
import yaml

from colend.scenario import ScenarioError, load, shipped

DISTRIBUTIONS = (
    "({normal: [mean, sd]}, {lognormal: [median, sigma]}, {uniform: [low, high]}, {choice: {value: probability}})"
)
TALENT = f"allowed: a number from 0 to 1, a list with one a bank, or a distribution {DISTRIBUTIONS}"
ALTERNATIVES = "several values are alternatives, which stand under `compare` or `sweep`"
FIT = "allowed: a number from 0 to 20"
HERE = "scenario.yaml"

ONE_LINE = [
    # not a scenario at all
    ("", f"{HERE}: is empty"),
    ("# nothing but a comment\n", f"{HERE}: is empty"),
    ("- a\n- b\n", f"{HERE}:1: a scenario is a mapping of keys such as `base:`; this is a list"),
    ("just words\n", f"{HERE}:1: a scenario is a mapping of keys such as `base:`; this is 'just words'"),
    (b"title: \xff\xfe\n", f"{HERE}: is not UTF-8 text (byte 7)"),
    # keys
    ("yers: 3\n", f"{HERE}:1: yers: there is no such key; did you mean years?"),
    (
        "years: 2\nbase:\n  stress.downturn_quantile: 0.01\n",
        f"{HERE}:3: stress.start_month: is after the run's 24 months: no stress would come",
    ),
    (  # 0.72 x 1.021^15 = 0.983, x 1.021^16 = 1.004; 0.72 x 1.010653^31 = 1
        "years: 2.6666667\nbase:\n  population.monthly_need.mass: 0.72\n  population.demand_growth: 0.021\n",
        f"{HERE}:4: population.demand_growth: 0.021 takes the need of mass, 0.72 in the first month, beyond 1 in month "
        "16 (0 the first) of 32; at most 0.010653",
    ),
    (  # the default grows by 0.4 % a month: 0.5 x 1.004^12 x 2 > 1
        "years: 2\nbase:\n  population.monthly_need.mass: 0.5\n  stress: {start_month: 12, demand_factor: 2}\n",
        f"{HERE}:4: stress.demand_factor: 2 takes the need of mass, 0.5 in the first month, beyond 1 in month 12 (0 the "
        "first) of 24; at most 1.824545",
    ),
    (
        "base:\n  stress.leaving_platform: 7\n",
        f"{HERE}:2: stress.leaving_platform: 7 of 6 platforms",
    ),
    (
        "base:\n  clubs.members: [city 39, city 41]\n",
        f"{HERE}:2: clubs.members: 'city 41': there is no such bank, city banks are numbered 1 to 40; did you mean city 40?",
    ),
    (
        "base:\n  clubs.members: [ctiy 3]\n",
        f"{HERE}:2: clubs.members: 'ctiy 3': there is no kind of bank 'ctiy'; there are city, rural, consumer_finance",
    ),
    (
        "base:\n  clubs.members: [rural 1-20, rural 7]\n",
        f"{HERE}:2: clubs.members: 'rural 7' is a member twice, the second time in 'rural 7'",
    ),
    (
        "base:\n  clubs: {members: [city 1], platform: 9}\n",
        f"{HERE}:2: clubs.platform: 9 of 6 platforms; did you mean 6?",
    ),
    (
        "base:\n  clubs.spillover: 0.3\n",
        f"{HERE}:2: clubs.spillover: 0.3, but the club has no members",
    ),
    (
        "base:\n  adaptive.sequencing_options: [sign_then_cooperate]\n",
        f"{HERE}:2: adaptive.sequencing_options: a choice among 1 is none; name at least two different options",
    ),
    (
        "base:\n  adaptive.initial_sequencing: {sign_then_cooperate: 0.7, cooperate_then_sign: 0.4}\n",
        f"{HERE}:2: adaptive.initial_sequencing: the shares add to 1.1, not 1",
    ),
    (
        "base:\n  adaptive.openness_options: [traffic, tecnology]\n",
        f"{HERE}:2: adaptive.openness_options: ['traffic', 'tecnology'] is not allowed; allowed: a list of some of traffic, customers, technology",
    ),
    (
        "base:\n  adaptive.openness_options: [traffic, customers]\n",
        f"{HERE}:2: adaptive.initial_openness: technology has share 0.333333 and is not in openness_options",
    ),
    (
        "base:\n  adaptive.initial_openness: {traffic: 1, customers: 0, tecnology: 0}\n",
        f"{HERE}:2: adaptive.initial_openness: 'tecnology' is not one of traffic, customers, technology; did you mean technology?",
    ),
    (
        "base:\n  adaptive: {memory: 0.5, interval_months: 6}\n",
        f"{HERE}:2: adaptive.memory: changes nothing: no sequencing and no openness is adaptive",
    ),
    (
        "base:\n  alliances.sequencing: adaptive\n  adaptive.openness_options: [traffic, technology]\n"
        "  adaptive.initial_openness: {traffic: 1, customers: 0, technology: 0}\n",
        f"{HERE}:3: adaptive.openness_options: changes nothing: no openness is adaptive",
    ),
    (
        "arms:\n  fixed: {adaptive.memory: 0.5}\n  free: {alliances.sequencing: adaptive, adaptive.memory: 0.5}\n",
        f"{HERE}:2: adaptive.memory: changes nothing: no sequencing and no openness is adaptive",
    ),
    (
        "sweep: {grid: {adaptive.memory: [0.5, 1]}}\n",
        f"{HERE}:1: adaptive.memory: changes nothing: no sequencing and no openness is adaptive",
    ),
    (
        "fishing_test: 3\n",
        f"{HERE}:1: fishing_test: 3 is not a mapping of keys; its keys are: month, horizon_months, "
        "kinds, minimum_originations, share",
    ),
    (
        "\nfishing_test: {months: last}\n",
        f"{HERE}:2: fishing_test.months: there is no such key; did you mean month?",
    ),
    (
        "fishing_test: {month: lst}\n",
        f"{HERE}:1: fishing_test.month: 'lst' is not allowed; allowed: last, or a whole number of months from 1; did you mean last?",
    ),
    (
        "years: 1\nfishing_test: {month: 13}\n",
        f"{HERE}:2: fishing_test.month: 13 is after the run's end; allowed: last, or at most 12",
    ),
    (
        "fishing_test: {kinds: [city, rurl]}\n",
        f"{HERE}:1: fishing_test.kinds: ['city', 'rurl'] is not allowed; allowed: one or more of city, rural, consumer_finance",
    ),
    (
        "fishing_test: {horizon_months: 0}\n",
        f"{HERE}:1: fishing_test.horizon_months: 0 is not allowed; allowed: a whole number from 1 to 120",
    ),
    ("1: 2\n", f"{HERE}:1: 1: there is no such key"),
    ("alliances.fit_sd: 1\n", f"{HERE}:1: alliances.fit_sd: there is no such key; parameters stand under `base:`"),
    ("population: {}\n", f"{HERE}:1: population: there is no such key; parameters stand under `base:`"),
    (
        "base:\n  alliances:\n    fit_s: 1\n",
        f"{HERE}:3: alliances.fit_s: there is no such parameter; did you mean alliances.fit_sd?",
    ),
    (
        "base:\n  alliance.fit_sd: 1\n",
        f"{HERE}:2: alliance.fit_sd: there is no such parameter; did you mean alliances.fit_sd?",
    ),
    (
        "base: {banks: {precision: 0.1}}\n",
        f"{HERE}:1: banks.precision: there is no such parameter; did you mean banks.city.precision?",
    ),
    ("base: {no_group: {}}\n", f"{HERE}:1: no_group: there is no such parameter"),
    ("base: 3\n", f"{HERE}:1: base: 3 is not a mapping of keys"),
    ("compare: [a]\n", f"{HERE}:1: compare: ['a'] is not a mapping of keys"),
    (
        "base: {macro: 3}\n",
        f"{HERE}:1: macro: 3 is not a group; in it are: systematic_persistence",
    ),
    ("years: 3\nyears: 4\n", f"{HERE}:2: years: given twice, first in line 1"),
    (
        "base:\n  alliances.fit_sd: 1\n  alliances: {fit_sd: 2}\n",
        f"{HERE}:3: alliances.fit_sd: given twice, first at {HERE}:2",
    ),
    # values
    ("base: {alliances.fit_sd: -1}\n", f"{HERE}:1: alliances.fit_sd: -1 is not allowed; {FIT}"),
    ("base: {alliances.fit_sd: many}\n", f"{HERE}:1: alliances.fit_sd: 'many' is not allowed; {FIT}"),
    (
        "base: {alliances.fit_sd: '0.5'}\n",
        f"{HERE}:1: alliances.fit_sd: '0.5' is not allowed (a text, not a number); {FIT}",
    ),
    ("base: {alliances.fit_sd: true}\n", f"{HERE}:1: alliances.fit_sd: true is not allowed; {FIT}"),
    ("base: {alliances.fit_sd: }\n", f"{HERE}:1: alliances.fit_sd: none is not allowed; {FIT}"),
    ("base: {alliances.fit_sd: [1, 2]}\n", f"{HERE}:1: alliances.fit_sd: [1, 2] is not allowed; {FIT}; {ALTERNATIVES}"),
    ("base: {alliances.fit_sd: .nan}\n", f"{HERE}:1: alliances.fit_sd: nan is not allowed; {FIT}"),
    ("base: {alliances.fit_sd: .inf}\n", f"{HERE}:1: alliances.fit_sd: inf is not allowed; {FIT}"),
    ("base: {alliances.fit_sd: 1e400}\n", f"{HERE}:1: alliances.fit_sd: inf is not allowed; {FIT}"),
    (
        "base: {population.regions: 2.5}\n",
        f"{HERE}:1: population.regions: 2.5 is not allowed; allowed: a whole number from 1 to 200",
    ),
    (
        "base: {alliances.sequencing: sign_than_cooperate}\n",
        f"{HERE}:1: alliances.sequencing: 'sign_than_cooperate' is not allowed; allowed: one of sign_then_cooperate, "
        "cooperate_then_sign, adaptive; did you mean sign_then_cooperate?",
    ),
    (
        "base: {platforms.openness: adaptiv}\n",
        f"{HERE}:1: platforms.openness: 'adaptiv' is not allowed; allowed: one of traffic, customers, technology, adaptive, or a "
        "list with one a platform; did you mean adaptive?",
    ),
    (
        "base: {credit: {posted_rate: {prim: 0.1}}}\n",
        f"{HERE}:1: credit.posted_rate: 'prim' is not one of prime, mass, thin_file; did you mean prime?",
    ),
    (
        "base: {credit.posted_rate.prime: 9}\n",
        f"{HERE}:1: credit.posted_rate.prime: 9 is not allowed; allowed: a number from 0.001 to 2",
    ),
    # distributions
    (
        "base: {banks.city.talent: {normall: [0, 1]}}\n",
        f"{HERE}:1: banks.city.talent: {{normall: [0, 1]}} is not allowed (no distribution 'normall'; there are normal, "
        f"lognormal, uniform, choice); {TALENT}",
    ),
    (
        "base: {banks.city.talent: {normal: [0.5, -1]}}\n",
        f"{HERE}:1: banks.city.talent: {{normal: [0.5, -1]}} is not allowed (normal wants a spread of at least 0, not -1); "
        f"{TALENT}",
    ),
    (
        "base: {banks.city.talent: {lognormal: [0, 1]}}\n",
        f"{HERE}:1: banks.city.talent: {{lognormal: [0, 1]}} is not allowed (lognormal wants a median above 0, not 0); "
        f"{TALENT}",
    ),
    (
        "base: {banks.city.talent: {uniform: [0.8, 0.2]}}\n",
        f"{HERE}:1: banks.city.talent: {{uniform: [0.8, 0.2]}} is not allowed (uniform wants low <= high, not [0.8, 0.2]); "
        f"{TALENT}",
    ),
    (
        "base: {banks.city.talent: {uniform: 3}}\n",
        f"{HERE}:1: banks.city.talent: {{uniform: 3}} is not allowed (uniform wants [low, high]); {TALENT}",
    ),
    (
        "base: {banks.city.talent: {choice: {0.1: 0.5, 0.2: 0.6}}}\n",
        f"{HERE}:1: banks.city.talent: {{choice: {{0.1: 0.5, 0.2: 0.6}}}} is not allowed (the probabilities of a choice add "
        f"to 1.1, not 1); {TALENT}",
    ),
    # what does not fit together
    (
        "base:\n  population.segment_share: {prime: 0.5}\n",
        f"{HERE}:2: population.segment_share: the shares add to 1.3, not 1",
    ),
    (
        "base:\n  platforms:\n    user_share: [0.5, 0.2, 0.1, 0.1, 0.05, 0.04]\n",
        f"{HERE}:3: platforms.user_share: the shares add to 0.99, not 1",
    ),
    (
        "base:\n  platforms.number: 3\n",
        f"{HERE}:2: platforms.number: user_share: a list of 6, but number is 3: one for each of the platforms is wanted",
    ),
    (
        "base:\n  platforms.number: 3\n  platforms.user_share: [0.5, 0.5]\n",
        f"{HERE}:3: platforms.user_share: a list of 2, but number is 3: one for each of the platforms is wanted",
    ),
    (
        "base:\n  banks:\n    consumer_finance:\n      talent: [0.1, 0.2]\n",
        f"{HERE}:4: banks.consumer_finance.talent: a list of 2, but number is 4: one for each of the banks is wanted",
    ),
    (
        "base:\n  population.terms_months: [6, 12]\n",
        f"{HERE}:2: population.term_shares: 4 shares for 2 terms in terms_months",
    ),
    ("base: {banks.target_ratio: 0.1}\n", f"{HERE}:1: banks.target_ratio: 0.1 is not above minimum_ratio 0.105"),
    (
        "base: {banks: {city.number: 0, rural.number: 0, consumer_finance.number: 0}}\n",
        f"{HERE}:1: banks.city.number: there is no bank of any kind; at least one is needed",
    ),
    ("base: {learning.floor: 3}\n", f"{HERE}:1: learning.maximum_precision: 1 is not above the floor 3"),
    # plain keys
    (
        "years: -1\n",
        f"{HERE}:1: years: -1 is not allowed; allowed: a number from 1/12 to 100 that makes whole months",
    ),
    (
        "years: six\n",
        f"{HERE}:1: years: 'six' is not allowed; allowed: a number from 1/12 to 100 that makes whole months",
    ),
    (
        "years: .nan\n",
        f"{HERE}:1: years: nan is not allowed; allowed: a number from 1/12 to 100 that makes whole months",
    ),
    ("start: 2017\n", f"{HERE}:1: start: 2017 is not allowed; allowed: a month from 1900-01 to 2199-12, e.g. 2017-01"),
    (
        "start: 2017-13\n",
        f"{HERE}:1: start: '2017-13' is not allowed; allowed: a month from 1900-01 to 2199-12, e.g. 2017-01",
    ),
    (
        "name: ../../etc\n",
        f"{HERE}:1: name: '../../etc' is not allowed; allowed: letters, digits, `_`, `-` and `.`, at most 80, no path",
    ),
    (
        "title: 3\n",
        f"{HERE}:1: title: 3 is not allowed; allowed: a text of at most 10,000 characters; in quotes it is one",
    ),
    ("record: {months: some}\n", f"{HERE}:1: record.months: 'some' is not allowed; allowed: one of all, yearly, none"),
    (
        "record: {everything: all}\n",
        f"{HERE}:1: record.everything: there is no such key; allowed: months, banks, alliances, lives",
    ),
    ("base: {twin: true}\n", f"{HERE}:1: twin: there is no such parameter; it stands at the top level"),
    ("record: {month: all}\n", f"{HERE}:1: record.month: there is no such key; did you mean months?"),
    ("record: {alliances: 1}\n", f"{HERE}:1: record.alliances: 1 is not allowed; allowed: true or false"),
    # what is compared
    (
        "compare: {alliances.fit_sd: 1}\n",
        f"{HERE}:1: alliances.fit_sd: 1 is not a list; allowed: a list of alternatives",
    ),
    (
        "compare: {alliances.fit_sd: []}\n",
        f"{HERE}:1: alliances.fit_sd: [] is an empty list; allowed: a list of alternatives",
    ),
    ("compare: {alliances.fit_sd: [1, -1]}\n", f"{HERE}:1: alliances.fit_sd: -1 is not allowed; {FIT}"),
    ("compare: {}\n", f"{HERE}:1: compare: is empty; allowed: keys with lists of alternatives"),
    ("arms: {}\n", f"{HERE}:1: arms: is empty; allowed: names with what each sets"),
    ("arms: {a: {}, a: {}}\n", f"{HERE}:1: arms.a: given twice, first in line 1"),
    ("arms: {1: {}, '1': {}}\n", f"{HERE}:1: arms: two arms are named '1'"),
    ("compare: {alliances.fit_sd: [1, 1]}\n", f"{HERE}:1: compare: two arms are named '1'"),
    (
        "compare: {banks.city.talent: [0.5, {uniform: [0, 1]}, {uniform: [0, 1]}]}\n",
        f"{HERE}:1: compare: two arms are named '{{uniform: [0, 1]}}'",
    ),
    ("arms: {a: 3}\n", f"{HERE}:1: arms.a: 3 is not a mapping of parameters"),
    ("arms: {'': {}}\n", f"{HERE}:1: arms: '' is not a name"),
    (
        "compare: {alliances.fit_sd: [1]}\narms: {a: {}}\n",
        f"{HERE}:2: arms: stands beside `compare`; give one of them",
    ),
    (
        "arms: {slow: {}, fast: {}}\nbaseline: sloww\n",
        f"{HERE}:2: baseline: 'sloww': no arm has this name; the arms are: 'slow', 'fast'; did you mean slow?",
    ),
    (
        "compare: {alliances.fit_sd: [1, 2]}\nbaseline: {alliances.fit_sd: 3}\n",
        f"{HERE}:2: baseline: {{alliances.fit_sd: 3}}: no arm is that; the arms are: '1', '2'",
    ),
    (
        "compare: {alliances.fit_sd: [1, 2], alliances.term_months: [12, 24]}\nbaseline: {alliances.fit_sd: 1}\n",
        f"{HERE}:2: baseline: {{alliances.fit_sd: 1}}: several arms are that; the arms are: '1 + 12', '1 + 24', '2 + 12', "
        "'2 + 24'",
    ),
    ("baseline: a\n", f"{HERE}:1: baseline: needs `compare` or `arms`"),
    (
        "sweep: {samples: {n: 4}}\n",
        f"{HERE}:1: sweep.samples: there is no such key; did you mean sample?",
    ),
    ("sweep: {}\n", f"{HERE}:1: sweep: allowed: one of grid, sample, table"),
    ("sweep: {grid: {alliances.fit_sd: [1, 1.0]}}\n", f"{HERE}:1: alliances.fit_sd: 1.0 is given twice"),
    (
        "compare: {alliances.fit_sd: [1, 2]}\nsweep: {grid: {alliances.fit_sd: [1, 2]}}\n",
        f"{HERE}:2: alliances.fit_sd: is both swept and set by arms",
    ),
    (
        f"sweep: {{grid: {{alliances.fit_sd: {list(range(20))}, alliances.operation_sd: {list(range(1, 20))}, "
        f"alliances.term_months: {list(range(1, 500))}, alliances.review_months: {list(range(500))}}}}}\n",
        f"{HERE}:1: {20 * 19 * 499 * 500:,} combinations; at most 1,000,000 are allowed",
    ),
]


@pytest.mark.parametrize(("text", "problem"), ONE_LINE, ids=[problem[:60] for _, problem in ONE_LINE])
def test_one_clear_line(problems, text, problem):
    assert problems(text) == [problem]


@pytest.mark.parametrize("seeds", ["0", "-1", "1.5", "true", "ten", "[]", "[1, 1]", "[-1]", "[a]", ""])
def test_seeds(problems, seeds):
    (problem,) = problems(f"seeds: {seeds}\n")
    assert problem.startswith(f"{HERE}:1: seeds: ")
    assert problem.endswith(
        "allowed: a number of seeds from 1 to 1,000,000, or a list of different whole numbers from 0"
    )


@pytest.mark.parametrize("name", ["/tmp/x", "a/b", "a\\b", "..", ".", ".hidden", "", "a b", "x" * 81, 3, None, True])
def test_names_that_are_paths(problems, name):
    (problem,) = problems(yaml.safe_dump({"name": name}))
    assert problem.startswith(f"{HERE}:1: name: ")
    assert problem.endswith("allowed: letters, digits, `_`, `-` and `.`, at most 80, no path")


def test_all_problems_at_once_in_the_order_of_the_file(problems):
    found = problems(
        """\
yers: 3
base:
  population: {borrower: 10, segment_share: {prime: 0.5, mass: 0.6, thin_file: 0.1}}
  alliances.fit_sd: wide
  platforms: {number: three, user_share: [0.5, 0.5]}
compare:
  credit.pricing: [posted, risk]
seeds: 0
""",
        overrides={"platforms.opennes": "traffic"},
        years=0,
    )
    assert [problem.split(": ")[0] + ": " + problem.split(": ")[1] for problem in found] == [
        f"{HERE}:1: yers",
        f"{HERE}:3: population.borrower",
        f"{HERE}:3: population.segment_share",
        f"{HERE}:4: alliances.fit_sd",
        f"{HERE}:5: platforms.number",  # and nothing about user_share: with the number that was meant it fits
        f"{HERE}:7: credit.pricing",
        f"{HERE}:8: seeds",
        "override: platforms.opennes",
        "override: years",
    ]


def test_files_that_are_not_there(tmp_path):
    with pytest.raises(ScenarioError) as caught:
        load(tmp_path / "none.yaml")
    assert str(caught.value) == f"{tmp_path}/none.yaml: there is no such file"
    with pytest.raises(ScenarioError) as caught:
        load(tmp_path)
    assert str(caught.value) == f"{tmp_path}: is a directory, not a scenario file"
    with pytest.raises(ScenarioError) as caught:
        load("aliance")
    assert str(caught.value) == (
        "aliance: there is no such file, and no scenario of that name; did you mean alliance?; "
        f"those that ship are: {', '.join(shipped())}"
    )


@pytest.mark.parametrize(
    ("overrides", "problem"),
    [
        ({"alliances.fit_s": 1}, "alliances.fit_s: there is no such parameter; did you mean alliances.fit_sd?"),
        ({"fit_sd": 1}, "fit_sd: there is no such parameter; did you mean alliances.fit_sd?"),
        ({"alliances.fit_sd": -1}, f"alliances.fit_sd: -1 is not allowed; {FIT}"),
        ({"alliances": 3}, None),
        (
            {"platforms.number": 2},
            "platforms.number: user_share: a list of 6, but number is 2: one for each of the platforms is wanted",
        ),
        ({"population.borrowers": 2.5}, None),
        (
            {"alliances.sequencing": "cooperate_then_sign"},
            "alliances.sequencing: the scenario varies it (scenario.yaml:1), so that it cannot be overridden; override `compare` as a "
            "whole, or run one arm (--only)",
        ),
        ({"record.lives": -1}, "record.lives: -1 is not allowed; allowed: a whole number from 0 to 10,000"),
    ],
)
def test_overrides(problems, overrides, problem):
    (found,) = problems(
        "compare: {alliances.sequencing: [sign_then_cooperate, cooperate_then_sign]}\n", overrides=overrides
    )
    assert found.startswith("override: ")
    if problem:
        assert found == f"override: {problem}"


@pytest.mark.parametrize(
    "text",
    [
        "base: {adaptive.memory: 0.5}\narms: {fixed: {}, free: {alliances.sequencing: adaptive}}\n",
        "base: {adaptive.memory: 0.5, banks.rural.sequencing: adaptive}\n",
        "base: {adaptive.initial_openness: {traffic: 1, customers: 0, technology: 0}, "
        "platforms.openness: [traffic, adaptive, traffic, traffic, traffic, traffic]}\n",
        "compare: {alliances.sequencing: [sign_then_cooperate, adaptive], adaptive.memory: [0.5, 1]}\n",
    ],
)
def test_settings_of_choice_are_welcome_where_somebody_chooses(tmp_path, text):
    path = tmp_path / HERE
    path.write_text(text, encoding="utf-8")
    load(path)


def test_the_error_travels_between_processes():
    error = ScenarioError(["a", "b", "a"])
    again = pickle.loads(pickle.dumps(error))
    assert (again.problems, str(again)) == (("a", "b"), "a\nb")


def test_a_folder_of_results_does_not_hide_a_shipped_scenario(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "alliance").mkdir()
    assert load("alliance").name == "alliance"
