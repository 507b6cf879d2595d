"""The JSON Schema of scenario files, made from the declarations, so that editors complete and check them.

`python -m colend.scenario.json_schema` writes it to schema.json beside this file; a test says when that is out of date.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from colend.scenario.banks_file import BANKS_FILE
from colend.scenario.declarations import (
    AGENTS,
    CHOICE,
    CHOICES,
    EACH,
    NAMES,
    NUMBER,
    NUMBERS,
    WHOLE,
    WHOLES,
    Declaration,
    declarations,
    groups,
)
from colend.scenario.design import BANKS_KEPT, MONTHS_KEPT
from colend.scenario.errors import NONE
from colend.scenario.fields import MOST_HORIZON
from colend.scenario.keys import POLICY
from colend.scenario.parameters import KINDS
from colend.scenario.policy import MONTH, RULES, RuleKind, presets
from colend.scenario.seeds import FEWEST, MOST_SEEDS, measured
from colend.scenario.sweep import METHODS

SHIPPED = Path(__file__).with_name("schema.json")
_PAIR = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}


def schema() -> dict[str, Any]:
    """The JSON Schema (draft 7) of a scenario file."""
    rules_apart = {"properties": {POLICY: False}}  # an arm may bring its own policy, base and sweeps may not
    parameters, alternatives = (
        {"allOf": [*_ref(name)["allOf"], rules_apart]} for name in ("parameters", "alternatives")
    )
    definitions: dict[str, Any] = {"distribution": _distribution()}
    for one in declarations().values():
        definitions[one.key] = _value(one) | {"description": _described(one), "default": one.default}
    definitions |= {name or "parameters": _group(name, "") for name in groups()}
    definitions |= {POLICY: _policy(), "rules": _rules()}
    definitions |= {
        f"alternatives:{name}" if name else "alternatives": _group(name, "alternatives:") for name in groups()
    }
    policy = {"$ref": f"#/$defs/{POLICY}"}
    definitions["parameters"]["properties"][POLICY] = policy
    definitions["alternatives"]["properties"][POLICY] = _list(policy)
    file = {"type": "string", "minLength": 1}
    whole = {"type": "integer", "minimum": 0}
    kinds = {"enum": list(KINDS)}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "colend scenario",
        "type": "object",
        "additionalProperties": False,
        "not": {"required": ["compare", "arms"]},
        "properties": {
            "name": file | {"description": "Folder name under outputs/"},
            "title": {"type": "string"},
            "question": {"type": "string", "description": "One paragraph, printed in the report"},
            "start": {"type": "string", "pattern": "^(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])$", "default": "2017-01"},
            "years": {"type": "number", "exclusiveMinimum": 0, "maximum": 100, "default": 6},
            "seeds": {
                "description": "How many replications (seeds 0 to n-1), a list of seeds, or until when to add seeds",
                "anyOf": [
                    whole | {"minimum": 1},
                    {"type": "array", "items": whole, "minItems": 1, "uniqueItems": True},
                    _until(),
                ],
            },
            "base": parameters | {"description": "What differs from the defaults in every arm"},
            POLICY: _ref(POLICY) | {"description": "Dated rules in every arm: presets, or rules with a number"},
            "compare": _ref("alternatives") | {"description": "Lists of alternatives; every combination is an arm"},
            "arms": {"type": "object", "additionalProperties": {"anyOf": [_ref("parameters"), {"type": "null"}]}},
            "sweep": {
                "type": "object",
                "properties": {"grid": alternatives, "sample": _sample(alternatives), "table": file},
                "minProperties": 1,
                "maxProperties": 1,
                "additionalProperties": False,
            },
            "baseline": {"description": "The arm to compare with", "anyOf": [{"type": "string"}, _ref("parameters")]},
            "record": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "months": {"enum": list(MONTHS_KEPT)},
                    "banks": {"enum": list(BANKS_KEPT)},
                    "alliances": {"type": "boolean"},
                    "lives": whole | {"description": "Alliances per run whose monthly life is kept"},
                },
            },
            "fishing_test": {
                "description": "Fork the market and let platforms stop serving banks: what do these lend alone?",
                "anyOf": [{"enum": [None, NONE]}, {"type": "object"}],
                "additionalProperties": False,
                "properties": {
                    "month": {"anyOf": [{"enum": ["last"]}, whole | {"minimum": 1}]},
                    "horizon_months": whole | {"minimum": 1, "maximum": MOST_HORIZON},
                    "kinds": {"anyOf": [kinds, {"type": "array", "items": kinds, "minItems": 1, "uniqueItems": True}]},
                    "minimum_originations": {"type": "number", "minimum": 0, "maximum": 1e15},
                },
            },
            "include": {"anyOf": [file, {"type": "array", "items": file}]},
        },
        "$defs": definitions,
    }


def text() -> str:
    """The schema as it is shipped."""
    whole = schema()
    # one line a definition: small, and a change of one parameter is a change of one line
    definitions = [
        f"{json.dumps(name)}: {json.dumps(one, ensure_ascii=False, separators=(',', ':'))}"
        for name, one in whole.pop("$defs").items()
    ]
    head = json.dumps(whole, indent=1, ensure_ascii=False).removesuffix("\n}")
    return head + ',\n "$defs": {\n' + ",\n".join(definitions) + "\n}\n}\n"


def _ref(name: str) -> dict[str, Any]:
    # beside $ref, draft 7 ignores other keys; wrapped in allOf they count
    return {"allOf": [{"$ref": f"#/$defs/{name}"}]}


def _group(group: str, prefix: str) -> dict[str, Any]:
    """A group as a mapping: its parameters and subgroups, and everything below it by dotted key."""
    start = f"{group}." if group else ""
    properties: dict[str, Any] = {}
    for name in groups():
        if name != group and name.startswith(start):
            properties[name.removeprefix(start)] = {"$ref": f"#/$defs/{prefix}{name}"}
    for one in declarations().values():
        if one.key.startswith(start):
            value = {"$ref": f"#/$defs/{one.key}"}
            properties[one.key.removeprefix(start)] = _list(value) if prefix else value
            for part in one.parts:
                number = _limits(one)
                properties[f"{one.key}.{part}".removeprefix(start)] = _list(number) if prefix else number
    if BANKS_FILE.startswith(start):
        file = {"type": "string", "description": "A CSV file with one row a bank, columns named as the parameters"}
        properties[BANKS_FILE.removeprefix(start)] = _list(file) if prefix else file
    return {"type": ["object", "null"], "additionalProperties": False, "properties": properties}


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "minItems": 1, "items": items}


def _limits(one: Declaration, kind: str = "number") -> dict[str, Any]:
    return {"type": kind, "minimum": one.low, "maximum": one.high}


def _described(one: Declaration) -> str:
    unit = f" ({one.unit})" if one.unit not in ("1", "choice") else ""
    return f"{one.meaning}{unit}. Source: {one.source}"


def _value(one: Declaration) -> dict[str, Any]:
    """What the value of a parameter may be."""
    number, whole, choice = _limits(one), _limits(one, "integer"), {"enum": list(one.choices)}
    each = {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": False,
        "properties": dict.fromkeys(one.parts, number),
    }
    none = [{"enum": [None, NONE]}] if one.optional else []
    forms: dict[str, dict[str, Any]] = {
        NUMBER: number,
        WHOLE: whole,
        NUMBERS: {"type": "array", "items": number},
        NAMES: {"type": "array", "items": {"type": "string"}},
        WHOLES: {"type": "array", "items": whole},
        AGENTS: {"anyOf": [number, {"type": "array", "items": number}, {"$ref": "#/$defs/distribution"}]},
        CHOICE: choice,
        CHOICES: {"anyOf": [choice, {"type": "array", "items": choice}, *none]},
        EACH: {"anyOf": [number, each]},
    }
    return forms[one.form]


def _policy() -> dict[str, Any]:
    """Dated rules: none, a preset, a mapping of rules, or a list of those."""
    one = [{"enum": list(presets())}, {"$ref": "#/$defs/rules"}]
    return {"anyOf": [{"enum": [None, NONE]}, *one, {"type": "array", "items": {"anyOf": one}}]}


def _rules() -> dict[str, Any]:
    """Rules that come into force together."""
    month = {"type": "string", "pattern": f"^{MONTH.pattern}$"}
    dates = {
        "from": month | {"description": "First month in which they hold"},
        "until": month | {"description": "First month in which they hold no more"},
        "notice_months": {"type": "integer", "minimum": 0, "description": "Months from announcement to force"},
    }
    rules = {name: _rule(kind) for name, kind in RULES.items()}
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["from"],
        "minProperties": 2,
        "properties": dates | rules,
    }


def _rule(kind: RuleKind) -> dict[str, Any]:
    described = {"description": f"{kind.meaning} ({kind.unit})"}
    if kind.unit == "true or false":
        return {"type": "boolean"} | described
    number = "integer" if kind.unit == "number" else "number"
    return {"type": number, "minimum": kind.low, "maximum": kind.high} | described


def _until() -> dict[str, Any]:
    """Seeds added until differences are sure enough."""
    number = {"type": "integer", "minimum": FEWEST, "maximum": MOST_SEEDS}
    half = {"type": "number", "exclusiveMinimum": 0, "description": "Of the 95 % interval, in the measure's unit"}
    rule = {"measure": {"enum": measured()}, "half_width": half}
    closed = {"type": "object", "additionalProperties": False}
    until = closed | {"required": list(rule), "properties": rule}
    parts = {"at_least": number, "at_most": number, "until": until}
    return closed | {"required": list(parts), "properties": parts}


def _sample(ranges: dict[str, Any]) -> dict[str, Any]:
    """A sampled design; its ranges are lists of two."""
    number = {"type": "integer", "minimum": 1, "description": "Points; base sample of sobol; trajectories of morris"}
    properties = {"method": {"enum": list(METHODS)}, "n": number, "seed": {"type": "integer", "minimum": 0}}
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["n", "ranges"],
        "properties": properties | {"ranges": ranges},
    }


def _distribution() -> dict[str, Any]:
    kinds = {
        "normal": _PAIR | {"description": "[mean, sd]"},
        "lognormal": _PAIR | {"description": "[median, sigma]"},
        "uniform": _PAIR | {"description": "[low, high]"},
        "choice": {
            "type": "object",
            "description": "value: probability",
            "minProperties": 1,
            "additionalProperties": {"type": "number", "minimum": 0, "maximum": 1},
        },
    }
    return {
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": False,
        "properties": kinds,
    }


if __name__ == "__main__":
    SHIPPED.write_text(text(), encoding="utf-8")
