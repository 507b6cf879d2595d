"""Many runs: one generator, in this process, over a pool of processes or over a cluster; a run that fails or kills its
worker stops no other.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

from colend.experiment.errors import ExperimentError, MachineError
from colend.scenario.design import Run

_SETTINGS = ("NUMBA_", "OMP_", "OPENBLAS_", "MKL_")  # variables that change how a machine computes
_LOOK_AGAIN = 10.0  # seconds after which the room is looked at again: workers may have joined


@dataclass(frozen=True)
class Outcome:
    """A run with its tables, or with what went wrong."""

    run: Run
    tables: dict[str, Any] | None
    error: str = ""


class Places(Protocol):
    """Where runs are done: `pool.Pool` or `cluster.Cluster`. `died` is what `result` raises for a run whose worker
    died; an ExperimentError of `submit` or `result` ends the experiment.
    """

    @property
    def died(self) -> type[Exception]: ...
    def room(self) -> int: ...
    def submit(self, task: Callable[..., Any], *arguments: Any) -> Future[Any]: ...
    def result(self, future: Future[Any]) -> Any: ...


@cache
def prepare() -> None:
    """Run a market of a few people, so that all is compiled, once for all processes that read the same cache.

    MachineError (status 2) when that fails: then every run would, and none could help it.
    """
    from colend.market import warm_up

    try:
        warm_up()
    except Exception as error:
        settings = [f"{name}={value}" for name, value in sorted(os.environ.items()) if name.startswith(_SETTINGS)]
        said = f"{type(error).__name__}: {error}" + (f"; {', '.join(settings)}" if settings else "")
        raise MachineError(f"this machine, as it is set up, cannot run the smallest market ({said})", 2) from error


def simulate_run(run: Run, engine: str) -> dict[str, Any]:
    """The tables of one run; the function that workers call."""
    from colend.market import simulate

    return simulate(run.setting, run.seed, engine)


def execute(
    runs: Iterable[Run],
    places: Places | None,
    engine: str = "columns",
    work: Callable[[Run, str], dict[str, Any]] = simulate_run,
) -> Iterator[Outcome]:
    """Yield every run's outcome as it is done; without `places`, all is done in this process.

    Runs are submitted as there is room, so that a million of them do not sit in memory. Those that were with a worker
    when it died are tried again at the end, one at a time: that shows which of them kills its worker. `work` must be
    importable by the workers (not part of the main script).
    """
    if places is None:
        yield from (_attempt(run, engine, work) for run in runs)
        return
    waiting, suspects = iter(runs), []
    flying: dict[Future[Any], Run] = {}
    while True:
        while len(flying) < places.room() and (run := next(waiting, None)):
            flying[places.submit(_attempt, run, engine, work)] = run
        if not flying:
            break
        done, _ = wait(flying, _LOOK_AGAIN, FIRST_COMPLETED)
        for future in done:
            run = flying.pop(future)
            try:
                yield _outcome(places, future, run)
            except places.died:
                suspects.append(run)
    for run in suspects:
        try:
            yield _outcome(places, places.submit(_attempt, run, engine, work), run)
        except places.died:
            yield Outcome(run, None, f"the process that ran {run.name} died (killed, or out of memory)")


def _attempt(run: Run, engine: str, work: Callable[[Run, str], dict[str, Any]]) -> Outcome:
    try:
        return Outcome(run, work(run, engine))
    except Exception:
        return Outcome(run, None, traceback.format_exc())


def _outcome(places: Places, future: Future[Any], run: Run) -> Outcome:
    try:
        outcome: Outcome = places.result(future)
        return outcome
    except (places.died, ExperimentError):
        raise
    except Exception:  # what came back could not be read
        return Outcome(run, None, traceback.format_exc())
