"""Progress on stderr: a bar with the time left on a terminal, a line now and then in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from colend.experiment.plan import duration
from colend.experiment.request import Progress
from colend.experiment.stopping import looks
from colend.scenario.design import Scenario

_SECONDS_BETWEEN_LINES = 15.0

_LONGEST_NAME = 24  # beside the bar, so that all numbers have room in 80 columns

Say = Callable[[str], None]


@contextmanager
def shown(scenario: Scenario, quiet: bool) -> Iterator[Progress | None]:
    """A function (runs done, in all, failed) to call as runs finish; None when nothing is to be shown.

    Where a rule decides how many runs there are, those in all are of the next look: a line says so, what comes of every
    look, and how many there may be at most.
    """
    if quiet:
        yield None
        return
    with (_bar if sys.stderr.isatty() else _lines)(scenario.name) as (update, say):
        yield _LookByLook(scenario, update, say) if scenario.until else update


class _LookByLook:
    """Says at every look of a scenario's rule what it means for the number of runs."""

    def __init__(self, scenario: Scenario, update: Progress, say: Say) -> None:
        self.update, self.say, rule = update, say, scenario.until
        assert rule is not None
        each = len(scenario.arms) * len(scenario.points)
        self.totals = [each * seeds for seeds in looks(rule.at_least, rule.at_most)]
        self.known = f"{rule.measure} to ±{rule.half_width:,.10g}"
        self.last = (0, 0, 0)

    def __call__(self, done: int, total: int, failed: int) -> None:
        before, self.last = self.last, (done, total, failed)
        if total in self.totals[:-1] and not before[1] and done < total:
            self.say(f"{total:,} runs at first, then more ({self.totals[-1]:,} at most) until they tell {self.known}")
        elif 0 < before[1] < total:
            self.say(f"{before[1]:,} runs do not tell {self.known}: {total - before[1]:,} more")
        elif self.last == before and total in self.totals[:-1]:
            self.say(f"{total:,} runs tell {self.known}: enough")
            return
        self.update(done, total, failed)


@contextmanager
def _bar(name: str) -> Iterator[tuple[Progress, Say]]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.progress import (
        Progress as Bar,
    )
    from rich.table import Column

    def whole() -> Column:  # only the bar gives way where there is little room
        return Column(no_wrap=True)

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(table_column=whole()),
        TextColumn("runs,"),
        TimeElapsedColumn(table_column=whole()),
        TextColumn("gone,"),
        TimeRemainingColumn(table_column=whole()),
        TextColumn("left"),
    )
    name = name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"
    with Bar(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(name, total=None)

        def update(done: int, total: int, failed: int) -> None:
            text = ("tables and charts" if done == total else name) + (f" ({failed} failed)" if failed else "")
            progress.update(task, completed=done, total=total, description=text)

        yield update, progress.console.print


@contextmanager
def _lines(name: str) -> Iterator[tuple[Progress, Say]]:
    yield _Lines(name), lambda words: print(f"{name}: {words}", file=sys.stderr, flush=True)


class _Lines:
    def __init__(self, name: str) -> None:
        self.name, self.total, self.last = name, -1, -_SECONDS_BETWEEN_LINES

    def __call__(self, done: int, total: int, failed: int) -> None:
        now = time.monotonic()
        if total != self.total:
            self.total, self.started, self.first_done = total, now, done
        if done < total and now - self.last < _SECONDS_BETWEEN_LINES:
            return
        self.last = now
        text = f"{self.name}: {done:,} of {total:,} runs" + (f", {failed:,} failed" if failed else "")
        if self.first_done < done < total:
            text += f", {duration((now - self.started) / (done - self.first_done) * (total - done))} left"
        print(text, file=sys.stderr, flush=True)
