"""What acceptance says, and the price of risk: against simulation, brute force and the lender's own arithmetic."""

import math

import numpy as np
import pytest
from scipy import optimize
from scipy.special import ndtr

from colend.compilation import compiled
from colend.equations.acceptance import Terms, acceptance, accepted_belief, cutoff_mean, highest_price, price_of_risk
from colend.equations.default import hazard_score, solve_threshold
from colend.equations.normal import normal_cdf, normal_quantile
from colend.equations.pricing import expected_loss_rate, hazard_bearable
from colend.equations.screening import lending

LOADING, LOSS, SLOPE, SIGMA, RESERVATION, BASE = 0.6, 0.65, 0.2, 0.25, 0.2, 0.094
MASS = solve_threshold(0.04, LOADING)


def required(rate, mean, variance, slope=SLOPE, sigma=SIGMA, threshold=MASS, loading=LOADING, base=BASE):
    """T(r): what the lender must ask of whoever takes the loan at r."""
    mean, variance = accepted_belief(mean, variance, math.log(rate / RESERVATION), slope, sigma)
    return base + expected_loss_rate(normal_cdf(hazard_score(threshold, loading, mean, variance)), LOSS)


def terms(price, slope=SLOPE):
    """Of a rational lender that asks no more than this for risk."""
    return Terms(MASS, LOADING, LOSS, BASE, price, math.log(price / RESERVATION), slope, SIGMA, True, True)


def asked(mean, variance, most, slope=SLOPE):
    return price_of_risk(mean, variance, terms(most, slope))


def most_asked(variance, cap, slope=SLOPE):
    return highest_price(variance, terms(cap, slope))


def test_rational_lenders_predict_the_losses_of_those_who_accept():
    """The belief after acceptance against simulation: who takes the loan is worse than who is offered it."""
    generator = np.random.default_rng(5)
    z = 0.3 + math.sqrt(0.7) * generator.standard_normal(1_000_000)
    takes = 0.2 * np.exp(SIGMA * generator.standard_normal(len(z)) - SLOPE * z) >= 0.13
    mean, variance = accepted_belief(0.3, 0.7, math.log(0.13 / 0.2), SLOPE, SIGMA)
    assert (mean, variance) == pytest.approx((z[takes].mean(), z[takes].var()), abs=4e-3)
    assert acceptance(0.3, 0.7, math.log(0.13 / 0.2), SLOPE, SIGMA) == pytest.approx(takes.mean(), abs=2e-3)


@pytest.mark.parametrize("mean", [-0.4, 0.2, 1.0])
def test_the_price_of_risk_pays_for_those_who_accept_it(mean):
    """Simulated borrowers who take the loan at the price: their hazard is the one that is priced in, within the 1 % of
    matching moments and four standard errors, and cost and loss add up to the price.
    """
    rate, score, _ = asked(mean, 0.7, 0.24)
    generator = np.random.default_rng(8)
    z = mean + math.sqrt(0.7) * generator.standard_normal(1_000_000)
    takes = RESERVATION * np.exp(SIGMA * generator.standard_normal(len(z)) - SLOPE * z) >= rate
    hazard = ndtr(MASS - LOADING * z[takes])
    error = 4.0 * hazard.std() / math.sqrt(takes.sum()) / hazard.mean()
    assert normal_cdf(score) == pytest.approx(hazard.mean(), rel=0.01 + error)
    assert BASE + expected_loss_rate(normal_cdf(score), LOSS) == pytest.approx(rate, abs=1.1e-5)


@pytest.mark.parametrize("slope", [0.05, 0.2, 1.0])
def test_the_price_of_risk_is_the_lowest_that_pays(slope):
    for variance in (0.3, 0.75, 0.95):
        for mean in np.linspace(-1.0, 2.0, 7):
            most = most_asked(variance, 0.36, slope)
            if required(most, mean, variance, slope) > most:
                continue
            rate = asked(mean, variance, most, slope)[0]
            lower = np.linspace(BASE + 1e-6, rate - 1e-4, 60)
            assert all(required(r, mean, variance, slope) > r for r in lower)


def test_who_minds_no_price_pays_base_and_predicted_loss():
    """Without a slope acceptance says nothing, and the price is cost plus the loss predicted beforehand, to the bit."""
    rate, score, variance = asked(0.1, 0.75, 0.24, slope=0.0)
    assert (score, variance) == (hazard_score(MASS, LOADING, 0.1, 0.75), 0.75)
    assert rate == BASE + expected_loss_rate(normal_cdf(score), LOSS)


@pytest.mark.parametrize("variance", [0.5, 0.77, 0.95])
@pytest.mark.parametrize("slope", [0.2, 0.6])
def test_the_highest_price_is_where_most_people_are_worth_a_loan(variance, slope):
    """m(r), the belief that is just worth a loan at r, by brute force: none is lower than at the highest price, up to
    the thousandth of a deviation that a flat bottom leaves; a lower cap is asked as it is.
    """

    def margin(rate):
        return optimize.brentq(lambda mean: required(rate, mean, variance, slope) - rate, -20.0, 40.0)

    most = most_asked(variance, 2.0, slope)
    grid = np.exp(np.linspace(math.log(BASE * 1.05), math.log(2.0), 80))
    assert margin(most) == pytest.approx(min(margin(rate) for rate in grid), abs=2e-3)
    assert most_asked(variance, 0.9 * most, slope) == 0.9 * most


@pytest.mark.parametrize("slope", [0.2, 0.6])
def test_a_higher_cap_closes_no_market(slope):
    """Offers and loans made at risk-based prices do not fall when the cap rises: nobody has to ask it."""

    def expected(cap):
        most = most_asked(1.0 / 1.3, cap, slope)
        return lending(0.0, math.sqrt(0.3 / 1.3), 1.0 / 1.3, terms(most, slope))[:2]

    offered, made = np.array([expected(cap) for cap in (0.15, 0.18, 0.24, 0.36, 1.0, 2.0)]).T
    assert made[0] > 0.2
    assert (np.diff(offered) > -1e-3).all()
    assert (np.diff(made) > -1e-3).all()


@pytest.mark.parametrize("rational", [True, False])
def test_cutoff_is_where_the_predicted_score_meets_the_limit(rational):
    variance, limit, log_price = 0.75, -2.6, math.log(0.13 / 0.2)
    cut = cutoff_mean(limit, variance, log_price, terms(0.13)._replace(rational=rational))
    mean, remaining = accepted_belief(cut, variance, log_price, SLOPE, SIGMA) if rational else (cut, variance)
    assert (MASS - LOADING * mean) / math.sqrt(1 + LOADING**2 * remaining) == pytest.approx(limit, abs=1e-4)


@pytest.mark.parametrize(("slope", "sigma"), [(2.0, 0.25), (2.0, 0.6), (1.0, 0.25), (0.5, 0.1)])
@pytest.mark.parametrize("loading", [0.2, 0.6, 1.2])
def test_cutoff_where_acceptance_says_much(slope, sigma, loading):
    """The ends of what is allowed: there unit steps alone end deviations away."""
    threshold, limit, log_price = solve_threshold(0.04, loading), normal_quantile(hazard_bearable(0.05, LOSS)), -0.4

    def excess(mean):
        mean, variance = accepted_belief(mean, 0.75, log_price, slope, sigma)
        return hazard_score(threshold, loading, mean, variance) - limit

    given = terms(0.13)._replace(threshold=threshold, loading=loading, slope=slope, sigma=sigma)
    cut = cutoff_mean(limit, 0.75, log_price, given)
    assert cut == pytest.approx(optimize.brentq(excess, -60.0, 200.0), abs=0.05)


def test_compiled_is_plain():
    assert compiled(price_of_risk)(0.1, 0.7, terms(0.24)) == price_of_risk(0.1, 0.7, terms(0.24))
    assert compiled(highest_price)(0.7, terms(0.24)) == highest_price(0.7, terms(0.24))
