"""Default: a homogeneous pool over states of the economy is Vasicek's, in a month and, the state held, in a year.

Given M everybody defaults with probability p(M) = Phi((d - sqrt(rho) M)/sqrt(1 - rho + beta^2)) a month (beta = 0.01,
z averaged out), so K of n loans is binomial given M and the rate K/n has mean E p and variance var p + E p(1 - p)/n.
"""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from colend.market import Market
from colend.month.economy import economy
from colend.scenario.parameters import SEGMENTS

CORRELATION, LOADING = 0.15, 0.01
STATES = np.linspace(-8.0, 8.0, 321)  # of M; the trapezoid rule is exact to 1e-12 for what follows
WEIGHTS = stats.norm.pdf(STATES) * (STATES[1] - STATES[0])
POOL = {
    "population__borrowers": 6_000,
    "population__persons": 6_000,
    "population__monthly_need": 1.0,
    "population__terms_months": [60],
    "population__term_shares": [1.0],
    "credit__asset_correlation": CORRELATION,
}


def hazard(threshold, state):
    """p(M)."""
    return stats.norm.cdf((threshold - np.sqrt(CORRELATION) * state) / np.sqrt(1 - CORRELATION + LOADING**2))


def test_the_state_of_the_economy_is_standard_normal_from_the_first_month_and_persists(make_setting, compare):
    """M_0 ~ N(0, 1) over seeds: 1/sqrt(n), sqrt(2/n); M_t - psi M_(t-1) has variance 1 - psi^2 and nothing of M_(t-1):
    sqrt(2/n) of it, 1/sqrt(n)."""
    persistence, seeds, months = 0.9, 2_000, 12
    setting = make_setting(population__borrowers=10, population__persons=10, macro__systematic_persistence=persistence)
    world, paths = Market(setting).world, np.zeros((seeds, months))
    for world.seed in range(seeds):
        for world.month in range(months):
            economy(world)
            paths[world.seed, world.month] = world.systematic_factor
    first, before, after = paths[:, 0], paths[:, :-1].ravel(), paths[:, 1:].ravel()
    compare("M of the first month, mean", first.mean(), 0.0, 1 / np.sqrt(first.size))
    compare("M of the first month, variance", (first**2).mean(), 1.0, np.sqrt(2 / first.size))
    news = (after - persistence * before) / np.sqrt(1 - persistence**2)
    compare("news of M, variance", (news**2).mean(), 1.0, np.sqrt(2 / news.size))
    compare("news of M against M before, correlation", np.corrcoef(news, before)[0, 1], 0.0, 1 / np.sqrt(news.size))


@pytest.fixture(name="months", scope="module")
def months_fixture(make_lender):
    """Without persistence a month is as good as a seed: loans and defaults of 5 x 300 months, int64[month, 3]."""
    loans, defaults = [], []
    for seed in range(5):
        market = make_lender(seed, **POOL, credit__lockout_months=0, macro__systematic_persistence=0.0)
        for month in range(301):
            market.step()
            if month > 0:
                loans.append(market.world.totals.loan_months.sum(axis=0))
                defaults.append(market.world.totals.defaults.sum(axis=0))
    return SimpleNamespace(threshold=market.world.default_threshold, loans=np.array(loans), defaults=np.array(defaults))


@pytest.mark.parametrize("segment", range(3), ids=SEGMENTS)
def test_monthly_default_rate_is_vasiceks(months, compare, segment):
    """Mean and variance of K/n by quadrature over M; standard errors sqrt(var/N), sqrt((fourth moment - var^2)/N) with
    the binomial's moments. U = F(K - 1) + V (F(K) - F(K - 1)), F the mixed binomial's, V uniform, is uniform: at the
    99.9 % quantile sqrt(0.001 0.999/N), all of it sqrt(ln(2/a)/2N) (Dvoretzky, Kiefer, Wolfowitz)."""
    name, threshold = SEGMENTS[segment], months.threshold[segment]
    number, count = months.loans[:, segment], months.defaults[:, segment]
    rate, p, size = count / number, hazard(threshold, STATES), len(number)
    mean = stats.norm.cdf(threshold / np.sqrt(1 + LOADING**2))
    own = p * (1 - p)
    second = WEIGHTS @ (p - mean) ** 2 + WEIGHTS @ own / number
    fourth = WEIGHTS @ (p - mean) ** 4 + 6 * (WEIGHTS @ ((p - mean) ** 2 * own)) / number
    fourth += (4 * (WEIGHTS @ ((p - mean) * own * (1 - 2 * p))) + 3 * (WEIGHTS @ own**2)) / number**2
    fourth += WEIGHTS @ (own * (1 - 6 * own)) / number**3
    compare(f"{name}: monthly default rate, mean", rate.mean(), mean, np.sqrt(second.sum()) / size)
    spread = np.sqrt((fourth - second**2).sum()) / size
    compare(f"{name}: monthly default rate, variance", ((rate - mean) ** 2).mean(), second.mean(), spread)
    below, at = (stats.binom.cdf(k[:, None], number[:, None], p) @ WEIGHTS for k in (count - 1, count))
    place = below + np.random.default_rng(0).random(size) * (at - below)
    beyond = np.sqrt(0.001 * 0.999 / size)
    compare(f"{name}: months beyond the 99.9 % quantile", (place > 0.999).mean(), 0.001, beyond)
    distance = np.sqrt(np.log(2 / (2 * stats.norm.sf(4))) / 2 / size) / 4
    compare(f"{name}: distribution", stats.kstest(place, "uniform").statistic, 0.0, distance)


def test_the_years_default_rate_with_the_state_held(make_lender, compare):
    """P(M) = 1 - (1 - p(M))^12 of a first month's loans, the market run with M held at each node of a Gauss-Hermite
    rule (15 nodes are exact to 1e-8 here) and at its 0.1 % quantile. Standard errors of the sums over nodes, w the
    weights, v = P(1 - P)/n: sqrt(sum w^2 v) of the mean, sqrt(sum w^2 (4 P^2 v + 2 v^2)) of the second moment."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(15)
    weights = weights / weights.sum()
    held = np.append(nodes, stats.norm.ppf(0.001))
    settings = {"population__borrowers": 40_000, "population__persons": 40_000, "credit__lockout_months": 250}
    loans, defaults = np.zeros((2, len(held), 3))
    for i, state in enumerate(held):
        market = make_lender(i, **POOL | settings, macro__systematic_persistence=1.0)
        market.step()
        loans[i] = market.world.totals.originations.sum(axis=0)
        market.world.systematic_factor = state
        for _ in range(12):
            market.step()
            defaults[i] += market.world.totals.defaults.sum(axis=0)
        assert market.world.systematic_factor == state
    for segment, name in enumerate(SEGMENTS):
        threshold, rate = market.world.default_threshold[segment], (defaults / loans)[:, segment]
        known = 1 - (1 - hazard(threshold, held)) ** 12
        own = known * (1 - known) / loans[:, segment]
        p = 1 - (1 - hazard(threshold, STATES)) ** 12
        error = np.sqrt(weights**2 @ own[:-1])
        compare(f"{name}: year's default rate over M, mean", weights @ rate[:-1], WEIGHTS @ p, error)
        error = np.sqrt(weights**2 @ (4 * known**2 * own + 2 * own**2)[:-1])
        moment = weights @ (rate[:-1] ** 2 - own[:-1])
        compare(f"{name}: year's default rate over M, second moment", moment, WEIGHTS @ p**2, error)
        compare(f"{name}: year's default rate, 99.9 % quantile", rate[-1], known[-1], np.sqrt(own[-1]))
