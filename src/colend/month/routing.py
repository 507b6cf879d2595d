"""Step 3, routing: to whom platforms send this month's applications."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from colend.compilation import compiled
from colend.rules.alliance import with_flow
from colend.rules.platform import first_choice
from colend.rules.prospects import joint_loans
from colend.rules.regulation import region_weights
from colend.state.snapshot import Routing
from colend.state.table import Table
from colend.state.tables import OPERATING
from colend.state.world import World


class Offered(NamedTuple):
    """What of a bank's lending goes to a platform's partners."""

    kappa: np.ndarray  # float64[banks], yuan a month
    cap: np.ndarray  # float64[platforms, banks]: the most of it
    parts: np.ndarray  # float64[parts of the market, banks]: how much of it goes to each
    pilot: float  # what a pilot is allocated
    priority: float  # what a signed partner's offered lending counts


def route(world: World) -> None:
    """Set this month's routing table, `routed`, the real applications that each alliance meets first, and what these
    may come to (`outlook.flowing`, `outlook.joint_loans`).

    Partners are those in pilot, continued ones too (`pilot_allocation` of their share), and operation whose bank is
    alive; an operating partner's offered lending counts (1 + signed_priority)-fold. The own lender has a row where it
    has weight; otherwise it comes last anyway. Where local banks lend in their region only, the table has a slice for
    each.
    """
    alliances, outlook, group = world.alliances, world.outlook, world.parameters.alliances
    parts, lenders = region_weights(world), world.lender_rows
    rows = with_flow(world)
    rows = rows[world.banks.alive[alliances.bank[rows]] != 0]
    offered = Offered(
        outlook.kappa, outlook.offer_cap, parts, group.pilot_allocation, 1.0 + float(group.signed_priority)
    )
    most = len(parts) * (len(lenders) + len(rows))
    start = np.zeros(len(lenders) * len(parts) + 1, dtype=np.int64)
    routing = Routing(start, np.zeros(most, dtype=np.int64), np.zeros(most))
    room = np.zeros((2, len(rows)))
    alliances.routed = 0.0
    fill = compiled(fill_routes, allocates=False)
    fill(alliances, rows, world.platforms.applications, lenders, offered, room, routing)
    alliances.routed = np.rint(alliances.routed)
    world.routing = Routing(start, routing.member[: start[-1]], routing.weight[: start[-1]])
    outlook.flowing, outlook.joint_loans = joint_loans(world)


def fill_routes(
    alliances: Table,
    rows: np.ndarray,
    applications: np.ndarray,
    lenders: np.ndarray,
    offered: Offered,
    room: np.ndarray,
    routing: Routing,
) -> None:
    """Fill the routing table of each platform and part of the market with the partners `rows`; add up ALLIANCE.routed.

    `offered` is an Offered; `room` [2, rows] holds what partners of one slice are allocated and offer.
    """
    parts, start = offered.parts, routing.start
    for place in range(len(start) - 1):
        p, part = place // len(parts), place % len(parts)
        first = end = start[place]
        for row in rows:
            alliance = alliances[row]
            bank, operating = alliance.bank, alliance.stage == OPERATING
            if alliance.platform == p and parts[part, bank] > 0.0:
                here = min(offered.kappa[bank], offered.cap[p, bank]) * parts[part, bank]
                room[0, end - first] = 1.0 if operating else offered.pilot
                room[1, end - first] = here * offered.priority if operating else here
                routing.member[end] = row
                end += 1
        partners = end - first
        own = first_choice(room[0, :partners], room[1, :partners], routing.weight[first:end])
        for i in range(first, end):
            alliance = alliances[routing.member[i]]
            alliance.routed += applications[p] / len(parts) * routing.weight[i]
            routing.member[i] = alliance.contract
        if own > 0.0:
            routing.member[end], routing.weight[end] = lenders[p], own
            end += 1
        start[place + 1] = end
