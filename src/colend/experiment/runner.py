"""Many runs: one generator, in this process or over a pool of processes; a run that fails or kills its worker stops
no other.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing.context import SpawnContext, SpawnProcess
from types import ModuleType
from typing import Any

from colend.scenario.design import Run

_WINDOW = 3  # runs submitted a process, so that a million runs do not sit in memory
_LOOK_FOR_PARENT = 1.0  # seconds
# One run a process; threads within it would only be in each other's way.
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


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

    `work` must be importable by the workers (not part of the main script). KeyboardInterrupt ends the workers at once
    and is raised again.
    """
    if jobs == 1 or len(runs) == 1:
        for run in runs:
            yield _attempt(run, engine, work)
        return
    waiting = list(reversed(runs))
    while waiting:
        suspects = yield from _pool(waiting, min(jobs, len(waiting)), engine, work)
        yield from _one_at_a_time(suspects, engine, work)  # one of those in flight killed its worker: this shows which


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


def _one_at_a_time(runs: Sequence[Run], engine: str, work) -> Iterator[Outcome]:
    """Runs in one process, of which there is a new one after each run that kills it."""
    waiting = list(runs)
    while waiting:
        pool = _new_pool(1)
        try:
            alive = True
            while waiting and alive:
                run = waiting.pop(0)
                future = pool.submit(_attempt, run, engine, work)
                alive = not isinstance(future.exception(), BrokenProcessPool)
                died = f"the process that ran {run.name} died (killed, or out of memory)"
                yield _result(future, run) if alive else Outcome(run, None, died)
        finally:
            _end(pool)


class _Worker(SpawnProcess):
    """A process that computes on one thread, leaves Ctrl-C to the driver, and does not import the user's script.

    (Spawned processes import the main module. A script that calls `colend.run` without `if __name__ == "__main__"`
    would start itself again in every worker; workers need nothing of it.)
    """

    @staticmethod
    def _Popen(process_obj):  # noqa: N802 (the name that multiprocessing calls)
        main, threads = sys.modules["__main__"], {name: os.environ.get(name) for name in _THREADS}
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # a new process inherits what is blocked
        sys.modules["__main__"] = ModuleType("__main__")
        os.environ.update(dict.fromkeys(_THREADS, "1"))
        try:
            return SpawnProcess._Popen(process_obj)
        finally:
            sys.modules["__main__"] = main
            for name, value in threads.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)


class _Workers(SpawnContext):
    Process = _Worker


def _new_pool(jobs: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(jobs, mp_context=_Workers(), initializer=_start_worker, initargs=(os.getpid(),))


def _start_worker(parent: int) -> None:
    """End when the driver is gone."""

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
