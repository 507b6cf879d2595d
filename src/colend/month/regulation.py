"""Step 1, rules: what is in force this month, what it ends at once, and which contracts it has made anew."""

from __future__ import annotations

from colend.rules.regulation import keep_lists, renew_contracts, set_regulation
from colend.state.world import World


def regulation(world: World) -> None:
    """Set the month's rules, where there are any; older loans run off under the contracts they were made under."""
    if not world.setting.policy:
        return
    set_regulation(world)
    renew_contracts(world)
    keep_lists(world)
