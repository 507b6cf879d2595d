"""Parameters as a user writes them, dotted or nested, to a flat list of checked settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from colend.scenario.banks_file import BANKS_FILE, read_banks
from colend.scenario.declarations import Declaration, declarations, groups
from colend.scenario.errors import NONE, Problems, ScenarioError, nearest_key, shown
from colend.scenario.reading import Layers, Source
from colend.scenario.top_level import TOP_LEVEL

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


def _walk(
    mapping: Any, prefix: str, path: tuple[Any, ...], source: Source, problems: Problems
) -> Iterator[tuple[str, Any, tuple[Any, ...]]]:
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
            stands = "; it stands at the top level" + (" or in an arm" if key == POLICY else "")
            hint = stands if key in TOP_LEVEL else nearest_key(key, known_keys())
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
