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


def plans(market) -> None:
    """Every bank and platform plans the month on what it knows; spending is posted as it is decided."""
    set_capacity(market)
    refresh_prospects(market)
    route(market)
    set_admission(market)
    set_lender_capacity(market)
    if market.month % QUARTER == 0:
        choose_touchpoints(market)
        choose_research(market)
    choose_laboratory(market)
    replacement = choose_replacement(market)
    pay_for_plans(market, replacement)
