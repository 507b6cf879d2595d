"""`twin: true`: the arms without alliances that a scenario makes beside its own."""

import pytest

import colend
from colend.scenario.design import Scenario, runs
from colend.scenario.errors import ScenarioError

TWIN = "without alliances"
BASE = {"years": 1, "seeds": 2, "twin": True, "base": {"population": {"borrowers": 1_000}}}
ORDER = {"alliances.sequencing": ["sign_then_cooperate", "cooperate_then_sign"]}


def test_one_twin_stands_beside_arms_that_differ_in_what_acts_through_alliances_alone():
    scenario = colend.load(BASE | {"compare": ORDER | {"platforms.openness": ["traffic", "technology"]}})
    assert list(scenario.arms)[-1] == TWIN
    assert len(scenario.arms) == 5
    assert scenario.arms[TWIN] == {"alliances.meeting_rate": 0.0}
    assert scenario.twins == {arm: TWIN for arm in scenario.arms if arm != TWIN}
    assert scenario.baseline == "sign_then_cooperate + traffic"
    assert len(runs(scenario)) == 10
    assert Scenario.restored(scenario.resolved()) == Scenario.restored(
        Scenario.restored(scenario.resolved()).resolved()
    )
    assert Scenario.restored(scenario.resolved()).twins == scenario.twins


def test_an_arm_that_differs_in_more_has_a_twin_of_its_own():
    """What acts without alliances is the twin's, too: a price rule, a discount rate, dated rules."""
    scenario = colend.load(BASE | {"compare": ORDER | {"credit.pricing": ["posted", "risk_based"]}})
    posted, risky = f"{TWIN} + posted", f"{TWIN} + risk_based"
    assert scenario.twins["cooperate_then_sign + risk_based"] == risky
    assert scenario.arms[risky] == {"credit.pricing": "risk_based", "alliances.meeting_rate": 0.0}
    assert set(scenario.twins.values()) == {posted, risky}
    named = colend.load(BASE | {"arms": {"one": {}, "dear": {"alliances.discount_rate": 0.2}}})
    assert named.twins == {"one": TWIN, "dear": f"{TWIN} + dear"}
    rule = {"from": "2017-06", "rate_cap": 0.2}
    ruled = colend.load(BASE | {"compare": {"policy": ["none", rule]}})
    capped = next(arm for arm in ruled.arms if "rate_cap" in arm and TWIN not in arm)
    assert ruled.policies[ruled.twins[capped]] == ruled.policies[capped]
    assert ruled.twins["none"] not in ruled.policies


def test_a_scenario_of_one_arm_has_a_twin():
    scenario = colend.load(BASE)
    assert list(scenario.arms) == ["base", TWIN]
    assert scenario.own_arms == ["base"]
    assert scenario.arm(TWIN).parameters.alliances.meeting_rate == 0.0
    assert colend.load(BASE | {"twin": False}).twins == {}
    assert "twins" not in colend.load(BASE | {"twin": False}).resolved()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"twin": "yes"}, "twin: 'yes' is not allowed; allowed: true or false"),
        (
            {"sweep": {"grid": {"alliances.meeting_rate": [0.1, 0.2]}}},
            "alliances.meeting_rate: cannot be swept where there is a twin, in which it is 0",
        ),
        ({"arms": {TWIN: {}, "one": {"credit.pricing": "posted"}}}, f"twin: an arm is called '{TWIN}', as its twin is"),
    ],
)
def test_what_cannot_be_is_one_clear_error(more, said):
    with pytest.raises(ScenarioError, match=said.replace("(", r"\\(")) as caught:
        colend.load(BASE | more)
    assert len(caught.value.problems) == 1


def test_how_well_a_twin_is_known_asks_for_no_seeds():
    import pandas as pd

    from colend.experiment.stopping import known

    rule = {"at_least": 5, "at_most": 9, "until": {"measure": "bank_profit", "half_width": 0.5}}
    scenario = colend.load(BASE | {"compare": ORDER, "seeds": rule})
    values = {"sign_then_cooperate": 0.0, "cooperate_then_sign": 1.0, TWIN: 1e9}
    rows = [
        {"arm": arm, "seed": seed, "point": "", "bank_profit": value * (1.0 + 0.01 * seed)}
        for arm, value in values.items()
        for seed in range(5)
    ]
    found = known(pd.DataFrame(rows), scenario)
    assert found.enough
    assert found.arm == "cooperate_then_sign"
