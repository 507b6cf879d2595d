"""The fishing test: can banks still lend when platforms stop serving them? A measured counterfactual, not a formula.

At the chosen month the market is forked and in the fork the platforms stop serving some kinds of bank: their alliances
end, no new ones begin, their joint loans run off. Both markets then live the same months on the same draws.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from colend.scenario.parameters import KINDS
from colend.state.books import FEN
from colend.state.tables import NONE
from colend.state.world import World


class Season:
    """What each bank lends, loses and earns over the months that are watched; float64[banks], yuan."""

    def __init__(self, banks: int) -> None:
        self.months = 0
        self.own, self.joint, self.losses, self.balances, self.profit = np.zeros((5, banks))
        self.alive = np.ones(banks, dtype=bool)

    def watch(self, world: World) -> None:
        """Add the month that the market has just lived; own channels are the first contracts."""
        number = len(world.banks)
        contracts, totals = world.contracts, world.totals
        yuan = world.scale / FEN
        part = totals.originated.sum(axis=1) * yuan * contracts.funding_share
        funded = np.flatnonzero(contracts.bank != NONE)[number:]
        self.own += part[:number]
        self.joint += np.bincount(contracts.bank[funded], part[funded], number)
        mine = totals[:number]
        gone = (mine.repaid + mine.defaulted - mine.originated).sum(axis=1) * yuan
        self.balances += contracts.balance[:number] / FEN + gone  # at the start of the month
        self.losses += (mine.defaulted - mine.recovered).sum(axis=1) * yuan
        self.profit += world.contract_profit[0, :number]
        self.alive = world.banks.alive != 0
        self.months += 1


class FishingTest:
    """One test: `together` the season of the market itself, `alone` that of its fork; both NONE before it begins."""

    def __init__(self, market) -> None:
        self.terms = market.setting.fishing_test
        self.month = market.months if self.terms.month is None else self.terms.month
        kinds = [KINDS.index(kind) for kind in self.terms.kinds]
        self.banks = np.flatnonzero(np.isin(market.world.banks.kind, kinds))
        self.together = Season(len(market.world.banks))
        self.alone = Season(len(market.world.banks))
        self.fork: Any = None

    def before_month(self, market) -> None:
        """Fork the market when its month has come."""
        if market.month == self.month and self.fork is None:
            self.fork = market.fork()
            self.operating_months = market.world.banks.operating_months.copy()
            self.fork.world.banks.served[self.banks] = 0

    def after_month(self, market) -> None:
        """Watch the market for as long as the test lasts."""
        if self.fork is not None and self.together.months < self.terms.horizon_months:
            self.together.watch(market.world)

    def finish(self, market) -> None:
        """Let both markets live to the end of the test; months beyond the run are kept in no other table."""
        while self.together.months < self.terms.horizon_months:
            self.before_month(market)
            market.live_month(recorded=False)
            self.after_month(market)
        while self.alone.months < self.terms.horizon_months:
            self.fork.live_month(recorded=False)
            self.alone.watch(self.fork.world)
        self.kind = market.world.banks.kind.copy()
        self.fork.dissolve()
        self.fork = None
