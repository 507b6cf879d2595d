"""Trust: its path where fit is certain, its expected path where it is not, fading, bounds, its tie to duration.

trust += omega [g p (1 - trust) - l (1 - p) trust], p = Phi((y - mu)/sqrt(v)), omega = sigma^2/v, y the observed logit
of k served of n and v its variance: linear in trust, so all moments of its path follow from those of a month.
"""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy import special, stats

from colend.state.tables import DORMANT, OPERATING

OPERATION_SD, START, GAIN, LOSS, DECAY = 0.8, 0.3, 0.05, 0.08, 0.01
ROUNDING = 1e-10  # of sums of float64
TERMS = {
    "population__borrowers": 20_000,
    "population__demand_growth": 0.0,
    "alliances__prior_mean": 0.0,
    "alliances__prior_sd": 0.0,
    "alliances__operation_sd": OPERATION_SD,
    "alliances__initial_trust": START,
    "alliances__trust_gain": GAIN,
    "alliances__trust_loss": LOSS,
    "alliances__trust_decay": DECAY,
}
PLATFORMS, BANKS, MONTHS, NUMBER = 10, 200, 36, 60


def month_of(served, number):
    """What a month in which k of n were served does: trust' = kept trust + added."""
    served, failed = served + 0.5, number - served + 0.5
    noise = OPERATION_SD**2 + 1.0 / served + 1.0 / failed
    p, weight = stats.norm.cdf(np.log(served / failed) / np.sqrt(noise)), OPERATION_SD**2 / noise
    return 1.0 - weight * (GAIN * p + LOSS * (1.0 - p)), weight * GAIN * p


def test_trust_where_fit_is_certain_and_where_pacts_sleep(make_partners, compare):
    """Pipelines that serve all (logit above 18) or none (below -18): k = n or 0, so trust is the recursion's to
    rounding; the bad fall asleep at their first review and trust then fades by (1 - decay) a month."""
    market = make_partners(
        4,
        100,
        **TERMS,
        population__persons=5_000_000,
        alliances__fit_sd=20.0,
        alliances__running_cost=5_000.0,
        alliances__review_months=6,
    )
    good, bad = market.world.pairs["fit"] > 18.0, market.world.pairs["fit"] < -18.0
    known = np.full(len(market.world.pairs), START)
    asleep = np.zeros(len(known), dtype=int)
    for _ in range(24):
        market.step()
        alliances = market.world.alliances
        pair = alliances["platform"].astype(int) * 100 + alliances["bank"]
        number, stage = np.zeros(len(known)), np.zeros(len(known))
        number[pair], stage[pair] = alliances["routed"], alliances["stage"]
        kept, added = month_of(np.where(good, number, 0.0), number)
        known = np.where(stage == DORMANT, known * (1.0 - DECAY), kept * known + added)
        asleep += stage == DORMANT
    assert (asleep[bad] == 18).all()
    assert (asleep[good] == 0).all()
    trust = market.world.pairs["trust"]
    for name, here in (("good", good), ("bad, then asleep", bad)):
        compare(f"certainly {name}: mean of trust", trust[here].mean(), known[here].mean(), 0.0, ROUNDING)
        compare(f"certainly {name}: largest error", np.abs(trust - known)[here].max(), 0.0, 0.0, ROUNDING)


def moments(fit_sd):
    """Mean and variance of trust after 1, 2, ... months, over fits N(mu, fit_sd^2), operations and counts.

    For a fit, a month's (kept, added) are independent of trust: E T' = E[kept] E T + E[added] and E T'^2 = E[kept^2] E
    T^2 + 2 E[kept added] E T + E[added^2], the expectations by enumerating k and quadrature (61 points) over operations
    and over fits.
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(61)
    weights = weights / weights.sum()
    share = special.expit(fit_sd * nodes[:, None] + OPERATION_SD * nodes)
    counts = np.arange(NUMBER + 1)
    chance = np.array([stats.binom.pmf(k, NUMBER, share) @ weights for k in counts]).T
    kept, added = month_of(counts, NUMBER)
    first, second, path = np.full(61, START), np.full(61, START**2), []
    for _ in range(MONTHS):
        second = chance @ kept**2 * second + 2.0 * (chance @ (kept * added)) * first + chance @ added**2
        first = chance @ kept * first + chance @ added
        path.append((weights @ first, weights @ second - (weights @ first) ** 2))
    return np.array(path).T


@pytest.fixture(name="paths", params=[0.0, 1.25], scope="module")
def paths_fixture(make_partners, request):
    """Three years of trust of 2,000 pairs, float64[month, pair], by the spread of their fits."""
    market = make_partners(PLATFORMS, BANKS, **TERMS, population__persons=2_960_000, alliances__fit_sd=request.param)
    trust = np.zeros((MONTHS, len(market.world.pairs)))
    for month in range(MONTHS):
        market.step()
        alliances = market.world.alliances
        assert (alliances["stage"] == OPERATING).all()
        assert set(alliances["routed"]) == {NUMBER}
        trust[month] = market.world.pairs["trust"]
    return SimpleNamespace(fit_sd=request.param, trust=trust, known=moments(request.param))


def test_expected_trust_follows_the_integral(paths, compare):
    """Mean over pairs of trust after 1, 12 and 36 months, and its spread: sqrt(var/n); pure noise, and all fits."""
    name = "noise only" if paths.fit_sd == 0.0 else "all fits"
    for month in (1, 12, MONTHS):
        mean, variance = paths.known[:, month - 1]
        trust = paths.trust[month - 1]
        compare(f"{name}: mean trust after {month} months", trust.mean(), mean, np.sqrt(variance / trust.size))
        squares = (trust - mean) ** 2
        compare(f"{name}: its variance", squares.mean(), variance, squares.std() / np.sqrt(trust.size))


def test_duration_and_trust_are_tied_a_little(paths, compare):
    """A cross-section of pacts of 1 to 36 months: correlation sum (d - mean) trust/(n sd_d sd_trust), standard error
    sqrt(sum (d - mean)^2 var(trust at d))/(n sd_d sd_trust), moments of trust by the integral; published: positive and
    small (Vanneste et al. 2014), here over all fits."""
    pairs = np.arange(PLATFORMS * BANKS)
    duration = pairs % MONTHS
    away = duration - duration.mean()
    mean, variance = paths.known[:, duration]
    unit = pairs.size * duration.std() * np.sqrt(variance.mean() + mean.var())
    tie, known = (away @ trust / unit for trust in (paths.trust[duration, pairs], mean))
    name = "noise only" if paths.fit_sd == 0.0 else "all fits"
    compare(f"{name}: tie of duration and trust", tie, known, np.sqrt(away**2 @ variance) / unit)
    assert tie > 0.0
    assert (tie < 0.3) == (paths.fit_sd > 0.0)


@pytest.mark.parametrize(("start", "gain", "loss"), [(1.0, 1.0, 0.0), (0.0, 0.0, 1.0), (0.4, 0.0, 0.0)])
def test_trust_at_an_end_of_its_parameters_stays_exactly(make_partners, compare, start, gain, loss):
    """Full trust without loss, no trust without gain, and any without either: not a bit moves."""
    trust = wild_trust(make_partners, start, gain, loss)[0]
    for name, measured in (("lowest", trust.min()), ("highest", trust.max())):
        compare(f"{name} trust, start {start}, gain {gain}, loss {loss}", measured, start, 0.0)


def test_trust_stays_between_nought_and_one(make_partners, compare):
    """With gain = loss = 1 trust moves by omega (p - trust), so it ends between the p of nothing and of everything
    served, and there where fit is certain: to (1 - omega)^12 and what p moved with the number of applications."""
    trust, numbers = wild_trust(make_partners, 0.5, 1.0, 1.0)
    noise = WILD_SD**2 + 1.0 / (numbers + 0.5) + 2.0
    known = stats.norm.cdf(np.log(2.0 * numbers + 1.0) / np.sqrt(noise))
    apart = (1.0 - WILD_SD**2 / noise.max()) ** 12 + np.ptp(known)
    assert apart < 1e-4
    compare("highest trust, gain and loss 1", trust.max(), known.max(), 0.0, apart)
    compare("lowest trust, gain and loss 1", trust.min(), 1.0 - known.max(), 0.0, apart)


WILD_SD = 3.0


def wild_trust(make_partners, start, gain, loss):
    """Trust of 400 pairs of wild fits after a year at these terms, in bounds all the time, and numbers who applied."""
    terms = {"initial_trust": start, "trust_gain": gain, "trust_loss": loss, "fit_sd": 20.0, "operation_sd": WILD_SD}
    terms = TERMS | {f"alliances__{name}": value for name, value in terms.items()}
    market, numbers = make_partners(4, 100, **terms, population__persons=500_000_000), []
    for _ in range(12):
        market.step()
        assert ((market.world.pairs["trust"] >= 0.0) & (market.world.pairs["trust"] <= 1.0)).all()
        numbers.append(market.world.alliances["routed"].copy())
    return market.world.pairs["trust"], np.array(numbers)
