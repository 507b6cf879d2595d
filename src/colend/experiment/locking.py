"""A folder of results is changed by one run at a time."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from colend.experiment.errors import StoreError

_NAME = ".lock"


def taken(folder: Path) -> IO[bytes]:
    """Make a folder, and keep all others out of it until the file returned is closed.

    Raises StoreError (status 2) when it cannot be made, is in use, or cannot be locked; nothing is left behind then.
    """
    try:
        made = [path for path in (folder / _NAME, folder, *folder.parents) if not path.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        file = open(folder / _NAME, "wb")  # noqa: SIM115 (held until the caller closes it)
    except OSError as error:
        raise StoreError(f"--out {folder}: {error.strerror}", 2) from None
    except UnicodeEncodeError as error:
        raise StoreError(f"--out {folder}: no name for a folder here, where names are {error.encoding}", 2) from None
    _lock(file, fcntl.LOCK_EX, folder, "choose another --out", made)
    return file


def in_use(folder: Path) -> bool:
    """Whether runs are under way in a folder, as far as that can be known."""
    try:
        with nobody_else_in(folder):
            return False
    except StoreError as error:
        return isinstance(error.__context__, BlockingIOError)


@contextmanager
def nobody_else_in(folder: Path) -> Iterator[None]:
    """StoreError (status 2) when a run is under way in the folder, or it cannot be known."""
    try:
        file = open(folder / _NAME, "rb")  # noqa: SIM115 (closed below)
    except FileNotFoundError:  # copied from elsewhere without it
        yield
        return
    with file:
        _lock(file, fcntl.LOCK_SH, folder, "leave it out")
        yield


def _lock(file: IO[bytes], how: int, folder: Path, otherwise: str, made: Sequence[Path] = ()) -> None:
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise StoreError(f"{folder} is in use by another run; wait for it or {otherwise}", 2) from None
    except OSError as error:
        file.close()
        with suppress(OSError):  # somebody else has put something there
            for path in made:
                path.unlink() if path.name == _NAME else path.rmdir()
        raise StoreError(
            f"{folder} is on a file system that cannot lock files ({error.strerror}); move it to one that can or "
            f"{otherwise}",
            2,
        ) from None
