"""Information: opening shares it and never creates any. What lenders know by what came, at every openness, against the
integral at tau_b + depth tau_p; and with learning frozen, openness leaves a bank's own precision alone.
"""

import pytest
from credit import SEGMENTS, discrimination
from scipy import stats

from colend.market import Market
from colend.state.tables import JOINT

ANNUAL, BANK_FACTOR, PLATFORM_FACTOR = (0.012, 0.04, 0.09), (1.5, 1.0, 0.8), (0.75, 1.0, 1.125)
BANK, PLATFORM, VIEW = 0.4, 0.8, 0.75
FROZEN = {
    "learning__decay": 0.0,
    "learning__doing": 0.0,
    "learning__transfer": 0.0,
    "learning__research_gain": 0.0,
}
# Nothing is lost at default, so all are passed, approved and funded by the first lender; loans of a year.
OPEN_HANDED = FROZEN | {
    "population__borrowers": 600_000,
    "population__persons": 600_000,
    "population__segment_share": {"prime": 0.34, "mass": 0.33, "thin_file": 0.33},
    "population__monthly_need": dict.fromkeys(SEGMENTS, 1.0),
    "population__initial_owner_share": dict.fromkeys(SEGMENTS, 0.0),
    "population__terms_months": [12],
    "population__term_shares": [1.0],
    "population__reservation_slope": 0.0,
    "population__reservation_rate": dict.fromkeys(SEGMENTS, 2.0),
    "credit__asset_correlation": 0.0,
    "credit__origination_cost_joint": 0.0,
    "credit__loss_given_default": 0.0,
    "credit__lockout_months": 250,
    "banks__rural__precision": BANK,
    "platforms__precision": PLATFORM,
    "platforms__minimum_income": 0.0,
    "platforms__lender_equity": 1e13,
    "alliances__prior_mean": 20.0,
    "alliances__prior_sd": 0.0,
    "alliances__fit_sd": 0.0,
    "alliances__operation_sd": 0.001,
    "alliances__trust_gain": 0.0,
    "alliances__trust_loss": 0.0,
}


OPENNESS = ("traffic", "customers", "technology")


@pytest.mark.parametrize(
    ("data_share", "trust"), [pytest.param(0.0, 0.3, marks=pytest.mark.slow), (0.5, 0.8), (1.0, 1.0)]
)
def test_no_lender_knows_more_than_both_together(make_partners, compare, data_share, trust):
    """Three platforms, one at each openness: depth 0, data_share, and the larger of it and trust. Predicted hazards of
    a cohort of joint loans against who defaulted: the AUC is that of tau_b + depth tau_p, and never beats tau_b +
    tau_p.
    """
    sharing = {"platforms__openness": list(OPENNESS), "platforms__data_share": data_share}
    market = make_partners(3, 3, **OPEN_HANDED, **sharing, alliances__initial_trust=trust)
    people = market.world.borrowers
    market.step()
    kind = market.world.contracts["kind"][people["contract"]]
    assert (kind == JOINT).all()
    said, platform, segments = people["predicted_hazard"].copy(), people["platform"].copy(), people["segment"].copy()
    for _ in range(12):
        market.step()
    bad, excess = people["lockout"] > 0, 0.0
    for opened, depth in enumerate((0.0, data_share, max(data_share, trust))):
        for segment, name in enumerate(SEGMENTS):
            here = (platform == opened) & (segments == segment)
            worse, better = said[here & bad], said[here & ~bad]
            area = stats.mannwhitneyu(worse, better).statistic / worse.size / better.size
            own, shared = BANK * BANK_FACTOR[segment], PLATFORM * PLATFORM_FACTOR[segment]
            seen = own * (VIEW if opened == 0 else 1.0) + depth * shared
            known, error = discrimination(ANNUAL[segment], seen, better.size, worse.size)
            most, widest = discrimination(ANNUAL[segment], own + shared, better.size, worse.size)
            excess = max(excess, (area - most) / widest)
            if opened or data_share == 0.0:
                compare(f"AUC, {OPENNESS[opened]} to depth {depth}, {name}", area, known, error)
    what = f"data_share {data_share}, trust {trust}: largest AUC over that of both together, in standard errors"
    compare(what, excess, 0.0, 1.0)


def run_market(make_setting, openness, **settings):
    market = Market(make_setting(platforms__openness=openness, years=3, **settings), 4)
    for _ in range(market.months):
        market.step()
    return market


@pytest.mark.parametrize(
    "sequencing", [pytest.param("sign_then_cooperate", marks=pytest.mark.slow), "cooperate_then_sign"]
)
def test_frozen_learning_leaves_own_precision_to_the_bit(make_setting, sequencing):
    """Whatever is open and whatever banks lend, and the AUC that is reported with it; thawed, openness tells."""
    settings = {"alliances__sequencing": sequencing, "banks__rural__precision": {"uniform": [0.1, 0.5]}}
    runs = [run_market(make_setting, openness, **settings, **FROZEN) for openness in OPENNESS]
    for market in runs:
        assert (market.world.totals["originations"][market.world.contracts["kind"] == JOINT]).sum() > 0
        assert market.world.banks["precision"].tobytes() == market.world.banks["initial_precision"].tobytes()
    reported = {market.world.year_ends[-1]["banks"]["auc_mass"].tobytes() for market in runs}
    assert len(reported) == 1
    own = {run_market(make_setting, openness, **settings).world.banks["precision"].tobytes() for openness in OPENNESS}
    assert len(own) == 3
