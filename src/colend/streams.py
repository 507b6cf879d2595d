"""Standard output and errors as the command has them: closed, full, or a pipe that nobody reads any more.

Nothing is imported here that takes time.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import Any, TextIO, cast


class Stream:
    """A standard stream to which writing never fails: what it does not take is dropped, and `error` says why."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream, self.error = stream, ""

    def write(self, text: str) -> int:
        """Write, or drop what cannot be written."""
        self._try("write", text)
        return len(text)

    def flush(self) -> None:
        """Hand on what was written, or drop it."""
        self._try("flush")

    def isatty(self) -> bool:
        """Whether it is a terminal that takes what is written."""
        return self._stream is not None and not self.error and self._stream.isatty()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _try(self, how: str, *arguments: str) -> None:
        if self.error:
            return
        if self._stream is None:
            self.error = "it is closed" if arguments else ""
            return
        try:
            getattr(self._stream, how)(*arguments)
        except OSError as error:
            self.error = error.strerror or str(error)
            with suppress(OSError):  # what is still in its buffer would be tried again as Python ends
                os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())


def take_over() -> tuple[Stream, Stream]:
    """Replace this process's standard output and errors by streams that never fail; returns both.

    Where one is closed its number is given to the null device first, for this process and those that it starts: else
    the next file that is opened, the database say, would get what anybody prints.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    output, errors = Stream(sys.stdout), Stream(sys.stderr)
    sys.stdout, sys.stderr = cast(TextIO, output), cast(TextIO, errors)
    return output, errors
