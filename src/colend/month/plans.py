"""Step 3: plans.

Banks set hurdles, offers, admission, touchpoints and what they spend on their own risk control; platforms route.
"""

from __future__ import annotations

from colend.rules.bank import (
    QUARTER,
    choose_laboratory,
    choose_replacement,
    choose_research,
    choose_touchpoints,
    pay_for_plans,
    set_admission,
    set_capacity,
)
from colend.rules.platform import route, set_lender_capacity
from colend.rules.prospects import refresh_prospects
from colend.state.world import World


def plans(world: World) -> None:
    """Every bank and platform plans the month on what it knows; spending is posted as it is decided."""
    set_capacity(world)
    refresh_prospects(world)
    route(world)
    set_admission(world)
    set_lender_capacity(world)
    if world.month % QUARTER == 0:
        choose_touchpoints(world)
        choose_research(world)
    choose_laboratory(world)
    replacement = choose_replacement(world)
    pay_for_plans(world, replacement)
