"""Adaptive choice: banks and platforms go where alliances have paid, by experience-weighted attraction.

A payoff is what an alliance really earned the party by `evaluation_months` after the meeting, failures included, over
the party's initial equity; a party's payoff with an option is the mean over its meetings with that option since its
last revision. Section 6 of the model.
"""

from __future__ import annotations

import numpy as np

from colend.equations.attraction import choice_probabilities, chosen, reinforcement, updated
from colend.rules.founding import BEFORE, bank_entities, platform_entities
from colend.scenario.parameters import OPENNESS, SEQUENCING
from colend.state import draws
from colend.state.draws import uniforms
from colend.state.tables import ADAPTS, NONE
from colend.state.world import World

PURPOSE = {"sequencing": draws.SEQUENCING_CHOICE, "openness": draws.OPENNESS_CHOICE}
OPTIONS = {"sequencing": SEQUENCING, "openness": OPENNESS}


def choosers(world: World):
    """Each table of parties with what is chosen there: (table, party, choice, rows that choose)."""
    for party, rows in (("bank", world.banks), ("platform", world.platforms)):
        for choice in OPTIONS if party == "platform" else ("sequencing",):
            who = np.flatnonzero(rows.adapts & ADAPTS[choice])
            if len(who):
                yield rows, party, choice, who


def first_choices(world: World) -> None:
    """Whoever is adaptive draws the first choice from the start mix."""
    group = world.parameters.adaptive
    for rows, party, choice, who in choosers(world):
        mix = np.broadcast_to(getattr(group, f"initial_{choice}").as_array(), (len(who), len(OPTIONS[choice])))
        rows[choice][who] = chosen(mix, choice_draws(world, party, choice, BEFORE)[who])
        rows[f"experience_{choice}"][who] = group.initial_experience


def choice_draws(world: World, party: str, choice: str, month: int) -> np.ndarray:
    """A uniform draw for every bank or platform."""
    entities = bank_entities(world.banks) if party == "bank" else platform_entities(world.platforms)
    return uniforms(world.seed, month, entities, PURPOSE[choice])


def adapt(world: World) -> None:
    """Count the alliances that have reached their evaluation; at an interval's end parties revise their choice."""
    group = world.parameters.adaptive
    if group.interval_months == 0:
        return
    revise = world.month > 0 and world.month % group.interval_months == 0
    due = None
    for rows, party, choice, who in choosers(world):
        if due is None:
            due = np.flatnonzero(world.alliances.met == world.month - group.evaluation_months)
        evaluate(world, rows, party, choice, due)
        if revise:
            rows[choice][who] = revised(world, rows, party, choice, who)
    if revise and due is not None:
        follow(world)


def evaluate(world: World, rows, party: str, choice: str, due: np.ndarray) -> None:
    """Add what these alliances have earned their party so far to the option that they used."""
    alliances = world.alliances
    own, option = alliances[party][due], alliances[choice][due]
    earned = alliances[f"{party}_value"][due] / rows.initial_equity[own]
    for place, name in enumerate(OPTIONS[choice]):
        with_it = option == place
        np.add.at(rows[f"payoff_{name}"], own[with_it], earned[with_it])
        np.add.at(rows[f"meetings_{name}"], own[with_it], 1)


def revised(world: World, rows, party: str, choice: str, who: np.ndarray) -> np.ndarray:
    """Update the attractions of these parties with what was earned since the last time; return what they choose.

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
    rows[f"experience_{choice}"][who] = experience
    for place, name in enumerate(names):
        rows[f"attraction_{name}"][who] = attraction[:, place]
        rows[f"payoff_{name}"], rows[f"meetings_{name}"] = 0.0, 0
    unseen = (attraction == 0.0).all(axis=1)
    closed = [place for place, name in enumerate(names) if name not in getattr(group, f"{choice}_options")]
    attraction[:, closed] = -np.inf
    sensitivity = group.bank_sensitivity if party == "bank" else group.platform_sensitivity
    draw = choice_draws(world, party, choice, world.month)[who]
    return np.where(unseen, rows[choice][who], chosen(choice_probabilities(attraction, sensitivity), draw))


def mean_payoff(earned: np.ndarray, meetings: np.ndarray) -> np.ndarray:
    """Mean payoff per meeting; NaN without any."""
    return np.divide(earned, meetings, out=np.full(earned.shape, np.nan), where=meetings > 0)


def follow(world: World) -> None:
    """Pairs that nothing binds yet take the new choices; running alliances stay as they were agreed."""
    agree_on_sequencing(world)
    free = world.pairs.alliance == NONE
    opens = np.repeat(world.platforms.openness, len(world.banks))
    world.pairs.openness = np.where(free, opens, world.pairs.openness)


def agree_on_sequencing(world: World) -> None:
    """Where the parties' sequencings differ, the platform's holds in a part `platform_power` of the pairs."""
    own = np.tile(world.banks.sequencing, len(world.platforms))
    other = np.repeat(world.platforms.sequencing, len(world.banks))
    power = uniforms(world.seed, BEFORE, world.pair_entities, draws.POWER)
    world.pair_sequencing = np.where(power < world.parameters.alliances.platform_power, other, own)
