"""Many runs: one generator, in this process or over a pool of processes; a run that fails or kills its worker stops
no other.
"""

from __future__ import annotations

import os
import signal
import threading
import time
import traceback
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

from colend.scenario.design import Run

_WINDOW = 3  # runs submitted a process, so that a million runs do not sit in memory
_LOOK_FOR_PARENT = 1.0  # seconds


@dataclass(frozen=True)
class Outcome:
    """A run with its tables, or with what went wrong."""

    run: Run
    tables: dict[str, Any] | None
    error: str = ""


def simulate_run(run: Run, engine: str) -> dict[str, Any]:
    """The tables of one run; the function that workers call."""
    from colend.market import simulate

    return simulate(run.setting, run.seed, engine)


def execute(
    runs: Sequence[Run], jobs: int, engine: str = "columns", work: Callable[[Run, str], dict[str, Any]] = simulate_run
) -> Iterator[Outcome]:
    """Yield every run's outcome as it is done. `jobs` processes; with one, everything happens in this process.

    `work` must be importable by the workers. KeyboardInterrupt ends the workers at once and is raised again.
    """
    if jobs == 1 or len(runs) == 1:
        for run in runs:
            yield _attempt(run, engine, work)
        return
    waiting = list(reversed(runs))
    while waiting:
        suspects = yield from _pool(waiting, min(jobs, len(waiting)), engine, work)
        for run in suspects:  # one of those in flight killed its worker: one at a time shows which
            yield from _alone(run, engine, work)


def _attempt(run: Run, engine: str, work) -> Outcome:
    try:
        return Outcome(run, work(run, engine))
    except Exception:
        return Outcome(run, None, traceback.format_exc())


def _pool(waiting: list[Run], jobs: int, engine: str, work) -> Generator[Outcome, None, list[Run]]:
    """Work off `waiting` (last first) until it is empty or the pool breaks; returns the runs that were in flight
    then.
    """
    flying: dict[Future, Run] = {}
    pool = _new_pool(jobs)
    try:
        while waiting or flying:
            while waiting and len(flying) < _WINDOW * jobs:
                run = waiting.pop()
                try:
                    flying[pool.submit(_attempt, run, engine, work)] = run
                except BrokenProcessPool:
                    waiting.append(run)
                    return list(flying.values())
            done, _ = wait(flying, return_when=FIRST_COMPLETED)
            for future in done:
                if isinstance(future.exception(), BrokenProcessPool):
                    return list(flying.values())
                yield _result(future, flying.pop(future))
        return []
    finally:
        _end(pool)


def _result(future: Future, run: Run) -> Outcome:
    error = future.exception()
    if error is not None:
        return Outcome(run, None, "".join(traceback.format_exception(error)))
    return future.result()


def _alone(run: Run, engine: str, work) -> Iterator[Outcome]:
    """A run in a process of its own."""
    pool = _new_pool(1)
    try:
        future = pool.submit(_attempt, run, engine, work)
        if isinstance(future.exception(), BrokenProcessPool):
            yield Outcome(run, None, f"the process that ran {run.name} died (killed, or out of memory)")
        else:
            yield _result(future, run)
    finally:
        _end(pool)


def _new_pool(jobs: int) -> ProcessPoolExecutor:
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
        os.environ.setdefault(name, "1")  # one run a process; threads within it would only be in each other's way
    how: dict[str, Any] = {"mp_context": get_context("spawn"), "initializer": _start_worker, "initargs": (os.getpid(),)}
    return ProcessPoolExecutor(jobs, **how)


def _start_worker(parent: int) -> None:
    """Leave Ctrl-C to the driver, and end when it is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOK_FOR_PARENT)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _end(pool: ProcessPoolExecutor) -> None:
    """Stop a pool without waiting for what it is doing."""
    processes = list((pool._processes or {}).values())
    pool.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.terminate()
    for process in processes:
        process.join()
