"""Step 3, forecasts: every quarter what all pairs expect is kept, and every month what it comes to."""

from __future__ import annotations

import numpy as np

from colend.rules.forecasts import come, expected_now
from colend.state.table import as_table
from colend.state.world import World

QUARTER = 3  # months between forecasts that are kept


def note_forecasts(world: World, made: int) -> None:
    """Keep what pairs expect, in the plans of month `made`, if it can be over within the run."""
    outlook, rows = world.outlook, expected_now(world, made)
    if rows is not None:
        outlook.forecasts = as_table(np.concatenate([outlook.forecasts, rows.reshape(1, -1)]))


def follow_forecasts(world: World) -> None:
    """Add what came this month to earlier forecasts; keep a new one every quarter."""
    forecasts = world.outlook.forecasts
    if len(forecasts):
        flow, weight = come(world)
        forecasts.came += flow
        forecasts.weight += weight
    if (world.month + 1) % QUARTER == 0:
        note_forecasts(world, world.month)
