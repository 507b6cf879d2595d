"""Results in one SQLite file: a finished run is one transaction, so whatever kills the driver leaves whole runs only.

The driver alone writes. Every table of a run has a content hash over all its numbers (`colend.experiment.content`);
resuming needs no second look at old rows. Wall times and `failures` are not content.
"""

from __future__ import annotations

import os
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import numpy as np

from colend.experiment.content import Place, Tables, content_hash, hash_by_table
from colend.experiment.errors import StoreError
from colend.experiment.kept import MAKE_TABLE, found, kept_keys, put_away, taken_out
from colend.experiment.locking import taken
from colend.experiment.provenance import differences, made_here
from colend.scenario.design import Run, canonical
from colend.scenario.errors import nearest

DATABASE = "results.sqlite"
TABLES = ("runs", "months", "banks", "platforms", "regions", "alliances", "alliance_months", "fishing")
_SQL_TYPES = {"f": "REAL", "i": "INTEGER", "u": "INTEGER", "b": "INTEGER", "U": "TEXT", "O": "TEXT", "S": "TEXT"}
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_HELD = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_NOT_WRITABLE = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM)
_NO_ROOM = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)


@contextmanager
def explained(path: Path, opening: bool = False) -> Iterator[None]:
    """Turn what SQLite says into a StoreError that says how to go on; `opening` when nothing was written yet."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        go_on = "finished runs are kept; run the same command again to go on"
        if code in _DAMAGED:
            raise damaged(path, error) from error
        if code in _HELD:
            text = "is held by another program (a database browser?). Close it and run the same command again"
        elif code in _NOT_WRITABLE:
            text = f"cannot be written ({error}). Choose another --out"
        elif code in _NO_ROOM:
            text, opening = f"cannot be written: the disk is full or fails ({error}). Make room; {go_on}", False
        else:
            text, opening = f"cannot be used ({error}). {go_on.capitalize()}", False
        raise StoreError(f"{path} {text}", 2 if opening else 1) from error


def damaged(path: Path, why: object) -> StoreError:
    """What to say of a file whose pages are not what SQLite wrote."""
    return StoreError(f"{path} is damaged ({why}); it was left as it is. Move it away or start anew with --fresh", 1)


class Store:
    """The results of one folder, opened to add runs: a context manager that locks the folder while it is open."""

    def __init__(self, folder: Path, source: str, fresh: bool = False, sampled: bool = False) -> None:
        """Open `folder`/results.sqlite; all runs in one file share `source`, the model's version, and, if `sampled`,
        what drew their points.

        The file is made, or with `fresh` what it holds thrown away, when something is written: who is refused before
        must find it as it was. Raises StoreError: status 2 when the folder is in use or holds results of another
        version, 1 when the file is damaged.
        """
        self.folder, self.path, self._made_here = folder, folder / DATABASE, made_here(source, sampled)
        self._logging = False
        self._lock = taken(folder)
        try:
            with explained(self.path, opening=True):
                self._anew = fresh or not self.path.is_file() or not self._goes_on()
                if self._anew:
                    self.connection = sqlite3.connect(":memory:")
                    self._make_tables()
        except StoreError:
            self._let_go()
            raise

    def _goes_on(self) -> bool:
        """Whether the file holds results, which must be such as are made here."""
        self.connection = sqlite3.connect(self.path.absolute().as_uri(), uri=True)
        execute = self.connection.execute
        there = tables_in(self.connection)
        if not there:  # it was killed when it had made the file
            self.connection.close()
            return False
        check_provenance(self.path, self.connection if "meta" in there else None, self._made_here)
        (state,) = execute("PRAGMA quick_check(1)").fetchone()  # every page: what is damaged must not be written to
        if state != "ok":
            raise damaged(self.path, state.splitlines()[-1])
        return True

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

    def _begin(self) -> None:
        """Be ready to write: from now on there is a file, with a log beside it."""
        if self._logging:
            return
        if self._anew:
            self.connection.close()
            for suffix in ("", "-wal", "-shm", "-journal"):
                Path(f"{self.path}{suffix}").unlink(missing_ok=True)
            self.connection = sqlite3.connect(self.path.absolute().as_uri(), uri=True)
        with explained(self.path, opening=True):
            self.connection.execute("PRAGMA main.journal_mode=WAL")
            self.connection.execute("PRAGMA main.synchronous=NORMAL")
            self._logging = True
            if self._anew:
                with self.connection:
                    self.connection.execute("BEGIN")
                    self._make_tables()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_exception) -> None:
        with suppress(*([StoreError] if kind else [])):  # what went wrong before is what matters
            self.close()

    def close(self) -> None:
        """Check the write-ahead log into the file and let go of the folder.

        Raises StoreError (status 1) when there is no room; the log then stays beside the file, and is read with it.
        """
        try:
            with explained(self.path):
                if self._logging:
                    self._end_logging()
        finally:
            self._let_go()

    def _end_logging(self) -> None:
        """Back to one file. While another program has that open it cannot be: the folder then gets a copy, and that
        program keeps what it has. (The log must not be there without the file of which it is, so it goes last; read
        with the copy it says what the copy says, page by page.)
        """
        try:
            self.connection.execute("PRAGMA journal_mode=DELETE")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in _HELD:
                raise
        copy = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        try:
            with closing(sqlite3.connect(copy)) as target:
                self.connection.backup(target)
                target.execute("PRAGMA journal_mode=DELETE")
            copy.replace(self.path)
        finally:
            copy.unlink(missing_ok=True)
        self.connection.close()
        for suffix in ("-wal", "-shm"):
            Path(f"{self.path}{suffix}").unlink(missing_ok=True)

    def _let_go(self) -> None:
        if hasattr(self, "connection"):
            self.connection.close()
        self._lock.close()

    def finished(self) -> dict[str, Place]:
        """Keys of the runs that are in the file, with their place."""
        with explained(self.path):
            rows = self.connection.execute("SELECT key, arm, seed, point FROM finished")
            return {key: (arm, seed, point) for key, arm, seed, point in rows}

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
        with explained(self.path):
            shown = {key for (key,) in self.connection.execute("SELECT key FROM finished")} if missing else set()
            elsewhere = [*shown.difference(run.key for run in wanted), *kept_keys(self.connection)]
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
        with explained(self.path):
            kept = kept_keys(self.connection)
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
        self._begin()
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
        self._begin()
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

    def replace(self, table: str, names: tuple[str, ...], rows: Iterable[tuple], numbers: int = 0) -> None:
        """Write a derived table anew, in its own transaction; its last `numbers` columns hold numbers."""
        texts = len(names) - numbers
        columns = [f'"{name}" {"TEXT" if i < texts else "REAL"}' for i, name in enumerate(names)]
        with self._writing():
            self.connection.execute(f"DROP TABLE IF EXISTS {table}")
            self.connection.execute(f"CREATE TABLE {table} ({', '.join(columns)})")
            self.connection.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(names))})", rows)


def tables_in(connection: sqlite3.Connection) -> set[str]:
    """Names of the tables in a file; none when its driver was killed as it had made the file."""
    return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def check_provenance(path: Path, connection: sqlite3.Connection | None, here: dict[str, str]) -> None:
    """StoreError (status 2) when the results in a file are not such as are made here, or are none (no connection)."""
    there = dict(connection.execute("SELECT name, value FROM meta").fetchall()) if connection else {}
    if there != here:
        raise StoreError(
            f"{path} holds results of {' and '.join(differences(there, here))}; "
            "choose another --out, or --fresh to throw them away and start anew",
            2,
        )


def table_hashes(path: Path) -> dict[str, str]:
    """The content hash of every table in a file. StoreError (status 1) if unreadable."""
    with explained(path), closing(connect(path)) as connection:
        return hash_by_table(connection)


def connect(path: Path) -> sqlite3.Connection:
    """A connection that only reads; StoreError (status 2) when there are no results."""
    if not path.is_file():
        raise StoreError(f"no results in {path.parent}: {path.name} is missing{folder_meant(path.parent)}", 2)
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)


def folder_meant(folder: Path) -> str:
    """`; did you mean ...?` with the folder of results beside this one whose name is most similar, if one is."""
    there: dict[str, Path] = {}
    with suppress(OSError):  # no such place, or one that may not be looked into
        there = {one.name: one for one in sorted(folder.parent.iterdir()) if (one / DATABASE).is_file()}
    return nearest(folder.name, there, there.get)


def atomic_write(path: Path, text: str) -> None:
    """Write a text file so that it appears whole or not at all.

    What is no text (a file's name in other bytes) is escaped, which in JSON means the same.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(temporary, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
