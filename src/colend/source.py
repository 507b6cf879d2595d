"""The source that a run executes, and its hash: what results, saved markets and compiled code must share.

Which files that are follows from what `colend.market` imports, and what that imports, also inside functions. So code
that a run can reach cannot be forgotten, and what only asks, keeps or draws does not count.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parent
_BEGINS = "colend.market"  # what a run is: `simulate` and all that it needs on either engine
_IMPORT = re.compile(r"^ *(?:from ([\w.]+) import (\([^)]*\)|.*)|import (.*))$", re.MULTILINE)


@cache
def model_hash() -> str:
    """SHA-256 (hex) over the source that results depend on, by path and content."""
    digest = hashlib.sha256()
    for path in files_of_a_run():
        digest.update(path.relative_to(PACKAGE).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def files_of_a_run() -> list[Path]:
    """Every file of the package that a run imports, in order."""
    found: dict[str, Path | None] = {}
    waiting = [_BEGINS]
    while waiting:
        module = waiting.pop()
        if module in found:
            continue
        path = found[module] = _file(module)
        if path is not None:
            waiting += [module.rpartition(".")[0], *_imported(path.read_text(encoding="utf-8"))]
    if found[_BEGINS] is None:
        raise ImportError(f"colend must be installed as a folder of source files; {PACKAGE} is none")
    return sorted(path for path in found.values() if path is not None)


def _file(module: str) -> Path | None:
    """Where a module of the package stands; None for what is none."""
    first, *parts = module.split(".")
    if first != PACKAGE.name:
        return None
    place = PACKAGE.joinpath(*parts)
    return next((path for path in (place.with_suffix(".py"), place / "__init__.py") if path.is_file()), None)


def _imported(text: str) -> Iterator[str]:
    """What a file names in its imports, wherever they stand: modules, and names that may be modules.

    Lines are looked at, not the syntax, which would take every process half a second. A test compares the two.
    """
    for module, names, modules in _IMPORT.findall(text):
        if module:
            yield from (module, *(f"{module}.{name}" for name in re.findall(r"\w+", names)))
        else:
            yield from re.findall(r"[\w.]+", modules)
