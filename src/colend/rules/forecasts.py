"""What the flow that pairs expect comes to: of all pairs alike, those too that never work together."""

from __future__ import annotations

import numpy as np

from colend.rules.alliance import with_flow
from colend.rules.crowd import WORKING, crowd, windows
from colend.state.outlook import FORECAST
from colend.state.table import Table
from colend.state.tables import OPERATING, table
from colend.state.world import World


def present_flow(world: World) -> np.ndarray:
    """Applications a month that each pair has at full allocation, or would beside the platform's present partners,
    float64[pairs].

    As routing has it: kappa / sum kappa of full partners, less what pilots take.
    """
    side, alliances = crowd(world), world.alliances
    rows = with_flow(world)
    rows = rows[alliances.stage[rows] != OPERATING]
    trying = np.zeros(side.kappa.shape, dtype=bool)
    trying[alliances.platform[rows], alliances.bank[rows]] = True
    pilots = np.where(trying, np.minimum(world.outlook.kappa, world.outlook.offer_cap), 0.0)
    allocation, flow = world.parameters.alliances.pilot_allocation, np.zeros(side.kappa.shape)
    for part in side.parts:
        offered = side.kappa * part
        working = np.where(side.role == WORKING, offered, 0.0)
        full = offered + working.sum(axis=1, keepdims=True) - working
        rivals = (pilots * part).sum(axis=1, keepdims=True) - pilots * part
        share = np.divide(offered, full, out=np.zeros_like(full), where=offered > 0.0)
        taken = np.divide(rivals, full + rivals, out=np.zeros_like(full), where=rivals > 0.0)
        flow += side.applications[:, None] / len(side.parts) * share * (1.0 - allocation * taken)
    return flow.ravel()


def expected_now(world: World, made: int) -> Table | None:
    """What each pair expects now, in the plans of month `made` (-1 before the first), over the months of a pact's
    operation: FORECAST[pairs]. None where the run ends before those of any pair are over.
    """
    months, rows = windows(world), table(FORECAST, len(world.pairs))
    rows.expected = world.pairs.applications
    rows.first, rows.last = made + months.first, made + months.last
    return rows if rows.last.min() < world.months else None


def come(world: World) -> tuple[np.ndarray, np.ndarray]:
    """What this month adds to each forecast and its discount, float64[dates, pairs]; 0 outside the months it is of."""
    forecasts = world.outlook.forecasts
    inside = (forecasts.first <= world.month) & (world.month <= forecasts.last)
    weight = np.where(inside, world.monthly_discount ** (world.month - forecasts.first.astype(np.float64)), 0.0)
    return weight * present_flow(world), weight
