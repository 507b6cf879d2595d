"""Parameters as a user writes them, dotted or nested, to a flat list of checked settings."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from colend.scenario.banks_file import BANKS_FILE, read_banks
from colend.scenario.declarations import EACH, Declaration, declarations, groups
from colend.scenario.declared import Source
from colend.scenario.errors import NONE, Problems, ScenarioError, nearest_key, shown
from colend.scenario.parameters import Parameters

POLICY = "policy"  # dated rules, at the top level and in arms (`colend.scenario.policy`)


@dataclass(frozen=True)
class Entry:
    """A key with its value and where it stands: `place` is `file:line`, `folder` where paths in it begin."""

    key: str
    value: Any
    place: str
    folder: Path


def entries(source: Source, problems: Problems) -> Iterator[Entry]:
    """Every parameter that a mapping names, its value unchecked; unknown keys and keys given twice are problems."""
    seen: dict[str, str] = {}
    for key, value, path in _walk(source.mapping, "", source.path, source, problems):
        place = source.place(path)
        if key in seen:
            problems.about(place, key, f"given twice, first at {seen[key]}")
            continue
        seen[key] = place
        yield Entry(key, value, place, source.folder)


def _walk(mapping: Any, prefix: str, path: tuple, source: Source, problems: Problems) -> Iterator[tuple]:
    for name, value in mapping.items():
        key, here = f"{prefix}{name}", (*path, name)
        if key == BANKS_FILE or declared(key):
            yield key, value, here
        elif key in groups() and key:
            if isinstance(value, Mapping):
                yield from _walk(value, f"{key}.", here, source, problems)
            elif value is not None:
                names = ", ".join(groups()[key])
                problems.about(source.place(here), key, f"{shown(value)} is not a group; in it are: {names}")
        else:
            hint = "; it stands at the top level or in an arm" if key == POLICY else nearest_key(key, known_keys())
            problems.about(source.place(here), key, f"there is no such parameter{hint}")


@cache
def known_keys() -> tuple[str, ...]:
    """Everything that may be named: parameters, their parts, and groups."""
    parts = [f"{one.key}.{part}" for one in declarations().values() for part in one.parts]
    return (*declarations(), *parts, *(key for key in groups() if key), BANKS_FILE)


def declared(key: str) -> Declaration | None:
    """The declaration behind a parameter's key or the key of one of its parts (`credit.posted_rate.prime`)."""
    if found := declarations().get(key):
        return found
    parent, _, part = key.rpartition(".")
    found = declarations().get(parent)
    return found if found and part in found.parts else None


def checked(entry: Entry, source: Source, problems: Problems) -> dict[str, Any]:
    """What an entry sets, flat: its own key, or those of all columns of a file of banks. Problems are collected."""
    if entry.key == BANKS_FILE:
        try:
            return read_banks(entry.value, entry.folder, source.root, f"{entry.place}: {entry.key}")
        except ScenarioError as error:
            problems.extend(error.problems)
            return {}
    found = declared(entry.key)
    assert found is not None
    part = entry.key != found.key
    problem = found.part_problem(entry.value) if part else found.problem(entry.value)
    if problem:
        problems.about(entry.place, entry.key, problem)
        return {}
    return {entry.key: None if found.optional and entry.value == NONE else entry.value}


@cache
def _defaults() -> Parameters:
    return Parameters()


@cache
def _default_values(group: str) -> dict[str, Any]:
    return getattr(_defaults(), group).model_dump()


def resolve(*layers: Mapping[str, Any]) -> Parameters:
    """The parameters that flat layers leave, later ones over earlier ones; ValidationError where they do not fit.

    Groups stand for themselves, so those that a layer changes are put together anew, and each once for the same
    changes: of thousands of points of a sweep most groups are the same.
    """
    changes: dict[str, list[tuple[str, Any]]] = {}
    for layer in layers:
        for key, value in layer.items():
            changes.setdefault(key.partition(".")[0], []).append((key, value))
    try:
        groups = {name: _group(_Changes(name, repr(changed), changed)) for name, changed in changes.items()}
    except ValidationError:  # once more as a whole: the error then says of which group it speaks
        return Parameters.model_validate({name: _merged(name, changed) for name, changed in changes.items()})
    whole = _defaults().model_copy(update=groups)
    if any(whole.misfits()):
        return Parameters.model_validate({name: _merged(name, changed) for name, changed in changes.items()})
    return whole


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
            last = [place for other, place in places if place in mine or other in about]
            here = [otherwise, *near[-1:], *last[-1:]][-1]
            apart = f" ({name} stands at {mine[-1]})" if mine and mine[-1] != here else ""
            result.append(f"{here}: {key}: {what or message}{apart}")
    return result
