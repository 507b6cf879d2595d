"""What banks and platforms earned and paid, month by month."""

from __future__ import annotations

from colend.measures.declaration import Measure
from colend.state.books import Flow
from colend.state.tables import JOINT, OWN


def _banks(name: str, meaning: str, *kinds: Flow, channel: int | None = None) -> Measure:
    """What banks gained by these kinds of flow."""
    return Measure(f"bank_{name}", "months", "yuan", meaning, lambda view: view.bank_flow(*kinds, channel=channel))


def _banks_paid(name: str, meaning: str, *kinds: Flow) -> Measure:
    """What they paid."""
    return Measure(f"bank_{name}", "months", "yuan", meaning, lambda view: 0.0 - view.bank_flow(*kinds))


def _platforms(name: str, meaning: str, *kinds: Flow) -> Measure:
    return Measure(f"platform_{name}", "months", "yuan", meaning, lambda view: view.platform_flow(*kinds))


def _platforms_paid(name: str, meaning: str, *kinds: Flow) -> Measure:
    return Measure(f"platform_{name}", "months", "yuan", meaning, lambda view: 0.0 - view.platform_flow(*kinds))


MONTHS_OF_INCOME = (
    _banks("interest_joint", "Banks' interest from joint loans", Flow.INTEREST, channel=JOINT),
    _banks("interest_own", "Banks' interest from their own channels", Flow.INTEREST, channel=OWN),
    _banks_paid("fees_paid", "Fees and technology fees that banks paid to platforms", Flow.FEE, Flow.TECHNOLOGY_FEE),
    _banks_paid("credit_losses", "Banks' charge-offs after recoveries", Flow.WRITE_OFF),
    _banks_paid(
        "funding_cost",
        "What banks paid for funds, penalties on overshoot included",
        Flow.FUNDING_COST,
        Flow.PENALTY,
    ),
    _banks_paid(
        "operating_cost",
        "Banks' running and origination costs of loans",
        Flow.OPERATING_COST,
        Flow.ORIGINATION_COST,
    ),
    _banks_paid(
        "alliance_cost",
        "What banks spent on pilots, signing, integration and running alliances",
        Flow.ALLIANCE_COST,
    ),
    _banks_paid("touchpoint_cost", "What banks spent on touchpoints", Flow.TOUCHPOINT_COST),
    _banks_paid(
        "learning_cost",
        "What banks spent on research, laboratories and replacing legacy systems",
        Flow.RESEARCH_COST,
        Flow.LABORATORY_COST,
        Flow.REPLACEMENT_COST,
    ),
    _banks_paid("tax", "Tax of banks", Flow.TAX),
    Measure(
        "bank_profit",
        "months",
        "yuan",
        "Profit of banks from consumer lending after tax",
        lambda v: v.counts.bank_profit,
    ),
    _platforms("fees", "Fees on joint loans", Flow.FEE),
    _platforms("technology_fees", "Fees for opened technology", Flow.TECHNOLOGY_FEE),
    _platforms("interest", "Interest of platforms' lenders, joint and alone", Flow.INTEREST),
    _platforms_paid("credit_losses", "Platforms' lenders' charge-offs after recoveries", Flow.WRITE_OFF),
    _platforms_paid(
        "funding_cost",
        "What platforms' lenders paid for funds, penalties included",
        Flow.FUNDING_COST,
        Flow.PENALTY,
    ),
    _platforms_paid(
        "operating_cost",
        "Platforms' running and origination costs of loans",
        Flow.OPERATING_COST,
        Flow.ORIGINATION_COST,
    ),
    _platforms_paid(
        "alliance_cost",
        "What platforms spent on alliances, on opening and on laboratories",
        Flow.ALLIANCE_COST,
        Flow.OPENING_COST,
        Flow.LABORATORY_COST,
    ),
    _platforms_paid("tax", "Tax of platforms", Flow.TAX),
    Measure(
        "platform_profit",
        "months",
        "yuan",
        "Profit of platforms from lending after tax",
        lambda v: v.counts.platform_profit,
    ),
)
