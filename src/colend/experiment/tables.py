"""Tables of results, whole or in parts: as data frames, and as files that are written part by part."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from colend.experiment.content import KEYS
from colend.experiment.database import connect, explained
from colend.files import written_whole
from colend.scenario.design import Scenario, point_name
from colend.scenario.given import listed, unknown
from colend.scenario.tables import TABLES

ROWS_AT_ONCE = 20_000
_VALUES_AT_ONCE = 100_000  # as Python objects, before they become columns
_NUMBERS = {"REAL": "float64", "INTEGER": "int64"}  # missing numbers are NaN, also where all are missing


def parts(
    database: Path,
    table: str,
    measures: Sequence[str] | None = None,
    rows: int = ROWS_AT_ONCE,
    order: Scenario | None = None,
    **keys: Any,
) -> Iterator[Any]:
    """A table as data frames of at most `rows` rows, read one after the other; one empty frame where it has no rows.

    `keys`: `arm`, `seed`, `point`, or any column, each with a value or a list, choose rows; a point may be a mapping.
    `measures` chooses columns beside those that tell rows apart. `order`: a scenario, as whose seeds, points and arms
    runs follow each other; without one as they were written, the first done first. Nothing when the table was not
    recorded. KeyError when there is no such column, or no row with a value that is asked for of a column other than
    arm, seed and point.
    """
    import pandas as pd

    if rows < 1:
        raise ValueError(f"rows {rows}: at least 1")

    with explained(database), closing(connect(database)) as connection:
        texts: dict[str, str] = {}  # each once, however many rows it stands in: a sweep's points are long
        connection.text_factory = lambda text: texts.setdefault(word := text.decode(), word)
        kinds = {row[1]: row[2] for row in connection.execute(f'PRAGMA table_info("{table}")')}
        if not kinds:
            return
        wanted = None if measures is None else {*KEYS, *TABLES.get(table, ()), *measures}
        names = [name for name in kinds if wanted is None or name in wanted]
        for name in (*(measures or ()), *keys):
            if name not in kinds:
                raise unknown(f"column in {table}", name, kinds)
        keys = {name: listed(value) for name, value in keys.items()}
        _check_values(connection, table, keys)
        where, values = _where(keys)
        types = {name: _NUMBERS[kinds[name]] for name in names if kinds[name] in _NUMBERS}
        columns = ", ".join(f'"{name}"' for name in names)
        by = _ordered(connection, order) if order is not None and set(KEYS) <= set(kinds) else ""
        found = connection.execute(f'SELECT {columns} FROM "{table}"{where}{by}', values)
        rows = min(rows, max(1, _VALUES_AT_ONCE // len(names)))
        batch = found.fetchmany(rows)
        while True:
            part = pd.DataFrame.from_records(batch, columns=names).astype(types)
            yield part.copy()  # else its columns of texts hold all the objects that were read
            if not (batch := found.fetchmany(rows)):
                return


def columns(database: Path, table: str) -> list[str]:
    """Names of a table's columns, none when it was not recorded."""
    with explained(database), closing(connect(database)) as connection:
        return [row[1] for row in connection.execute(f'PRAGMA table_info("{table}")')]


def _check_values(connection: sqlite3.Connection, table: str, keys: Mapping[str, list[Any]]) -> None:
    """Values of columns within a run: those of runs are the scenario's to know, as not all of them may be there."""
    for name in set(keys) - set(KEYS):
        there = [value for (value,) in connection.execute(f'SELECT DISTINCT "{name}" FROM "{table}" ORDER BY 1')]
        for value in keys[name] if there else ():
            if value not in there:
                raise unknown(f"{name} in {table}", value, [one for one in there if one is not None])


def _where(keys: Mapping[str, list[Any]]) -> tuple[str, list[Any]]:
    conditions, values = [], []
    for name, several in keys.items():
        values += [point_name(dict(one)) if isinstance(one, Mapping) else one for one in several]
        conditions.append(f"{name} IN ({', '.join('?' * len(several))})")
    return (" WHERE " + " AND ".join(conditions) if conditions else ""), values


def _ordered(connection: sqlite3.Connection, scenario: Scenario) -> str:
    arms = {name: i for i, name in enumerate(scenario.arms)}
    points = {point_name(point): i for i, point in enumerate(scenario.points)}
    connection.create_function("place_of_arm", 1, arms.get, deterministic=True)
    connection.create_function("place_of_point", 1, points.get, deterministic=True)
    return " ORDER BY seed, place_of_point(point), place_of_arm(arm), rowid"


def frame(
    database: Path, table: str, measures: Sequence[str] | None = None, order: Scenario | None = None, **keys: Any
) -> Any:
    """A table, or the part of it that `parts` chooses, as one data frame; empty when it was not recorded."""
    return joined(parts(database, table, measures, order=order, **keys), measures)


def joined(found: Iterable[Any], measures: Sequence[str] | None) -> Any:
    """Data frames one under the other as one; without any, one that has the columns asked for and no row."""
    import pandas as pd

    frames = list(found)
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=[*KEYS, *(measures or ())])


def write(found: Iterable[Any], path: Path) -> None:
    """Data frames one under the other as .csv, or .parquet (a row group each); the file appears whole or not at all."""
    with written_whole(path) as beside:
        (_write_parquet if path.suffix == ".parquet" else _write_csv)(found, beside)


def _write_csv(found: Iterable[Any], path: Path) -> None:
    with open(path, "w", encoding="utf-8-sig", newline="") as file:
        for i, one in enumerate(found):
            as_csv(one, file, header=i == 0)


def as_csv(frame: Any, file: Any, header: bool = True) -> None:
    """Write a data frame to a text file as spreadsheets can have it: no text in it is taken for a formula.

    A text that begins like one (`=1+1`) and is no number gets an apostrophe before it, as in a cell typed by hand.
    """
    safe = frame.rename(columns=_as_text)
    for name, kind in safe.dtypes.items():
        if kind.kind not in "fiubM" and any(_as_text(text) != text for text in safe[name].unique()):
            safe = safe.assign(**{name: safe[name].map(_as_text)})
    safe.to_csv(file, index=False, header=header, lineterminator="\n")


def _as_text(value: Any) -> Any:
    if not isinstance(value, str) or not value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return value
    try:
        float(value)
    except ValueError:
        return f"'{value}"
    return value


def _write_parquet(found: Iterable[Any], path: Path) -> None:
    import pyarrow
    from pyarrow.parquet import ParquetWriter

    numbers = {"f": pyarrow.float64(), "i": pyarrow.int64()}
    found = iter(found)
    first = next(found)
    fields = [(name, numbers.get(kind.kind, pyarrow.string())) for name, kind in first.dtypes.items()]
    schema = pyarrow.schema(fields)
    with ParquetWriter(path, schema) as writer:
        for one in itertools.chain([first], found):
            writer.write_table(pyarrow.Table.from_pandas(one, schema, preserve_index=False))
