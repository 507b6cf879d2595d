"""What an alliance is worth to each party on what is believed now, and whether both would sign.

Section 6 of the model.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from colend.compilation import compiled
from colend.equations.fit import logistic, mean_for_share, observation_variance
from colend.equations.numbers import Row
from colend.equations.valuation import TERMS, Tables, surplus_rows, value_rows
from colend.rules.clubs import integration_part
from colend.rules.foresight import look_ahead
from colend.state.table import Table
from colend.state.tables import table
from colend.state.world import World

BANK, PLATFORM = 0, 1  # parties


def party_terms(world: World, pairs: np.ndarray, party: int, ahead: bool = True, near: bool = False) -> Table:
    """TERMS of one party (0 the bank, 1 the platform) for these pairs, yuan a month at what is expected now.

    `ahead`: months under announced rules count by their discounted share of the term. `near`: with the flow of the
    months at hand, not that of a pact's term.
    """
    terms, part = table(TERMS, len(pairs)), np.full(len(pairs), integration_part(world, pairs))
    fill = compiled(fill_terms, allocates=False)
    fill(world.pairs, world.banks, world.pair_sequencing, pairs, party, near, part, world.outlook.alliances, terms)
    if ahead:
        look_ahead(world, pairs, party, terms)
    return terms


def fill_terms(
    pairs: Table,
    banks: Table,
    pilots: np.ndarray,
    rows: np.ndarray,
    party: int,
    near: bool,
    part: np.ndarray,
    group: Row,
    terms: Table,
) -> None:
    """Fill TERMS of one party for the pairs `rows`; `pilots` is not 0 where they cooperate first, `part` what templates
    leave of the integration, `group` ALLIANCE_TERMS.

    Both sides pay the same for the same thing; set-up and fixed costs scale with the bank's kind. Signing's prestige
    counts against its cost. The horizon of banks alone may end before the term does.
    """
    for i in range(len(rows)):
        pair, bank, row = pairs[rows[i]], banks[rows[i] % len(banks)], terms[i]
        scale, flow = bank.cost_scale, pair.near_applications if near else pair.applications
        pilot_flow = pair.near_applications * group.pilot_allocation
        if party == BANK:
            margin, more, opening = pair.bank_margin, pair.transfer_worth, 0.0
            row.months = min(group.term_months, bank.horizon_months)
        else:
            margin, more, opening = pair.platform_margin, 0.0, scale * group.opening_cost[pair.openness]
            row.months = group.term_months
        row.gain = flow * margin + more
        row.cost = group.running_cost * scale + group.application_cost * flow + opening
        row.pilot_gain = pilot_flow * margin
        row.pilot_monthly_cost = group.pilot_running_cost * scale + group.application_cost * pilot_flow
        row.signing = group.signing_cost * scale - group.signing_prestige
        row.integration = group.integration_cost * scale * part[i]
        row.setup = group.pilot_cost * scale
        served, failed = logistic(pair.belief_mean), logistic(-pair.belief_mean)
        row.noise = observation_variance(group.operation_sd, flow * served, flow * failed)
        row.pilot_noise = observation_variance(group.operation_sd, pilot_flow * served, pilot_flow * failed)
        row.pilot_scale_variance = group.pilot_scale_sd * group.pilot_scale_sd
        row.operation_variance = group.operation_sd * group.operation_sd
        row.discount = group.monthly_discount
        row.integration_months = round(group.integration_months * part[i])
        row.review_months = group.review_months
        row.setup_months = group.pilot_setup_months
        row.pilot_months = group.pilot_months
        row.continues = group.pilot_continues * min(group.pilot_months, 1.0) if pilots[rows[i]] != 0 else 0.0


def values(world: World, pairs: np.ndarray, terms: np.recarray, pilot: int | np.ndarray = 0) -> np.ndarray:
    """V, or V_pilot where `pilot` is 1, on the pairs' present beliefs, yuan."""
    rows, result = world.pairs, np.zeros(len(pairs))
    compiled(value_rows, allocates=False)(
        rows.belief_mean[pairs],
        rows.belief_variance[pairs],
        terms,
        Tables(world.share_table, world.pilot_share_table, np.empty(world.share_table.shape[1])),
        np.full(len(pairs), pilot, dtype=np.int64),
        result,
    )
    return result


def smaller_surplus(world: World, pairs: np.ndarray) -> np.ndarray:
    """The smaller of both parties' expected monthly surplus at full operation in the month at hand, yuan."""
    rows = world.pairs
    both = np.zeros((2, len(pairs)))
    for party in (BANK, PLATFORM):
        terms = party_terms(world, pairs, party, ahead=False, near=True)
        compiled(surplus_rows, allocates=False)(
            rows.belief_mean[pairs], rows.belief_variance[pairs], terms, world.share_table, both[party]
        )
    return both.min(axis=0)


def confident(world: World, pairs: np.ndarray, terms: np.ndarray) -> np.ndarray:
    """Whether P(x > x*) reaches `sign_confidence`, x* the fit at which the party's surplus is 0."""
    needed, rows = world.parameters.alliances.sign_confidence, world.pairs
    if needed == 0.0:
        return np.ones(len(pairs), dtype=bool)
    root = compiled(mean_for_share)
    break_even = np.array([root(t.cost / max(t.gain, 1e-9), t.operation_variance, world.share_table) for t in terms])
    spread = np.sqrt(np.maximum(rows.belief_variance[pairs], 1e-18))
    return 1.0 - ndtr((break_even - rows.belief_mean[pairs]) / spread) >= needed


def would_sign(world: World, pairs: np.ndarray) -> np.ndarray:
    """Whether both parties sign on what they know now: V > 0 to each, and confidence where it is asked for."""
    agree = np.ones(len(pairs), dtype=bool)
    for party in (BANK, PLATFORM):
        terms = party_terms(world, pairs, party)
        agree &= (values(world, pairs, terms) > 0.0) & confident(world, pairs, terms)
    return agree
