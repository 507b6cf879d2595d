"""A table: one row an agent, a column over all of them, quick to reach."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from colend.equations.numbers import Row, Whole
from colend.scenario.errors import nearest


class Table(np.recarray):
    """A record array that keeps its columns once they were asked for: np.recarray looks each one up anew, which in a
    market of a few thousand borrowers is a fifth of a run.

    A table is a view of a plain array, its `base`, and so are the columns that it keeps. A column of the table itself
    would hold what holds it, and Python's collector does not look into arrays: no table would ever be freed.

    The tables of each type of row are a class of their own, whose columns are attributes (`_kind_of`). So nothing is
    looked up in Python when Numba asks a table, at every call, for an attribute that tells kinds of arrays apart.
    """

    __getattribute__ = np.ndarray.__getattribute__
    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> np.ndarray: ...

    def __setattr__(self, name: str, value: Any) -> None:
        if name in (self.dtype.fields or ()):
            getattr(self, name)[...] = value
        elif hasattr(np.ndarray, name):
            np.ndarray.__setattr__(self, name, value)
        else:  # what is hung on a table is in no copy of it
            raise AttributeError(f"a table has no column {name!r}{nearest(name, self.dtype.names or ())}")

    def __array_finalize__(self, parent: Any) -> None:
        """Nothing to do: tables are made with record rows."""

    @overload  # type: ignore[override]
    def __getitem__(self, key: str) -> np.ndarray: ...
    @overload
    def __getitem__(self, key: Whole) -> Row: ...
    @overload
    def __getitem__(self, key: slice | np.ndarray | list[int]) -> Table: ...
    @overload
    def __getitem__(self, key: tuple[Any, ...]) -> Any: ...
    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            return getattr(self, key)
        part = self.view(np.ndarray)[key]
        return part.view(type(self)) if isinstance(part, np.ndarray) else part


class Column:
    """A column of a table, kept by the table that it was asked of (an attribute of its own goes before this one)."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, owner: Table | None, kind: type[Table]) -> Any:
        if owner is None:
            return self
        column = owner.view(np.ndarray)[self.name]
        if not isinstance(column.base, Table):
            owner.__dict__[self.name] = column  # a view: what is written to the table shows in it
        return column


@functools.cache
def _kind_of(dtype: np.dtype) -> type[Table]:
    """The class of tables with these rows."""
    return type("Table", (Table,), {name: Column(name) for name in dtype.names or ()})


@functools.cache  # NumPy hashes a new type field by field, and Numba asks for that at every call
def _with_records(dtype: np.dtype) -> np.dtype:
    """`dtype`, its rows records with attributes."""
    return np.dtype((np.record, dtype))


def zeros(dtype: np.dtype, rows: int | tuple[int, ...]) -> Table:
    """A table of zeros."""
    made: Table = np.zeros(rows, dtype=_with_records(dtype)).view(_kind_of(dtype))
    return made


def as_table(rows: np.ndarray) -> Table:
    """A structured array as a table; NumPy forgets on concatenating that tables were one."""
    return rows.view(_with_records(rows.dtype)).view(_kind_of(rows.dtype))
