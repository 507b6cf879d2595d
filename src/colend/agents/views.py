"""Columns outside, attributes inside: how an agent shows its row."""

from __future__ import annotations

from typing import Any, NoReturn

import mesa
import numpy as np

from colend.scenario.errors import nearest

_OF_MESA = ("model", "unique_id", "pos", "row")


class Face(mesa.Agent):
    """An agent of a market: a view of row `row` of a table.

    It holds no state of its own, so that a copy of the market is a copy of its tables: an attribute that is neither a
    column nor begins with an underscore is an AttributeError, with the nearest column.
    """

    among = ""  # the attribute of the market under which it is found by its row

    def __init__(self, market, row: int) -> None:
        super().__init__(market)
        self.row = row

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in _OF_MESA and not name.startswith("_") and not hasattr(type(self), name):
            columns = [one for one in dir(type(self)) if isinstance(getattr(type(self), one), property)]
            raise AttributeError(f"{type(self).__name__} has no column {name!r}{nearest(name, columns)}")
        super().__setattr__(name, value)

    def __reduce__(self) -> tuple:
        """In a copy of its market, or in a pickle of it, it is the face of the same row."""
        return _face, (self.model, self.among, self.row)

    def step(self) -> None:
        """RuntimeError: nobody acts alone, as the order of a month's steps is part of the model."""
        out_of_turn(self)

    advance = step


def out_of_turn(agent: Face) -> NoReturn:
    """What to say to an agent that is asked to act outside a month."""
    raise RuntimeError(f"{type(agent).__name__} {agent.row} acts in the market's month alone: market.step()")


def _face(market, among: str, row: int) -> Face:
    return getattr(market, among)[row]


def column(name: str) -> property:
    """A property that reads and writes column `name` of the agent's row in its table."""

    def read(self):
        return self.table[name][self.row].item()

    def write(self, value):
        self.table[name][self.row] = value

    return property(read, write, doc=f"Column `{name}` of this agent's row.")


def shows(dtype: np.dtype):
    """Class decorator: every column of `dtype` becomes an attribute of the agent."""

    def decorate(cls):
        for name in dtype.names or ():
            if not hasattr(cls, name):
                setattr(cls, name, column(name))
        return cls

    return decorate
