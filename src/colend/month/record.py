"""Step 9: take the month's measures; at the end of a year those of banks, platforms and regions too."""

from __future__ import annotations

from colend.measures import collect_month, collect_year
from colend.state.world import World


def record(world: World) -> None:
    """Append this month to the market's history as `world.setting.record` asks."""
    world.history.append(collect_month(world))
    if (world.month + 1) % 12 == 0 or world.month + 1 == world.months:
        world.year_ends.append(collect_year(world))
