"""What the user asks: parameters, arms, sweep points, seeds. Data only; imports nothing else of colend."""

from __future__ import annotations

from colend.scenario.design import Record, Run, Scenario, Setting, runs
from colend.scenario.errors import ScenarioError
from colend.scenario.loading import load, read_overrides, shipped

__all__ = [
    "Record",
    "Run",
    "Scenario",
    "ScenarioError",
    "Setting",
    "load",
    "read_overrides",
    "runs",
    "schema",
    "shipped",
]


def schema() -> dict:
    """The JSON Schema of scenario files, made from the declarations."""
    from colend.scenario import json_schema

    return json_schema.schema()
