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
from colend.state.tables import DECIDING, ENDED, JOINT, NONE, PILOT_SETUP, lengthened
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


def begin(world: World, match: Match) -> None:
    """A new alliance: the parties met and either decide now or set up a pilot first."""
    group, pair = world.parameters.alliances, match.platform * len(world.banks) + match.bank
    row = len(world.alliances)
    world.alliances = lengthened(world.alliances)
    alliance = world.alliances[row]
    alliance.platform, alliance.bank, alliance.pair, alliance.met = match.platform, match.bank, pair, world.month
    alliance.sequencing = world.pair_sequencing[pair]
    alliance.openness = world.pairs.openness[pair]
    alliance.bank_expected_value, alliance.platform_expected_value = match.bank_worth, match.platform_worth
    shift = scores(world.seed, np.array([world.pair_entities[pair] * 1_000 + world.month]), draws.PILOT_SHIFT)[0]
    alliance.pilot_shift = group.pilot_scale_sd * shift
    alliance.pilot_mean = world.pairs.belief_mean[pair]
    alliance.pilot_variance = world.pairs.belief_variance[pair]
    openness, share = OPENNESS.index(group.pilot_openness), world.regulation.terms.general.funding_share
    fee_rate = world.parameters.platforms.fee_rate
    alliance.contract = open_contract(world, JOINT, match.bank, match.platform, row, openness, share, fee_rate)
    world.pairs.alliance[pair] = row
    if alliance.sequencing == COOPERATE_FIRST:
        alliance.stage = PILOT_SETUP
        alliance.pilot_started = world.month + group.pilot_setup_months
        alliance.decision_due = alliance.pilot_started + group.pilot_months
        pay_scaled(world, np.array([row]), group.pilot_cost)
    else:
        alliance.stage = DECIDING
        alliance.decision_due = world.month


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


def pay_scaled(world: World, rows: np.ndarray, yuan: float) -> None:
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
