"""A snapshot made by hand: one platform, three partner banks, its own lender; everything a borrower's rule reads."""

import numpy as np
import pytest

from colend.state.draws import month_key
from colend.state.snapshot import MONTH, OFFER, SEGMENT_MONTH, Snapshot
from colend.state.tables import BORROWER, JOINT, LENDER, NONE, OWN, table

BANKS = 3
LENDER_ROW = BANKS  # contracts: 3 own channels, the platform's lender, 3 joint ones
JOINT_ROWS = np.arange(BANKS + 1, 2 * BANKS + 1)


def hand_made(seed=1, month=0, depth=0.0, rational=1, **changes):
    """A snapshot with three banks of precision 0.2, 0.3, 0.4 on one platform of precision 0.8, all in one mass segment."""
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
    offers.origination_cost = 500.0
    offers.admission = 1.0
    offers.served = 1.0
    if depth > 0.0:
        offers.sharing_weight[joint] = 1.0 / (1.0 / (1.0 + precision) + 1.0 / (0.8 * depth))
        offers.sharing_noise = np.sqrt((1.0 / depth - 1.0) / 0.8)
    offers.fee_income, offers.platform_part, offers.interest_margin = 0.02, 0.25, 0.08
    offers.minimum_income = 500.0
    offers.gain_home, offers.gain_away = 0.02, 0.01
    segments = np.zeros(3, dtype=SEGMENT_MONTH).view(np.recarray)
    segments.threshold, segments.loading, segments.need = -3.116, 0.6, 1.0
    segments.reservation, segments.arrival = 0.2, 0.0
    common = np.zeros(1, dtype=MONTH).view(np.recarray)
    with np.errstate(over="ignore"):
        common.key = month_key(seed, month)
    values = {
        "asset_correlation": 0.04,
        "loss_given_default": 0.65,
        "rate_cap": 0.24,
        "rational": rational,
        "bureau_correlation": 0.3,
        "waterfall_depth": BANKS,
        "lockout_months": 24,
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
