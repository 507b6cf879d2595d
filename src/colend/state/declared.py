"""How a part of a market's state is declared: what it means, in which unit and shape."""

from __future__ import annotations

from dataclasses import field
from typing import Any


def kept(meaning: str, *, shape: str = "", unit: str = "", **how: Any) -> Any:
    """A field of a dataclass, with its `meaning`, the `unit` of its numbers, and of arrays the `shape`: the type of
    their elements and what their axes run over, as in "float64[banks, segments]". `how` is `dataclasses.field`'s.
    """
    return field(metadata={"meaning": meaning, "shape": shape, "unit": unit}, **how)
