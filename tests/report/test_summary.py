"""The summary and the story: short, in words, and true to the numbers."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from colend.report import text
from colend.report.columns import cell_len
from colend.report.reading import Reading
from colend.report.story import is_story
from colend.report.words import BILLIONS, MONTHS, NUMBER, PERCENT, shown
from colend.scenario.labels import arm_label
from colend.scenario.regulation import Rule


def row_of(summary, words):
    return next(line for line in summary.splitlines() if line.startswith(words))


def test_the_summary_of_the_main_comparison_is_short_and_names_every_arm(four_arms):
    summary = text(four_arms)
    assert len(summary.splitlines()) < 40
    assert max(map(len, summary.splitlines())) <= 100
    assert "4 arms, 3 seeds each; 36 months from 2017-01." in summary
    for arm in four_arms.scenario.arms:
        first, rest = arm_label(arm).split(", ")
        assert f"{first}," in summary
        assert rest in summary
    for words in (
        "Joint loans outstanding",
        "Customers won",
        "Value per bank",
        "not a prediction",
        "Rural banks with partner",
        "gained, city with",
    ):
        assert words in summary
    for measure in four_arms.runs:
        assert measure in ("arm", "seed", "point", "meetings") or measure not in summary  # words, not column names


def test_the_table_holds_the_stores_numbers_and_stars_what_is_clear(four_arms):
    """An interval that leaves zero out earns no star where thirty measures are looked at: Holm's p does."""
    stored = four_arms.frame("comparison").set_index(["arm", "measure"]).copy()
    arms = list(four_arms.scenario.arms)
    for arm, low, high in zip(arms[1:], (1.9e9, 1e9, -3.1e9), (2.1e9, 3e9, -2.9e9), strict=True):
        stored.loc[(arm, "balance_joint_end"), ["difference", "low", "high"]] = (low + high) / 2.0, low, high
    stored.loc[(arms[0], "balance_joint_end"), "mean"] = 55.5e9
    summary = text(four_arms.changed(comparison=stored.reset_index()))
    assert row_of(summary, "Joint loans outstanding").split()[-4:] == ["55.5", "+2.0±0.1*", "+2.0±1.0", "−3.0±0.1*"]


def test_an_arm_equal_to_the_baseline_differs_by_nothing_clear(simulated):
    result = simulated(["one", "two"], seeds=3, years=1.0)
    summary = text(result)
    assert "*" not in summary.replace("* where it is clear", "").replace("* clear", "")
    assert "clearly ahead" not in summary


def test_the_lead_in_value_is_told_with_its_certainty(four_arms):
    arms = list(four_arms.scenario.arms)
    runs = four_arms.runs.copy()
    for number, arm in enumerate(arms):
        mine = runs["arm"] == arm
        runs.loc[mine, "value_per_bank"] = 1e6 * number + runs.loc[mine, "seed"]  # the same distance in every seed
        runs.loc[mine, "value_market"] = 1e9 * runs.loc[mine, "seed"] * (1.0 if number else -1.0)
    summary = text(four_arms.changed(runs=runs))
    assert f"per bank:                       {arm_label(arms[3])} (clearly ahead)" in summary
    assert "(lead not clear)" in row_of(summary, "            of the whole market:")


def test_no_shock_and_no_rule_is_crowned(four_arms):
    arms = list(four_arms.scenario.arms)
    runs = four_arms.runs.copy()
    for number, arm in enumerate(arms):
        runs.loc[runs["arm"] == arm, "value_per_bank"] = 1e6 * number
    shocked = {arm: {"stress.downturn_quantile": 0.01} if i >= 2 else {} for i, arm in enumerate(arms)}

    def crowned(**others):
        scenario = SimpleNamespace(**{**vars(four_arms.scenario), **others})
        summary = text(four_arms.changed(runs=runs, scenario=scenario))
        return summary, [line for line in summary.splitlines() if line.startswith("Most value")]

    summary, lines = crowned(arms=shocked)
    assert [line.split(": ")[1].strip() for line in lines] == [f"{arm_label(arms[1])} (clearly ahead)"]
    assert f"(of the 2 arms with the shocks and rules of “{arm_label(arms[0])}”)" in summary
    rule = Rule("rate_cap", 0.2, "2017-01")
    _, lines = crowned(policies=dict.fromkeys(arms[1:], (rule,)))
    assert lines == [], "of one arm nothing is most"
    _, lines = crowned(arms={arm: {"alliances.pilot_months": i} for i, arm in enumerate(arms)})
    assert len(lines) == 1, "terms of a contract are chosen"
    _, lines = crowned(arms={arm: {"alliances.fit_sd": i} for i, arm in enumerate(arms)})
    assert lines == [], "what is hidden is not"
    _, lines = crowned(arms={arm: {"stress.downturn_quantile": 0.5, "credit.posted_rate.prime": 0.1} for arm in arms})
    assert len(lines) == 1, "all arms share it"


def test_one_seed_has_no_interval_and_says_so(simulated):
    summary = text(simulated(["one", "two"], seeds=1, years=0.5))
    assert "one seed, so no interval" in summary
    assert "±" not in summary
    assert "*" not in summary


def test_one_arm_is_summed_up_by_its_levels(one_run, simulated):
    assert "Over the run:" in text(one_run)
    several = text(simulated(["base"], seeds=3, years=0.5))
    assert "± " in several
    assert len(several.splitlines()) < 40


def test_more_arms_than_columns_have_a_line_each(one_run):
    names = [f"arm number {i}" for i in range(9)]
    runs = pd.concat([one_run.runs.assign(arm=name) for name in names])
    scenario = SimpleNamespace(**{**vars(one_run.scenario), "arms": {name: {} for name in names}, "baseline": names[0]})
    summary = text(one_run.changed(runs=runs, scenario=scenario))
    for name in names:
        assert sum(line.lower().startswith(name) for line in summary.splitlines()) == 2
    assert "more measures: comparison.csv)" in summary
    assert len(summary.splitlines()) < 50


def test_who_has_a_partner_is_said_wherever_they_are_told_of(one_run):
    """In levels of one arm and in lines of many; what no arm has takes no room beside the lines."""
    runs = one_run.runs.assign(loss_rate_joint=np.nan)
    names = [f"arm number {i}" for i in range(9)]
    scenario = SimpleNamespace(**{**vars(one_run.scenario), "arms": {name: {} for name in names}, "baseline": names[0]})
    many = one_run.changed(runs=pd.concat([runs.assign(arm=name) for name in names]), scenario=scenario)
    for result in (one_run, many):
        assert text(result).count("With partner: city banks and rural banks with 12 months or more") == 1
    assert "Loss rate of" not in text(many)


@pytest.mark.parametrize("number", [3, 9])
def test_columns_stand_below_each_other_whatever_letters_names_have(one_run, number):
    """Arms in Chinese, two columns a letter, in columns (few) or lines (many): lines end where Latin ones do."""
    ends = []
    for names in (["先合作后签约", *"bcdefghi"], ["abcdef123456", *"bcdefghi"]):
        names = names[:number]
        runs = pd.concat([one_run.runs.assign(arm=name) for name in names])
        scenario = vars(one_run.scenario) | {"arms": {name: {} for name in names}, "baseline": "b"}
        summary = text(one_run.changed(runs=runs, scenario=SimpleNamespace(**scenario)))
        ends.append([cell_len(line) for line in summary.splitlines()])
        assert max(ends[-1]) <= 100
    assert ends[0] == ends[1]


def test_nothing_finished_is_said(one_run):
    empty = one_run.changed(runs=pd.DataFrame(columns=["arm", "seed", "point"]))
    assert text(empty) == "No run is finished: there is nothing to sum up."


@pytest.fixture(scope="module")
def one_bank(simulated):
    one = {"number": 1, "equity": 1e9, "capital_ratio": 0.135, "talent": 0.5, "legacy": 0.5, "horizon_months": 48}
    return simulated(
        ["base"],
        years=3.0,
        population__regions=1,
        population__persons=1_000_000,
        platforms__number=1,
        platforms__user_share=[1.0],
        banks__city=one,
        banks__rural__number=0,
        banks__consumer_finance__number=0,
        alliances__sequencing="cooperate_then_sign",
        alliances__prior_mean=1.5,
        alliances__fit_sd=0.3,
    )


def test_one_bank_and_one_platform_are_told_month_by_month(one_bank):
    assert is_story(Reading(one_bank))
    story = text(one_bank)
    lines = story.splitlines()
    assert max(map(len, lines)) <= 101
    lives = one_bank.alliance_months
    most = lives.groupby("alliance")["originated"].sum().idxmax()
    months = lives[(lives["alliance"] == most) & (lives["stage"] != "ended")]
    for month in months["month"]:
        date = f"{2017 + month // 12}-{month % 12 + 1:02d}"
        assert any(line.startswith(date) for line in lines), date
    for words in (
        "They meet.",
        "The pilot begins.",
        "They sign.",
        "Full operation",
        "The bank in 2018:",
        "predicts nothing",
    ):
        assert words in story


def test_the_story_tells_the_alliances_numbers(one_bank):
    story = text(one_bank)
    lives = one_bank.alliance_months
    most = lives.groupby("alliance")["originated"].sum().idxmax()
    alliance = one_bank.alliances.set_index("alliance").loc[most]
    served = 100.0 / (1.0 + np.exp(-alliance["fit"]))
    assert f"In truth {served:.0f} % of the applications can be served." in story.replace("\n", " ")
    met = int(alliance["met"])
    first = next(line for line in story.splitlines() if "They meet." in line)
    assert first.startswith(f"{2017 + met // 12}-{met % 12 + 1:02d}")


def test_a_market_of_many_banks_is_no_story(one_run, four_arms):
    assert not is_story(Reading(one_run))
    assert not is_story(Reading(four_arms))


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (75.63e9, BILLIONS, "75.6"),
        (6.049e9, BILLIONS, "6.05"),
        (1234.5e9, BILLIONS, "1,234"),
        (-0.004, PERCENT, "−0.40"),
        (-1e-9, PERCENT, "0.00"),
        (80.0, NUMBER, "80"),
        (4.4, MONTHS, "4.4"),
        (float("nan"), PERCENT, "–"),
    ],
)
def test_numbers_as_people_write_them(value, unit, words):
    assert shown(value, unit) == words


def test_a_difference_has_the_digits_of_its_row():
    assert shown(0.3e9, BILLIONS, sign=True, like=75e9) == "+0.3"
    assert shown(-0.3e9, BILLIONS, sign=True, like=5e9) == "−0.30"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("sign_then_cooperate + traffic", "Sign first, traffic open"),
        ("cooperate_then_sign", "Cooperate first"),
        ("my own arm", "My own arm"),
        ("under_score + 0.5", "Under score, 0.5"),
    ],
)
def test_arms_in_words(name, words):
    assert arm_label(name) == words


def test_a_number_alone_is_no_name():
    assert arm_label("6", {"alliances.pilot_months": 6}) == "Pilot months 6"
    assert arm_label("0.5 + traffic", {"alliances.fit_sd": 0.5, "platforms.openness": "traffic"}) == (
        "Fit sd 0.5, traffic open"
    )
    assert arm_label("6", {"alliances.pilot_months": 9}) == "6"  # somebody calls it so
