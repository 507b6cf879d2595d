"""Reading YAML: plain data, the line of every key, and problems instead of surprises; files laid over each other.

Scalars follow YAML 1.2's core schema: `1e-3` is a number, `1:30`, `yes` and `2017-01` are texts. Keys given twice, tags
and aliases that explode are problems.
"""

from __future__ import annotations

import glob
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import yaml

from colend.scenario.errors import Problems, ScenarioError, nearest

LARGEST_FILE = 10_000_000  # bytes
MOST_VALUES = 200_000  # after aliases are followed
GIVEN, DICTIONARY = "override", "dictionary"  # what stands for the file in messages about what Python gives
_CORE = "tag:yaml.org,2002:"


class _Loader(yaml.SafeLoader):  # type: ignore[misc]
    """SafeLoader that resolves plain scalars as YAML 1.2 does."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}


for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    (
        "float",
        r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        "-+.0123456789",
    ),
):
    _Loader.add_implicit_resolver(_CORE + _tag, re.compile(rf"^(?:{_pattern})$"), list(_first))


@dataclass
class Document:
    """What a YAML text says.

    `data`; `lines`, the line of every key and list item by its path from the top; `problems`, e.g. keys given twice.
    """

    data: Any
    name: str
    lines: dict[tuple[Any, ...], int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def place(self, path: tuple[Any, ...]) -> str:
        """`file:line` of a path, or of the nearest place above that has one."""
        while path not in self.lines and path:
            path = path[:-1]
        return f"{self.name}:{self.lines.get(path, 1)}"


def read_file(path: Path, name: str | None = None) -> Document:
    """The document in a file; ScenarioError when there is none or it cannot be read as YAML."""
    name = name or str(path)
    if path.is_dir():
        raise ScenarioError([f"{name}: is a directory, not a scenario file"])
    try:
        text = read_bytes(path, name, LARGEST_FILE).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ScenarioError([f"{name}: is not UTF-8 text (byte {error.start})"]) from None
    return read_text(text, name)


def read_bytes(path: Path, name: str, most: int) -> bytes:
    """What a file holds; ScenarioError when it cannot be read or holds more than `most` bytes."""
    try:
        with path.open("rb") as file:
            raw = file.read(most + 1)
    except FileNotFoundError:
        raise ScenarioError([f"{name}: there is no such file{nearest_file(path)}"]) from None
    except (OSError, ValueError) as error:  # a text with a zero byte names no file
        raise ScenarioError([f"{name}: cannot be read: {getattr(error, 'strerror', error)}"]) from None
    if len(raw) > most:
        raise ScenarioError([f"{name}: is larger than {most // 1_000_000} MB"])
    return raw


def nearest_file(path: Path) -> str:
    """`; did you mean ...?` with the file of the same kind and folder whose name is most similar, if one is."""
    there = {one.stem: one.name for one in sorted(path.parent.glob(f"*{glob.escape(path.suffix)}"))}
    return nearest(path.stem, there, there.get)


def read_text(text: str, name: str) -> Document:
    """The document in a text; `name` stands for the file in messages. ScenarioError when it is not YAML at all."""
    loader = None
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = " ".join(part for part in (error.context, error.problem) if part)
        raise ScenarioError([f"{name}:{mark.line + 1 if mark else 1}: not YAML: {what}"]) from None
    except yaml.YAMLError as error:  # characters that YAML does not allow
        position = getattr(error, "position", 0) or 0
        raise ScenarioError(
            [f"{name}:{text[:position].count(chr(10)) + 1}: not YAML: {getattr(error, 'reason', error)}"]
        ) from None
    except RecursionError:
        raise ScenarioError([f"{name}: not a scenario: nested too deep"]) from None
    finally:
        if loader is not None:
            loader.dispose()
    if node is None:
        return Document(None, name)
    builder = _Builder(name)
    try:
        data = builder.build(node, ())
    except RecursionError:
        raise ScenarioError([f"{name}: not a scenario: nested too deep"]) from None
    return Document(data, name, builder.lines, builder.problems)


def read_value(text: str) -> Any:
    """The value that a text on the command line stands for, e.g. `[0.2, 0.5]`; ScenarioError when it is not YAML."""
    document = read_text(text, repr(text))
    if document.problems:
        raise ScenarioError(document.problems)
    return document.data


@dataclass(frozen=True)
class Source:
    """A mapping of a document to take keys from; `place` gives `file:line` of a path from the document's top."""

    mapping: Any
    place: Any  # a function of a path
    path: tuple[Any, ...]
    folder: Path
    root: Path | None = None  # files named in it must lie below
    key: str = ""  # what stands for the path in messages

    def below(self, name: Any) -> Source:
        """What stands under one of its keys."""
        found = self.mapping.get(name)
        return replace(self, mapping={} if found is None else found, path=(*self.path, name))

    def about(self, name: Any, what: str, problems: Problems) -> None:
        """A problem of one of its keys, at its place or, where it is missing, at that of the mapping."""
        here = self.place((*self.path, name) if name in self.mapping else self.path)
        problems.append(f"{here}: {self.key or '.'.join(map(str, self.path))}.{name}: {what}")


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


class Given(Document):
    """What Python gives has no lines."""

    def place(self, path: tuple[Any, ...]) -> str:
        """What stands for `file:line` in messages."""
        return self.name


class _Builder:
    """Plain data from YAML nodes; remembers lines and collects problems."""

    def __init__(self, name: str):
        self.name = name
        self.lines: dict[tuple[Any, ...], int] = {}
        self.problems: list[str] = []
        self.values = 0
        self.above: set[int] = set()

    def complain(self, node: yaml.Node, what: str) -> None:
        self.problems.append(f"{self.name}:{node.start_mark.line + 1}: {what}")

    def build(self, node: yaml.Node, path: tuple[Any, ...]) -> Any:
        """The data of a node; whatever is wrong below it is a problem, and None stands in its place."""
        self.values += 1
        if self.values > MOST_VALUES or id(node) in self.above:
            what = f"aliases repeat themselves or expand to more than {MOST_VALUES:,} values"
            raise ScenarioError([*self.problems, f"{self.name}:{node.start_mark.line + 1}: {what}"])
        self.lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, yaml.ScalarNode):
            return self.scalar(node)
        if node.tag not in (_CORE + "map", _CORE + "seq"):
            self.complain(node, f"the tag {_short(node.tag)} is not allowed")
            return None
        self.above.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            result: Any = [self.build(part, (*path, i)) for i, part in enumerate(node.value)]
        else:
            result = self.mapping(node, path)
        self.above.discard(id(node))
        return result

    def mapping(self, node: yaml.MappingNode, path: tuple[Any, ...]) -> dict[Any, Any]:
        """A mapping's data; a key given twice is a problem."""
        result: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self.complain(key_node, "a key must be a word or a number")
                continue
            key = self.scalar(key_node)
            if key in result:
                shown = ".".join(str(part) for part in (*path, key))
                self.complain(key_node, f"{shown}: given twice, first in line {self.lines[(*path, key)]}")
                continue
            self.lines[(*path, key)] = key_node.start_mark.line + 1
            result[key] = self.build(value_node, (*path, key))
        return result

    def scalar(self, node: yaml.ScalarNode) -> Any:
        """A scalar's value by its tag, quoted or plain."""
        text, kind = node.value, _short(node.tag)
        if kind == "str":
            return text
        try:
            if kind == "null":
                return None
            if kind == "bool" and text.lower() in ("true", "false"):
                return text.lower() == "true"
            if kind == "int":
                number = int(text, 0 if text[:2] in ("0o", "0x") else 10)
                float(number)  # beyond the largest float nothing is a number here
                return number
            if kind == "float":
                return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
        except (ValueError, OverflowError):
            self.complain(node, f"{text[:40]}: cannot be read as a number")
            return None
        self.complain(node, f"the tag {kind} is not allowed")
        return None


def _short(tag: str) -> str:
    return tag.removeprefix(_CORE)
