"""A scenario's files and overrides as layers: the mapping of each, and where every key of it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from colend.scenario.csv_files import inside
from colend.scenario.declarations import groups
from colend.scenario.errors import Problems, ScenarioError, nearest, shown
from colend.scenario.keys import Source
from colend.scenario.reading import Document, read_file

TOP_LEVEL = (
    "name",
    "title",
    "question",
    "start",
    "years",
    "seeds",
    "base",
    "policy",
    "compare",
    "arms",
    "sweep",
    "baseline",
    "record",
    "fishing_test",
    "include",
)
MAPPINGS = ("base", "compare", "arms", "sweep", "record", "fishing_test")
GIVEN = "override"  # what stands for the file in messages about overrides
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
                    self.problems.append(f"{place}: {key}: {shown(value)} is not a mapping of keys")
                    del layer.document.data[key]


def read(file: Path, name: str, root: Path, above: tuple[Path, ...], problems: Problems) -> list[Layer]:
    """A file's layer after those of the files that it includes."""
    document = read_file(file, name)
    problems.extend(document.problems)
    if document.data is None:
        raise ScenarioError([*problems, f"{name}: is empty"])
    if not isinstance(document.data, dict):
        kind = "a list" if isinstance(document.data, list) else shown(document.data)
        raise ScenarioError([*problems, f"{name}:1: a scenario is a mapping of keys such as `base:`; this is {kind}"])
    layer = Layer(document, file.resolve().parent, root)
    included = document.data.get("include")
    chain = (*above, file.resolve())
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
            result.extend(read(target, other, root, chain, problems))
        except ScenarioError as error:
            problems.extend(f"{place}: include: {problem}" for problem in error.problems if problem not in problems)
    return [*result, layer]


def overriding(given: Mapping[str, Any]) -> Layer:
    """Overrides as a layer: top-level keys stay, `record.months` goes below `record`, all else are parameters."""
    data: dict[str, Any] = {}
    for key, value in given.items():
        top, _, rest = str(key).partition(".")
        if rest and top in ("record", "base", "sweep", "fishing_test"):
            data.setdefault(top, {})[rest] = value
        elif key in TOP_LEVEL and isinstance(value, Mapping) and isinstance(data.get(key), Mapping):
            data[key] = {**data[key], **value}
        elif key in TOP_LEVEL:
            data[key] = value
        else:
            data.setdefault("base", {})[key] = value
    return Layer(_Overrides(data, GIVEN), Path.cwd(), None)


class _Overrides(Document):
    """Overrides have no lines."""

    def place(self, path: tuple) -> str:
        """What stands for `file:line` in messages."""
        return GIVEN
