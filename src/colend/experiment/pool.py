"""Processes of this machine that do runs."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing import current_process, parent_process, resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnContext, SpawnProcess
from types import ModuleType
from typing import Any

from colend.experiment.errors import MachineError
from colend.source import model_hash

_WINDOW = 3  # runs submitted a process
_ATTEMPTS = 2  # to start a process
# One run a process; threads within it would only be in each other's way.
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
_starting = threading.Lock()  # a process takes over what stands in sys.modules and os.environ


class WorkerDiedError(Exception):
    """The process that was at a task is gone."""


def may_start_processes() -> bool:
    """Whether this process may have processes of its own, which one of a `multiprocessing.Pool` may not."""
    return not current_process().daemon


class Pool:
    """Up to `jobs` processes, as many as there are tasks to do, each with a thread that hands it one task at a time, so
    that a process which dies costs the task that it was at and no other; the thread then starts another.

    (Python's ProcessPoolExecutor breaks as a whole when a process dies, and leaves semaphores to a process of its own.)
    """

    died = WorkerDiedError

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs
        self._threads = ThreadPoolExecutor(jobs)
        self._mine = threading.local()  # the thread's process and the connection to it
        self._processes: list[SpawnProcess] = []
        self._ended = False

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_exception: object) -> None:
        """Stop without waiting for what the processes are doing."""
        with _starting:
            self._ended, processes = True, list(self._processes)
        for process in processes:
            process.terminate()
        self._threads.shutdown(cancel_futures=True)
        for process in processes:
            process.join()

    def room(self) -> int:
        """Runs to have submitted at a time."""
        return _WINDOW * self.jobs

    def submit(self, task: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Have a process do a task."""
        return self._threads.submit(self._hand_over, task, arguments)

    def result(self, future: Future[Any]) -> Any:
        """What a task gave; raises what it raised, or `died`."""
        return future.result()

    def _hand_over(self, task: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        """Called in a thread: what the thread's process makes of a task."""
        idle = getattr(self._mine, "process", None) is not None
        if not idle:
            self._mine.process, self._mine.connection = self._start()
        try:
            self._mine.connection.send((task, arguments))
            answer, error = self._mine.connection.recv()
        except (EOFError, OSError) as gone:
            self._mine.connection.close()
            self._mine.process.join()
            self._processes.remove(self._mine.process)
            self._mine.process = None
            if idle and isinstance(gone, ConnectionError):  # it was killed while idle and has not read the task
                return self._hand_over(task, arguments)
            raise WorkerDiedError from None
        if error is not None:
            raise error
        return answer

    def _start(self) -> tuple[SpawnProcess, Connection]:
        """A process that has said that it is ready; MachineError when none comes so far, or it is of another source."""
        why = "it ended as it began"
        for _ in range(_ATTEMPTS):
            try:
                process, connection = self._started()
                source = connection.recv()
            except EOFError:
                if self._ended:
                    raise WorkerDiedError from None
                continue
            except OSError as error:
                why = error.strerror or str(error)
                continue
            if source != model_hash():
                raise MachineError("colend's source was changed while it ran; finished runs are kept", 1)
            return process, connection
        raise MachineError(
            f"no process can be started to do runs ({why}); finished runs are kept, --jobs 1 needs no other process", 1
        )

    def _started(self) -> tuple[SpawnProcess, Connection]:
        context = _Workers()
        here, there = context.Pipe()
        with _starting, there:  # closed here, so that what the process held is closed when it is gone
            if self._ended:
                raise WorkerDiedError
            process = context.Process(target=_work, args=(there,), daemon=True)
            process.start()
            self._processes.append(process)
        return process, here


class _Worker(SpawnProcess):
    """A process that computes on one thread, leaves Ctrl-C to the driver, and does not import the user's script.

    (Spawned processes import the main module. A script that calls `colend.run` without `if __name__ == "__main__"`
    would start itself again in every worker; workers need nothing of it.)
    """

    @staticmethod
    def _Popen(process_obj: Any) -> Any:  # noqa: N802 (the name that multiprocessing calls)
        main, threads = sys.modules["__main__"], {name: os.environ.get(name) for name in _THREADS}
        resource_tracker.ensure_running()  # else it is started below, and lets SIGINT through again
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


def _work(connection: Connection) -> None:
    """What a process does: say what it would run, then one task after the other, until the driver is gone."""
    threading.Thread(target=_end_with_the_driver, daemon=True).start()
    connection.send(model_hash())
    while True:
        try:
            task, arguments = connection.recv()
        except EOFError:
            return
        try:
            connection.send((task(*arguments), None))
        except Exception as error:
            connection.send((None, error))


def _end_with_the_driver() -> None:
    if (driver := parent_process()) is not None:
        driver.join()
        os._exit(1)
