"""What every bank and platform earned over the run, part by part to the fen, and what that is worth at its start.

Value is profit: the sum over months t of b^t times the after-tax book profit, b the monthly discount and 0 the run's
first month, so that everybody's is counted on one date. What a change of it comes from stands here before discounting:
the parts of two runs differ by as much as their profits do, fen by fen.
"""

from __future__ import annotations

import numpy as np

from colend.measures.declaration import Measure
from colend.measures.views import MonthView, RunView
from colend.scenario.parameters import KINDS
from colend.state.books import CHANNELS, FEN, Flow
from colend.state.tables import JOINT

EVERY = range(CHANNELS)
ALONE = tuple(channel for channel in EVERY if channel != JOINT)
# Name, what it is, kinds of flow and their channels: every flow that makes profit after tax is in one part.
PARTS: tuple[tuple[str, str, tuple[Flow, ...], tuple[int, ...]], ...] = (
    ("interest_joint", "Interest on its part of joint loans", (Flow.INTEREST,), (JOINT,)),
    ("interest_own", "Interest on loans of its own channel; a platform's lender alone", (Flow.INTEREST,), ALONE),
    ("losses", "Charge-offs after recoveries", (Flow.WRITE_OFF,), tuple(EVERY)),
    ("funds", "Cost of funds, penalties on overshoot included", (Flow.FUNDING_COST, Flow.PENALTY), tuple(EVERY)),
    (
        "running",
        "Running and origination costs of loans",
        (Flow.OPERATING_COST, Flow.ORIGINATION_COST),
        tuple(EVERY),
    ),
    ("fees", "Fees and technology fees, got or paid", (Flow.FEE, Flow.TECHNOLOGY_FEE), tuple(EVERY)),
    (
        "alliances",
        "Pilots, signing, integration, opening, running and data of alliances",
        (Flow.ALLIANCE_COST, Flow.OPENING_COST),
        tuple(EVERY),
    ),
    (
        "capability",
        "Touchpoints, research, laboratories, new systems",
        (Flow.TOUCHPOINT_COST, Flow.RESEARCH_COST, Flow.LABORATORY_COST, Flow.REPLACEMENT_COST),
        tuple(EVERY),
    ),
    ("tax", "Tax", (Flow.TAX,), tuple(EVERY)),
)


# Whether a flow of a kind in a channel counts in a part: int64[part, kind, channel].
_COUNTS = np.zeros((len(PARTS), len(Flow), len(EVERY)), dtype=np.int64)
for _counts, (_, _, _kinds, _channels) in zip(_COUNTS, PARTS, strict=True):
    _counts[np.ix_(_kinds, _channels)] = 1


def accounts_of_month(view: MonthView) -> np.ndarray:
    """int64[part, banks then platforms]: fen that each gained this month."""
    flows = view.world.books.flows[:, : len(view.banks) + len(view.platforms)]
    return np.asarray(np.einsum("pkc,kec->pe", _COUNTS, flows))


def worth_at_start(view: RunView, monthly: np.ndarray) -> np.ndarray:
    """Sum of b^t times what months brought; `monthly` by month, and by whatever else."""
    discounts: np.ndarray = view.world.monthly_discount ** np.arange(len(monthly))
    return np.asarray(discounts @ monthly)


def _part(view: RunView, part: int) -> np.ndarray:
    """Yuan of every party over the run."""
    return np.asarray(view.accounts[:, part].sum(axis=0) / FEN)


def _account(name: str, unit: str, meaning: str, take) -> Measure:
    return Measure(name, "accounts", unit, meaning, take)


ACCOUNTS = (
    _account(
        "party",
        "name",
        "Who: bank or platform",
        lambda v: np.repeat(["bank", "platform"], [len(v.banks), len(v.platforms)]),
    ),
    _account(
        "number",
        "number",
        "Number of the bank or platform",
        lambda v: np.concatenate([np.arange(len(v.banks)), np.arange(len(v.platforms))]),
    ),
    _account(
        "kind",
        "name",
        "Kind of bank; platform",
        lambda v: np.concatenate([np.array(KINDS)[v.banks.kind], np.repeat("platform", len(v.platforms))]),
    ),
    *(
        _account(name, "yuan", f"{meaning}, gained over the run", lambda v, part=part: _part(v, part))
        for part, (name, meaning, _, _) in enumerate(PARTS)
    ),
    _account(
        "profit",
        "yuan",
        "Profit after tax over the run: the sum of these parts",
        lambda v: v.accounts.sum(axis=(0, 1)) / FEN,
    ),
    _account(
        "value",
        "yuan",
        "That profit month by month, discounted to the run's start",
        lambda v: worth_at_start(v, v.accounts.sum(axis=1) / FEN),
    ),
)


def profit_at_start(view: RunView, *names: str) -> float:
    """Profit after tax of the months, discounted to the run's start."""
    return float(worth_at_start(view, np.sum([view.months[name] for name in names], axis=0)))


def _run(name: str, unit: str, meaning: str, over: str, take, months: tuple[str, ...] = ()) -> Measure:
    return Measure(name, "runs", unit, meaning, take, months, over=over)


def _alliances(name: str, unit: str, meaning: str, over: str) -> Measure:
    return _run(name, unit, meaning, over, lambda v: getattr(v.facts, name))


_PROFITS = ("bank_profit", "platform_profit")
RUNS_OF_VALUE = (
    _run(
        "value_per_bank",
        "yuan",
        "Banks' profit from lending after tax, discounted to the run's start, per bank",
        "all banks, with a partner or without",
        lambda v: profit_at_start(v, "bank_profit") / len(v.banks),
        ("bank_profit",),
    ),
    _run(
        "value_per_platform",
        "yuan",
        "Platforms' profit from lending after tax, discounted to the run's start, per platform",
        "all platforms",
        lambda v: profit_at_start(v, "platform_profit") / len(v.platforms),
        ("platform_profit",),
    ),
    _run(
        "value_market",
        "yuan",
        "Profit of all banks and platforms after tax, discounted to the run's start",
        "all banks and platforms",
        lambda v: profit_at_start(v, *_PROFITS),
        _PROFITS,
    ),
    _alliances(
        "value_to_come",
        "yuan",
        "Worth of live alliances' months after the run, by belief, discounted to its start; part of no other value",
        "alliances that run at the end",
    ),
    _alliances(
        "value_per_meeting_closed",
        "yuan",
        "What first terms brought the bank, each discounted to its meeting, per meeting; cohorts whose term is over",
        "meetings early enough for a whole term",
    ),
    _alliances(
        "value_per_slot_month",
        "yuan a month",
        "What alliances brought the bank, each discounted to its meeting, per month of a platform's slot",
        "months of platforms' slots held",
    ),
)
