"""What is wrong with a scenario: every problem of it at once, one line each."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Iterable
from typing import Any

NONE = "none"  # how nothing is written; YAML's own word is null


class ScenarioError(ValueError):
    """The user's input is wrong; `problems` holds one line for each thing that is."""

    def __init__(self, problems: Iterable[str]):
        self.problems = tuple(dict.fromkeys(map(_on_a_line, problems)))
        super().__init__("\n".join(self.problems))

    def __reduce__(self) -> tuple[type[ScenarioError], tuple[tuple[str, ...]]]:
        return type(self), (self.problems,)


def _on_a_line(problem: str) -> str:
    """With line breaks and whatever else a terminal would not show, or obey, as they are written in a text."""
    return problem if problem.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in problem)


class Problems(list[str]):
    """Problems found so far, and the words that they are about."""

    def __init__(self) -> None:
        super().__init__()
        self.words: set[str] = set()

    def about(self, place: str, key: str, what: str) -> None:
        """Add what is wrong with a key; the key, and the one that may have been meant, count as not set."""
        self.append(f"{place}: {key}: {what}")
        self.words.update(re.findall(r"\w+", key), re.findall(r"\w+", what.partition("did you mean ")[2]))

    def in_order(self) -> list[str]:
        """The problems by file, in the order in which files first appear, and line."""
        where = [re.match(r"(.*?):([0-9]+): ", problem) for problem in self]
        files = list(dict.fromkeys(found[1] for found in where if found))
        keys = [(files.index(found[1]), int(found[2])) if found else (len(files), 0) for found in where]
        return [self[i] for i in sorted(range(len(self)), key=keys.__getitem__)]


def nearest(word: str, words: Iterable[str], told: Callable[[str], Any] = str) -> str:
    """`; did you mean ...?` with the most similar of `words`, as `told`, or nothing when none is similar.

    Capitals, spaces and dashes make no word another.
    """
    plain = {_bare(one): one for one in reversed(list(words))}
    begun = [one for one in reversed(plain) if one.startswith(_bare(word))] if len(word) > 2 else []
    found = begun or difflib.get_close_matches(_bare(word), list(plain), n=1, cutoff=0.6)
    return f"; did you mean {told(plain[found[0]])}?" if found else ""


def _bare(word: str) -> str:
    return re.sub(r"[\s-]+", "_", word.strip().lower())


def nearest_key(key: str, keys: Iterable[str]) -> str:
    """As `nearest`, for a dotted key: in the same group, else below it, else in any, else similar as a whole."""
    keys = list(keys)
    key = _bare(key)
    group, _, name = key.rpartition(".")
    family = {one.rpartition(".")[2]: one for one in keys if one.rpartition(".")[0] == group}
    below = {one.rpartition(".")[2]: one for one in reversed(keys) if one.startswith(f"{group}.")}
    anywhere = {one.rpartition(".")[2]: one for one in reversed(keys)}
    for names, cutoff in ((family, 1.0), (below, 1.0), (family, 0.6), (below, 0.8), (anywhere, 0.8)):
        if found := difflib.get_close_matches(name, list(names), n=1, cutoff=cutoff):
            return f"; did you mean {names[found[0]]}?"
    found = difflib.get_close_matches(key, keys, n=1, cutoff=0.75)
    return f"; did you mean {found[0]}?" if found else ""


def meant(text: str) -> str:
    """`; did you mean ...?` with the number that people mean by a text, or how a list is written; else nothing."""
    bare = text.strip().removesuffix("%").strip()
    if re.fullmatch(r"[-+]?\d{1,3}([,_' ]\d{3})+(\.\d+)?|[-+]?\d+(_\d+)+", bare):
        bare = re.sub(r"[,_' ]", "", bare)
    try:
        number = float(bare)
    except ValueError:
        parts = [part.strip() for part in bare.split(",")]
        if len(parts) > 1 and all(re.fullmatch(r"[-+\w.]+", part) for part in parts):
            return f"; a list stands in brackets, [{', '.join(parts)}], and a decimal has a point"
        return ""
    if not math.isfinite(number):
        return ""
    return f"; did you mean {number / 100:.12g}?" if "%" in text else f"; did you mean {bare}?"


def shown(value: Any, longest: int = 60) -> str:
    """A value as a scenario would write it, cut to `longest` characters."""
    text = written(value)
    return text if len(text) <= longest else text[: longest - 3] + "..."


def listed(names: Iterable[str], most: int = 12) -> str:
    """Names in quotes with commas between, since a name may hold a comma; of many the first `most`."""
    every = list(names)
    more = f" and {len(every) - most:,} more" if len(every) > most else ""
    return ", ".join(shown(name, 200) for name in every[:most]) + more


def counted(number: int, one: str) -> str:
    """A number of things, which is `one` where there is a single one: 3 months, 1 month."""
    return f"{number:,} {one}{'s' * (number != 1)}"


def written(value: Any, quote: Callable[[str], str] = repr) -> str:
    """A value as text: texts in quotes, mappings and lists in flow style."""
    if value is None:
        return NONE
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, dict):
        keys = [key if isinstance(key, str) else written(key) for key in value]
        parts = [f"{key}: {written(part, quote)}" for key, part in zip(keys, value.values(), strict=True)]
        return "{" + ", ".join(parts) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(written(part, quote) for part in value) + "]"
    return str(value)


def label(value: Any) -> str:
    """A value as a part of an arm's name: as `written`, texts without quotes."""
    return written(value, str)
