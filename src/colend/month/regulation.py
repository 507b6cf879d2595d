"""Step 1, rules: what is in force this month, what it ends at once, and which contracts it has made anew; in the plans
of the month, what limits mean for hurdles, offers and admission.
"""

from __future__ import annotations

import numpy as np

from colend.month.alliances import end, open_contract
from colend.rules.regulation import (
    beyond_lists,
    forbidden_contracts,
    holds,
    known_rules,
    lending_terms,
    limits,
    most_funded,
    regime_of,
    room_left,
)
from colend.scenario.regulation import NAMES, month_number
from colend.state.tables import DELISTED, JOINT
from colend.state.world import World


def regulation(world: World) -> None:
    """Set the month's rules, where there are any; older loans run off under the contracts they were made under."""
    if not world.setting.policy:
        return
    set_regulation(world)
    renew_contracts(world)
    end(world, beyond_lists(world), DELISTED)


def set_regulation(world: World) -> None:
    """Find what is in force and what is announced this month.

    Plans are made for the decisions of the month after, so that they look at what will be known then.
    """
    regulation, policy, first = world.regulation, world.setting.policy, month_number(world.setting.start)
    month = first + world.month
    in_force, announced = known_rules(policy, month)
    for rule in in_force:
        regulation.since[NAMES.index(rule.name)] = max(month_number(rule.start) - first, 0)
    regulation.months_left = min((month_number(rule.start) - month for rule in announced), default=0)
    regulation.places = min(
        (rule.value for rule in (*in_force, *announced) if rule.name == "partner_list"), default=np.inf
    )
    now = regime_of(in_force)
    if now != regulation.now:
        regulation.terms = lending_terms(world.parameters, now)
    in_force, announced = known_rules(policy, month + 1)
    last = max((month_number(rule.start) for rule in announced), default=month + 1)
    coming = regime_of(rule for rule in (*in_force, *announced) if holds(rule, last))
    if coming not in (now, regulation.coming):
        regulation.coming_terms = lending_terms(world.parameters, coming)
    regulation.now, regulation.coming = now, coming if coming != now else None


def renew_contracts(world: World) -> None:
    """Alliances whose contract the rules forbid go on under a new one; the old one's loans run off under its terms."""
    alliances, most = world.alliances, most_funded(world.regulation.now)
    for row in forbidden_contracts(world):
        old = world.contracts[alliances.contract[row]]
        alliances.contract[row] = open_contract(
            world, JOINT, old.bank, old.platform, row, old.openness, most, old.fee_rate, old.technology_fee
        )


def set_limits(world: World) -> None:
    """What limits do to the hurdle of joint lending and to what a bank offers each partner."""
    world.pairs.hurdle, world.outlook.offer_cap = limits(world)


def set_room(world: World, expected: np.ndarray) -> None:
    """What limits leave of the lending that is `expected` of each pair, yuan a month."""
    world.regulation.filters, world.regulation.room = room_left(world, expected)
    world.pairs.admission = world.regulation.filters.prod(axis=0)
