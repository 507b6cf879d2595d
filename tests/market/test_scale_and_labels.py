"""Results do not hang on the number of simulated borrowers, nor on the names of arms, nor on who else is there."""

import math

import numpy as np
import pytest

from colend.market import Market, simulate
from colend.rules.founding import found_banks


def outcome(make_setting, borrowers, seed):
    """Belief, learning and pacts after two years, of a market of that many simulated borrowers for the same people."""
    setting = make_setting(population__borrowers=borrowers, alliances__sequencing="cooperate_then_sign", years=2)
    market = Market(setting, seed)
    for _ in range(market.months):
        market.step()
    met = np.unique(market.world.alliances.pair)
    error = np.abs(market.world.pairs.belief_mean - market.world.pairs.fit)[met]
    return np.array([error.mean(), market.world.banks.precision.mean(), float(len(market.world.alliances))])


@pytest.mark.parametrize(("few", "many"), [(10_000, 100_000)])
def test_beliefs_learning_and_alliances_do_not_hang_on_the_number_of_borrowers(make_setting, few, many):
    """Paired by seed, the mean difference is within four standard errors of zero, s / sqrt(n) over n = 6 seeds; a floor
    of 1 % of the level stands for seeds on which nothing at all differs."""
    differences = np.array([outcome(make_setting, many, s) - outcome(make_setting, few, s) for s in range(6)])
    level = np.abs(outcome(make_setting, few, 0))
    error = differences.std(axis=0, ddof=1) / math.sqrt(len(differences))
    assert (np.abs(differences.mean(axis=0)) <= 4 * error + 0.01 * level).all()


def test_swapping_the_names_of_arms_swaps_the_results(make_setting):
    def runs(names):
        return {
            name: simulate(make_setting(arm=name, alliances__sequencing=sequencing, years=1), 4)["runs"]
            for name, sequencing in zip(names, ("sign_then_cooperate", "cooperate_then_sign"), strict=True)
        }

    straight, swapped = runs(["a", "b"]), runs(["b", "a"])
    for measure, value in straight["a"].items():
        np.testing.assert_array_equal(value, swapped["b"][measure])
        np.testing.assert_array_equal(straight["b"][measure], swapped["a"][measure])


def test_one_agent_more_changes_nobody_elses_draws(make_setting):
    few = make_setting().parameters
    more = make_setting(banks__city__number=6, population__borrowers=2_001).parameters
    before, after = found_banks(few, 3), found_banks(more, 3)
    for name in ("equity", "talent", "legacy", "horizon_months", "capital_ratio"):
        np.testing.assert_array_equal(before[name][:5], after[name][:5])
        np.testing.assert_array_equal(before[name][5:], after[name][6:])
    one, other = Market(make_setting(), 3), Market(make_setting(population__borrowers=2_001), 3)
    for name in ("creditworthiness", "segment", "region", "platform", "amount", "reservation_rate", "owner"):
        np.testing.assert_array_equal(one.world.borrowers[name], other.world.borrowers[name][:2_000])
    wider = Market(make_setting(banks__city__number=6), 3)
    fits = one.world.pairs.fit.reshape(3, 13), wider.world.pairs.fit.reshape(3, 14)
    np.testing.assert_array_equal(np.delete(fits[1], 5, axis=1), fits[0])


def test_seeds_differ(make_setting):
    one, other = (simulate(make_setting(years=1), seed)["runs"]["first_loans"] for seed in (1, 2))
    assert one != other
