"""Openness: what a platform opens to a signed partner, a row a level. No rule asks which level it is."""

from __future__ import annotations

from typing import Literal, NamedTuple

from colend.scenario.parameters.base import Each, Number


class Level(NamedTuple):
    """What is open to a partner at one level."""

    visibility: float  # default of `customers.visibility`
    opening_cost: float  # default of `platforms.opening_cost`
    full_view: bool = False  # the bank sees applicants as it sees its own customers; else `credit.thin_view` of it
    shares_data: bool = False  # the platform shares its score to the depth `platforms.data_share`
    deepens: bool = False  # and to the depth of trust, where that is deeper
    charges: bool = False  # `platforms.technology_fee`
    opens_customers: bool = False  # the bank may offer borrowers a loan of its own, unasked
    teaches: bool = False  # capability is transferred, and a laboratory shared


LEVELS = {
    "traffic": Level(0.03, 0),
    "customers": Level(1, 5_000, full_view=True, shares_data=True, opens_customers=True),
    "technology": Level(
        1, 15_000, full_view=True, shares_data=True, deepens=True, charges=True, opens_customers=True, teaches=True
    ),
}
OPENNESS = tuple(LEVELS)

Openness = Literal["traffic", "customers", "technology"]
OpennessOrAdaptive = Literal[Openness, "adaptive"]


class ByOpenness(Each):
    """One number a level of openness."""

    traffic: Number
    customers: Number
    technology: Number
