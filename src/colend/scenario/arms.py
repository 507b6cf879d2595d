"""What a scenario compares: `compare`, `arms` and `baseline`, to named arms."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from colend.scenario.banks_file import BANKS_FILE
from colend.scenario.errors import Problems, label, listed, nearest, shown
from colend.scenario.keys import POLICY, checked, entries
from colend.scenario.labels import arms_by_call
from colend.scenario.reading import Layers, Source
from colend.scenario.top_level import MOST_COMBINATIONS

ONLY_ARM = "base"  # the arm of a scenario that compares nothing


@dataclass
class Arm:
    """An arm: what it sets, flat; where; made by `compare`, the alternatives it was made of; and its own policy."""

    overrides: dict[str, Any]
    places: list[tuple[str, str]] = field(default_factory=list)
    chosen: dict[str, Any] = field(default_factory=dict)
    policy: Source | None = None


@dataclass
class Alternatives:
    """A key under `compare` or `grid`: its values as written, and what each of them sets."""

    key: str
    place: str
    values: list[Any]
    overrides: list[dict[str, Any]]


def alternatives(source: Source, problems: Problems, files: bool = True) -> list[Alternatives]:
    """The lists of alternatives in a mapping; `files`: whether a file of banks may be one."""
    result = []
    for entry in entries(source, problems):
        if entry.key == BANKS_FILE and not files:
            problems.about(entry.place, entry.key, "cannot be swept; give the files under compare")
        elif not isinstance(entry.value, list) or not entry.value:
            what = "is not a list" if not isinstance(entry.value, list) else "is an empty list"
            problems.about(entry.place, entry.key, f"{shown(entry.value)} {what}; allowed: a list of alternatives")
        else:
            overrides = [checked(replace(entry, value=value), source, problems) for value in entry.value]
            result.append(Alternatives(entry.key, entry.place, entry.value, overrides))
    return result


def without_policy(source: Source) -> tuple[Source, Source | None]:
    """The parameters in a mapping of an arm, and the policy that it sets, if any, as it is written."""
    if POLICY not in source.mapping:
        return source, None
    rest = {key: value for key, value in source.mapping.items() if key != POLICY}
    asked = replace(source, mapping=source.mapping[POLICY], path=(*source.path, POLICY), key=POLICY)
    return replace(source, mapping=rest), asked


def policies(asked: Source | None, problems: Problems) -> list[Alternatives]:
    """The policies under `compare`: a list, of which each is none, a preset, a rule, or a list of those."""
    if asked is None:
        return []
    values, place = asked.mapping, asked.place(asked.path)
    if not isinstance(values, list) or not values:
        problems.about(place, POLICY, f"{shown(values)} is not a list of alternatives")
        return []
    each = [{POLICY: replace(asked, mapping=value, path=(*asked.path, i))} for i, value in enumerate(values)]
    return [Alternatives(POLICY, place, values, each)]


def too_many(lists: list[Alternatives], place: str, problems: Problems) -> bool:
    """Whether the lists make more combinations than anybody can run; then that is a problem."""
    number = math.prod(len(one.values) for one in lists)
    if number > MOST_COMBINATIONS:
        problems.append(f"{place}: {number:,} combinations; at most {MOST_COMBINATIONS:,} are allowed")
    return number > MOST_COMBINATIONS


def compared(source: Source, problems: Problems) -> dict[str, Arm]:
    """The arms that `compare` makes: every combination, named by its values joined with ` + `."""
    place = source.place(source.path)
    parameters, asked = without_policy(source)
    lists = [*policies(asked, problems), *alternatives(parameters, problems)]
    order = [str(key).partition(".")[0] for key in source.mapping]
    lists.sort(key=lambda one: order.index(one.key.partition(".")[0]))
    if not lists:
        if not source.mapping:
            problems.about(place, "compare", "is empty; allowed: keys with lists of alternatives")
        return {}
    if too_many(lists, place, problems):
        return {}
    result: dict[str, Arm] = {}
    repeated = set()
    for choice in itertools.product(*(range(len(one.values)) for one in lists)):
        picked = list(zip(lists, choice, strict=True))
        name = " + ".join(label(one.values[i]) for one, i in picked)
        if name in result:
            repeated.add(name)
        overrides = {key: value for one, i in picked for key, value in one.overrides[i].items()}
        places = [(key, one.place) for one, i in picked for key in one.overrides[i] if key != POLICY]
        policy = overrides.pop(POLICY, None)
        result[name] = Arm(overrides, places, {one.key: one.values[i] for one, i in picked}, policy)
    problems.extend(f"{place}: compare: two arms are named {shown(name)}" for name in sorted(repeated))
    return result


def named(source: Source, problems: Problems) -> dict[str, Arm]:
    """The arms that `arms` lists: name -> overrides."""
    place = source.place(source.path)
    if not source.mapping:
        problems.about(place, "arms", "is empty; allowed: names with what each sets")
    result: dict[str, Arm] = {}
    for raw, mapping in source.mapping.items():
        name, path = label(raw), (*source.path, raw)
        here = source.place(path)
        if not name.strip() or not name.isprintable():
            problems.about(here, "arms", f"{shown(raw)} is not a name")
        if name in result:
            problems.about(here, "arms", f"two arms are named {shown(name)}")
        arm = result[name] = Arm({})
        if not isinstance(mapping, Mapping | None):
            problems.about(here, f"arms.{name}", f"{shown(mapping)} is not a mapping of parameters")
            continue
        below, arm.policy = without_policy(replace(source, mapping=mapping or {}, path=path))
        if arm.policy is not None:
            arm.chosen[POLICY] = arm.policy.mapping
        for entry in entries(below, problems):
            found = checked(entry, below, problems)
            arm.overrides.update(found)
            arm.places.extend((key, entry.place) for key in found)
            arm.chosen[entry.key] = entry.value
    return result


def baseline_name(value: Any, source: Source, arms: dict[str, Arm], problems: Problems) -> str:
    """The arm that `baseline` means: its name, or the alternatives it was made of."""
    first = next(iter(arms), ONLY_ARM)
    place = source.place(source.path)
    if value is None:
        return first
    if isinstance(value, Mapping):
        parameters, asked = without_policy(source)
        wanted = {entry.key: entry.value for entry in entries(parameters, problems)}
        wanted |= {POLICY: asked.mapping} if asked is not None else {}
        found = [name for name, arm in arms.items() if wanted.items() <= arm.chosen.items()]
        if len(found) == 1:
            return found[0]
        what = "several arms are that" if found else "no arm is that"
    elif label(value) in (called := arms_by_call({name: arm.overrides for name, arm in arms.items()})):
        return called[label(value)]
    else:
        what = "no arm has this name"
    hint = nearest(value, arms) if isinstance(value, str) else ""
    problems.about(place, "baseline", f"{shown(value, 120)}: {what}; the arms are: {listed(arms)}{hint}")
    return first


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
