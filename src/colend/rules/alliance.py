"""Alliances: who meets, who signs, what is integrated, who sleeps or wakes, who goes on. Section 6 of the model."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import expit

from colend.compilation import compiled
from colend.equations.fit import share_table
from colend.equations.numbers import Whole
from colend.rules.alliance_worth import BANK, PLATFORM, confident, party_terms, smaller_surplus, values, would_sign
from colend.rules.clubs import integration_part, looks_for
from colend.rules.founding import bank_entities, scores
from colend.rules.matching import deferred_acceptance
from colend.scenario.parameters import SEQUENCING
from colend.scenario.parameters.alliances import Alliances
from colend.state import draws
from colend.state.draws import uniforms
from colend.state.table import Table
from colend.state.tables import DECIDING, DORMANT, INTEGRATING, NONE, OPERATING, PAIR, PILOT, PILOT_SETUP, SIGNED, table
from colend.state.world import World

COOPERATE_FIRST = SEQUENCING.index("cooperate_then_sign")
_WHOLE = 1e-9  # slots are counted in parts of a pilot; rounding must not cost a whole one


def pair_entities(banks: Table, platforms: Table) -> np.ndarray:
    """A number for each pair that does not change when other banks or platforms are added."""
    numbers = np.arange(1, len(platforms) + 1)
    return (numbers[:, None] * 100_000_000 + bank_entities(banks)[None, :]).ravel()


def drawn(world: World, purpose: int) -> np.ndarray:
    """A uniform draw for every pair this month."""
    return uniforms(world.seed, world.month, world.pair_entities, purpose)


def share_tables(parameters: Alliances) -> tuple[np.ndarray, np.ndarray]:
    """The table of E[share served] of an operation, and that of a pilot."""
    largest = float(np.hypot(parameters.fit_sd, parameters.operation_sd))
    whole = share_table(largest)
    if parameters.pilot_scale_sd == 0.0:
        return whole, whole
    return whole, share_table(float(np.hypot(largest, parameters.pilot_scale_sd)))


def found_pairs(world: World) -> Table:
    """All pairs before the first month: public prior, hidden fit, belief equal to the prior, trust."""
    parameters, entities = world.parameters.alliances, world.pair_entities
    rows = table(PAIR, len(entities))
    readiness = np.array([kind.readiness for kind in world.parameters.banks.kinds.values()])
    rows.prior_mean = parameters.prior_mean + parameters.prior_sd * scores(world.seed, entities, draws.PRIOR)
    rows.prior_mean += np.tile(readiness[world.banks.kind], len(world.platforms))
    rows.fit = rows.prior_mean + parameters.fit_sd * scores(world.seed, entities, draws.FIT)
    rows.belief_mean, rows.belief_variance = rows.prior_mean, parameters.fit_sd**2
    rows.trust, rows.admission = parameters.initial_trust, 1.0
    rows.openness = np.repeat(world.platforms.openness, len(world.banks))
    return rows


def alliances_in(world: World, *stages: int) -> np.ndarray:
    """Rows of the alliances in these stages."""
    rows = np.empty(len(world.alliances), dtype=np.int64)
    found = compiled(find_stages, allocates=False)(world.alliances.stage, sum(1 << stage for stage in stages), rows)
    return rows[:found]


def find_stages(stages: np.ndarray, wanted: int, rows: np.ndarray) -> int:
    """Write to `rows` where the stage is among those `wanted`, a bit set; returns how many there are."""
    found = 0
    for row in range(len(stages)):
        if wanted >> stages[row] & 1:
            rows[found] = row
            found += 1
    return found


def with_flow(world: World) -> np.ndarray:
    """Rows of the alliances that get applications: those in pilot and in operation, and where a pilot continues those
    that come from one and are not there yet. A pilot that had no month before it was signed has nothing to continue.
    """
    if world.parameters.alliances.pilot_continues == 0:
        return alliances_in(world, PILOT, OPERATING)
    alliances, rows = world.alliances, alliances_in(world, PILOT, SIGNED, INTEGRATING, OPERATING)
    stage, began = alliances.stage[rows], alliances.pilot_started[rows]
    between = (stage == SIGNED) | (stage == INTEGRATING)
    return rows[~between | ((began != NONE) & (began < alliances.signed[rows]))]


def pairs_of(world: World, rows: np.ndarray) -> np.ndarray:
    """Row in pairs of each of these alliances."""
    return world.alliances.pair[rows]


def slots_used(world: World) -> tuple[np.ndarray, np.ndarray]:
    """Slots in use, float64[platforms] and [banks]."""
    platforms, banks = np.zeros(len(world.platforms)), np.zeros(len(world.banks))
    compiled(add_slots, allocates=False)(world.alliances, world.outlook.alliances.pilot_slot_use, platforms, banks)
    return platforms, banks


def add_slots(alliances: Table, of_pilot: float, platforms: np.ndarray, banks: np.ndarray) -> None:
    """Add what each alliance holds to its platform's slots in use, and to its bank's."""
    for row in range(len(alliances)):
        one = alliances[row]
        held = slot_use(one.stage, of_pilot)
        platforms[one.platform] += held
        banks[one.bank] += held


def free_slots(world: World) -> tuple[np.ndarray, np.ndarray]:
    """Whole slots that are free, int64[platforms] and [banks]."""
    platforms, banks = slots_used(world)
    return whole(world.platforms.slots - platforms), whole(world.banks.slots - banks)


def whole(slots: np.ndarray) -> np.ndarray:
    """Whole slots in these, int64."""
    return np.maximum(np.floor(slots + _WHOLE), 0.0).astype(np.int64)


def slot_use(stage: Whole, of_pilot: float) -> float:
    """Part of a slot that an alliance holds: a whole one in set-up and integration, `of_pilot` in a pilot."""
    if stage == PILOT:
        return of_pilot
    return 1.0 if stage in (PILOT_SETUP, INTEGRATING) else 0.0


class Match(NamedTuple):
    """A platform and a bank that want each other, and what each thinks that the alliance is worth to it, yuan."""

    platform: int
    bank: int
    bank_worth: float
    platform_worth: float


def matches(world: World) -> list[Match]:
    """Who meets this month. Banks with a free slot look for a partner with probability `meeting_rate`, members of a
    club more often; those who want each other are matched.
    """
    platforms, banks = len(world.platforms), len(world.banks)
    may_meet, free_platform, free_bank = who_may_meet(world)
    wanted = np.flatnonzero(may_meet.ravel())
    worth = np.full((2, len(world.pairs)), -np.inf)
    pilots = world.pair_sequencing == COOPERATE_FIRST
    for party in (PLATFORM, BANK):  # the bank needs to value only pairs that the platform, which is the choosier, wants
        if not len(wanted):
            return []
        terms = party_terms(world, wanted, party)
        value = values(world, wanted, terms, pilots[wanted])
        wanting = (value > 0.0) & (pilots[wanted] | confident(world, wanted, terms))
        wanted = wanted[wanting]
        worth[party, wanted] = value[wanting]
    if not len(wanted):
        return []
    to_bank, to_platform = worth.reshape(2, platforms, banks)
    tie = drawn(world, draws.TIE).reshape(platforms, banks)
    found = deferred_acceptance(to_bank, to_platform, free_bank, free_platform, tie)
    return [Match(one, other, to_bank[one, other], to_platform[one, other]) for one, other in found]


def who_may_meet(world: World) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """bool[platforms, banks], pairs that may meet this month, and the slots that platforms and banks have for it."""
    banks, platforms = world.banks, world.platforms
    free_platform, free_bank = free_slots(world)
    running = world.pairs.alliance.reshape(len(platforms), len(banks)) != NONE
    most = np.minimum(banks.maximum_partners, world.regulation.places)
    free_bank = np.minimum(free_bank, np.maximum(most - running.sum(axis=0), 0)).astype(np.int64)
    free_bank[(banks.alive == 0) | (banks.served == 0)] = 0
    free_platform[platforms.present == 0] = 0
    looks = looks_for(world, uniforms(world.seed, world.month, bank_entities(banks), draws.MEETING))
    return ~running & looks & (free_bank > 0) & (free_platform > 0)[:, None], free_platform, free_bank


def decisions_due(world: World) -> tuple[np.ndarray, np.ndarray]:
    """Alliances that decide on signing this month: those that sign, as it is worth it to both on what they know now,
    and those that part.
    """
    rows = alliances_in(world, DECIDING, PILOT_SETUP, PILOT)
    rows = rows[world.alliances.decision_due[rows] <= world.month]
    if not len(rows):
        return rows, rows
    agree = would_sign(world, pairs_of(world, rows))
    return rows[agree], rows[~agree]


def integrations(world: World) -> tuple[np.ndarray, np.ndarray]:
    """Signed pacts that are integrated now, and the part of the work that templates leave of each: where it is worth
    its cost to both (signing is sunk) and both have a free slot, oldest first.
    """
    rows, alliances, chosen = alliances_in(world, SIGNED), world.alliances, []
    if len(rows):
        free_platform, free_bank = free_slots(world)
        rows = rows[(free_platform[alliances.platform[rows]] >= 1) & (free_bank[alliances.bank[rows]] >= 1)]
        for row in worth_integrating(world, rows).tolist():
            platform, bank = alliances.platform[row], alliances.bank[row]
            if min(free_platform[platform], free_bank[bank]) >= 1:
                free_platform[platform] -= 1
                free_bank[bank] -= 1
                chosen.append(row)
    rows = np.array(chosen, dtype=np.int64)
    return rows, np.full(len(rows), integration_part(world, pairs_of(world, rows)))


def worth_integrating(world: World, rows: np.ndarray) -> np.ndarray:
    """Those of these signed pacts that are worth integrating to both."""
    for party in (BANK, PLATFORM):
        if len(rows):
            pairs = pairs_of(world, rows)
            terms = party_terms(world, pairs, party)
            terms.signing = 0.0
            terms.months = np.minimum(terms.months, world.alliances.term_ends[rows] - world.month)
            rows = rows[values(world, pairs, terms) > 0.0]
    return rows


def reviewed(world: World) -> tuple[np.ndarray, np.ndarray]:
    """Alliances that are reviewed this month, from `review_months` of operation on: those that sleep, as the smaller
    surplus is negative, and those that work.
    """
    rows = alliances_in(world, OPERATING, DORMANT)
    rows = rows[world.month >= world.alliances.operating_since[rows] + world.parameters.alliances.review_months]
    if not len(rows):
        return rows, rows
    good = smaller_surplus(world, pairs_of(world, rows)) >= 0.0
    return rows[~good], rows[good]


def terms_over(world: World) -> tuple[np.ndarray, np.ndarray]:
    """Pacts whose term is over: those that both renew, and those that lapse."""
    alliances, rows = world.alliances, alliances_in(world, SIGNED, OPERATING, DORMANT)
    rows = rows[alliances.term_ends[rows] <= world.month]
    if not len(rows):
        return rows, rows
    pairs, again = pairs_of(world, rows), np.ones(len(rows), dtype=bool)
    for party in (BANK, PLATFORM):
        terms = party_terms(world, pairs, party)
        built = alliances.operating_since[rows] != NONE
        terms.integration = np.where(built, 0.0, terms.integration)
        terms.integration_months = np.where(built, 0, terms.integration_months)
        again &= values(world, pairs, terms) > 0.0
    return rows[again], rows[~again]


def shares_served(world: World, rows: np.ndarray) -> np.ndarray:
    """q_t = logistic(x + u_t) of these alliances with flow; effort after signing has moved x, a pilot's is shifted."""
    alliances, pairs = world.alliances, pairs_of(world, rows)
    sd = world.parameters.alliances.operation_sd
    noise = sd * scores(world.seed, world.pair_entities[pairs], draws.OPERATION, world.month)
    shift = np.where(alliances.stage[rows] == OPERATING, 0.0, alliances.pilot_shift[rows])
    return expit(world.pairs.fit[pairs] + alliances.fit_drift[rows] + shift + noise)
