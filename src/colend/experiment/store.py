"""Results in one SQLite file: a finished run is one transaction, so whatever kills the driver leaves whole runs only.

The driver alone writes. Every table of a run has a content hash over all its numbers (`colend.experiment.content`);
resuming needs no second look at old rows. Wall times and `failures` are not content.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from colend.experiment.content import Place, Tables, content_hash
from colend.experiment.database import DATABASE, HELD, check_results, connect, damaged, explained, tables_in
from colend.experiment.errors import StoreError
from colend.experiment.kept import MAKE_TABLE, found, kept_keys, put_away, taken_out
from colend.experiment.locking import nobody_else_in, taken
from colend.experiment.manifest import DERIVED, set_aside
from colend.experiment.provenance import made_here
from colend.files import forget_unfinished, written_whole
from colend.scenario.design import Run, canonical
from colend.scenario.tables import TABLES

_SQL_TYPES = {"f": "REAL", "i": "INTEGER", "u": "INTEGER", "b": "INTEGER", "U": "TEXT", "O": "TEXT", "S": "TEXT"}


class Store:
    """The results of one folder, opened to add runs: a context manager that locks the folder while it is open."""

    def __init__(
        self, folder: Path, source: str, fresh: bool = False, sampled: bool = False, looking: bool = False
    ) -> None:
        """Open `folder`/results.sqlite; all runs in one file share `source`, the model's version, and, if `sampled`,
        what drew their points.

        The file is made, or with `fresh` what it holds thrown away, when something is written: who is refused before
        must find it as it was. Who is only `looking` makes and locks nothing, and is refused what others would be.
        Raises StoreError: status 2 when the folder is in use or holds results of another version, 1 when the file is
        damaged.
        """
        self.folder, self.path = folder, folder / DATABASE
        self._made_here = made_here(source, sampled)
        self._logging = False
        with ExitStack() as stack:  # what is opened is closed when anything is refused
            stack.enter_context(nobody_else_in(folder, "choose another --out") if looking else taken(folder))
            self.connection = sqlite3.connect(":memory:")
            stack.callback(lambda: self.connection.close())
            with explained(self.path, opening=True):
                self._anew = fresh or not self.path.is_file() or not self._goes_on(looking)
                if self._anew:
                    self._make_tables()
            self._open = stack.pop_all()
        for place in () if looking else (folder, *(folder / name for name in DERIVED)):
            forget_unfinished(place)

    def _goes_on(self, looking: bool) -> bool:
        """Whether the file holds results, which must be such as are made here."""
        there = connect(self.path) if looking else self._connected()
        if goes_on := check_results(self.path, there, self._made_here):
            self.connection, there = there, self.connection
        there.close()
        return goes_on

    def _connected(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path.absolute().as_uri(), uri=True)

    def _make_tables(self) -> None:
        execute = self.connection.execute
        execute("CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT)")
        self.connection.executemany("INSERT INTO meta VALUES (?, ?)", self._made_here.items())
        execute(  # without a rowid the table is its own index: the text of a sweep's point can be long
            "CREATE TABLE finished (key TEXT, arm TEXT, seed INTEGER, point TEXT, PRIMARY KEY (arm, seed, point)) "
            "WITHOUT ROWID"
        )
        execute("CREATE TABLE content (arm TEXT, seed INTEGER, point TEXT, held_in TEXT, hash TEXT)")
        execute(MAKE_TABLE)
        execute("CREATE TABLE failures (arm TEXT, seed INTEGER, point TEXT, parameters TEXT, error TEXT)")

    def begin(self) -> None:
        """Be ready to write: from now on there is a file, with a log beside it, and no manifest, which would speak of
        other results than there are.

        Raises StoreError (status 2), with all as it was, when another program holds the file or it cannot be written.
        """
        if self._logging:
            return
        if not self._anew:
            self._begin_logging()
        set_aside(self.folder)
        if self._anew:
            self.connection.close()
            for suffix in ("", "-wal", "-shm", "-journal"):
                Path(f"{self.path}{suffix}").unlink(missing_ok=True)
            self.connection = self._connected()
            self._begin_logging()
            with self._writing():
                self._make_tables()

    def _begin_logging(self) -> None:
        with explained(self.path, opening=True):
            self.connection.execute("PRAGMA main.journal_mode=WAL")
            self.connection.execute("PRAGMA main.synchronous=NORMAL")
        self._logging = True

    def __enter__(self) -> Store:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_exception: object) -> None:
        with self._open, suppress(*([StoreError] if kind else [])):  # what went wrong before is what matters
            self.seal()

    def seal(self) -> None:
        """Check the write-ahead log into the file and close it; the folder stays locked.

        Raises StoreError (status 1) when there is no room; the log then stays beside the file, and is read with it.
        """
        if self._logging:
            with explained(self.path):
                self._end_logging()
            self._logging = False
        self.connection.close()

    def _end_logging(self) -> None:
        """Back to one file. While another program has that open it cannot be: the folder then gets a copy, and that
        program keeps what it has. (The log must not be there without the file of which it is, so it goes last; read
        with the copy it says what the copy says, page by page.)
        """
        try:
            self.connection.execute("PRAGMA journal_mode=DELETE")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in HELD:
                raise
        with written_whole(self.path) as copy, closing(sqlite3.connect(copy)) as target:
            self.connection.backup(target)
            target.execute("PRAGMA journal_mode=DELETE")
        self.connection.close()
        for suffix in ("-wal", "-shm"):
            Path(f"{self.path}{suffix}").unlink(missing_ok=True)

    def finished(self) -> dict[str, Place]:
        """Keys of the runs that are in the file, with their place."""
        with explained(self.path):
            rows = self.connection.execute("SELECT key, arm, seed, point FROM finished")
            return {key: (arm, seed, point) for key, arm, seed, point in rows}

    def kept(self) -> list[str]:
        """Keys of the runs that were put away."""
        with explained(self.path):
            return kept_keys(self.connection)

    def missing(self, wanted: Iterable[Run]) -> list[Run]:
        """Those runs that are not in the file."""
        left = {run.key: run for run in wanted}
        with explained(self.path):
            for (key,) in self.connection.execute("SELECT key FROM finished"):
                left.pop(key, None)
        return list(left.values())

    def to_run(self, wanted: Sequence[Run]) -> list[Run]:
        """Those runs that are nowhere in the file, neither in the tables nor put away nor under another arm's name."""
        missing = self.missing(wanted)
        shown = set(self.finished()) if missing else set()
        elsewhere = [*shown.difference(run.key for run in wanted), *self.kept()]
        back = {run.key for run, _ in found(elsewhere, missing)}
        return [run for run in missing if run.key not in back]

    def put_away(self, wanted: Iterable[Run]) -> list[str]:
        """Pack away (`kept`) the runs that are not wanted and forget the failures, so that the tables hold what the
        scenario says.

        Returns the keys of the runs that were put away. Each table is passed over once, however many there are.
        """
        with explained(self.path):
            lost = set(self.connection.execute("SELECT arm, seed, point FROM failures"))
        keys = set()
        for run in wanted:
            keys.add(run.key)
            if lost:
                lost.discard(run.place)
        with explained(self.path):
            rows = self.connection.execute("SELECT key, arm, seed, point FROM finished")
            stale = {tuple(place): key for key, *place in rows if key not in keys}
        if not stale and not lost:
            return []  # the file stays as it is, to the byte
        with self._writing():
            if stale:
                put_away(self.connection, self._existing(), stale)
            self.connection.executemany("DELETE FROM failures WHERE (arm, seed, point) = (?, ?, ?)", lost)
        return list(stale.values())

    def bring_back(self, wanted: Iterable[Run]) -> None:
        """Unpack those of the wanted runs that were put away, whatever their arms were called then."""
        kept = self.kept()
        if not (back := list(found(kept, self.missing(wanted))) if kept else []):
            return
        with self._writing():
            for run, key in back:
                try:
                    self._put(run, taken_out(self.connection, key))
                except (zlib.error, ValueError) as error:
                    raise damaged(self.path, f"{run.name}: {error}") from error

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """One transaction; what goes wrong becomes a StoreError."""
        self.begin()
        with explained(self.path), self.connection:
            self.connection.execute("BEGIN")
            yield

    def _existing(self) -> list[str]:
        names = tables_in(self.connection)
        return [table for table in TABLES if table in names]

    def add(self, run: Run, tables: Tables) -> None:
        """Write a finished run, all or nothing; StoreError (status 1) when the disk is full or the file fails."""
        with self._writing():
            self._put(run, tables)

    def _put(self, run: Run, tables: Tables) -> None:
        place = run.place
        self.connection.execute("INSERT INTO finished VALUES (?, ?, ?, ?)", (run.key, *place))
        for table, columns in tables.items():
            self._insert(table, columns, place)
        self.connection.executemany(
            "INSERT INTO content VALUES (?, ?, ?, ?, ?)",
            ((*place, table, content_hash(table, columns)) for table, columns in tables.items()),
        )
        self.connection.execute("DELETE FROM failures WHERE arm = ? AND seed = ? AND point = ?", place)

    def _insert(self, table: str, columns: Mapping[str, np.ndarray], place: Place) -> None:
        names = list(columns)
        kinds = ", ".join(f'"{name}" {_SQL_TYPES[np.asarray(columns[name]).dtype.kind]}' for name in names)
        self.connection.execute(f"CREATE TABLE IF NOT EXISTS {table} (arm TEXT, seed INTEGER, point TEXT, {kinds})")
        values = [np.asarray(columns[name]).tolist() for name in names]
        marks = ", ".join("?" * (len(names) + 3))
        quoted = ", ".join(f'"{name}"' for name in names)
        self.connection.executemany(
            f"INSERT INTO {table} (arm, seed, point, {quoted}) VALUES ({marks})",
            ((*place, *row) for row in zip(*values, strict=True)),
        )

    def absorb(self, part: Path) -> None:
        """Take over, in one transaction, the runs of another file that are not here, and what failed there and is not
        here.
        """
        self.begin()
        execute = self.connection.execute
        with explained(part):
            execute("ATTACH ? AS part", (f"{part.absolute().as_uri()}?mode=ro",))
        places = "(arm, seed, point)"
        try:
            with self._writing():
                execute(
                    "CREATE TEMP TABLE new AS SELECT arm, seed, point FROM part.finished "
                    "EXCEPT SELECT arm, seed, point FROM main.finished"
                )
                made = execute("SELECT name, sql FROM part.sqlite_master WHERE type = 'table'").fetchall()
                for table, sql in made:
                    if table in TABLES and table not in self._existing():
                        execute(sql)
                for table in (*(name for name, _ in made if name in TABLES), "content", "finished"):
                    names = ", ".join(f'"{row[1]}"' for row in execute(f"PRAGMA part.table_info({table})"))
                    order = "ORDER BY rowid" if table in TABLES else ""  # a run's rows stand together, as written
                    execute(
                        f"INSERT INTO main.{table} ({names}) SELECT {names} FROM part.{table} "
                        f"WHERE {places} IN (SELECT * FROM new) {order}"
                    )
                execute(f"DELETE FROM main.failures WHERE {places} IN (SELECT arm, seed, point FROM main.finished)")
                execute(
                    f"INSERT INTO main.failures SELECT * FROM part.failures WHERE {places} NOT IN (SELECT arm, seed, "
                    f"point FROM main.finished) AND {places} NOT IN (SELECT arm, seed, point FROM main.failures)"
                )
                execute("DROP TABLE temp.new")
        finally:
            execute("DETACH part")

    def fail(self, run: Run, error: str) -> None:
        """Note a run that failed, with its parameters and traceback."""
        place = run.place
        with self._writing():
            self.connection.execute("DELETE FROM failures WHERE arm = ? AND seed = ? AND point = ?", place)
            self.connection.execute(
                "INSERT INTO failures VALUES (?, ?, ?, ?, ?)", (*place, canonical(run.setting.content()), error)
            )

    def replace(self, table: str, names: tuple[str, ...], rows: Iterable[tuple[Any, ...]], numbers: int = 0) -> None:
        """Write a derived table anew, in its own transaction; its last `numbers` columns hold numbers."""
        texts = len(names) - numbers
        columns = [f'"{name}" {"TEXT" if i < texts else "REAL"}' for i, name in enumerate(names)]
        with self._writing():
            self.connection.execute(f"DROP TABLE IF EXISTS {table}")
            self.connection.execute(f"CREATE TABLE {table} ({', '.join(columns)})")
            self.connection.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(names))})", rows)


def runs_in(path: Path) -> int:
    """How many finished runs a file of whatever version holds, shown or put away; none where that cannot be told."""
    with suppress(StoreError), explained(path), closing(connect(path)) as connection:
        there = tables_in(connection)
        found = "SELECT count(*) FROM finished", "SELECT count(DISTINCT key) FROM kept"
        return sum(connection.execute(one).fetchone()[0] for one in found if one.rpartition(" ")[2] in there)
    return 0
