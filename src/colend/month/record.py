"""Step 9: take the month's measures; at the end of a year those of banks, platforms and regions too; at the end of the
run what is still to come.
"""

from __future__ import annotations

from colend.measures import collect_month, collect_year
from colend.rules.alliance_measures import terminal_values
from colend.state.world import World


def record(world: World) -> None:
    """Append this month to the market's history as `world.setting.record` asks."""
    world.history.append(collect_month(world))
    if (world.month + 1) % 12 == 0 or world.month + 1 == world.months:
        world.year_ends.append(collect_year(world))


def close(world: World) -> None:
    """Note of every live alliance, at the end of the run, what is still to come."""
    rows, (bank, platform) = terminal_values(world)
    world.alliances.bank_terminal_value[rows], world.alliances.platform_terminal_value[rows] = bank, platform
