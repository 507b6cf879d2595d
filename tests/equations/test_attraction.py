"""Experience-weighted attraction on two-by-two games, against closed forms; the functions are the market's own."""

import numpy as np
import pytest

from colend.equations.attraction import choice_probabilities, chosen, reinforcement, updated

DILEMMA = np.array([[3.0, 0.0], [4.0, 1.0]])  # the second option earns 1 more whatever the other does
COORDINATION = np.array([[2.0, 0.0], [0.0, 1.0]])


def play(game, attraction, rounds, memory, cumulation, sensitivity, foregone_weight=1.0):
    """Two populations that see what both options earn on average against the other's mix."""
    experience = np.ones(2)
    for _ in range(rounds):
        mix = choice_probabilities(attraction, sensitivity)
        payoff = reinforcement(np.full((2, 2), np.nan), (game @ mix[::-1].T).T, foregone_weight)
        attraction, experience = updated(attraction, experience, payoff, memory, cumulation)
    return attraction, choice_probabilities(attraction, sensitivity), experience


@pytest.mark.parametrize("memory", [0.0, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("cumulation", [0.0, 0.3, 1.0])
def test_attraction_under_dominance(memory, cumulation):
    """The gap of payoffs is 1 in every round, so the gap of attractions is sum phi^(T-t) / N_T, N_T a geometric sum."""
    rounds, decay = 7, memory * (1.0 - cumulation)
    attraction, mix, experience = play(DILEMMA, np.zeros((2, 2)), rounds, memory, cumulation, 0.7)
    weight = decay**rounds + sum(decay**k for k in range(rounds))
    gap = sum(memory**k for k in range(rounds)) / weight
    assert experience == pytest.approx(weight)
    assert attraction[:, 1] - attraction[:, 0] == pytest.approx(gap)
    assert mix[:, 1] == pytest.approx(1.0 / (1.0 + np.exp(-0.7 * gap)))


def test_no_memory_is_the_logit_equilibrium():
    """Without memory a round is the logit best response; its rest point solves p = 1 / (1 + exp(-lambda (3 p - 1)))."""
    start = np.tile([0.5, 0.0], (2, 1))
    _, mix, _ = play(COORDINATION, start, 400, 0.0, 0.0, 1.0)
    p = mix[0, 0]
    assert p == pytest.approx(1.0 / (1.0 + np.exp(-(2.0 * p - (1.0 - p)))), abs=1e-12)
    assert mix[1] == pytest.approx(mix[0])


@pytest.mark.parametrize(("start", "wins"), [((0.1, 0.0), 0), ((0.0, 0.1), 1)])
def test_without_noise_the_start_decides_between_equilibria(start, wins):
    _, mix, _ = play(COORDINATION, np.tile(start, (2, 1)), 5, 0.9, 0.0, np.inf)
    assert mix[:, wins].tolist() == [1.0, 1.0]


def test_sensitivity_without_limit_and_without_effect():
    attraction = np.array([[1.0, 2.0], [3.0, 3.0], [-1e300, 5.0]])
    assert choice_probabilities(attraction, np.inf).tolist() == [[0.0, 1.0], [0.5, 0.5], [0.0, 1.0]]
    assert choice_probabilities(attraction, 0.0).tolist() == [[0.5, 0.5]] * 3
    closed = np.array([[1.0, -np.inf]])
    assert all(choice_probabilities(closed, one).tolist() == [[1.0, 0.0]] for one in (0.0, 1.0, np.inf))


def test_full_memory_is_the_plain_mean_and_what_is_unseen_stays():
    payoffs = [3.0, -1.0, 4.0]
    attraction, experience = np.array([[0.0, 7.0]]), np.ones(1)
    for payoff in payoffs:
        attraction, experience = updated(attraction, experience, np.array([[payoff, np.nan]]), 1.0, 0.0)
    assert attraction.tolist() == [[pytest.approx(sum(payoffs) / 4.0), 7.0]]  # the first attraction counts once
    same, still = updated(attraction, experience, np.full((1, 2), np.nan), 0.5, 0.0)
    assert (same == attraction).all()
    assert (still == experience).all()


def test_reinforcement_is_own_before_others():
    own, peers = np.array([[2.0, np.nan, np.nan]]), np.array([[9.0, 4.0, np.nan]])
    assert reinforcement(own, peers, 0.5)[0, :2].tolist() == [2.0, 2.0]
    assert np.isnan(reinforcement(own, peers, 0.5)[0, 2])


def test_choices_follow_their_probabilities():
    """Frequencies of 100,000 draws within 4 standard errors, sqrt(p (1 - p) / n); nothing of probability 0."""
    n, p = 100_000, np.array([0.2, 0.0, 0.5, 0.3, 0.0])
    taken = chosen(np.tile(p, (n, 1)), np.random.default_rng(1).random(n))
    share = np.bincount(taken, minlength=5) / n
    assert (np.abs(share - p) <= 4.0 * np.sqrt(p * (1.0 - p) / n)).all()
    assert chosen(p[None], np.array([1.0])).tolist() == [3]
