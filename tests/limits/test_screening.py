"""Screening: no information, all of it, and in between against the bivariate normal, in banks' own channels and at
platforms' lenders.

Everybody applies in the first month, asks for 12 months and takes what is offered, nothing is drawn of the economy, and
nobody who defaulted borrows again: a cohort whose every loan is followed to its end. Cells are segments at a lender.
"""

from types import SimpleNamespace

import numpy as np
import pytest
from credit import LOADING, LOSS_GIVEN_DEFAULT, SEGMENTS, discrimination, mean_that_bears, required_loss, threshold
from scipy import stats

ANNUAL = (0.012, 0.04, 0.09)
FACTORS = {"own": (1.5, 1.0, 0.8), "platform": (0.75, 1.0, 1.125)}
BASE = 0.03 + 0.015 + 0.02  # funds, operating, hurdle
PRECISIONS = (0.05, 0.2, 0.5, 1.0, 3.0)
Z = np.linspace(-8.0, 8.0, 4001)
WEIGHTS = stats.norm.pdf(Z) * (Z[1] - Z[0])


THRESHOLDS = [threshold(rate) for rate in ANNUAL]


def hazard(segment):
    """Phi(d - beta z) on the grid."""
    return stats.norm.cdf(THRESHOLDS[segment] - LOADING * Z)


POPULATION = [float(hazard(segment) @ WEIGHTS) for segment in range(3)]
# Rates at which a bank that knows nothing would just break even.
FAIR = {name: BASE + required_loss(monthly) for name, monthly in zip(SEGMENTS, POPULATION, strict=True)}
ALL = dict.fromkeys(SEGMENTS, 1.0)
COHORT = {
    "population__segment_share": {"prime": 0.34, "mass": 0.33, "thin_file": 0.33},
    "population__monthly_need": ALL,
    "population__demand_growth": 0.0,
    "population__terms_months": [12],
    "population__term_shares": [1.0],
    "population__reservation_slope": 0.0,
    "population__reservation_rate": dict.fromkeys(SEGMENTS, 2.0),
    "customers__loyalty": 1.0,
    "customers__attrition": 0.0,
    "credit__asset_correlation": 0.0,
    "credit__loss_given_default": LOSS_GIVEN_DEFAULT,
    "credit__lockout_months": 250,
    "credit__origination_cost_own": 0.0,
    "credit__origination_cost_joint": 0.0,
    "credit__own_discount": 0.0,
    "banks__hurdle_slope": 0.0,
    "platforms__funds_rate": 0.03,
    "alliances__meeting_rate": 0.0,
    "learning__decay": 0.0,
    "learning__doing": 0.0,
    "learning__research_gain": 0.0,
}


@pytest.fixture(name="cohort", scope="module")
def cohort_fixture(make_partners):
    """cohort(channel, lenders, borrowers, **settings): who applied to and was funded by each lender, and defaulted."""

    def run(channel, lenders, borrowers, **settings):
        own = channel == "own"
        owned = dict.fromkeys(SEGMENTS, 0.95 if own else 0.0)
        equity = {"platforms__lender_equity": 0.0 if own else 1e13}
        size = {"population__borrowers": borrowers, "population__persons": borrowers}
        settings = COHORT | equity | size | {"population__initial_owner_share": owned} | settings
        market = make_partners(1 if own else lenders, lenders if own else 1, **settings)
        people = market.world.borrowers
        asked = (people["owner"] if own else people["platform"]).astype(int)
        market.step()
        first = 0 if own else market.world.lender_rows[0]
        funded = (people["balance"] > 0) & (people["contract"] == first + asked)
        predicted, z = people["predicted_hazard"].copy(), people["creditworthiness"].astype(float)
        for _ in range(12):
            market.step()
        return SimpleNamespace(
            market=market,
            asked=asked,
            segment=people["segment"].copy(),
            z=z,
            funded=funded,
            predicted=predicted,
            bad=funded & (people["lockout"] > 0),
        )

    return run


def cells(cohort, lenders):
    """(lender, segment, which rows applied there)."""
    for lender in range(lenders):
        for segment in range(3):
            yield lender, segment, (cohort.asked == lender) & (cohort.segment == segment)


def approval(segment, precision, room):
    """P(approved | z) on the grid, and the cut-off on the posterior mean m ~ N(0, tau/(1 + tau)) with v = 1/(1 + tau):
    (d - beta m)/sqrt(1 + beta^2 v) = Phi^-1(h) where 12 LGD h/(1 - h) = room.
    """
    variance = 1.0 / (1.0 + precision)
    cut = mean_that_bears(THRESHOLDS[segment], room, variance)
    return stats.norm.cdf((Z - cut / (1.0 - variance)) * np.sqrt(precision)), cut


def compare_cell(compare, what, cohort, here, segment, approved):
    """Share approved, sqrt(p (1 - p)/n); hazard of the approved by their z, sd/sqrt(n); and how many defaulted within
    the 12 months, sqrt(p (1 - p)/n).
    """
    share = approved @ WEIGHTS
    weights = approved * WEIGHTS / share
    funded = here & cohort.funded
    compare(f"{what}: share approved", funded.sum() / here.sum(), share, np.sqrt(share * (1 - share) / here.sum()))
    monthly = hazard(segment)
    mean = weights @ monthly
    spread = np.sqrt(weights @ (monthly - mean) ** 2)
    true = stats.norm.cdf(THRESHOLDS[segment] - LOADING * cohort.z[funded])
    compare(f"{what}: monthly default of approved", true.mean(), mean, spread / np.sqrt(funded.sum()))
    year = weights @ (1.0 - (1.0 - monthly) ** 12)
    error = np.sqrt(year * (1 - year) / funded.sum())
    compare(f"{what}: 12-month default of approved", cohort.bad[here].sum() / funded.sum(), year, error)
    return share, mean


def test_no_information_approves_everybody_or_nobody(cohort, compare):
    """tau = 0.00001 at a posted price 0.2 points above and below what the population's risk requires. The default rate
    of everybody is the parameter: sqrt(p (1 - p)/n).
    """
    blind = cohort(
        "own",
        2,
        200_000,
        banks__rural__precision=0.001,
        banks__rural__funds_rate=[0.028, 0.032],
        credit__bank_precision_factor=dict.fromkeys(SEGMENTS, 0.01),
        credit__posted_rate=FAIR,
    )
    for lender, segment, here in cells(blind, 2):
        what = f"no information, {SEGMENTS[segment]}, price {'below' if lender else 'above'} cost"
        compare(f"{what}: share approved", blind.funded[here].mean(), 1.0 - lender, 0.0)
        if lender == 0:
            known = ANNUAL[segment]
            error = np.sqrt(known * (1 - known) / here.sum())
            compare(f"{what}: 12-month default", blind.bad[here].mean(), known, error)


def test_perfect_information_approves_the_better_than_a_cutoff(cohort, compare):
    """tau = 1000: z >= z*, h(z*) what the price bears. The noise left moves the share approved by 0.0002, a tenth of
    its standard error.
    """
    factor = {"credit__bank_precision_factor": dict.fromkeys(SEGMENTS, 10.0)}
    clear = cohort("own", 1, 200_000, banks__rural__precision=100.0, credit__posted_rate=FAIR, **factor)
    for _, segment, here in cells(clear, 1):
        best = (THRESHOLDS[segment] - stats.norm.ppf(POPULATION[segment])) / LOADING
        better = np.clip((Z - best) / (Z[1] - Z[0]) + 0.5, 0.0, 1.0)
        compare_cell(compare, f"perfect, {SEGMENTS[segment]}", clear, here, segment, better)


@pytest.mark.parametrize("channel", ["own", "platform"])
def test_in_between_against_the_bivariate_normal(cohort, compare, channel):
    """At five precisions (times the segment's factor): the joint normal of posterior mean and default latent, whose
    probability P(m >= cut, beta z + e <= d) SciPy also gives (asserted); the market's own measure of approval beside
    it.
    """
    number = len(PRECISIONS)
    precision = {"banks__rural__precision" if channel == "own" else "platforms__precision": list(PRECISIONS)}
    between = cohort(channel, number, 600_000, credit__posted_rate=FAIR, **precision)
    shares = np.zeros((3, number))
    for lender, segment, here in cells(between, number):
        tau = PRECISIONS[lender] * FACTORS[channel][segment]
        approved, cut = approval(segment, tau, FAIR[SEGMENTS[segment]] - BASE)
        what = f"{channel}, {SEGMENTS[segment]}, tau {tau:.2f}"
        shares[segment, lender], mean = compare_cell(compare, what, between, here, segment, approved)
        known = tau / (1.0 + tau)
        joint = stats.multivariate_normal([0.0, 0.0], [[known, -LOADING * known], [-LOADING * known, 1 + LOADING**2]])
        assert joint.cdf([-cut, THRESHOLDS[segment]]) == pytest.approx(shares[segment, lender] * mean, rel=1e-3)
    if channel == "platform":
        for segment, name in enumerate(SEGMENTS):
            here = (between.segment == segment).sum()
            measured = between.market.history[0]["months"][f"approval_rate_{name}"]
            known = shares[segment].mean()
            compare(f"measure of approval, {name}", measured, known, np.sqrt(known * (1 - known) / here))


def realised(cohort, here):
    """AUC of the lender's predictions for the 12 months that came, and numbers of good and bad ones."""
    good, bad = here & ~cohort.bad, here & cohort.bad
    statistic = stats.mannwhitneyu(cohort.predicted[bad], cohort.predicted[good]).statistic
    return statistic / good.sum() / bad.sum(), good.sum(), bad.sum()


@pytest.mark.parametrize("channel", ["own", "platform"])
def test_area_under_the_curve(cohort, compare, channel):
    """Where nothing is lost at default everybody is funded, and lenders' predictions meet what came; and the measure
    that the market reports, an interpolation documented as within 0.0002.
    """
    number = len(PRECISIONS)
    precision = {"banks__rural__precision" if channel == "own" else "platforms__precision": list(PRECISIONS)}
    everybody = cohort(channel, number, 600_000, credit__loss_given_default=0.0, **precision)
    for lender, segment, here in cells(everybody, number):
        assert everybody.funded[here].all()
        tau = PRECISIONS[lender] * FACTORS[channel][segment]
        area, goods, bads = realised(everybody, here)
        known, error = discrimination(ANNUAL[segment], tau, goods, bads)
        compare(f"AUC, {channel}, {SEGMENTS[segment]}, tau {tau:.2f}", area, known, error)
        if channel == "own" and segment == 1:
            reported = everybody.market.world.year_ends[0]["banks"]["auc_mass"][lender]
            compare(f"AUC as reported, mass, tau {tau:.2f}", reported, known, 0.0, approximation=2e-4)
    for segment, name in enumerate(SEGMENTS):
        served = ((everybody.segment == segment) & everybody.funded).sum()
        monthly = POPULATION[segment]
        error = 12.0 * (1.0 - monthly) ** 11 * np.sqrt(monthly * (1.0 - monthly) / served)
        measured = everybody.market.history[1]["months"][f"default_rate_{name}"]
        compare(f"measure of default, {channel}, {name}", measured, 1.0 - (1.0 - monthly) ** 12, error)


def test_area_under_the_curve_of_those_who_know(cohort, compare):
    """tau = 1000 against z itself: 0.903, 0.879, 0.862 by a computation of its own."""
    factor = {"credit__bank_precision_factor": dict.fromkeys(SEGMENTS, 10.0)}
    clear = cohort("own", 1, 200_000, banks__rural__precision=100.0, credit__loss_given_default=0.0, **factor)
    for _, segment, here in cells(clear, 1):
        area, goods, bads = realised(clear, here)
        known, error = discrimination(ANNUAL[segment], 1e4, goods, bads)
        compare(f"AUC, {SEGMENTS[segment]}, z known", area, known, error)
