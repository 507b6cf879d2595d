"""Step 3: plans.

Banks set hurdles, offers, admission, touchpoints and what they spend on their own risk control; platforms route.
"""

from __future__ import annotations

import numpy as np

from colend.equations.capacity import admission, monthly_runoff
from colend.month.expectations import refresh_prospects
from colend.month.forecasts import follow_forecasts
from colend.month.regulation import set_room
from colend.month.routing import route
from colend.rules.bank import (
    YEAR,
    asked_of_pairs,
    best_spending,
    best_touchpoints,
    capacity,
    due,
    expected_lending,
    laboratory_sponsors,
    replacements,
    running_loans,
    touchpoint_costs_now,
    wants_laboratory,
)
from colend.rules.outlook import mean_term
from colend.rules.platform import lender_capacity
from colend.state.books import Flow, fen
from colend.state.tables import JOINT, NONE, OWN
from colend.state.world import World

QUARTER = 3  # months between decisions on touchpoints and research


def plans(world: World) -> None:
    """Every bank and platform plans the month on what it knows; spending is posted as it is decided."""
    set_capacity(world)
    refresh_prospects(world)
    route(world)
    follow_forecasts(world)
    set_admission(world)
    set_lender_capacity(world)
    flow, running = running_loans(world)
    costs = touchpoint_costs_now(world, running)
    if world.month % QUARTER == 0:
        world.banks.touchpoints = best_touchpoints(world, flow, costs)
        world.banks.research_spending = best_spending(world, QUARTER)
    choose_laboratory(world)
    begin_replacements(world)
    pay_for_plans(world, costs)


def set_capacity(world: World) -> None:
    """What the banks' capital lets them do."""
    banks = world.banks
    banks.hurdle, banks.headroom, banks.overshoot, world.outlook.kappa = capacity(world)


def set_admission(world: World) -> None:
    """What rules leave of what is asked of pairs, what banks expect to lend, and P(an application finds capacity)."""
    banks = world.banks
    set_room(world, asked_of_pairs(world))
    banks.expected_lending = expected_lending(world)
    runoff = monthly_runoff(banks.consumer_loans, mean_term(world.parameters))
    banks.admission = admission(banks.headroom + runoff, banks.expected_lending)


def set_lender_capacity(world: World) -> None:
    """What the platforms' own lenders can do."""
    rows = world.platforms
    rows.headroom, rows.overshoot, rows.expected_lending, rows.admission = lender_capacity(world)


def choose_laboratory(world: World) -> None:
    """Once a year a bank opens, keeps or closes a joint laboratory."""
    rows = due(world, YEAR)
    world.banks.laboratory[rows] = wants_laboratory(world, rows)


def begin_replacements(world: World) -> None:
    """Banks that are done with their old system begin to replace it, and pay for it."""
    begun, cost = replacements(world)
    world.banks.replacement_months_left[begun] = int(world.parameters.learning.replacement_months)
    world.books.post(begun, world.books.suppliers, fen(cost), Flow.REPLACEMENT_COST, OWN)


def pay_for_plans(world: World, costs: np.ndarray) -> None:
    """Post the month's spending on touchpoints, whose sets have these `costs`, research and laboratories."""
    banks, books, learning = world.banks, world.books, world.parameters.learning
    everyone = np.arange(len(banks))
    touchpoints = costs[everyone, banks.touchpoints]
    books.post(everyone, books.suppliers, fen(touchpoints), Flow.TOUCHPOINT_COST, JOINT)
    books.post(everyone, books.suppliers, fen(banks.research_spending), Flow.RESEARCH_COST, OWN)
    open_ = np.flatnonzero(banks.laboratory)
    if len(open_):
        sponsors = laboratory_sponsors(world)[open_]
        part = np.where(sponsors == NONE, 0.0, learning.laboratory_platform_share)
        books.post(open_, books.suppliers, fen(learning.laboratory_cost * (1.0 - part)), Flow.LABORATORY_COST, OWN)
        payers = np.where(sponsors == NONE, books.suppliers, books.banks + sponsors)
        books.post(payers, books.suppliers, fen(learning.laboratory_cost * part), Flow.LABORATORY_COST, JOINT)
