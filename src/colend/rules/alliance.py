"""Alliances: one state machine for both sequencings.

The sequencings differ in one thing only: whether signing is decided at the meeting (on the prior) or
`pilot_setup_months + pilot_months` later (on what the pilot showed). Everything after a decision is the same code.
Section 6 of the model.
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from colend.compilation import compiled
from colend.equations.fit import share_table
from colend.rules.adaptive import agree_on_sequencing
from colend.rules.alliance_worth import BANK, PLATFORM, confident, party_terms, smaller_surplus, values, would_sign
from colend.rules.clubs import integration_part, looks_for
from colend.rules.founding import bank_entities, scores
from colend.rules.matching import deferred_acceptance
from colend.scenario.parameters import KINDS, OPENNESS, SEQUENCING
from colend.state import draws
from colend.state.books import FEN, Flow, fen, move
from colend.state.draws import uniforms
from colend.state.tables import (
    BANK_CLOSED,
    DECIDING,
    DORMANT,
    ENDED,
    INTEGRATING,
    JOINT,
    LAPSED,
    NONE,
    OPERATING,
    PAIR,
    PILOT,
    PILOT_FAILED,
    PILOT_SETUP,
    PLATFORM_LEFT,
    SIGNED,
    WITHDRAWN,
    lengthened,
    table,
)

TECHNOLOGY = OPENNESS.index("technology")
COOPERATE_FIRST = SEQUENCING.index("cooperate_then_sign")
_WHOLE = 1e-9  # slots are counted in parts of a pilot; rounding must not cost a whole one


def pair_entities(market) -> np.ndarray:
    """A number for each pair that does not change when other banks or platforms are added."""
    banks = bank_entities(market.banks_table)
    platforms = np.arange(1, len(market.platforms_table) + 1)
    return (platforms[:, None] * 100_000_000 + banks[None, :]).ravel()


def drawn(market, purpose: int) -> np.ndarray:
    """A uniform draw for every pair this month."""
    return uniforms(market.seed, market.month, market.pair_entities, purpose)


def found_pairs(market) -> np.recarray:
    """All pairs before the first month: public prior, hidden fit, belief equal to the prior, trust."""
    parameters = market.parameters.alliances
    market.pair_entities = entities = pair_entities(market)
    largest = float(np.hypot(parameters.fit_sd, parameters.operation_sd))
    market.share_table = market.pilot_share_table = share_table(largest)
    if parameters.pilot_scale_sd > 0.0:
        market.pilot_share_table = share_table(float(np.hypot(largest, parameters.pilot_scale_sd)))
    rows = table(PAIR, len(entities))
    readiness = np.array([getattr(market.parameters.banks, name).readiness for name in KINDS])
    rows.prior_mean = parameters.prior_mean + parameters.prior_sd * scores(market.seed, entities, draws.PRIOR)
    rows.prior_mean += np.tile(readiness[market.banks_table.kind], len(market.platforms_table))
    rows.fit = rows.prior_mean + parameters.fit_sd * scores(market.seed, entities, draws.FIT)
    rows.belief_mean, rows.belief_variance = rows.prior_mean, parameters.fit_sd**2
    rows.trust, rows.admission = parameters.initial_trust, 1.0
    rows.openness = np.repeat(market.platforms_table.openness, len(market.banks_table))
    agree_on_sequencing(market)
    return rows


def alliances_in(market, *stages: int) -> np.ndarray:
    """Rows of the alliances in these stages."""
    rows = np.empty(len(market.alliances), dtype=np.int64)
    found = compiled(find_stages, allocates=False)(market.alliances.stage, sum(1 << stage for stage in stages), rows)
    return rows[:found]


def find_stages(stages, wanted, rows):
    """Write to `rows` where the stage is among those `wanted`, a bit set; returns how many there are."""
    found = 0
    for row in range(len(stages)):
        if wanted >> stages[row] & 1:
            rows[found] = row
            found += 1
    return found


def pairs_of(market, rows: np.ndarray) -> np.ndarray:
    """Row in pairs of each of these alliances."""
    return market.alliances.pair[rows]


def slots_used(market) -> tuple[np.ndarray, np.ndarray]:
    """Slots in use, float64[platforms] and [banks]: a whole one in set-up and integration, `pilot_slot_use` in a
    pilot.
    """
    alliances, rows = market.alliances, alliances_in(market, PILOT_SETUP, PILOT, INTEGRATING)
    use = slot_use(market, rows)
    platforms = np.bincount(alliances.platform[rows], use, len(market.platforms_table))
    return platforms, np.bincount(alliances.bank[rows], use, len(market.banks_table))


def free_slots(market) -> tuple[np.ndarray, np.ndarray]:
    """Whole slots that are free, int64[platforms] and [banks]."""
    platforms, banks = slots_used(market)
    return whole(market.platforms_table.slots - platforms), whole(market.banks_table.slots - banks)


def whole(slots: np.ndarray) -> np.ndarray:
    """Whole slots in these, int64."""
    return np.maximum(np.floor(slots + _WHOLE), 0.0).astype(np.int64)


def slot_use(market, rows: np.ndarray) -> np.ndarray:
    """Part of a slot that each of these alliances holds."""
    stage = market.alliances.stage[rows]
    whole = (stage == PILOT_SETUP) | (stage == INTEGRATING)
    return np.where(stage == PILOT, market.parameters.alliances.pilot_slot_use, whole.astype(np.float64))


def pay(market, rows: np.ndarray, bank_yuan, platform_yuan, flow: Flow = Flow.ALLIANCE_COST) -> None:
    """Post what these alliances cost both parties this month and count it, discounted to their meeting."""
    if not len(rows):
        return
    books, yuan = market.books, np.empty((2, len(rows)))
    yuan[0], yuan[1] = bank_yuan, platform_yuan
    pay_all = compiled(pay_rows, allocates=False)
    discounts = market.monthly_discount ** np.arange(market.month + 1)
    ledger, month = books.ledger, market.month
    pay_all(market.alliances, rows, fen(yuan), month, discounts, ledger, books.banks, books.suppliers, int(flow))


def pay_rows(alliances, rows, amounts, month, discounts, ledger, banks, suppliers, flow):
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


def pay_scaled(market, rows: np.ndarray, yuan: float) -> None:
    """A cost that both parties bear and that scales with the bank's kind."""
    cost = yuan * market.banks_table.cost_scale[market.alliances.bank[rows]]
    pay(market, rows, cost, cost)


def end(market, rows: np.ndarray, reason: int) -> None:
    """These alliances end; their pairs are free to meet again on what they believe now."""
    if not len(rows):
        return
    alliances = market.alliances
    alliances.stage[rows], alliances.end_reason[rows], alliances.ended[rows] = ENDED, reason, market.month
    pairs = pairs_of(market, rows)
    market.pairs.alliance[pairs] = NONE
    market.pairs.openness[pairs] = market.platforms_table.openness[alliances.platform[rows]]


def part(market) -> None:
    """A bank without equity leaves all its alliances, and so does a platform that closes; platforms leave a bank that
    they no longer serve. The loans run off.
    """
    alliances, banks, platforms = market.alliances, market.banks_table, market.platforms_table
    for table_, column, party, reason in (
        (banks, "alive", "bank", BANK_CLOSED),
        (banks, "served", "bank", WITHDRAWN),
        (platforms, "present", "platform", PLATFORM_LEFT),
    ):
        if not table_[column].all():
            rows = alliances_in(market, DECIDING, PILOT_SETUP, PILOT, SIGNED, INTEGRATING, OPERATING, DORMANT)
            end(market, rows[table_[column][alliances[party][rows]] == 0], reason)


def meet(market) -> None:
    """Banks with a free slot look for a partner with probability `meeting_rate`, members of a club more often; those
    who want each other are matched.
    """
    banks, platforms = market.banks_table, market.platforms_table
    free_platform, free_bank = free_slots(market)
    pairs_running = market.pairs.alliance.reshape(len(platforms), len(banks)) != NONE
    most = np.minimum(banks.maximum_partners, market.regulation.places)
    free_bank = np.minimum(free_bank, np.maximum(most - pairs_running.sum(axis=0), 0)).astype(np.int64)
    free_bank[(banks.alive == 0) | (banks.served == 0)] = 0
    free_platform[platforms.present == 0] = 0
    looks = looks_for(market, uniforms(market.seed, market.month, bank_entities(banks), draws.MEETING))
    candidates = np.flatnonzero((~pairs_running & looks & (free_bank > 0) & (free_platform > 0)[:, None]).ravel())
    if not len(candidates):
        return
    worth = np.full((2, len(market.pairs)), -np.inf)
    pilots = market.pair_sequencing == COOPERATE_FIRST
    wanted = candidates
    for party in (PLATFORM, BANK):  # the bank needs to value only pairs that the platform, which is the choosier, wants
        terms = party_terms(market, wanted, party)
        value = values(market, wanted, terms, pilots[wanted])
        wanting = (value > 0.0) & (pilots[wanted] | confident(market, wanted, terms))
        wanted = wanted[wanting]
        worth[party, wanted] = value[wanting]
    if not len(wanted):
        return
    shape = (len(platforms), len(banks))
    tie = drawn(market, draws.TIE).reshape(shape)
    bank_worth, platform_worth = worth[0].reshape(shape), worth[1].reshape(shape)
    for platform, bank in deferred_acceptance(bank_worth, platform_worth, free_bank, free_platform, tie):
        begin(market, platform, bank, bank_worth[platform, bank], platform_worth[platform, bank])


def begin(market, platform: int, bank: int, bank_worth: float, platform_worth: float) -> None:
    """A new alliance: the parties met and either decide now or set up a pilot first."""
    group, pair = market.parameters.alliances, platform * len(market.banks_table) + bank
    row = len(market.alliances)
    market.alliances = lengthened(market.alliances)
    alliance = market.alliances[row]
    alliance.platform, alliance.bank, alliance.pair, alliance.met = platform, bank, pair, market.month
    alliance.sequencing = market.pair_sequencing[pair]
    alliance.openness = market.pairs.openness[pair]
    alliance.bank_expected_value, alliance.platform_expected_value = bank_worth, platform_worth
    shift = scores(market.seed, np.array([market.pair_entities[pair] * 1_000 + market.month]), draws.PILOT_SHIFT)[0]
    alliance.pilot_shift = group.pilot_scale_sd * shift
    alliance.pilot_mean = market.pairs.belief_mean[pair]
    alliance.pilot_variance = market.pairs.belief_variance[pair]
    alliance.contract = market.open_contract(
        JOINT,
        bank,
        platform,
        row,
        OPENNESS.index(group.pilot_openness),
        market.regulation.terms[0].funding_share,
        market.parameters.platforms.fee_rate,
        0.0,
    )
    market.pairs.alliance[pair] = row
    if alliance.sequencing == COOPERATE_FIRST:
        alliance.stage = PILOT_SETUP
        alliance.pilot_started = market.month + group.pilot_setup_months
        alliance.decision_due = alliance.pilot_started + group.pilot_months
        pay_scaled(market, np.array([row]), group.pilot_cost)
    else:
        alliance.stage = DECIDING
        alliance.decision_due = market.month


def start_pilots(market) -> None:
    """Pilots whose set-up is done begin to receive their part of the flow."""
    rows = alliances_in(market, PILOT_SETUP)
    market.alliances.stage[rows[market.alliances.pilot_started[rows] <= market.month]] = PILOT


def decide(market) -> None:
    """Where a decision is due, sign when it is worth it to both on what they know; else part."""
    rows = alliances_in(market, DECIDING, PILOT_SETUP, PILOT)
    rows = rows[market.alliances.decision_due[rows] <= market.month]
    if not len(rows):
        return
    group = market.parameters.alliances
    agree = would_sign(market, pairs_of(market, rows))
    signed = rows[agree]
    market.alliances.stage[signed] = SIGNED
    market.alliances.signed[signed] = market.month
    market.alliances.term_ends[signed] = market.month + group.term_months
    pay_scaled(market, signed, group.signing_cost)
    end(market, rows[~agree], PILOT_FAILED)


def integrate(market) -> None:
    """Signed pacts are integrated when that is worth its cost to both (signing is sunk) and both have a free slot,
    oldest first.
    """
    rows, alliances, group = alliances_in(market, SIGNED), market.alliances, market.parameters.alliances
    if not len(rows):
        return
    free_platform, free_bank = free_slots(market)
    rows = rows[(free_platform[alliances.platform[rows]] >= 1) & (free_bank[alliances.bank[rows]] >= 1)]
    for party in (BANK, PLATFORM):
        if not len(rows):
            return
        pairs = pairs_of(market, rows)
        terms = party_terms(market, pairs, party)
        terms.signing = 0.0
        terms.months = np.minimum(terms.months, alliances.term_ends[rows] - market.month)
        rows = rows[values(market, pairs, terms) > 0.0]
    parts = np.broadcast_to(integration_part(market, pairs_of(market, rows)), len(rows))
    for row, part_left in zip(rows, parts, strict=True):
        alliance = alliances[row]
        platform, bank = alliance.platform, alliance.bank
        if min(free_platform[platform], free_bank[bank]) < 1:
            continue
        free_platform[platform] -= 1
        free_bank[bank] -= 1
        alliance.stage = INTEGRATING
        alliance.integration_started = market.month
        alliance.integration_due = market.month + round(group.integration_months * part_left)
        pay_scaled(market, np.array([row]), group.integration_cost * part_left)


def operate(market) -> None:
    """Integrated pacts go into full operation, and the platform opens what it opens."""
    rows = alliances_in(market, INTEGRATING)
    rows = rows[market.alliances.integration_due[rows] <= market.month]
    if not len(rows):
        return
    alliances, contracts = market.alliances, market.contracts
    alliances.stage[rows] = OPERATING
    alliances.operating_since[rows] = market.month
    contract = alliances.contract[rows]
    contracts.openness[contract] = alliances.openness[rows]
    fee = market.parameters.platforms.technology_fee
    contracts.technology_fee[contract] = np.where(alliances.openness[rows] == TECHNOLOGY, fee, 0.0)


def review(market) -> None:
    """From `review_months` of operation on: dormant while the smaller surplus is negative, awake again when it is
    not; terms end.
    """
    group, alliances = market.parameters.alliances, market.alliances
    rows = alliances_in(market, OPERATING, DORMANT)
    rows = rows[market.month >= alliances.operating_since[rows] + group.review_months]
    if len(rows):
        good = smaller_surplus(market, pairs_of(market, rows)) >= 0.0
        asleep = rows[~good]
        alliances.first_dormant[asleep] = np.where(
            alliances.first_dormant[asleep] == NONE, market.month, alliances.first_dormant[asleep]
        )
        alliances.stage[asleep], alliances.stage[rows[good]] = DORMANT, OPERATING

    rows = alliances_in(market, SIGNED, OPERATING, DORMANT)
    rows = rows[alliances.term_ends[rows] <= market.month]
    if not len(rows):
        return
    pairs, again = pairs_of(market, rows), np.ones(len(rows), dtype=bool)
    for party in (BANK, PLATFORM):
        terms = party_terms(market, pairs, party)
        built = alliances.operating_since[rows] != NONE
        terms.integration = np.where(built, 0.0, terms.integration)
        terms.integration_months = np.where(built, 0, terms.integration_months)
        again &= values(market, pairs, terms) > 0.0
    renewed = rows[again]
    alliances.term_ends[renewed] = market.month + group.term_months
    alliances.renewals[renewed] += 1
    pay_scaled(market, renewed, group.signing_cost)
    end(market, rows[~again], LAPSED)


def allocation(market, rows: np.ndarray) -> np.ndarray:
    """Part of its flow that each alliance gets: 1 in operation, `pilot_allocation` in a pilot, 0 otherwise."""
    stage = market.alliances.stage[rows]
    return np.where(
        stage == OPERATING, 1.0, np.where(stage == PILOT, market.parameters.alliances.pilot_allocation, 0.0)
    )


def draw_operations(market) -> None:
    """q_t = logistic(x + u_t) of every alliance with flow; effort after signing has moved x."""
    group, alliances = market.parameters.alliances, market.alliances
    alliances.share_served = 0.0
    operating = alliances_in(market, OPERATING)
    alliances.fit_drift[operating] += group.commitment_effort
    rows = alliances_in(market, PILOT, OPERATING)
    pairs = pairs_of(market, rows)
    noise = group.operation_sd * scores(market.seed, market.pair_entities[pairs], draws.OPERATION, market.month)
    shift = np.where(alliances.stage[rows] == PILOT, alliances.pilot_shift[rows], 0.0)
    alliances.share_served[rows] = expit(market.pairs.fit[pairs] + alliances.fit_drift[rows] + shift + noise)
