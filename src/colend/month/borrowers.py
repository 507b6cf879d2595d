"""Steps 4 to 6: build the snapshot that all borrowers see, run every borrower's month, collect what they did."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from colend.compilation import compiled, parts
from colend.equations.default import monthly_hazard
from colend.month.offers import build_offers
from colend.rules.borrower import borrower_month
from colend.rules.stress import demand_factor
from colend.state.draws import key_of_month
from colend.state.snapshot import BOUND_AT, MONTH, REFUSAL, SEGMENT_MONTH, Snapshot
from colend.state.table import Table, as_table
from colend.state.tables import table
from colend.state.totals import TOTAL, as_totals, counted
from colend.state.world import World


def open_doors(world: World) -> None:
    """Set what every borrower sees this month."""
    world.snapshot = build_snapshot(world)


def borrowers(world: World) -> None:
    """Run the month of all borrowers by the compiled rule."""
    world.totals = pass_over(world.borrowers, world.snapshot, world.threads)


def borrowers_each(world: World, everyone: Callable[[np.recarray], None]) -> None:
    """Run it by `everyone`, which has each borrower step itself; it is handed `scratch`."""
    world.totals = table(TOTAL, world.snapshot.offers.shape)
    everyone(scratch(world.parameters.credit.waterfall_depth))


def count(world: World) -> None:
    """Add up what borrowers did by contract."""
    world.contract_totals = over_segments(world.totals)


def over_segments(totals: np.recarray) -> Table:
    """TOTAL[contract]: the sums over segments."""
    return as_totals(counted(totals).sum(axis=1))


def run_rows(first: int, last: int, rows: Table, snapshot: Snapshot, totals: Table, refusals: Table) -> None:
    """The rule of a borrower over rows first..last-1."""
    for number in range(first, last):
        borrower_month(number, rows[number], snapshot, totals, refusals)


def scratch(depth: int) -> Table:
    """Room for what the lenders of one application leave behind: its own bank, the waterfall, the platform's lender."""
    return table(REFUSAL, depth + 2)


def pass_over(rows: np.recarray, snapshot: Snapshot, threads: int = 1) -> Table:
    """Run the month over all `rows` with the compiled rule; returns TOTAL[contract, segment].

    Each thread counts in its own table of integers; integers add up to the same sum in any order.
    """
    run = compiled(run_rows, allocates=False)
    shape = snapshot.offers.shape
    depth = int(snapshot.month.waterfall_depth[0])
    bounds = parts(len(rows), threads)
    totals = [table(TOTAL, shape) for _ in range(threads)]

    def chunk(i: int) -> None:
        run(bounds[i], bounds[i + 1], rows, snapshot, totals[i], scratch(depth))

    if threads == 1:
        chunk(0)
        return totals[0]
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(chunk, range(threads)))
    return as_totals(np.sum([counted(part) for part in totals], axis=0))


def build_snapshot(world: World) -> Snapshot:
    """Everything the borrowers' rule reads this month."""
    population = world.parameters.population
    return Snapshot(
        build_month(world),
        build_segments(world),
        build_offers(world),
        world.routing.start,
        world.routing.member,
        world.routing.weight,
        world.lender_rows,
        np.asarray(population.terms_months, dtype=np.int64),
        np.cumsum(population.term_shares),
        *world.customer_shares,
    )


def build_month(world: World) -> Table:
    """The numbers that all borrowers share this month."""
    credit, customers = world.parameters.credit, world.parameters.customers
    population = world.parameters.population
    numbers = {
        "key": key_of_month(world.seed, world.month),
        "number": world.month,
        "route_regions": (len(world.routing.start) - 1) // len(world.platforms),
        "factor": world.systematic_factor,
        "risk_based": credit.pricing == "risk_based",
        "rational": credit.prescreen_inference == "rational",
        "asset_correlation": credit.asset_correlation,
        "loss_given_default": credit.loss_given_default,
        "bureau_correlation": credit.bureau_correlation,
        "waterfall_depth": credit.waterfall_depth,
        "lockout_months": credit.lockout_months,
        "reservation_slope": population.reservation_slope,
        "reservation_sigma": population.reservation_sigma,
        "scene_share": population.scene_share,
        "loyalty": customers.loyalty,
        "conversion": customers.conversion,
        "switch_probability": customers.switch_probability,
        "attrition": customers.attrition,
        "awareness_fade": customers.awareness_fade,
        "cash_offer_rate": customers.cash_offer_rate,
        "cash_stickiness": customers.cash_stickiness,
    }
    return as_table(np.array([tuple(numbers[name] for name in MONTH.names or ())], dtype=MONTH))


def build_segments(world: World) -> Table:
    """The numbers of each segment this month."""
    population, credit = world.parameters.population, world.parameters.credit
    segments = table(SEGMENT_MONTH, len(world.default_threshold))
    segments.threshold, segments.loading = world.default_threshold, credit.default_loading.as_array()
    segments.hazard_bound = [
        monthly_hazard(threshold, loading, BOUND_AT, credit.asset_correlation, world.systematic_factor)
        for threshold, loading in zip(world.default_threshold.tolist(), credit.default_loading.numbers(), strict=True)
    ]
    growth = (1.0 + population.demand_growth) ** world.month
    segments.need = np.minimum(1.0, population.monthly_need.as_array() * growth * demand_factor(world))
    segments.reservation = population.reservation_rate.as_array()
    # Arrivals replace those who leave: attrition x owned = arrival x not owned, at the initial share.
    owned = np.minimum(population.initial_owner_share.as_array(), 0.999)
    segments.arrival = np.minimum(1.0, world.parameters.customers.attrition * owned / (1.0 - owned))
    return segments
