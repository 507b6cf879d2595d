"""What a month's measures are made of: each table is walked once, compiled, and everything that is asked of it counted.

`COUNT` names all that is counted, in persons, fen and yuan of the real market.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from colend.compilation import compiled
from colend.scenario.parameters import KINDS, OPENNESS, SEGMENTS, SEQUENCING
from colend.state.books import CHANNELS, FEN, Flow
from colend.state.tables import DORMANT, ENDED, INTEGRATING, JOINT, OPERATING, OWN, SIGNED, STAGES, table
from colend.state.totals import TOTAL, counted
from colend.state.world import World

MONTHS_BEFORE = 12  # of operation, after which a bank stands before the gates
# Sums over the banks of a kind, those that do not stand before the gates and those that do.
OF_BANKS = 6
NUMBER, PRECISION_GAIN, CUSTOMERS, INITIAL_CUSTOMERS, LENT_JOINT, LENT_OWN = range(OF_BANKS)

_COLUMNS = TOTAL.names or ()
_ORIGINATED = _COLUMNS.index("originated")

COUNT = np.dtype(
    [
        ("of_kinds", "i8", (len(_COLUMNS), CHANNELS)),  # TOTAL by kind of contract
        ("of_segments", "i8", (len(_COLUMNS), len(SEGMENTS))),
        ("closing", "i8", CHANNELS),  # fen owed at the end of the month
        ("of_banks", "f8", (len(KINDS), 2, OF_BANKS)),
        ("open", "i8"),  # banks whose equity is not gone
        ("below_minimum", "i8"),  # of them
        ("in_loss", "i8"),
        ("banks_choosing", "i8", len(SEQUENCING)),
        ("equity", "f8"),  # of all banks
        ("overshoot", "f8"),
        ("bank_profit", "f8"),
        ("present", "i8"),  # platforms in the market
        ("platforms_choosing", "i8", len(SEQUENCING)),  # of them
        ("platforms_opening", "i8", len(OPENNESS)),
        ("platform_profit", "f8"),  # of all platforms
        ("users", "f8"),  # shares of users
        ("precision", "f8"),  # precision times share of users
        ("stages", "i8", len(STAGES)),  # alliances
        ("met", "i8"),  # this month, as what follows
        ("pilots_started", "i8"),
        ("signed", "i8"),
        ("running_sequencing", "i8", len(SEQUENCING)),  # of alliances that have not ended
        ("trust", "f8"),  # of signed pacts that run
        ("bank_flows", "i8", (len(Flow), CHANNELS)),  # fen that all banks gained
        ("platform_flows", "i8", (len(Flow), CHANNELS)),
    ]
)


def count_contracts(contracts, totals, scale, lent, joint, count):
    """`totals`, int64[contract, segment, columns of TOTAL], in simulated units. Fills yuan that banks `lent`, [joint
    (their part) / own channel, bank], and fen of `joint` loans outstanding by platform.
    """
    for row in range(len(contracts)):
        contract = contracts[row]
        fen = 0
        for segment in range(totals.shape[1]):
            fen += totals[row, segment, _ORIGINATED]
            for column in range(totals.shape[2]):
                number = totals[row, segment, column] * scale
                count.of_kinds[column, contract.kind] += number
                count.of_segments[column, segment] += number
        count.closing[contract.kind] += contract.balance
        if contract.kind == OWN:
            lent[1, row] = fen * (scale / FEN) * contract.funding_share
        if contract.kind == JOINT:
            lent[0, contract.bank] += fen * (scale / FEN) * contract.funding_share
            joint[contract.platform] += contract.balance


def count_banks(banks, customers, lent, minimum_ratio, count):
    """`customers` persons of each bank, `lent` as `count_contracts` fills it."""
    for row in range(len(banks)):
        bank = banks[row]
        sums = count.of_banks[bank.kind, 1 if bank.operating_months >= MONTHS_BEFORE else 0]
        sums[NUMBER] += 1.0
        sums[PRECISION_GAIN] += bank.precision - bank.initial_precision
        sums[CUSTOMERS] += customers[row]
        sums[INITIAL_CUSTOMERS] += bank.initial_customers
        sums[LENT_JOINT] += lent[0, row]
        sums[LENT_OWN] += lent[1, row]
        count.equity += bank.equity
        count.overshoot += bank.overshoot
        count.bank_profit += bank.profit
        if bank.alive != 0:
            count.open += 1
            count.below_minimum += bank.capital_ratio < minimum_ratio
            count.in_loss += bank.profit < 0.0
            count.banks_choosing[bank.sequencing] += 1


def count_platforms(platforms, count):
    """Choices, profit and precision of platforms."""
    for row in range(len(platforms)):
        platform = platforms[row]
        count.platform_profit += platform.profit
        count.users += platform.user_share
        count.precision += platform.precision * platform.user_share
        if platform.present != 0:
            count.present += 1
            count.platforms_choosing[platform.sequencing] += 1
            count.platforms_opening[platform.openness] += 1


def count_alliances(alliances, pairs, month, count):
    """Stages of alliances and what happened to them in `month`."""
    for row in range(len(alliances)):
        one = alliances[row]
        count.stages[one.stage] += 1
        count.met += one.met == month
        count.pilots_started += one.pilot_started == month
        count.signed += one.signed == month
        if one.stage != ENDED:
            count.running_sequencing[one.sequencing] += 1
        if one.stage in (SIGNED, INTEGRATING, OPERATING, DORMANT):
            count.trust += pairs[one.pair].trust


def count_flows(flows, banks, platforms, count):
    """`flows`, fen by kind, party and channel: first of `banks` banks, then of `platforms` platforms."""
    for kind in range(len(flows)):
        for party in range(banks + platforms):
            for channel in range(flows.shape[2]):
                fen = flows[kind, party, channel]
                if party < banks:
                    count.bank_flows[kind, channel] += fen
                else:
                    count.platform_flows[kind, channel] += fen


def counted_month(world: World) -> tuple[SimpleNamespace, np.ndarray, np.ndarray]:
    """The COUNT of a month in Python's numbers, what banks lent and what platforms have outstanding."""
    counts, banks, platforms = table(COUNT, 1), world.banks, world.platforms
    count, lent, joint = counts[0], np.zeros((2, len(banks))), np.zeros(len(platforms), dtype=np.int64)
    customers, minimum = world.customers * float(world.scale), world.parameters.banks.minimum_ratio
    for walk, arguments in (
        (count_contracts, (world.contracts, counted(world.totals), world.scale, lent, joint)),
        (count_banks, (banks, customers, lent, minimum)),
        (count_platforms, (platforms,)),
        (count_alliances, (world.alliances, world.pairs, world.month)),
        (count_flows, (world.books.flows, len(banks), len(platforms))),
    ):
        compiled(walk, allocates=False)(*arguments, count)
    numbers = counts.view(np.ndarray)[0]
    return SimpleNamespace(**{name: numbers[name].tolist() for name in COUNT.names or ()}), lent, joint / FEN
