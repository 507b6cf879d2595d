"""What the layers of a scenario say together: base, arms, baseline, sweep points and rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from colend.scenario.arms import ONLY_ARM, Arm, baseline_name, compared, named
from colend.scenario.declared import Source, keys_of, read
from colend.scenario.errors import Problems
from colend.scenario.keys import POLICY, checked, entries
from colend.scenario.layers import GIVEN, Layers
from colend.scenario.policy import Asked, read_policy
from colend.scenario.regulation import Rule, month_number
from colend.scenario.setting import FishingTerms, Record
from colend.scenario.sweep import Sample, swept
from colend.scenario.top_level import FEWEST, MOST_SEEDS, TOP_LEVEL, Until, UntilEnough, plain_name

PLAIN = ("name", "title", "question", "start", "years", "seeds")


def plain_keys(layers: Layers, record: Record) -> dict[str, Any]:
    """The keys that stand for themselves, checked: of the uppermost layer, or of mappings what all say together."""
    result = {name: TOP_LEVEL[name].default for name in PLAIN} | {"name": plain_name(layers.file.stem), "seeds": [0]}
    for name in PLAIN:
        for layer in layers.each:
            value = layer.document.data.get(name)
            if name not in layer.document.data:
                continue
            if name == "seeds" and isinstance(value, Mapping):
                if rule := until(layer.source("seeds"), layers.problems):
                    result |= {"seeds": list(range(rule.at_most)), "until": rule}
                continue
            try:
                value = TOP_LEVEL[name].checked(value)
            except ValueError as error:
                layers.problems.append(f"{layer.place(name)}: {name}: {error}")
            else:
                if name != "name" or layer in layers.each[-2:]:  # an included file's name is not this one's
                    result |= {name: value} | ({"until": None} if name == "seeds" else {})
    result["title"] = result["title"] or result["name"]
    for layer in layers.each:
        record = replace(record, **read(keys_of(Record), layer.source("record"), layers.problems))
    return result | {"record": record, "fishing_test": fishing_of(layers, round(result["years"] * 12))}


def until(source: Source, problems: Problems) -> Until | None:
    """The rule that the mapping under `seeds` gives; None when it has problems."""
    before = len(problems)
    given = read(keys_of(UntilEnough), source, problems)
    least, most = given.get("at_least", FEWEST), given.get("at_most", MOST_SEEDS)
    if most < least:
        source.about("at_most", f"{most:,} is less than at_least, {least:,}", problems)
    return None if len(problems) > before else Until(least, most, **given["until"])


def fishing_of(layers: Layers, months: int) -> FishingTerms | None:
    """The fishing test that the layers ask for together; none where the uppermost that names it says so."""
    terms: FishingTerms | None = None
    for layer in layers.each:
        if "fishing_test" not in layer.document.data:
            continue
        source = layer.source("fishing_test")
        given = read(keys_of(FishingTerms), source, layers.problems)
        terms = None if layer.document.data["fishing_test"] is None else replace(terms or FishingTerms(), **given)
        month = given.get("month")
        if month is not None and month > months:
            what = f"{month} is after the run's end; allowed: last, or at most {months}"
            source.about("month", what, layers.problems)
    return terms


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
