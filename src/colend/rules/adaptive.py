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

PURPOSE = {"sequencing": draws.SEQUENCING_CHOICE, "openness": draws.OPENNESS_CHOICE}
OPTIONS = {"sequencing": SEQUENCING, "openness": OPENNESS}


def choosers(market):
    """Each table of parties with what is chosen there: (table, party, choice, rows that choose)."""
    for party, rows in (("bank", market.banks_table), ("platform", market.platforms_table)):
        for choice in OPTIONS if party == "platform" else ("sequencing",):
            who = np.flatnonzero(rows.adapts & ADAPTS[choice])
            if len(who):
                yield rows, party, choice, who


def first_choices(market) -> None:
    """Whoever is adaptive draws the first choice from the start mix."""
    group = market.parameters.adaptive
    for rows, party, choice, who in choosers(market):
        mix = np.broadcast_to(getattr(group, f"initial_{choice}").as_array(), (len(who), len(OPTIONS[choice])))
        rows[choice][who] = chosen(mix, choice_draws(market, party, choice, BEFORE)[who])
        rows[f"experience_{choice}"][who] = group.initial_experience


def choice_draws(market, party: str, choice: str, month: int) -> np.ndarray:
    """A uniform draw for every bank or platform."""
    entities = bank_entities(market.banks_table) if party == "bank" else platform_entities(market.platforms_table)
    return uniforms(market.seed, month, entities, PURPOSE[choice])


def adapt(market) -> None:
    """Count the alliances that have reached their evaluation; at an interval's end parties revise their choice."""
    group = market.parameters.adaptive
    if group.interval_months == 0:
        return
    revise = market.month > 0 and market.month % group.interval_months == 0
    due = None
    for rows, party, choice, who in choosers(market):
        if due is None:
            due = np.flatnonzero(market.alliances.met == market.month - group.evaluation_months)
        evaluate(market, rows, party, choice, due)
        if revise:
            rows[choice][who] = revised(market, rows, party, choice, who)
    if revise and due is not None:
        follow(market)


def evaluate(market, rows, party: str, choice: str, due: np.ndarray) -> None:
    """Add what these alliances have earned their party so far to the option that they used."""
    alliances = market.alliances
    own, option = alliances[party][due], alliances[choice][due]
    earned = alliances[f"{party}_value"][due] / rows.initial_equity[own]
    for place, name in enumerate(OPTIONS[choice]):
        with_it = option == place
        np.add.at(rows[f"payoff_{name}"], own[with_it], earned[with_it])
        np.add.at(rows[f"meetings_{name}"], own[with_it], 1)


def revised(market, rows, party: str, choice: str, who: np.ndarray) -> np.ndarray:
    """Update the attractions of these parties with what was earned since the last time; return what they choose.

    Who has seen nothing yet, its own or others', keeps what it has.
    """
    group, names = market.parameters.adaptive, OPTIONS[choice]
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
    draw = choice_draws(market, party, choice, market.month)[who]
    return np.where(unseen, rows[choice][who], chosen(choice_probabilities(attraction, sensitivity), draw))


def mean_payoff(earned: np.ndarray, meetings: np.ndarray) -> np.ndarray:
    """Mean payoff per meeting; NaN without any."""
    return np.divide(earned, meetings, out=np.full(earned.shape, np.nan), where=meetings > 0)


def follow(market) -> None:
    """Pairs that nothing binds yet take the new choices; running alliances stay as they were agreed."""
    agree_on_sequencing(market)
    free = market.pairs.alliance == NONE
    opens = np.repeat(market.platforms_table.openness, len(market.banks_table))
    market.pairs.openness = np.where(free, opens, market.pairs.openness)


def agree_on_sequencing(market) -> None:
    """Where the parties' sequencings differ, the platform's holds in a part `platform_power` of the pairs."""
    own = np.tile(market.banks_table.sequencing, len(market.platforms_table))
    other = np.repeat(market.platforms_table.sequencing, len(market.banks_table))
    power = uniforms(market.seed, BEFORE, market.pair_entities, draws.POWER)
    market.pair_sequencing = np.where(power < market.parameters.alliances.platform_power, other, own)
