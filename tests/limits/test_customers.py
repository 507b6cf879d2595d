"""Customers: who notices the bank becomes its customer at the stated pace, nobody without touchpoints; a steady base.

Everybody borrows from one bank through one platform, T months, and again the month after it is paid off. Awareness at
the end of the k-th loan is a_k = 1 - (1 - (1 - fade) a_(k-1)) exp(-g touch visibility T), and of those who are nobody's
customers 1 - prod (1 - conversion a_i) are the bank's after k loans, of another bank's 1 - prod (1 - conversion switch
a_i).
"""

import numpy as np
import pytest

from colend.scenario.parameters import SEGMENTS, TOUCHPOINTS

NUMBER, TERM, CYCLE = 60_000, 6, 7
GAIN, FADE, CONVERSION = 0.12, 0.1, 0.25
TOUCH = {"prime": 1.9, "mass": 1.6, "thin_file": 0.7}  # sum of strength x reach of what reaches everybody
BRANCH = {"prime": 0.6, "mass": 0.3, "thin_file": 0.0}  # of the branch, in the bank's own region
FREE = {
    f"customers__touchpoints__{name}__{cost}": 0.0
    for name in TOUCHPOINTS
    for cost in ("fixed_cost", "cost_per_customer")
}
DEAR = {f"customers__touchpoints__{name}__fixed_cost": 1e12 for name in TOUCHPOINTS}
STRENGTH = {f"customers__touchpoints__{name}__strength": 1.0 for name in ("app", "mini_program", "branch")}
STRENGTH |= {
    "customers__touchpoints__service_account__strength": 0.0,
    "customers__touchpoints__app__reach": {"prime": 1.0, "mass": 0.9, "thin_file": 0.2},
    "customers__touchpoints__mini_program__reach": {"prime": 0.9, "mass": 0.7, "thin_file": 0.5},
    "customers__touchpoints__branch__reach": BRANCH,
}
# All apply, all are passed on, served, offered and accept; under an asset correlation of 0.9 and the good state of the
# economy of seed 10, held, nobody defaults.
JOINT_LOANS = STRENGTH | {
    "population__borrowers": NUMBER,
    "population__persons": NUMBER,
    "population__monthly_need": 1.0,
    "population__terms_months": [TERM],
    "population__term_shares": [1.0],
    "population__loan_sigma": 0.0,
    "population__initial_owner_share": 0.0,
    "population__reservation_rate": 2.0,
    "population__reservation_sigma": 0.001,
    "population__reservation_slope": 0.0,
    "credit__rate_cap": 2.0,
    "credit__posted_rate": 1.0,
    "credit__default_loading": 0.01,
    "credit__asset_correlation": 0.9,
    "macro__systematic_persistence": 1.0,
    "alliances__funding_share": 1.0,
    "alliances__prior_mean": 20.0,
    "alliances__prior_sd": 0.0,
    "alliances__fit_sd": 0.0,
    "alliances__operation_sd": 0.001,
    "platforms__openness": "customers",
    "customers__awareness_gain": GAIN,
    "customers__awareness_fade": FADE,
    "customers__conversion": CONVERSION,
    "customers__cash_offer_rate": 0.0,
    "customers__attrition": 0.0,
}


@pytest.fixture(name="make_borrowers")
def make_borrowers_fixture(make_partners):
    def make(**settings):
        market = make_partners(1, 1, 10, **JOINT_LOANS | settings)
        market.step()
        assert market.world.systematic_factor > 1.0
        assert market.world.totals.originations.sum() == NUMBER
        return market

    return make


def awareness(touch, visibility, loans):
    """a_k."""
    value = 0.0
    for _ in range(loans):
        value = 1.0 - (1.0 - (1.0 - FADE) * value) * np.exp(-GAIN * touch * visibility * TERM)
    return value


@pytest.mark.parametrize(("openness", "visibility"), [("customers", 1.0), ("traffic", 0.1)])
def test_share_converted_over_months(make_borrowers, compare, openness, visibility):
    """After one loan and after four, by segment, in the bank's region and outside it: sqrt(p(1 - p)/n). Awareness
    itself, of those who are not customers yet, to the rounding of 32 bits, 2^-24 a month."""
    market = make_borrowers(
        population__regions=2, platforms__openness=openness, customers__visibility={openness: visibility}, **FREE
    )
    people, left, wrong = market.world.borrowers, np.ones((3, 2)), 0.0
    for loan in range(1, 5):
        for _ in range(TERM if loan > 1 else TERM - 1):
            market.step()
        aware, new = people.awareness.copy(), people.owner != 0
        market.step()  # the last instalment is paid
        for segment, name in enumerate(SEGMENTS):
            for place, region in enumerate(("home", "away")):
                here = (people.segment == segment) & (people.region == place)
                known = awareness(TOUCH[name] + BRANCH[name] * (place == 0), visibility, loan)
                wrong = max(wrong, np.abs(aware[here & new] - known).max())
                left[segment, place] *= 1.0 - CONVERSION * known
                share = 1.0 - left[segment, place]
                error = np.sqrt(share * (1.0 - share) / here.sum())
                if loan in (1, 4):
                    what = f"{openness} open, {name}, {region}: share converted after loan {loan}"
                    compare(what, (people.owner[here] == 0).mean(), share, error)
    compare(f"{openness} open: awareness, largest error", wrong, 0.0, 0.0, 2.0**-24 * market.month)


@pytest.mark.parametrize(
    "nothing",
    [DEAR, FREE | {"customers__visibility": 0.0}, FREE | {"customers__awareness_gain": 0.0}],
    ids=["touchpoints too dear", "invisible", "nobody notices"],
)
def test_without_touchpoints_nobody_converts(make_borrowers, compare, nothing):
    """Exactly zero, after three loans."""
    market, converted = make_borrowers(**nothing), 0
    for _ in range(3 * CYCLE):
        market.step()
        converted += market.world.totals.converted.sum()
    assert not market.world.banks.touchpoints.any()
    compare(f"converted without touchpoints ({next(iter(nothing))})", converted, 0.0, 0.0)
    assert not market.world.borrowers.awareness.any()
    assert (market.world.borrowers.owner == -1).all()


def test_another_banks_customers_switch_with_their_probability(make_borrowers, compare):
    """Half of all are customers of a bank that lends nothing jointly: sqrt(p(1 - p)/n) of each half."""
    switch = 0.3
    market = make_borrowers(
        **FREE,
        population__initial_owner_share=0.5,
        customers__switch_probability=switch,
        customers__loyalty=1e-9,  # nobody goes to the own channel, yet a customer is worth something
        banks__rural__customer_weight=0.0,
        banks__city__number=1,
        banks__city__maximum_partners=0,
    )
    people, owned = market.world.borrowers, market.world.borrowers.owner == 0
    left = np.ones((3, 2))
    for loan in range(1, 4):
        for _ in range(CYCLE if loan > 1 else TERM):
            market.step()
        for segment, name in enumerate(SEGMENTS):
            known = CONVERSION * awareness(TOUCH[name] + BRANCH[name], 1.0, loan)
            left[segment] *= 1.0 - known * np.array([1.0, switch])
    for segment, name in enumerate(SEGMENTS):
        for before, label in ((0, "nobody's"), (1, "another bank's")):
            here, share = (people.segment == segment) & (owned == before), 1.0 - left[segment, before]
            error = np.sqrt(share * (1.0 - share) / here.sum())
            what = f"{label} customers, {name}: share converted after loan 3"
            compare(what, (people.owner[here] == 1).mean(), share, error)


def test_cash_offers_go_to_the_aware(make_borrowers, compare):
    """After the first scene instalment, rate x a_1 of all get an offer, sqrt(p(1 - p)/n); all take it: what they then
    lack of awareness is (1 - a_1)(1 - stickiness), times exp(-g touch) for the month that the new loan runs."""
    rate, stickiness = 0.4, 0.5
    settings = {
        "population__scene_share": 1.0,
        "customers__cash_offer_rate": rate,
        "customers__cash_stickiness": stickiness,
    }
    market = make_borrowers(**FREE, **settings)
    for _ in range(TERM):
        market.step()
    people, number = market.world.borrowers, np.bincount(market.world.borrowers.segment)
    for segment, name in enumerate(SEGMENTS):
        touch = TOUCH[name] + BRANCH[name]
        share = rate * awareness(touch, 1.0, 1)
        offers = market.world.totals.cash_offers[:, segment].sum() / number[segment]
        compare(f"{name}: cash-loan offers", offers, share, np.sqrt(share * (1.0 - share) / number[segment]))
        taken = (people.segment == segment) & (people.balance > 0)
        assert (
            taken.sum()
            == market.world.totals.cash_taken[:, segment].sum()
            == market.world.totals.cash_offers[:, segment].sum()
        )
        after = 1.0 - (1.0 - awareness(touch, 1.0, 1)) * (1.0 - stickiness) * np.exp(-GAIN * touch)
        wrong = np.abs(people.awareness[taken] - after).max()
        compare(f"{name}: awareness after a cash loan, largest error", wrong, 0.0, 0.0, 2.0**-24 * market.month)


ATTRITION, SHARES = 0.05, np.array([0.5, 0.25, 0.1])
EQUITY = np.array([1.0, 2.0, 3.0, 4.0, 2.0]) * 1e9


@pytest.fixture(name="base", scope="module")
def base_fixture(make_lender):
    """Owners at the start and after 1, 12 and 36 months without any alliance; two regions with three and two banks."""
    market = make_lender(
        3,
        population__borrowers=200_000,
        population__persons=200_000,
        population__regions=2,
        population__initial_owner_share=dict(zip(SEGMENTS, SHARES, strict=True)),
        banks__rural__number=len(EQUITY),
        banks__rural__equity=EQUITY.tolist(),
        customers__attrition=ATTRITION,
    )
    owners = {0: market.world.borrowers.owner.copy()}
    for month in range(1, 37):
        market.step()
        owners[month] = market.world.borrowers.owner.copy()
    return market, owners


@pytest.mark.parametrize("months", [1, 12, 36])
def test_customers_leave_and_others_come_so_that_the_base_is_steady(base, compare, months):
    """Leaving with a, coming with r = a w/(1 - w): of the first customers w + (1 - w)(1 - a - r)^t are someone's after
    t months (1 - a after one), of the others w (1 - (1 - a - r)^t), of all w: sqrt(p(1 - p)/n)."""
    market, owners = base
    now, first, segments = owners[months] >= 0, owners[0] >= 0, market.world.borrowers.segment
    for segment, name in enumerate(SEGMENTS):
        share, here = SHARES[segment], segments == segment
        kept = (1.0 - ATTRITION - ATTRITION * share / (1.0 - share)) ** months
        known = {"customers": share + (1 - share) * kept, "others": share * (1 - kept), "all": share}
        groups = {"customers": here & first, "others": here & ~first, "all": here}
        for group, of_them in groups.items():
            p = known[group]
            error = np.sqrt(p * (1.0 - p) / of_them.sum())
            what = f"{name}: {group} of the start who are customers after {months} months"
            compare(what, now[of_them].mean(), p, error)


def test_every_banks_base_is_steady(base, compare):
    """Customers of each bank in its region by equity, at the start and after 36 months: sqrt(p(1 - p)/n)."""
    market, owners = base
    segment, region = market.world.borrowers.segment, market.world.borrowers.region
    for bank, equity in enumerate(EQUITY):
        here = region == bank % 2
        part = equity / EQUITY[bank % 2 :: 2].sum()
        chance = part * SHARES[segment[here]]
        for month in (0, 36):
            measured = (owners[month][here] == bank).mean()
            error = np.sqrt((chance * (1.0 - chance)).sum()) / here.sum()
            compare(f"bank {bank}, share of its region after {month} months", measured, chance.mean(), error)
    assert not any(((owner >= 0) & (owner % 2 != region)).any() for owner in owners.values())


def test_without_attrition_nobody_comes_or_goes(make_lender):
    """Not a bit moves."""
    market = make_lender(0, population__borrowers=5_000, population__initial_owner_share=0.3, customers__attrition=0.0)
    before = market.world.borrowers.owner.tobytes()
    for _ in range(12):
        market.step()
    assert market.world.borrowers.owner.tobytes() == before
