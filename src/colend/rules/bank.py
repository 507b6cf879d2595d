"""What banks plan and learn: capital and admission, touchpoints, research, laboratory, legacy systems, intercepts."""

from __future__ import annotations

import numpy as np

from colend.compilation import compiled
from colend.equations.capability import best_research, doing, profit_of_path, replaces_legacy, transfer
from colend.equations.capacity import admission, headroom, hurdle, monthly_runoff, offered_lending, overshoot
from colend.equations.relationship import annuity, best_set, touchpoint_benefits, touchpoint_costs
from colend.rules.alliance import alliances_in, pairs_of
from colend.rules.outlook import mean_term, open_outlook
from colend.rules.platform import expected_applications, joint_lending, route
from colend.rules.prospects import absorbed_now, own_need, refresh_prospects
from colend.rules.regulation import home_share, set_limit_admission
from colend.scenario.parameters import TOUCHPOINTS
from colend.state.books import Flow, fen
from colend.state.outlook import SEGMENT_COUNT, TECHNOLOGY, Calibration
from colend.state.tables import FIXED_POINT, JOINT, NONE, OPERATING, OWN, PILOT, pair_of
from colend.state.world import World

QUARTER, YEAR = 3, 12  # months between decisions on touchpoints and research; on laboratories and legacy systems


def set_capacity(world: World) -> None:
    """Hurdle, headroom and overshoot of the banks from their capital, and what they offer each alliance (kappa)."""
    banks, group = world.banks, world.parameters.banks
    banks.hurdle = hurdle(
        banks.capital_ratio, group.minimum_ratio, group.base_hurdle, group.hurdle_slope, group.hurdle_scale
    )
    other = banks.other_risk_weighted_assets
    equity = np.maximum(banks.equity, 0.0)
    banks.headroom = headroom(
        equity, group.minimum_ratio, banks.consumer_loans, group.risk_weight, other, banks.deposits
    )
    banks.overshoot = np.minimum(
        overshoot(banks.consumer_loans, equity, group.minimum_ratio, group.risk_weight, other), banks.consumer_loans
    )
    alliances = world.alliances
    operating = alliances_in(world, OPERATING)
    count = np.bincount(alliances.bank[operating], minlength=len(banks))
    runoff = monthly_runoff(banks.consumer_loans, mean_term(world.parameters))
    offered = offered_lending(banks.headroom, runoff, group.headroom_months, count)
    world.outlook.kappa = np.where(banks.alive != 0, offered, 0.0)


def set_admission(world: World) -> None:
    """Expected lending of the month, own and joint, and the probability that an application finds capacity.

    What is expected is the larger of the forecast from routing and of what was asked lately (which knows the
    waterfall's later places).
    """
    banks, outlook = world.banks, world.outlook
    own = (outlook.own_applications * outlook.own_loans * outlook.segments.amount).sum(axis=1)
    alliances, pairs = world.alliances, world.pairs
    rows, yuan = joint_lending(world)
    pair = pairs_of(world, rows)
    part = yuan * world.contracts.funding_share[alliances.contract[rows]]
    asked = (outlook.pair_served * outlook.loans * outlook.segments.amount).sum(axis=1) * outlook.general.funding_share
    asked[pair] = np.maximum(asked[pair], part)
    set_limit_admission(world, asked)
    joint = np.zeros(len(banks))
    np.add.at(joint, alliances.bank[rows], part * pairs.admission[pair])
    banks.expected_lending = np.maximum(own + joint, outlook.bank_lending)
    runoff = monthly_runoff(banks.consumer_loans, mean_term(world.parameters))
    banks.admission = admission(banks.headroom + runoff, banks.expected_lending)


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
    flow = np.zeros((len(world.banks), TECHNOLOGY + 1, SEGMENT_COUNT))
    alliances, rows = world.alliances, world.outlook.flowing
    openness = world.contracts.openness[alliances.contract[rows]]
    np.add.at(flow, (alliances.bank[rows], openness), world.outlook.joint_loans)
    return flow.transpose(0, 2, 1), flow.sum(axis=1) * mean_term(world.parameters)


def choose_touchpoints(world: World) -> None:
    """Every bank keeps the set with the largest conversion x E[awareness] x CLV over its joint loans, less cost."""
    banks, outlook = world.banks, world.outlook
    home = home_share(world)
    flow, running = running_loans(world)
    benefits = touchpoint_benefits(outlook.awareness, flow, outlook.customer_worth * outlook.conversion, home)
    costs = touchpoint_costs(*touchpoint_terms(world), banks.cost_scale, running, home)
    chosen = best_set(benefits, costs)
    banks.touchpoints = np.where(banks.alive != 0, chosen, 0)


def choose_research(world: World) -> None:
    """Research spending where its marginal gain over the horizon equals its cost, nothing where it never does; in the
    quarter until the next choice no more than the bank has.
    """
    banks, learning = world.banks, world.parameters.learning
    lasting = annuity(world.monthly_discount, 1.0 - learning.decay, banks.horizon_months)
    worth = world.outlook.precision_profit * lasting
    most = banks.equity / QUARTER
    spending = best_research(learning.research_gain, learning.research_unit, absorbed_now(world), worth, most)
    banks.research_spending = np.where(may_invest(world), spending, 0.0)


def path_values(precision, talent, legacy, effort, worth, horizon, common, laboratory, busy, after, values):
    """`profit_of_path` for every bank; `common` is what all share, in the order of the line below."""
    discount, decay, floor, reference, curvature, maximum, busy_learning = common
    for b in range(len(precision)):
        values[b] = profit_of_path(
            precision[b],
            talent[b],
            legacy[b],
            effort[b],
            worth[b],
            horizon[b],
            discount,
            decay,
            floor,
            reference,
            curvature,
            maximum,
            laboratory,
            busy,
            busy_learning,
            after,
        )


def paths(world: World, rows: np.ndarray, laboratory: float = 0.0, busy: int = 0) -> np.ndarray:
    """Discounted profit from precision of these banks in yuan, with a laboratory, a replaced system, or as it is."""
    banks, learning, outlook = world.banks, world.parameters.learning, world.outlook
    common = (
        world.monthly_discount,
        learning.decay,
        learning.floor,
        learning.reference_precision,
        learning.absorption_curvature,
        learning.maximum_precision,
        learning.replacement_learning,
    )
    values = np.zeros(len(rows))
    columns = [np.ascontiguousarray(banks[name][rows]) for name in ("precision", "talent", "legacy")]
    inputs = [outlook.effort[rows], outlook.precision_profit[rows], banks.horizon_months[rows]]
    compiled(path_values, allocates=False)(*columns, *inputs, common, laboratory, busy, learning.legacy_floor, values)
    return values


def due(world: World, months: int) -> np.ndarray:
    """Banks whose decision comes up this month: each once in `months`, by number, so that not all decide at once."""
    banks = np.arange(len(world.banks))
    return banks[(world.month + banks) % months == 0]


def choose_laboratory(world: World) -> None:
    """Once a year a bank opens, keeps or closes a joint laboratory: worth of the talent against its cost."""
    banks, learning = world.banks, world.parameters.learning
    rows = due(world, YEAR)
    gain = paths(world, rows, laboratory=learning.laboratory_gain) - paths(world, rows)
    share = np.where(laboratory_sponsors(world)[rows] != NONE, 1.0 - learning.laboratory_platform_share, 1.0)
    months = annuity(world.monthly_discount, 1.0, banks.horizon_months[rows])
    banks.laboratory[rows] = (gain > learning.laboratory_cost * share * months) & may_invest(world)[rows]


def laboratory_sponsors(world: World) -> np.ndarray:
    """The platform that shares each bank's laboratory: an operating partner that opens technology to it, or NONE."""
    sponsors = np.full(len(world.banks), NONE)
    alliances = world.alliances
    rows = alliances_in(world, OPERATING)
    rows = rows[world.contracts.openness[alliances.contract[rows]] == TECHNOLOGY]
    sponsors[alliances.bank[rows]] = alliances.platform[rows]
    return sponsors


def choose_replacement(world: World) -> np.ndarray:
    """Once a year a bank with an old system may begin to replace it; returns what that costs, yuan by bank."""
    banks, learning = world.banks, world.parameters.learning
    cost = learning.replacement_cost * banks.initial_equity
    rows = due(world, YEAR)
    able = may_invest(world)[rows] & (banks.replaced[rows] == 0) & (banks.replacement_months_left[rows] == 0)
    rows = rows[able & (banks.legacy[rows] > learning.legacy_floor)]
    spent = np.zeros(len(banks))
    gain = paths(world, rows, busy=int(learning.replacement_months)) - paths(world, rows)
    book = learning.legacy_book_value * banks.initial_equity[rows] * banks.legacy[rows]
    begun = rows[replaces_legacy(gain, cost[rows], banks.sunk_cost_bias[rows], book)]
    banks.replacement_months_left[begun] = int(learning.replacement_months)
    spent[begun] = cost[begun]
    return spent


def pay_for_plans(world: World, replacement: np.ndarray) -> None:
    """Post the month's spending on touchpoints, research, laboratories and replacements begun (yuan by bank)."""
    banks, books, learning = world.banks, world.books, world.parameters.learning
    everyone = np.arange(len(banks))
    _, running = running_loans(world)
    home = home_share(world)
    costs = touchpoint_costs(*touchpoint_terms(world), banks.cost_scale, running, home)
    touch_cost = costs[everyone, banks.touchpoints]
    books.post(everyone, books.suppliers, fen(touch_cost), Flow.TOUCHPOINT_COST, JOINT)
    books.post(everyone, books.suppliers, fen(banks.research_spending), Flow.RESEARCH_COST, OWN)
    books.post(everyone, books.suppliers, fen(replacement), Flow.REPLACEMENT_COST, OWN)
    open_ = np.flatnonzero(banks.laboratory)
    if len(open_):
        sponsors = laboratory_sponsors(world)[open_]
        part = np.where(sponsors == NONE, 0.0, learning.laboratory_platform_share)
        books.post(open_, books.suppliers, fen(learning.laboratory_cost * (1.0 - part)), Flow.LABORATORY_COST, OWN)
        payers = np.where(sponsors == NONE, books.suppliers, books.banks + sponsors)
        books.post(payers, books.suppliers, fen(learning.laboratory_cost * part), Flow.LABORATORY_COST, JOINT)


def taught(world: World) -> np.ndarray:
    """Transfer that each bank receives this month from platforms that open their technology, before absorption."""
    alliances, pairs, banks = world.alliances, world.pairs, world.banks
    rows = alliances_in(world, PILOT, OPERATING)
    rows = rows[(world.contracts.openness[alliances.contract[rows]] == TECHNOLOGY) & (alliances.routed[rows] > 0.0)]
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


def correct_intercepts(world: World) -> None:
    """Add the month's defaults and predictions to each channel's sums, and set the channels' corrections."""
    banks, platforms, pairs = world.banks, world.platforms, world.pairs
    own, alone = len(banks), len(banks) + len(platforms)
    joint = world.contracts[alone:]
    channel = np.append(np.arange(alone), alone + pair_of(joint.platform, joint.bank, own))
    sums, totals, channels = world.calibration, world.contract_totals, alone + len(pairs)
    sums.defaults += np.bincount(channel, totals.defaults, channels)
    sums.predicted += np.bincount(channel, totals.predicted / FIXED_POINT, channels)
    sums.slope += np.bincount(channel, totals.slope / FIXED_POINT, channels)
    correction = sums.correction(world.parameters.credit.intercept_prior_weight)
    banks.own_intercept, platforms.own_intercept, pairs.intercept = np.split(correction, [own, alone])


def prepare_plans(world: World) -> None:
    """What plans rest on before the first month; needs the tables, `customer_shares`, `lender_rows` and `pairs`.

    Sets `calibration`, `outlook`, `routing`, `touch`, `lifetime_value`, `lifetime_loss`, PLATFORM.applications and
    the pairs' prospects.
    """
    banks, platforms, parameters = world.banks, world.platforms, world.parameters
    world.calibration = Calibration.empty(len(world.pairs) + len(banks) + len(platforms))
    world.outlook = outlook = open_outlook(world)
    applications = expected_applications(parameters)
    platforms.applications = applications.sum(axis=1)
    outlook.mix = applications / np.maximum(applications.sum(axis=1, keepdims=True), 1e-300)
    set_capacity(world)
    refresh_prospects(world)
    outlook.own_applications = initial_customers(world) * own_need(world)
    outlook.experience = (outlook.own_applications * outlook.own_loans).sum(axis=1)
    outlook.effort = done(world)
    outlook.lender_lending = applications @ outlook.segments.amount
    refresh_prospects(world)  # once more: the worth of precision now counts the own channel
    route(world)


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
