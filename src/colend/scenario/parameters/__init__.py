"""Every parameter of the model, declared once: type, unit, bounds, default, meaning, source."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from pydantic import Field

from colend.scenario.parameters.adaptive import Adaptive
from colend.scenario.parameters.alliances import Alliances
from colend.scenario.parameters.banks import BANK_KINDS, KINDS, Banks
from colend.scenario.parameters.base import (
    ADAPTIVE,
    INFERENCE,
    PRICING,
    SEGMENTS,
    SEQUENCING,
    TOUCHPOINTS,
    UNITS,
    BySegment,
    BySequencing,
    Group,
)
from colend.scenario.parameters.clubs import Clubs
from colend.scenario.parameters.credit import Credit, Macro
from colend.scenario.parameters.customers import Customers
from colend.scenario.parameters.learning import Learning
from colend.scenario.parameters.openness import LEVELS, OPENNESS, ByOpenness
from colend.scenario.parameters.platforms import Platforms
from colend.scenario.parameters.population import Population
from colend.scenario.parameters.stress import Stress

__all__ = [
    "ADAPTIVE",
    "BANK_KINDS",
    "INFERENCE",
    "KINDS",
    "LEVELS",
    "OPENNESS",
    "PRICING",
    "SEGMENTS",
    "SEQUENCING",
    "TOUCHPOINTS",
    "UNITS",
    "ByOpenness",
    "BySegment",
    "BySequencing",
    "Group",
    "Parameters",
]


class Parameters(Group):
    """All parameters of one market."""

    population: Population = Field(default_factory=Population)
    credit: Credit = Field(default_factory=Credit)
    macro: Macro = Field(default_factory=Macro)
    platforms: Platforms = Field(default_factory=Platforms)
    banks: Banks = Field(default_factory=Banks)
    alliances: Alliances = Field(default_factory=Alliances)
    customers: Customers = Field(default_factory=Customers)
    learning: Learning = Field(default_factory=Learning)
    adaptive: Adaptive = Field(default_factory=Adaptive)
    stress: Stress = Field(default_factory=Stress)
    clubs: Clubs = Field(default_factory=Clubs)

    @property
    def adapting(self) -> set[str]:
        """What somebody chooses for itself: `sequencing`, `openness`, both or nothing."""
        parties: list[Any] = [kind.sequencing for kind in self.banks.kinds.values() if kind.number]
        parties.append(self.platforms.sequencing)
        wanted: dict[str, list[Any]] = {"sequencing": [one or self.alliances.sequencing for one in parties]}
        wanted["openness"] = [self.platforms.openness]
        return {
            choice
            for choice, values in wanted.items()
            if any(ADAPTIVE in (value if isinstance(value, list) else [value]) for value in values)
        }

    def misfits(self) -> Iterator[str]:
        """What does not fit together between groups."""
        yield from self._nothing_to_earn_on()
        try:
            self.clubs.check_members({name: kind.number for name, kind in self.banks.kinds.items()})
        except ValueError as error:
            yield f"clubs.members: {error}"
        if self.clubs.members and self.clubs.platform > self.platforms.number:
            most = self.platforms.number
            yield f"clubs.platform: {self.clubs.platform} of {most} platforms; did you mean {most}?"

    def need_beyond_one(self, months: int) -> Iterator[tuple[str, str]]:
        """A need for loans that growth or stress takes beyond 1, where it would be cut off, in a run of so many months:
        the parameter that does so, and what is wrong.
        """
        pace, stress, needs = 1.0 + self.population.demand_growth, self.stress, self.population.monthly_need.numbers()
        stressed = range(stress.start_month, min(stress.start_month + stress.months, months))
        for key, value, factors, when in (
            ("population.demand_growth", self.population.demand_growth, (1.0,) * len(needs), range(months)),
            ("stress.demand_factor", None, stress.demand_factor.numbers(), stressed),
        ):
            reached, need, factor, segment = max(
                (need * factor, need, factor, segment)
                for need, factor, segment in zip(needs, factors, SEGMENTS, strict=True)
            )
            beyond = [month for month in when if reached * pace**month > 1.0 + 1e-9]
            if not beyond:
                continue
            most = 1.0 / (need * max(pace**month for month in when))
            if value is not None:
                most = need ** (-1.0 / (months - 1)) - 1.0
            yield (
                key,
                f"{factor if value is None else value:g} takes the need of {segment}, {need:g} in the first month, "
                f"beyond 1 in month {beyond[0]} (0 the first) of {months}; at most {math.floor(1e6 * most) / 1e6:.7g}",
            )
            return

    def _nothing_to_earn_on(self) -> Iterator[str]:
        """Platforms that choose by what they earn over their equity, and have none."""
        platforms = self.platforms
        chosen = (platforms.openness, platforms.sequencing or self.alliances.sequencing)
        if not any(ADAPTIVE in (one if isinstance(one, list) else [one]) for one in chosen):
            return
        if not platforms.lender_equity:
            yield "platforms.lender_equity: 0, but adaptive platforms choose by what they earn over it"
        elif not all(platforms.user_share):
            yield "platforms.user_share: 0 leaves no equity, but adaptive platforms choose by what they earn over it"
