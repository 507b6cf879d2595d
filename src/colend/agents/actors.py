"""Platforms and banks as Mesa agents. Their state is columns, so that a month with a thousand banks is not a thousand
slow calls.
"""

from __future__ import annotations

import numpy as np

from colend.agents.views import Face, shows
from colend.scenario.parameters import TOUCHPOINTS
from colend.state.tables import BANK, DORMANT, OPERATING, PLATFORM


@shows(BANK)
class Bank(Face):
    """A lender with its own customers; `row` is its number in `market.world.banks`."""

    among = "banks"

    @property
    def table(self) -> np.recarray:
        """The table that this bank is a row of."""
        return self.model.world.banks

    @property
    def touchpoint_names(self) -> tuple[str, ...]:
        """The touchpoints it keeps."""
        return tuple(name for bit, name in enumerate(TOUCHPOINTS) if self.touchpoints & (1 << bit))

    @property
    def partners(self) -> list[int]:
        """Platforms with which it has a signed pact in operation or dormant."""
        return partners_of(self.model, "bank", self.row, "platform")


class CityBank(Bank):
    """A city commercial bank."""


class RuralBank(Bank):
    """A rural commercial bank."""


class ConsumerFinanceCompany(Bank):
    """A consumer-finance company: licensed, funded by the market, without customers of its own at the start."""


BANK_TYPES = {"city": CityBank, "rural": RuralBank, "consumer_finance": ConsumerFinanceCompany}  # Bank: the others


@shows(PLATFORM)
class Platform(Face):
    """A fintech platform with its own licensed lender; `row` is its number in `market.world.platforms`."""

    among = "platforms"

    @property
    def table(self) -> np.recarray:
        """The table that this platform is a row of."""
        return self.model.world.platforms

    @property
    def partners(self) -> list[int]:
        """Banks with which it has a signed pact in operation or dormant."""
        return partners_of(self.model, "platform", self.row, "bank")


def partners_of(market, side: str, row: int, other: str) -> list[int]:
    """The other side's rows in operating and dormant alliances of one party."""
    alliances = market.world.alliances
    mine = (alliances[side] == row) & ((alliances.stage == OPERATING) | (alliances.stage == DORMANT))
    return [int(partner) for partner in alliances[other][mine]]
