"""Progress on stderr: a bar with the time left on a terminal, a line now and then in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_SECONDS_BETWEEN_LINES = 15.0


@contextmanager
def shown(scenario, quiet: bool) -> Iterator[Callable[[int, int, int], None] | None]:
    """A function (runs done, in all, failed) to call as runs finish; None when nothing is to be shown."""
    if quiet:
        yield None
    elif sys.stderr.isatty():
        with _bar(scenario.name) as update:
            yield update
    else:
        yield _Lines(scenario.name)


@contextmanager
def _bar(name: str) -> Iterator[Callable[[int, int, int], None]]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("runs,"),
        TimeElapsedColumn(),
        TextColumn("gone,"),
        TimeRemainingColumn(),
        TextColumn("left"),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(name, total=None)

        def update(done: int, total: int, failed: int) -> None:
            text = name + (f" ({failed} failed)" if failed else "")
            progress.update(task, completed=done, total=total, description=text)

        yield update


class _Lines:
    def __init__(self, name: str) -> None:
        self.name, self.started, self.last, self.first_done = name, time.monotonic(), -_SECONDS_BETWEEN_LINES, -1

    def __call__(self, done: int, total: int, failed: int) -> None:
        now = time.monotonic()
        if self.first_done < 0:
            self.first_done = done
        if done < total and now - self.last < _SECONDS_BETWEEN_LINES:
            return
        self.last = now
        text = f"{self.name}: {done} of {total} runs" + (f", {failed} failed" if failed else "")
        if self.first_done < done < total:
            left = (now - self.started) / (done - self.first_done) * (total - done)
            text += f", about {left:.0f} s left"
        print(text, file=sys.stderr, flush=True)
