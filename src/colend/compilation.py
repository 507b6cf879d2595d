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
from pathlib import Path

PACKAGE = Path(__file__).parent


# Parts of the package that hold compiled functions.
_COMPILED = ("equations", "measures", "month", "rules", "state")


@functools.cache
def source_hash() -> str:
    """SHA-256 (hex) over every Python file that may be compiled, by path and content."""
    digest = hashlib.sha256()
    for path in sorted(path for part in _COMPILED for path in (PACKAGE / part).rglob("*.py")):
        digest.update(path.relative_to(PACKAGE).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _numba():
    """Numba, imported late (0.3 s), its cache keyed by the source and placed outside the package."""
    if "NUMBA_CACHE_DIR" not in os.environ:
        import platformdirs

        os.environ["NUMBA_CACHE_DIR"] = str(Path(platformdirs.user_cache_dir("colend")) / source_hash()[:16])
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

    `allocates=False` promises that it makes no arrays; Numba then counts no references to the arrays it is handed. On
    the borrowers' pass, which hands a dozen arrays down to small functions, that is 78 instead of 210 ns per
    borrower-month.
    """
    return _numba().njit(nogil=True, cache=True, error_model="numpy", _nrt=allocates)(
        twin(function, functools.partial(compiled, allocates=allocates))
    )
