"""Adaptive choice in a running market: frozen it is the fixed arm; payoffs are what was earned; pacts stay."""

import numpy as np
import pytest

from colend.equations.attraction import choice_probabilities, chosen
from colend.rules.adaptive import choice_draws
from colend.scenario.parameters import OPENNESS, SEQUENCING
from colend.state.tables import ENDED

BOTH = {"alliances__sequencing": "adaptive", "platforms__openness": "adaptive"}
QUICK = BOTH | {"adaptive__interval_months": 6, "adaptive__evaluation_months": 5}


@pytest.mark.parametrize(("sequencing", "openness"), [(0, 2), (1, 0)])
def test_frozen_with_one_option_is_the_fixed_arm(make_market, sequencing, openness):
    fixed = make_market(seed=3, alliances__sequencing=SEQUENCING[sequencing], platforms__openness=OPENNESS[openness])
    mixes = {
        "adaptive__initial_sequencing": {name: float(i == sequencing) for i, name in enumerate(SEQUENCING)},
        "adaptive__initial_openness": {name: float(i == openness) for i, name in enumerate(OPENNESS)},
    }
    frozen = make_market(seed=3, adaptive__interval_months=0, **BOTH, **mixes)
    for market in (fixed, frozen):
        for _ in range(24):
            market.step()
    assert repr(frozen.history) == repr(fixed.history)  # NaN too
    assert frozen.world.books.balance.tobytes() == fixed.world.books.balance.tobytes()


def test_first_choices_are_the_start_mix(make_market):
    """Share of 140 banks within 4 standard errors of 0.3, sqrt(0.3 * 0.7 / n)."""
    mix = {"sign_then_cooperate": 0.3, "cooperate_then_sign": 0.7}
    market = make_market(adaptive__initial_sequencing=mix, banks__rural__number=400, **BOTH)
    chosen_first = market.world.banks.sequencing == 0
    assert abs(chosen_first.mean() - 0.3) <= 4.0 * np.sqrt(0.21 / len(chosen_first))


def test_payoffs_are_what_alliances_earned_and_revisions_follow_them(make_market):
    market, group = make_market(seed=2, years=3, **QUICK), None
    group = market.parameters.adaptive
    values, counted = {}, np.zeros((len(market.world.banks), 2))
    met = np.zeros_like(counted)
    for month in range(30):
        rows = np.flatnonzero(market.world.alliances.met == month - group.evaluation_months)
        values = market.world.alliances[rows]
        np.add.at(
            counted,
            (values.bank, values.sequencing),
            values.bank_value / market.world.banks.initial_equity[values.bank],
        )
        np.add.at(met, (values.bank, values.sequencing), 1)
        before = market.world.banks.copy()
        market.step()
        banks = market.world.banks
        if month == 0 or month % group.interval_months:
            assert (banks.sequencing == before.sequencing).all()
            for place, name in enumerate(SEQUENCING):
                assert banks[f"payoff_{name}"] == pytest.approx(counted[:, place], abs=1e-15)
                assert (banks[f"meetings_{name}"] == met[:, place]).all()
            continue
        for place, name in enumerate(SEQUENCING):  # who used an option moves to its own mean
            used = met[:, place] > 0
            weight = group.memory * before.experience_sequencing
            own = (weight * before[f"attraction_{name}"])[used] + (counted[:, place] / np.maximum(met[:, place], 1))[
                used
            ]
            assert banks[f"attraction_{name}"][used] == pytest.approx(own / (weight[used] + 1.0))
        attraction = np.column_stack([banks[f"attraction_{name}"] for name in SEQUENCING])
        odds = choice_probabilities(attraction, group.bank_sensitivity)
        draws = choice_draws(market.world, "bank", "sequencing", month)
        unseen = (attraction == 0.0).all(axis=1)
        assert (banks.sequencing == np.where(unseen, before.sequencing, chosen(odds, draws))).all()
        counted[:], met[:] = 0.0, 0
    assert len(market.world.alliances) > 20


def test_who_has_seen_nothing_keeps_its_first_choice(make_market):
    market = make_market(seed=2, years=4, **{**QUICK, "adaptive__evaluation_months": 24})
    first = market.world.banks.sequencing.copy(), market.world.platforms.openness.copy()
    while market.month <= 24:
        market.step()
        if market.month <= 24:
            assert (market.world.banks.sequencing == first[0]).all()
            assert (market.world.platforms.openness == first[1]).all()
    for _ in range(12):
        market.step()
    assert (market.world.banks.sequencing != first[0]).any()


def test_running_pacts_stay_as_agreed_and_free_pairs_follow(make_market):
    market = make_market(seed=2, years=3, **QUICK, adaptive__platform_sensitivity=0)
    agreed, switched = {}, 0
    for _ in range(30):
        opened = market.world.platforms.openness.copy()
        market.step()
        switched += int((market.world.platforms.openness != opened).sum())
        pairs = market.world.pairs
        for row in np.flatnonzero(market.world.alliances.stage != ENDED):
            alliance = market.world.alliances[row]
            assert agreed.setdefault(row, alliance.openness) == alliance.openness
            assert pairs.openness[alliance.platform * len(market.world.banks) + alliance.bank] == alliance.openness
        free = pairs.alliance < 0
        today = np.repeat(market.world.platforms.openness, len(market.world.banks))
        assert (pairs.openness[free] == today[free]).all()
    assert switched > 0


def test_options_that_are_closed_are_never_chosen(make_market):
    settings = {
        "adaptive__openness_options": ["traffic", "technology"],
        "adaptive__initial_openness": {"traffic": 1, "customers": 0, "technology": 0},
        "adaptive__platform_sensitivity": 0,
    }
    market, seen = make_market(years=3, **QUICK, **settings), set()
    for _ in range(30):
        market.step()
        seen |= set(market.world.platforms.openness.tolist())
    assert seen == {0, 2}


def test_a_saved_market_goes_on_as_it_would_have(make_market):
    market = make_market(seed=4, **QUICK)
    for _ in range(8):
        market.step()
    twin = market.fork()
    for one in (market, twin):
        for _ in range(8):
            one.step()
    assert repr(twin.history) == repr(market.history)
