"""Finished runs that are not asked for now, as they lie in the database until somebody asks for them again.

Each table of such a run is one packed value, so that runs of any number of settings have room side by side, and nobody
who reads the tables of results meets them.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from colend.experiment.content import Place, column_of, kinds_of, stored_runs
from colend.scenario.design import Run, simulation_of

MAKE_TABLE = "CREATE TABLE kept (key TEXT, held_in TEXT, packed BLOB, PRIMARY KEY (key, held_in))"
_CHOSEN = "WHERE (arm, seed, point) IN (SELECT arm, seed, point FROM stale)"


def kept_keys(connection: sqlite3.Connection) -> list[str]:
    """Keys of the runs that were put away."""
    return [key for (key,) in connection.execute("SELECT DISTINCT key FROM kept ORDER BY key")]


def put_away(connection: sqlite3.Connection, tables: Sequence[str], stale: Mapping[Place, str]) -> None:
    """Pack the runs at these places, by their keys, and take them out of the tables, of which the empty ones go."""
    execute = connection.execute
    execute("CREATE TEMP TABLE stale (arm TEXT, seed INTEGER, point TEXT, PRIMARY KEY (arm, seed, point))")
    connection.executemany("INSERT INTO stale VALUES (?, ?, ?)", stale)
    for table in tables:
        connection.executemany("INSERT OR REPLACE INTO kept VALUES (?, ?, ?)", _packed(connection, table, stale))
        execute(f"DELETE FROM {table} {_CHOSEN}")
        if execute(f"SELECT EXISTS (SELECT 1 FROM {table})").fetchone() == (0,):
            execute(f"DROP TABLE {table}")  # other settings may measure something else
    for table in ("content", "finished"):
        execute(f"DELETE FROM {table} {_CHOSEN}")
    execute("DROP TABLE stale")


def _packed(connection: sqlite3.Connection, table: str, keys: Mapping[Place, str]) -> Iterator[tuple[str, str, bytes]]:
    """What `kept` holds of a table of the runs that are stale, a row for each."""
    kinds = kinds_of(connection, table)
    without_rows = set(connection.execute(f"SELECT arm, seed, point FROM content {_CHOSEN} AND held_in = ?", (table,)))
    for place, columns in stored_runs(connection, table, kinds, _CHOSEN):
        without_rows.discard(place)
        yield keys[place], table, _pack(kinds, columns)
    for place in without_rows:
        yield keys[place], table, _pack(kinds, {})


def _pack(kinds: Mapping[str, str], columns: Mapping[str, Sequence[Any]]) -> bytes:
    typed = {name: [kind, columns.get(name, ())] for name, kind in kinds.items()}
    return zlib.compress(json.dumps(typed, separators=(",", ":")).encode(), level=1)


def taken_out(connection: sqlite3.Connection, key: str) -> dict[str, dict[str, np.ndarray]]:
    """The tables of a run that was put away, which then is there no more; zlib.error or ValueError when damaged."""
    rows = connection.execute("SELECT held_in, packed FROM kept WHERE key = ? ORDER BY rowid", (key,)).fetchall()
    tables = {
        table: {name: column_of(kind, values) for name, (kind, values) in json.loads(zlib.decompress(value)).items()}
        for table, value in rows
    }
    connection.execute("DELETE FROM kept WHERE key = ?", (key,))
    return tables


def found(kept: Iterable[str], wanted: Iterable[Run]) -> Iterator[tuple[Run, str]]:
    """Those of the wanted runs that are among the keys of kept ones, with that key: best the run's own, else that of
    another arm in which the same is simulated.
    """
    keys: dict[str, list[str]] = {}
    for key in kept:
        keys.setdefault(simulation_of(key), []).append(key)
    others = []
    for run in wanted:
        same = keys.get(simulation_of(run.key), [])
        if run.key in same:
            same.remove(run.key)
            yield run, run.key
        elif same:
            others.append(run)
    for run in others:
        if same := keys[simulation_of(run.key)]:
            yield run, same.pop()
