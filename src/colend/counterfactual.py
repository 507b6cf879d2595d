"""The fishing test: can banks still lend when platforms stop serving them? A measured counterfactual, not a formula.

At the chosen month the market is forked and in the fork the platforms stop serving some kinds of bank: their alliances
end, no new ones begin, their joint loans run off. Both markets then live the same months on the same draws.
"""

from __future__ import annotations

from typing import Protocol, Self

import numpy as np

from colend.measures.fishing import Fishing, Season
from colend.scenario.parameters import KINDS
from colend.scenario.setting import FishingTerms
from colend.state.world import World


class Living(Protocol):
    """What the test asks of a market."""

    world: World

    def fork(self) -> Self: ...

    def live_month(self, recorded: bool = True) -> None: ...

    def dissolve(self) -> None: ...


class FishingTest:
    """One test of a market, on `terms`; `finish` says what it found."""

    def __init__(self, market: Living, terms: FishingTerms) -> None:
        world = market.world
        self.market, self.terms = market, terms
        self.month = world.months if terms.month is None else terms.month
        self.banks = np.flatnonzero(np.isin(world.banks.kind, [KINDS.index(kind) for kind in terms.kinds]))
        self.together, self.alone = Season(len(world.banks)), Season(len(world.banks))
        self.operating_months = world.banks.operating_months.copy()
        self.fork: Living | None = None

    def before_month(self) -> None:
        """Fork the market when its month has come."""
        if self.market.world.month == self.month and self.fork is None:
            self.fork = self.market.fork()
            self.operating_months = self.market.world.banks.operating_months.copy()
            self.fork.world.banks.served[self.banks] = 0

    def after_month(self) -> None:
        """Watch the market for as long as the test lasts."""
        if self.fork is not None and self.together.months < self.terms.horizon_months:
            self.together.watch(self.market.world)

    def finish(self) -> Fishing:
        """Let both markets live to the end of the test; months beyond the run are kept in no table."""
        while self.together.months < self.terms.horizon_months:
            self.before_month()
            self.market.live_month(recorded=False)
            self.after_month()
        if self.fork is not None:
            while self.alone.months < self.terms.horizon_months:
                self.fork.live_month(recorded=False)
                self.alone.watch(self.fork.world)
            self.fork.dissolve()
        kind = self.market.world.banks.kind.copy()
        return Fishing(self.terms, self.banks, kind, self.operating_months, self.together, self.alone)
