"""What every change of an alliance does to it: it begins, is paid for, ends; a contract is opened."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from colend.compilation import compiled
from colend.equations.numbers import Row, Whole
from colend.rules.alliance import COOPERATE_FIRST, Match, pairs_of
from colend.rules.founding import scores
from colend.scenario.parameters import OPENNESS
from colend.state import draws
from colend.state.books import FEN, Flow, Ledger, move
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
    fees = world.platforms.fee_rate
    contracts = [
        open_contract(world, JOINT, match.bank, match.platform, row, openness, share, fees[match.platform])
        for row, match in zip(rows.tolist(), matches, strict=True)
    ]
    world.alliances = lengthened(world.alliances, len(matches))
    new = world.alliances[first:]
    new.platform, new.bank, new.pair, new.contract, new.met = platform, bank, pair, contracts, now
    new.sequencing, new.openness = world.pair_sequencing[pair], world.pairs.openness[pair]
    new.bank_expected_value, new.platform_expected_value = bank_worth, platform_worth
    new.expected_applications = world.pairs.applications[pair]
    shift = scores(world.seed, world.pair_entities[pair] * 1_000 + now, draws.PILOT_SHIFT)
    new.pilot_shift = group.pilot_scale_sd * shift
    new.pilot_mean, new.pilot_variance = world.pairs.belief_mean[pair], world.pairs.belief_variance[pair]
    world.pairs.alliance[pair] = rows
    pilots, started = new.sequencing == COOPERATE_FIRST, now + group.pilot_setup_months
    new.stage = np.where(pilots, PILOT_SETUP, DECIDING)
    new.pilot_started = np.where(pilots, started, NONE)
    new.decision_due = np.where(pilots, started + group.pilot_months, now)
    pay_scaled(world, rows[pilots], group.pilot_cost)


class Till(NamedTuple):
    """Where alliances pay their costs this month."""

    ledger: Ledger
    banks: Whole  # accounts of banks, which those of platforms follow
    suppliers: Whole  # the account that is paid
    month: Whole
    discounts: np.ndarray  # float64[month + 1]: of a yuan, by months since the parties met


def till(world: World) -> Till:
    """The Till of this month."""
    books, discounts = world.books, world.monthly_discount ** np.arange(world.month + 1)
    return Till(books.ledger, books.banks, books.suppliers, world.month, discounts)


def pay_one(one: Row, bank_yuan: float, platform_yuan: float, flow: Flow, to: Till) -> None:
    """Post what an alliance costs both parties this month and count it, discounted to their meeting."""
    bank_fen, platform_fen = np.int64(np.rint(bank_yuan * FEN)), np.int64(np.rint(platform_yuan * FEN))
    move(to.ledger, one.bank, to.suppliers, bank_fen, flow, JOINT)
    move(to.ledger, to.banks + one.platform, to.suppliers, platform_fen, flow, JOINT)
    discount = to.discounts[to.month - one.met]
    one.bank_spent += bank_fen / FEN
    one.platform_spent += platform_fen / FEN
    one.bank_value -= discount * (bank_fen / FEN)
    one.platform_value -= discount * (platform_fen / FEN)


def pay_rows(alliances: Table, rows: np.ndarray, banks: Table, yuan: np.ndarray, to: Till) -> None:
    """Each of `rows` pays its `yuan`, times its bank's scale, on both sides."""
    for i in range(len(rows)):
        one = alliances[rows[i]]
        cost = yuan[i] * banks[one.bank].cost_scale
        pay_one(one, cost, cost, Flow.ALLIANCE_COST, to)


def pay_scaled(world: World, rows: np.ndarray, yuan: float | np.ndarray) -> None:
    """A cost that both parties bear and that scales with the bank's kind."""
    if len(rows):
        each = np.full(len(rows), yuan)
        compiled(pay_rows, allocates=False)(world.alliances, rows, world.banks, each, till(world))


def end(world: World, rows: np.ndarray, reason: Whole) -> None:
    """These alliances end; their pairs are free to meet again on what they believe now."""
    if not len(rows):
        return
    alliances = world.alliances
    alliances.stage[rows], alliances.end_reason[rows], alliances.ended[rows] = ENDED, reason, world.month
    pairs = pairs_of(world, rows)
    world.pairs.alliance[pairs] = NONE
    world.pairs.openness[pairs] = world.platforms.openness[alliances.platform[rows]]
