"""Published figures: declared fully, split once, and every one answered by the scenario that speaks to it."""

import numpy as np
import pandas as pd
import pytest

import colend
from colend.experiment.evidence import EVIDENCE, beside
from colend.measures import UNITS
from colend.scenario import shipped
from colend.scenario.facts import Fact, facts, facts_of

SCENARIOS = sorted({fact.model.scenario for fact in facts()})
# Settled before anything was calibrated. Whoever calibrates again may add figures to judge, never move one here.
CALIBRATE = {
    "webank_borrowers_2017",
    "webank_lent_2017",
    "webank_mean_loan_2017",
    "webank_partner_share_2017",
    "joint_lending_per_recorded_person_2019",
    "ant_overdue_90_2018",
    "ant_overdue_90_2019",
    "qifu_repeat_2020",
    "alliance_success",
    "xinyun_months_to_first_loan",
    "nanjing_borrowers_2018",
    "company_borrowers_first_year",
}


def a_fact(**changes):
    given = {
        "name": "a_fact",
        "says": "What it says",
        "value": 2.0,
        "unit": "share",
        "date": "2019-12",
        "source": "A report",
        "address": "https://example.org/report",
        "read": "page",
        "use": "judge",
        "tolerance": 0.5,
        "because": "reasons",
        "model": {"scenario": "alliance", "table": "months", "rows": "month <= 1", "value": "a.sum() / b.sum()"},
    } | changes
    return Fact.model_validate({key: value for key, value in given.items() if value is not None})


def test_there_are_enough_and_enough_to_judge_that_anybody_can_open():
    assert len(facts()) >= 25
    assert sum(fact.use == "judge" and fact.address is not None for fact in facts()) >= 10


def test_each_is_declared_once_with_unit_source_and_a_shipped_scenario():
    assert len({fact.name for fact in facts()}) == len(facts())
    for fact in facts():
        assert fact.unit in UNITS, fact.name
        assert fact.model.scenario in shipped(), fact.name
        scenario = colend.load(fact.model.scenario)
        assert {fact.model.arm, fact.model.minus} <= {"", *scenario.arms}, fact.name


def test_the_split_is_the_one_settled_before_calibrating():
    assert {fact.name for fact in facts() if fact.use == "calibrate"} == CALIBRATE


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] * (name == "china_2017_2020")) for name in SCENARIOS]
)
def test_every_counterpart_can_be_taken_from_a_run_of_its_scenario(name, tmp_path):
    """Few borrowers and one seed: only a number is asked for (a single alliance may fail, and then says nothing)."""
    result = colend.run(colend.load(name, seeds=[1], borrowers=2_000), 1, tmp_path, report=False)
    evidence = beside(facts_of(name), result.frame, result.scenario.baseline)
    one_alliance = {fact.name for fact in facts_of(name) if fact.model.table == "alliances"}
    said = evidence["fact"].isin(one_alliance) | np.isfinite(evidence["model"])
    assert said.all(), evidence[~said]


@pytest.mark.parametrize(
    "changes",
    [
        {"sign": "positive"},
        {"value": None},
        {"tolerance": None},
        {"tolerance": 0.0},
        {"address": "somewhere"},
        {"use": "both"},
        {"extra": 1},
        {"date": "May 2019"},
    ],
)
def test_a_wrong_declaration_is_refused(changes):
    with pytest.raises(ValueError, match="validation error"):
        a_fact(**changes)


def months(values):
    rows = [("base", seed, month, a, 2.0) for seed, series in enumerate(values) for month, a in enumerate(series)]
    return pd.DataFrame(rows, columns=["arm", "seed", "month", "a", "b"])


def test_model_beside_fact_by_hand():
    """Two seeds say (1 + 3) / 4 and (5 + 7) / 4: mean 2 and half-width t(1) x sd / sqrt 2 = 12.706 x 1."""
    frame = months([[1.0, 3.0, 99.0], [5.0, 7.0, 99.0]])
    row = beside([a_fact(value=2.25)], lambda table: frame, "base").iloc[0]
    assert list(row.index) == list(EVIDENCE)
    assert row["model"] == 2.0
    assert row["high"] - row["model"] == pytest.approx(12.7062, rel=1e-4)
    assert row["distance"] == 0.5
    assert row["holds"]
    assert not beside([a_fact(value=2.51)], lambda table: frame, "base").iloc[0]["holds"]


def test_a_sign_holds_when_the_interval_of_the_paired_difference_is_clear():
    one, other = months([[1.0, 3.0], [5.0, 7.0]]), months([[0.0, 2.1], [4.0, 5.9]]).assign(arm="other")
    frame = pd.concat([one, other])
    model = {"scenario": "alliance", "minus": "other", "table": "months", "value": "a.sum()"}
    fact = a_fact(value=None, tolerance=None, sign="positive", model=model)
    row = beside([fact], lambda table: frame, "base").iloc[0]
    assert row["model"] == pytest.approx(2.0)
    assert row["holds"]
    against = a_fact(value=None, tolerance=None, sign="negative", model=model)
    assert not beside([against], lambda table: frame, "base").iloc[0]["holds"]


def test_what_was_not_run_or_never_came_says_nothing():
    late = {"scenario": "alliance", "table": "months", "rows": "month > 12", "value": "a.sum()"}
    for frame in (months([[1.0, 3.0]]), pd.DataFrame()):
        row = beside([a_fact(model=late)], lambda table, frame=frame: frame, "base").iloc[0]
        assert np.isnan(row["model"])
        assert row["seeds"] == 0
        assert row["holds"] is None
