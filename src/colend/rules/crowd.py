"""The crowd: who will share a platform's flow, forecast from what anybody in the market can see.

Who works with whom, since when, who tries and who builds is public, and so is what came of every meeting so far. A
pair's flow h months from now is

    N(h) = applications(h) kappa / (kappa + K(h)),
    K(h) = K_operating + (K_building + conv K_trying) min(h / lead, 1) + conv kappa_entrant starts(h - lead),
    starts(m) = min(arrivals m, free + slots m / held, whoever may still come)

K over the platform's other partners. `conv`, the share of meetings that come into operation, `lead`, the months that
takes, and `held`, the months of a slot that a meeting costs, are learned from all meetings of the run, from a prior
that is the same in every arm; arrivals, a month, from those of the last year. No pair's own success says more to it
than to others, so nobody is too hopeful for having worked.

What a pact is worth takes one number, the mean of N(h) over the months of operation that it would have, each by its
discount: exact where a month's surplus is linear in the flow, as it is up to the first review.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from colend.compilation import compiled
from colend.equations.relationship import idle_share
from colend.rules.alliance import COOPERATE_FIRST, free_slots
from colend.rules.outlook import mean_term
from colend.rules.regulation import region_weights
from colend.state.tables import DECIDING, DORMANT, ENDED, INTEGRATING, NONE, OPERATING, PILOT, PILOT_SETUP, SIGNED
from colend.state.world import World

NOBODY, TRYING, BUILDING, WORKING, ASLEEP = range(5)  # what a pair is to the platform's crowd
_ROLE = np.full(ENDED + 1, NOBODY)
_ROLE[[DECIDING, PILOT_SETUP, PILOT]] = TRYING
_ROLE[[SIGNED, INTEGRATING]] = BUILDING
_ROLE[OPERATING] = WORKING
_ROLE[DORMANT] = ASLEEP
YEAR, QUARTER = 12, 3  # months: in which arrivals are counted, and that a guess at them counts


class Meetings(NamedTuple):
    """What the record of all meetings says of the next one."""

    conversion: float  # share that comes into operation
    lead: float  # months from the meeting to operation, of those that do
    held: float  # months for which one holds a slot of the platform
    awake: float  # share of a working pact's months in which it is not dormant


def learned(world: World) -> Meetings:
    """From all meetings whose fate is known, which is when they are integrated or over, and the prior."""
    group, alliances = world.parameters.alliances, world.alliances
    came = alliances.integration_started != NONE
    known = came | (alliances.ended != NONE)
    left = np.where(alliances.stage == INTEGRATING, np.maximum(alliances.integration_due - world.month, 0), 0)
    weight, months = group.crowd_prior_weight, group.crowd_prior_months
    held = alliances.slot_months[known].sum() + left[known].sum()
    lead = (alliances.integration_due - alliances.met)[came].sum()
    built = alliances.operating_since != NONE
    end = np.where(alliances.ended[built] == NONE, world.month, alliances.ended[built])
    lived = np.maximum(end - alliances.operating_since[built], 0).sum()
    slept = np.minimum(alliances.dormant_months[built].sum(), lived)
    return Meetings(
        (weight * group.crowd_prior_conversion + came.sum()) / (weight + known.sum()),
        (weight * months + lead) / (weight + came.sum()),
        (weight * months + held) / (weight + known.sum()),
        1.0 - slept / (weight * YEAR + lived),
    )


class Side(NamedTuple):
    """What each platform's crowd is made of, by platform and bank, float64[platforms, banks] where nothing else is
    said.
    """

    role: np.ndarray  # int64: NOBODY to ASLEEP
    kappa: np.ndarray  # yuan a month that the bank offers, or would as one more platform's partner
    may_come: np.ndarray  # bool: may meet the platform some day
    parts: np.ndarray  # float64[parts of the market, banks]: how much of an offer goes to each
    applications: np.ndarray  # float64[platforms]: persons a month
    growth: np.ndarray  # float64[platforms]: of them, a month
    arrivals: np.ndarray  # float64[platforms]: meetings a month where no slot is wanting
    free: np.ndarray  # float64[platforms]: slots
    slots: np.ndarray  # float64[platforms]


class Windows(NamedTuple):
    """The months that count for each pair, from the next one, 1, on; int64[pairs]."""

    first: np.ndarray  # of operation under a pact
    last: np.ndarray
    near_first: np.ndarray  # of a pilot, or the next one where there is none ahead
    near_last: np.ndarray
    in_pilot: np.ndarray  # bool[pairs]: whether the latter are a pilot's


def crowd(world: World) -> Side:
    """The crowd of every platform as it is now."""
    banks, platforms, alliances, pairs = world.banks, world.platforms, world.alliances, world.pairs
    number, group, months = len(banks), world.parameters.alliances, world.month + 1
    shape = (len(platforms), number)
    running = pairs.alliance.reshape(shape) != NONE
    role = np.zeros(shape, dtype=np.int64)
    role[running] = _ROLE[alliances.stage[pairs.alliance.reshape(shape)[running]]]
    works = role == WORKING
    partners = works.sum(axis=0)
    kappa = world.outlook.kappa * np.maximum(partners, 1) / (partners + ~works)
    places = np.minimum(banks.maximum_partners, world.regulation.places) - running.sum(axis=0)
    open_banks = (banks.alive != 0) & (banks.served != 0) & (places > 0)
    may_come = ~running & open_banks & (platforms.present != 0)[:, None]
    looking = group.meeting_rate * open_banks.sum() / len(platforms)
    lately = min(months, YEAR)
    met = np.bincount(alliances.platform[alliances.met >= months - lately], minlength=len(platforms))
    return Side(
        role,
        np.minimum(kappa, world.outlook.offer_cap),
        may_come,
        region_weights(world),
        platforms.applications,
        growth(world),
        (QUARTER * looking + met) / (QUARTER + lately),
        free_slots(world)[0].astype(np.float64),
        platforms.slots,
    )


def growth(world: World) -> np.ndarray:
    """By how much a platform's applications grow a month, float64[platforms]: need's growth, times the share of months
    without a loan, since who has one does not apply.
    """
    population = world.parameters.population
    pace = population.demand_growth
    need = population.monthly_need.as_array() * (1.0 + pace) ** world.month
    return world.outlook.mix @ (pace * idle_share(need, 1.0, mean_term(world.parameters)))


def windows(world: World) -> Windows:
    """The months that count for each pair, by what it would do next."""
    group, alliances, running = world.parameters.alliances, world.alliances, world.pairs.alliance
    idle, coming = running == NONE, world.month + 1
    trial = group.pilot_setup_months + group.pilot_months
    pilot = idle & (world.pair_sequencing == COOPERATE_FIRST)
    lead = np.where(pilot, trial, 0) + group.integration_months
    first, last = np.ones(len(lead), dtype=np.int64), np.ones(len(lead), dtype=np.int64)
    pairs = np.flatnonzero(~idle)
    rows = running[pairs]
    role = _ROLE[alliances.stage[rows]]
    due = np.maximum(alliances.decision_due[rows] - coming, 0)
    built = np.where(
        alliances.stage[rows] == INTEGRATING,
        np.maximum(alliances.integration_due[rows] - coming, 0),
        np.where(role >= WORKING, 0, group.integration_months),
    )
    decided = np.where(pilot, trial, 0)
    decided[pairs] = np.where(role == TRYING, due, 0)
    lead[pairs] = decided[pairs] + built
    trying = pilot.copy()
    trying[pairs] = role == TRYING
    trying &= decided > np.where(pilot, group.pilot_setup_months, 0)  # with a month of pilot ahead
    first[trying & pilot] = group.pilot_setup_months + 1
    last[trying] = decided[trying]
    return Windows(lead + 1, np.maximum(decided + group.term_months, lead + 1), first, last, trying)


def forecast(world: World) -> tuple[np.ndarray, np.ndarray]:
    """Persons a month at full allocation that each pair may expect, float64[pairs]: over the operation of the pact that
    it would sign next or has, and in the months before that, which a pilot fills, or the next one of what operates.
    """
    side, meetings = crowd(world), learned(world)
    term, near = np.zeros(len(world.pairs)), np.zeros(len(world.pairs))
    compiled(fill_forecast, allocates=False)(side, meetings, windows(world), world.monthly_discount, term, near)
    return term, near


def fill_forecast(
    side: Side, meetings: Meetings, months: Windows, discount: float, term: np.ndarray, near: np.ndarray
) -> None:
    """Add up, part by part of the market, what each pair may expect."""
    platforms, banks = side.role.shape
    for part in range(len(side.parts)):
        for p in range(platforms):
            whole, pace = gathered(side, meetings, part, p), 1.0 + side.growth[p]
            flow = side.applications[p] / len(side.parts)
            for b in range(banks):
                offered, row = side.kappa[p, b] * side.parts[part, b], p * banks + b
                if offered > 0.0:
                    others = without(whole, side, p, b, offered)
                    first, last = months.first[row], months.last[row]
                    term[row] += flow * mean_share(offered, others, meetings, pace, discount, first, last, False)
                    first, last, pilot = months.near_first[row], months.near_last[row], months.in_pilot[row]
                    near[row] += flow * mean_share(offered, others, meetings, pace, discount, first, last, pilot)


class Others(NamedTuple):
    """What others offer a platform in one part of the market, yuan a month, and who may come."""

    working: float
    asleep: float
    building: float
    trying: float
    entrant: float  # what one that comes offers
    arrivals: float  # a month
    free: float  # slots
    turnover: float  # meetings a month that slots have room for once full
    may_come: float


def gathered(side: Side, meetings: Meetings, part: int, p: int) -> Others:
    """Everybody's."""
    working, asleep, building, trying, coming, may_come = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for b in range(side.role.shape[1]):
        offered = side.kappa[p, b] * side.parts[part, b]
        if side.role[p, b] == WORKING:
            working += offered
        elif side.role[p, b] == ASLEEP:
            asleep += offered
        elif side.role[p, b] == BUILDING:
            building += offered
        elif side.role[p, b] == TRYING:
            trying += offered
        if side.may_come[p, b]:
            coming += offered
            may_come += 1.0
    entrant = coming / may_come if may_come > 0.0 else 0.0
    turnover = side.slots[p] / meetings.held if meetings.held > 0.0 else np.inf
    return Others(working, asleep, building, trying, entrant, side.arrivals[p], side.free[p], turnover, may_come)


def without(whole: Others, side: Side, p: int, b: int, offered: float) -> Others:
    """Everybody's but this bank's, which takes a slot that was free and is no entrant beside itself."""
    role, working, asleep, building = side.role[p, b], whole.working, whole.asleep, whole.building
    trying = whole.trying
    if role == WORKING:
        working -= offered
    elif role == ASLEEP:
        asleep -= offered
    elif role == BUILDING:
        building -= offered
    elif role == TRYING:
        trying -= offered
    free, may_come = whole.free, whole.may_come
    if side.may_come[p, b]:
        free, may_come = max(free - 1.0, 0.0), may_come - 1.0
    return Others(
        max(working, 0.0),
        max(asleep, 0.0),
        max(building, 0.0),
        max(trying, 0.0),
        whole.entrant,
        whole.arrivals,
        free,
        whole.turnover,
        may_come,
    )


def started(others: Others, months: float) -> float:
    """Meetings within so many months."""
    return min(min(others.arrivals * months, others.free + others.turnover * months), others.may_come)


def crowd_after(others: Others, meetings: Meetings, months: float) -> float:
    """K(h)."""
    arrived = min(months / meetings.lead, 1.0) if meetings.lead > 0.0 else 1.0
    came = started(others, max(months - meetings.lead, 0.0)) * others.entrant
    awake = meetings.awake
    settled = others.working + (awake * (others.working + others.asleep) - others.working) * arrived
    return settled + awake * (others.building * arrived + meetings.conversion * (others.trying * arrived + came))


def mean_share(
    offered: float,
    others: Others,
    meetings: Meetings,
    pace: float,
    discount: float,
    first: int,
    last: int,
    pilot: bool,
) -> float:
    """The discounted mean of pace^h kappa / (kappa + K(h)) over months `first` to `last`. Beside a `pilot` the others
    in pilot have their share of the flow, too.
    """
    total, weight, factor, grown = 0.0, 0.0, 1.0, pace ** float(first)
    for month in range(first, last + 1):
        rivals = crowd_after(others, meetings, float(month))
        if pilot:
            rivals += others.trying + started(others, float(month)) * others.entrant
        total += factor * grown * (offered / (offered + rivals))
        weight += factor
        factor *= discount
        grown *= pace
    return total / weight
