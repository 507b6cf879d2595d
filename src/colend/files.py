"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_BESIDE = re.compile(r"\..+\.(sqlite|json|csv|parquet|png|svg)\.\d+(-journal)?")


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """A place beside `path` to write to; what stands there at the end is put in the place of `path`, and on the disk.

    When writing fails `path` stays what it was.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield beside
        with open(beside, "rb") as file:
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file whole, in UTF-8.

    What is no text (a file's name in other bytes) is escaped, which in JSON means the same.
    """
    with written_whole(path) as beside:
        beside.write_text(text, encoding="utf-8", errors="backslashreplace")


def forget_unfinished(folder: Path) -> None:
    """Remove what somebody who was killed had begun to write in a folder and did not put in its place."""
    with suppress(FileNotFoundError):
        for path in folder.iterdir():
            if _BESIDE.fullmatch(path.name):
                path.unlink(missing_ok=True)
