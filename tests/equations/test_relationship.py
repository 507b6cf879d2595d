"""Awareness, customer value, and the choice of touchpoints against plain enumeration."""

import itertools

import numpy as np
import pytest

from colend.equations.relationship import (
    AWAY,
    BRANCH,
    HOME,
    annuity,
    awareness_at_end,
    awareness_gain,
    best_set,
    conversion_probability,
    customer_value,
    idle_share,
    set_members,
    touch_strength,
    touchpoint_benefits,
    touchpoint_costs,
)

STRENGTH = np.array([1.0, 0.5, 0.25, 0.8])
REACH = np.array([[0.6, 0.5, 0.4], [0.5, 0.5, 0.5], [0.4, 0.4, 0.3], [0.3, 0.2, 0.4]])
TERMS, SHARES = np.array([3.0, 6.0, 9.0, 12.0]), np.array([0.1, 0.25, 0.3, 0.35])


def test_sets_are_bit_patterns():
    members = set_members()
    assert members.shape == (16, 4)
    assert list(members[0b1010]) == [False, True, False, True]


def test_strength_of_a_set_adds_up_and_branches_stay_at_home():
    touch = touch_strength(STRENGTH, REACH)
    # app and branch, prime: 1 x 0.6 + 0.8 x 0.3 at home, the app alone elsewhere
    assert touch[0b1001, 0, HOME] == pytest.approx(0.84)
    assert touch[0b1001, 0, AWAY] == pytest.approx(0.6)
    assert touch[0].max() == 0.0


def test_awareness_by_hand_and_month_by_month():
    # g = 0.12, touch 0.5, visibility 1: 1 - exp(-0.06) a month
    assert awareness_gain(0.12, 0.5, 1.0) == pytest.approx(0.058235, abs=1e-6)
    expected = 0.0
    for term, share in zip(TERMS, SHARES, strict=True):
        awareness = 0.0
        for _ in range(int(term)):
            awareness += (1 - awareness) * awareness_gain(0.12, 0.5, 1.0)
        expected += share * awareness
    assert awareness_at_end(0.12, 0.5, 1.0, TERMS, SHARES) == pytest.approx(expected, rel=1e-12)
    assert awareness_at_end(0.12, 0.0, 1.0, TERMS, SHARES) == 0.0


def test_annuity_is_the_sum():
    assert annuity(0.99, 0.98, 24) == pytest.approx(sum((0.99 * 0.98) ** t for t in range(1, 25)))
    assert annuity(1.0, 1.0, 24) == 24


def test_customer_value_is_the_sum_and_a_short_horizon_is_worth_little():
    value = customer_value(0.992, 0.01, np.array([6, 60]), 0.02, 80.0)
    for got, horizon in zip(value, (6, 60), strict=True):
        assert got == pytest.approx(sum((0.992 * 0.99) ** t * 0.02 * 80.0 for t in range(1, horizon + 1)))
    assert value[0] < value[1] / 5


def test_idle_share_is_that_of_a_renewal_process():
    generator = np.random.default_rng(3)
    need, funded, term = 0.08, 0.7, 9
    idle = left = 0
    for draws in generator.random((200_000, 2)):
        if left > 0:
            left -= 1
            continue
        idle += 1
        if draws[0] < need and draws[1] < funded:
            left = term
    assert idle_share(need, funded, term) == pytest.approx(idle / 200_000, abs=0.015)


def test_conversion_counts_those_who_have_a_bank():
    assert conversion_probability(0.15, 0.5, 0.2) == pytest.approx(0.15 * (0.5 + 0.5 * 0.2))


def test_best_set_is_what_plain_enumeration_finds():
    """Ten random banks: every set's benefit less cost, loan by loan, against the vectorised choice."""
    generator = np.random.default_rng(8)
    banks, segments, openness = 10, 3, 3
    visibility = np.array([0.03, 1.0, 1.0])
    flow = generator.gamma(1.0, 3_000.0, (banks, segments, openness))
    worth = generator.gamma(2.0, 4.0, (banks, segments))
    scale = generator.choice([1.0, 0.3], banks)
    home = generator.random(banks)
    fixed, each = np.array([60_000.0, 20_000.0, 8_000.0, 15_000.0]), np.array([0.05, 0.05, 0.02, 0.5])
    running = flow.sum(axis=2) * 8.7
    touch = touch_strength(STRENGTH, REACH)
    awareness = awareness_at_end(0.12, touch[:, :, None, :], visibility[:, None], TERMS, SHARES)
    benefits = touchpoint_benefits(awareness, flow, worth, home)
    costs = touchpoint_costs(fixed, each, REACH, scale, running, home)
    chosen = best_set(benefits, costs)
    for b in range(banks):
        nets = []
        for members in itertools.product([0, 1], repeat=4):
            held = members[::-1]  # the first touchpoint is the lowest bit
            net = 0.0
            for k in range(4):
                part = home[b] if k == BRANCH else 1.0
                reached = sum(running[b, s] * REACH[k, s] for s in range(segments))
                net -= held[k] * (scale[b] * fixed[k] + each[k] * part * reached)
            for s, o in itertools.product(range(segments), range(openness)):
                for place, share in ((HOME, home[b]), (AWAY, 1.0 - home[b])):
                    strength = sum(
                        held[k] * STRENGTH[k] * REACH[k, s] for k in range(4) if k != BRANCH or place == HOME
                    )
                    pace = 0.12 * strength * visibility[o]
                    mean = sum(w * (1 - np.exp(-pace * t)) for t, w in zip(TERMS, SHARES, strict=True))
                    net += share * flow[b, s, o] * worth[b, s] * mean
            nets.append(net)
        assert chosen[b] == int(np.argmax(nets))
        assert benefits[b] - costs[b] == pytest.approx(nets, rel=1e-9, abs=1e-6)
    assert len(set(chosen)) > 1  # the case is not trivial


def test_nothing_is_bought_when_nothing_is_lent():
    benefits = touchpoint_benefits(np.ones((16, 3, 3, 2)), np.zeros((2, 3, 3)), np.ones((2, 3)), np.array([0.1, 0.1]))
    costs = touchpoint_costs(
        np.full(4, 10.0), np.ones(4), REACH, np.array([1.0, 0.0]), np.zeros((2, 3)), np.array([0.1, 0.1])
    )
    assert list(best_set(benefits, costs)) == [0, 0]
