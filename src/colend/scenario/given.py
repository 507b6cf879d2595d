"""What Python users give: values of NumPy and pandas as plain data, and names that must exist."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterable, Iterator, KeysView, Mapping, Set, ValuesView
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from colend.scenario.errors import nearest

MOST_NAMED = 12
_Given = ParamSpec("_Given")
_Returned = TypeVar("_Returned")
_taken: dict[str, list[str]] = {}  # by function that users call, what it takes


def plain(value: Any) -> Any:
    """A value as YAML would have given it: Python numbers, texts, lists and dictionaries, copied.

    Arrays, series, ranges and tuples become lists, NumPy's numbers Python's, paths texts. What has no such form stays
    as it is, to be refused where it is used.
    """
    if hasattr(value, "tolist"):  # of NumPy and pandas
        value = value.tolist()
    if isinstance(value, Mapping):
        return {key if isinstance(key, tuple) else plain(key): plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple | range | Iterator | KeysView | ValuesView):
        return [plain(part) for part in value]
    return os.fspath(value) if isinstance(value, os.PathLike) else value


def listed(value: Any) -> list[Any]:
    """One value, or several of whatever kind, as a plain list."""
    found = plain(list(value) if isinstance(value, Set) else value)
    return found if isinstance(found, list) else [found]


def whole(name: str, value: Any, least: int, most: int | None = None) -> int:
    """A whole number of Python or NumPy within bounds; ValueError for anything else."""
    number = plain(value)
    if type(number) is not int or number < least or (most is not None and number > most):
        raise ValueError(
            f"{name} {value!r}: a whole number of at least {least}" + (f", at most {most}" if most else "")
        )
    return number


def unknown(
    what: str, value: Any, known: Iterable[Any], called: Iterable[Any] = (), most: int = MOST_NAMED
) -> KeyError:
    """The error of a name (or number) that does not exist: with the nearest one, or what it is `called`, and those
    that there are, `most` of them.
    """
    there = list(known)
    words = [one for one in (*there, *called) if isinstance(one, str)]
    hint = nearest(value, words) if isinstance(value, str) else ""
    named = ", ".join(map(repr, there[:most]))
    if len(there) > most:
        numbers = all(isinstance(one, int | float) for one in there)
        named = f"{min(there)} to {max(there)}" if numbers else f"{named} and {len(there) - most} more"
    return KeyError(f"no {what} {value!r}{hint}; there are: {named or 'none'}")


def called_by_users(*options: str) -> Callable[[Callable[_Given, _Returned]], Callable[_Given, _Returned]]:
    """For a function that users call: its TypeError says what it takes, and which other function takes what it does
    not. `options` are the names of its `**options`.
    """

    def told(function: Callable[_Given, _Returned]) -> Callable[_Given, _Returned]:
        name, signature = f"colend.{function.__name__}", inspect.signature(function)
        parameters = signature.parameters.values()
        takes = _taken[name] = [*(one.name for one in parameters if one.kind is not one.VAR_KEYWORD), *options]

        @wraps(function)
        def call(*given: _Given.args, **named: _Given.kwargs) -> _Returned:
            for wrong in (one for one in named if one not in takes):
                others = [f"{other} takes it" for other, names in _taken.items() if wrong in names]
                hint = f"; {', '.join(others)}" if others else nearest(wrong, takes)
                raise TypeError(f"{name} takes no {wrong!r}{hint}; it takes {', '.join(takes)}")
            try:
                signature.bind(*given, **named)
            except TypeError as error:
                raise TypeError(f"{name}: {error}; it takes {', '.join(takes)}") from None
            return function(*given, **named)

        return call

    return told
