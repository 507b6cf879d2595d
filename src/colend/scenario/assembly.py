"""What the layers of a scenario say together: base, arms, baseline, sweep points and rules."""

from __future__ import annotations

from typing import Any

from colend.scenario.arms import ONLY_ARM, Arm, baseline_name, compared, named
from colend.scenario.keys import POLICY, Source, checked, entries
from colend.scenario.layers import GIVEN, Layers
from colend.scenario.policy import Asked, Rule, month_number, read_policy
from colend.scenario.sweep import Sample, swept


def base_of(layers: Layers) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """What the layers' `base` set, and where."""
    base: dict[str, Any] = {}
    places = []
    for layer in layers.each:
        source = layer.source("base")
        for entry in entries(source, layers.problems):
            for key, value in checked(entry, source, layers.problems).items():
                base.pop(key, None)  # later ones are set later: a part after its whole
                base[key] = value
                places.append((key, entry.place))
    return base, places


def arms_of(layers: Layers) -> dict[str, Arm]:
    """The arms of the uppermost layer that has any; empty when nothing is compared."""
    layer = next((one for one in reversed(layers.each) if {"compare", "arms"} & set(one.document.data)), None)
    if layer is None:
        return {}
    if {"compare", "arms"} <= set(layer.document.data):
        layers.problems.append(f"{layer.place('arms')}: arms: stands beside `compare`; give one of them")
    if "arms" in layer.document.data:
        return named(layer.source("arms"), layers.problems)
    return compared(layer.source("compare"), layers.problems)


def baseline_of(layers: Layers, arms: dict[str, Arm]) -> str:
    """The arm to compare with: what `baseline` says, else the first."""
    for layer in reversed(layers.each):
        if "baseline" in layer.document.data:
            if arms:
                return baseline_name(layer.document.data["baseline"], layer.source("baseline"), arms, layers.problems)
            layers.problems.append(f"{layer.place('baseline')}: baseline: needs `compare` or `arms`")
        if {"compare", "arms"} & set(layer.document.data):
            break  # a baseline below is one of other arms
    return next(iter(arms), ONLY_ARM)


def points_of(layers: Layers) -> tuple[list[dict[str, Any]], dict[str, str], Sample | None]:
    """The sweep's points, where each key is swept, and the sample that the points are of."""
    layer = layers.last("sweep")
    return swept(layer.source("sweep"), layers.problems) if layer else ([{}], {}, None)


def policies_of(layers: Layers, arms: dict[str, Arm], start: str, years: float) -> dict[str, tuple[Rule, ...]]:
    """The rules of every arm that has some: its own policy, else the scenario's."""
    first = month_number(start)
    last = first + round(years * 12) - 1
    layer = layers.last(POLICY)
    common: tuple[Rule, ...] = ()
    if layer is not None:
        source = Source(None, layer.document.place, (POLICY,), layer.folder)
        common = read_policy(Asked(layer.document.data[POLICY], source), first, last, layers.problems)
        own = next((arm.policy for arm in arms.values() if arm.policy), None)
        if own is not None and layer is layers.each[-1]:
            what = f"the scenario varies it ({own.place}), so that it cannot be overridden"
            layers.problems.append(f"{GIVEN}: {POLICY}: {what}")
    result = {}
    for name, arm in arms.items():
        result[name] = read_policy(arm.policy, first, last, layers.problems) if arm.policy is not None else common
    return {name: rules for name, rules in result.items() if rules}
