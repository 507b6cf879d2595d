"""Fintech platforms and their own lenders."""

from __future__ import annotations

from collections.abc import Iterator

from colend.scenario.parameters.base import (
    AgentValue,
    Group,
    Number,
    SequencingOrAdaptive,
    Whole,
    adds_to_one,
    one_each,
    parameter,
)
from colend.scenario.parameters.openness import LEVELS, ByOpenness, OpennessOrAdaptive

_PROTOTYPE = "assumed: a value at which every part of a first market acted"


class Platforms(Group):
    """Platforms: users, precision, lender, openness, fees."""

    number: Whole = parameter(6, "number", "Platforms", "assumed: docs/odd.md section 2", 1, 100)
    user_share: list[Number] = parameter(
        [0.35, 0.25, 0.15, 0.10, 0.10, 0.05],
        "share",
        "Share of borrowers whose scene platform each is",
        _PROTOTYPE,
        0,
        1,
    )
    precision: AgentValue = parameter(
        0.8,
        "precision",
        "Precision of the platform's score (tau)",
        "assumed: docs/odd.md sections 7.1 to 7.4: AUC 0.77 for mass; Frost et al. 2019",
        0.001,
        100,
    )
    openness: OpennessOrAdaptive | list[OpennessOrAdaptive] = parameter(
        "traffic",
        "choice",
        "What a platform opens to signed partners: one for all, or one a platform",
        "assumed: docs/odd.md section 1",
    )
    sequencing: SequencingOrAdaptive | list[SequencingOrAdaptive] | None = parameter(
        None,
        "choice",
        "A platform's own sequencing, adaptive: it chooses; none: alliances.sequencing",
        "assumed: docs/odd.md sections 7.7 to 7.9",
    )
    lender_equity: Number = parameter(
        8e9, "yuan", "Equity of the largest platform's lender; others in proportion to users", _PROTOTYPE, 0, 1e13
    )
    lender_minimum_ratio: Number = parameter(
        0.105, "share", "Equity over loans that a platform's lender keeps at least", "assumed: as banks", 0.001, 1
    )
    funds_rate: Number = parameter(0.05, "rate a year", "Cost of funds of a platform's lender", _PROTOTYPE, 0, 0.5)
    operating_rate: Number = parameter(0.015, "rate a year", "Running cost of balances", _PROTOTYPE, 0, 0.5)
    fee_rate: AgentValue = parameter(
        0.027,
        "rate a year",
        "Fee on the bank's part of joint balances",
        "facts: Ant's fee about 2.7 % of balances a year (H1 2020)",
        0,
        0.5,
    )
    technology_fee: Number = parameter(
        0.003,
        "rate a year",
        "Fee on joint balances while technology is open",
        "assumed: a starting value",
        0,
        0.1,
    )
    minimum_income: AgentValue = parameter(
        5,
        "yuan an application",
        "Expected income from which a platform passes an application on (k_p)",
        _PROTOTYPE,
        0,
        10_000,
    )
    integration_slots: Number = parameter(
        8,
        "number",
        "Alliances that a platform can pilot or integrate at a time",
        "assumed: a starting value; a lever to sweep",
        0,
        1_000,
    )
    data_share: Number = parameter(
        0.5, "share", "Depth to which the platform's score is shared where customers are open", _PROTOTYPE, 0, 1
    )
    opening_cost: ByOpenness = parameter(
        {name: level.opening_cost for name, level in LEVELS.items()},
        "yuan a month",
        "Platform's cost of each open alliance, times the bank's cost_scale",
        "assumed: a tenth and three tenths of an alliance's running cost",
        0,
        1e9,
    )
    incremental_share: Number = parameter(
        0.5,
        "share",
        "Part of its joint income that the platform would not have had without this partner",
        "assumed: docs/odd.md sections 7.7 to 7.9",
        0,
        1,
    )

    def misfits(self) -> Iterator[str]:
        """Shares that do not add to 1, lists that are not as long as there are platforms."""
        yield from adds_to_one("user_share", self.user_share)
        for name in ("user_share", "openness", "sequencing", "precision", "fee_rate", "minimum_income"):
            yield from one_each(name, getattr(self, name), self.number, "platforms")
