"""Regulation as data: every rule declared once, and what of it is asked for from when on.

Policies are read, the JSON Schema and the documents' tables are made, rules act and measures count by these rows.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal, get_type_hints

from pydantic import Field, StrictBool

from colend.scenario.parameters.base import NUMBER, WHOLE, Means

TRUTH = "true or false"  # the unit of a rule without a number
_NO_CEILING: Any = math.inf


@dataclass(frozen=True)
class RuleKind:
    """A rule: its number's `unit`, its name on charts (`words`), and what it does to lending (`acts`).

    What it `binds` says what keeps or breaks it, and so how measures count it: a `loan` by itself, the `stock` of joint
    loans, to which older ones belong, or what scores tell of an application. With `room` lending is limited as by
    capital: applications that find none are refused, as are those `turned_away`.
    """

    unit: str
    words: str
    acts: str
    binds: Literal["loan", "stock", "score"] = "loan"
    room: bool = False
    turned_away: bool = False


Share = Annotated[float, Field(ge=0.0, le=1.0), NUMBER]
Rate = Annotated[float, Field(ge=0.01, le=2.0), NUMBER]
Ratio = Annotated[float, Field(ge=0.0, le=1e6), NUMBER]


@dataclass(frozen=True)
class Regime:
    """The numbers in force at one time. The default limits nothing: it is infinite of a ceiling, zero of a floor; the
    nearer to it, the less strict.
    """

    minimum_platform_share: Annotated[
        float,
        Field(ge=0.0, le=0.95),
        NUMBER,
        Means("Part of each joint loan that the platform's lender funds"),
        RuleKind(
            "share",
            "Platform funds at least",
            "contracts are made anew at the new split; the platform's lender needs the capital: admission",
            room=True,
        ),
    ] = 0.0
    maximum_partner_to_capital: Annotated[
        Ratio,
        Means("A bank's part of joint loans with one platform, over its tier-1 capital (its equity)"),
        RuleKind("share", "One partner to capital", "hurdle, offered lending, admission", binds="stock", room=True),
    ] = _NO_CEILING
    maximum_joint_share: Annotated[
        Share,
        Means("A bank's part of joint loans over all its loans, its other assets counted as loans"),
        RuleKind("share", "Joint loans to all loans", "the same", binds="stock", room=True),
    ] = _NO_CEILING
    home_region_only: Annotated[
        StrictBool,
        Means("Regional banks lend in their own region only"),
        RuleKind(
            TRUTH,
            "Home region only",
            "routing and expected applications region by region; a customer who lives elsewhere is turned away and "
            "goes to a platform",
            turned_away=True,
        ),
    ] = False
    rate_cap: Annotated[
        Rate,
        Means("Highest interest rate: of a joint loan, its price less all fees"),
        RuleKind("rate a year", "Interest at most", "the price"),
    ] = _NO_CEILING
    all_in_cost_cap: Annotated[
        Rate,
        Means("Highest price of a loan: interest and fees together"),
        RuleKind("rate a year", "All-in cost at most", "the price"),
    ] = _NO_CEILING
    maximum_sharing_depth: Annotated[
        Share,
        Means("Depth to which a platform's score is shared, however open"),
        RuleKind("share", "Depth of shared scores", "the depth δ", binds="score"),
    ] = _NO_CEILING
    partner_list: Annotated[
        int,
        Field(ge=0, le=1_000),
        WHOLE,
        Means("Platforms on a bank's list; it works with no other"),
        RuleKind(
            "number",
            "Partners on the list",
            "nobody begins what has no place; a bank with too many parts from those worth least to it a month",
        ),
    ] = _NO_CEILING
    maximum_score_reliance: Annotated[
        Ratio,
        Means("Precision of what the platform's score says to a bank, over the bank's own, in every segment"),
        RuleKind(
            "× own", "Reliance on scores", "the depth: δτ_p ≤ limit · τ_b, in every segment with people", binds="score"
        ),
    ] = _NO_CEILING

    @property
    def limits_stocks(self) -> bool:
        """Whether joint loans outstanding are limited, by capital or by all loans."""
        return math.isfinite(self.maximum_partner_to_capital) or math.isfinite(self.maximum_joint_share)


OPEN = Regime()
RULES: dict[str, RuleKind] = {
    name: next(one for one in kind.__metadata__ if isinstance(one, RuleKind))
    for name, kind in get_type_hints(Regime, include_extras=True).items()
}
NAMES = tuple(RULES)


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

    @property
    def number(self) -> str:
        """Its number in words."""
        return "true" if self.value and RULES[self.name].unit == TRUTH else f"{self.value:.12g}"


def month_number(month: str) -> int:
    """Months since year 0."""
    return int(month[:4]) * 12 + int(month[5:7]) - 1
