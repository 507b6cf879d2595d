"""Customers: the first gate."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import Field

from colend.scenario.parameters.base import BySegment, Group, Number, parameter
from colend.scenario.parameters.openness import LEVELS, ByOpenness

_PROTOTYPE = "assumed: a value at which every part of a first market acted"
_TOUCH = "assumed: reach of the channel among the segment's users"


class Touchpoint(Group):
    """One way to be seen by borrowers."""

    fixed_cost: Number = parameter(0, "yuan a month", "Fixed cost, times the bank's cost_scale", _PROTOTYPE, 0, 1e12)
    cost_per_customer: Number = parameter(
        0,
        "yuan a customer a month",
        "Cost of each borrower with a running joint loan whom it reaches",
        "assumed: messages, hosting, service",
        0,
        1e6,
    )
    strength: Number = parameter(
        0,
        "1",
        "How strongly it makes a borrower aware of the bank",
        "assumed: an own app tells most, an account least",
        0,
        100,
    )
    reach: BySegment = parameter(1, "share", "Share of borrowers whom it reaches", _TOUCH, 0, 1)


def _touchpoint(
    fixed_cost: float, cost_per_customer: float, strength: float, prime: float, mass: float, thin_file: float
) -> Callable[[], Touchpoint]:
    reach = {"prime": prime, "mass": mass, "thin_file": thin_file}
    return lambda: Touchpoint(
        fixed_cost=fixed_cost, cost_per_customer=cost_per_customer, strength=strength, reach=BySegment(**reach)
    )


class Touchpoints(Group):
    """The four touchpoints; `branch` reaches borrowers of the bank's own region only."""

    app: Touchpoint = Field(default_factory=_touchpoint(60_000, 0.10, 1.0, 1.0, 0.8, 0.5))
    mini_program: Touchpoint = Field(default_factory=_touchpoint(20_000, 0.05, 0.5, 0.8, 0.9, 0.9))
    service_account: Touchpoint = Field(default_factory=_touchpoint(8_000, 0.03, 0.3, 0.9, 0.9, 0.8))
    branch: Touchpoint = Field(default_factory=_touchpoint(15_000, 0.50, 0.8, 0.8, 0.6, 0.4))


class Customers(Group):
    """How joint borrowers notice the bank, become its customers, stay and leave."""

    awareness_gain: Number = parameter(
        0.12, "1 a month", "Growth of awareness per touchpoint strength and visibility (g)", _PROTOTYPE, 0, 10
    )
    awareness_fade: Number = parameter(0.03, "share a month", "Fading of awareness without a loan", _PROTOTYPE, 0, 1)
    visibility: ByOpenness = parameter(
        {name: level.visibility for name, level in LEVELS.items()},
        "share",
        "How visible the bank is to joint borrowers",
        "assumed: docs/odd.md section 7.6; nearly decides gate 1, so findings are shown over a sweep of it",
        0,
        1,
    )
    conversion: Number = parameter(
        0.15,
        "probability",
        "Probability that a fully aware borrower becomes a customer at the end of a loan",
        _PROTOTYPE,
        0,
        1,
    )
    switch_probability: Number = parameter(
        0.2, "probability", "Probability that one with another bank then leaves it", _PROTOTYPE, 0, 1
    )
    attrition: Number = parameter(
        0.01, "probability a month", "Probability that a customer leaves", _PROTOTYPE, 0, 0.999
    )
    loyalty: Number = parameter(
        0.5, "probability", "Probability that a customer's need goes to the bank first", _PROTOTYPE, 0, 1
    )
    cash_offer_rate: Number = parameter(
        0.3,
        "probability",
        "Probability, times awareness, of a cash-loan offer after a scene instalment where customers are open",
        "assumed: about a third of finished instalments",
        0,
        1,
    )
    cash_stickiness: Number = parameter(
        0.5,
        "share",
        "Part of the missing awareness that taking it brings",
        "assumed: a loan of the bank's own is noticed",
        0,
        1,
    )
    touchpoints: Touchpoints = Field(default_factory=Touchpoints)
