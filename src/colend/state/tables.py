"""The columns of every kind of agent, declared once: name, type, unit or meaning.

A table is a NumPy record array: one row an agent, `table.column` a column over all of them. The same row can be
handed to a compiled rule and to its plain Python source, and writing to it changes the table. A borrower's row fills
one cache line, so a rule that touches many of its fields costs one memory access.
"""

from __future__ import annotations

from typing import Any, NamedTuple, cast

import numpy as np

from colend.equations.numbers import Numbers
from colend.scenario.parameters import OPENNESS, SEQUENCING
from colend.state.table import Table, zeros

NONE = -1  # "no bank", "no alliance", "not yet" in every index or month column


class Named(NamedTuple):
    """What a number in a column stands for."""

    name: str  # in results
    words: str  # in charts


def numbered(rows: list[Named], name: str, words: str) -> int:
    """Add a row to a list; returns its number, which is its place."""
    rows.append(Named(name, words))
    return len(rows) - 1


# Kinds of contract: who lends under it.
CONTRACT_KINDS: list[Named] = []
JOINT = numbered(CONTRACT_KINDS, "joint", "joint loans")
OWN = numbered(CONTRACT_KINDS, "own", "banks’ own channels")
LENDER = numbered(CONTRACT_KINDS, "platform", "platforms’ own lenders")
# Products.
NO_PRODUCT, SCENE_INSTALMENT, CASH_LOAN = 0, 1, 2
# Stages of an alliance, in the order of its life.
STAGES: list[Named] = []
DECIDING = numbered(STAGES, "deciding", "deciding")
PILOT_SETUP = numbered(STAGES, "pilot_setup", "pilot being set up")
PILOT = numbered(STAGES, "pilot", "pilot")
SIGNED = numbered(STAGES, "signed", "signed, on paper")
INTEGRATING = numbered(STAGES, "integrating", "being integrated")
OPERATING = numbered(STAGES, "operating", "in operation")
DORMANT = numbered(STAGES, "dormant", "dormant")
ENDED = numbered(STAGES, "ended", "ended")
# Why an alliance ended.
ENDS: list[Named] = []
NOT_ENDED = numbered(ENDS, "running", "It runs.")
PILOT_FAILED = numbered(ENDS, "pilot_failed", "They do not sign: what they know now is not worth a pact to both.")
LAPSED = numbered(ENDS, "lapsed", "The term is over and they do not renew.")
BANK_CLOSED = numbered(ENDS, "bank_closed", "The bank’s equity is gone; it leaves.")
WITHDRAWN = numbered(ENDS, "withdrawn", "The platform serves the bank no longer.")
PLATFORM_LEFT = numbered(ENDS, "platform_left", "The platform closes; it leaves.")
DELISTED = numbered(ENDS, "delisted", "The bank’s list of partners has no room for it.")

BORROWER = np.dtype(
    [
        ("creditworthiness", "f4"),  # z ~ N(0, 1), hidden
        ("awareness", "f4"),  # 0..1, of the bank in aware_bank
        ("reservation_rate", "f4"),  # highest yearly rate accepted
        ("predicted_hazard", "f4"),  # lender's monthly hazard of this loan, at zero intercept correction; ages
        ("hazard_slope", "f4"),  # its derivative by the intercept
        ("hazard_decline", "f4"),  # by how much one more month survived lowers it
        ("amount", "i4"),  # fen, what this borrower borrows
        ("balance", "i4"),  # fen, 0: no loan
        ("instalment", "i4"),  # fen of principal a month
        ("contract", "i4"),  # row in contracts of the running loan
        ("rate", "f8"),  # a year, as it was agreed to the last digit: a cap is kept exactly
        ("begun", "u2"),  # month of the run in which the loan was made
        ("owner", "i2"),  # bank whose customer this is
        ("aware_bank", "i2"),  # bank that awareness is of
        ("region", "u1"),
        ("segment", "u1"),
        ("platform", "u1"),  # scene platform
        ("months_left", "u1"),  # instalments still to pay
        ("product", "u1"),
        ("lockout", "u1"),  # months until a defaulter may borrow again
        ("ever_served", "u1"),  # bit set: kinds of contract (JOINT, OWN, LENDER) that paid out a loan in the run
    ],
    align=True,
)

ADAPTS = {"sequencing": 1, "openness": 2}  # bits of `adapts`


def _choice(choice: str, options: tuple[str, ...]) -> list[tuple[str, str]]:
    """Columns of an adaptive choice: experience N, and of each option its attraction A, and the payoffs and meetings
    that were evaluated since the last revision.
    """
    columns = [(f"experience_{choice}", "f8")]
    for name in options:
        columns += [(f"attraction_{name}", "f8"), (f"payoff_{name}", "f8"), (f"meetings_{name}", "i4")]
    return columns


BANK = np.dtype(
    [
        ("kind", "u1"),  # index in KINDS
        ("region", "u1"),
        ("alive", "u1"),  # 0: equity gone, runs off
        ("served", "u1"),  # 0: platforms no longer work with it
        ("sequencing", "i1"),  # index in SEQUENCING
        ("club", "u1"),  # 2 the hub of the club, 1 a member, 0 neither
        ("cost_scale", "f8"),  # set-up and fixed costs, 1 for a city bank
        ("initial_equity", "f8"),  # yuan
        ("initial_customers", "f8"),  # persons
        ("operating_months", "i4"),  # months of the run in which one of its pacts or more was in operation
        ("equity", "f8"),  # yuan, from the ledger
        ("other_risk_weighted_assets", "f8"),  # yuan, exogenous
        ("deposits", "f8"),  # yuan that can fund loans, exogenous
        ("consumer_loans", "f8"),  # yuan, the bank's part of its loans
        ("capital_ratio", "f8"),
        ("funds_rate", "f8"),  # a year
        ("operating_rate", "f8"),  # a year, of balances
        ("precision", "f8"),  # tau, its capability
        ("initial_precision", "f8"),
        ("talent", "f8"),  # 0..1
        ("legacy", "f8"),  # 0..1
        ("horizon_months", "f8"),
        ("sunk_cost_bias", "f8"),
        ("replacement_months_left", "i2"),  # > 0 while the old system is being replaced
        ("replaced", "u1"),  # 1 once legacy was replaced
        ("laboratory", "u1"),  # 1 while a joint laboratory runs
        ("research_spending", "f8"),  # yuan a month
        ("touchpoints", "u1"),  # bit set in the order of TOUCHPOINTS
        ("hurdle", "f8"),  # a year
        ("admission", "f8"),  # probability that an application finds capacity
        ("overshoot", "f8"),  # yuan beyond headroom, funded at the penalty rate
        ("expected_lending", "f8"),  # yuan a month wanted, before admission, smoothed
        ("headroom", "f8"),  # yuan of own lending that capital and funds still allow
        ("own_intercept", "f8"),  # correction of the default threshold in its own channel
        ("slots", "i2"),
        ("maximum_partners", "i2"),
        ("profit", "f8"),  # yuan, this month, after tax
        ("adapts", "u1"),  # bit set: choices that it makes itself
        *_choice("sequencing", SEQUENCING),
    ],
    align=True,
)

PLATFORM = np.dtype(
    [
        ("present", "u1"),  # 0: it has left the market
        ("openness", "u1"),  # index in OPENNESS
        ("sequencing", "i1"),
        ("precision", "f8"),
        ("user_share", "f8"),
        ("fee_rate", "f8"),  # a year, that banks pay on their part of joint balances
        ("minimum_income", "f8"),  # yuan, k_p: expected income from which it passes an application on
        ("equity", "f8"),  # yuan, of its licensed lender
        ("initial_equity", "f8"),
        ("funds_rate", "f8"),
        ("operating_rate", "f8"),
        ("admission", "f8"),  # of its own lender
        ("overshoot", "f8"),
        ("expected_lending", "f8"),
        ("headroom", "f8"),
        ("lender_loans", "f8"),  # yuan, own part of all loans
        ("applications", "f8"),  # persons a month, smoothed
        ("own_intercept", "f8"),
        ("slots", "f8"),
        ("profit", "f8"),
        ("adapts", "u1"),  # bit set: choices that it makes itself
        *_choice("sequencing", SEQUENCING),
        *_choice("openness", OPENNESS),
    ],
    align=True,
)

# One row per platform-bank pair, platform-major: row = platform * banks + bank. What a pair knows outlives an episode.
PAIR = np.dtype(
    [
        ("fit", "f8"),  # x, hidden logit of the share the joint pipeline can serve
        ("prior_mean", "f8"),  # mu_pb, public
        ("belief_mean", "f8"),
        ("belief_variance", "f8"),
        ("trust", "f8"),
        ("intercept", "f8"),  # bank's correction of the default threshold in this channel
        ("applications", "f8"),  # N_pb at full allocation over the operation of a pact, persons a month
        ("near_applications", "f8"),  # before it: in a pilot's months, or the next one of what operates
        ("bank_margin", "f8"),  # w, yuan per passed application
        ("platform_margin", "f8"),
        ("hurdle", "f8"),  # a year, of joint lending: the bank's, or more near a limit of regulation
        ("admission", "f8"),  # part of joint lending for which regulation's limits have room
        ("transfer_worth", "f8"),  # yuan a month at q = 1 that transfer adds to the bank's own lending
        ("alliance", "i4"),  # running episode, NONE if none
        ("openness", "u1"),  # of the running episode, else what the platform would open
    ],
    align=True,
)

# One row per alliance episode, append-only. Months count from 0 at the start of the run; NONE: has not happened.
ALLIANCE = np.dtype(
    [
        ("platform", "i2"),
        ("bank", "i2"),
        ("pair", "i8"),  # its row in PAIR
        ("contract", "i4"),
        ("sequencing", "u1"),
        ("openness", "u1"),  # once signed; a pilot opens alliances.pilot_openness
        ("stage", "u1"),
        ("end_reason", "u1"),
        ("met", "i4"),
        ("pilot_started", "i4"),  # first month with pilot flow
        ("decision_due", "i4"),  # month in which signing is decided
        ("signed", "i4"),
        ("integration_started", "i4"),
        ("integration_due", "i4"),  # first month of full operation
        ("operating_since", "i4"),  # first month of operation
        ("first_loan", "i4"),
        ("first_dormant", "i4"),
        ("term_ends", "i4"),
        ("ended", "i4"),
        ("dormant_months", "i4"),
        ("renewals", "i2"),
        ("pilot_shift", "f8"),  # x of the pilot minus x of the whole
        ("pilot_mean", "f8"),  # belief when the pilot began
        ("pilot_variance", "f8"),
        ("pilot_information", "f8"),  # sum of 1/noise of what the pilot showed
        ("pilot_evidence", "f8"),  # sum of observation/noise
        ("share_served", "f8"),  # q_t of this month
        ("routed", "f8"),  # n, real applications routed this month
        ("fit_drift", "f8"),  # commitment effort so far
        ("bank_spent", "f8"),  # yuan of set-up, signing, integration, running so far
        ("platform_spent", "f8"),
        ("bank_value", "f8"),  # yuan, realised surplus discounted to the month of meeting
        ("platform_value", "f8"),
        ("bank_first_term", "f8"),  # bank_value when the first term was over; 0 while it is not
        ("bank_terminal_value", "f8"),  # yuan, what is still to come at the end of the run, likewise discounted
        ("platform_terminal_value", "f8"),
        ("bank_expected_value", "f8"),  # V or V_pilot at meeting, yuan
        ("platform_expected_value", "f8"),
        ("expected_applications", "f8"),  # persons a month in operation, expected at meeting
        ("routed_in_operation", "f8"),  # persons routed, summed over the months in operation
        ("months_in_operation", "i4"),
        ("slot_months", "f8"),  # platform slots held, summed over months
        ("originated", "f8"),  # yuan
        ("loans", "f8"),  # paid out, in the real market
        ("borrowers", "f8"),  # of them, first joint loans of persons in the run
        ("defaulted", "f8"),  # yuan of balances
        ("converted", "f8"),  # persons
    ],
    align=True,
)

# One row per contract, append-only: own channels of banks, then lenders of platforms, then one per alliance episode.
CONTRACT = np.dtype(
    [
        ("kind", "u1"),  # JOINT, OWN, LENDER
        ("bank", "i2"),  # NONE for a platform's lender
        ("platform", "i2"),  # NONE for an own channel
        ("alliance", "i4"),
        ("openness", "u1"),  # what is open on this contract now
        ("funding_share", "f8"),  # the bank's part: 1 own channel, 0 platform's lender
        ("fee_rate", "f8"),  # a year, on the bank's part, technology fee apart
        ("technology_fee", "f8"),  # a year, on joint balances, while technology is open
        ("balance", "i8"),  # fen in the real market, from the ledger
    ],
    align=True,
)


def table(dtype: np.dtype, rows: int | tuple[int, ...]) -> Table:
    """A zeroed record array of `dtype`; index and month columns start at NONE."""
    result = zeros(dtype, rows)
    for name in _STARTS_AT_NONE.get(dtype, ()):
        result[name] = NONE
    return result


def pair_of(platform: Numbers, bank: Numbers, banks: int) -> Numbers:
    """The row of PAIR that these parties have, int64, with `banks` banks in the market; meaningless without both."""
    return np.int64(platform) * banks + bank  # the numbers of parties are too small for those of pairs


_STARTS_AT_NONE = {
    BORROWER: ("owner", "aware_bank", "contract"),
    PAIR: ("alliance",),
    CONTRACT: ("bank", "platform", "alliance"),
    ALLIANCE: (
        "contract",
        "pilot_started",
        "decision_due",
        "signed",
        "integration_started",
        "integration_due",
        "operating_since",
        "first_loan",
        "first_dormant",
        "term_ends",
        "ended",
    ),
}


def lengthened(rows: Table, more: int = 1) -> Table:
    """`rows` and fresh ones. The table that they are the beginning of doubles when it is full, so that appending
    stays cheap.
    """
    room: Any = rows.base.base  # type: ignore[union-attr]  # of the plain part, the whole
    if room is None or len(room) < len(rows) + more:
        room = table(rows.dtype, max(16, 2 * len(rows) + more)).base
        room[: len(rows)] = rows
    return cast(Table, room[: len(rows) + more].view(type(rows)))
