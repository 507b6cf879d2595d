"""Processes of this machine that do runs."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.context import SpawnContext, SpawnProcess
from types import ModuleType
from typing import Any

_WINDOW = 3  # runs submitted a process
_LOOK_FOR_PARENT = 1.0  # seconds
# One run a process; threads within it would only be in each other's way.
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


class Pool:
    """`jobs` processes, started when first needed and anew when one of them died: then every run that was submitted
    raises `died`, whoever's fault it was.
    """

    died = BrokenProcessPool

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs
        self._executor: ProcessPoolExecutor | None = None

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_exception) -> None:
        """Stop without waiting for what the processes are doing."""
        if self._executor is None:
            return
        processes = list((self._executor._processes or {}).values())
        self._executor.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.terminate()
        for process in processes:
            process.join()
        self._executor = None

    def room(self) -> int:
        """Runs to have submitted at a time."""
        return _WINDOW * self.jobs

    def submit(self, task: Callable[..., Any], *arguments: Any) -> Future:
        """Have a process do a task."""
        if self._executor is None:
            context = _Workers()
            self._executor = ProcessPoolExecutor(
                self.jobs, mp_context=context, initializer=_start_worker, initargs=(os.getpid(),)
            )
        try:
            return self._executor.submit(task, *arguments)
        except BrokenProcessPool:
            self.__exit__()
            return self.submit(task, *arguments)

    def result(self, future: Future) -> Any:
        """What a task gave; raises what it raised."""
        return future.result()


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


def _start_worker(parent: int) -> None:
    """End when the driver is gone."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOK_FOR_PARENT)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
