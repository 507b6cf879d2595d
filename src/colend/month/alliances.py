"""What every change of an alliance does to it: it begins, is paid for, ends; a contract is opened."""

from __future__ import annotations

import numpy as np

from colend.compilation import compiled
from colend.equations.numbers import Whole
from colend.rules.alliance import COOPERATE_FIRST, Match, pairs_of
from colend.rules.founding import scores
from colend.scenario.parameters import OPENNESS
from colend.state import draws
from colend.state.books import FEN, Flow, Ledger, fen, move
from colend.state.table import Table
from colend.state.tables import DECIDING, ENDED, JOINT, NONE, PILOT_SETUP, lengthened, pair_of
from colend.state.world import World


def open_contract(
    world: World,
    kind: Whole,
    bank: Whole,
    platform: Whole,
    alliance: Whole = NONE,
    openness: Whole = 0,
    funding_share: float = 0.0,
    fee_rate: float = 0.0,
    technology_fee: float = 0.0,
) -> Whole:
    """Append a contract with its accounts; returns its row. Loans keep the contract they were made under."""
    row = len(world.contracts)
    world.contracts = lengthened(world.contracts)
    world.contracts[row] = (kind, bank, platform, alliance, openness, funding_share, fee_rate, technology_fee, 0)
    world.books.open_claims(bank, platform)
    return row


def begin(world: World, matches: list[Match]) -> None:
    """New alliances: the parties met and either decide now or set up a pilot first."""
    if not matches:
        return
    group, now, first = world.parameters.alliances, world.month, len(world.alliances)
    platform, bank, bank_worth, platform_worth = map(np.array, zip(*matches, strict=True))
    pair, rows = pair_of(platform, bank, len(world.banks)), first + np.arange(len(matches))
    openness, share = OPENNESS.index(group.pilot_openness), world.regulation.terms.general.funding_share
    fee_rate = world.parameters.platforms.fee_rate
    contracts = [
        open_contract(world, JOINT, match.bank, match.platform, row, openness, share, fee_rate)
        for row, match in zip(rows.tolist(), matches, strict=True)
    ]
    world.alliances = lengthened(world.alliances, len(matches))
    new = world.alliances[first:]
    new.platform, new.bank, new.pair, new.contract, new.met = platform, bank, pair, contracts, now
    new.sequencing, new.openness = world.pair_sequencing[pair], world.pairs.openness[pair]
    new.bank_expected_value, new.platform_expected_value = bank_worth, platform_worth
    shift = scores(world.seed, world.pair_entities[pair] * 1_000 + now, draws.PILOT_SHIFT)
    new.pilot_shift = group.pilot_scale_sd * shift
    new.pilot_mean, new.pilot_variance = world.pairs.belief_mean[pair], world.pairs.belief_variance[pair]
    world.pairs.alliance[pair] = rows
    pilots, started = new.sequencing == COOPERATE_FIRST, now + group.pilot_setup_months
    new.stage = np.where(pilots, PILOT_SETUP, DECIDING)
    new.pilot_started = np.where(pilots, started, NONE)
    new.decision_due = np.where(pilots, started + group.pilot_months, now)
    pay_scaled(world, rows[pilots], group.pilot_cost)


def pay(
    world: World,
    rows: np.ndarray,
    bank_yuan: float | np.ndarray,
    platform_yuan: float | np.ndarray,
    flow: Flow = Flow.ALLIANCE_COST,
) -> None:
    """Post what these alliances cost both parties this month and count it, discounted to their meeting."""
    if not len(rows):
        return
    books, yuan = world.books, np.empty((2, len(rows)))
    yuan[0], yuan[1] = bank_yuan, platform_yuan
    pay_all = compiled(pay_rows, allocates=False)
    discounts = world.monthly_discount ** np.arange(world.month + 1)
    ledger, month = books.ledger, world.month
    pay_all(world.alliances, rows, fen(yuan), month, discounts, ledger, books.banks, books.suppliers, int(flow))


def pay_rows(
    alliances: Table,
    rows: np.ndarray,
    amounts: np.ndarray,
    month: Whole,
    discounts: np.ndarray,
    ledger: Ledger,
    banks: Whole,
    suppliers: Whole,
    flow: Whole,
) -> None:
    """Move the `amounts` [party, row], fen, and count them; `discounts` by months since the meeting."""
    for i in range(len(rows)):
        one = alliances[rows[i]]
        move(ledger, one.bank, suppliers, amounts[0, i], flow, JOINT)
        move(ledger, banks + one.platform, suppliers, amounts[1, i], flow, JOINT)
        discount, of_bank, of_platform = discounts[month - one.met], amounts[0, i] / FEN, amounts[1, i] / FEN
        one.bank_spent += of_bank
        one.platform_spent += of_platform
        one.bank_value -= discount * of_bank
        one.platform_value -= discount * of_platform


def pay_scaled(world: World, rows: np.ndarray, yuan: float | np.ndarray) -> None:
    """A cost that both parties bear and that scales with the bank's kind."""
    cost = yuan * world.banks.cost_scale[world.alliances.bank[rows]]
    pay(world, rows, cost, cost)


def end(world: World, rows: np.ndarray, reason: Whole) -> None:
    """These alliances end; their pairs are free to meet again on what they believe now."""
    if not len(rows):
        return
    alliances = world.alliances
    alliances.stage[rows], alliances.end_reason[rows], alliances.ended[rows] = ENDED, reason, world.month
    pairs = pairs_of(world, rows)
    world.pairs.alliance[pairs] = NONE
    world.pairs.openness[pairs] = world.platforms.openness[alliances.platform[rows]]
