"""Clubs: what members of a club share about one platform. Section 9 of the model.

Templates make integration cheaper and shorter, references bring members to meet the platform, and members learn from
what the others learn. Neutral channels leave every number as it is, to the last bit.
"""

from __future__ import annotations

import numpy as np

from colend.equations.capability import spillover
from colend.scenario.parameters import KINDS, Parameters
from colend.state.tables import DORMANT, NONE, OPERATING
from colend.state.world import World

MEMBER, HUB = 1, 2  # values of a bank's `club`; 0 is none


def found_club(parameters: Parameters, banks: np.recarray) -> None:
    """Mark members, and the first of them as hub, in the table of banks."""
    of_kind = {name: np.flatnonzero(banks.kind == kind) for kind, name in enumerate(KINDS)}
    rows = [row for kind, first, last in parameters.clubs.spans() for row in of_kind[kind][first - 1 : last]]
    banks.club[rows] = MEMBER
    banks.club[rows[:1]] = HUB


def there_is_a_club(world: World) -> bool:
    """Whether the club has members."""
    return bool(world.parameters.clubs.members)


def members_in(world: World, *stages: int) -> np.ndarray:
    """bool[banks]: members whose alliance with the club's platform is in one of these stages."""
    alliances, result = world.alliances, np.zeros(len(world.banks), dtype=bool)
    ours = (alliances.platform == world.parameters.clubs.platform - 1) & np.isin(alliances.stage, stages)
    result[alliances.bank[ours]] = True
    return result & (world.banks.club > 0)


def integration_part(world: World, pairs: np.ndarray) -> float | np.ndarray:
    """Part of the integration's cost and months left by templates: (1 - saving)^n, n members already integrated."""
    if not there_is_a_club(world):
        return 1.0
    group = world.parameters.clubs
    platform, bank = np.divmod(pairs, len(world.banks))
    left = (1.0 - group.template_saving) ** float(members_in(world, OPERATING, DORMANT).sum())
    return np.where((platform == group.platform - 1) & (world.banks.club[bank] > 0), left, 1.0)


def looks_for(world: World, draw: np.ndarray) -> np.ndarray:
    """bool[platforms, banks]: who looks at whom this month, on one uniform `draw` a bank.

    Everybody with probability `meeting_rate`; members at the club's platform with 1 - (1 - rate)(1 - reference)^n, n
    members working with it. While the hub goes first they leave it to the hub.
    """
    rate, group = world.parameters.alliances.meeting_rate, world.parameters.clubs
    result = np.repeat((draw < rate)[None, :], len(world.platforms), axis=0)
    if not there_is_a_club(world):
        return result
    club, ours = world.banks.club, group.platform - 1
    refused = (1.0 - group.reference) ** float(members_in(world, OPERATING).sum())
    if refused < 1.0:
        result[ours, club > 0] = draw[club > 0] < 1.0 - (1.0 - rate) * refused
    if world.month < group.hub_wait_months and not hub_has_signed(world):
        result[ours, club == MEMBER] = False
    return result


def hub_has_signed(world: World) -> bool:
    """Whether the hub ever signed a pact with the club's platform."""
    alliances = world.alliances
    theirs = (world.banks.club[alliances.bank] == HUB) & (alliances.signed != NONE)
    return bool((theirs & (alliances.platform == world.parameters.clubs.platform - 1)).any())


def heard(world: World, effort: np.ndarray) -> np.ndarray:
    """What each member can learn this month from the others' effort, before absorption; 0 for other banks."""
    result, members = np.zeros(len(effort)), world.banks.club > 0
    if world.parameters.clubs.spillover > 0.0 and members.sum() > 1:
        result[members] = spillover(world.parameters.clubs.spillover, effort[members])
    return result
