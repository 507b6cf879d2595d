"""Beliefs about fit: the conjugate normal in closed form, calibrated, and how far the observed logit is off at small n.

Ten platforms send 5,000 applications a month to each of 500 banks, as in the default market, ten others four. A pair's
errors are independent of the others', so every sampling error is that of so many independent pairs.
"""

from itertools import combinations
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import special, stats

from colend.state.tables import DORMANT, OPERATING, PILOT_FAILED

PLATFORMS, BANKS, SEED, MONTHS = 10, 500, 0, 12
MANY, FEW = 5_000, 4
FIT_SD, OPERATION_SD, PRIOR_MEAN = 1.25, 0.8, 0.5
ROUNDING = 1e-10  # of sums of float64


@pytest.fixture(scope="module")
def pairs(make_partners, seen):
    """A year of the market, float64[month, pair]: what was seen, the share served, beliefs at the month's end."""
    users = np.repeat([FEW, MANY], PLATFORMS) / (PLATFORMS * (FEW + MANY))
    market = make_partners(
        2 * PLATFORMS,
        BANKS,
        SEED,
        platforms__user_share=users.tolist(),
        population__borrowers=50_000,
        population__persons=620_000_000,
        alliances__prior_mean=PRIOR_MEAN,
        alliances__prior_sd=0.0,
        alliances__fit_sd=FIT_SD,
        alliances__operation_sd=OPERATION_SD,
    )
    names = ("number", "share", "observed", "noise", "mean", "variance")
    months = {name: np.zeros((MONTHS, 2 * PLATFORMS * BANKS)) for name in names}
    for month in range(MONTHS):
        market.step()
        shown = seen(market)
        assert shown.row.size == len(market.world.pairs)
        for name in names[:4]:
            months[name][month, shown.pair] = getattr(shown, name)
        months["mean"][month], months["variance"][month] = (
            market.world.pairs["belief_mean"],
            market.world.pairs["belief_variance"],
        )
    few = np.arange(len(market.world.pairs)) < PLATFORMS * BANKS
    return SimpleNamespace(fit=market.world.pairs["fit"].copy(), few=few, **months)


def test_fit_and_the_noise_of_operations_are_drawn_as_said(pairs, compare):
    """x ~ N(mu, fit_sd^2), logit q_t - x ~ N(0, operation_sd^2): mean s/sqrt(n), variance s^2 sqrt(2/n)."""
    noise = special.logit(pairs.share) - pairs.fit
    for name, draws, mean, sd in (("fit", pairs.fit, PRIOR_MEAN, FIT_SD), ("operations", noise, 0.0, OPERATION_SD)):
        compare(f"mean of {name}", draws.mean(), mean, sd / np.sqrt(draws.size))
        compare(f"variance of {name}", draws.var(), sd**2, sd**2 * np.sqrt(2 / draws.size))
    next_month = np.corrcoef(noise[0], noise[1])[0, 1]
    compare("operations, correlation of two months", next_month, 0.0, 1 / np.sqrt(noise[0].size))


def test_beliefs_are_the_conjugate_normal_of_all_that_was_seen(pairs, compare):
    """1/v_t = 1/v_0 + sum 1/s_t^2, m_t = v_t (mu/v_0 + sum y_t/s_t^2), for every pair and month to rounding."""
    precision = 1 / FIT_SD**2 + np.cumsum(1 / pairs.noise, axis=0)
    mean = (PRIOR_MEAN / FIT_SD**2 + np.cumsum(pairs.observed / pairs.noise, axis=0)) / precision
    compare("mean of belief, largest error of any pair", np.abs(pairs.mean - mean).max(), 0.0, 0.0, ROUNDING)
    compare("variance of belief, largest error", np.abs(pairs.variance - 1 / precision).max(), 0.0, 0.0, ROUNDING)


@pytest.mark.parametrize("months", [1, 3, MONTHS])
def test_errors_of_beliefs_are_standard_normal(pairs, compare, months):
    """(x - m)/sqrt(v): mean 1/sqrt(n), variance sqrt(2/n), distribution sqrt(ln(2/a)/2n) (Dvoretzky, Kiefer, Wolfowitz)
    at the level a of four standard errors. The observed logit's own bias is at 5,000 applications a hundredth of these
    tolerances (0.001 of the variance, 0.0005 of the distribution)."""
    error = ((pairs.fit - pairs.mean[months - 1]) / np.sqrt(pairs.variance[months - 1]))[~pairs.few]
    level = 2 * stats.norm.sf(4)
    compare(f"error after {months} months, mean", error.mean(), 0.0, 1 / np.sqrt(error.size))
    compare(f"error after {months} months, variance", error.var(), 1.0, np.sqrt(2 / error.size))
    distance = stats.kstest(error, "norm").statistic
    compare(
        f"error after {months} months, distribution", distance, 0.0, np.sqrt(np.log(2 / level) / 2 / error.size) / 4
    )


def test_a_certain_belief_never_moves(make_partners):
    """fit_sd = 0: whatever the operations show, the belief stays the public prior to the last bit, and that is the
    fit."""
    market = make_partners(2, 20, alliances__fit_sd=0.0, alliances__prior_sd=1.0)
    for _ in range(6):
        market.step()
    pairs = market.world.pairs
    assert pairs["belief_mean"].tobytes() == pairs["prior_mean"].tobytes() == pairs["fit"].tobytes()
    assert not pairs["belief_variance"].any()


def tenths(said):
    """In which tenth of all probabilities each stated one lies."""
    return np.minimum((10 * said).astype(int), 9)


def test_beliefs_that_say_70_percent_are_right_in_70_percent(pairs, compare):
    """P(x > mu) by the belief after a month against how many are: sqrt(sum p(1 - p))/n in each tenth."""
    said = stats.norm.sf(PRIOR_MEAN, pairs.mean[0], np.sqrt(pairs.variance[0]))[~pairs.few]
    right = pairs.fit[~pairs.few] > PRIOR_MEAN
    for tenth in range(10):
        here = tenths(said) == tenth
        error = np.sqrt((said * (1 - said))[here].sum()) / here.sum()
        compare(f"said {tenth * 10}-{tenth * 10 + 10} % likely, were so", right[here].mean(), said[here].mean(), error)


def enumerated(months):
    """Every way in which months of four applications can go, exactly: P(way and fit), fits, error, stated P(x > mu).

    A way is how often 0 .. 4 were served. P(k | x) is the binomial integrated over a month's operations (61-point
    Gauss-Hermite), P(way | x) multinomial, fit on a grid of 0.025 standard deviations out to six.
    """
    fit = PRIOR_MEAN + FIT_SD * np.arange(-6.0, 6.0, 0.025)
    prior = stats.norm.pdf(fit, PRIOR_MEAN, FIT_SD)
    nodes, weights = np.polynomial.hermite_e.hermegauss(61)
    share = special.expit(fit[:, None] + OPERATION_SD * nodes)
    outcomes = np.arange(FEW + 1)
    chance = np.array([stats.binom.pmf(k, FEW, share) @ weights / weights.sum() for k in outcomes])
    bars = np.array(list(combinations(range(months + FEW), FEW)))
    ways = np.diff(bars, axis=1, prepend=-1, append=months + FEW) - 1
    ways[:, -1] = months - ways[:, :-1].sum(axis=1)
    orders = special.gammaln(months + 1) - special.gammaln(ways + 1).sum(axis=1)
    joint = np.exp(orders[:, None] + ways @ np.log(chance)) * prior / prior.sum()
    served, failed = outcomes + 0.5, FEW - outcomes + 0.5
    observed, noise = np.log(served / failed), OPERATION_SD**2 + 1 / served + 1 / failed
    precision = 1 / FIT_SD**2 + ways @ (1 / noise)
    mean = (PRIOR_MEAN / FIT_SD**2 + ways @ (observed / noise)) / precision
    error = (fit - mean[:, None]) * np.sqrt(precision)[:, None]
    return joint, fit, error, stats.norm.sf(PRIOR_MEAN, mean, 1 / np.sqrt(precision))


@pytest.mark.parametrize("months", [1, MONTHS])
def test_at_four_applications_beliefs_are_off_by_the_enumerated_amount(pairs, compare, months):
    """The observed logit takes k/n of few applications for a normal: beliefs are too sure. Known is the exact mean and
    variance of (x - m)/sqrt(v), not 0 and 1; sqrt(var/n), sqrt((fourth moment - var^2)/n)."""
    joint, _, exact, _ = enumerated(months)
    assert joint.sum() == pytest.approx(1.0, abs=1e-6)
    mean = (joint * exact).sum()
    second, fourth = ((joint * (exact - mean) ** power).sum() for power in (2, 4))
    assert (pairs.number[:, pairs.few] == FEW).all()
    error = ((pairs.fit - pairs.mean[months - 1]) / np.sqrt(pairs.variance[months - 1]))[pairs.few]
    compare(f"four applications, error after {months} months, mean", error.mean(), mean, np.sqrt(second / error.size))
    spread = np.sqrt((fourth - second**2) / error.size)
    compare(f"four applications, error after {months} months, variance", error.var(), second, spread)


def test_at_four_applications_stated_probabilities_are_right_as_enumerated(pairs, compare):
    """After a year: the exact P(x > mu) given that the belief says so many per cent, sqrt(p(1 - p)/n) in each tenth."""
    joint, fit, _, stated = enumerated(MONTHS)
    said = stats.norm.sf(PRIOR_MEAN, pairs.mean[-1], np.sqrt(pairs.variance[-1]))[pairs.few]
    right = pairs.fit[pairs.few] > PRIOR_MEAN
    for tenth in range(10):
        inside, here = tenths(stated) == tenth, tenths(said) == tenth
        known = joint[inside][:, fit > PRIOR_MEAN].sum() / joint[inside].sum()
        what = f"four applications, said {tenth * 10}-{tenth * 10 + 10} % likely, were so"
        compare(what, right[here].mean(), known, np.sqrt(known * (1 - known) / here.sum()))


SCALE_SD = 0.5
PILOTS = {
    "population__borrowers": 20_000,
    "population__persons": 1_250_000_000,
    "alliances__sequencing": "cooperate_then_sign",
    "alliances__pilot_scale_sd": SCALE_SD,
    "alliances__pilot_setup_months": 1,
    "alliances__pilot_months": 4,
    "alliances__pilot_allocation": 0.3,
    "alliances__pilot_slot_use": 0.0,
    "alliances__pilot_running_cost": 0.0,
    "alliances__signing_cost": 1e6,
    "alliances__running_cost": 1.5e6,
    "alliances__review_months": 2,
    "alliances__prior_sd": 0.0,
    "alliances__prior_mean": 0.0,
    "alliances__fit_sd": FIT_SD,
    "alliances__operation_sd": OPERATION_SD,
}


def test_beliefs_stay_right_when_pilots_fail_and_pacts_go_dormant(make_partners, seen, compare):
    """What a pilot's months show shares one unknown difference from the whole, so 1/v = 1/v_0 + sum over its pilots
    1/(1/I + s^2) + sum over months of operation 1/noise, I = sum 1/noise of a pilot, for every pair to rounding. And
    a belief conditions on all that was seen, so whoever is chosen by what was seen, (x - m)/sqrt(v) is standard normal
    in each group: 1/sqrt(n), sqrt(2/n)."""
    market = make_partners(PLATFORMS, BANKS, SEED, **PILOTS)
    information, evidence = np.zeros((2, 2 * PLATFORMS * BANKS, 2))  # by episode; in the pilot and in operation
    for _ in range(MONTHS):
        market.step()
        shown = seen(market)
        place = shown.row, (shown.stage == OPERATING).astype(int)
        information[place] += 1 / shown.noise
        evidence[place] += shown.observed / shown.noise
    episodes = market.world.alliances
    pair = episodes["platform"].astype(int) * BANKS + episodes["bank"]
    information, evidence = information[: len(pair)], evidence[: len(pair)]
    told = np.array([1.0, 0.0]) * SCALE_SD**2 * information + 1.0  # how much of it tells of the whole
    precision = 1 / FIT_SD**2 + np.bincount(pair, (information / told).sum(axis=1))
    mean = np.bincount(pair, (evidence / told).sum(axis=1)) / precision
    distance = (
        np.abs(market.world.pairs["belief_mean"] - mean),
        np.abs(market.world.pairs["belief_variance"] - 1 / precision),
    )
    compare("with pilots, mean of belief, largest error", distance[0].max(), 0.0, 0.0, ROUNDING)
    compare("with pilots, variance of belief, largest error", distance[1].max(), 0.0, 0.0, ROUNDING)

    error = (market.world.pairs["fit"] - market.world.pairs["belief_mean"]) / np.sqrt(
        market.world.pairs["belief_variance"]
    )
    for name, chosen in (
        ("pacts in operation", pair[episodes["stage"] == OPERATING]),
        ("pacts dormant", pair[episodes["stage"] == DORMANT]),
        ("pilots failed", np.unique(pair[episodes["end_reason"] == PILOT_FAILED])),
    ):
        compare(f"{name}, error of belief, mean", error[chosen].mean(), 0.0, 1 / np.sqrt(chosen.size))
        compare(f"{name}, error of belief, variance", error[chosen].var(), 1.0, np.sqrt(2 / chosen.size))
