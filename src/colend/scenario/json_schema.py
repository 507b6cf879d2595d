"""The JSON Schema of scenario files, made from the declarations, so that editors complete and check them.

`docs/tables.py` writes it to schema.json beside this file; a test says when that is out of date.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
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
from colend.scenario.declared import keys_of, schema_of
from colend.scenario.errors import NONE
from colend.scenario.keys import POLICY
from colend.scenario.policy import Dates, presets
from colend.scenario.regulation import Regime
from colend.scenario.top_level import TopLevel, measured

_PAIR = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}


def schema(measures: Sequence[str] | None = None) -> dict[str, Any]:
    """The JSON Schema (draft 7) of a scenario file; `measures` of whole runs, as shipped by default."""
    definitions: dict[str, Any] = {"distribution": _distribution()}
    for one in declarations().values():
        definitions[one.key] = _value(one) | {"description": _described(one), "default": one.default}
    definitions |= {name or "parameters": _group(name, "") for name in groups()}
    definitions |= {
        f"alternatives:{name}" if name else "alternatives": _group(name, "alternatives:") for name in groups()
    }
    definitions |= {POLICY: _policy(), "rules": _rules(), "measure": {"enum": list(measures or measured())}}
    policy = {"$ref": f"#/$defs/{POLICY}"}
    definitions["parameters"]["properties"][POLICY] = policy
    definitions["alternatives"]["properties"][POLICY] = _list(policy)
    rules_apart = {"properties": {POLICY: False}}  # an arm may bring its own policy, base and sweeps may not
    definitions["base"] = {"allOf": [{"$ref": "#/$defs/parameters"}, rules_apart]}
    definitions["swept"] = {"allOf": [{"$ref": "#/$defs/alternatives"}, rules_apart]}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "colend scenario",
        "not": {"required": ["compare", "arms"]},
        **schema_of(TopLevel),
        "$defs": definitions,
    }


def text(measures: Sequence[str]) -> str:
    """The schema as it is shipped."""
    whole = schema(measures)
    # one line a definition: small, and a change of one parameter is a change of one line
    definitions = [
        f"{json.dumps(name)}: {json.dumps(one, ensure_ascii=False, separators=(',', ':'))}"
        for name, one in whole.pop("$defs").items()
    ]
    head = json.dumps(whole, indent=1, ensure_ascii=False).removesuffix("\n}")
    return head + ',\n "$defs": {\n' + ",\n".join(definitions) + "\n}\n}\n"


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
    return f"{one.meaning}{unit}"


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
    rules = {name: key.schema | {"description": key.means.meaning} for name, key in keys_of(Regime).items()}
    return schema_of(Dates) | {
        "required": ["from"],
        "minProperties": 2,
        "properties": schema_of(Dates)["properties"] | rules,
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
