"""Step 2, adaptive choice: alliances are counted at their evaluation, and at an interval's end parties choose anew."""

from __future__ import annotations

import numpy as np

from colend.rules.adaptive import OPTIONS, agreed_sequencing, choosers, first_choices, revised
from colend.state.table import Table
from colend.state.tables import NONE
from colend.state.world import World


def choose_first(world: World) -> None:
    """Whoever is adaptive begins with what the start mix gave it."""
    for rows, party, choice, who in choosers(world):
        rows[choice][who] = first_choices(world, party, choice, who)
        rows[f"experience_{choice}"][who] = world.parameters.adaptive.initial_experience


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
            choose(world, rows, party, choice, who)
    if revise and due is not None:
        follow(world)


def evaluate(world: World, rows: Table, party: str, choice: str, due: np.ndarray) -> None:
    """Add what these alliances have earned their party so far to the option that they used."""
    alliances = world.alliances
    own, option = alliances[party][due], alliances[choice][due]
    earned = alliances[f"{party}_value"][due] / rows.initial_equity[own]
    for place, name in enumerate(OPTIONS[choice]):
        with_it = option == place
        np.add.at(rows[f"payoff_{name}"], own[with_it], earned[with_it])
        np.add.at(rows[f"meetings_{name}"], own[with_it], 1)


def choose(world: World, rows: Table, party: str, choice: str, who: np.ndarray) -> None:
    """These parties choose anew, and begin to count anew."""
    found = revised(world, rows, party, choice, who)
    rows[choice][who] = found.choice
    rows[f"experience_{choice}"][who] = found.experience
    for place, name in enumerate(OPTIONS[choice]):
        rows[f"attraction_{name}"][who] = found.attraction[:, place]
        rows[f"payoff_{name}"], rows[f"meetings_{name}"] = 0.0, 0


def follow(world: World) -> None:
    """Pairs that nothing binds yet take the new choices; running alliances stay as they were agreed."""
    world.pair_sequencing = agreed_sequencing(world)
    free = world.pairs.alliance == NONE
    opens = np.repeat(world.platforms.openness, len(world.banks))
    world.pairs.openness = np.where(free, opens, world.pairs.openness)
