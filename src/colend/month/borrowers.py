"""Steps 4 to 6: build the snapshot that all borrowers see, run every borrower's month, collect what they did."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from colend.compilation import compiled, parts
from colend.equations.default import monthly_hazard
from colend.equations.pricing import origination_rate
from colend.equations.relationship import AWAY, HOME, awareness_gain
from colend.rules.borrower import borrower_month
from colend.rules.channels import most_asked
from colend.rules.prospects import contract_depths
from colend.rules.regulation import is_local
from colend.rules.stress import demand_factor
from colend.scenario.parameters import OPENNESS
from colend.state.books import FEN
from colend.state.draws import key_of_month
from colend.state.snapshot import BOUND_AT, MONTH, OFFER, REFUSAL, SEGMENT_MONTH, Snapshot
from colend.state.tables import JOINT, LENDER, NONE, OWN, TOTAL, Table, as_table, as_totals, counted, table
from colend.state.world import World

TRAFFIC, CUSTOMERS, TECHNOLOGY = range(len(OPENNESS))


def open_doors(world: World) -> None:
    """Set what every borrower sees this month."""
    world.snapshot = build_snapshot(world)


def borrowers(world: World) -> None:
    """Run the month of all borrowers by the compiled rule."""
    world.totals = pass_over(world.borrowers, world.snapshot, world.threads)


def borrowers_each(world: World, everyone: Callable[[np.recarray], None]) -> None:
    """Run it by `everyone`, which has each borrower step itself; it is handed `scratch`."""
    world.totals = table(TOTAL, world.snapshot.offers.shape)
    with np.errstate(over="ignore"):
        everyone(scratch(world.parameters.credit.waterfall_depth))


def count(world: World) -> None:
    """Add up what borrowers did by contract."""
    world.contract_totals = over_segments(world.totals)


def over_segments(totals: np.recarray) -> Table:
    """TOTAL[contract]: the sums over segments."""
    return as_totals(counted(totals).sum(axis=1))


def run_rows(first, last, rows, snapshot, totals, refusals):
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

    def chunk(i):
        run(bounds[i], bounds[i + 1], rows, snapshot, totals[i], scratch(depth))

    if threads == 1:
        chunk(0)
        return totals[0]
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(chunk, range(threads)))
    return as_totals(np.sum([counted(part) for part in totals], axis=0))


def build_snapshot(world: World) -> Snapshot:
    """Everything the borrowers' rule reads this month."""
    population, segments = world.parameters.population, build_segments(world)
    return Snapshot(
        build_month(world),
        segments,
        build_offers(world, segments),
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
        "rate_cap": credit.rate_cap,
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


def build_offers(world: World, segments: np.recarray) -> Table:
    """The terms of every contract for every segment, OFFER[contract, segment]; `segments` is SEGMENT_MONTH."""
    customers, contracts = world.parameters.customers, world.contracts
    offers = table(OFFER, (len(contracts), len(segments)))
    compiled(fill_offers, allocates=False)(
        contracts,
        world.banks,
        world.platforms,
        world.pairs,
        world.alliances,
        *world.regulation.terms,
        segments,
        contract_depths(world),
        is_local(world),
        world.parameters.banks.base_hurdle,
        customers.awareness_gain,
        customers.visibility.as_array(),
        world.outlook.touch[world.banks.touchpoints],
        offers,
    )
    return offers


def fill_offers(
    contracts,
    banks,
    platforms,
    pairs,
    alliances,
    general,
    terms,
    segments,
    depths,
    local,
    base_hurdle,
    awareness,
    visibility,
    touch,
    offers,
):
    """Fill OFFER[contract, segment]; `general` and `terms` are GENERAL_TERMS and SEGMENT_TERMS of the rules in force.

    An own channel has no platform and a platform's lender no bank; what an offer then says of them is meaningless.
    """
    for c in range(len(contracts)):
        contract, depth = contracts[c], depths[c]
        joint, own, lender = contract.kind == JOINT, contract.kind == OWN, contract.kind == LENDER
        bank, platform = banks[contract.bank], platforms[contract.platform]
        view, seen = 1.0, visibility[contract.openness]
        own_cost = platform.funds_rate + platform.operating_rate
        fee_income = contract.funding_share * contract.fee_rate + contract.technology_fee
        if joint:
            pair = pairs[contract.platform * len(banks) + contract.bank]
            if contract.openness == TRAFFIC:
                view = general.thin_view
            intercept, limited, served = pair.intercept, pair.admission, alliances[contract.alliance].share_served
            fee = contract.fee_rate + contract.technology_fee / max(contract.funding_share, 1e-9)
            base = bank.funds_rate + bank.operating_rate + pair.hurdle + fee
            origination = general.cost_joint / contract.funding_share  # the bank pays it all and earns on its part
            unlimited = bank.admission * bank.alive
        elif own:
            intercept, limited, served, seen = bank.own_intercept, 1.0, 1.0, 1.0
            base = bank.funds_rate + bank.operating_rate + bank.hurdle
            origination = general.cost_own
            unlimited = bank.admission * bank.alive
        else:
            intercept, limited, served = platform.own_intercept, 1.0, 1.0
            base = own_cost + base_hurdle
            origination = general.cost_joint
            unlimited = platform.admission
        for s in range(len(segments)):
            offer = offers[c, s]
            offer.kind, offer.bank, offer.region, offer.home_only = contract.kind, contract.bank, NONE, 0
            if not lender:
                offer.region, offer.home_only = bank.region, local[contract.bank]
            offer.platform_precision = platform.precision * terms[s].platform_factor
            offer.precision = bank.precision * terms[s].bank_factor * view
            if lender:
                offer.precision = offer.platform_precision
            offer.intercept, offer.threshold = intercept, segments[s].threshold + intercept
            offer.platform_threshold = segments[s].threshold + platform.own_intercept
            offer.base_rate = base
            offer.price = terms[s].price_own
            if not own:
                offer.price = min(terms[s].price_joint, general.rate_cap + (fee_income if joint else 0.0))
            offer.acceptance, offer.loss_limit = math.log(offer.price / segments[s].reservation), math.inf
            offer.origination_cost = origination * FEN
            offer.unlimited, offer.admission, offer.served = unlimited, unlimited * limited, served
            offer.sharing_weight, offer.sharing_noise = 0.0, 0.0
            if depth > 0.0:
                blurred = 1.0 / max(offer.platform_precision * depth, 1e-300)
                offer.sharing_weight = 1.0 / (1.0 / (1.0 + offer.precision) + blurred)
                offer.sharing_noise = math.sqrt((1.0 / max(depth, 1e-12) - 1.0) / offer.platform_precision)
            cost = base + origination_rate(origination, terms[s].amount_months)
            known = offer.precision + depth * offer.platform_precision
            asked = most_asked(known, offer.threshold, terms[s].loading, cost, offer.price, offer.acceptance, general)
            if asked < offer.price:
                offer.loss_limit = max(asked - cost, 0.0)
            offer.fee_income, offer.platform_part = fee_income, 1.0 - contract.funding_share
            offer.interest_margin = offer.price - own_cost
            offer.minimum_income = general.minimum_income * FEN
            offer.gain_home = awareness_gain(awareness, touch[contract.bank, s, HOME], seen)
            offer.gain_away = awareness_gain(awareness, touch[contract.bank, s, AWAY], seen)
            offer.opens_customers = 1 if joint and contract.openness >= CUSTOMERS else 0
