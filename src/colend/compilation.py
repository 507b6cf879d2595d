"""Compile pure functions with Numba, without touching their source.

The science (`equations`) and the rules (`rules`) are plain Python functions. `compiled(function)` returns the Numba
version of one of them and of every colend function it calls; the plain version stays what it was. That is what makes
the `objects` engine a reference: it runs the uncompiled source, not the same machine code in a loop.

Numba's cache does not notice an edit in *another* file than the one it cached, so the cache folder is named by a hash
of all source that may be compiled.
"""

from __future__ import annotations

import functools
import hashlib
import os
import types
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parent


# Parts of the package that hold compiled functions.
_COMPILED = ("equations", "measures", "month", "rules", "state")


@functools.cache
def source_hash() -> str:
    """SHA-256 (hex) over every Python file that may be compiled, and this one, by path and content."""
    digest = hashlib.sha256()
    for path in sorted([Path(__file__), *(path for part in _COMPILED for path in (PACKAGE / part).rglob("*.py"))]):
        digest.update(path.relative_to(PACKAGE).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def cache_folder() -> Path:
    """Where compiled functions are kept: outside the package, named by the source."""
    if "NUMBA_CACHE_DIR" not in os.environ:
        import platformdirs

        os.environ["NUMBA_CACHE_DIR"] = str(Path(platformdirs.user_cache_dir("colend")) / source_hash()[:16])
    return Path(os.environ["NUMBA_CACHE_DIR"])


def _numba():
    """Numba, imported late (0.3 s), after its cache was placed."""
    cache_folder()
    import numba

    return numba


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


@functools.cache
def compiled(function: Callable, allocates: bool = True) -> Callable:
    """The Numba version of a pure function (no GIL, cached on disk, IEEE division).

    `allocates=False` promises that it makes no arrays; Numba then counts no references to the arrays it is handed. A
    function with an argument `snapshot`, a dozen arrays or a hundred machine words, becomes part of its caller: handing
    them down costs more than an idle borrower's month. Together that is 35 instead of 210 ns per borrower-month.
    """
    arguments = function.__code__.co_varnames[: function.__code__.co_argcount]
    return _numba().njit(
        nogil=True, cache=True, error_model="numpy", _nrt=allocates, forceinline="snapshot" in arguments
    )(twin(function, functools.partial(compiled, allocates=allocates)))


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
