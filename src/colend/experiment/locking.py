"""A folder of results is changed by one run at a time."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from colend.experiment.errors import StoreError

_NAME = ".lock"


def check_place(folder: Path) -> None:
    """StoreError (status 2) when a folder cannot be made, or not be written; nothing is made."""
    try:
        os.fsencode(folder)
    except UnicodeEncodeError as error:
        raise StoreError(f"--out {folder}: no name for a folder here, where names are {error.encoding}", 2) from None
    if folder.exists() and not folder.is_dir():
        raise StoreError(f"--out {folder}: is a file; a folder is wanted", 2)
    place = next(path for path in (folder, *folder.parents) if path.exists())
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        raise StoreError(f"--out {folder}: {place} cannot be written", 2)


@contextmanager
def taken(folder: Path) -> Iterator[None]:
    """Make a folder, and keep all others out of it.

    Raises StoreError (status 2) when it cannot be made, is in use, or cannot be locked; nothing is left behind then.
    """
    try:
        made = [path for path in (folder / _NAME, folder, *folder.parents) if not path.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        file = open(folder / _NAME, "wb")  # noqa: SIM115 (closed below)
    except OSError as error:
        raise StoreError(f"--out {folder}: {error.strerror}", 2) from None
    with file:
        _lock(file, fcntl.LOCK_EX, folder, "choose another --out", made)
        yield


def in_use(folder: Path) -> bool:
    """Whether runs are under way in a folder, as far as that can be known."""
    try:
        with nobody_else_in(folder):
            return False
    except StoreError as error:
        return isinstance(error.__context__, BlockingIOError)


@contextmanager
def nobody_else_in(folder: Path, otherwise: str = "leave it out") -> Iterator[None]:
    """StoreError (status 2) when a run is under way in the folder, or it cannot be known; nothing is made."""
    try:
        file = open(folder / _NAME, "rb")  # noqa: SIM115 (closed below)
    except FileNotFoundError:  # not there yet, or copied from elsewhere without it
        yield
        return
    with file:
        _lock(file, fcntl.LOCK_SH, folder, otherwise)
        yield


def _lock(file: IO[bytes], how: int, folder: Path, otherwise: str, made: Sequence[Path] = ()) -> None:
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except BlockingIOError:
        raise StoreError(f"{folder} is in use by another run; wait for it or {otherwise}", 2) from None
    except OSError as error:
        with suppress(OSError):  # somebody else has put something there
            for path in made:
                path.unlink() if path.name == _NAME else path.rmdir()
        raise StoreError(
            f"{folder} is on a file system that cannot lock files ({error.strerror}); move it to one that can or "
            f"{otherwise}",
            2,
        ) from None
