"""Borrowers as Mesa agents: made when somebody asks (`columns`), or all registered and stepping themselves
(`objects`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import mesa
import numpy as np

from colend.agents.views import shows
from colend.rules.borrower import borrower_month
from colend.state.tables import BORROWER


@shows(BORROWER)
class Borrower(mesa.Agent):
    """A person who borrows; `row` is its number in `market.borrowers_table`.

    `Borrower(market, row)` registers an agent with the market, as every Mesa agent does; `Borrower.view` only looks.
    """

    def __init__(self, market, row: int) -> None:
        super().__init__(market)
        self.row = row

    @classmethod
    def view(cls, market, row: int) -> Borrower:
        """The borrower as an object that the market does not know of: looking registers nobody."""
        borrower = object.__new__(cls)
        borrower.model, borrower.row, borrower.unique_id = market, row, None
        return borrower

    @property
    def table(self) -> np.recarray:
        """The table that this borrower is a row of."""
        return self.model.borrowers_table

    def step(self) -> None:
        """This borrower's month by the plain, uncompiled rule, on the market's snapshot of the month."""
        market = self.model
        borrower_month(self.row, self.table[self.row], market.snapshot, market.totals, market.refusals)


class Borrowers(Sequence):
    """All borrowers of a market by number; objects come into being when asked for."""

    def __init__(self, market) -> None:
        self._market = market

    def __len__(self) -> int:
        return len(self._market.borrowers_table)

    def __getitem__(self, number):
        if isinstance(number, slice):
            return [self[i] for i in range(*number.indices(len(self)))]
        if not -len(self) <= number < len(self):
            raise IndexError(f"borrower {number} of {len(self)}")
        return Borrower.view(self._market, number % len(self))

    def __iter__(self) -> Iterator[Borrower]:
        return (Borrower.view(self._market, number) for number in range(len(self)))
