"""What results that stand together must share: the model's source, the libraries, and a machine that computes alike."""

from __future__ import annotations

import hashlib
import math
import platform
from functools import cache
from importlib.metadata import version

import numpy as np

SCHEMA_VERSION = 3
LIBRARIES = ("numpy", "numba", "scipy")
SAMPLING = "SALib"  # draws designs, and makes indices of them


def made_here(source: str, sampled: bool = False) -> dict[str, str]:
    """What this process would make results with; `source` is the model's version, `sampled` whether points are drawn.

    Python counts among the libraries: its `sum` of floats rounds in another way since 3.12.
    """
    libc = " ".join(part for part in platform.libc_ver() if part)
    libraries = (*LIBRARIES, SAMPLING) if sampled else LIBRARIES
    python = ".".join(platform.python_version_tuple()[:2])
    return {
        "schema_version": str(SCHEMA_VERSION),
        "source": source,
        "libraries": " ".join([f"python {python}", *(f"{name} {version(name)}" for name in libraries)]),
        "machine": f"{platform.system()} {platform.machine()} {libc}".strip(),
        "arithmetic": arithmetic(),
    }


@cache
def arithmetic() -> str:
    """A hash of what exp, log, erf, erfc and a matrix product give to the last bit.

    The same library takes other instructions on another processor (fused multiply-add, wider vectors), and then rounds
    in another way; its version does not tell.
    """
    points = np.linspace(-9.7, 9.7, 3_001)
    positive = np.exp(points)
    scalars = [[math.exp(x), math.erf(x), math.erfc(x)] for x in points.tolist()]
    logarithms = [math.log(x) for x in positive.tolist()]
    product = positive[:2_970].reshape(54, 55) @ np.log(positive[:2_970]).reshape(55, 54)
    digest = hashlib.sha256()
    for values in (positive, np.log(positive), np.log1p(positive), scalars, logarithms, product):
        digest.update(np.ascontiguousarray(values, dtype="<f8").tobytes())
    return digest.hexdigest()[:16]


def differences(there: dict[str, str], here: dict[str, str]) -> list[str]:
    """In words, what results `there` are made with that is not as `here`; empty when they may stand together."""
    said = []
    if any(there.get(name) != here[name] for name in ("schema_version", "source")):
        said.append("another version of colend")
    if there.get("libraries") != here["libraries"]:
        said.append(f"other libraries ({there.get('libraries')}, not {here['libraries']})")
    if there.get("machine") != here["machine"]:
        said.append(f"another machine ({there.get('machine')}, not {here['machine']})")
    elif there.get("arithmetic") != here["arithmetic"]:
        said.append("a processor or mathematical library that rounds in another way")
    return said
