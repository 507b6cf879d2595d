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
    Table,
    lengthened,
    table,
)
from colend.state.world import World

TECHNOLOGY = OPENNESS.index("technology")
COOPERATE_FIRST = SEQUENCING.index("cooperate_then_sign")
_WHOLE = 1e-9  # slots are counted in parts of a pilot; rounding must not cost a whole one


def pair_entities(world: World) -> np.ndarray:
    """A number for each pair that does not change when other banks or platforms are added."""
    banks = bank_entities(world.banks)
    platforms = np.arange(1, len(world.platforms) + 1)
    return (platforms[:, None] * 100_000_000 + banks[None, :]).ravel()


def drawn(world: World, purpose: int) -> np.ndarray:
    """A uniform draw for every pair this month."""
    return uniforms(world.seed, world.month, world.pair_entities, purpose)


def found_pairs(world: World) -> Table:
    """All pairs before the first month: public prior, hidden fit, belief equal to the prior, trust."""
    parameters = world.parameters.alliances
    world.pair_entities = entities = pair_entities(world)
    largest = float(np.hypot(parameters.fit_sd, parameters.operation_sd))
    world.share_table = world.pilot_share_table = share_table(largest)
    if parameters.pilot_scale_sd > 0.0:
        world.pilot_share_table = share_table(float(np.hypot(largest, parameters.pilot_scale_sd)))
    rows = table(PAIR, len(entities))
    readiness = np.array([getattr(world.parameters.banks, name).readiness for name in KINDS])
    rows.prior_mean = parameters.prior_mean + parameters.prior_sd * scores(world.seed, entities, draws.PRIOR)
    rows.prior_mean += np.tile(readiness[world.banks.kind], len(world.platforms))
    rows.fit = rows.prior_mean + parameters.fit_sd * scores(world.seed, entities, draws.FIT)
    rows.belief_mean, rows.belief_variance = rows.prior_mean, parameters.fit_sd**2
    rows.trust, rows.admission = parameters.initial_trust, 1.0
    rows.openness = np.repeat(world.platforms.openness, len(world.banks))
    agree_on_sequencing(world)
    return rows


def alliances_in(world: World, *stages: int) -> np.ndarray:
    """Rows of the alliances in these stages."""
    rows = np.empty(len(world.alliances), dtype=np.int64)
    found = compiled(find_stages, allocates=False)(world.alliances.stage, sum(1 << stage for stage in stages), rows)
    return rows[:found]


def find_stages(stages, wanted, rows):
    """Write to `rows` where the stage is among those `wanted`, a bit set; returns how many there are."""
    found = 0
    for row in range(len(stages)):
        if wanted >> stages[row] & 1:
            rows[found] = row
            found += 1
    return found


def pairs_of(world: World, rows: np.ndarray) -> np.ndarray:
    """Row in pairs of each of these alliances."""
    return world.alliances.pair[rows]


def slots_used(world: World) -> tuple[np.ndarray, np.ndarray]:
    """Slots in use, float64[platforms] and [banks]: a whole one in set-up and integration, `pilot_slot_use` in a
    pilot.
    """
    alliances, rows = world.alliances, alliances_in(world, PILOT_SETUP, PILOT, INTEGRATING)
    use = slot_use(world, rows)
    platforms = np.bincount(alliances.platform[rows], use, len(world.platforms))
    return platforms, np.bincount(alliances.bank[rows], use, len(world.banks))


def free_slots(world: World) -> tuple[np.ndarray, np.ndarray]:
    """Whole slots that are free, int64[platforms] and [banks]."""
    platforms, banks = slots_used(world)
    return whole(world.platforms.slots - platforms), whole(world.banks.slots - banks)


def whole(slots: np.ndarray) -> np.ndarray:
    """Whole slots in these, int64."""
    return np.maximum(np.floor(slots + _WHOLE), 0.0).astype(np.int64)


def slot_use(world: World, rows: np.ndarray) -> np.ndarray:
    """Part of a slot that each of these alliances holds."""
    stage = world.alliances.stage[rows]
    whole = (stage == PILOT_SETUP) | (stage == INTEGRATING)
    return np.where(stage == PILOT, world.parameters.alliances.pilot_slot_use, whole.astype(np.float64))


def pay(world: World, rows: np.ndarray, bank_yuan, platform_yuan, flow: Flow = Flow.ALLIANCE_COST) -> None:
    """Post what these alliances cost both parties this month and count it, discounted to their meeting."""
    if not len(rows):
        return
    books, yuan = world.books, np.empty((2, len(rows)))
    yuan[0], yuan[1] = bank_yuan, platform_yuan
    pay_all = compiled(pay_rows, allocates=False)
    discounts = world.monthly_discount ** np.arange(world.month + 1)
    ledger, month = books.ledger, world.month
    pay_all(world.alliances, rows, fen(yuan), month, discounts, ledger, books.banks, books.suppliers, int(flow))


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


def pay_scaled(world: World, rows: np.ndarray, yuan: float) -> None:
    """A cost that both parties bear and that scales with the bank's kind."""
    cost = yuan * world.banks.cost_scale[world.alliances.bank[rows]]
    pay(world, rows, cost, cost)


def end(world: World, rows: np.ndarray, reason: int) -> None:
    """These alliances end; their pairs are free to meet again on what they believe now."""
    if not len(rows):
        return
    alliances = world.alliances
    alliances.stage[rows], alliances.end_reason[rows], alliances.ended[rows] = ENDED, reason, world.month
    pairs = pairs_of(world, rows)
    world.pairs.alliance[pairs] = NONE
    world.pairs.openness[pairs] = world.platforms.openness[alliances.platform[rows]]


def part(world: World) -> None:
    """A bank without equity leaves all its alliances, and so does a platform that closes; platforms leave a bank that
    they no longer serve. The loans run off.
    """
    alliances, banks, platforms = world.alliances, world.banks, world.platforms
    for table_, column, party, reason in (
        (banks, "alive", "bank", BANK_CLOSED),
        (banks, "served", "bank", WITHDRAWN),
        (platforms, "present", "platform", PLATFORM_LEFT),
    ):
        if not table_[column].all():
            rows = alliances_in(world, DECIDING, PILOT_SETUP, PILOT, SIGNED, INTEGRATING, OPERATING, DORMANT)
            end(world, rows[table_[column][alliances[party][rows]] == 0], reason)


def meet(world: World) -> None:
    """Banks with a free slot look for a partner with probability `meeting_rate`, members of a club more often; those
    who want each other are matched.
    """
    banks, platforms = world.banks, world.platforms
    free_platform, free_bank = free_slots(world)
    pairs_running = world.pairs.alliance.reshape(len(platforms), len(banks)) != NONE
    most = np.minimum(banks.maximum_partners, world.regulation.places)
    free_bank = np.minimum(free_bank, np.maximum(most - pairs_running.sum(axis=0), 0)).astype(np.int64)
    free_bank[(banks.alive == 0) | (banks.served == 0)] = 0
    free_platform[platforms.present == 0] = 0
    looks = looks_for(world, uniforms(world.seed, world.month, bank_entities(banks), draws.MEETING))
    candidates = np.flatnonzero((~pairs_running & looks & (free_bank > 0) & (free_platform > 0)[:, None]).ravel())
    if not len(candidates):
        return
    worth = np.full((2, len(world.pairs)), -np.inf)
    pilots = world.pair_sequencing == COOPERATE_FIRST
    wanted = candidates
    for party in (PLATFORM, BANK):  # the bank needs to value only pairs that the platform, which is the choosier, wants
        terms = party_terms(world, wanted, party)
        value = values(world, wanted, terms, pilots[wanted])
        wanting = (value > 0.0) & (pilots[wanted] | confident(world, wanted, terms))
        wanted = wanted[wanting]
        worth[party, wanted] = value[wanting]
    if not len(wanted):
        return
    shape = (len(platforms), len(banks))
    tie = drawn(world, draws.TIE).reshape(shape)
    bank_worth, platform_worth = worth[0].reshape(shape), worth[1].reshape(shape)
    for platform, bank in deferred_acceptance(bank_worth, platform_worth, free_bank, free_platform, tie):
        begin(world, platform, bank, bank_worth[platform, bank], platform_worth[platform, bank])


def begin(world: World, platform: int, bank: int, bank_worth: float, platform_worth: float) -> None:
    """A new alliance: the parties met and either decide now or set up a pilot first."""
    group, pair = world.parameters.alliances, platform * len(world.banks) + bank
    row = len(world.alliances)
    world.alliances = lengthened(world.alliances)
    alliance = world.alliances[row]
    alliance.platform, alliance.bank, alliance.pair, alliance.met = platform, bank, pair, world.month
    alliance.sequencing = world.pair_sequencing[pair]
    alliance.openness = world.pairs.openness[pair]
    alliance.bank_expected_value, alliance.platform_expected_value = bank_worth, platform_worth
    shift = scores(world.seed, np.array([world.pair_entities[pair] * 1_000 + world.month]), draws.PILOT_SHIFT)[0]
    alliance.pilot_shift = group.pilot_scale_sd * shift
    alliance.pilot_mean = world.pairs.belief_mean[pair]
    alliance.pilot_variance = world.pairs.belief_variance[pair]
    alliance.contract = world.open_contract(
        JOINT,
        bank,
        platform,
        row,
        OPENNESS.index(group.pilot_openness),
        world.regulation.terms[0].funding_share,
        world.parameters.platforms.fee_rate,
        0.0,
    )
    world.pairs.alliance[pair] = row
    if alliance.sequencing == COOPERATE_FIRST:
        alliance.stage = PILOT_SETUP
        alliance.pilot_started = world.month + group.pilot_setup_months
        alliance.decision_due = alliance.pilot_started + group.pilot_months
        pay_scaled(world, np.array([row]), group.pilot_cost)
    else:
        alliance.stage = DECIDING
        alliance.decision_due = world.month


def start_pilots(world: World) -> None:
    """Pilots whose set-up is done begin to receive their part of the flow."""
    rows = alliances_in(world, PILOT_SETUP)
    world.alliances.stage[rows[world.alliances.pilot_started[rows] <= world.month]] = PILOT


def decide(world: World) -> None:
    """Where a decision is due, sign when it is worth it to both on what they know; else part."""
    rows = alliances_in(world, DECIDING, PILOT_SETUP, PILOT)
    rows = rows[world.alliances.decision_due[rows] <= world.month]
    if not len(rows):
        return
    group = world.parameters.alliances
    agree = would_sign(world, pairs_of(world, rows))
    signed = rows[agree]
    world.alliances.stage[signed] = SIGNED
    world.alliances.signed[signed] = world.month
    world.alliances.term_ends[signed] = world.month + group.term_months
    pay_scaled(world, signed, group.signing_cost)
    end(world, rows[~agree], PILOT_FAILED)


def integrate(world: World) -> None:
    """Signed pacts are integrated when that is worth its cost to both (signing is sunk) and both have a free slot,
    oldest first.
    """
    rows, alliances, group = alliances_in(world, SIGNED), world.alliances, world.parameters.alliances
    if not len(rows):
        return
    free_platform, free_bank = free_slots(world)
    rows = rows[(free_platform[alliances.platform[rows]] >= 1) & (free_bank[alliances.bank[rows]] >= 1)]
    for party in (BANK, PLATFORM):
        if not len(rows):
            return
        pairs = pairs_of(world, rows)
        terms = party_terms(world, pairs, party)
        terms.signing = 0.0
        terms.months = np.minimum(terms.months, alliances.term_ends[rows] - world.month)
        rows = rows[values(world, pairs, terms) > 0.0]
    parts = np.broadcast_to(integration_part(world, pairs_of(world, rows)), len(rows))
    for row, part_left in zip(rows, parts, strict=True):
        alliance = alliances[row]
        platform, bank = alliance.platform, alliance.bank
        if min(free_platform[platform], free_bank[bank]) < 1:
            continue
        free_platform[platform] -= 1
        free_bank[bank] -= 1
        alliance.stage = INTEGRATING
        alliance.integration_started = world.month
        alliance.integration_due = world.month + round(group.integration_months * part_left)
        pay_scaled(world, np.array([row]), group.integration_cost * part_left)


def operate(world: World) -> None:
    """Integrated pacts go into full operation, and the platform opens what it opens."""
    rows = alliances_in(world, INTEGRATING)
    rows = rows[world.alliances.integration_due[rows] <= world.month]
    if not len(rows):
        return
    alliances, contracts = world.alliances, world.contracts
    alliances.stage[rows] = OPERATING
    alliances.operating_since[rows] = world.month
    contract = alliances.contract[rows]
    contracts.openness[contract] = alliances.openness[rows]
    fee = world.parameters.platforms.technology_fee
    contracts.technology_fee[contract] = np.where(alliances.openness[rows] == TECHNOLOGY, fee, 0.0)


def review(world: World) -> None:
    """From `review_months` of operation on: dormant while the smaller surplus is negative, awake again when it is
    not; terms end.
    """
    group, alliances = world.parameters.alliances, world.alliances
    rows = alliances_in(world, OPERATING, DORMANT)
    rows = rows[world.month >= alliances.operating_since[rows] + group.review_months]
    if len(rows):
        good = smaller_surplus(world, pairs_of(world, rows)) >= 0.0
        asleep = rows[~good]
        alliances.first_dormant[asleep] = np.where(
            alliances.first_dormant[asleep] == NONE, world.month, alliances.first_dormant[asleep]
        )
        alliances.stage[asleep], alliances.stage[rows[good]] = DORMANT, OPERATING

    rows = alliances_in(world, SIGNED, OPERATING, DORMANT)
    rows = rows[alliances.term_ends[rows] <= world.month]
    if not len(rows):
        return
    pairs, again = pairs_of(world, rows), np.ones(len(rows), dtype=bool)
    for party in (BANK, PLATFORM):
        terms = party_terms(world, pairs, party)
        built = alliances.operating_since[rows] != NONE
        terms.integration = np.where(built, 0.0, terms.integration)
        terms.integration_months = np.where(built, 0, terms.integration_months)
        again &= values(world, pairs, terms) > 0.0
    renewed = rows[again]
    alliances.term_ends[renewed] = world.month + group.term_months
    alliances.renewals[renewed] += 1
    pay_scaled(world, renewed, group.signing_cost)
    end(world, rows[~again], LAPSED)


def draw_operations(world: World) -> None:
    """q_t = logistic(x + u_t) of every alliance with flow; effort after signing has moved x."""
    group, alliances = world.parameters.alliances, world.alliances
    alliances.share_served = 0.0
    operating = alliances_in(world, OPERATING)
    alliances.fit_drift[operating] += group.commitment_effort
    rows = alliances_in(world, PILOT, OPERATING)
    pairs = pairs_of(world, rows)
    noise = group.operation_sd * scores(world.seed, world.pair_entities[pairs], draws.OPERATION, world.month)
    shift = np.where(alliances.stage[rows] == PILOT, alliances.pilot_shift[rows], 0.0)
    alliances.share_served[rows] = expit(world.pairs.fit[pairs] + alliances.fit_drift[rows] + shift + noise)
