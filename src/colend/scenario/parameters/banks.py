"""Banks: city commercial, rural commercial, consumer-finance companies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from pydantic import Field

from colend.scenario.parameters.base import (
    MOST_YUAN,
    AgentValue,
    Group,
    Number,
    SequencingOrAdaptive,
    Whole,
    WholeAgentValue,
    numbers_in,
    one_each,
    parameter,
)

_PROTOTYPE = "assumed: a value at which every part of a first market acted"
_SPREAD = (
    "assumed: wide differences between banks, in the article's words some with capital, talent and patience, others not"
)


class BankKind(Group):
    """One kind of bank. A number may be a distribution over its banks or a list, one a bank."""

    number: Whole = parameter(
        0,
        "number",
        "Banks of this kind",
        "assumed: docs/odd.md section 2; facts: Nanjing's club of over 140 city and rural banks",
        0,
        5_000,
    )
    equity: AgentValue = parameter({"lognormal": [1e9, 0.6]}, "yuan", "Equity at the start", _PROTOTYPE, 1e5, 1e13)
    capital_ratio: AgentValue = parameter(
        {"uniform": [0.107, 0.150]},
        "share",
        "Capital ratio at the start",
        "facts: city banks' capital adequacy 12.97 % (end 2024); spread assumed so that some start near the minimum",
        0.01,
        1,
    )
    precision: AgentValue = parameter(
        0.3,
        "precision",
        "Precision of the bank's own screening signal (tau)",
        "assumed: docs/odd.md sections 7.1 to 7.4",
        0.001,
        100,
    )
    talent: AgentValue = parameter({"normal": [0.4, 0.15]}, "share", "Talent, 0 to 1", _SPREAD, 0, 1)
    legacy: AgentValue = parameter(
        {"uniform": [0.2, 0.8]}, "share", "How much of its systems is legacy, 0 to 1", _SPREAD, 0, 1
    )
    horizon_months: WholeAgentValue = parameter(
        {"lognormal": [30, 0.5]}, "months", "How far ahead the bank counts, whole months", _SPREAD, 1, 600
    )
    funds_rate: AgentValue = parameter(0.03, "rate a year", "Cost of funds", _PROTOTYPE, 0, 0.5)
    operating_rate: AgentValue = parameter(0.015, "rate a year", "Running cost of balances", _PROTOTYPE, 0, 0.5)
    cost_scale: AgentValue = parameter(
        1.0, "1", "Set-up and fixed costs relative to a city bank's", "assumed: docs/odd.md sections 7.7 to 7.9", 0, 100
    )
    integration_slots: WholeAgentValue = parameter(
        1,
        "number",
        "Alliances that the bank can pilot or integrate at a time",
        "assumed: docs/odd.md sections 7.7 to 7.9",
        0,
        100,
    )
    maximum_partners: WholeAgentValue = parameter(
        3,
        "number",
        "Platforms that the bank works with at most",
        "assumed: docs/odd.md sections 7.7 to 7.9; facts: 2.5 partners a bank (USA 2021)",
        0,
        100,
    )
    deposits_to_equity: AgentValue = parameter(
        4.0,
        "1",
        "Deposits that can fund consumer loans, over equity",
        "assumed: about half of a bank's deposits are lent to firms and the state",
        0,
        100,
    )
    readiness: Number = parameter(
        0.0, "logit", "What this kind adds to the public prior of fit", "assumed: none", -10, 10
    )
    customer_weight: Number = parameter(
        1.0,
        "1",
        "Weight of a yuan of equity in the shares of initial customers",
        "assumed: companies have no customers of their own",
        0,
        100,
    )
    sunk_cost_bias: AgentValue = parameter(
        {"uniform": [0.0, 1.0]},
        "share",
        "Part of the old system's book value that the bank counts as lost when it replaces it",
        _SPREAD,
        0,
        10,
    )
    sequencing: SequencingOrAdaptive | list[SequencingOrAdaptive] | None = parameter(
        None,
        "choice",
        "These banks' own sequencing, adaptive: they choose; none: alliances.sequencing",
        "assumed: docs/odd.md sections 7.7 to 7.9",
    )

    def misfits(self) -> Iterator[str]:
        """Lists that are not as long as there are banks."""
        for name in type(self).model_fields:
            yield from one_each(name, getattr(self, name), self.number, "banks")


class Kind(NamedTuple):
    """What a kind of bank is called, what it is, and what sets its parameters apart from BankKind's defaults."""

    words: str  # in the middle of a sentence, plural
    regional: bool  # belongs to its region, where a rule may keep it; else the country is its market
    gated: bool  # has customers and risk control of its own to win: stands before the gates with a partner
    defaults: dict[str, Any]

    def group(self) -> BankKind:
        """Its parameters by default."""
        return BankKind(**self.defaults)


# In the order of their rows in every table. At most eight: their numbers for draws end where platforms' begin.
BANK_KINDS = {
    "city": Kind(
        "city banks",
        regional=True,
        gated=True,
        defaults={
            "number": 40,
            "equity": {"lognormal": [5e9, 0.6]},
            "precision": 0.30,
            "talent": {"normal": [0.5, 0.15]},
            "horizon_months": {"lognormal": [36, 0.5]},
            "funds_rate": 0.032,
        },
    ),
    "rural": Kind(
        "rural banks",
        regional=True,
        gated=True,
        defaults={
            "number": 100,
            "equity": {"lognormal": [0.6e9, 0.6]},
            "precision": 0.20,
            "talent": {"normal": [0.3, 0.12]},
            "horizon_months": {"lognormal": [22, 0.5]},
            "funds_rate": 0.030,
            "cost_scale": 0.3,
        },
    ),
    "consumer_finance": Kind(
        "consumer-finance companies",
        regional=False,
        gated=False,
        defaults={
            "number": 4,
            "equity": {"lognormal": [2e9, 0.6]},
            "precision": 0.35,
            "talent": {"normal": [0.5, 0.15]},
            "legacy": {"uniform": [0.1, 0.4]},
            "funds_rate": 0.055,
            "customer_weight": 0.0,
        },
    ),
}
KINDS = tuple(BANK_KINDS)


class Banks(Group):
    """All banks: what they share, and each kind."""

    city: BankKind = Field(default_factory=BANK_KINDS["city"].group)
    rural: BankKind = Field(default_factory=BANK_KINDS["rural"].group)
    consumer_finance: BankKind = Field(default_factory=BANK_KINDS["consumer_finance"].group)
    minimum_ratio: Number = parameter(
        0.105,
        "share",
        "Capital ratio that a bank keeps at least",
        "Chinese minimum of 10.5 % including the conservation buffer",
        0.001,
        0.9,
    )
    target_ratio: Number = parameter(
        0.12, "share", "Capital ratio above which profit is paid out", _PROTOTYPE, 0.002, 1
    )
    tax_rate: Number = parameter(0.25, "share", "Tax on profit", "Chinese enterprise income tax", 0, 1)
    payout_share: Number = parameter(0.3, "share", "Part of positive profit paid out", _PROTOTYPE, 0, 1)
    risk_weight: Number = parameter(
        1.0,
        "1",
        "Risk weight of consumer loans",
        "assumed: Chinese standard approach, unsecured consumer credit at 75 to 100 %",
        0.01,
        10,
    )
    base_hurdle: Number = parameter(
        0.02, "rate a year", "Return above cost that a well capitalised lender wants", _PROTOTYPE, 0, 1
    )
    hurdle_slope: Number = parameter(0.04, "rate a year", "What it wants on top at the minimum ratio", _PROTOTYPE, 0, 1)
    hurdle_scale: Number = parameter(0.01, "share", "Capital ratio over which that fades by e", _PROTOTYPE, 0.0001, 1)
    penalty_rate: Number = parameter(
        0.03,
        "rate a year",
        "Extra cost of what was lent beyond capital",
        "assumed: price of emergency funds above the market's",
        0,
        1,
    )
    size_talent_correlation: Number = parameter(
        0.5, "1", "Copula correlation of size and talent", "assumed: docs/odd.md section 2", -1, 1
    )
    size_horizon_correlation: Number = parameter(
        0.3, "1", "Copula correlation of size and horizon", "assumed: docs/odd.md section 2", -1, 1
    )
    headroom_months: Number = parameter(
        6,
        "months",
        "Months over which a bank offers its headroom to partners",
        "assumed: docs/odd.md sections 7.7 to 7.9",
        0.1,
        120,
    )

    @property
    def kinds(self) -> dict[str, BankKind]:
        """The parameters of each kind by its name."""
        return {name: getattr(self, name) for name in KINDS}

    def misfits(self) -> Iterator[str]:
        """A target that is not above the minimum, and no bank at all."""
        if self.target_ratio <= self.minimum_ratio:
            yield f"target_ratio: {self.target_ratio:g} is not above minimum_ratio {self.minimum_ratio:g}"
        if not any(kind.number for kind in self.kinds.values()):
            yield f"{KINDS[0]}.number: there is no bank of any kind; at least one is needed"
        equity = {name: one.number * max(numbers_in(one.equity), default=0.0) for name, one in self.kinds.items()}
        if sum(equity.values()) > MOST_YUAN:
            largest = max(equity, key=lambda name: equity[name])
            whole = f"{sum(equity.values()):.2g} yuan; at most {MOST_YUAN:.2g} is counted"
            yield f"{largest}.equity: that of all banks may be {whole}"
