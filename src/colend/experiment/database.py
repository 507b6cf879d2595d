"""The SQLite file of a folder as everybody reads it, and what to say where it cannot be read."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from colend.experiment.content import hash_by_table
from colend.experiment.errors import StoreError
from colend.experiment.provenance import differences
from colend.scenario.errors import nearest

DATABASE = "results.sqlite"
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
HELD = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
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
        if code in HELD:
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
    return nearest(folder.name, there, there.__getitem__)


def tables_in(connection: sqlite3.Connection) -> set[str]:
    """Names of the tables in a file; none when its driver was killed as it had made the file."""
    return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def table_hashes(path: Path) -> dict[str, str]:
    """The content hash of every table in a file. StoreError (status 1) if unreadable."""
    with explained(path), closing(connect(path)) as connection:
        return hash_by_table(connection)


def check_results(path: Path, connection: sqlite3.Connection, here: dict[str, str]) -> bool:
    """Whether a file holds results, or was just made when its driver was killed.

    StoreError: status 2 when they are not such as are made `here` (or nobody's), 1 when a page is damaged: every one
    is looked at, as what is damaged must not be written to.
    """
    there = tables_in(connection)
    if not there:
        return False
    made = dict(connection.execute("SELECT name, value FROM meta").fetchall()) if "meta" in there else {}
    if made != here:
        raise StoreError(
            f"{path} holds results of {' and '.join(differences(made, here))}; "
            "choose another --out, or --fresh to throw them away and start anew",
            2,
        )
    (state,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if state != "ok":
        raise damaged(path, state.splitlines()[-1])
    return True
