"""A snapshot made by hand: one platform, three partner banks, its own lender; everything a borrower's rule reads."""

import numpy as np
import pytest

from colend.equations.fit import share_table
from colend.rules.regulation import lending_terms
from colend.scenario.setting import Setting
from colend.state.books import Books
from colend.state.draws import month_key
from colend.state.regulation import OPEN, Regulation
from colend.state.snapshot import MONTH, OFFER, SEGMENT_MONTH, CustomerShares, Snapshot
from colend.state.tables import ALLIANCE, BANK, BORROWER, CONTRACT, JOINT, LENDER, NONE, OWN, PAIR, PLATFORM, table
from colend.state.totals import TOTAL
from colend.state.world import World

BANKS = 3
LENDER_ROW = BANKS  # contracts: 3 own channels, the platform's lender, 3 joint ones
JOINT_ROWS = np.arange(BANKS + 1, 2 * BANKS + 1)


def hand_made(seed=1, month=0, depth=0.0, rational=1, **changes):
    """A snapshot with three banks of precision 0.2, 0.3, 0.4 on one platform of precision 0.8, everybody alike."""
    offers = np.zeros((2 * BANKS + 1, 3), dtype=OFFER).view(np.recarray)
    own, joint = slice(0, BANKS), slice(BANKS + 1, None)
    precision = np.array([0.2, 0.3, 0.4])[:, None]
    offers.kind[own], offers.kind[LENDER_ROW], offers.kind[joint] = OWN, LENDER, JOINT
    offers.bank[own] = offers.bank[joint] = np.arange(BANKS)[:, None]
    offers.bank[LENDER_ROW] = NONE
    offers.precision[own] = offers.precision[joint] = precision
    offers.precision[LENDER_ROW] = offers.platform_precision = 0.8
    offers.threshold = offers.platform_threshold = -3.116
    offers.base_rate = 0.07
    offers.base_rate[joint] = np.array([0.105, 0.1, 0.095])[:, None]
    offers.price = 0.13
    offers.price[own] = 0.125
    offers.acceptance = np.log(offers.price / 0.2)
    offers.loss_limit = np.inf
    offers.origination_cost = 500.0
    offers.admission = offers.unlimited = 1.0
    offers.served = 1.0
    if depth > 0.0:
        offers.sharing_weight[joint] = 1.0 / (1.0 / (1.0 + precision) + 1.0 / (0.8 * depth))
        offers.sharing_noise = np.sqrt((1.0 / depth - 1.0) / 0.8)
    offers.fee_income, offers.platform_part, offers.interest_margin = 0.02, 0.25, 0.08
    offers.minimum_income = 500.0
    offers.gain_home, offers.gain_away = 0.02, 0.01
    segments = np.zeros(3, dtype=SEGMENT_MONTH).view(np.recarray)
    segments.threshold, segments.loading, segments.need = -3.116, 0.6, 1.0
    segments.hazard_bound = 1.0
    segments.reservation, segments.arrival = 0.2, 0.0
    common = np.zeros(1, dtype=MONTH).view(np.recarray)
    with np.errstate(over="ignore"):
        common.key = month_key(seed, month)
    values = {
        "asset_correlation": 0.04,
        "loss_given_default": 0.65,
        "rational": rational,
        "bureau_correlation": 0.3,
        "waterfall_depth": BANKS,
        "lockout_months": 24,
        "route_regions": 1,
        "reservation_slope": 0.2,
        "reservation_sigma": 0.25,
        "awareness_fade": 0.03,
        "scene_share": 0.6,
    } | changes
    for name, value in values.items():
        common[name] = value
    return Snapshot(
        common,
        segments,
        offers,
        np.array([0, BANKS]),
        JOINT_ROWS.astype(np.int64),
        np.array([0.5, 0.3, 0.2]),
        np.array([LENDER_ROW]),
        np.array([3, 6, 9, 12]),
        np.array([0.1, 0.35, 0.65, 1.0]),
        np.array([0, 0]),
        np.array([], dtype=np.int64),
        np.array([]),
    )


def applicants(number, seed=3):
    """Borrowers without a loan, a bank or a history; reservation rates so high that nobody declines."""
    generator = np.random.default_rng(seed)
    rows = table(BORROWER, number)
    rows.segment = 1
    rows.creditworthiness = generator.standard_normal(number)
    rows.amount = 600_000
    rows.reservation_rate = 1.0
    return rows


@pytest.fixture(name="hand_made")
def hand_made_fixture():
    return hand_made


@pytest.fixture(name="applicants")
def applicants_fixture():
    return applicants


def hand_made_world(openness=0, stages=(), **changes):
    """The world of two platforms and three banks (city, rural, consumer-finance) that nobody has stepped yet.

    `stages`: (platform, bank, stage) of each alliance; `changes`: group -> {parameter: value} over the defaults.
    """
    from colend.scenario.parameters import Parameters

    parameters = Parameters()
    for group, values in ({"platforms": {"number": 2, "user_share": [0.6, 0.4]}} | changes).items():
        parameters = parameters.model_copy(update={group: getattr(parameters, group).model_copy(update=values)})
    banks, platforms = table(BANK, 3), table(PLATFORM, 2)
    banks.kind, banks.region, banks.alive = [0, 1, 2], [0, 1, 2], 1
    banks.served = 1
    banks.equity = banks.initial_equity = [5e9, 0.6e9, 2e9]
    banks.capital_ratio, banks.other_risk_weighted_assets = 0.135, banks.equity / 0.135
    banks.deposits, banks.funds_rate, banks.operating_rate = 5.0 * banks.equity, [0.032, 0.030, 0.055], 0.015
    banks.precision, banks.talent, banks.legacy = [0.3, 0.2, 0.35], [0.5, 0.35, 0.6], [0.5, 0.6, 0.2]
    banks.horizon_months, banks.cost_scale, banks.admission = [48, 36, 24], [1.0, 0.3, 1.0], 1.0
    platforms.openness, platforms.precision, platforms.user_share = openness, 0.8, [0.6, 0.4]
    platforms.equity, platforms.funds_rate, platforms.operating_rate = [8e9, 5.3e9], 0.05, 0.015
    platforms.admission = platforms.present = 1
    platforms.fee_rate, platforms.minimum_income = 0.027, 5.0
    pairs = table(PAIR, 6)
    pairs.openness = openness
    pairs.trust, pairs.belief_variance, pairs.admission = 0.3, 1.25**2, 1.0
    contracts, alliances = table(CONTRACT, 5 + len(stages)), table(ALLIANCE, len(stages))
    contracts.kind[:5], contracts.bank[:3], contracts.funding_share[:3] = [OWN] * 3 + [LENDER] * 2, range(3), 1.0
    contracts.platform[3:5] = range(2)
    books = Books(3, 2)
    for row, (platform, bank, stage) in enumerate(stages):
        contracts[5 + row] = (JOINT, bank, platform, row, openness, 0.75, 0.027, 0.003 * (openness == 2), 0)
        one = alliances[row]
        one.platform, one.bank, one.pair, one.stage = platform, bank, 3 * platform + bank, stage
        one.contract, one.share_served = 5 + row, 0.5
    for contract in contracts:
        books.open_claims(int(contract.bank), int(contract.platform))
    world = World(Setting(parameters), seed=0, threads=1)
    world.banks, world.platforms, world.pairs = banks, platforms, pairs
    world.pair_sequencing = np.zeros(len(pairs), dtype=np.int8)
    world.contracts, world.alliances, world.books = contracts, alliances, books
    world.lender_rows = np.array([3, 4])
    world.customer_shares = CustomerShares(np.array([0, 1] + [2] * 19), np.array([0, 1]), np.array([1.0, 1.0]))
    terms = lending_terms(parameters, OPEN)
    world.regulation = Regulation(terms, terms)
    world.share_table = world.pilot_share_table = share_table(1.6)
    world.totals = table(TOTAL, (len(contracts), 3))
    world.month = 0
    return world


@pytest.fixture(name="hand_made_world")
def hand_made_world_fixture():
    return hand_made_world
