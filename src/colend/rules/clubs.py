"""Clubs: what members of a club share about one platform. Section 9 of the model.

Templates make integration cheaper and shorter, references bring members to meet the platform, and members learn from
what the others learn. Neutral channels leave every number as it is, to the last bit.
"""

from __future__ import annotations

import numpy as np

from colend.equations.capability import spillover
from colend.scenario.parameters import KINDS
from colend.state.tables import DORMANT, NONE, OPERATING

MEMBER, HUB = 1, 2  # values of a bank's `club`; 0 is none


def found_club(parameters, banks: np.recarray) -> None:
    """Mark members and hub in the table of banks."""
    rows = parameters.clubs.places({name: getattr(parameters.banks, name).number for name in KINDS})
    banks.club[rows] = MEMBER
    banks.club[rows[:1]] = HUB


def there_is_a_club(market) -> bool:
    """Whether the club has members."""
    return bool(market.parameters.clubs.members)


def members_in(market, *stages: int) -> np.ndarray:
    """bool[banks]: members whose alliance with the club's platform is in one of these stages."""
    alliances, result = market.alliances, np.zeros(len(market.banks_table), dtype=bool)
    ours = (alliances.platform == market.parameters.clubs.platform - 1) & np.isin(alliances.stage, stages)
    result[alliances.bank[ours]] = True
    return result & (market.banks_table.club > 0)


def integration_part(market, pairs: np.ndarray):
    """Part of the integration's cost and months left by templates: (1 - saving)^n, n members already integrated."""
    if not there_is_a_club(market):
        return 1.0
    group = market.parameters.clubs
    platform, bank = np.divmod(pairs, len(market.banks_table))
    left = (1.0 - group.template_saving) ** float(members_in(market, OPERATING, DORMANT).sum())
    return np.where((platform == group.platform - 1) & (market.banks_table.club[bank] > 0), left, 1.0)


def looks_for(market, draw: np.ndarray) -> np.ndarray:
    """bool[platforms, banks]: who looks at whom this month, on one uniform `draw` a bank.

    Everybody with probability `meeting_rate`; members at the club's platform with 1 - (1 - rate)(1 - reference)^n, n
    members working with it. While the hub goes first they leave it to the hub.
    """
    rate, group = market.parameters.alliances.meeting_rate, market.parameters.clubs
    result = np.repeat((draw < rate)[None, :], len(market.platforms_table), axis=0)
    if not there_is_a_club(market):
        return result
    club, ours = market.banks_table.club, group.platform - 1
    refused = (1.0 - group.reference) ** float(members_in(market, OPERATING).sum())
    if refused < 1.0:
        result[ours, club > 0] = draw[club > 0] < 1.0 - (1.0 - rate) * refused
    if market.month < group.hub_wait_months and not hub_has_signed(market):
        result[ours, club == MEMBER] = False
    return result


def hub_has_signed(market) -> bool:
    """Whether the hub ever signed a pact with the club's platform."""
    alliances = market.alliances
    theirs = (market.banks_table.club[alliances.bank] == HUB) & (alliances.signed != NONE)
    return bool((theirs & (alliances.platform == market.parameters.clubs.platform - 1)).any())


def heard(market, effort: np.ndarray) -> np.ndarray:
    """What each member can learn this month from the others' effort, before absorption; 0 for other banks."""
    result, members = np.zeros(len(effort)), market.banks_table.club > 0
    if market.parameters.clubs.spillover > 0.0 and members.sum() > 1:
        result[members] = spillover(market.parameters.clubs.spillover, effort[members])
    return result
