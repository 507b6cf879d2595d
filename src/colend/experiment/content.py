"""Content hashes: what a run's tables hold, whatever the order of runs or columns and however the file lies on disk."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

import numpy as np

KEYS = ("arm", "seed", "point")
_TYPES = {"REAL": np.float64, "INTEGER": np.int64, "TEXT": object}

Tables = Mapping[str, Mapping[str, np.ndarray]]
Place = tuple[str, int, str]  # arm, seed, sweep point as text


def content_hash(table: str, columns: Mapping[str, np.ndarray]) -> str:
    """SHA-256 over one table of a run: names and values, columns in sorted order.

    Numbers as little-endian float64 or int64, text as UTF-8. All missing numbers are the same; so are 0 and -0, which
    SQLite does not tell apart.
    """
    digest = hashlib.sha256(table.encode())
    for name in sorted(columns):
        column = np.asarray(columns[name])
        digest.update(f"\0{name}\0{len(column)}\0".encode())
        if column.dtype.kind == "f":
            column = np.where(np.isnan(column), np.nan, column) + 0.0  # -0 + 0 = 0
            digest.update(np.ascontiguousarray(column, dtype="<f8").tobytes())
        elif column.dtype.kind in "iub":
            digest.update(np.ascontiguousarray(column, dtype="<i8").tobytes())
        else:
            digest.update("\0".join(str(value) for value in column).encode())
    return digest.hexdigest()


def kinds_of(connection: sqlite3.Connection, table: str) -> dict[str, str]:
    """Measures in a table, with the type of their columns."""
    rows = connection.execute(f"PRAGMA table_info({table})")
    return {name: kind for _, name, kind, *_ in rows if name not in KEYS}


def column_of(kind: str, values: Sequence[Any]) -> np.ndarray:
    """What SQLite gives of a column of that type, as it was before it was written."""
    return np.array(values, dtype=_TYPES[kind])


def stored_runs(
    connection: sqlite3.Connection, table: str, names: Iterable[str], chosen: str = ""
) -> Iterator[tuple[Place, dict[str, Sequence[Any]]]]:
    """The columns of every run in a table, or of those that an SQL condition says.

    One pass, one run in memory at a time: a run's rows were written together, so they stand together.
    """
    quoted = ", ".join(f'"{name}"' for name in (*KEYS, *names))
    rows = connection.execute(f"SELECT {quoted} FROM {table} {chosen} ORDER BY rowid")
    for place, group in groupby(rows, key=lambda row: row[: len(KEYS)]):
        yield place, dict(zip(names, list(zip(*group, strict=True))[len(KEYS) :], strict=True))


def stored_hashes(connection: sqlite3.Connection, table: str) -> Iterator[tuple[Place, str]]:
    """The content hash of every run in a table, computed again from its rows."""
    kinds = kinds_of(connection, table)
    for place, columns in stored_runs(connection, table, kinds):
        yield place, _hash_of(table, kinds, columns)


def _hash_of(table: str, kinds: Mapping[str, str], columns: Mapping[str, Sequence[Any]]) -> str:
    return content_hash(table, {name: column_of(kind, columns.get(name, ())) for name, kind in kinds.items()})


def changed_tables(connection: sqlite3.Connection) -> Iterator[tuple[str, Place]]:
    """Tables of runs, with the run, whose rows are not those that were written."""
    recorded: dict[str, dict[Place, str]] = {}
    for arm, seed, point, table, value in connection.execute("SELECT arm, seed, point, held_in, hash FROM content"):
        recorded.setdefault(table, {})[arm, seed, point] = value
    there = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    for table, expected in sorted(recorded.items()):
        wrong: list[Place] = []
        if table in there:
            for place, value in stored_hashes(connection, table):
                if expected.pop(place, None) != value:
                    wrong.append(place)
            empty = _hash_of(table, kinds_of(connection, table), {})
            wrong += [place for place, value in expected.items() if value != empty]
        else:
            wrong += list(expected)
        yield from ((table, place) for place in sorted(set(wrong)))


def hash_by_table(connection: sqlite3.Connection) -> dict[str, str]:
    """The hash of every table: that of the hashes of its runs, sorted by their places as text."""
    rows = connection.execute(
        "SELECT held_in, arm, seed, point, hash FROM content ORDER BY held_in, arm, CAST(seed AS TEXT), point"
    )
    hashes = {}
    for table, runs in groupby(rows, key=lambda row: row[0]):
        digest, between = hashlib.sha256(), b""
        for _, *place_and_hash in runs:  # one after the other: a million places do not sit in memory
            digest.update(between + "\0".join(map(str, place_and_hash)).encode())
            between = b"\n"
        hashes[table] = digest.hexdigest()
    return hashes
