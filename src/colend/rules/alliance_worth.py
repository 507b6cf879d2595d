"""What an alliance is worth to each party on what is believed now, and whether both would sign.

Section 6 of the model.
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit, ndtr

from colend.compilation import compiled
from colend.equations.fit import mean_for_share
from colend.equations.valuation import TERMS, surplus_rows, value_rows
from colend.rules.clubs import integration_part
from colend.rules.foresight import look_ahead
from colend.state.tables import table

NEVER = 10_000  # months of a party whose horizon does not bind


def party_terms(market, pairs: np.ndarray, party: int, ahead: bool = True) -> np.recarray:
    """TERMS of one party (0 the bank, 1 the platform) for these pairs, yuan a month at what is expected now.

    Both sides pay the same for the same thing; set-up and fixed costs scale with the bank's kind. Signing's prestige
    counts against its cost. `ahead`: months under announced rules count by their discounted share of the term.
    """
    group, rows = market.parameters.alliances, market.pairs[pairs]
    bank = pairs % len(market.banks_table)
    scale = market.banks_table.cost_scale[bank]
    terms = table(TERMS, len(pairs))
    margin = rows.bank_margin if party == 0 else rows.platform_margin
    opening = scale * market.parameters.platforms.opening_cost.as_array()[rows.openness] if party == 1 else 0.0
    flow, pilot_flow = rows.applications, rows.applications * group.pilot_allocation
    terms.gain = flow * margin + (rows.transfer_worth if party == 0 else 0.0)
    terms.cost = group.running_cost * scale + group.application_cost * flow + opening
    terms.pilot_gain = pilot_flow * margin
    terms.pilot_cost = group.pilot_running_cost * scale + group.application_cost * pilot_flow
    terms.signing = group.signing_cost * scale - group.signing_prestige
    part = integration_part(market, pairs)
    terms.integration = group.integration_cost * scale * part
    terms.setup = group.pilot_cost * scale
    for name, applications in (("noise", flow), ("pilot_noise", pilot_flow)):
        served = np.maximum(applications * expit(rows.belief_mean), 0.0)
        failed = np.maximum(applications - served, 0.0)
        terms[name] = group.operation_sd**2 + 1.0 / (served + 0.5) + 1.0 / (failed + 0.5)
    terms.pilot_scale_variance = group.pilot_scale_sd**2
    terms.operation_variance = group.operation_sd**2
    terms.discount = market.monthly_discount
    terms.integration_months = np.rint(group.integration_months * part)
    terms.review_months = group.review_months
    horizon = market.banks_table.horizon_months[bank] if party == 0 else NEVER
    terms.months = np.minimum(group.term_months, horizon)
    terms.setup_months = group.pilot_setup_months
    terms.pilot_months = group.pilot_months
    if ahead:
        look_ahead(market, pairs, party, terms)
    return terms


def values(market, pairs: np.ndarray, terms: np.recarray, pilot=0) -> np.ndarray:
    """V, or V_pilot where `pilot` is 1, on the pairs' present beliefs, yuan."""
    rows = market.pairs
    result = np.zeros(len(pairs))
    pilot = np.broadcast_to(np.asarray(pilot, dtype=np.int64), len(pairs)).copy()
    fill = compiled(value_rows, allocates=False)
    tables = market.share_table, market.pilot_share_table
    fill(rows.belief_mean[pairs], rows.belief_variance[pairs], terms, *tables, pilot, result)
    return result


def smaller_surplus(market, pairs: np.ndarray) -> np.ndarray:
    """The smaller of both parties' expected monthly surplus at full operation, yuan."""
    rows = market.pairs
    both = np.zeros((2, len(pairs)))
    for party in (0, 1):
        terms = party_terms(market, pairs, party, ahead=False)
        compiled(surplus_rows, allocates=False)(
            rows.belief_mean[pairs], rows.belief_variance[pairs], terms, market.share_table, both[party]
        )
    return both.min(axis=0)


def confident(market, pairs: np.ndarray, terms: np.ndarray) -> np.ndarray:
    """Whether P(x > x*) reaches `sign_confidence`, x* the fit at which the party's surplus is 0."""
    needed = market.parameters.alliances.sign_confidence
    rows = market.pairs
    root = compiled(mean_for_share)
    break_even = np.array([root(t.cost / max(t.gain, 1e-9), t.operation_variance, market.share_table) for t in terms])
    spread = np.sqrt(np.maximum(rows.belief_variance[pairs], 1e-18))
    return 1.0 - ndtr((break_even - rows.belief_mean[pairs]) / spread) >= needed


def would_sign(market, pairs: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Whether both parties sign on what they know now, and V to each: V > 0, and confidence where it is asked for."""
    agree, worth = np.ones(len(pairs), dtype=bool), []
    for party in (0, 1):
        terms = party_terms(market, pairs, party)
        worth.append(values(market, pairs, terms))
        agree &= worth[-1] > 0.0
        if agree.any():
            agree[agree] = confident(market, pairs[agree], terms[agree])
    return agree, worth[0], worth[1]
