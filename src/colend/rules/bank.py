"""What banks plan and learn: capital and admission, touchpoints, research, laboratory, legacy systems, corrections."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from colend.compilation import compiled
from colend.equations.capability import Path, best_research, doing, profit_of_path, replaces_legacy, transfer
from colend.equations.capacity import headroom, hurdle, monthly_runoff, offered_lending, overshoot
from colend.equations.relationship import annuity, best_set, touchpoint_benefits, touchpoint_costs
from colend.rules.alliance import alliances_in, pairs_of, with_flow
from colend.rules.outlook import mean_term
from colend.rules.prospects import absorbed_now
from colend.rules.regulation import home_share
from colend.scenario.parameters import OPENNESS, TOUCHPOINTS
from colend.state.outlook import SEGMENT_COUNT
from colend.state.table import Table
from colend.state.tables import NONE, OPERATING, pair_of
from colend.state.world import World

YEAR = 12  # months between decisions on laboratories and legacy systems


class Capacity(NamedTuple):
    """What the banks' capital lets them do this month, float64[banks]."""

    hurdle: np.ndarray  # a year
    headroom: np.ndarray  # yuan of lending that capital and funds still allow
    overshoot: np.ndarray  # yuan beyond it
    kappa: np.ndarray  # yuan a month offered to each alliance


def capacity(world: World) -> Capacity:
    """Hurdle, headroom and overshoot of the banks from their capital, and what they offer each alliance."""
    banks, group = world.banks, world.parameters.banks
    equity, loans, other = np.maximum(banks.equity, 0.0), banks.consumer_loans, banks.other_risk_weighted_assets
    asked = hurdle(banks.capital_ratio, group.minimum_ratio, group.base_hurdle, group.hurdle_slope, group.hurdle_scale)
    room = headroom(equity, group.minimum_ratio, loans, group.risk_weight, other, banks.deposits)
    beyond = np.minimum(overshoot(loans, equity, group.minimum_ratio, group.risk_weight, other), loans)
    partners = np.bincount(world.alliances.bank[alliances_in(world, OPERATING)], minlength=len(banks))
    runoff = monthly_runoff(loans, mean_term(world.parameters))
    offered = offered_lending(room, runoff, group.headroom_months, partners)
    return Capacity(asked, room, beyond, np.where(banks.alive != 0, offered, 0.0))


def joint_lending(world: World) -> tuple[np.ndarray, np.ndarray]:
    """Alliances with flow, and the yuan a month that each may expect to lend, both parts."""
    outlook = world.outlook
    return outlook.flowing, outlook.joint_loans @ outlook.segments.amount


def asked_of_pairs(world: World) -> np.ndarray:
    """Yuan a month of the banks' part that is asked of each pair, float64[pairs].

    The larger of the forecast from routing and of what was asked lately, which knows the waterfall's later places.
    """
    outlook, alliances = world.outlook, world.alliances
    rows, yuan = joint_lending(world)
    asked = (outlook.pair_served * outlook.loans * outlook.segments.amount).sum(axis=1) * outlook.general.funding_share
    pair = pairs_of(world, rows)
    asked[pair] = np.maximum(asked[pair], yuan * world.contracts.funding_share[alliances.contract[rows]])
    return asked


def expected_lending(world: World) -> np.ndarray:
    """Yuan a month that each bank may expect to lend, own and joint, after the pairs' admission, float64[banks]."""
    outlook, alliances, joint = world.outlook, world.alliances, np.zeros(len(world.banks))
    own = (outlook.own_applications * outlook.own_loans * outlook.segments.amount).sum(axis=1)
    rows, yuan = joint_lending(world)
    part = yuan * world.contracts.funding_share[alliances.contract[rows]]
    np.add.at(joint, alliances.bank[rows], part * world.pairs.admission[pairs_of(world, rows)])
    return np.maximum(own + joint, outlook.bank_lending)


def may_invest(world: World) -> np.ndarray:
    """Banks that are alive and above the minimum capital ratio: the others only fill today's stomach."""
    banks = world.banks
    return (banks.alive != 0) & (banks.capital_ratio > world.parameters.banks.minimum_ratio)


def touchpoint_terms(world: World) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fixed cost, cost per customer (yuan a month) and reach by segment of the touchpoints."""
    kinds = [getattr(world.parameters.customers.touchpoints, name) for name in TOUCHPOINTS]
    return (
        np.array([kind.fixed_cost for kind in kinds]),
        np.array([kind.cost_per_customer for kind in kinds]),
        np.array([kind.reach.as_array() for kind in kinds]),
    )


def running_loans(world: World) -> tuple[np.ndarray, np.ndarray]:
    """Joint loans that begin a month, float64[bank, segment, openness], and those that run, float64[bank, segment]."""
    flow = np.zeros((len(world.banks), len(OPENNESS), SEGMENT_COUNT))
    alliances, rows = world.alliances, world.outlook.flowing
    openness = world.contracts.openness[alliances.contract[rows]]
    np.add.at(flow, (alliances.bank[rows], openness), world.outlook.joint_loans)
    return flow.transpose(0, 2, 1), flow.sum(axis=1) * mean_term(world.parameters)


def touchpoint_costs_now(world: World, running: np.ndarray) -> np.ndarray:
    """Yuan a month that each set of touchpoints would cost each bank with so many joint loans running, float64[banks,
    sets].
    """
    return touchpoint_costs(*touchpoint_terms(world), world.banks.cost_scale, running, home_share(world))


def best_touchpoints(world: World, flow: np.ndarray, costs: np.ndarray) -> np.ndarray:
    """The set with the largest conversion x E[awareness] x CLV over a bank's joint loans, less its costs; by bank."""
    outlook = world.outlook
    won = outlook.customer_worth * outlook.conversion
    benefits = touchpoint_benefits(outlook.awareness, flow, won, home_share(world))
    return np.where(world.banks.alive != 0, best_set(benefits, costs), 0)


def best_spending(world: World, quarter: int) -> np.ndarray:
    """Research spending where its marginal gain over the horizon equals its cost, nothing where it never does, yuan a
    month by bank; in the months until the next choice, a `quarter`, no more than the bank has.
    """
    banks, learning = world.banks, world.parameters.learning
    lasting = annuity(world.monthly_discount, 1.0 - learning.decay, banks.horizon_months)
    worth = world.outlook.precision_profit * lasting
    most = banks.equity / quarter
    spending = best_research(learning.research_gain, learning.research_unit, absorbed_now(world), worth, most)
    return np.where(may_invest(world), spending, 0.0)


def path_values(
    banks: Table,
    rows: np.ndarray,
    effort: np.ndarray,
    worth: np.ndarray,
    laboratory: float,
    busy: int,
    path: Path,
    values: np.ndarray,
) -> None:
    """`profit_of_path` for the banks `rows`."""
    for i in range(len(rows)):
        b = rows[i]
        bank = banks[b]
        values[i] = profit_of_path(
            bank.precision, bank.talent, bank.legacy, effort[b], worth[b], bank.horizon_months, laboratory, busy, path
        )


def paths(world: World, rows: np.ndarray, laboratory: float = 0.0, busy: int = 0) -> np.ndarray:
    """Discounted profit from precision of these banks in yuan, with a laboratory, a replaced system, or as it is."""
    learning, outlook, values = world.parameters.learning, world.outlook, np.zeros(len(rows))
    path = Path(
        world.monthly_discount,
        learning.decay,
        learning.floor,
        learning.reference_precision,
        learning.absorption_curvature,
        learning.maximum_precision,
        learning.replacement_learning,
        learning.legacy_floor,
    )
    run = compiled(path_values, allocates=False)
    run(world.banks, rows, outlook.effort, outlook.precision_profit, laboratory, busy, path, values)
    return values


def due(world: World, months: int) -> np.ndarray:
    """Banks whose decision comes up this month: each once in `months`, by number, so that not all decide at once."""
    banks = np.arange(len(world.banks))
    return banks[(world.month + banks) % months == 0]


def wants_laboratory(world: World, rows: np.ndarray) -> np.ndarray:
    """Whether each of these banks opens or keeps a joint laboratory: worth of the talent against its cost."""
    learning = world.parameters.learning
    gain = paths(world, rows, laboratory=learning.laboratory_gain) - paths(world, rows)
    share = np.where(laboratory_sponsors(world)[rows] != NONE, 1.0 - learning.laboratory_platform_share, 1.0)
    months = annuity(world.monthly_discount, 1.0, world.banks.horizon_months[rows])
    return (gain > learning.laboratory_cost * share * months) & may_invest(world)[rows]


def teaches(world: World, rows: np.ndarray) -> np.ndarray:
    """Whether the bank learns from what is open to it in each of these alliances."""
    opened = world.contracts.openness[world.alliances.contract[rows]]
    found: np.ndarray = world.outlook.general.teaches[opened] != 0
    return found


def laboratory_sponsors(world: World) -> np.ndarray:
    """The platform that shares each bank's laboratory: an operating partner that teaches it, or NONE."""
    sponsors = np.full(len(world.banks), NONE)
    alliances = world.alliances
    rows = alliances_in(world, OPERATING)
    rows = rows[teaches(world, rows)]
    sponsors[alliances.bank[rows]] = alliances.platform[rows]
    return sponsors


def replacements(world: World) -> tuple[np.ndarray, np.ndarray]:
    """Banks that begin to replace their old system this month, and what that costs each, yuan; all look once a year."""
    banks, learning = world.banks, world.parameters.learning
    rows = due(world, YEAR)
    able = may_invest(world)[rows] & (banks.replaced[rows] == 0) & (banks.replacement_months_left[rows] == 0)
    rows = rows[able & (banks.legacy[rows] > learning.legacy_floor)]
    cost = learning.replacement_cost * banks.initial_equity[rows]
    gain = paths(world, rows, busy=int(learning.replacement_months)) - paths(world, rows)
    book = learning.legacy_book_value * banks.initial_equity[rows] * banks.legacy[rows]
    begun = replaces_legacy(gain, cost, banks.sunk_cost_bias[rows], book)
    return rows[begun], cost[begun]


def taught(world: World) -> np.ndarray:
    """Transfer that each bank receives this month from platforms that open their technology, before absorption."""
    alliances, pairs, banks = world.alliances, world.pairs, world.banks
    rows = with_flow(world)
    rows = rows[teaches(world, rows) & (alliances.routed[rows] > 0.0)]
    bank, platform = alliances.bank[rows], alliances.platform[rows]
    received = transfer(
        world.parameters.learning.transfer,
        pairs.trust[pairs_of(world, rows)],
        alliances.share_served[rows],
        world.platforms.precision[platform],
        banks.precision[bank],
    )
    return np.bincount(bank, received, len(banks))


def done(world: World) -> np.ndarray:
    """Learning by doing of each bank, before absorption, from the loans it saw to their end lately."""
    outlook, learning = world.outlook, world.parameters.learning
    depth = np.divide(
        outlook.leaned, outlook.experience, out=np.zeros(len(outlook.leaned)), where=outlook.experience > 0.0
    )
    return doing(learning.doing, outlook.experience, depth, learning.crowd_out)


def channels(world: World) -> np.ndarray:
    """The channel in which each contract's loans are predicted (`Calibration`), int64[contracts]."""
    own, alone = len(world.banks), len(world.banks) + len(world.platforms)
    joint = world.contracts[alone:]
    return np.append(np.arange(alone), alone + pair_of(joint.platform, joint.bank, own))


def initial_customers(world: World) -> np.ndarray:
    """Expected persons who are each bank's customers at the start, float64[bank, segment]."""
    population = world.parameters.population
    start, member, cumulative = world.customer_shares
    share = np.zeros(len(world.banks))
    for region in range(population.regions):
        here = slice(start[region], start[region + 1])
        share[member[here]] = np.diff(cumulative[here], prepend=0.0) / population.regions
    persons = population.borrowers * world.scale
    owned = persons * population.segment_share.as_array() * population.initial_owner_share.as_array()
    return share[:, None] * owned
