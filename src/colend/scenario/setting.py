"""One market to simulate, as it is handed to it: all of a scenario that a run executes stands here and in
`parameters`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from colend.scenario.parameters import KINDS, Parameters


@dataclass(frozen=True)
class Record:
    """What is kept of a run besides its whole-run measures.

    `months` all, yearly or none; `banks` (and platforms, regions) yearly or none; every alliance or none; of how many
    alliances the monthly life (`lives`).
    """

    months: str = "all"
    banks: str = "yearly"
    alliances: bool = True
    lives: int = 3


@dataclass(frozen=True)
class Rule:
    """One rule: its number, the month from which it holds, the month from which it holds no more (none: for good)."""

    name: str
    value: float
    start: str
    until: str | None = None
    notice_months: int = 0
    preset: str = ""  # where it comes from

    def content(self) -> dict[str, Any]:
        """As data: what a result depends on."""
        return {name: value for name, value in asdict(self).items() if name != "preset"}

    def holds(self, month: int) -> bool:
        """Whether it is in force in a calendar month (`month_number`)."""
        return month_number(self.start) <= month and (self.until is None or month < month_number(self.until))

    def known(self, month: int) -> bool:
        """Whether it was announced by a calendar month."""
        return month >= month_number(self.start) - self.notice_months


def month_number(month: str) -> int:
    """Months since year 0."""
    return int(month[:4]) * 12 + int(month[5:7]) - 1


@dataclass(frozen=True)
class FishingTerms:
    """A fishing test: after `month` months of the run (None: at its end) platforms stop serving these kinds of bank.

    It lasts `horizon_months`; a bank that lent less than `minimum_originations` yuan in that time has no index.
    """

    month: int | None = None
    horizon_months: int = 12
    kinds: tuple[str, ...] = KINDS
    minimum_originations: float = 1e6


@dataclass(frozen=True)
class Setting:
    """One market to simulate: the parameters of an arm at a sweep point, from when and for how long."""

    parameters: Parameters
    start: str = "2017-01"
    years: float = 6
    record: Record = Record()
    arm: str = "base"
    point: dict[str, Any] = field(default_factory=dict)
    fishing_test: FishingTerms | None = None
    policy: tuple[Rule, ...] = ()  # dated rules, by the order in which they were given

    @property
    def months(self) -> int:
        """Months to simulate."""
        return round(self.years * 12)

    @property
    def scale(self) -> int:
        """People that one simulated borrower stands for."""
        return self.parameters.population.scale

    def content(self) -> dict[str, Any]:
        """What the result depends on, apart from seed and source: the names of arms are not part of it."""
        return {
            "parameters": self.parameters.model_dump(mode="json"),
            "start": self.start,
            "months": self.months,
            "record": asdict(self.record),
            **({"fishing_test": asdict(self.fishing_test)} if self.fishing_test else {}),
            **({"policy": [rule.content() for rule in self.policy]} if self.policy else {}),
        }
