"""What parties expect of a platform's flow against what comes: of all pairs, those too that never work together.

The parties of the main market with fewer borrowers. A pair that does not work is set beside its platform's partners of
the month as if it did: that needs no luck, so nothing is selected.
"""

import numpy as np
import pytest

from colend.market import Market, simulate
from colend.rules.forecasts import present_flow
from colend.scenario.design import Record, Setting
from colend.scenario.parameters import SEQUENCING, Parameters
from colend.state.tables import OPERATING

WITHIN = np.log(1.25)  # a median of 0.8 to 1.25
CALIBRATED = {  # docs/calibration.md
    "population": {
        "monthly_need": {"prime": 0.165, "mass": 0.263, "thin_file": 0.23},
        "loan_median": {"prime": 15_000, "mass": 10_000, "thin_file": 5_800},
    },
    "credit": {"posted_rate": {"prime": 0.104, "mass": 0.129, "thin_file": 0.168}},
    "alliances": {"crowd": "forecast", "prior_mean": 0.49, "fit_sd": 1.85},
}


def setting(sequencing, openness="traffic", years=6, borrowers=1_000, **alliances):
    """The calibrated market with other numbers of alliances."""
    groups = CALIBRATED | {
        "population": CALIBRATED["population"] | {"borrowers": borrowers},
        "alliances": CALIBRATED["alliances"] | {"sequencing": sequencing, **alliances},
        "platforms": {"openness": openness},
    }
    record = Record(months="none", banks="none", alliances=False)
    return Setting(Parameters.model_validate(groups), years=years, record=record)


@pytest.mark.parametrize("sequencing", SEQUENCING)
def test_the_flow_that_comes_is_near_the_flow_expected(compare, sequencing):
    """ln of the median over all pairs of flow that came over flow expected, in a run of six years: no more than the
    bound, so that no chance is added to it."""
    found = np.log(simulate(setting(sequencing), 0)["runs"]["flow_over_expected"][0])
    compare(f"{sequencing}: ln flow over expected, all pairs", found, 0.0, 0.0, WITHIN)


def test_the_flow_of_a_pair_that_works_is_what_is_routed_to_it(compare):
    """Applications are whole persons, so that the two may be half a person apart."""
    market = Market(setting("cooperate_then_sign", years=2, pilot_months=2, integration_months=1), 0)
    for _ in range(9):
        market.step()
    seen, largest = 0, 0.0
    for _ in range(4):
        applications = market.world.platforms.applications.copy()
        market.step()
        market.world.platforms.applications, seen_since = applications, market.world.platforms.applications.copy()
        flow, alliances = present_flow(market.world), market.world.alliances
        market.world.platforms.applications = seen_since
        rows = np.flatnonzero(alliances.stage == OPERATING)
        seen += len(rows)
        largest = max(largest, *np.abs(flow[alliances.pair[rows]] - alliances.routed[rows]))
    assert seen > 10
    compare("flow of working pairs, distance from what was routed, persons", largest, 0.0, 0.0, 0.5)
