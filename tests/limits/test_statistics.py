"""Statistics on runs of the market: intervals cover what they claim, paired differences vary as they claim.

400 seeds of a small market in two arms, in groups of five as if each were an experiment; known is what all seeds say.
"""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from colend.experiment.statistics import COMPARISON, comparison

SEEDS, GROUP = 400, 5
GROUPS = SEEDS // GROUP
ARMS = {"base": 0.5, "other": 0.7}  # loyalty of customers
ROUNDING = 1e-9
MEASURES = ("originated", "interest", "applications")


@pytest.fixture(scope="module")
def experiment(make_setting):
    """float64[arm, group, seed, measure] of four months, and the comparison of every group, [group, measure] by
    column."""
    from colend.market import Market

    values = np.zeros((len(ARMS), SEEDS, len(MEASURES)))
    small = {"population__borrowers": 300, "population__persons": 3_000_000, "population__regions": 1, "years": 1}
    few = {"banks__city__number": 1, "banks__rural__number": 1, "banks__consumer_finance__number": 0}
    for arm, loyalty in enumerate(ARMS.values()):
        setting = make_setting(
            platforms__number=1, platforms__user_share=[1.0], customers__loyalty=loyalty, **small, **few
        )
        for seed in range(SEEDS):
            market = Market(setting, seed)
            for _ in range(4):
                market.step()
                totals = market.world.totals[:2]  # the banks' own channels
                values[arm, seed] += [totals[name].sum() for name in MEASURES]
            market.dissolve()
    rows = []
    for group in range(GROUPS):
        seeds = np.arange(GROUP) + GROUP * group
        frames = [
            pd.DataFrame(
                {"arm": arm, "seed": seeds, "point": ""} | dict(zip(MEASURES, values[i, seeds].T, strict=True))
            )
            for i, arm in enumerate(ARMS)
        ]
        found = comparison(pd.concat(frames, ignore_index=True), "base", MEASURES)
        rows.append(found[found["arm"] == "other"].set_index("measure").loc[list(MEASURES)])
    told = {name: np.array([row[name].to_numpy() for row in rows]) for name in COMPARISON[3:]}
    return values.reshape(len(ARMS), GROUPS, GROUP, -1), told


@pytest.mark.slow
def test_intervals_of_a_market_cover_what_they_claim(experiment, compare):
    """A group's mean is off the mean of all by sigma sqrt((1 - 5/400)/5), so 95 % becomes P(|t_4| < t/sqrt(1 - 5/400));
    sqrt(p(1 - p)/80). Sums of hundreds of loans are near normal: t intervals are then off by less than a per cent."""
    values, told = experiment
    known = 1.0 - 2.0 * stats.t.sf(stats.t.ppf(0.975, GROUP - 1) / np.sqrt(1.0 - GROUP / SEEDS), GROUP - 1)
    error = np.sqrt(known * (1.0 - known) / GROUPS)
    all_seeds = values.mean(axis=(1, 2))
    for place, measure in enumerate(MEASURES):
        for what, low, high, truth in (
            ("mean", "mean_low", "mean_high", all_seeds[1]),
            ("paired difference", "low", "high", all_seeds[1] - all_seeds[0]),
        ):
            inside = (told[low] <= truth) & (truth <= told[high])
            compare(f"{what} of {measure}: covered", inside[:, place].mean(), known, error)


@pytest.mark.slow
def test_paired_differences_vary_as_claimed(experiment, compare):
    """Var(a - b) = Var a + Var b - 2 Cov(a, b): what the interval's width claims, from the same group's deviations and
    correlation, to rounding; and what 80 groups' differences do, five times their variance, each share of the mean
    claim with error sqrt(2/79 + 2/320), both chi squared. Common seeds make it smaller than that of unpaired arms."""
    values, told = experiment
    quantile = stats.t.ppf(0.975, GROUP - 1)
    claimed = ((told["high"] - told["low"]) / 2.0 / quantile) ** 2 * GROUP
    base = values[0].std(axis=1, ddof=1)
    apart = told["sd"] ** 2 + base**2
    paired = apart - 2.0 * told["correlation"] * told["sd"] * base
    shared = np.abs(claimed / paired - 1.0).max()
    compare("claimed variance of a difference, largest error", shared, 0.0, 0.0, ROUNDING)
    between = GROUP * told["difference"].var(axis=0, ddof=1) / claimed.mean(axis=0)
    for place, measure in enumerate(MEASURES):
        error = np.sqrt(2.0 / (GROUPS - 1) + 2.0 / (GROUPS * (GROUP - 1)))
        compare(f"variance of differences of {measure} over the claimed", between[place], 1.0, error)
    assert (claimed.mean(axis=0) < apart.mean(axis=0)).all()
