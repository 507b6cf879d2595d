"""What all plans rest on: the terms of a scenario as records, and the expectations that banks and platforms hold."""

from __future__ import annotations

import math

import numpy as np

from colend.equations.default import solve_threshold
from colend.equations.numbers import Row
from colend.equations.relationship import awareness_at_end, conversion_probability, touch_strength
from colend.scenario.parameters import LEVELS, TOUCHPOINTS, Parameters
from colend.state.outlook import (
    ALLIANCE_NUMBERS,
    ALLIANCE_TERMS,
    FORECAST,
    GENERAL_TERMS,
    SEGMENT_COUNT,
    SEGMENT_TERMS,
    Outlook,
)
from colend.state.table import Table
from colend.state.tables import table
from colend.state.world import World


def mean_term(parameters: Parameters) -> float:
    """Mean term of loans in months."""
    population = parameters.population
    return sum(term * share for term, share in zip(population.terms_months, population.term_shares, strict=True))


def general_terms(parameters: Parameters) -> Row:
    """GENERAL_TERMS of a scenario."""
    credit, platforms, alliances = parameters.credit, parameters.platforms, parameters.alliances
    row = np.zeros(1, dtype=GENERAL_TERMS).view(np.recarray)[0]
    row.loss_given_default = credit.loss_given_default
    row.reservation_slope = parameters.population.reservation_slope
    row.reservation_sigma = parameters.population.reservation_sigma
    row.risk_based = credit.pricing == "risk_based"
    row.rational = credit.prescreen_inference == "rational"
    row.funding_share = alliances.funding_share
    row.cost_joint = credit.origination_cost_joint
    row.cost_own = credit.origination_cost_own
    row.rate_cap = np.inf
    levels = LEVELS.values()
    row.sight[:] = [1.0 if level.full_view else credit.thin_view for level in levels]
    row.data_share[:] = [platforms.data_share if level.shares_data else 0.0 for level in levels]
    row.technology_fee[:] = [platforms.technology_fee if level.charges else 0.0 for level in levels]
    for name in ("deepens", "opens_customers", "teaches"):
        row[name] = [getattr(level, name) for level in levels]
    return row


def alliance_terms(parameters: Parameters) -> np.record:
    """ALLIANCE_TERMS of a scenario."""
    row = np.zeros(1, dtype=ALLIANCE_TERMS).view(np.recarray)[0]
    for name in ALLIANCE_NUMBERS:
        row[name] = getattr(parameters.alliances, name)
    row.opening_cost[:] = parameters.platforms.opening_cost.as_array()
    return row


def segment_terms(parameters: Parameters) -> Table:
    """SEGMENT_TERMS of a scenario, one row a segment.

    Loans at their means (log-normal amounts, terms independent of them).
    """
    credit, population = parameters.credit, parameters.population
    rows = table(SEGMENT_TERMS, SEGMENT_COUNT)
    loading, yearly = credit.default_loading.as_array(), credit.annual_default_rate.as_array()
    rows.loading = loading
    rows.threshold = [solve_threshold(float(rate), float(load)) for rate, load in zip(yearly, loading, strict=True)]
    if credit.pricing == "risk_based":
        rows.price_joint = rows.price_own = credit.rate_cap
    else:
        posted = credit.posted_rate.as_array()
        rows.price_joint = np.minimum(posted, credit.rate_cap)
        rows.price_own = np.minimum(posted - credit.own_discount, credit.rate_cap)
    rows.reservation = population.reservation_rate.as_array()
    amount = population.loan_median.as_array() * math.exp(0.5 * population.loan_sigma**2)
    rows.amount, rows.amount_months = amount, amount * (mean_term(parameters) + 1.0)
    rows.bank_factor = credit.bank_precision_factor.as_array()
    rows.platform_factor = credit.platform_precision_factor.as_array()
    return rows


def open_outlook(world: World) -> Outlook:
    """The outlook before the first month, without expectations yet; `refresh_prospects` fills them."""
    parameters, banks, platforms = world.parameters, world.banks, world.platforms
    customers, population = parameters.customers, parameters.population
    number, pairs = len(banks), len(world.pairs)
    kinds = [getattr(customers.touchpoints, name) for name in TOUCHPOINTS]
    touch = touch_strength(
        np.array([kind.strength for kind in kinds]), np.array([kind.reach.as_array() for kind in kinds])
    )
    awareness = awareness_at_end(
        customers.awareness_gain,
        touch[:, :, None, :],
        customers.visibility.as_array()[:, None],
        np.array(population.terms_months, dtype=float),
        np.array(population.term_shares, dtype=float),
    )
    owned = population.initial_owner_share.as_array()

    def by_bank() -> np.ndarray:
        return np.zeros((number, SEGMENT_COUNT))

    def by_pair() -> np.ndarray:
        return np.zeros((pairs, SEGMENT_COUNT))

    return Outlook(
        general=general_terms(parameters),
        segments=segment_terms(parameters),
        alliances=alliance_terms(parameters),
        touch=touch,
        awareness=awareness,
        conversion=conversion_probability(customers.conversion, owned, customers.switch_probability),
        own_offered=by_bank(),
        own_loans=by_bank(),
        own_margin=by_bank(),
        own_slope=by_bank(),
        loans=by_pair(),
        margin=by_pair(),
        slope=by_pair(),
        platform_income=by_pair(),
        customer_worth=by_bank(),
        customer_loss=np.zeros((len(platforms), SEGMENT_COUNT)),
        mix=np.full((len(platforms), SEGMENT_COUNT), 1.0 / SEGMENT_COUNT),
        own_applications=by_bank(),
        kappa=np.zeros(number),
        offer_cap=np.full((len(platforms), number), np.inf),
        flowing=np.zeros(0, dtype=np.int64),
        joint_loans=np.zeros((0, SEGMENT_COUNT)),
        pair_served=by_pair(),
        precision_profit=np.zeros(number),
        effort=np.zeros(number),
        experience=np.zeros(number),
        leaned=np.zeros(number),
        bank_lending=np.zeros(number),
        lender_lending=np.zeros(len(platforms)),
        forecasts=table(FORECAST, (0, pairs)),
    )
