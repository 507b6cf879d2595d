"""Compile pure functions with Numba, without touching their source.

The science (`equations`) and the rules (`rules`) are plain Python functions. `compiled(function)` returns the Numba
version of one of them and of every colend function it calls; the plain version stays what it was. Inside
`running(plain=True)` it gives back the plain function itself. That is what makes the `objects` engine a reference: its
whole month runs the uncompiled source, not the same machine code in a loop.

Numba's cache does not notice an edit in *another* file than the one it cached, nor a constant that came from there, so
wherever the user keeps compiled code, ours has a folder that is named by the source of a run.
"""

from __future__ import annotations

import functools
import os
import re
import shutil
import tempfile
import time
import types
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Literal

from colend.source import model_hash

ENGINES = ("columns", "objects")  # compiled over all rows; plain source, every borrower an agent
# Cache folders of other sources that are kept: the last ones, and those that may be in use.
_KEPT = 8
_SECONDS_IN_USE = 2 * 86_400.0
_OURS = re.compile("[0-9a-f]{16}")
_PLAIN = ContextVar("plain source", default=False)


def check_engine(engine: str) -> None:
    """ValueError when there is no such engine."""
    if engine not in ENGINES:
        raise ValueError(f"engine {engine!r}: one of {', '.join(ENGINES)}")


@contextmanager
def running(plain: bool) -> Iterator[None]:
    """What is called meanwhile, on this thread, runs compiled or as `plain` source, which then wraps round and divides
    by zero in silence, as compiled code does.
    """
    import numpy as np

    before = _PLAIN.set(plain)
    silent: Literal["ignore"] | None = "ignore" if plain else None
    try:
        with np.errstate(over=silent, divide=silent, invalid=silent):
            yield
    finally:
        _PLAIN.reset(before)


@functools.cache
def cache_folder() -> Path | None:
    """Where compiled functions are kept, for this source alone; None where nothing can be written, and all is compiled.

    Below the user's `NUMBA_CACHE_DIR`, else in the user's cache folder.
    """
    folder = _place() / model_hash()[:16]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            os.utime(folder)  # it is in use
    except OSError:
        return None
    _forget_others(folder)
    return folder


def _place() -> Path:
    if given := os.environ.get("NUMBA_CACHE_DIR"):
        return Path(given) / "colend"
    import platformdirs

    return Path(platformdirs.user_cache_dir("colend")) / "compiled"


def _forget_others(folder: Path) -> None:
    """Remove the folders of sources that nobody has used for a while, but for the last ones."""
    with suppress(OSError):  # another process is at it too
        others = [other for other in folder.parent.iterdir() if _OURS.fullmatch(other.name) and other != folder]
        used = {other: other.stat().st_mtime for other in others}
        for other in sorted(others, key=used.__getitem__, reverse=True)[_KEPT:]:
            if used[other] < time.time() - _SECONDS_IN_USE:
                shutil.rmtree(other, ignore_errors=True)


def twin(function: Callable, replace: Callable[[Callable], Callable]) -> types.FunctionType:
    """A copy of `function` in which every colend function it names is replaced by `replace(that function)`."""
    namespace = dict(function.__globals__)
    for name in function.__code__.co_names:
        value = namespace.get(name)
        if isinstance(value, types.FunctionType) and value.__module__.startswith("colend."):
            namespace[name] = replace(value)
    copy = types.FunctionType(
        function.__code__, namespace, function.__name__, function.__defaults__, function.__closure__
    )
    copy.__module__, copy.__qualname__ = function.__module__, function.__qualname__
    return copy


def compiled(function: Callable, allocates: bool = True) -> Callable:
    """The Numba version of a pure function (no GIL, cached on disk, IEEE division), or what `running` says.

    `allocates=False` promises that it makes no arrays; Numba then counts no references to the arrays it is handed. A
    function with an argument `snapshot`, a dozen arrays or a hundred machine words, becomes part of its caller: handing
    them down costs more than an idle borrower's month. Together that is 35 instead of 210 ns per borrower-month.
    """
    return function if _PLAIN.get() else _compiled(function, allocates)


@functools.cache
def _compiled(function: Callable, allocates: bool) -> Callable:
    """That version, made once."""
    arguments = function.__code__.co_varnames[: function.__code__.co_argcount]
    how = {"nogil": True, "error_model": "numpy", "_nrt": allocates, "forceinline": "snapshot" in arguments}
    copy = twin(function, functools.partial(_compiled, allocates=allocates))
    return _kept(copy, how) or _numba().njit(**how)(copy)


def _kept(function: Callable, how: dict[str, Any]) -> Callable | None:
    """The Numba version of a function that is kept in our folder; None where Numba would not keep it there.

    Numba looks up where to keep a function as it is made; what the user compiles stays where the user's settings say.
    """
    folder = cache_folder()
    if folder is None:
        return None
    config = _numba().config
    theirs, config.CACHE_DIR = config.CACHE_DIR, str(folder)
    try:
        made = _numba().njit(cache=True, **how)(function)
        place = made.stats.cache_path
    except (RuntimeError, AttributeError):  # no place suits it, or nothing is compiled (NUMBA_DISABLE_JIT)
        return None
    finally:
        config.CACHE_DIR = theirs
    return made if Path(place).is_relative_to(folder) else None


def _numba():
    """Numba, imported late (0.3 s)."""
    import numba

    return numba


def parts(rows: int, threads: int) -> list[int]:
    """Where the rows of each thread begin, and where the last ones end."""
    return [rows * i // threads for i in range(threads + 1)]


def summed_over(function: Callable, rows: Any, threads: int, *shapes: Any) -> list[Any]:
    """Run the compiled `function(rows, *counts)` over parts of `rows` on threads and add up what each counted.

    `counts` are int64 arrays of these shapes, zero at first; whole numbers add up to the same in any order.
    """
    import numpy as np

    run = compiled(function, allocates=False)
    bounds = parts(len(rows), threads)
    counts = [[np.zeros(shape, dtype=np.int64) for shape in shapes] for _ in range(threads)]
    if threads == 1:
        run(rows, *counts[0])
        return counts[0]
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda i: run(rows[bounds[i] : bounds[i + 1]], *counts[i]), range(threads)))
    return [np.sum(of_threads, axis=0) for of_threads in zip(*counts, strict=True)]
