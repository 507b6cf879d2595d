"""What parties do today about rules that are announced and not yet in force."""

from __future__ import annotations

import numpy as np

from colend.state.world import World


def look_ahead(world: World, pairs: np.ndarray, party: int, terms: np.ndarray) -> None:
    """Let a party's monthly gain and cost be those of today until the announced rules come, then those under them.

    Both count by their share of the discounted months in which a pact of T months that is integrated in I earns,
    (b^I - b^n) / (b^I - b^T) with n >= I months left.
    """
    regulation = world.regulation
    if regulation.foreseen is None:
        return
    now, later = world.pairs[pairs], regulation.foreseen[pairs]
    margin = later.bank_margin if party == 0 else later.platform_margin
    gain = later.applications * margin + (later.transfer_worth if party == 0 else 0.0)
    more_flow = later.applications - now.applications
    more_cost = world.parameters.alliances.application_cost * more_flow
    first = terms["integration_months"].astype(np.float64)
    begins, changes, ends = (
        world.monthly_discount ** np.maximum(month, first)
        for month in (first, regulation.months_left, np.maximum(terms["months"], first + 1.0))
    )
    after = 1.0 - np.minimum((begins - changes) / (begins - ends), 1.0)
    terms["gain"] += after * (gain - terms["gain"])
    terms["cost"] += after * more_cost
