"""Exact zeros: what a mechanism that is off would have used changes nothing, not in the last bit.

Each case switches a mechanism off, by its neutral value or because nothing calls for it, then changes what only that
mechanism reads: the tables of the whole run must be the same but for the columns that show the changed value itself.
Where the mechanism acts, the same change must change results, or the case would say nothing. (Pilots that are nothing,
names of arms and seeds: tests/market/test_null.py and test_scale_and_labels.py.)
"""

import dataclasses
import json

import numpy as np
import pytest

import colend
from colend.market import simulate
from colend.measures.fishing import FISHING_RUN
from colend.scenario.design import FishingTerms
from colend.scenario.parameters import OPENNESS, SEQUENCING
from colend.scenario.regulation import RULES, Rule

from ..conftest import RULES_WITH_ROOM

SEED = 3
TRAFFIC, CUSTOMERS, TECHNOLOGY = ({"platforms__openness": name} for name in ("traffic", "customers", "technology"))
PILOTS = {"alliances__sequencing": "cooperate_then_sign"}
NOBODY_MEETS = {"alliances__meeting_rate": 0.0}
NO_GATE = {"customers__conversion": 0.0, "customers__cash_offer_rate": 0.0}
# Levels of openness that differ in nothing but what is shared.
LEVELS = {"customers__visibility": 0.5, "platforms__opening_cost": 1_000.0, "customers__cash_offer_rate": 0.0}
LEVELS |= {"credit__thin_view": 1.0, "platforms__technology_fee": 0.0, "learning__laboratory_platform_share": 0.0}
UNTRUSTED = {"alliances__initial_trust": 0.0, "alliances__trust_gain": 0.0}
CHOSEN = {f"{table}.{{}}{end}" for table, end in (("runs", "_end"), ("months", ""))}
OPENNESS_CHOSEN = {"platforms.openness"} | {
    column.format(f"platforms_opening_{name}") for column in CHOSEN for name in OPENNESS
}
OPENNESS_NAMED = OPENNESS_CHOSEN | {"alliances.openness"}
# With the sequencings, what would be expected of pacts: over other months.
SEQUENCING_CHOSEN = {"banks.sequencing", "platforms.sequencing", "runs.flow_over_expected"} | {
    column.format(f"{who}_choosing_{name}")
    for column in CHOSEN
    for name in SEQUENCING
    for who in ("banks", "platforms")
}
TRUST_NAMED = {"months.trust_mean", "alliances.trust", "alliance_months.trust"}
CUSTOMERS_NAMED = {
    f"{table}.customers{end}"
    for table, ends in {"runs": ["_end"], "months": ["_city", "_rural"], "banks": [""], "regions": [""]}.items()
    for end in ends
} | {
    f"{table}.customers_change_{group}_{kind}"
    for table in ("runs", "months")
    for group in ("partnered", "others")
    for kind in ("city", "rural")
}


def every_kind(**values):
    """A value for all kinds of bank."""
    kinds = ("city", "rural", "consumer_finance")
    return {f"banks__{kind}__{name}": value for kind in kinds for name, value in values.items()}


# What is off: (settings that switch it off, change, columns that show the change itself, settings where it acts).
CASES = {
    "alliances, for sequencing": (NOBODY_MEETS, PILOTS, SEQUENCING_CHOSEN, {}),
    "alliances, for openness": (NOBODY_MEETS, TECHNOLOGY, OPENNESS_CHOSEN, {}),
    "alliances, for costs": (NOBODY_MEETS, {"alliances__signing_cost": 1e6, "alliances__running_cost": 1e5}, set(), {}),
    "alliances, for funding": (NOBODY_MEETS, {"alliances__funding_share": 0.3}, set(), {}),
    "alliances, for fit": (NOBODY_MEETS, {"alliances__fit_sd": 3.0}, set(), {}),
    "alliances, for the waterfall": (NOBODY_MEETS, {"credit__waterfall_depth": 1}, set(), {}),
    "alliances, for fees": (NOBODY_MEETS, {"platforms__fee_rate": 0.001}, set(), {}),
    "alliances, for what signing brings": (
        NOBODY_MEETS,
        {
            "alliances__signing_prestige": 1e7,
            "alliances__signed_priority": 2.0,
            "alliances__commitment_effort": 0.1,
            "alliances__sign_confidence": 0.9,
        },
        set(),
        {},
    ),
    "doubt, for confidence": ({"alliances__fit_sd": 0.0}, {"alliances__sign_confidence": 0.999}, set(), {}),
    "pilots": (
        {},
        {
            "alliances__pilot_cost": 1e5,
            "alliances__pilot_setup_months": 2,
            "alliances__pilot_running_cost": 1e5,
            "alliances__pilot_allocation": 0.5,
            "alliances__pilot_slot_use": 0.0,
            "alliances__pilot_openness": "technology",
            "alliances__pilot_scale_sd": 2.0,
        },
        # Cohorts close when those with pilots would have.
        {f"runs.{name}" for name in ("value_per_meeting_closed", "routed_over_expected", "value_over_expected")},
        PILOTS,
    ),
    "pilots, for priority of the signed": ({}, {"alliances__signed_priority": 3.0}, set(), PILOTS),
    "disagreement on sequencing": (
        PILOTS,
        {"alliances__platform_power": 0.0},
        set(),
        {"platforms__sequencing": "cooperate_then_sign"},
    ),
    "sharing data": (TRAFFIC, {"platforms__data_share": 1.0}, set(), CUSTOMERS),
    "sharing data, for openness": (LEVELS | {"platforms__data_share": 0.0}, CUSTOMERS, OPENNESS_NAMED, LEVELS),
    "trust, for openness": (
        LEVELS | UNTRUSTED | {"platforms__data_share": 0.0},
        TECHNOLOGY,
        OPENNESS_NAMED,
        LEVELS | {"platforms__data_share": 0.0},
    ),
    "trust below the data shared, transfer": (
        CUSTOMERS | LEVELS | UNTRUSTED | {"learning__transfer": 0.0},
        TECHNOLOGY,
        OPENNESS_NAMED,
        CUSTOMERS | LEVELS,
    ),
    "trust where all is shared": (
        TECHNOLOGY | {"platforms__data_share": 1.0, "learning__transfer": 0.0},
        {"alliances__initial_trust": 0.9, "alliances__trust_gain": 0.3},
        TRUST_NAMED,
        TECHNOLOGY,
    ),
    "trust where no technology is open": (CUSTOMERS, {"alliances__initial_trust": 1.0}, TRUST_NAMED, TECHNOLOGY),
    "technology, for its fee": (CUSTOMERS, {"platforms__technology_fee": 0.02}, set(), TECHNOLOGY),
    "technology, for transfer": (CUSTOMERS, {"learning__transfer": 1.0}, set(), TECHNOLOGY),
    "opening, for its cost": (
        TRAFFIC,
        {"platforms__opening_cost": {"customers": 1e5, "technology": 1e5}},
        set(),
        CUSTOMERS,
    ),
    "leaning, for crowding out": (TRAFFIC, {"learning__crowd_out": 1.0}, set(), CUSTOMERS),
    "learning by doing, for crowding out": (
        CUSTOMERS | {"learning__doing": 0.0},
        {"learning__crowd_out": 1.0},
        set(),
        CUSTOMERS,
    ),
    "other levels' visibility": (TRAFFIC, {"customers__visibility": {"customers": 0.0}}, set(), CUSTOMERS),
    "the thin view, all being shared": (
        CUSTOMERS | {"platforms__data_share": 1.0},
        {"credit__thin_view": 0.1},
        set(),
        TRAFFIC,
    ),
    "open customers, for cash offers": (TRAFFIC, {"customers__cash_offer_rate": 1.0}, set(), CUSTOMERS),
    "cash offers": (
        CUSTOMERS | {"customers__cash_offer_rate": 0.0},
        {"customers__cash_stickiness": 1.0, "population__scene_share": 0.1},
        set(),
        CUSTOMERS,
    ),
    "conversion": (
        CUSTOMERS | NO_GATE,
        {"customers__awareness_gain": 1.0, "customers__switch_probability": 1.0, "customers__awareness_fade": 0.5},
        set(),
        CUSTOMERS,
    ),
    "conversion, by nobody noticing": (
        CUSTOMERS | {"customers__conversion": 0.0},
        {"customers__awareness_gain": 0.0, "customers__conversion": 0.5},
        set(),
        CUSTOMERS,
    ),
    "loyalty, for owners": (
        NO_GATE | {"customers__loyalty": 0.0},
        {"population__initial_owner_share": 0.9},
        CUSTOMERS_NAMED,
        {},
    ),
    "customers": (
        {"population__initial_owner_share": 0.0, "customers__conversion": 0.0},
        {"customers__attrition": 0.5, "customers__loyalty": 1.0},
        set(),
        {},
    ),
    "the economy": (
        {"credit__asset_correlation": 0.0},
        {"macro__systematic_persistence": 0.0},
        {"months.systematic_factor", "runs.dormant_share_credit"},
        {},
    ),
    "growth of a need that is certain": (
        {"population__monthly_need": 1.0},
        {"population__demand_growth": 0.1},
        set(),
        {},
    ),
    "research": ({"learning__research_gain": 0.0}, {"learning__research_unit": 1e6}, set(), {}),
    "laboratories": (
        {"learning__laboratory_gain": 0.0},
        {"learning__laboratory_cost": 1.0, "learning__laboratory_platform_share": 0.9},
        set(),
        {},
    ),
    "legacy": (
        every_kind(legacy=0.0),
        {"learning__replacement_cost": 0.0, "learning__replacement_months": 1, "learning__legacy_book_value": 0.0},
        set(),
        {},
    ),
    "sunk costs": (every_kind(sunk_cost_bias=0.0), {"learning__legacy_book_value": 0.5}, set(), {}),
    "curvature of absorption": (
        {},
        {"learning__reference_precision": 0.9},
        set(),
        {"learning__absorption_curvature": 1.0},
    ),
    "decay": ({"learning__decay": 0.0}, {"learning__floor": 0.05}, set(), {}),
    "learning": (
        {"learning__doing": 0.0, "learning__research_gain": 0.0, "learning__transfer": 0.0},
        {"learning__maximum_precision": 5.0, "learning__replacement_learning": 0.1},
        set(),
        {},
    ),
    "the hurdle's slope": ({"banks__hurdle_slope": 0.0}, {"banks__hurdle_scale": 0.5}, set(), {}),
    "payout": ({"banks__payout_share": 0.0}, {"banks__target_ratio": 0.9}, set(), {}),
    "the cap, above posted prices": ({}, {"credit__rate_cap": 0.3}, set(), {"credit__pricing": "risk_based"}),
    "posted prices": (
        {"credit__pricing": "risk_based"},
        {"credit__posted_rate": 0.2, "credit__own_discount": 0.05},
        set(),
        {},
    ),
    "differences of talent": (every_kind(talent=0.4), {"banks__size_talent_correlation": -0.9}, set(), {}),
    "differences of horizon": (every_kind(horizon_months=30), {"banks__size_horizon_correlation": -0.9}, set(), {}),
    "a kind of bank": (
        {"banks__consumer_finance__number": 0},
        {"banks__consumer_finance__funds_rate": 0.01, "banks__consumer_finance__precision": 0.9},
        set(),
        {},
    ),
    "a touchpoint that nobody notices": (
        CUSTOMERS | {"customers__touchpoints__app__strength": 0.0},
        {"customers__touchpoints__app__reach": 0.1, "customers__touchpoints__app__fixed_cost": 1.0},
        set(),
        CUSTOMERS,
    ),
    "stress": (
        {},
        {"stress__start_month": 6, "stress__months": 4},
        set(),
        {"stress__downturn_quantile": 0.01},
    ),
}


@pytest.fixture(name="tables", scope="module")
def tables_fixture(make_setting):
    """tables(settings): the results of a year and a half of the small market; each setting is run once."""
    runs = {}

    def tables(settings):
        key = json.dumps(settings, sort_keys=True)
        if key not in runs:
            runs[key] = simulate(make_setting(years=1.5, **settings), SEED)
        return runs[key]

    return tables


def differing(one, other):
    """table.column of all that differs in any bit, tables of which only one has rows included."""
    columns = {(table, name) for tables in (one, other) for table in tables for name in tables[table]}
    nothing = np.zeros(0)
    pairs = {
        f"{table}.{name}": (one.get(table, {}).get(name, nothing), other.get(table, {}).get(name, nothing))
        for table, name in columns
    }
    return {
        name
        for name, (left, right) in pairs.items()
        if not np.array_equal(left, right, equal_nan=left.dtype.kind == right.dtype.kind == "f")
    }


LONG = "alliances, for sequencing"


@pytest.mark.parametrize("off", [pytest.param(off, marks=[pytest.mark.slow] * (off == LONG)) for off in CASES])
def test_what_is_off_changes_nothing(tables, compare, off):
    """Every table of a year and a half of the small market, bit by bit, for each mechanism that can be off; and the
    same change acts where the mechanism does."""
    without, change, named, acting = CASES[off]
    changed = differing(tables(without), tables(without | change)) - named
    compare(f"{off}: columns that differ", len(changed), 0.0, 0.0)
    assert differing(tables(acting), tables(acting | change)) - named, "the change changes nothing where it acts"


# Each shock alone, in months that other draws would show.
SHOCKS = {
    "downturn_quantile": 0.01,
    "leaving_platform": 1,
    "funds_spread": 0.02,
    "deposit_outflow": 0.5,
    "demand_factor": 2.0,
}


@pytest.mark.parametrize("shock", SHOCKS)
def test_a_shock_after_the_end_is_no_shock(tables, compare, shock):
    """Its neutral value and a date beyond the run are the same run; within it the shock acts."""
    named = {f"stress__{shock}": SHOCKS[shock]}
    late = differing(tables({}), tables(named | {"stress__start_month": 18}))
    compare(f"{shock} after the end: columns that differ", len(late), 0.0, 0.0)
    assert differing(tables({}), tables(named | {"stress__start_month": 6}))


def test_rules_with_room_for_everything_are_no_rules(make_setting, compare):
    """All nine at once from the seventh month on, against none; only what counts keeping to them differs."""
    assert set(RULES_WITH_ROOM) == set(RULES)
    policy = tuple(Rule(name, value, "2017-07") for name, value in RULES_WITH_ROOM.items())
    ruled, free = (simulate(make_setting(years=1.5, policy=rules, **TECHNOLOGY), SEED) for rules in (policy, ()))
    counts = (
        "violations_",
        "grandfathered_",
        "overshoot_",
        "refused_maximum_",
        "refused_by_rules",
        "limit_use_",
        "rule",
    )
    differ = {name for name in differing(ruled, free) if not name.split(".")[1].startswith(counts)}
    compare("nine rules with room for everything: columns that differ", len(differ), 0.0, 0.0)


def test_without_platforms_partners_the_fishing_test_withdraws_nothing(make_setting, compare):
    """Nobody meets, so both markets are one: every bank's index is exactly 1, and the run is that without the test."""
    setting = make_setting(years=1.5, **NOBODY_MEETS)
    plain = simulate(setting, SEED)
    tested = simulate(dataclasses.replace(setting, fishing_test=FishingTerms(month=8, minimum_originations=1.0)), SEED)
    index = tested["fishing"]["index"]
    assert (index[~np.isnan(index)] > 0.0).sum() > 5
    compare("fishing test without partners: largest distance of an index from 1", np.nanmax(abs(index - 1.0)), 0.0, 0.0)
    compare("fishing test: columns of the run that differ", len(differing(plain, without_fishing(tested))), 0.0, 0.0)


def without_fishing(tables):
    """The tables but for what the fishing test itself measures."""
    own = {measure.name for measure in FISHING_RUN}
    return {
        table: {name: column for name, column in columns.items() if name not in own}
        for table, columns in tables.items()
        if table != "fishing"
    }


def test_an_arm_against_itself_is_exactly_zero_in_every_measure(tmp_path, compare):
    """Two arms that say the same in other words, four seeds: every difference and both ends of its interval are 0."""
    path = tmp_path / "itself.yaml"
    path.write_text(ITSELF)
    result = colend.run(path, jobs=1, out=tmp_path / "out", report=False)
    table = result.comparison.set_index("arm").loc["other"]
    table = table[table["pairs"] > 1]
    assert len(table) > 30
    wrong = (table[["difference", "low", "high"]] != 0.0).any(axis=1).sum() + (table["share_of_pairs"] != 0.5).sum()
    compare("an arm against itself: measures with a difference or an interval that is not 0", wrong, 0.0, 0.0)
    levels = table[["mean", "sd", "n"]].to_numpy()
    one = result.comparison.set_index("arm").loc["one"]
    assert np.array_equal(levels, one[one["pairs"] > 1][["mean", "sd", "n"]].to_numpy(), equal_nan=True)


ITSELF = """
name: itself
title: An arm against itself
start: 2017-01
years: 1.5
seeds: 4
base:
  population: {borrowers: 2000, persons: 20000000, regions: 2}
  banks: {city: {number: 3}, rural: {number: 4}, consumer_finance: {number: 0}}
  platforms: {number: 2, user_share: [0.6, 0.4]}
arms:
  one: {}
  other: {alliances.sequencing: sign_then_cooperate, alliances.pilot_months: 3}
"""
