"""The ledger: integer fen, double entry, one verb.

Every account belongs to an owner: a bank, a platform, or one of the rest of the economy. Cash accounts come first,
then what borrowers owe (one account), then two claims per contract, the bank's and the platform lender's part of its
loans. `post` is the only thing that changes a balance, so the sum over all accounts is always zero, and what an
owner's accounts add up to is its equity.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

import numpy as np

from colend.compilation import compiled
from colend.equations.numbers import Numbers, Whole
from colend.state.declared import kept
from colend.state.tables import CONTRACT_KINDS

FEN = 100  # fen in a yuan
CHANNELS = len(CONTRACT_KINDS)


class Flow(IntEnum):
    """Why money moves; all before TAX makes profit."""

    PAID_OUT = 0
    PRINCIPAL = 1
    INTEREST = 2
    WRITE_OFF = 3
    FUNDING_COST = 4
    OPERATING_COST = 5
    ORIGINATION_COST = 6
    FEE = 7
    TECHNOLOGY_FEE = 8
    ALLIANCE_COST = 9
    OPENING_COST = 10
    TOUCHPOINT_COST = 11
    RESEARCH_COST = 12
    LABORATORY_COST = 13
    REPLACEMENT_COST = 14
    PENALTY = 15
    TAX = 16
    PAYOUT = 17
    OPENING_BALANCE = 18


REST_OF_ECONOMY = ("borrowers", "depositors", "suppliers", "government", "shareholders")


class Ledger(NamedTuple):
    """The arrays that a posting writes to and reads."""

    balance: np.ndarray  # int64[accounts], fen
    flows: np.ndarray  # int64[Flow, entities, CHANNELS], fen
    owner: np.ndarray  # int64[accounts]: entity of each account


def move(ledger: Ledger, payer: Whole, payee: Whole, fen: Whole, kind: Whole, channel: Whole) -> None:
    """Move `fen` from account `payer` to account `payee`; a negative amount goes the other way.

    `flows[kind, owner, channel]` records what the owner of an account gained less what it gave: handing out a loan
    moves its cash into a claim and nets to nothing, interest or a write-off does not.
    """
    ledger.balance[payer] -= fen
    ledger.balance[payee] += fen
    ledger.flows[kind, ledger.owner[payer], channel] -= fen
    ledger.flows[kind, ledger.owner[payee], channel] += fen


def move_rows(
    ledger: Ledger, payers: np.ndarray, payees: np.ndarray, amounts: np.ndarray, kind: int, channels: np.ndarray
) -> int:
    """Move every one of `amounts`; of the others, one may stand for all. Returns the most negative amount, 0 if none
    is; then nothing is moved.
    """
    least = 0
    for amount in amounts:
        least = min(least, amount)
    if least < 0:
        return least
    for i in range(len(amounts)):
        payer = payers[i] if len(payers) > 1 else payers[0]
        payee = payees[i] if len(payees) > 1 else payees[0]
        channel = channels[i] if len(channels) > 1 else channels[0]
        move(ledger, payer, payee, amounts[i], kind, channel)
    return least


def add_up(amounts: np.ndarray, places: np.ndarray, sums: np.ndarray) -> None:
    """Add each amount to the sum at its place."""
    for i in range(len(amounts)):
        sums[places[i]] += amounts[i]


class BooksError(Exception):
    """The ledger and the loans disagree; the message names the accounts."""


@dataclass(slots=True, eq=False, repr=False)
class Books:
    """Balances in fen of the real market (simulated loans times the scale), and this month's flows by kind."""

    banks: int = kept("banks; the first entities")
    platforms: int = kept("platforms; the entities after them")
    borrowers: int = kept("the entity that all borrowers are, as those below are depositors and so on", init=False)
    depositors: int = kept("who fund everybody", init=False)
    suppliers: int = kept("who are paid for work", init=False)
    government: int = kept("who is paid taxes", init=False)
    shareholders: int = kept("who are paid what is left", init=False)
    entities: int = kept("of all kinds; the cash of each is the account of its number", init=False)
    debt: int = kept("the account of what borrowers owe; claims follow it", init=False)
    balance: np.ndarray = kept("of every account", shape="int64[accounts]", unit="fen", init=False)
    owner: np.ndarray = kept("entity of each account", shape="int64[accounts]", init=False)
    flows: np.ndarray = kept("of this month, see `move`", shape="int64[flows, entities, *]", unit="fen", init=False)

    def __post_init__(self) -> None:
        first = self.banks + self.platforms
        self.borrowers, self.depositors, self.suppliers, self.government, self.shareholders = (
            first + i for i in range(len(REST_OF_ECONOMY))
        )
        self.debt = self.entities = first + len(REST_OF_ECONOMY)
        self.balance = np.zeros(self.entities + 1, dtype=np.int64)
        self.owner = np.append(np.arange(self.entities), self.borrowers).astype(np.int64)
        self.flows = np.zeros((len(Flow), self.entities, CHANNELS), dtype=np.int64)

    def open_claims(self, bank: Whole, platform: Whole) -> None:
        """Accounts for one more contract; an absent party's claim stays empty and belongs to nobody's equity but
        borrowers'.
        """
        owners = [bank if bank >= 0 else self.borrowers, self.banks + platform if platform >= 0 else self.borrowers]
        self.owner = np.append(self.owner, np.array(owners, dtype=np.int64))
        self.balance = np.append(self.balance, [0, 0])

    def claim(self, contract: Numbers, party: int) -> Numbers:
        """Account of a contract's claim: party 0 the bank's part, 1 the platform lender's. `contract` may be an
        array.
        """
        return self.debt + 1 + 2 * contract + party

    @property
    def ledger(self) -> Ledger:
        """What compiled code moves money in; opening a contract makes the arrays anew."""
        return Ledger(self.balance, self.flows, self.owner)

    @property
    def bank_claims(self) -> np.ndarray:
        """Banks' parts of the loans by contract, fen."""
        return self.balance[self.debt + 1 :: 2]

    @property
    def platform_claims(self) -> np.ndarray:
        """Platform lenders' parts of the loans by contract, fen."""
        return self.balance[self.debt + 2 :: 2]

    def start_month(self) -> None:
        """Forget last month's flows."""
        self.flows[:] = 0

    def post(self, payer: Numbers, payee: Numbers, fen: Numbers, kind: Flow, channel: Numbers = 0) -> None:
        """Move `fen` (whole, not negative) from account `payer` to account `payee` (see `move`).

        All may be one number or an array with one an amount.
        """
        amounts = np.asarray(fen)
        if amounts.dtype.kind not in "iu":
            raise TypeError(f"money is whole fen, not {amounts.dtype}")
        if not amounts.any():
            return
        columns = [np.ascontiguousarray(values, dtype=np.int64) for values in (amounts, payer, payee, channel)]
        if any(len(column) not in (1, len(columns[0])) for column in columns):
            raise ValueError(f"{len(columns[0])} amounts between {[len(column) for column in columns[1:]]} accounts")
        amounts, payers, payees, channels = columns
        least = compiled(move_rows, allocates=False)(self.ledger, payers, payees, amounts, int(kind), channels)
        if least < 0:
            raise ValueError(f"a {kind.name} of {least} fen: post it from the other side")

    def equity(self) -> np.ndarray:
        """Fen that each entity is worth: the sum of all its accounts."""
        worth = np.zeros(self.entities, dtype=np.int64)
        compiled(add_up, allocates=False)(self.balance, self.owner, worth)
        return worth

    def profit(self) -> np.ndarray:
        """Fen that each entity earned this month before tax and payout."""
        return self.flows[: Flow.TAX].sum(axis=(0, 2))

    def check(self, outstanding: np.ndarray) -> None:
        """Compare the claims with `outstanding`, fen by contract summed again from the loans; raises BooksError."""
        booked = self.bank_claims + self.platform_claims
        wrong = np.flatnonzero(booked != outstanding)
        if len(wrong):
            shown = "; ".join(
                f"contract {k}: loans {outstanding[k]}, ledger {booked[k]} (bank {self.bank_claims[k]}, "
                f"platform {self.platform_claims[k]}), {outstanding[k] - booked[k]:+d} fen"
                for k in wrong[:5]
            )
            more = f"; and {len(wrong) - 5} more" if len(wrong) > 5 else ""
            raise BooksError(f"the books do not balance: {shown}{more}")
        if self.balance.sum() != 0:
            raise BooksError(f"the accounts add up to {self.balance.sum()} fen instead of 0")


def fen(yuan: Numbers) -> np.ndarray:
    """Yuan as whole fen (int64), rounded to nearest; arrays allowed."""
    return np.rint(np.asarray(yuan, dtype=np.float64) * FEN).astype(np.int64)
