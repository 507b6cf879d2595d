"""The workers of a Dask cluster that do runs (extra `[cluster]`)."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from colend.compilation import cache_folder
from colend.experiment.errors import ClusterError, MachineError
from colend.experiment.provenance import differences, made_here
from colend.experiment.runner import prepare
from colend.source import model_hash

_WINDOW = 3  # runs submitted a thread of a worker
_SECONDS_TO_CONNECT = 10
_SECONDS_TO_CLOSE = 1
_COUNT_AGAIN = 10.0  # seconds
_MOST_NAMED = 5  # workers in a message


class Cluster:
    """A running Dask cluster, connected to and checked: every worker must compute as this machine does.

    Workers that join later are checked before their first run. Raises ClusterError: status 2 when the cluster cannot be
    reached or a worker differs, 3 when the scheduler is lost.
    """

    def __init__(self, address: str) -> None:
        if find_spec("distributed") is None:
            raise ClusterError("--cluster needs distributed: pip install 'colend[cluster]'", 2)
        import distributed

        self.address = address
        self._levels = _quiet()
        try:
            distributed.utils.LoopRunner().run_sync(_greet, address)
            self._client = distributed.Client(
                address, timeout=_SECONDS_TO_CONNECT, set_as_default=False, name="colend", heartbeat_interval="5s"
            )
        except Exception as error:  # what is no address, or answers in another language, can be said with any
            self._as_loud_as_before()
            why = next(iter(str(error).splitlines()), f"nothing within {_SECONDS_TO_CONNECT} seconds")
            raise ClusterError(
                f"--cluster {address}: no Dask scheduler answers there ({why}); an address is like tcp://host:8786", 2
            ) from None
        self.died = distributed.scheduler.KilledWorker
        self._executor = self._client.get_executor(pure=False)
        self._here = tuple(made_here(model_hash()).items())
        self._threads, self._counted = 0, -_COUNT_AGAIN
        try:
            self._check()
        except BaseException:
            self.__exit__()
            raise

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *_exception: object) -> None:
        """Take back what was submitted and hang up; a worker finishes the run it is at."""
        with suppress(Exception):
            self._client.close(timeout=_SECONDS_TO_CLOSE)
        self._as_loud_as_before()

    def _as_loud_as_before(self) -> None:
        for logger, level in self._levels.items():
            logger.setLevel(level)

    def _check(self) -> None:
        """ClusterError, naming workers, when one of those there are now differs from this machine."""
        answers = self._asked(self._client.run, check, self._here, on_error="return")
        wrong = [f"worker {worker} {said}" for worker, answer in answers.items() if (said := _wrong(answer))]
        if wrong:
            more = f"; and {len(wrong) - _MOST_NAMED} more" if len(wrong) > _MOST_NAMED else ""
            raise ClusterError(f"--cluster {self.address}: {'; '.join(wrong[:_MOST_NAMED])}{more}", 2)

    @property
    def threads(self) -> int:
        """Runs that the workers do at a time, as counted a few seconds ago."""
        if time.monotonic() - self._counted >= _COUNT_AGAIN:
            self._threads = sum(self._asked(self._client.nthreads).values())
            self._counted = time.monotonic()
        return self._threads

    def room(self) -> int:
        """Runs to have submitted at a time; some also while there is no worker yet."""
        return _WINDOW * max(self.threads, 1)

    def submit(self, task: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Have a worker do a task."""
        future: Future[Any] = self._asked(self._executor.submit, do, self._here, task, *arguments)
        return future

    def result(self, future: Future[Any]) -> Any:
        """What a task gave; raises what it raised."""
        return self._asked(future.result)

    def _asked(self, call: Callable[..., Any], *arguments: Any, **more: Any) -> Any:
        try:
            return call(*arguments, **more)
        except self.died:
            raise
        except Exception as error:
            if not isinstance(error, CancelledError) and self._client.status == "running":
                raise
            raise ClusterError(
                f"the cluster was lost: the scheduler at {self.address} does not answer; finished runs are kept, "
                "the same command goes on, with --cluster or without",
                3,
            ) from error


async def _greet(address: str) -> None:
    """Connect to a scheduler and hang up, in bounded time.

    A client that blocks does not come back from a host that takes connections and answers nothing, or something else,
    and cannot be closed when it was half made.
    """
    from distributed import Client

    client = Client(address, timeout=_SECONDS_TO_CONNECT, set_as_default=False, name="colend", asynchronous=True)
    try:
        await asyncio.wait_for(client, _SECONDS_TO_CONNECT)
    finally:
        with suppress(Exception):
            await client.close(timeout=_SECONDS_TO_CLOSE)


def _quiet() -> dict[logging.Logger, int]:
    """Silence the libraries, since what is lost is said by us and in one line; gives the levels there were."""
    found = [one for one in logging.root.manager.loggerDict.values() if isinstance(one, logging.Logger)]
    levels = {one: one.level for one in found if one.name.split(".")[0] in ("distributed", "tornado")}
    for logger in levels:
        logger.setLevel(logging.CRITICAL + 1)
    return levels


def _wrong(answer: Any) -> str:
    """What is wrong with a worker that answered this when it was asked what differs."""
    if isinstance(answer, Exception):  # what was sent there could not be read, as a rule
        return f"cannot run this colend ({answer})"
    return f"has {' and '.join(answer)}" if answer else ""


@cache
def check(here: tuple[tuple[str, str], ...]) -> list[str]:
    """Called on a worker: in words, what it has that is not as `here`, where the driver is."""
    return differences(made_here(model_hash()), dict(here))


@cache
def _prepare(here: tuple[tuple[str, str], ...]) -> None:
    """Called on a worker before its first run: refuse, or compile; of the workers that share a cache, one compiles."""
    if wrong := check(here):
        raise _refused(f"which joined, has {' and '.join(wrong)}")
    try:
        with _alone(cache_folder()):
            prepare()
    except MachineError as error:
        raise _refused(str(error)) from None


def _refused(why: str) -> ClusterError:
    from distributed import get_worker

    return ClusterError(f"worker {get_worker().address}, {why}; finished runs are kept", 2)


@contextmanager
def _alone(folder: Path | None) -> Iterator[None]:
    """One at a time of those that share a folder; all at once where there is none, or it cannot be locked."""
    with ExitStack() as stack:
        if folder is not None:
            with suppress(OSError):
                fcntl.flock(stack.enter_context(open(folder / ".compiling", "wb")), fcntl.LOCK_EX)
        yield


def do(here: tuple[tuple[str, str], ...], task: Callable[..., Any], *arguments: Any) -> Any:
    """A task on a worker that was checked and has compiled."""
    _prepare(here)
    return task(*arguments)
