"""What banks expect of an application is what the borrowers' pass does with a million of them.

All applicants ask for the mean amount, meet one lender that has room, and take a loan whose rate is at most theirs. The
compiled rule of borrowers works through a bank's own channel and joint loans at each openness at once, a lender and
segment a cell. Tolerances: four standard errors, sqrt(p (1 - p)/n) of shares and the sample's deviation over sqrt(n)
of sums; and of the expectation its quadrature, within 0.15 %, and its cut-off, which lies within 1e-4 of the hazard's
score where it should (`tests/equations` hold both).
"""

import math
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.special import ndtr

from colend.equations.normal import normal_quantile
from colend.equations.screening import information, lending
from colend.equations.signals import posterior, sharing_weight, with_shared_score
from colend.month.borrowers import build_snapshot, pass_over
from colend.month.founding import prepare_plans
from colend.rules.channels import EVERYBODY, passed_on
from colend.rules.offer import (
    brought_by,
    brought_by_nobody,
    deal_at,
    depth_at,
    joint_side,
    loan_cost,
    own_side,
    terms_of,
    view_of,
)
from colend.state.tables import BORROWER, NONE, OPERATING, table

BANKS, SEGMENTS, TERM = 3, 3, 9
CELLS = (2, BANKS, SEGMENTS)  # in its own channel and jointly, each bank in each segment
NAMES = ("passed on", "offered", "taken", "rate", "loss", "margin")
CONTRACTS = [0, 1, 2, 5, 6, 7]
NUMBER = 1_000_000


@pytest.fixture(name="planned")
def planned_fixture(hand_made_world):
    """planned(part, openness=(0, 1, 2), **credit): three banks that lend alone and, funding `part`, with a platform
    that opens this much to each: traffic, customers (half its score) or technology (nine tenths). Plans are made.
    """

    def make(part, openness=(0, 1, 2), **credit):
        stages = [(0, bank, OPERATING) for bank in range(BANKS)]
        world = hand_made_world(0, stages, credit=credit, alliances={"funding_share": part})
        joint = world.contracts[5:]
        joint.openness = world.pairs.openness[:BANKS] = openness
        joint.funding_share, joint.technology_fee = part, 0.003 * (joint.openness == 2)
        world.pairs.trust[:BANKS] = 0.3 * (1 + joint.openness)
        world.alliances.share_served, world.platforms.admission = 1.0, 0.0
        prepare_plans(world)
        world.systematic_factor, world.default_threshold = 0.0, np.array(world.outlook.segments.threshold)
        return world

    return make


def meetings(world):
    """By cell what a bank and the applicants of a segment meet on."""
    general, segments, platform = world.outlook.general, world.outlook.segments, world.platforms[0]
    for joint, b, s in np.ndindex(CELLS):
        bank, pair, segment, depth, pool = world.banks[b], world.pairs[b], segments[s], 0.0, EVERYBODY
        side, brought = own_side(bank, general), brought_by_nobody(segment)
        if joint:
            deal, depth = deal_at(pair.openness, platform, general), depth_at(pair.openness, pair.trust, 1.0, general)
            side, brought = joint_side(bank, pair, deal, general), brought_by(platform, deal, general, segment)
            pool = passed_on(brought, general, segment)
        view = view_of(bank, side, segment)
        terms = terms_of(side, view + depth * brought.precision, brought.price, general, segment)
        yuan, cost = brought.part * segment.amount_months / 24.0, loan_cost(side, segment)
        yield SimpleNamespace(
            side=side, terms=terms, view=view, depth=depth, brought=brought, pool=pool, yuan=yuan, cost=cost
        )


def expected(world):
    """By cell NAMES an application, and how far off cut-off and quadrature may be."""
    found = []
    for at in meetings(world):
        mean, spread, variance = information(at.view, at.brought.precision, at.depth, at.pool.mean, at.pool.variance)
        offered, loans, rate, loss = np.multiply(at.pool.passed, lending(mean, spread, variance, at.terms))
        amounts = [at.pool.passed, offered, loans, rate, loss, at.yuan * (rate - at.cost * loans - loss)]
        cut = 1e-4 * math.hypot(1.0, at.terms.loading) / at.terms.loading * 0.4 / spread  # phi is at most 0.4
        by_cut = cut * np.array([0.0, 1.0, 1.0, at.terms.price, at.terms.price, at.terms.price * at.yuan])
        found.append([amounts, by_cut + 1.5e-3 * np.multiply(amounts, [0, 0, 1, 1, 1, 1])])
    found, off = np.array(found).transpose(1, 2, 0).reshape(2, -1, *CELLS)
    plans = world.outlook
    assert found[1, 0] == pytest.approx(plans.own_offered, rel=1e-12)
    assert found[2] == pytest.approx(np.array([plans.own_loans, plans.loans[:BANKS]]), rel=1e-12)
    assert found[5] == pytest.approx(np.array([plans.own_margin, plans.margin[:BANKS]]), rel=1e-12)
    return found, off


def applicants(world, number, sizes):
    """Half of them customers of a bank, whom nobody else would lend; the bank of others is told by their region. Loans
    of the mean amount, or of all `sizes`.
    """
    each, people, generator = np.arange(number), world.parameters.population, np.random.default_rng(3)
    rows = table(BORROWER, number)
    segment, bank, joint = each % SEGMENTS, each // SEGMENTS % BANKS, each // (SEGMENTS * BANKS) % 2
    rows.segment, rows.region, rows.owner, rows.platform = segment, bank, np.where(joint, NONE, bank), 1 - joint
    rows.amount = np.rint(world.outlook.segments.amount_months * 100.0 / (TERM + 1))[segment]
    if sizes:
        yuan = people.loan_median.as_array()[segment] * np.exp(people.loan_sigma * generator.standard_normal(number))
        rows.amount = np.rint(100.0 * yuan)
    rows.creditworthiness = generator.standard_normal(number)
    taste = people.reservation_sigma * generator.standard_normal(number)
    reservation = people.reservation_rate.as_array()[segment]
    rows.reservation_rate = reservation * np.exp(taste - people.reservation_slope * rows.creditworthiness)
    return rows, (joint * BANKS + bank) * SEGMENTS + segment


def happens(world, number, sizes=False):
    """By cell NAMES of that many applicants, standard errors of the last three, and how many there were."""
    rows, cell = applicants(world, number, sizes)
    snapshot = build_snapshot(world)._replace(
        route_start=np.array([0, 1, 2, 3, 3, 3, 3]),
        route_member=np.array(CONTRACTS[BANKS:]),
        route_weight=np.ones(BANKS),
    )
    if not sizes:
        snapshot = snapshot._replace(terms=np.array([TERM]), term_cumulative=np.ones(1))
    month, segments = snapshot.month, snapshot.segments
    month.waterfall_depth, month.route_regions, month.loyalty, month.attrition = 1, BANKS, 1.0, 0.0
    segments.need, segments.arrival, snapshot.offers.admission[CONTRACTS] = 1.0, 0.0, 1.0
    totals = pass_over(rows, snapshot)[CONTRACTS].reshape(CELLS)
    there = np.bincount(cell).reshape(CELLS)
    assert (totals.visited == there).all()

    def mean(values):
        sums = [np.bincount(cell, values**power).reshape(CELLS) / there for power in (1, 2)]
        return sums[0], np.sqrt((sums[1] - sums[0] ** 2) / there)

    sides = [(at.side.cost + at.side.fees, at.side.origination, at.brought.part) for at in meetings(world)]
    cost, origination, part = np.array(sides)[cell].T
    amount_months = rows.amount / 100.0 * (rows.months_left + 1.0)
    taken, rate, hazard = rows.balance > 0, rows.rate.astype(float), rows.predicted_hazard.astype(float)
    loss = 12.0 * world.parameters.credit.loss_given_default * hazard / (1.0 - hazard)
    margin = part * amount_months / 24.0 * (rate - cost - 24.0 * origination / amount_months - loss)
    shares = [1.0 - totals.not_passed / there, totals.offered / there, totals.originations / there]
    sums = [mean(np.where(taken, values, 0.0)) for values in (rate, loss, margin)]
    return np.array([*shares, *(one[0] for one in sums)]), [one[1] for one in sums], there


def compare(known, off, found, errors, there):
    """Fail where what happens is further from what is known than chance and `off` explain."""
    share = np.clip(known[:3], 1.0 / there, 1.0 - 1.0 / there)
    errors = [*np.sqrt(share * (1.0 - share) / there), *errors]
    for name, one, value, error, more in zip(NAMES, known, found, errors, off, strict=True):
        assert (np.abs(value - one) <= 4.0 * error + more).all(), f"{name}: expected\n{one}\nhappened\n{value}"


@pytest.mark.parametrize("pricing", ["posted", "risk_based"])
@pytest.mark.parametrize("inference", ["rational", pytest.param("naive", marks=pytest.mark.slow)])
def test_what_is_expected_happens_where_the_platform_passes_everybody(planned, pricing, inference):
    """A bank that funds the whole loan leaves the platform nothing to lose."""
    world = planned(1.0, pricing=pricing, prescreen_inference=inference)
    compare(*expected(world), *happens(world, NUMBER))


@pytest.mark.slow
@pytest.mark.parametrize("pricing", ["posted", "risk_based"])
@pytest.mark.parametrize("inference", ["rational", "naive"])
@pytest.mark.parametrize("openness", [(1, 2, 0), (2, 0, 1)])
def test_it_does_for_every_bank_at_every_openness(planned, pricing, inference, openness):
    world = planned(1.0, openness, pricing=pricing, prescreen_inference=inference)
    compare(*expected(world), *happens(world, NUMBER))


def through_signals(at, rational):
    """NAMES an application at a posted price, by what the bank sees of those who passed: sums over its own signal and
    the shared score, which are normal, times P(the platform passes it | both).
    """
    terms, score, price = at.terms, at.brought.precision, at.terms.price
    own, other = np.linspace(-7.0, 7.0, 1_001)[:, None], np.linspace(-7.0, 7.0, 101)
    mean, variance = posterior(own * math.sqrt(1.0 + 1.0 / at.view), at.view)
    depth = max(at.depth, 1e-9)
    shared = mean + other * math.sqrt(variance + 1.0 / (score * depth))
    weight = sharing_weight(variance, score, depth)
    mean, variance, latent, spread, covariance = with_shared_score(mean, variance, shared, weight, score)
    cutoff = -math.sqrt(1.0 + 1.0 / score) * normal_quantile(at.pool.passed)
    distance = (latent - cutoff) / math.sqrt(spread)
    passed = ndtr(distance) * np.exp(-0.5 * (own**2 + other**2))
    passed *= (own[1] - own[0]) * (other[1] - other[0]) / (2.0 * math.pi)

    def truncated(mean, variance, covariance, spread, distance):
        ratio = np.exp(-0.5 * distance**2) / math.sqrt(2.0 * math.pi) / ndtr(distance)
        shift = covariance / np.sqrt(spread)
        return mean + shift * ratio, variance - shift**2 * ratio * (ratio + distance)

    true = truncated(mean, variance, covariance, spread, distance)
    takes = ndtr((-terms.log_price - terms.slope * true[0]) / np.sqrt(terms.sigma**2 + terms.slope**2 * true[1]))
    if rational:
        latent, spread = -terms.log_price - terms.slope * true[0], terms.sigma**2 + terms.slope**2 * true[1]
        mean, variance = truncated(*true, -terms.slope * true[1], spread, latent / np.sqrt(spread))
    hazard = ndtr((terms.threshold - terms.loading * mean) / np.sqrt(1.0 + terms.loading**2 * variance))
    loss = 12.0 * terms.loss_given_default * hazard / (1.0 - hazard)
    offered = passed * (loss <= price - terms.base_rate)
    loans, lost = (offered * takes).sum(), (offered * takes * loss).sum()
    return [passed.sum(), offered.sum(), loans, price * loans, lost, at.yuan * ((price - at.cost) * loans - lost)]


@pytest.mark.parametrize("inference", ["rational", pytest.param("naive", marks=pytest.mark.slow)])
def test_of_those_whom_a_platform_chose_the_shape_is_left_out(planned, inference):
    """What happens is what follows from both signals. What is expected of it takes beliefs for normal, with the right
    mean and deviation (`tests/equations/test_screening.py`): their skewness, up to 0.43, puts offers up to four points
    off, and margins a tenth. Naive banks expect applicants as if nobody had chosen; what they then do follows, too.
    """
    world = planned(0.75, prescreen_inference=inference)
    known, off = expected(world)
    joint = list(meetings(world))[BANKS * SEGMENTS :]
    seen = np.array([through_signals(at, inference == "rational") for at in joint]).T.reshape(-1, BANKS, SEGMENTS)
    found, errors, there = happens(world, NUMBER)
    compare(seen, off[:, 1], found[:, 1], [error[1] for error in errors], there[1])
    if inference == "rational":
        assert np.abs(known[1, 1] - seen[1]).max() < 0.04
        assert (np.abs(known[5, 1] - seen[5]) <= 0.1 * seen[5]).all()


@pytest.mark.slow
@pytest.mark.parametrize("pricing", ["posted", "risk_based"])
def test_loans_of_all_sizes_bring_the_margin_of_the_mean_one_but_are_fewer(planned, pricing):
    """Small and short loans carry more of a loan's fixed cost. What is left out by taking all for the mean one, as
    figures: up to a fourth of loans, a tenth of the margin, where a tenth of applicants or more are offered one.
    """
    world = planned(1.0, pricing=pricing)
    (known, _), (found, _, _) = expected(world), happens(world, NUMBER, sizes=True)
    _, offered, taken, _, _, margin = found / np.where(known > 0.0, known, 1.0)
    served = known[1] > 0.1
    assert (offered[served] < 1.005).all()
    assert (taken[served] > 0.75).all()
    assert (np.abs(margin[served] - 1.0) < 0.1).all()
