"""V and V_pilot against brute-force dynamic programming on a fine grid of beliefs."""

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy import stats

from colend.compilation import compiled
from colend.equations.fit import logistic_normal_mean, share_table
from colend.equations.valuation import TERMS, Tables, ahead_of, alliance_value, annuity_between, pilot_value, value_rows

TABLES = Tables(share_table(2.0), share_table(2.0), np.empty(share_table(2.0).shape[1]))


def terms(**changes):
    row = np.zeros(1, dtype=TERMS).view(np.recarray)
    values = {
        "gain": 2_000_000.0,
        "cost": 700_000.0,
        "pilot_gain": 200_000.0,
        "pilot_monthly_cost": 80_000.0,
        "signing": 150_000.0,
        "integration": 1_000_000.0,
        "setup": 300_000.0,
        "noise": 0.65,
        "pilot_noise": 0.68,
        "pilot_scale_variance": 0.0,
        "operation_variance": 0.64,
        "discount": 1.1 ** (-1 / 12),
        "integration_months": 4,
        "review_months": 6,
        "months": 36,
        "setup_months": 1,
        "pilot_months": 6,
        "continues": 0.0,
    } | changes
    for name, value in values.items():
        row[name] = value
    return row[0]


class BruteForce:
    """The same decisions month by month on grids: beliefs move by normal steps, a choice is a maximum."""

    def __init__(self, row):
        self.row = row
        self.z = np.linspace(-8, 8, 1_601)
        self.weight = stats.norm.pdf(self.z) * (self.z[1] - self.z[0])

    def surplus(self, means, variance, gain, cost):
        grid = np.linspace(means.min() - 0.1, means.max() + 0.1, 400)
        shares = [logistic_normal_mean(mean, variance + self.row.operation_variance) for mean in grid]
        return gain * np.interp(means, grid, shares) - cost

    def alliance(self, means, variance):
        """V at each of these means: months of integration, of operation without a choice, then the option at review."""
        row = self.row
        later = 1 / (1 / variance + row.review_months / row.noise) if variance > 0 else 0.0
        spread = math.sqrt(max(variance - later, 0.0))
        value = np.full(len(means), -row.signing - row.integration)
        now = self.surplus(means, variance, row.gain, row.cost)
        reviewed = means[:, None] + spread * self.z
        flat = self.surplus(reviewed.ravel(), later, row.gain, row.cost).reshape(reviewed.shape)
        option = (np.maximum(flat, 0.0) * self.weight).sum(axis=1)
        pilot = self.surplus(means, variance, row.pilot_gain, row.pilot_monthly_cost) if row.continues else 0.0
        for month in range(1, int(row.months) + 1):
            if month <= row.integration_months:
                value += row.discount**month * pilot
            elif month > row.integration_months + row.review_months:
                value += row.discount**month * option
            elif month > row.integration_months:
                value += row.discount**month * now
        return value

    def pilot(self, mean, variance):
        row = self.row
        value = -row.setup
        during = self.surplus(np.array([mean]), variance, row.pilot_gain, row.pilot_monthly_cost)[0]
        for month in range(int(row.setup_months) + 1, int(row.setup_months + row.pilot_months) + 1):
            value += row.discount**month * during
        later = 1 / (1 / variance + row.pilot_months / row.pilot_noise) if variance > 0 else 0.0
        grid = mean + math.sqrt(max(variance - later, 0.0)) * self.z[::8]
        signed = (
            np.interp(mean + math.sqrt(max(variance - later, 0.0)) * self.z, grid, self.alliance(grid, later))
            if later < variance
            else self.alliance(np.full(len(self.z), mean), later)
        )
        decision = (np.maximum(signed, 0.0) * self.weight).sum()
        return value + row.discount ** (row.setup_months + row.pilot_months) * decision


def v(mean, variance, row):
    return alliance_value(mean, variance, row, ahead_of(variance, row, TABLES), TABLES)


@pytest.mark.parametrize("mean", [-2.5, -0.6, 0.8])
@pytest.mark.parametrize("variance", [1e-6, 0.4, 1.5625])
def test_v_is_what_dynamic_programming_says(mean, variance):
    row = terms()
    expected = BruteForce(row).alliance(np.array([mean]), variance)[0]
    assert v(mean, variance, row) == pytest.approx(expected, rel=2e-4, abs=2e-4 * row.gain)


@pytest.mark.parametrize("mean", [-1.5, 0.0])
@pytest.mark.parametrize(("variance", "continues"), [(0.4, 0.0), (1.5625, 0.0), (1.5625, 1.0)])
def test_v_pilot_is_what_dynamic_programming_says(mean, variance, continues):
    row = terms(continues=continues)
    assert pilot_value(mean, variance, row, TABLES) == pytest.approx(
        BruteForce(row).pilot(mean, variance), rel=1e-3, abs=2e-3 * row.gain
    )


def test_without_uncertainty_an_option_is_worth_nothing_and_with_it_something():
    row = terms()
    for mean in (-1.0, 0.0, 1.0):
        certain = v(mean, 0.0, row)
        s = row.gain * logistic_normal_mean(mean, 0.64) - row.cost
        fixed = annuity_between(row.discount, 5, 10) * s + annuity_between(row.discount, 11, 36) * max(0.0, s)
        assert certain == pytest.approx(fixed - row.signing - row.integration, rel=1e-6)
        end = row.discount**7
        during = annuity_between(row.discount, 2, 7) * (
            row.pilot_gain * logistic_normal_mean(mean, 0.64) - row.pilot_monthly_cost
        )
        assert pilot_value(mean, 0.0, row, TABLES) == pytest.approx(
            during - row.setup + end * max(0.0, certain), rel=1e-6
        )
    # a pact that loses on average is worth trying when much is unknown and little is at stake
    bold = terms(signing=0.0, integration=0.0, review_months=1)
    values = [v(-1.2, variance, bold) for variance in (0.01, 0.5, 1.5, 3.0)]
    assert all(later > earlier for earlier, later in pairwise(values))


def test_a_pilot_of_no_months_that_costs_nothing_is_the_choice_to_sign():
    row = terms(setup=0.0, setup_months=0, pilot_months=0)
    for mean in (-2.0, -0.5, 0.7):
        assert pilot_value(mean, 1.5625, row, TABLES) == max(0.0, v(mean, 1.5625, row))


def test_a_short_horizon_leaves_only_cost():
    assert v(2.0, 1.0, terms(months=4)) == -1_150_000.0
    assert v(2.0, 1.0, terms(months=36)) > v(2.0, 1.0, terms(months=20)) > v(2.0, 1.0, terms(months=8))


def test_annuities_by_hand():
    assert annuity_between(0.5, 1, 3) == pytest.approx(0.875)
    assert annuity_between(0.5, 4, 3) == 0.0
    assert annuity_between(1.0, 2, 5) == 4.0


def test_what_differs_from_the_whole_teaches_less():
    values = [pilot_value(-0.8, 1.5625, terms(pilot_scale_variance=scale), TABLES) for scale in (0.0, 0.5, 5.0)]
    assert values[0] > values[1] > values[2]


def test_compiled_and_plain_agree():
    rows = np.zeros(4, dtype=TERMS).view(np.recarray)
    for i in range(4):
        rows[i] = terms(gain=1e6 * (i + 1))
    means, variances, pilots = np.linspace(-1, 1, 4), np.full(4, 1.2), np.array([0, 1, 0, 1])
    fast, plain = np.zeros(4), np.zeros(4)
    compiled(value_rows, False)(means, variances, rows, TABLES, pilots, fast)
    value_rows(means, variances, rows, TABLES, pilots, plain)
    assert (fast == plain).all()
