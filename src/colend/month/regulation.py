"""Step 1, rules: what is in force this month, what it ends at once, and which contracts it has made anew."""

from __future__ import annotations

from colend.rules.regulation import keep_lists, renew_contracts, set_regulation


def regulation(market) -> None:
    """Set the month's rules, where there are any; older loans run off under the contracts they were made under."""
    if not market.setting.policy:
        return
    set_regulation(market)
    renew_contracts(market)
    keep_lists(market)
