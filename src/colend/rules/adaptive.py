"""Adaptive choice: banks and platforms go where alliances have paid, by experience-weighted attraction.

A payoff is what an alliance really earned the party by `evaluation_months` after the meeting, failures included, over
the party's initial equity; a party's payoff with an option is the mean over its meetings with that option since its
last revision. Section 6 of the model.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from colend.equations.attraction import choice_probabilities, chosen, reinforcement, updated
from colend.rules.founding import BEFORE, bank_entities, platform_entities
from colend.scenario.parameters import OPENNESS, SEQUENCING
from colend.state import draws
from colend.state.draws import uniforms
from colend.state.table import Table
from colend.state.tables import ADAPTS
from colend.state.world import World

PURPOSE = {"sequencing": draws.SEQUENCING_CHOICE, "openness": draws.OPENNESS_CHOICE}
OPTIONS = {"sequencing": SEQUENCING, "openness": OPENNESS}


def choosers(world: World) -> Iterator[tuple[Table, str, str, np.ndarray]]:
    """Each table of parties with what is chosen there: (table, party, choice, rows that choose)."""
    for party, rows in (("bank", world.banks), ("platform", world.platforms)):
        for choice in OPTIONS if party == "platform" else ("sequencing",):
            who = np.flatnonzero(rows.adapts & ADAPTS[choice])
            if len(who):
                yield rows, party, choice, who


def first_choices(world: World, party: str, choice: str, who: np.ndarray) -> np.ndarray:
    """What these adaptive parties choose at first: a draw from the start mix."""
    mix = getattr(world.parameters.adaptive, f"initial_{choice}").as_array()
    mix = np.broadcast_to(mix, (len(who), len(OPTIONS[choice])))
    return chosen(mix, choice_draws(world, party, choice, BEFORE)[who])


def choice_draws(world: World, party: str, choice: str, month: int) -> np.ndarray:
    """A uniform draw for every bank or platform."""
    entities = bank_entities(world.banks) if party == "bank" else platform_entities(world.platforms)
    return uniforms(world.seed, month, entities, PURPOSE[choice])


class Revision(NamedTuple):
    """What parties make of their experience, one row each: attraction of every option, experience N, the choice."""

    attraction: np.ndarray  # float64[who, options]
    experience: np.ndarray
    choice: np.ndarray


def revised(world: World, rows: Table, party: str, choice: str, who: np.ndarray) -> Revision:
    """Attractions of these parties after what was earned since the last time, and what they choose on them.

    Who has seen nothing yet, its own or others', keeps what it has.
    """
    group, names = world.parameters.adaptive, OPTIONS[choice]
    kind = rows.kind if party == "bank" else np.zeros(len(rows), dtype=np.int64)
    earned = np.column_stack([rows[f"payoff_{name}"] for name in names])
    meetings = np.column_stack([rows[f"meetings_{name}"] for name in names]).astype(np.float64)
    own = mean_payoff(earned, meetings)
    peers = np.empty_like(own)
    for one in np.unique(kind):  # peers are the others of the same kind
        here = kind == one
        peers[here] = mean_payoff(earned[here].sum(axis=0) - earned[here], meetings[here].sum(axis=0) - meetings[here])
    attraction = np.column_stack([rows[f"attraction_{name}"] for name in names])[who]
    payoff = reinforcement(own[who], peers[who], group.foregone_weight)
    experience = rows[f"experience_{choice}"][who]
    attraction, experience = updated(attraction, experience, payoff, group.memory, group.cumulation)
    unseen = (attraction == 0.0).all(axis=1)
    open_ = np.array([name in getattr(group, f"{choice}_options") for name in names])
    sensitivity = group.bank_sensitivity if party == "bank" else group.platform_sensitivity
    draw = choice_draws(world, party, choice, world.month)[who]
    wanted = chosen(choice_probabilities(np.where(open_, attraction, -np.inf), sensitivity), draw)
    return Revision(attraction, experience, np.where(unseen, rows[choice][who], wanted))


def mean_payoff(earned: np.ndarray, meetings: np.ndarray) -> np.ndarray:
    """Mean payoff per meeting; NaN without any."""
    return np.divide(earned, meetings, out=np.full(earned.shape, np.nan), where=meetings > 0)


def agreed_sequencing(world: World) -> np.ndarray:
    """What each pair does; where the parties' sequencings differ, the platform's holds in a part of the pairs."""
    own = np.tile(world.banks.sequencing, len(world.platforms))
    other = np.repeat(world.platforms.sequencing, len(world.banks))
    power = uniforms(world.seed, BEFORE, world.pair_entities, draws.POWER)
    return np.where(power < world.parameters.alliances.platform_power, other, own)
