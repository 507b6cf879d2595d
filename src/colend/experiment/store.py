"""Results in one SQLite file: a finished run is one transaction, so whatever kills the driver leaves whole runs only.

The driver alone writes. Every table of a run has a content hash over all its numbers; a table's hash is the hash of its
sorted run hashes, so resuming needs no second look at old rows. Wall times and `failures` are not content.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import numpy as np

from colend.scenario.design import Run, canonical, point_name

SCHEMA_VERSION = 1
TABLES = ("runs", "months", "banks", "platforms", "regions", "alliances", "alliance_months")
KEYS = ("arm", "seed", "point")
_SQL_TYPES = {"f": "REAL", "i": "INTEGER", "u": "INTEGER", "b": "INTEGER", "U": "TEXT", "O": "TEXT", "S": "TEXT"}

Tables = Mapping[str, Mapping[str, np.ndarray]]


class StoreError(Exception):
    """Results cannot be read or written; `status` is the exit status that says how bad it is."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


def content_hash(table: str, columns: Mapping[str, np.ndarray]) -> str:
    """SHA-256 over one table of a run: names, types and bytes, columns in sorted order."""
    digest = hashlib.sha256(table.encode())
    for name in sorted(columns):
        column = np.asarray(columns[name])
        digest.update(f"\0{name}\0{len(column)}\0".encode())
        if column.dtype.kind == "f":
            column = np.where(np.isnan(column), np.nan, column)  # one bit pattern for missing
            digest.update(np.ascontiguousarray(column, dtype="<f8").tobytes())
        elif column.dtype.kind in "iub":
            digest.update(np.ascontiguousarray(column, dtype="<i8").tobytes())
        else:
            digest.update("\0".join(str(value) for value in column).encode())
    return digest.hexdigest()


def _key(run: Run) -> tuple[str, int, str]:
    return run.setting.arm, run.seed, point_name(run.setting.point)


class Store:
    """The results of one folder, opened to add runs: a context manager that locks the folder while it is open."""

    def __init__(self, folder: Path, source: str, fresh: bool = False) -> None:
        """Open or create `folder`/results.sqlite; `source` is the model's version, which all runs in one file share.

        Raises StoreError: status 2 when the folder is in use or holds results of another version, 1 when the file is
        damaged.
        """
        self.folder, self.path = folder, folder / "results.sqlite"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = open(folder / ".lock", "w")  # noqa: SIM115 (held until close)
        except OSError as error:
            raise StoreError(f"--out {folder}: {error.strerror}", 2) from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            raise StoreError(f"{folder} is in use by another run; wait for it or choose another --out", 2) from None
        try:
            if fresh:
                for suffix in ("", "-wal", "-shm"):
                    Path(f"{self.path}{suffix}").unlink(missing_ok=True)
            self.connection = sqlite3.connect(self.path)
            self._prepare(source)
        except sqlite3.DatabaseError as error:
            self._lock.close()
            raise StoreError(_damaged(self.path, error), 1) from error
        except StoreError:
            self.close()
            raise

    def _prepare(self, source: str) -> None:
        execute = self.connection.execute
        execute("PRAGMA journal_mode=WAL")
        execute("PRAGMA synchronous=NORMAL")
        execute("CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT)")
        found = dict(execute("SELECT name, value FROM meta"))
        wanted = {"schema_version": str(SCHEMA_VERSION), "source": source}
        if found and found != wanted:
            raise StoreError(
                f"{self.path} holds results of another version of colend; "
                "choose another --out, or --fresh to throw them away and start anew",
                2,
            )
        if not found:
            with self.connection:
                self.connection.executemany("INSERT INTO meta VALUES (?, ?)", wanted.items())
        execute("CREATE TABLE IF NOT EXISTS finished (key TEXT PRIMARY KEY, arm TEXT, seed INTEGER, point TEXT)")
        execute("CREATE TABLE IF NOT EXISTS content (arm TEXT, seed INTEGER, point TEXT, held_in TEXT, hash TEXT)")
        execute("CREATE TABLE IF NOT EXISTS failures (arm TEXT, seed INTEGER, point TEXT, parameters TEXT, error TEXT)")
        self.connection.commit()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_exception) -> None:
        self.close()

    def close(self) -> None:
        """Check the write-ahead log into the file and let go of the folder."""
        if hasattr(self, "connection"):
            with suppress(sqlite3.Error):  # a full disk: the log stays beside the file and is read with it
                self.connection.execute("PRAGMA journal_mode=DELETE")  # back to one file
            self.connection.close()
        self._lock.close()

    def finished(self) -> set[str]:
        """Keys of the runs that are in the file."""
        return {key for (key,) in self.connection.execute("SELECT key FROM finished")}

    def keep_only(self, keys: Iterable[str]) -> None:
        """Throw away runs that the scenario does not ask for, so that the folder holds what it says."""
        wanted = set(keys)
        with self._writing():
            rows = self.connection.execute("SELECT arm, seed, point, key FROM finished").fetchall()
            for *place, key in rows:
                if key not in wanted:
                    for table in (*self._existing(), "content", "finished"):
                        self.connection.execute(f"DELETE FROM {table} WHERE arm = ? AND seed = ? AND point = ?", place)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """One transaction; a full disk or a failing file becomes a StoreError (status 1)."""
        try:
            with self.connection:
                yield
        except sqlite3.Error as error:
            raise StoreError(
                f"{self.path}: {error}; finished runs are kept, make room and run the same command again", 1
            ) from error

    def _existing(self) -> list[str]:
        names = {name for (name,) in self.connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        return [table for table in TABLES if table in names]

    def add(self, run: Run, tables: Tables) -> None:
        """Write a finished run, all or nothing; StoreError (status 1) when the disk is full or the file fails."""
        key = _key(run)
        with self._writing():
            for table, columns in tables.items():
                self._insert(table, columns, key)
            self.connection.executemany(
                "INSERT INTO content VALUES (?, ?, ?, ?, ?)",
                ((*key, table, content_hash(table, columns)) for table, columns in tables.items()),
            )
            self.connection.execute("INSERT INTO finished VALUES (?, ?, ?, ?)", (run.key, *key))
            self.connection.execute("DELETE FROM failures WHERE arm = ? AND seed = ? AND point = ?", key)

    def _insert(self, table: str, columns: Mapping[str, np.ndarray], key: tuple) -> None:
        names = list(columns)
        kinds = ", ".join(f'"{name}" {_SQL_TYPES[np.asarray(columns[name]).dtype.kind]}' for name in names)
        self.connection.execute(f"CREATE TABLE IF NOT EXISTS {table} (arm TEXT, seed INTEGER, point TEXT, {kinds})")
        values = [np.asarray(columns[name]).tolist() for name in names]
        marks = ", ".join("?" * (len(names) + 3))
        quoted = ", ".join(f'"{name}"' for name in names)
        self.connection.executemany(
            f"INSERT INTO {table} (arm, seed, point, {quoted}) VALUES ({marks})",
            ((*key, *row) for row in zip(*values, strict=True)),
        )

    def fail(self, run: Run, error: str) -> None:
        """Note a run that failed, with its parameters and traceback."""
        key = _key(run)
        with self._writing():
            self.connection.execute("DELETE FROM failures WHERE arm = ? AND seed = ? AND point = ?", key)
            self.connection.execute(
                "INSERT INTO failures VALUES (?, ?, ?, ?, ?)", (*key, canonical(run.setting.content()), error)
            )

    def replace(self, table: str, names: tuple[str, ...], rows: Iterable[tuple], numbers: int = 0) -> None:
        """Write a derived table anew, in its own transaction; its last `numbers` columns hold numbers."""
        texts = len(names) - numbers
        columns = [f"{name} {'TEXT' if i < texts else 'REAL'}" for i, name in enumerate(names)]
        with self._writing():
            self.connection.execute(f"DROP TABLE IF EXISTS {table}")
            self.connection.execute(f"CREATE TABLE {table} ({', '.join(columns)})")
            self.connection.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(names))})", rows)


def table_hashes(path: Path) -> dict[str, str]:
    """The content hash of every table in a file: over its runs' hashes, sorted. StoreError (status 1) if unreadable."""
    hashes: dict[str, list[str]] = {}
    with closing(connect(path)) as connection:
        try:
            for arm, seed, point, table, value in connection.execute("SELECT * FROM content"):
                hashes.setdefault(table, []).append(f"{arm}\0{seed}\0{point}\0{value}")
        except sqlite3.DatabaseError as error:
            raise StoreError(_damaged(path, error), 1) from error
    return {
        table: hashlib.sha256("\n".join(sorted(values)).encode()).hexdigest()
        for table, values in sorted(hashes.items())
    }


def connect(path: Path) -> sqlite3.Connection:
    """A connection that only reads; StoreError (status 2) when there are no results."""
    if not path.is_file():
        raise StoreError(f"no results in {path.parent}: {path.name} is missing", 2)
    return sqlite3.connect(f"file:{path}?mode=ro", uri=True)


def stored_hash(connection: sqlite3.Connection, arm: str, seed: int, point: str, table: str) -> str:
    """The content hash of one table of one run, computed again from its rows."""
    kinds = {row[1]: row[2] for row in connection.execute(f"PRAGMA table_info({table})") if row[1] not in KEYS}
    quoted = ", ".join(f'"{name}"' for name in kinds)
    rows = connection.execute(
        f"SELECT {quoted} FROM {table} WHERE arm = ? AND seed = ? AND point = ? ORDER BY rowid", (arm, seed, point)
    ).fetchall()
    types = {"REAL": np.float64, "INTEGER": np.int64, "TEXT": object}
    columns = {
        name: np.array([row[i] for row in rows], dtype=types[kind]) for i, (name, kind) in enumerate(kinds.items())
    }
    return content_hash(table, columns)


def _damaged(path: Path, error: Exception) -> str:
    return f"{path} is damaged ({error}); it was left as it is. Move it away, or use --fresh to start anew"


def atomic_write(path: Path, text: str) -> None:
    """Write a text file so that it appears whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(temporary, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
