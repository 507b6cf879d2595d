"""The null: what differs in nothing but name gives the same, and a pilot that is nothing makes both sequencings one."""

import re
from pathlib import Path

import numpy as np
import pytest

import colend.rules.alliance as rule
from colend.market import Market, simulate
from colend.scenario.parameters import SEQUENCING

YEARS = 3
# What names the sequencing, or the pilot that was none; everything else must agree.
NAMES_OF_THE_SEQUENCING = {
    "alliances": {"sequencing", "pilot_started"},
    "banks": {"sequencing"},
    "platforms": {"sequencing"},
    "runs": {"pilots_started", "pilots_signed_share"}
    | {f"{who}_choosing_{name}_end" for who in ("banks", "platforms") for name in SEQUENCING},
    "months": {"pilots_started"}
    | {f"{who}_{name}" for who in ("banks_choosing", "platforms_choosing", "running") for name in SEQUENCING},
}
NOTHING = {
    "alliances__pilot_cost": 0.0,
    "alliances__pilot_setup_months": 0,
    "alliances__pilot_months": 0,
    "alliances__pilot_slot_use": 0.0,
    "alliances__pilot_running_cost": 0.0,
}
# What the first edition did not have; a pilot that is none has nothing to continue.
LATER = {"alliances__crowd": "forecast", "alliances__pilot_continues": 1}


def differing(one, other, ignored=None):
    """table.column of everything that differs in any bit."""
    ignored = ignored or {}
    assert one.keys() == other.keys()
    return [
        f"{table}.{name}"
        for table, columns in one.items()
        for name, column in columns.items()
        if name not in ignored.get(table, ())
        and not np.array_equal(column, other[table][name], equal_nan=column.dtype.kind == "f")
    ]


def test_arms_that_differ_in_name_only_are_identical(make_setting):
    one = simulate(make_setting(arm="one", years=2), 5)
    other = simulate(make_setting(arm="other", years=2), 5)
    assert differing(one, other) == []


@pytest.mark.parametrize("openness", ["traffic", "technology"])
@pytest.mark.parametrize(("seed", "more"), [(0, {}), (1, {}), (0, LATER)])
def test_a_pilot_that_is_nothing_makes_both_sequencings_identical_to_the_fen(make_setting, openness, seed, more):
    settings = NOTHING | more | {"years": YEARS, "platforms__openness": openness}
    arms = [
        make_setting(alliances__sequencing=sequencing, **settings)
        for sequencing in ("sign_then_cooperate", "cooperate_then_sign")
    ]
    sign, cooperate = (Market(setting, seed) for setting in arms)
    for _ in range(sign.months):
        sign.step()
        cooperate.step()
        assert (sign.world.books.balance == cooperate.world.books.balance).all(), sign.month
        assert (sign.world.books.flows == cooperate.world.books.flows).all(), sign.month
    assert len(sign.world.alliances) > 5
    tables = [simulate(setting, seed) for setting in arms]
    assert differing(*tables, NAMES_OF_THE_SEQUENCING) == []


def test_a_real_pilot_makes_them_differ(make_setting):
    arms = [
        simulate(make_setting(alliances__sequencing=sequencing, years=2), 0)
        for sequencing in ("sign_then_cooperate", "cooperate_then_sign")
    ]
    assert len(differing(*arms)) > 50


def test_no_branch_tests_for_a_pilot_of_no_length():
    """Neither the state machine nor the valuation asks whether a pilot has months; it works out by itself."""
    package = Path(rule.__file__).parents[1]
    branch = re.compile(
        r"\b(if|elif|while|where)\b[^\n]*pilot_months|pilot_months\s*(==|!=|<=?|>=?)|not [\w.]*pilot_months"
    )
    for name in ("rules/alliance.py", "month/pacts.py", "month/alliance_learning.py", "equations/valuation.py"):
        assert not branch.search((package / name).read_text()), name


CHANGES = {
    "fit_sd": 0.3,
    "operation_sd": 0.3,
    "prior_mean": 0.5,
    "prior_sd": 1.0,
    "funding_share": 0.9,
    "signing_cost": 400_000.0,
    "integration_cost": 1_000_000.0,
    "integration_months": 5,
    "running_cost": 120_000.0,
    "application_cost": 6,
    "pilot_cost": 300_000.0,
    "pilot_setup_months": 3,
    "pilot_months": 6,
    "pilot_running_cost": 60_000.0,
    "pilot_allocation": 0.4,
    "pilot_slot_use": 0.0,
    "pilot_continues": 1,
    "pilot_scale_sd": 1.0,
    "pilot_openness": "technology",
    "term_months": 24,
    "review_months": 1,
    "discount_rate": 0.4,
    "meeting_rate": 0.1,
    "sign_confidence": 0.999,
    "signing_prestige": 1e7,
    "signed_priority": 3.0,
    "commitment_effort": 0.1,
    "trust_gain": 0.2,
    "trust_loss": 0.3,
    "initial_trust": 0.8,
    "anticipated_entry": 0.9,
    "crowd": "forecast",
    "smoothing": 0.9,
}


@pytest.fixture(scope="module")
def unchanged():
    return {}


@pytest.mark.parametrize("name", CHANGES)
def test_no_switch_changes_nothing(make_setting, unchanged, name):
    common = {"alliances__sequencing": "cooperate_then_sign", "platforms__openness": "technology", "years": 2}
    common["platforms__integration_slots"] = 3  # scarce, so that holding one matters
    if not unchanged:
        unchanged.update(simulate(make_setting(**common), 3))
    changed = simulate(make_setting(**common, **{f"alliances__{name}": CHANGES[name]}), 3)
    assert differing(changed, unchanged), name


def test_parties_of_different_sequencing_follow_the_platform_with_its_power(make_setting):
    def sequencings(power):
        setting = make_setting(
            platforms__sequencing="cooperate_then_sign",
            alliances__sequencing="sign_then_cooperate",
            alliances__platform_power=power,
        )
        return Market(setting, 0).world.pair_sequencing.mean()

    assert sequencings(0.0) == 0.0
    assert sequencings(1.0) == 1.0
    assert 0.2 < sequencings(0.5) < 0.8
