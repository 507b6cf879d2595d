"""V and V_pilot against what alliances come to: closed cohorts of equal pairs, followed until their last loan is over.

V assumes a constant flow, its margin, no later place in a waterfall, no entry, no renewal, horizons as long as terms
and one review that matters. Here each of 100 platforms meets the one bank in the first month and nobody else ever;
borrowers need a loan rarely, so that hardly anybody who would apply has one; operations have little noise, so that a
fit is known at the first review; all part at the term's end and their loans run off; nothing is discounted.
"""

import numpy as np
import pytest

from colend.month.alliances import end
from colend.rules.alliance import alliances_in
from colend.rules.alliance_worth import party_terms
from colend.scenario.parameters import SEQUENCING
from colend.state.tables import DORMANT, LAPSED, OPERATING, SIGNED

PLATFORMS, SEEDS, FIT_SD, MEAN, MONTHS = 100, 2, 1.25, 0.3, 24
ALONE = {
    "population__borrowers": 1_000_000,
    "population__persons": 1_000_000_000,
    "population__monthly_need": {"prime": 0.004, "mass": 0.004, "thin_file": 0.004},
    "population__initial_owner_share": {"prime": 0.0, "mass": 0.0, "thin_file": 0.0},
    "population__demand_growth": 0.0,
    "credit__asset_correlation": 0.0,
    "credit__waterfall_depth": 1,
    "credit__intercept_prior_weight": 10_000,
    "customers__conversion": 0.0,
    "banks__rural__equity": 1e13,
    "banks__hurdle_slope": 0.0,
    "banks__rural__horizon_months": 600,
    "banks__rural__cost_scale": 1.0,
    "learning__decay": 0.0,
    "learning__doing": 0.0,
    "learning__transfer": 0.0,
    "learning__research_gain": 0.0,
    "alliances__anticipated_entry": 0.0,
    "alliances__discount_rate": 0.0,
    "alliances__fit_sd": FIT_SD,
    "alliances__prior_sd": 0.0,
    "alliances__prior_mean": MEAN,
    "alliances__operation_sd": 0.2,
    "alliances__application_cost": 10.0,
    "alliances__running_cost": 0.0,
    "alliances__signing_cost": 1e5,
    "alliances__integration_cost": 1e6,
    "alliances__integration_months": 2,
    "alliances__review_months": 6,
    "alliances__term_months": MONTHS,
    "alliances__pilot_cost": 1e5,
    "alliances__pilot_running_cost": 1e4,
}


def by_fit(worth, fit, piloted):
    """What an alliance of this fit would come to if its fit were known at each decision: near what it does come to."""
    t, monthly = worth.terms, worth.surplus(fit, 0.0)
    reviewed = t.months - t.integration_months - t.review_months
    signed = t.review_months * monthly + reviewed * np.maximum(monthly, 0.0) - t.signing - t.integration
    if not piloted:
        return signed
    tried = t.pilot_months * worth.surplus(fit, t.pilot_scale_variance, t.pilot_gain, t.pilot_monthly_cost) - t.setup
    return tried + np.maximum(signed, 0.0)


@pytest.mark.parametrize("sequencing", SEQUENCING)
def test_alliances_come_to_what_was_expected_of_them(make_partners, worth, compare, sequencing):
    """Mean realised value against V. Most of the spread is that of fit, so `by_fit` is a control variate: measured is
    mean(value - g(x)) + E g(x), E by 2,001 points of the normal; standard error sd(value - g(x))/sqrt(n)."""
    piloted, values, expected = sequencing == "cooperate_then_sign", [], []
    points = np.linspace(-7.0, 7.0, 2_001)
    chances = np.exp(-0.5 * points**2) / np.exp(-0.5 * points**2).sum()
    for seed in range(SEEDS):
        market = make_partners(PLATFORMS, 1, seed, **ALONE, alliances__sequencing=sequencing)
        everyone, group = np.arange(PLATFORMS), market.parameters.alliances
        hands = [worth(party_terms(market.world, everyone, party)[0].copy()) for party in (0, 1)]
        market.step()
        market.world.banks["maximum_partners"][:] = 0
        trial = group.pilot_setup_months + group.pilot_months if piloted else 0
        for _ in range(trial + MONTHS - 1):
            market.step()
        end(market.world, alliances_in(market.world, SIGNED, OPERATING, DORMANT), LAPSED)
        for _ in range(13):
            market.step()
        alliances = market.world.alliances
        assert len(alliances) == PLATFORMS
        fit = market.world.pairs["fit"][alliances["platform"]]
        for party, name in ((0, "bank"), (1, "platform")):
            control = by_fit(hands[party], fit, piloted)
            mean = by_fit(hands[party], MEAN + FIT_SD * points, piloted) @ chances
            values.append((party, alliances[f"{name}_value"] - control + mean))
            expected.append((party, alliances[f"{name}_expected_value"].mean()))
    for party, name in ((0, "bank"), (1, "platform")):
        value = np.concatenate([one for of, one in values if of == party]) / 1e6
        known = np.mean([one for of, one in expected if of == party]) / 1e6
        what = f"{sequencing}: value to the {name}, yuan m an alliance"
        compare(what, value.mean(), known, value.std() / np.sqrt(value.size))
