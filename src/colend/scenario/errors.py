"""What is wrong with a scenario: every problem of it at once, one line each."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any


class ScenarioError(ValueError):
    """The user's input is wrong; `problems` holds one line for each thing that is."""

    def __init__(self, problems: Iterable[str]):
        self.problems = tuple(dict.fromkeys(problems))
        super().__init__("\n".join(self.problems))

    def __reduce__(self):
        return type(self), (self.problems,)


def nearest(word: str, words: Iterable[str]) -> str:
    """`; did you mean ...?` with the most similar of `words`, or nothing when none is similar."""
    words = list(words)
    found = difflib.get_close_matches(word, words, n=1, cutoff=0.6)
    if not found and "." in word:  # the right name in the wrong group
        name = word.rsplit(".", 1)[1]
        last = {other.rsplit(".", 1)[-1]: other for other in reversed(words)}
        found = [last[close] for close in difflib.get_close_matches(name, list(last), n=1, cutoff=0.75)]
    return f"; did you mean {found[0]}?" if found else ""


def shown(value: Any, longest: int = 60) -> str:
    """A value as a scenario would write it, cut to `longest` characters."""
    text = written(value)
    return text if len(text) <= longest else text[: longest - 3] + "..."


def written(value: Any) -> str:
    """A value as text: texts in quotes, mappings and lists in flow style."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return repr(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_plain(key)}: {written(part)}" for key, part in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(written(part) for part in value) + "]"
    return str(value)


def _plain(key: Any) -> str:
    return key if isinstance(key, str) else written(key)


def label(value: Any) -> str:
    """A value as a part of an arm's name: as `written`, texts without quotes."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_plain(key)}: {label(part)}" for key, part in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(label(part) for part in value) + "]"
    return written(value)
