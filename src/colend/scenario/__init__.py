"""What the user asks: parameters, arms, sweep points, seeds. Data only; imports nothing else of colend.

Names are imported when first used: a run needs a setting's parameters alone, and its hash covers what it imports.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_PLACES = {
    "Record": "setting",
    "Run": "design",
    "Scenario": "design",
    "ScenarioError": "errors",
    "Setting": "setting",
    "load": "loading",
    "read_overrides": "loading",
    "runs": "design",
    "schema": "json_schema",
    "shipped": "loading",
}
__all__ = [*_PLACES]


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module 'colend.scenario' has no attribute {name!r}")
    return getattr(import_module(f"colend.scenario.{_PLACES[name]}"), name)
