"""A scenario's files and overrides as layers: the mapping of each, and where every key of it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from colend.scenario.csv_files import inside
from colend.scenario.declarations import groups
from colend.scenario.declared import Source, keys_of
from colend.scenario.errors import NONE, Problems, ScenarioError, nearest, shown
from colend.scenario.reading import Document, read_file
from colend.scenario.top_level import TOP_LEVEL

MAPPINGS = tuple(key.name for key in TOP_LEVEL.values() if key.mapping)
_IN_PARTS = ("base", "record", "fishing_test")  # of which overrides may set some keys and leave the others
_OF_SWEEP = ("sweep.grid", "sweep.sample", "sweep.table")
GIVEN, DICTIONARY = "override", "dictionary"  # what stands for the file in messages about what Python gives
_DEEPEST_INCLUDE = 20


@dataclass
class Layer:
    """One file, or the overrides: its mapping, and where it stands."""

    document: Document
    folder: Path
    root: Path | None

    def source(self, key: str) -> Source:
        """The mapping under a top-level key."""
        return Source(self.document.data.get(key) or {}, self.document.place, (key,), self.folder, self.root)

    def place(self, *path: Any) -> str:
        """`file:line` of a path."""
        return self.document.place(path)


@dataclass
class Layers:
    """Files and overrides, the uppermost last, and the problems that were found in them."""

    each: list[Layer]
    file: Path
    problems: Problems

    def last(self, key: str) -> Layer | None:
        """The uppermost layer that has a top-level key."""
        return next((layer for layer in reversed(self.each) if key in layer.document.data), None)

    def place(self, key: str) -> str:
        """`file:line` of a top-level key in the uppermost layer that has it."""
        layer = self.last(key)
        return layer.place(key) if layer else str(self.file)

    def check_keys(self) -> None:
        """Top-level keys that do not exist, and mappings that are something else."""
        for layer in self.each:
            for key, value in list(layer.document.data.items()):
                place = layer.place(key)
                if key not in TOP_LEVEL:
                    known = str(key).partition(".")[0] in groups()[""]
                    hint = "; parameters stand under `base:`" if known else nearest(str(key), TOP_LEVEL)
                    self.problems.append(f"{place}: {key}: there is no such key{hint}")
                elif key in MAPPINGS and not isinstance(value, Mapping | None):
                    if key == "fishing_test" and value == NONE:
                        layer.document.data[key] = None
                        continue
                    below = TOP_LEVEL[key].model
                    keys = f"; its keys are: {', '.join(keys_of(below))}" if below else ""
                    self.problems.append(f"{place}: {key}: {shown(value)} is not a mapping of keys{keys}")
                    del layer.document.data[key]


def read(document: Document, file: Path, root: Path | None, above: tuple[Path, ...], problems: Problems) -> list[Layer]:
    """The layer of a file (or of a dictionary in its place) after those of the files that it includes."""
    name = document.name
    problems.extend(document.problems)
    if document.data is None:
        raise ScenarioError([*problems, f"{name}: is empty"])
    if not isinstance(document.data, dict):
        kind = "a list" if isinstance(document.data, list) else shown(document.data)
        raise ScenarioError([*problems, f"{name}:1: a scenario is a mapping of keys such as `base:`; this is {kind}"])
    layer = Layer(document, file.parent, root)
    included = document.data.get("include")
    chain = (*above, file)
    result: list[Layer] = []
    for i, other in enumerate(
        included if isinstance(included, list) else [included] if "include" in document.data else []
    ):
        place = layer.place("include", i)
        try:
            if not isinstance(other, str) or not other:
                raise ValueError(f"{shown(other)} is not allowed; allowed: the name of a file")
            target = inside(other, layer.folder, root)
            if target in chain or len(chain) > _DEEPEST_INCLUDE:
                raise ValueError(f"{other} includes itself: {' -> '.join(one.name for one in (*chain, target))}")
        except ValueError as error:
            problems.append(f"{place}: include: {error}")
            continue
        try:
            result.extend(read(read_file(target, other), target, root, chain, problems))
        except ScenarioError as error:
            problems.extend(f"{place}: include: {problem}" for problem in error.problems if problem not in problems)
    return [*result, layer]


def overriding(given: Mapping[str, Any], problems: Problems) -> Layer:
    """Overrides as a layer: top-level keys stay, `record.months` goes below `record`, all else are parameters.

    What another override says as well, and what would change nothing, is a problem.
    """
    data: dict[str, Any] = {}
    for key, value in given.items():
        top, _, rest = str(key).partition(".")
        if key == "include":
            problems.append(f"{GIVEN}: include: stands in scenario files only; a third file may include both")
        elif key in MAPPINGS and isinstance(value, Mapping):
            for name, part in value.items():
                _put(data.setdefault(key, {}), name, part, f"{key}.{name}", problems)
            data.setdefault(key, {})
        elif value is None and key in MAPPINGS and key != "fishing_test":
            problems.append(f"{GIVEN}: {key}: is empty, so that it overrides nothing")
        elif key in TOP_LEVEL:
            _put(data, key, value, key, problems)
        elif rest and (top in _IN_PARTS or key in _OF_SWEEP):
            _put(data.setdefault(top, {}), rest, value, key, problems)
        elif rest and top in TOP_LEVEL:
            problems.append(f"{GIVEN}: {key}: `{top}` is overridden as a whole, with all that stands below it")
        else:
            _put(data.setdefault("base", {}), key, value, str(key), problems)
    return Layer(Given(data, GIVEN), Path.cwd(), None)


def _put(mapping: Any, key: Any, value: Any, named: str, problems: Problems) -> None:
    """Set a key of a mapping; a problem where it is set already, or the mapping was set to something else."""
    if not isinstance(mapping, dict) or key in mapping:
        problems.append(f"{GIVEN}: {named}: given twice, by itself and with `{named.partition('.')[0]}`")
    else:
        mapping[key] = value


class Given(Document):
    """What Python gives has no lines."""

    def place(self, path: tuple) -> str:
        """What stands for `file:line` in messages."""
        return self.name
