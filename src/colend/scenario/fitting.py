"""Flat settings to parameters, and whether what a scenario says fits together and with what parameters allow."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any

from pydantic import ValidationError

from colend.scenario.arms import Arm
from colend.scenario.declarations import EACH, declarations
from colend.scenario.errors import Problems
from colend.scenario.keys import entries
from colend.scenario.parameters import Parameters
from colend.scenario.parameters.adaptive import Adaptive
from colend.scenario.reading import GIVEN, Layers

# Combinations of arms and points whose parameters are put together on loading; the others when they are asked for.
MOST_CHECKED = 1_000


@cache
def _defaults() -> Parameters:
    return Parameters()


@cache
def _default_values(group: str) -> dict[str, Any]:
    values: dict[str, Any] = getattr(_defaults(), group).model_dump()
    return values


def resolve(*layers: Mapping[str, Any]) -> Parameters:
    """The parameters that flat layers leave, later ones over earlier ones; ValidationError where they do not fit.

    Groups stand for themselves, so those that a layer changes are put together anew, and each once for the same
    changes: of thousands of points of a sweep most groups are the same.
    """
    changes: dict[str, list[tuple[str, Any]]] = {}
    for layer in layers:
        for key, value in layer.items():
            changes.setdefault(key.partition(".")[0], []).append((key, value))
    with suppress(ValidationError):
        groups = {name: _group(_Changes(name, repr(changed), changed)) for name, changed in changes.items()}
        whole = _defaults().model_copy(update=groups)
        if not any(whole.misfits()):
            return whole
    # once more as a whole: the error then says of which group it speaks
    return Parameters.model_validate({name: _merged(name, changed) for name, changed in changes.items()})


@dataclass(frozen=True)
class _Changes:
    """Flat changes of a group, told apart by their text."""

    group: str
    text: str
    flat: Sequence[tuple[str, Any]] = field(compare=False)


@lru_cache(maxsize=256)
def _group(changes: _Changes) -> Any:
    return type(getattr(_defaults(), changes.group)).model_validate(_merged(changes.group, changes.flat))


def _merged(group: str, changes: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """A group's default values with flat changes laid over them."""
    values = copy.deepcopy(_default_values(group))
    for key, value in changes:
        _, *above, name = key.split(".")
        place = values
        for inner in above:
            place = place[inner]
        found = declarations().get(key)
        if found and found.form == EACH:
            place[name].update(value if isinstance(value, Mapping) else dict.fromkeys(found.parts, value))
        else:
            place[name] = value
    return values


def misfits(error: ValidationError, places: Iterable[tuple[str, str]], otherwise: str, unset: set[str]) -> list[str]:
    """The problems of parameters that do not fit together, each at the place that set one of them last.

    `places`: (key, place) in the order in which they were set; `otherwise` is the place when none of them was set. What
    names one of the words in `unset` is left out: with the value that the user meant it may fit. Of two keys that
    do not fit the one that was set last is to blame.
    """
    places = list(places)
    result = []
    for one in error.errors():
        group = ".".join(str(part) for part in one["loc"])
        near = [place for other, place in places if group and other.startswith(f"{group}.")]
        for message in one["msg"].removeprefix("Value error, ").splitlines():
            name, separator, what = message.partition(": ")
            if unset.difference(group.split(".")) & set(re.findall(r"\w+", message)):
                continue
            key = f"{group}.{name}" if group and separator else group or name
            about = {key, *(f"{group}.{word}" for word in re.findall(r"\w+", what))}
            mine = [place for other, place in places if other == key or other.startswith(f"{key}.")]
            last = [(other, place) for other, place in places if place in mine or other in about]
            here = [otherwise, *near[-1:], *(place for _, place in last[-1:])][-1]
            if not mine and last and last[-1][0] == f"{group}.number":  # agents were added; nobody thought of this one
                key, what = last[-1][0], message
            apart = f" ({name} stands at {mine[-1]})" if mine and mine[-1] != here else ""
            result.append(f"{here}: {key}: {what or message}{apart}")
    return result


def check_overlap(layers: Layers, arms: dict[str, Arm], swept_keys: dict[str, str]) -> None:
    """A key that is swept and compared, or overridden and varied: one of the two would be lost without a word."""
    varied = {key: place for arm in arms.values() for key, place in arm.places}
    for key, place in swept_keys.items():
        if any(_overlap(key, other) for other in varied):
            layers.problems.append(f"{place}: {key}: is both swept and set by arms")
    given = layers.each[-1]
    for entry in entries(given.source("base"), Problems()):
        for other, place in (varied | swept_keys).items():
            if _overlap(entry.key, other):
                top = "sweep" if other in swept_keys else "arms" if layers.last("arms") else "compare"
                what = f"the scenario varies it ({place}), so that it cannot be overridden; override `{top}` as a whole"
                layers.problems.append(f"{GIVEN}: {entry.key}: {what}, or run one arm (--only)")
                break


def check_fit(
    layers: Layers,
    base: dict[str, Any],
    places: list[tuple[str, str]],
    arms: dict[str, Arm],
    points: list[dict[str, Any]],
    months: int,
) -> None:
    """Put every arm at every point together; what does not fit is a problem of the place that set it."""
    left = MOST_CHECKED
    adapting: dict[str, set[str]] = {name: set() for name in arms}
    for point in points:
        for name, arm in arms.items():
            there = [*places, *arm.places, *((key, layers.place("sweep")) for key in point)]
            try:
                parameters = resolve(base, arm.overrides, point)
            except ValidationError as error:
                layers.problems.extend(misfits(error, there, str(layers.file), layers.problems.words))
                adapting[name] |= {"sequencing", "openness"}
            else:
                adapting[name] |= parameters.adapting
                asked = [place for key, place in there if key.startswith("stress.")]
                for key, what in parameters.stress.without_effect(months, parameters.platforms.number):
                    if asked:
                        layers.problems.about(asked[-1], f"stress.{key}", what)
                for key, what in parameters.need_beyond_one(months):
                    mine = [place for other, place in there if other.startswith((key, "population.monthly_need"))]
                    layers.problems.about([str(layers.file), *mine][-1], key, what)
            left -= 1
        if left <= 0:
            return
    common = [*places, *((key, layers.place("sweep")) for key in points[0])]
    for place, key, why in without_choosers(common, arms, adapting):
        layers.problems.about(place, key, why)


def _overlap(key: str, other: str) -> bool:
    """Whether two keys set the same number: they are the same, or one is a part of the other."""
    return key == other or key.startswith(f"{other}.") or other.startswith(f"{key}.")


def without_choosers(
    places: list[tuple[str, str]], arms: dict[str, Arm], adapting: dict[str, set[str]]
) -> Iterator[tuple[str, str, str]]:
    """Settings of the group `adaptive` that nobody would act on: place, key and why, for each reason its first.

    `places`: what all arms share. It needs one arm where somebody chooses, as does what `compare` crosses; what an arm
    sets alone needs it there. `adapting`: what is chosen in each arm.
    """
    chosen = dict.fromkeys(places, set[str]().union(*adapting.values()))
    for name, arm in arms.items():
        for setting in arm.places:
            chosen[setting] = chosen.get(setting, set()) | adapting[name]
    for scope in (places, *(arm.places for arm in arms.values())):
        told = set()
        for key, place in scope:
            group, _, name = key.partition(".")
            why = Adaptive.without_effect(name, chosen[key, place]) if group == "adaptive" else ""
            if why and why not in told:
                told.add(why)
                yield place, key, why
