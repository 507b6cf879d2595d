"""Calibration over the cycle: lenders predict without knowing the state of the economy, so they are right on average
over many paths of it, not on one.

Loans of a month, so that nobody survives one state into another. Given M a pool with mean hazard h defaults with about
h(M) = Phi((Phi^-1(h) - sqrt(rho) M)/sqrt(1 - rho)), and E h(M) = h.
"""

import numpy as np
import pytest
from credit import ALIKE, MATCHING, MONTHLY, SEGMENTS
from scipy import stats

from colend.state.tables import JOINT, LENDER, OWN

CORRELATION, MONTHS = 0.04, 12
CHANNELS = {"own": OWN, "joint": JOINT, "platform's lender": LENDER}
PATHS = {
    "population__borrowers": 60_000,
    "population__persons": 60_000,
    "credit__asset_correlation": CORRELATION,
}


def lived(market, past):
    """A year after `past` months: defaults by kind of contract, what was predicted without the intercept and with it,
    and how much of the year's defaults the economy's path was, sum of predicted (h(M)/h - 1); float64[4, kind]."""
    kinds, people = market.world.contracts["kind"], market.world.borrowers
    found = np.zeros((4, 3))
    for month in range(past + MONTHS):
        owing = people["balance"] > 0
        contract, segment = people["contract"][owing], people["segment"][owing]
        raw, slope = (people[name][owing].astype(float) for name in ("predicted_hazard", "hazard_slope"))
        intercept = market.world.snapshot.offers["intercept"][contract, segment] if month else 0.0
        bare, healed = (np.bincount(kinds[contract], said, 3) for said in (raw, raw + slope * intercept))
        mean = np.maximum(bare, 1e-9) / np.maximum(np.bincount(kinds[contract], minlength=3), 1)
        market.step()
        kinds = market.world.contracts["kind"]
        if month >= past:
            worse = stats.norm.ppf(mean) - np.sqrt(CORRELATION) * market.world.systematic_factor
            cycle = bare * (stats.norm.cdf(worse / np.sqrt(1.0 - CORRELATION)) / mean - 1.0)
            found += [np.bincount(kinds, market.world.totals["defaults"].sum(axis=1), 3), bare, healed, cycle]
    return found


def compare_paths(compare, what, said, came, approximation=0.0):
    """Sum of what was predicted over that of what came, by path: sd(said - came) over sqrt(paths) and the mean."""
    error = (said - came).std(ddof=1) / np.sqrt(len(said)) / came.mean()
    compare(f"{what}: predicted over defaults", said.mean() / came.mean(), 1.0, error, approximation)


def test_rational_lenders_are_calibrated_over_the_paths_of_the_economy(make_partners, compare):
    """24 paths at the default persistence, in every channel: plain, and less what the path was (a control variate of
    mean 0)."""
    settings = ALIKE | MONTHLY | PATHS | {"alliances__funding_share": 0.75, "credit__intercept_prior_weight": 10_000}
    settings |= {"credit__prescreen_inference": "rational", "customers__loyalty": 1.0}
    settings |= {"population__initial_owner_share": dict.fromkeys(SEGMENTS, 0.3)}
    came, bare, _, cycle = np.array([lived(make_partners(1, 5, seed, **settings), 1) for seed in range(24)]).swapaxes(
        0, 1
    )
    for name, kind in CHANNELS.items():
        compare_paths(compare, f"rational, {name}", bare[:, kind], came[:, kind], MATCHING)
        less = came - cycle
        compare_paths(compare, f"rational, {name}, less the path", bare[:, kind], less[:, kind], MATCHING)


@pytest.mark.slow
def test_the_intercept_heals_naive_lenders_over_the_paths_of_the_economy(make_partners, compare):
    """Two years to learn from, then a year, over 24 paths; without persistence, so that two years hold many states.
    The correction is linear in the defaults of the past, hence right on average over paths though wrong on each."""
    settings = ALIKE | MONTHLY | PATHS | {"macro__systematic_persistence": 0.0}
    came, bare, healed, _ = np.array([lived(make_partners(1, 5, seed, **settings), 24) for seed in range(24)]).swapaxes(
        0, 1
    )
    for name, kind in (("joint", JOINT), ("platform's lender", LENDER)):
        compare_paths(compare, f"naive and healed, {name}", healed[:, kind], came[:, kind])
        assert bare[:, kind].sum() < 0.8 * came[:, kind].sum()
