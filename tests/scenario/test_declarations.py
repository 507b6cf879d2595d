"""Every parameter is declared in full, and every bound holds."""

import json
import math

import pytest
from pydantic import ValidationError

from colend.scenario.declarations import AGENTS, CHOICE, CHOICES, EACH, NUMBERS, WHOLE, WHOLES, declarations, groups
from colend.scenario.fitting import resolve
from colend.scenario.parameters import (
    ADAPTIVE,
    INFERENCE,
    KINDS,
    OPENNESS,
    PRICING,
    SEGMENTS,
    SEQUENCING,
    TOUCHPOINTS,
    UNITS,
    Parameters,
)

ALL = list(declarations().values())
WITH_BOUNDS = [one for one in ALL if one.low is not None]


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.key)
def test_a_declaration_is_complete(one):
    assert one.unit in UNITS
    assert len(one.meaning) > 5
    assert one.source.strip()
    if one.source.startswith("assumed"):
        assert len(one.source.removeprefix("assumed").strip(": ")) > 3, "an assumption says why"
    assert (one.low is None) == (one.unit == "choice"), "a number has bounds, a choice or a name has none"
    assert not one.problem(one.default)


@pytest.mark.parametrize("one", WITH_BOUNDS, ids=lambda one: one.key)
def test_bounds_hold_one_step_outside(one):
    """The bound itself is allowed, the next number beyond it is not, in the file's check and in the model alike."""
    whole = one.form in (WHOLE, WHOLES)
    for bound, direction in ((one.low, -math.inf), (one.high, math.inf)):
        assert math.isfinite(bound)
        beyond = bound + math.copysign(1, direction) if whole else math.nextafter(bound, direction)
        values = [bound, beyond]
        if one.form in (NUMBERS, WHOLES):
            values = [[bound], [beyond]]
        inside, outside = values
        assert not one.problem(inside)
        assert "allowed" in one.problem(outside)
        with pytest.raises(ValidationError):
            resolve({one.key: outside})
        if one.form == AGENTS:
            assert not one.problem([inside, inside])
            assert one.problem([inside, outside])
            assert one.problem({"uniform": sorted([inside, outside])})
            assert one.problem({"choice": {inside: 0.5, outside: 0.5}})
        if one.form == EACH:
            part = one.parts[0]
            assert not one.problem({part: inside})
            assert one.problem({part: outside})


@pytest.mark.parametrize("one", WITH_BOUNDS, ids=lambda one: one.key)
def test_what_is_no_number_is_refused(one):
    for value in (math.nan, math.inf, -math.inf, "0.5", True, None, {}, ["a"], [math.nan], 10**400):
        assert one.problem(value), value


def test_choices_are_those_of_the_constants():
    found = {one.key: set(one.choices) for one in ALL if one.form in (CHOICE, CHOICES)}
    assert found["alliances.sequencing"] == found["banks.city.sequencing"] == {*SEQUENCING, ADAPTIVE}
    assert found["platforms.openness"] == {*OPENNESS, ADAPTIVE}
    assert found["alliances.pilot_openness"] == found["adaptive.openness_options"] == set(OPENNESS)
    assert found["credit.pricing"] == set(PRICING)
    assert found["credit.prescreen_inference"] == set(INFERENCE)
    assert declarations()["credit.posted_rate"].parts == SEGMENTS
    assert declarations()["customers.visibility"].parts == OPENNESS
    assert set(KINDS) <= set(groups()["banks"])
    assert groups()["customers.touchpoints"] == TOUCHPOINTS


def test_defaults_are_those_of_the_model():
    parameters = Parameters()
    assert parameters.population.borrowers == 100_000
    assert parameters.credit.default_loading.as_array().tolist() == [0.6, 0.6, 0.6]
    assert parameters.platforms.user_share == [0.35, 0.25, 0.15, 0.10, 0.10, 0.05]
    assert [getattr(parameters.banks, kind).number for kind in KINDS] == [40, 100, 4]
    assert [getattr(parameters.banks, kind).precision for kind in KINDS] == [0.30, 0.20, 0.35]
    assert [getattr(parameters.banks, kind).funds_rate for kind in KINDS] == [0.032, 0.030, 0.055]
    assert parameters.banks.consumer_finance.customer_weight == 0.0
    assert parameters.alliances.sequencing == "sign_then_cooperate"
    assert [getattr(parameters.customers.touchpoints, name).fixed_cost for name in TOUCHPOINTS] == [
        60_000,
        20_000,
        8_000,
        15_000,
    ]


def test_what_is_named_changes_and_the_rest_keeps_its_default():
    parameters = Parameters.model_validate(
        {
            "banks": {"rural": {"number": 3}},
            "customers": {"touchpoints": {"app": {"strength": 0.5}}},
            "credit": {"posted_rate": 0.12},
        }
    )
    assert (parameters.banks.rural.number, parameters.banks.rural.precision) == (3, 0.20)
    assert parameters.banks.rural.equity == {"lognormal": [0.6e9, 0.6]}
    assert parameters.customers.touchpoints.app.fixed_cost == 60_000
    assert parameters.credit.posted_rate.as_array().tolist() == [0.12] * 3


def test_parameters_are_frozen_and_survive_the_way_through_json():
    parameters = resolve({"banks.city.talent": {"choice": {0.2: 0.5, 0.8: 0.5}}, "platforms.openness": ["traffic"] * 6})
    with pytest.raises(ValidationError):
        parameters.alliances.fit_sd = 1
    data = json.loads(json.dumps(parameters.model_dump()))
    # JSON has no numbers as keys
    data["banks"]["city"]["talent"] = {"choice": {0.2: 0.5, 0.8: 0.5}}
    assert Parameters.model_validate(data) == parameters
    with pytest.raises(ValidationError, match="Extra inputs"):
        Parameters.model_validate({"no_group": {}})


def test_a_bank_kind_knows_the_bounds_of_its_parameters():
    assert Parameters().banks.city.bounds("talent") == (0, 1)
    assert Parameters().platforms.bounds("openness") == (-math.inf, math.inf)
