"""The shipped JSON Schema is that of the declarations, accepts what the loader accepts and refuses what it refuses."""

import json
import re

import pytest

from colend.measures.runs import RUNS
from colend.scenario import schema, shipped
from colend.scenario.declarations import declarations
from colend.scenario.json_schema import text
from colend.scenario.reading import read_file, read_text
from colend.scenario.top_level import SCHEMA as SHIPPED

SCHEMA = schema()
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}


def of_type(value, kind):
    if kind in ("number", "integer"):
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return number and (kind == "number" or float(value).is_integer())
    return isinstance(value, TYPES[kind])


def valid(value, rule):
    """Whether a value obeys a rule of JSON Schema, as far as ours uses it; an unknown keyword is an error."""
    if isinstance(rule, bool):
        return rule
    good = True
    for keyword, wanted in rule.items():
        match keyword:
            case "description" | "default" | "title" | "$schema" | "$defs":
                pass
            case "$ref":
                good &= valid(value, SCHEMA["$defs"][wanted.removeprefix("#/$defs/")])
            case "type":
                kinds = wanted if isinstance(wanted, list) else [wanted]
                good &= any(of_type(value, kind) for kind in kinds)
            case "enum":
                good &= value in wanted
            case "minimum" | "maximum" | "exclusiveMinimum":
                if of_type(value, "number"):
                    good &= {"minimum": value >= wanted, "maximum": value <= wanted}.get(keyword, value > wanted)
            case "anyOf":
                good &= any(valid(value, one) for one in wanted)
            case "allOf":
                good &= all(valid(value, one) for one in wanted)
            case "not":
                good &= not valid(value, wanted)
            case "required":
                good &= isinstance(value, dict) and all(name in value for name in wanted)
            case "properties":
                good &= all(valid(value[name], one) for name, one in wanted.items() if name in (value or {}))
            case "additionalProperties":
                others = [one for name, one in (value or {}).items() if name not in rule.get("properties", {})]
                good &= not others if wanted is False else all(valid(one, wanted) for one in others)
            case "items":
                good &= isinstance(value, list) and all(valid(one, wanted) for one in value)
            case "minItems" | "maxItems" | "minProperties" | "maxProperties" | "minLength" | "maxLength":
                good &= len(value) >= wanted if keyword.startswith("min") else len(value) <= wanted
            case "uniqueItems":
                good &= len(set(value)) == len(value)
            case "pattern":
                good &= isinstance(value, str) and re.search(wanted, value) is not None
            case _:
                raise AssertionError(f"{keyword}: the schema uses a keyword that this test does not know")
        if not good:
            return False
    return True


def test_it_is_current_and_small():
    """`python docs/tables.py` brings it up to date."""
    current = text([measure.name for measure in RUNS])
    assert SHIPPED.read_text(encoding="utf-8") == current
    assert json.loads(current) == json.loads(json.dumps(SCHEMA))
    assert len(current.encode()) < 200_000


@pytest.mark.parametrize("name", shipped())
def test_scenarios_that_ship_obey_it(name):
    assert valid(read_file(shipped()[name]).data, SCHEMA)


def test_every_default_obeys_it():
    for one in declarations().values():
        assert valid(one.default, SCHEMA["$defs"][one.key]), one.key


@pytest.mark.parametrize(
    "scenario",
    [
        "base: {banks.rural.talent: {uniform: [0, 1]}, banks: {city.precision: [0.1, 0.2]}}",
        "base: {credit: {posted_rate.prime: 0.1, posted_rate: {mass: 0.1}}, banks.from: mine.csv}",
        "compare: {platforms.openness: [traffic, [traffic, customers]], banks: {city: {number: [1, 2]}}}",
        "arms: {one: {}, two: {alliances: {fit_sd: 0.2}}, three: }",
        "sweep: {grid: {alliances.fit_sd: [0.2, 1], customers: {touchpoints: {app: {strength: [0, 1]}}}}}",
        "baseline: one",
        "{policy: china, compare: {policy: [none, [china_2021_02, {from: 2021-02, rate_cap: 0.2}]]}}",
        "{arms: {one: {policy: {from: 2021-02, partner_list: 2}}, two: {policy: none}}, baseline: {policy: none}}",
        "seeds: [3, 7]",
        "seeds: {at_least: 30, at_most: 400, until: {measure: value_per_bank, half_width: 1.0e+6}}",
    ],
)
def test_what_it_accepts(scenario):
    assert valid(read_text(scenario, "x").data, SCHEMA)


@pytest.mark.parametrize(
    "scenario",
    [
        "bas: {}",
        "fishing_test: {month: first}",
        "base: {alliances.fit_s: 1}",
        "seeds: {at_least: 30, at_most: 400}",
        "seeds: {at_least: 4, at_most: 400, until: {measure: value_per_bank, half_width: 1}}",
        "seeds: {at_least: 30, at_most: 400, until: {measure: value_per_bnk, half_width: 1}}",
        "seeds: {at_least: 30, at_most: 400, until: {measure: value_per_bank, half_width: 0}}",
        "base: {alliances: {fit_sd: -1}}",
        "base: {platforms: {openness: trafic}}",
        "base: {population.borrowers: 1.5}",
        "base: {banks.city.talent: {normall: [0, 1]}}",
        "base: {credit.posted_rate: {prim: 0.1}}",
        "compare: {alliances.fit_sd: 1}",
        "compare: {alliances.fit_sd: []}",
        "{compare: {alliances.fit_sd: [1]}, arms: {one: {}}}",
        "sweep: {sample: {n: 3}}",
        "base: {policy: china}",
        "sweep: {grid: {policy: [china, none]}}",
        "policy: {rate_cap: 0.2}",
        "policy: {from: 2021-02, rate_cap: 3}",
        "policy: chine",
        "seeds: 0",
        "seeds: [1, 1]",
        "years: 0",
        "start: 2017",
        "record: {months: some}",
    ],
)
def test_what_it_refuses(scenario):
    assert not valid(read_text(scenario, "x").data, SCHEMA)
