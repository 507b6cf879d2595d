"""Twins: the market of an arm in which nobody meets, so that no alliance ever begins, on the same seeds.

A twin is an arm like any other: stored, resumed, swept, sent to a cluster and asked for by `--only` as all are. What
acts through alliances alone is left out of it, so that one twin stands beside all arms that differ in nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from colend.scenario.arms import Arm
from colend.scenario.errors import Problems, label
from colend.scenario.reading import Layers
from colend.scenario.regulation import Rule

TWIN = "without alliances"
MEETING = "alliances.meeting_rate"
_ACTING = ("alliances.discount_rate", "alliances.smoothing")  # own channels count by them, too
_IDLE = ("openness", "sequencing", "technology_fee", "fee_rate", "opening_cost", "integration_slots", "data_share")
IDLE_OF_PLATFORMS = tuple(f"platforms.{name}" for name in (*_IDLE, "incremental_share"))


def idle_alone(key: str) -> bool:
    """Whether a parameter changes nothing where nobody meets, in no month and to no bit (tests/limits/test_twins.py).

    What is not known to is taken to act: an arm with a twin of its own costs time, one beside a wrong twin its meaning.
    """
    if key.startswith("alliances."):
        return key not in _ACTING
    return key.startswith(IDLE_OF_PLATFORMS) or (key.startswith("banks.") and key.endswith(".sequencing"))


def twins_of(
    layers: Layers, arms: Mapping[str, Arm], policies: Mapping[str, tuple[Rule, ...]], swept: Mapping[str, str]
) -> dict[str, str]:
    """The twin of every arm, arm to name; arms that differ in nothing that acts without alliances have one together.

    A sweep over whether parties meet, and an arm that is called like a twin, are problems.
    """
    problems: Problems = layers.problems
    if MEETING in swept:
        problems.about(swept[MEETING], MEETING, "cannot be swept where there is a twin, in which it is 0")
    kinds: dict[tuple[str, tuple[Rule, ...]], list[str]] = {}
    for name, arm in arms.items():
        kinds.setdefault((json.dumps(acting(arm), sort_keys=True), policies.get(name, ())), []).append(name)
    names = [TWIN if len(kinds) == 1 else _name(group[0], arms[group[0]]) for group in kinds.values()]
    for twin in sorted(set(names) & set(arms)):
        problems.about(layers.place("twin"), "twin", f"an arm is called {twin!r}, as its twin is; call it otherwise")
    return {name: twin for twin, group in zip(names, kinds.values(), strict=True) for name in group}


def acting(arm: Arm) -> dict[str, Any]:
    """What an arm sets that acts without alliances."""
    return {key: value for key, value in arm.overrides.items() if not idle_alone(key)}


def with_twins(
    arms: Mapping[str, Arm], policies: Mapping[str, tuple[Rule, ...]], twins: Mapping[str, str]
) -> tuple[dict[str, Arm], dict[str, tuple[Rule, ...]]]:
    """The arms and their policies with the twins behind them."""
    arms, policies = dict(arms), dict(policies)
    for name, twin in twins.items():
        if twin not in arms:
            arms[twin] = Arm(acting(arms[name]) | {MEETING: 0.0})
            if policies.get(name):
                policies[twin] = policies[name]
    return arms, policies


def _name(name: str, arm: Arm) -> str:
    """What tells a twin from others: of an arm of `compare` its alternatives that act, of a named one the name."""
    made_of: Sequence[str] = [label(value) for value in arm.chosen.values()]
    if name != " + ".join(made_of):
        return f"{TWIN} + {name}" if acting(arm) or arm.policy is not None else TWIN
    told = [label(value) for key, value in arm.chosen.items() if key == "policy" or not idle_alone(key)]
    return " + ".join([TWIN, *told])
