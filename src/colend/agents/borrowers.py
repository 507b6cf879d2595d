"""Borrowers as Mesa agents: made when somebody asks (`columns`), or all registered and stepping themselves
(`objects`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from colend.agents.views import Face, out_of_turn, shows
from colend.rules.borrower import borrower_month
from colend.state.tables import BORROWER


@shows(BORROWER)
class Borrower(Face):
    """A person who borrows; `row` is its number in `market.world.borrowers`.

    Engine `objects` registers all of them; `Borrower.view` only looks.
    """

    among = "borrowers"

    @classmethod
    def view(cls, market, row: int) -> Borrower:
        """The borrower as an object that the market does not know of: looking registers nobody."""
        borrower = object.__new__(cls)
        borrower.model, borrower.row, borrower.unique_id = market, row, None
        return borrower

    @property
    def table(self) -> np.recarray:
        """The table that this borrower is a row of."""
        return self.model.world.borrowers

    def step(self) -> None:
        """This borrower's month by the plain, uncompiled rule, on the market's snapshot of the month; engine `objects`
        calls it. RuntimeError outside that step of the month.
        """
        refusals, world = self.model.refusals, self.model.world
        if refusals is None:
            out_of_turn(self)
        borrower_month(self.row, self.table[self.row], world.snapshot, world.totals, refusals)


class Borrowers(Sequence):
    """All borrowers of a market by number; objects come into being when asked for.

    A slice, a list or array of numbers, or an array that says yes or no of each, gives a list of them.
    """

    def __init__(self, market) -> None:
        self._market = market

    def __len__(self) -> int:
        return len(self._market.world.borrowers)

    def __getitem__(self, number):
        if not isinstance(number, int | np.integer):
            rows = np.arange(len(self))[number if isinstance(number, slice) else np.asarray(number)]
            return [Borrower.view(self._market, int(row)) for row in rows]
        number = int(number)
        if not -len(self) <= number < len(self):
            raise IndexError(f"borrower {number} of {len(self)}")
        return Borrower.view(self._market, number % len(self))

    def __iter__(self) -> Iterator[Borrower]:
        return (Borrower.view(self._market, number) for number in range(len(self)))
