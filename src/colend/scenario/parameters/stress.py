"""Stress: what happens to the market for some months, and is neutral unless a scenario asks for it."""

from __future__ import annotations

from collections.abc import Iterator

from colend.scenario.parameters.base import BySegment, Group, Number, Whole, parameter

_NEUTRAL = "neutral: a scenario of stress sets it"


class Stress(Group):
    """Shocks that begin together; each is absent at its default."""

    start_month: Whole = parameter(36, "months", "Months of the run before the stress begins", _NEUTRAL, 0, 1_200)
    months: Whole = parameter(12, "months", "Months that it lasts", "assumed: a year", 1, 600)
    downturn_quantile: Number = parameter(
        0, "probability", "The systematic factor is held at this quantile; 0: no downturn", _NEUTRAL, 0, 0.5
    )
    leaving_platform: Whole = parameter(
        0, "number", "The platform that leaves for good, 1 the first; 0: none", _NEUTRAL, 0, 100
    )
    funds_spread: Number = parameter(
        0, "rate a year", "Added to what banks and platforms' lenders pay for funds", _NEUTRAL, 0, 0.5
    )
    deposit_outflow: Number = parameter(
        0, "share", "Part of banks' deposits that is away while the stress lasts", _NEUTRAL, 0, 0.95
    )
    demand_factor: BySegment = parameter(1, "1", "Multiplies the need for loans", _NEUTRAL, 0, 20)

    def without_effect(self, months: int, platforms: int) -> Iterator[tuple[str, str]]:
        """What would change nothing in a run of so many months with so many platforms: name, and why."""
        if self.start_month >= months:
            yield "start_month", f"is after the run's {months} months: no stress would come"
        if self.leaving_platform > platforms:
            yield "leaving_platform", f"{self.leaving_platform} of {platforms} platforms"
