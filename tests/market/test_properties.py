"""Whatever the scenario: the books balance, probabilities are probabilities, counts are not negative."""

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from colend.market import Market, simulate
from colend.rules.alliance import slots_used

share = st.floats(0.0, 1.0)
SCENARIOS = st.fixed_dictionaries(
    {
        "population__borrowers": st.integers(50, 400),
        "population__reservation_slope": st.floats(0.0, 1.0),
        "population__demand_growth": st.floats(-0.05, 0.1),
        "credit__pricing": st.sampled_from(["posted", "risk_based"]),
        "credit__prescreen_inference": st.sampled_from(["rational", "naive"]),
        "credit__loss_given_default": share,
        "credit__asset_correlation": st.floats(0.0, 0.5),
        "credit__waterfall_depth": st.integers(1, 6),
        "credit__posted_rate": st.floats(0.03, 0.4),
        "credit__annual_default_rate": st.floats(0.001, 0.5),
        "platforms__openness": st.sampled_from(["traffic", "customers", "technology"]),
        "platforms__integration_slots": st.integers(0, 5),
        "platforms__precision": st.floats(0.05, 20.0),
        "platforms__lender_equity": st.floats(0.0, 1e10),
        "platforms__data_share": share,
        "banks__rural__precision": st.floats(0.01, 5.0),
        "banks__city__equity": st.floats(1e6, 1e10),
        "banks__city__deposits_to_equity": st.floats(0.0, 5.0),
        "alliances__sequencing": st.sampled_from(["sign_then_cooperate", "cooperate_then_sign"]),
        "alliances__fit_sd": st.floats(0.0, 4.0),
        "alliances__operation_sd": st.floats(0.05, 3.0),
        "alliances__funding_share": st.floats(0.05, 1.0),
        "alliances__pilot_months": st.integers(0, 4),
        "alliances__pilot_setup_months": st.integers(0, 2),
        "alliances__pilot_slot_use": share,
        "alliances__pilot_scale_sd": st.floats(0.0, 1.0),
        "alliances__integration_months": st.integers(0, 3),
        "alliances__term_months": st.integers(2, 8),
        "alliances__review_months": st.integers(0, 4),
        "alliances__meeting_rate": share,
        "customers__conversion": share,
        "customers__loyalty": share,
        "customers__attrition": st.floats(0.0, 0.5),
        "customers__switch_probability": share,
        "customers__cash_offer_rate": share,
        "learning__doing": st.floats(0.0, 0.05),
        "learning__crowd_out": share,
    }
)
KEPT_POSITIVE = ("precision", "admission", "headroom", "overshoot", "research_spending", "expected_lending")


def check(market):
    """Every invariant of a market between two months; the books were checked by the month itself."""
    people, banks, pairs = market.world.borrowers, market.world.banks, market.world.pairs
    assert market.world.books.balance.sum() == 0
    assert (people.balance >= 0).all()
    assert ((people.awareness >= 0) & (people.awareness <= 1)).all()
    assert ((people.owner >= -1) & (people.owner < len(banks))).all()
    assert ((people.balance > 0) == (people.contract >= 0)).all()
    assert (people.months_left[people.balance > 0] > 0).all()
    for name in market.world.totals.dtype.names:
        if name != "predicted":
            assert (market.world.totals[name] >= 0).all(), name
    totals = market.world.totals
    seen = totals.unserved + totals.not_passed + totals.no_capacity + totals.refused + totals.offered
    assert (totals.visited == seen).all()
    assert (totals.offered == totals.declined + totals.originations).all()
    for name in KEPT_POSITIVE:
        assert (banks[name] >= 0.0).all(), name
    for table, name in ((banks, "admission"), (banks, "talent"), (banks, "legacy"), (pairs, "trust")):
        assert ((table[name] >= 0.0) & (table[name] <= 1.0)).all(), name
    assert (pairs.belief_variance >= 0.0).all()
    assert np.isfinite(pairs.belief_mean).all()
    weights = np.add.reduceat(market.world.routing.weight, market.world.routing.start[:-1])
    np.testing.assert_allclose(weights, 1.0, atol=1e-9)
    served = market.world.alliances.share_served
    assert ((served >= 0.0) & (served <= 1.0)).all()
    used_platforms, used_banks = slots_used(market.world)
    assert (used_platforms <= market.world.platforms.slots + 1e-6).all()
    assert (used_banks <= banks.slots + 1e-6).all()


def test_invariants_hold_in_random_scenarios(make_setting):
    @settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(SCENARIOS, st.integers(0, 10_000))
    def holds(changes, seed):
        market = Market(make_setting(**changes, years=1), seed)
        for _ in range(9):
            market.step()
            check(market)

    holds()


def test_measures_of_random_scenarios_are_sane(make_setting):
    @settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(SCENARIOS, st.integers(0, 10_000))
    def holds(changes, seed):
        tables = simulate(make_setting(**changes, years=0.5), seed)
        months = tables["months"]
        for name, column in months.items():
            if column.dtype.kind != "f":
                continue
            known = column[~np.isnan(column)]
            assert np.isfinite(known).all(), name
            if name.startswith(("approval_rate", "own_share", "dormant_share", "largest")):
                assert ((known >= 0) & (known <= 1)).all(), name
            counts = ("balance", "originations", "served", "customers", "applications", "alliances_")
            if name.startswith(counts) and not name.startswith("customers_change"):
                assert (known >= 0).all(), name

    holds()
