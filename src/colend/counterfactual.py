"""The fishing test: can banks still lend when platforms stop serving them? A measured counterfactual, not a formula.

At the chosen month the world is forked and in the fork the platforms stop serving some kinds of bank: their alliances
end, no new ones begin, their joint loans run off. Both worlds then live the same months on the same draws.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import numpy as np

from colend.measures.fishing import Fishing, Season, Standing, standing_now
from colend.scenario.parameters import KINDS
from colend.scenario.setting import FishingTerms
from colend.state.saving import fork
from colend.state.world import World


class FishingTest:
    """One test of a world, on `terms`; `finish` says what it found. `living` gives what lives months of a world."""

    def __init__(
        self, world: World, terms: FishingTerms, living: Callable[[World], AbstractContextManager[Callable[..., None]]]
    ) -> None:
        self.world, self.terms, self.living = world, terms, living
        self.month = world.months if terms.month is None else terms.month
        self.banks = np.flatnonzero(np.isin(world.banks.kind, [KINDS.index(kind) for kind in terms.kinds]))
        self.together, self.alone = Season(len(world.banks)), Season(len(world.banks))
        self.standing: Standing | None = None
        self.fork: World | None = None

    def before_month(self) -> None:
        """Fork the world when the month has come."""
        if self.world.month == self.month and self.fork is None:
            self.fork = fork(self.world)
            self.standing = standing_now(self.world)
            self.fork.banks.served[self.banks] = 0

    def after_month(self) -> None:
        """Watch the world for as long as the test lasts."""
        if self.fork is not None and self.together.months < self.terms.horizon_months:
            self.together.watch(self.world)

    def finish(self) -> Fishing:
        """Let both worlds live to the end of the test; months beyond the run are kept in no table."""
        with self.living(self.world) as live:
            while self.together.months < self.terms.horizon_months:
                self.before_month()
                live(recorded=False)
                self.after_month()
        if self.fork is not None:
            with self.living(self.fork) as live:
                while self.alone.months < self.terms.horizon_months:
                    live(recorded=False)
                    self.alone.watch(self.fork)
        kind, standing = self.world.banks.kind.copy(), self.standing or standing_now(self.world)
        return Fishing(self.terms, self.banks, kind, standing, self.together, self.alone)
