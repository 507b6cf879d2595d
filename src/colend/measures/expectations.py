"""Whether what parties expect comes about: flow of all pairs, of those that work, and value."""

from __future__ import annotations

import numpy as np

from colend.measures.declaration import Measure, middle, ratio
from colend.measures.views import RunView


def flow_over_expected(view: RunView) -> float:
    """Every quarter all pairs, of which the months that they looked at are over."""
    kept = view.world.outlook.forecasts
    over = (kept.last < len(view.world.history)) & (kept.expected > 0.0)
    return middle(kept.came[over] / kept.weight[over] / kept.expected[over])


def routed_over_expected(view: RunView) -> float:
    """Pacts that worked in their first term, which is over."""
    rows = view.alliances[view.facts.closed & view.facts.operated]
    worked = rows[(rows.months_in_operation > 0) & (rows.expected_applications > 0.0)]
    return middle(worked.routed_in_operation / worked.months_in_operation / worked.expected_applications)


def value_over_expected(view: RunView) -> float:
    """Sums: what a meeting comes to is skewed, so that its median would be off if every expectation were right."""
    rows = view.alliances[view.facts.closed]
    came = np.where(rows.renewals > 0, rows.bank_first_term, rows.bank_value)
    return ratio(float(came.sum()), float(rows.bank_expected_value.sum()))


def _run(name: str, meaning: str, over: str, take) -> Measure:
    return Measure(name, "runs", "1", meaning, take, over=over)


RUNS_OF_EXPECTATIONS = (
    _run(
        "flow_over_expected",
        "Applications that came to a pair over a pact's operation, or would have, over those that it expected; median",
        "all pairs, every quarter whose term is over",
        flow_over_expected,
    ),
    _run(
        "routed_over_expected",
        "Applications routed a month in operation, over those expected at the meeting; median",
        "pacts that operated, met early enough for a whole term",
        routed_over_expected,
    ),
    _run(
        "value_over_expected",
        "What first terms brought the bank over what it expected at the meeting, sums",
        "meetings early enough for a whole term",
        value_over_expected,
    ),
)
