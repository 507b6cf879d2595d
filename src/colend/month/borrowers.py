"""Steps 4 to 6: build the snapshot that all borrowers see, run every borrower's month, collect what they did."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from colend.compilation import compiled
from colend.equations.default import monthly_hazard
from colend.equations.relationship import awareness_gain
from colend.rules.borrower import borrower_month
from colend.rules.prospects import contract_depths
from colend.rules.regulation import is_local, price_caps
from colend.rules.stress import demand_factor
from colend.scenario.parameters import OPENNESS
from colend.state.books import FEN
from colend.state.draws import month_key
from colend.state.snapshot import BOUND_AT, MONTH, OFFER, REFUSAL, SEGMENT_MONTH, Snapshot
from colend.state.tables import JOINT, LENDER, NONE, OWN, TOTAL, as_totals, table

TRAFFIC, CUSTOMERS, TECHNOLOGY = range(len(OPENNESS))


def borrowers(market) -> None:
    """Run the month of all borrowers on one snapshot; `market.totals` then says what happened, by contract and
    segment.
    """
    market.snapshot = build_snapshot(market)
    if market.engine == "columns":
        market.totals = pass_over(market.borrowers_table, market.snapshot, market.threads)
    else:
        market.totals = table(TOTAL, market.snapshot.offers.shape)
        market.refusals = scratch(market.parameters.credit.waterfall_depth)
        with np.errstate(over="ignore"):
            market.agents_by_type[market.borrower_type].do("step")
    market.contract_totals = over_segments(market.totals)
    market.platform_applications = market.contract_totals.applications[market.lender_rows] * float(market.scale)


def over_segments(totals: np.recarray) -> np.recarray:
    """TOTAL[contract]: the sums over segments."""
    return as_totals(counted(totals).sum(axis=1))


def run_rows(first, last, rows, snapshot, totals, refusals):
    """The rule of a borrower over rows first..last-1."""
    for number in range(first, last):
        borrower_month(number, rows[number], snapshot, totals, refusals)


def scratch(depth: int) -> np.recarray:
    """Room for what the lenders of one application leave behind: its own bank, the waterfall, the platform's lender."""
    return table(REFUSAL, depth + 2)


def pass_over(rows: np.recarray, snapshot: Snapshot, threads: int = 1) -> np.recarray:
    """Run the month over all `rows` with the compiled rule; returns TOTAL[contract, segment].

    Each thread counts in its own table of integers; integers add up to the same sum in any order.
    """
    run = compiled(run_rows, allocates=False)
    shape = snapshot.offers.shape
    depth = int(snapshot.month.waterfall_depth[0])
    bounds = np.linspace(0, len(rows), threads + 1).astype(np.int64)
    totals = [table(TOTAL, shape) for _ in range(threads)]

    def chunk(i):
        run(bounds[i], bounds[i + 1], rows, snapshot, totals[i], scratch(depth))

    if threads == 1:
        chunk(0)
        return totals[0]
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(chunk, range(threads)))
    return as_totals(np.sum([counted(part) for part in totals], axis=0))


def counted(totals: np.recarray) -> np.ndarray:
    """TOTAL[...] as int64[..., columns]."""
    return totals.view(np.ndarray).view(np.int64).reshape(*totals.shape, -1)


def build_snapshot(market) -> Snapshot:
    """Everything the borrowers' rule reads this month."""
    population = market.parameters.population
    return Snapshot(
        build_month(market),
        build_segments(market),
        build_offers(market),
        market.routing.start,
        market.routing.member,
        market.routing.weight,
        market.lender_rows,
        np.asarray(population.terms_months, dtype=np.int64),
        np.cumsum(population.term_shares),
        *market.customer_shares,
    )


def build_month(market) -> np.recarray:
    """The numbers that all borrowers share this month."""
    credit, customers = market.parameters.credit, market.parameters.customers
    population = market.parameters.population
    month = table(MONTH, 1)
    with np.errstate(over="ignore"):
        month.key = month_key(market.seed, market.month)
    month.number = market.month
    month.route_regions = (len(market.routing.start) - 1) // len(market.platforms_table)
    month.factor = market.systematic_factor
    month.risk_based = credit.pricing == "risk_based"
    month.rational = credit.prescreen_inference == "rational"
    for name in (
        "asset_correlation",
        "loss_given_default",
        "rate_cap",
        "bureau_correlation",
        "waterfall_depth",
        "lockout_months",
    ):
        month[name] = getattr(credit, name)
    for name in (
        "loyalty",
        "conversion",
        "switch_probability",
        "attrition",
        "awareness_fade",
        "cash_offer_rate",
        "cash_stickiness",
    ):
        month[name] = getattr(customers, name)
    for name in ("reservation_slope", "reservation_sigma", "scene_share"):
        month[name] = getattr(population, name)
    return month


def build_segments(market) -> np.recarray:
    """The numbers of each segment this month."""
    population = market.parameters.population
    segments = table(SEGMENT_MONTH, len(market.default_threshold))
    segments.threshold = market.default_threshold
    credit = market.parameters.credit
    segments.loading = credit.default_loading.as_array()
    for segment in segments:
        segment.hazard_bound = monthly_hazard(
            segment.threshold, segment.loading, BOUND_AT, credit.asset_correlation, market.systematic_factor
        )
    growth = (1.0 + population.demand_growth) ** market.month
    segments.need = np.minimum(1.0, population.monthly_need.as_array() * growth * demand_factor(market))
    segments.reservation = population.reservation_rate.as_array()
    # Arrivals replace those who leave: attrition x owned = arrival x not owned, at the initial share.
    owned = np.minimum(population.initial_owner_share.as_array(), 0.999)
    segments.arrival = np.minimum(1.0, market.parameters.customers.attrition * owned / (1.0 - owned))
    return segments


def build_offers(market) -> np.recarray:
    """The terms of every contract for every segment."""
    credit, group = market.parameters.credit, market.parameters.platforms
    contracts = market.contracts
    banks, platforms = market.banks_table, market.platforms_table
    kind, bank, platform = contracts.kind, contracts.bank.astype(np.int64), contracts.platform.astype(np.int64)
    joint, own, lender = kind == JOINT, kind == OWN, kind == LENDER
    offers = table(OFFER, (len(contracts), len(market.default_threshold)))
    offers.kind, offers.bank = kind[:, None], bank[:, None]
    offers.region = np.where(bank == NONE, NONE, banks.region[bank].astype(np.int64))[:, None]
    offers.home_only = np.where(bank == NONE, False, is_local(market)[bank])[:, None]

    view = np.where(joint & (contracts.openness == TRAFFIC), credit.thin_view, 1.0)
    own_precision = banks.precision[bank, None] * credit.bank_precision_factor.as_array() * view[:, None]
    offers.platform_precision = platforms.precision[platform, None] * credit.platform_precision_factor.as_array()
    offers.precision = np.where(lender[:, None], offers.platform_precision, own_precision)
    pair = np.where(joint, platform * len(banks) + bank, 0)
    offers.intercept = np.where(
        joint, market.pairs.intercept[pair], np.where(own, banks.own_intercept[bank], platforms.own_intercept[platform])
    )[:, None]
    offers.threshold = market.default_threshold + offers.intercept
    offers.platform_threshold = market.default_threshold + platforms.own_intercept[platform][:, None]

    fee = contracts.fee_rate + np.where(
        joint, contracts.technology_fee / np.maximum(contracts.funding_share, 1e-9), 0.0
    )
    hurdle = np.where(joint, market.pairs.hurdle[pair], banks.hurdle[bank])
    bank_base = banks.funds_rate[bank] + banks.operating_rate[bank] + hurdle + np.where(joint, fee, 0.0)
    lender_base = (
        platforms.funds_rate[platform] + platforms.operating_rate[platform] + market.parameters.banks.base_hurdle
    )
    offers.base_rate = np.where(lender, lender_base, bank_base)[:, None]
    posted = credit.posted_rate.as_array() - np.where(own, credit.own_discount, 0.0)[:, None]
    offers.fee_income = (contracts.funding_share * contracts.fee_rate + contracts.technology_fee)[:, None]
    price = np.where(credit.pricing == "risk_based", credit.rate_cap, np.minimum(posted, credit.rate_cap))
    offers.price = np.minimum(
        price, price_caps(market.regulation.now, np.where(joint[:, None], offers.fee_income, 0.0))
    )
    offers.acceptance = np.log(offers.price / market.parameters.population.reservation_rate.as_array())
    cost = np.where(own, credit.origination_cost_own, credit.origination_cost_joint)
    part = np.where(joint, contracts.funding_share, 1.0)  # the bank pays it all and earns on its part
    offers.origination_cost = (cost / part * FEN)[:, None]
    unlimited = np.where(lender, platforms.admission[platform], banks.admission[bank] * banks.alive[bank])
    offers.unlimited = unlimited[:, None]
    offers.admission = (unlimited * np.where(joint, market.pairs.admission[pair], 1.0))[:, None]
    offers.served = 1.0
    offers["served"][joint] = market.alliances.share_served[contracts.alliance[joint], None]

    depth = contract_depths(market, contracts)[:, None]
    spread = 1.0 / (1.0 + offers.precision)
    shared_precision = np.maximum(offers.platform_precision * depth, 1e-300)
    offers.sharing_weight = np.where(depth > 0.0, 1.0 / (spread + 1.0 / shared_precision), 0.0)
    blur = np.where(depth > 0.0, (1.0 / np.maximum(depth, 1e-12) - 1.0) / offers.platform_precision, 0.0)
    offers.sharing_noise = np.sqrt(blur)

    offers.platform_part = (1.0 - contracts.funding_share)[:, None]
    own_cost = platforms.funds_rate[platform] + platforms.operating_rate[platform]
    offers.interest_margin = offers.price - own_cost[:, None]
    offers.minimum_income = group.minimum_income * FEN

    customers = market.parameters.customers
    seen = np.where(own, 1.0, customers.visibility.as_array()[contracts.openness])[:, None]
    offers.gain_home = awareness_gain(customers.awareness_gain, market.touch[bank, :, 0], seen)
    offers.gain_away = awareness_gain(customers.awareness_gain, market.touch[bank, :, 1], seen)
    offers.opens_customers = (joint & (contracts.openness >= CUSTOMERS))[:, None]
    return offers
