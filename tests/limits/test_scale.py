"""Scale: a hundred thousand, a million and ten million simulated borrowers say the same of the same hundred million.

Banks, platforms and pairs draw the same whatever the number of borrowers, and the first borrowers of a large market are
those of a small one, so a difference has variance s^2 (1/n - 1/m). It is measured on small markets over seeds, where it
is largest and cheapest, and carried to large ones by that formula. All are partners from the first month: a choice that
hangs by a hair would jump. Intercepts hardly move: their prior weight is in simulated loans, so how fast they follow
what happens does hang on the number of borrowers.
"""

import numpy as np
import pytest
from scipy import stats

MONTHS, SEEDS, FEW, MANY = 8, 12, 10_000, 50_000
ROUNDING = 1e-9
PEOPLE = {
    "population__persons": 100_000_000,
    "credit__intercept_prior_weight": 10_000,
    "credit__asset_correlation": 0.0,
    "banks__rural__equity": {"lognormal": [2e10, 0.6]},
    "banks__rural__precision": {"uniform": [0.1, 0.6]},
}
NAMES = (
    "precision of banks",
    "error of beliefs",
    "applications a month, m",
    "joint loans, bn yuan",
    "own loans, bn yuan",
    "joint loans, cooperate first less sign first, bn yuan",
)


def outcome(make_partners, borrowers, seed):
    """NAMES after eight months, and the logs of what customers owe each bank and of its precision."""
    from colend.state.tables import JOINT, OWN

    loans = []
    for sequencing in ("cooperate_then_sign", "sign_then_cooperate"):
        settings = PEOPLE | {"population__borrowers": borrowers, "alliances__sequencing": sequencing}
        market = make_partners(3, 30, seed, **settings)
        for _ in range(MONTHS):
            market.step()
        contracts = market.world.contracts
        loans.append([contracts["balance"][contracts["kind"] == kind].sum() / 1e11 for kind in (JOINT, OWN)])
    banks, pairs = market.world.banks, market.world.pairs
    found = [
        banks["precision"].mean(),
        np.abs(pairs["belief_mean"] - pairs["fit"]).mean(),
        market.world.platforms["applications"].sum() / 1e6,
        *loans[1],
        loans[0][0] - loans[1][0],
    ]
    return np.array(found), np.log([banks[name] for name in ("consumer_loans", "precision")])


def unlike(few, many):
    """How far two outcomes are apart, and how much of a correlation of 1 is missing between their banks."""
    missing = [1.0 - stats.pearsonr(one, other).statistic for one, other in zip(few[1], many[1], strict=True)]
    return many[0] - few[0], np.array(missing)


@pytest.fixture(name="spread", scope="module")
def spread_fixture(make_partners):
    """Standard deviation of a difference, and mean and standard deviation of the missing correlation, per unit of
    1/n - 1/m."""
    pairs = [unlike(*(outcome(make_partners, number, seed) for number in (FEW, MANY))) for seed in range(SEEDS)]
    differences, missing = (np.array(part) for part in zip(*pairs, strict=True))
    unit = 1.0 / FEW - 1.0 / MANY
    return np.sqrt((differences**2).mean(axis=0) / unit), missing.mean(axis=0) / unit, missing.std(axis=0) / unit


@pytest.mark.slow  # tests/market has the same of fewer borrowers
@pytest.mark.parametrize(("few", "many"), [(100_000, 1_000_000), (1_000_000, 10_000_000)])
def test_the_number_of_borrowers_changes_nothing_but_the_noise(make_partners, spread, compare, few, many):
    """Differences: s sqrt(1/n - 1/m). Noise of relative variance e takes about e/2 off a correlation of banks, so what
    is missing of it falls as 1/n - 1/m (ranks would not: neighbours swap with a chance that falls as the deviation)."""
    small, large = (outcome(make_partners, number, 0) for number in (few, many))
    _, missing = unlike(small, large)
    unit, (error, lost, lost_error) = 1.0 / few - 1.0 / many, spread
    what = f"{few:,} and {many:,} borrowers"
    for name, one, other, s in zip(NAMES, small[0], large[0], error, strict=True):
        compare(f"{what}: {name}", one, other, s * np.sqrt(unit))
    for name, measured, mean, s in zip(("loans", "precision"), missing, lost, lost_error, strict=True):
        compare(f"{what}: correlation of banks by log {name}", 1.0 - measured, 1.0 - mean * unit, s * unit, ROUNDING)
