"""Sequencing alone: who signs, who sleeps, what is missed, against the bivariate normal; V against dynamic programming.

Market effects are off: banks are alike, slots plenty, expected flow and margins held (they hardly move: nothing is
won or learned, capital does not bind, one place in the waterfall), and everybody meets once, in the first month. What
is left is a fit x ~ N(mu, fit_sd^2), beliefs about it, and the two sequencings. Expected flow and margins are read from
the market; thresholds are found from them by dynamic programming and SciPy's roots, chances by its bivariate normal.
Applications are thousands, so a month shows the logit with noise operation_sd^2 + 1/(n q) + 1/(n (1 - q)), q the share
at which a pact breaks even: pairs where q is not near that are far from the threshold.
"""

import numpy as np
import pytest
from scipy import stats

from colend.rules.alliance_measures import AllianceFacts
from colend.rules.alliance_worth import party_terms
from colend.scenario.parameters import SEQUENCING
from colend.state.tables import NONE

PLATFORMS, BANKS, FIT_SD = 10, 400, 1.25
HELD = {
    "population__borrowers": 20_000,
    "population__persons": 2_000_000_000,
    "population__demand_growth": 0.0,
    "credit__waterfall_depth": 1,
    "credit__intercept_prior_weight": 10_000,
    "customers__conversion": 0.0,
    "banks__rural__equity": 1e11,
    "banks__hurdle_slope": 0.0,
    "banks__rural__precision": 0.3,
    "banks__rural__talent": 0.5,
    "banks__rural__legacy": 0.5,
    "banks__rural__horizon_months": 600,
    "banks__rural__cost_scale": 1.0,
    "learning__decay": 0.0,
    "learning__doing": 0.0,
    "learning__transfer": 0.0,
    "learning__research_gain": 0.0,
    "platforms__incremental_share": 1.0,
    "alliances__anticipated_entry": 1.0,
    "alliances__fit_sd": FIT_SD,
    "alliances__application_cost": 15.0,
    "alliances__running_cost": 70_000.0,
    "alliances__signing_cost": 150_000.0,
    "alliances__integration_cost": 2e6,
    "alliances__integration_months": 2,
    "alliances__term_months": 36,
    "alliances__review_months": 6,
}


def share(compare, what, measured, known, number):
    """A share of so many independent pairs: sqrt(p(1 - p)/n)."""
    compare(what, measured, known, np.sqrt(known * (1.0 - known) / number))


class Thresholds:
    """Where the bank, the party that wants less, is indifferent: by its terms, with the noise where it breaks even."""

    def __init__(self, market, worth):
        everyone = np.arange(len(market.world.pairs))
        terms, other = (party_terms(market.world, everyone, party)[0].copy() for party in (0, 1))
        assert other.gain > terms.gain  # the platform wants whatever the bank wants
        assert other.cost == terms.cost
        even = terms.cost / terms.gain
        for name, part in (("noise", 1.0), ("pilot_noise", market.parameters.alliances.pilot_allocation)):
            flow = market.world.pairs["applications"][0] * part
            terms[name] = terms.operation_variance + 1.0 / (flow * even) + 1.0 / (flow * (1.0 - even))
        self.worth = worth(terms)
        self.good = self.worth.root(lambda fit: self.worth.surplus(fit, 0.0))

    def sign(self, variance):
        return self.worth.root(lambda mean: self.worth.signed(mean, variance))

    def review(self, variance):
        """The posterior mean below which a pact goes dormant at its first review, and that belief's variance."""
        after = self.worth.learned(variance, self.worth.terms.review_months)
        return self.worth.root(lambda mean: self.worth.surplus(mean, after)), after


def both_below(one, one_sd, other, other_sd, covariance):
    """P(X <= one, Y <= other) of a bivariate normal around 0."""
    return stats.multivariate_normal.cdf([one, other], cov=[[one_sd**2, covariance], [covariance, other_sd**2]])


def followed(market, months):
    """Everybody meets in the first month and never again; the market after so many months and its first alliances."""
    market.step()
    market.world.banks["maximum_partners"][:] = 0
    for _ in range(months - 1):
        market.step()
    return market.world.alliances


PRIOR_SD = 0.6


@pytest.mark.parametrize("noise", [0.4, 0.8, 1.6])
def test_signing_first_signs_sleeps_and_misses_as_the_bivariate_normal_says(make_partners, worth, compare, noise):
    """mu ~ N(0, s^2) is public: signed where mu > a, V(a, v_0) = 0; asleep at the review where m_L < c, S(c, v_L) = 0;
    (mu, m_L) have covariance s^2, and so have (mu, x)."""
    terms = {"alliances__operation_sd": noise, "alliances__prior_sd": PRIOR_SD, "alliances__prior_mean": 0.0}
    market = make_partners(PLATFORMS, BANKS, **HELD | terms)
    edge, pairs = Thresholds(market, worth), len(market.world.pairs)
    alliances = followed(market, 9)
    signs = edge.sign(FIT_SD**2)
    review, after = edge.review(FIT_SD**2)
    belief_sd, fit_sd = np.sqrt(PRIOR_SD**2 + FIT_SD**2 - after), np.hypot(PRIOR_SD, FIT_SD)
    signed = stats.norm.sf(signs, 0.0, PRIOR_SD)
    asleep = stats.norm.cdf(review, 0.0, belief_sd) - both_below(signs, PRIOR_SD, review, belief_sd, PRIOR_SD**2)
    missed = stats.norm.cdf(signs, 0.0, PRIOR_SD) - both_below(signs, PRIOR_SD, edge.good, fit_sd, PRIOR_SD**2)

    name, facts = f"sign first, noise {noise}", AllianceFacts(market.world)
    assert (alliances["signed"] == 0).all()
    share(compare, f"{name}: signed", len(alliances) / pairs, signed, pairs)
    share(compare, f"{name}: dormant", facts.dormant_ever_share, asleep / signed, len(alliances))
    met = np.zeros(pairs, dtype=bool)
    met[alliances["platform"].astype(int) * BANKS + alliances["bank"]] = True
    refused = ((market.world.pairs["fit"] > edge.good) & ~met).mean()
    share(compare, f"{name}: good pacts not signed", refused, missed, pairs)
    assert facts.good_pacts_missed == 0.0  # of those that met
    compare(f"{name}: months lost", facts.months_lost, 2.0, 0.0)


@pytest.mark.parametrize(
    ("noise", "months", "scale"),
    [
        (0.8, 1, 0.0),
        pytest.param(0.8, 3, 0.0, marks=pytest.mark.slow),
        (0.8, 12, 0.0),
        pytest.param(0.4, 3, 0.0, marks=pytest.mark.slow),
        (1.6, 6, 0.0),
        (0.8, 6, 0.7),
    ],
)
def test_a_pilot_signs_sleeps_and_misses_as_the_bivariate_normal_says(
    make_partners, worth, compare, noise, months, scale
):
    """mu is the same for all: signed where m_P > a, V(a, v_P) = 0; asleep where m_L < c, S(c, v_L) = 0; (m_P, m_L) and
    (m_P, x) have the covariance Var m_P = v_0 - v_P. A pilot that shows x + N(0, scale^2) leaves v_P larger."""
    mean = -0.5
    market = make_partners(
        PLATFORMS,
        BANKS,
        **HELD,
        alliances__sequencing="cooperate_then_sign",
        alliances__prior_mean=mean,
        alliances__prior_sd=0.0,
        alliances__operation_sd=noise,
        alliances__pilot_months=months,
        alliances__pilot_scale_sd=scale,
    )
    edge, pairs = Thresholds(market, worth), len(market.world.pairs)
    alliances = followed(market, 1 + months + 2 + 6 + 1)
    assert len(alliances) == pairs
    variance, shown_sd = edge.worth.shown(FIT_SD**2)
    signs = edge.sign(variance) - mean
    review, after = edge.review(variance)
    belief_sd = np.sqrt(FIT_SD**2 - after)
    signed = stats.norm.sf(signs, 0.0, shown_sd)
    asleep = stats.norm.cdf(review - mean, 0.0, belief_sd)
    asleep -= both_below(signs, shown_sd, review - mean, belief_sd, shown_sd**2)
    missed = stats.norm.cdf(signs, 0.0, shown_sd) - both_below(signs, shown_sd, edge.good - mean, FIT_SD, shown_sd**2)

    name = f"pilot of {months}, noise {noise}" + (f", scale {scale}" if scale else "")
    facts = AllianceFacts(market.world)
    share(compare, f"{name}: signed", facts.pilots_signed_share, signed, pairs)
    share(compare, f"{name}: dormant", facts.dormant_ever_share, asleep / signed, facts.signed.sum())
    share(compare, f"{name}: good pacts missed", facts.good_pacts_missed / pairs, missed, pairs)
    compare(f"{name}: months lost", facts.months_lost, 1.0 + months + 2.0, 0.0)
    assert set(alliances["signed"]) <= {1 + months, NONE}


LIVELY = {
    "banks__city__number": 10,
    "banks__rural__number": 20,
    "platforms__number": 4,
    "platforms__user_share": [0.4, 0.3, 0.2, 0.1],
    "alliances__prior_mean": 0.5,
}


@pytest.mark.parametrize("sequencing", SEQUENCING)
@pytest.mark.parametrize("openness", ["traffic", pytest.param("technology", marks=pytest.mark.slow)])
def test_what_parties_expected_when_they_met_is_what_dynamic_programming_says(
    make_market, worth, compare, sequencing, openness
):
    """Every alliance of a lively market, at the terms and beliefs of the month in which it met; the distance in months'
    gains. Quadrature and the table of shares are good to 0.002 of one (a test of the equation says so)."""
    market = make_market(years=4, alliances__sequencing=sequencing, platforms__openness=openness, **LIVELY)
    everyone, largest = np.arange(len(market.world.pairs)), 0.0
    for _ in range(48):
        terms, believed = (
            [party_terms(market.world, everyone, party).copy() for party in (0, 1)],
            market.world.pairs.copy(),
        )
        first = len(market.world.alliances)
        market.step()
        for alliance in market.world.alliances[first:]:
            pair = alliance["platform"] * len(market.world.banks) + alliance["bank"]
            for party, name in enumerate(("bank", "platform")):
                by_hand, belief = worth(terms[party][pair]), believed[pair]
                value = by_hand.piloted if sequencing == "cooperate_then_sign" else by_hand.signed
                known = value(belief["belief_mean"], belief["belief_variance"])
                distance = abs(alliance[f"{name}_expected_value"] - known) / by_hand.terms["gain"]
                largest = max(largest, distance)
    assert len(market.world.alliances) > 40
    name = f"{sequencing}, {openness}, {len(market.world.alliances)} alliances"
    compare(f"{name}: expected value, largest distance in months' gains", largest, 0.0, 0.0, 0.002)
