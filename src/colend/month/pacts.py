"""Step 2: alliances. What is due this month happens this month, so that a step that takes no time is no step.

The sequencings differ in one thing only: whether signing is decided at the meeting (on the prior) or
`pilot_setup_months + pilot_months` later (on what the pilot showed). Everything after a decision is the same code.
"""

from __future__ import annotations

import numpy as np

from colend.month.alliances import begin, end, pay_scaled
from colend.month.choices import adapt
from colend.rules.alliance import (
    alliances_in,
    decisions_due,
    integrations,
    matches,
    reviewed,
    shares_served,
    terms_over,
    with_flow,
)
from colend.state.tables import (
    BANK_CLOSED,
    DECIDING,
    DORMANT,
    INTEGRATING,
    LAPSED,
    NONE,
    OPERATING,
    PILOT,
    PILOT_FAILED,
    PILOT_SETUP,
    PLATFORM_LEFT,
    SIGNED,
    WITHDRAWN,
)
from colend.state.world import World


def pacts(world: World) -> None:
    """Part, revise choices, review, pilot, decide, integrate what exists; meet; the same for who just met; then this
    month's operations.
    """
    part(world)
    adapt(world)
    operate(world)
    review(world)
    go_on(world)
    begin(world, matches(world))
    go_on(world)
    draw_operations(world)


def go_on(world: World) -> None:
    """From set-up to pilot, from pilot to signature, from signature to integration, from integration to operation."""
    start_pilots(world)
    decide(world)
    integrate(world)
    operate(world)


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


def start_pilots(world: World) -> None:
    """Pilots whose set-up is done begin to receive their part of the flow."""
    rows = alliances_in(world, PILOT_SETUP)
    world.alliances.stage[rows[world.alliances.pilot_started[rows] <= world.month]] = PILOT


def decide(world: World) -> None:
    """Where a decision is due, sign or part."""
    group, alliances = world.parameters.alliances, world.alliances
    signed, parted = decisions_due(world)
    alliances.stage[signed] = SIGNED
    alliances.signed[signed] = world.month
    alliances.term_ends[signed] = world.month + group.term_months
    pay_scaled(world, signed, group.signing_cost)
    end(world, parted, PILOT_FAILED)


def integrate(world: World) -> None:
    """Begin to integrate what is worth it and has room."""
    group, alliances = world.parameters.alliances, world.alliances
    rows, parts = integrations(world)
    alliances.stage[rows], alliances.integration_started[rows] = INTEGRATING, world.month
    alliances.integration_due[rows] = world.month + np.rint(group.integration_months * parts)
    pay_scaled(world, rows, group.integration_cost * parts)


def operate(world: World) -> None:
    """Integrated pacts go into full operation, and the platform opens what it opens."""
    alliances, contracts, rows = world.alliances, world.contracts, alliances_in(world, INTEGRATING)
    rows = rows[alliances.integration_due[rows] <= world.month]
    alliances.stage[rows] = OPERATING
    alliances.operating_since[rows] = world.month
    contract = alliances.contract[rows]
    contracts.openness[contract] = opened = alliances.openness[rows]
    contracts.technology_fee[contract] = world.regulation.terms.general.technology_fee[opened]


def review(world: World) -> None:
    """Pacts fall asleep or wake; terms end."""
    group, alliances = world.parameters.alliances, world.alliances
    asleep, awake = reviewed(world)
    alliances.first_dormant[asleep[alliances.first_dormant[asleep] == NONE]] = world.month
    alliances.stage[asleep], alliances.stage[awake] = DORMANT, OPERATING
    renewed, lapsed = terms_over(world)
    alliances.term_ends[renewed] = world.month + group.term_months
    first = renewed[alliances.renewals[renewed] == 0]
    alliances.bank_first_term[first] = alliances.bank_value[first]
    alliances.renewals[renewed] += 1
    pay_scaled(world, renewed, group.signing_cost)
    end(world, lapsed, LAPSED)


def draw_operations(world: World) -> None:
    """The share that every alliance with flow serves this month; effort after signing moves it."""
    alliances = world.alliances
    alliances.share_served = 0.0
    alliances.fit_drift[alliances_in(world, OPERATING)] += world.parameters.alliances.commitment_effort
    rows = with_flow(world)
    alliances.share_served[rows] = shares_served(world, rows)
