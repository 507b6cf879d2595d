"""Selection: whom the k-th lender of a waterfall gets, who predicts their defaults, and who is wrong by how much.

Banks are alike and applications go round them, everybody applies in the first month, and the economy's factor has no
weight. The same draws with one lender more in the waterfall show what happened at that place: whoever is funded now and
was not before.
"""

from types import SimpleNamespace

import numpy as np
import pytest
from credit import (
    ALIKE,
    LOADING,
    MATCHING,
    MONTHLY,
    SEGMENTS,
    bearable,
    mean_that_bears,
    predicted,
    required_loss,
    threshold,
)
from scipy import optimize, stats

from colend.state.tables import JOINT, LENDER, OWN

ANNUAL = (0.012, 0.04, 0.09)
FEE, FUNDS, OPERATING, HURDLE, PLATFORM_FUNDS = 0.027, 0.03, 0.015, 0.02, 0.05
NO_ACCEPTANCE = {"population__reservation_slope": 0.0, "population__reservation_rate": dict.fromkeys(SEGMENTS, 2.0)}
MASS_ONLY = {"population__segment_share": {"prime": 0.0, "mass": 1.0, "thin_file": 0.0}}


@pytest.fixture(name="first_month", scope="module")
def first_month_fixture(make_partners):
    """first_month(borrowers, **settings): the market, each borrower's z, prediction and kind of contract (-1: none)."""

    def run(borrowers, **settings):
        size = {"population__borrowers": borrowers, "population__persons": borrowers}
        market = make_partners(1, 5, **(ALIKE | size | settings))
        market.step()
        people = market.world.borrowers
        kind = np.where(people["balance"] > 0, market.world.contracts["kind"][people["contract"]].astype(int), -1)
        d = np.array([threshold(rate) for rate in ANNUAL])[people["segment"]]
        true = stats.norm.cdf(d - LOADING * people["creditworthiness"].astype(float))
        hazard = people["predicted_hazard"].astype(float)
        return SimpleNamespace(market=market, kind=kind, true=true, predicted=hazard, segment=people["segment"].copy())

    return run


Z = np.linspace(-7.0, 7.0, 281)[:, None]
NODES, NODE_WEIGHTS = np.polynomial.hermite_e.hermegauss(41)
GRID = stats.norm.pdf(Z) * (Z[1] - Z[0]) * NODE_WEIGHTS / NODE_WEIGHTS.sum()  # P(z, u), u the noise that banks share


class Pool:
    """P(selected so far | z, u), and moments of who is left."""

    def __init__(self, d, precision, common):
        self.left, self.hazard = np.ones_like(GRID), stats.norm.cdf(d - LOADING * Z)
        self.centre = Z + np.sqrt(common / precision) * NODES
        self.noise = np.sqrt((1.0 - common) / precision)

    def below(self, cutoff):
        """P(a bank's signal lies below its cut-off | z, u)."""
        return stats.norm.cdf((cutoff - self.centre) / self.noise)

    def mean(self, chosen, of=None):
        """Share of those chosen in all, or their mean of something."""
        weights = GRID * self.left * chosen
        return weights.sum() if of is None else (weights * of).sum() / weights.sum()


BANK, PLATFORM, VIEW, COMMON = 0.3, 0.8, 0.75, 0.3
TAU = VIEW * BANK  # with traffic only a bank sees its precision times thin_view


def known_cutoffs(inference, d, room, common, places):
    """Signals from which each place approves. Naive: all at the posterior mean that the price bears. Rational: exact
    Bayes, E[h | own signal at the cut-off, all earlier ones below theirs] is what it bears, one place after the other.
    """
    if inference == "naive":
        return [mean_that_bears(d, room, 1.0 / (1.0 + TAU)) * (1.0 + TAU) / TAU] * places
    pool, cutoffs = Pool(d, TAU, common), []
    for _ in range(places):

        def excess(x, pool=pool):
            return pool.mean(stats.norm.pdf((x - pool.centre) / pool.noise), pool.hazard) - bearable(room)

        cutoffs.append(optimize.brentq(excess, -12.0, 30.0))
        pool.left = pool.left * pool.below(cutoffs[-1])
    return cutoffs


@pytest.mark.parametrize("inference", ["naive", "rational"])
@pytest.mark.parametrize("common", [0.0, COMMON])
def test_the_pool_of_the_kth_lender(first_month, compare, inference, common):
    """The platform bears nothing and passes everybody, borrowers take any offer: place k gets those whom k - 1 banks
    refused. Shares sqrt(p (1 - p)/n), mean hazards sd/sqrt(n). Rational lenders' moment matching moves what they
    approve: by as much as exact lenders whose price bears 4 % more or less would differ.
    """
    d, places, number = threshold(ANNUAL[1]), 4, 200_000
    room = required_loss(float((GRID * stats.norm.cdf(d - LOADING * Z)).sum()))
    price = {"prime": 0.1, "mass": FUNDS + OPERATING + HURDLE + FEE + room, "thin_file": 0.1}
    settings = NO_ACCEPTANCE | MASS_ONLY | {"platforms__lender_equity": 0.0, "alliances__funding_share": 1.0}
    settings |= {"credit__prescreen_inference": inference, "credit__bureau_correlation": common}

    def answers(room):
        pool, found = Pool(d, TAU, common), []
        for cutoff in known_cutoffs(inference, d, room, common, places):
            approved = 1.0 - pool.below(cutoff)
            share = pool.mean(1.0)
            rows = [(share, np.sqrt(share * (1.0 - share) / number))]
            part = pool.mean(approved) / share
            rows.append((part, np.sqrt(part * (1.0 - part) / share / number)))
            for chosen, size in ((np.ones_like(GRID), share), (approved, share * part)):
                mean = pool.mean(chosen, pool.hazard)
                spread = np.sqrt(pool.mean(chosen, (pool.hazard - mean) ** 2))
                rows.append((mean, spread / np.sqrt(size * number)))
            found.append(rows)
            pool.left = pool.left * pool.below(cutoff)
        return np.array(found)

    known = answers(room)
    slack = np.zeros((places, 4))
    if inference == "rational":
        slack = np.max([np.abs(answers(room * (1.0 + sign * MATCHING)) - known)[..., 0] for sign in (-1, 1)], axis=0)
    before = np.zeros(number, dtype=bool)
    for place in range(places):
        month = first_month(number, **settings, credit__posted_rate=price, credit__waterfall_depth=place + 1)
        pool, funded = ~before, (month.kind == JOINT) & ~before
        before |= funded
        measured = (pool.mean(), funded.sum() / pool.sum(), month.true[pool].mean(), month.true[funded].mean())
        names = ("share that reach it", "share approved", "default of its pool", "default of its loans")
        for which, (name, value) in enumerate(zip(names, measured, strict=True)):
            what = f"{inference}, common noise {common}, place {place + 1}: {name}"
            compare(what, value, *known[place, which], approximation=slack[place, which])


OPEN = {
    "traffic": {},
    "customers, half shared": {"platforms__openness": "customers"},
    "customers, all shared": {"platforms__openness": "customers", "platforms__data_share": 1.0},
    "technology, trust 0.3": {"platforms__openness": "technology", "platforms__data_share": 0.0},
    "technology, trust 0.8": {"platforms__openness": "technology", "alliances__initial_trust": 0.8},
}
OWNERS = {"population__initial_owner_share": dict.fromkeys(SEGMENTS, 0.4), "customers__loyalty": 1.0}
PILOTS = {
    "alliances__sequencing": "cooperate_then_sign",
    "alliances__pilot_setup_months": 0,
    "alliances__pilot_months": 60,
    "alliances__pilot_cost": 0.0,
    "alliances__pilot_running_cost": 0.0,
    "alliances__pilot_allocation": 0.3,
}


def compare_calibration(compare, what, month, here, approximation=MATCHING):
    """Predicted over true hazard of these loans; a right prediction is the mean of the true one given what the lender
    knows, so the sum of errors has the sum of their squares as variance.
    """
    assert here.sum() > 100
    said, true = month.predicted[here], month.true[here]
    error = np.sqrt(((true - said) ** 2).sum()) / true.sum()
    compare(f"{what}: predicted over true", said.sum() / true.sum(), 1.0, error, approximation)


@pytest.mark.parametrize("openness", [*OPEN, "pilots, lender first"])
def test_rational_lenders_are_calibrated(first_month, compare, openness):
    """In every channel, at every place, at every depth; part of the applicants were refused by their own bank before,
    and with pilots 70 % meet the platform's lender first.
    """
    settings = OPEN.get(openness, PILOTS | {"alliances__pilot_openness": "customers"}) | OWNERS
    before = np.zeros(400_000, dtype=bool)
    for place in range(3):
        month = first_month(len(before), **settings, credit__waterfall_depth=place + 1)
        joint = month.kind == JOINT
        compare_calibration(compare, f"{openness}, place {place + 1}", month, joint & ~before)
        before |= joint
    if openness != "customers, all shared":  # there a bank knows what the lender knows, and leaves it next to nobody
        compare_calibration(compare, f"{openness}, platform's lender", month, month.kind == LENDER)
    if openness == "traffic":
        for segment, name in enumerate(SEGMENTS):
            compare_calibration(
                compare, f"own channel, {name}", month, (month.kind == OWN) & (month.segment == segment)
            )


PRICES = {
    "posted price": (OWNERS, MATCHING),
    "price of risk": (OWNERS | {"credit__pricing": "risk_based"}, MATCHING),
    "price of risk, technology": (
        OWNERS | OPEN["technology, trust 0.8"] | {"credit__pricing": "risk_based"},
        MATCHING,
    ),
    "price of risk, lender first": (PILOTS | {"credit__pricing": "risk_based"}, MATCHING),
    "price of risk, slope 0": (OWNERS | {"credit__pricing": "risk_based", "population__reservation_slope": 0.0}, 0.0),
}


@pytest.mark.parametrize("what", PRICES)
def test_lenders_are_calibrated_by_segment_at_either_price(first_month, compare, what):
    """Whoever takes a loan accepts its own price, posted or made for it: predicted over true hazard by segment, in each
    channel with a hundred loans; without acceptance to infer from, exactly so in own channels. And what banks expect of
    an applicant in their own channel is what came: sqrt(p (1 - p)/n), and a thousandth by quadrature.
    """
    settings, matching = PRICES[what]
    month = first_month(80_000, **settings)
    for segment, name in enumerate(SEGMENTS):
        for kind, channel in ((OWN, "own"), (JOINT, "joint"), (LENDER, "platform's lender")):
            here = (month.kind == kind) & (month.segment == segment)
            if here.sum() > 100:
                bound = matching if kind == OWN else MATCHING
                compare_calibration(compare, f"{what}, {channel}, {name}", month, here, bound)
        banks = month.market.world.totals[: len(month.market.world.banks), segment]
        asked, made = banks.applications.sum(), banks.originations.sum()
        if asked > 0:
            known = month.market.world.outlook.own_loans[:, segment].mean()
            error = np.sqrt(known * (1.0 - known) / asked)
            compare(f"{what}, {name}: loans an applicant, own channel", made / asked, known, error, 1e-3 * known)


def test_predictions_hold_to_the_end_of_the_loan(first_month, compare):
    """Loans of a year, followed to their end: defaults against the sum of what was predicted month by month, ageing by
    survival; sqrt(defaults) over defaults.
    """
    terms = {"population__terms_months": [12], "population__term_shares": [1.0], "credit__lockout_months": 250}
    month = first_month(400_000, **OWNERS, **terms, **OPEN["technology, trust 0.3"])
    people, kind = month.market.world.borrowers, month.kind
    expected = np.zeros(len(kind))
    for _ in range(12):
        open_ = (people["balance"] > 0) & (people["lockout"] == 0) & (kind >= 0)
        expected[open_] += people["predicted_hazard"][open_]
        month.market.step()
    bad = people["lockout"] > 0
    for name, which in (("joint", JOINT), ("own", OWN), ("platform's lender", LENDER)):
        count = bad[kind == which].sum()
        ratio = expected[kind == which].sum() / count
        compare(f"{name}, 12 months: predicted over defaults", ratio, 1.0, 1.0 / np.sqrt(count), approximation=MATCHING)


BANK_FACTOR, PLATFORM_FACTOR, POSTED, RESERVATION = (
    (1.5, 1.0, 0.8),
    (0.75, 1.0, 1.125),
    (0.105, 0.13, 0.17),
    (0.15, 0.20, 0.26),
)
SHARE, SLOPE, SIGMA, DISCOUNT = 0.75, 0.2, 0.25, 0.005


def cutoff(d, room, precision):
    """The signal from which a naive lender approves: posterior mean tau x/(1 + tau) at what the price bears."""
    return mean_that_bears(d, room, 1.0 / (1.0 + precision)) * (1.0 + precision) / precision


def naive(d, x, precision):
    """What a naive lender predicts from its signal alone."""
    return predicted(d, precision * x / (1.0 + precision), 1.0 / (1.0 + precision))


def above(low, width, density):
    """Sum over a variable from `low` on, out to `width` more: 60 Gauss-Legendre points; `density`(x) an array."""
    nodes, weights = np.polynomial.legendre.leggauss(60)
    x = low + 0.5 * width * (nodes + 1.0)
    return sum(0.5 * width * w * density(at) for at, w in zip(x, weights, strict=True))


def normal(x, mean, sd):
    return stats.norm.pdf((x - mean) / sd) / sd


class Naive:
    """Predicted over true hazard of a segment's loans made by naive lenders, by integration over z, u and signals."""

    def __init__(self, segment):
        self.d, self.price = threshold(ANNUAL[segment]), POSTED[segment]
        self.bank, self.platform = BANK * BANK_FACTOR[segment], PLATFORM * PLATFORM_FACTOR[segment]
        self.reservation, self.hazard = RESERVATION[segment], stats.norm.cdf(self.d - LOADING * Z)
        income = self.price - PLATFORM_FUNDS - OPERATING + SHARE * FEE / (1.0 - SHARE)
        self.passes = cutoff(self.d, income, self.platform)
        self.room = self.price - FUNDS - OPERATING - HURDLE - FEE

    def accepts(self, price):
        """P(R exp(sigma xi - gamma z) >= r)."""
        return stats.norm.cdf((np.log(self.reservation / price) - SLOPE * Z) / SIGMA)

    def own_channel(self):
        price = self.price - DISCOUNT
        low, sd = cutoff(self.d, price - FUNDS - OPERATING - HURDLE, self.bank), 1.0 / np.sqrt(self.bank)
        taken = stats.norm.pdf(Z) * self.accepts(price)
        said = above(low, 25.0, lambda x: (taken * normal(x, Z, sd)).sum() * naive(self.d, x, self.bank))
        return said / (taken * stats.norm.sf((low - Z) / sd) * self.hazard).sum()

    def places(self):
        """Three places of the waterfall, then the platform's own lender."""
        tau = VIEW * self.bank
        pool, low, accepts = Pool(self.d, tau, COMMON), cutoff(self.d, self.room, tau), self.accepts(self.price)
        below, passed = pool.below(low), stats.norm.cdf((Z - self.passes) * np.sqrt(self.platform))
        guess = above(low, 25.0, lambda x: normal(x, pool.centre, pool.noise) * naive(self.d, x, tau))
        ratios = []
        for refused in range(3):
            taken = GRID * passed * accepts * below**refused
            ratios.append((taken * guess).sum() / (taken * (1.0 - below) * self.hazard).sum())
        return [*ratios, self.lender((GRID * below**3).sum(axis=1, keepdims=True) * accepts, accepts)]

    def lender(self, refused, accepts):
        """Those whom three banks refused, and below the platform's cut-off those whom no bank saw."""
        low = cutoff(self.d, self.price - PLATFORM_FUNDS - OPERATING - HURDLE, self.platform)
        sd, everybody = 1.0 / np.sqrt(self.platform), stats.norm.pdf(Z) * (Z[1] - Z[0]) * accepts
        held = max(self.passes - low, 0.0)
        said = true = 0.0
        for start, width, taken in ((low, held, everybody), (low + held, 12.0, refused)):
            said += above(
                start, width, lambda x, t=taken: (t * normal(x, Z, sd)).sum() * naive(self.d, x, self.platform)
            )
            true += above(start, width, lambda x, t=taken: (t * normal(x, Z, sd) * self.hazard).sum())
        return said / true

    def shared(self, depth):
        """The first place where the score is shared to a depth: m = (tau x + depth tau_p y)/Lambda of the bank's x and
        the blurred y = x_p + eta has, given z and x_p, variance (tau + depth (1 - depth) tau_p)/Lambda^2.
        """
        known = 1.0 + self.bank + depth * self.platform
        low = mean_that_bears(self.d, self.room, 1.0 / known)
        sd = np.sqrt(self.bank + depth * (1.0 - depth) * self.platform) / known
        score = self.passes + (np.arange(200) + 0.5) * 0.05
        joint = stats.norm.pdf(Z) * self.accepts(self.price) * normal(score, Z, 1.0 / np.sqrt(self.platform))
        centre = (self.bank * Z + depth * self.platform * score) / known
        said = above(low, 8.0, lambda m: (joint * normal(m, centre, sd)).sum() * predicted(self.d, m, 1.0 / known))
        return said / (joint * stats.norm.sf((low - centre) / sd) * self.hazard).sum()


def compare_ratio(compare, what, month, here, known):
    """Predicted over true hazard: the sum of (predicted - ratio x true)^2 is the variance of its numerator."""
    said, true = month.predicted[here], month.true[here]
    error = np.sqrt(((said - known * true) ** 2).sum()) / true.sum()
    compare(f"naive, {what}: predicted over true", said.sum() / true.sum(), known, error)


def test_naive_lenders_are_wrong_by_the_predicted_amount(first_month, compare):
    """Nothing is approximated: naive lenders believe their own signal and what is shared. Winner's curse: at the third
    place they expect a third to two thirds of what comes.
    """
    settings = {"credit__prescreen_inference": "naive", "customers__loyalty": 1.0}
    expected = [Naive(segment) for segment in range(3)]
    known = [one.places() for one in expected]
    before = np.zeros(400_000, dtype=bool)
    for place in range(3):
        month = first_month(len(before), **settings, credit__waterfall_depth=place + 1)
        joint = month.kind == JOINT
        for segment, name in enumerate(SEGMENTS):
            here = joint & ~before & (month.segment == segment)
            compare_ratio(compare, f"{name}, place {place + 1}", month, here, known[segment][place])
        before |= joint
    owners = first_month(200_000, **settings, population__initial_owner_share=dict.fromkeys(SEGMENTS, 0.95))
    shared = first_month(200_000, **settings, platforms__openness="customers", credit__waterfall_depth=1)
    for segment, name in enumerate(SEGMENTS):
        here = month.segment == segment
        compare_ratio(compare, f"{name}, platform's lender", month, here & (month.kind == LENDER), known[segment][3])
        here = (owners.kind == OWN) & (owners.segment == segment)
        compare_ratio(compare, f"{name}, own channel", owners, here, expected[segment].own_channel())
        here = (shared.kind == JOINT) & (shared.segment == segment)
        compare_ratio(compare, f"{name}, half shared", shared, here, expected[segment].shared(0.5))


def test_the_intercept_heals_naive_lenders(make_partners, compare):
    """Two years of the market; then, for a year, what banks and the platform's lender predict against what defaults,
    without the intercept and with it. The error is that of D defaults now and of D' in the channels' past: sqrt(1/D +
    1/D').
    """
    market = make_partners(1, 5, **(ALIKE | MONTHLY))
    kinds = market.world.contracts["kind"]
    past, bad, bare, healed = np.zeros((4, 3))  # by kind of contract
    for month in range(36):
        people = market.world.borrowers
        serviced = people["balance"] > 0
        contract, segment = people["contract"][serviced], people["segment"][serviced]
        raw, slope = (people[name][serviced].astype(float) for name in ("predicted_hazard", "hazard_slope"))
        if month >= 24:
            intercept = market.world.snapshot.offers["intercept"][contract, segment]
            bare += np.bincount(kinds[contract], raw, 3)
            healed += np.bincount(kinds[contract], raw + slope * intercept, 3)
        market.step()
        kinds = market.world.contracts["kind"]
        count = np.bincount(kinds, market.world.totals["defaults"].sum(axis=1), 3)
        past, bad = (past + count, bad) if month < 24 else (past, bad + count)
    for name, kind in (("joint", JOINT), ("platform's lender", LENDER)):
        error = np.sqrt(1.0 / bad[kind] + 1.0 / past[kind])
        assert bare[kind] < (1.0 - 4.0 * error) * bad[kind]
        compare(f"naive and healed, {name}: predicted over defaults", healed[kind] / bad[kind], 1.0, error)
