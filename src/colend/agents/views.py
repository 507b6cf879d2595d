"""Columns outside, attributes inside: how an agent shows its row."""

from __future__ import annotations

import numpy as np


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
