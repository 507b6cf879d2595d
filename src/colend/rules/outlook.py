"""What all plans rest on: the terms of a scenario as records, and the expectations that banks and platforms hold."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from colend.equations.default import solve_threshold
from colend.equations.relationship import awareness_at_end, conversion_probability, touch_strength
from colend.scenario.parameters import OPENNESS, TOUCHPOINTS
from colend.state.tables import table

SEGMENT_COUNT = 3
TRAFFIC, CUSTOMERS, TECHNOLOGY = range(3)  # places in OPENNESS

# What lending to one segment looks like, the same for every lender. Prices are posted rates, or the cap under risk-
# based pricing.
SEGMENT_TERMS = np.dtype(
    [
        ("threshold", "f8"),
        ("loading", "f8"),
        ("price_joint", "f8"),
        ("price_own", "f8"),
        ("log_joint", "f8"),  # ln(price / R)
        ("log_own", "f8"),
        ("amount", "f8"),  # mean loan, yuan
        ("amount_months", "f8"),  # mean B (T + 1), yuan
        ("bank_factor", "f8"),  # of precision
        ("platform_factor", "f8"),
    ]
)
GENERAL_TERMS = np.dtype(
    [
        ("loss_given_default", "f8"),
        ("reservation_slope", "f8"),
        ("reservation_sigma", "f8"),
        ("risk_based", "?"),
        ("rational", "?"),
        ("thin_view", "f8"),
        ("data_share", "f8"),
        ("funding_share", "f8"),
        ("fee_rate", "f8"),
        ("technology_fee", "f8"),
        ("cost_joint", "f8"),  # yuan a loan
        ("cost_own", "f8"),
        ("minimum_income", "f8"),  # yuan
        ("rate_cap", "f8"),  # regulation's, on the price of joint loans less their fees; inf: none
    ]
)
_ALLIANCE_NUMBERS = (
    "operation_sd",
    "pilot_scale_sd",
    "pilot_allocation",
    "pilot_cost",
    "pilot_running_cost",
    "pilot_setup_months",
    "pilot_months",
    "signing_cost",
    "signing_prestige",
    "integration_cost",
    "integration_months",
    "running_cost",
    "application_cost",
    "review_months",
    "term_months",
)
# What alliances cost and how long their steps take, as the parameters' groups have it.
ALLIANCE_TERMS = np.dtype(
    [(name, "f8") for name in _ALLIANCE_NUMBERS]
    + [("monthly_discount", "f8"), ("opening_cost", "f8", (len(OPENNESS),))]
)


@dataclass
class Outlook:
    """Expectations by bank [bank, segment] and by pair [pair, segment]; observed flows smoothed over months."""

    general: np.record
    segments: np.recarray
    alliances: np.record
    touch: np.ndarray  # [16 sets, segment, home/away]
    awareness: np.ndarray  # [16 sets, segment, openness, home/away] at the end of a loan
    conversion: np.ndarray  # [segment] P(customer at full awareness)
    own_offered: np.ndarray  # [bank, segment] per own-channel application
    own_loans: np.ndarray
    own_margin: np.ndarray  # yuan
    own_slope: np.ndarray  # yuan per unit of precision
    loans: np.ndarray  # [pair, segment] loans per served application
    margin: np.ndarray  # yuan, the bank's interest margin
    slope: np.ndarray  # yuan per unit of precision
    platform_income: np.ndarray  # yuan
    customer_worth: np.ndarray  # [bank, segment] CLV, yuan
    mix: np.ndarray  # [platform, segment] shares of the platform's applications
    own_applications: np.ndarray  # [bank, segment] persons a month, smoothed
    kappa: np.ndarray  # [bank] yuan a month offered to each alliance
    offer_cap: np.ndarray  # [platform, bank] the most of it that regulation's limits allow
    flowing: np.ndarray  # rows of the alliances in pilot or operation, as routed last
    joint_loans: np.ndarray  # [of these, segment] loans a month that they may expect
    pair_served: np.ndarray  # [pair, segment] applications a month that reached the pair and could be served
    precision_profit: np.ndarray  # [bank] yuan a month per unit of precision, own and joint
    effort: np.ndarray  # [bank] learning effort expected, before absorption
    experience: np.ndarray  # [bank] funded, matured loans a month x view, smoothed
    leaned: np.ndarray  # [bank] of them, x depth
    bank_lending: np.ndarray  # [bank] yuan a month asked of it, smoothed
    lender_lending: np.ndarray  # [platform] yuan a month asked of its own lender
    started: bool = False  # False until prospects were computed once


def monthly_discount(parameters) -> float:
    """Value today of a yuan next month."""
    return (1.0 + parameters.alliances.discount_rate) ** (-1.0 / 12.0)


def mean_term(parameters) -> float:
    """Mean term of loans in months."""
    population = parameters.population
    return sum(term * share for term, share in zip(population.terms_months, population.term_shares, strict=True))


def general_terms(parameters) -> np.record:
    """GENERAL_TERMS of a scenario."""
    credit, platforms, alliances = parameters.credit, parameters.platforms, parameters.alliances
    row = np.zeros(1, dtype=GENERAL_TERMS).view(np.recarray)[0]
    row.loss_given_default = credit.loss_given_default
    row.reservation_slope = parameters.population.reservation_slope
    row.reservation_sigma = parameters.population.reservation_sigma
    row.risk_based = credit.pricing == "risk_based"
    row.rational = credit.prescreen_inference == "rational"
    row.thin_view = credit.thin_view
    row.data_share = platforms.data_share
    row.funding_share = alliances.funding_share
    row.fee_rate = platforms.fee_rate
    row.technology_fee = platforms.technology_fee
    row.cost_joint = credit.origination_cost_joint
    row.cost_own = credit.origination_cost_own
    row.minimum_income = platforms.minimum_income
    row.rate_cap = np.inf
    return row


def alliance_terms(parameters) -> np.record:
    """ALLIANCE_TERMS of a scenario."""
    row = np.zeros(1, dtype=ALLIANCE_TERMS).view(np.recarray)[0]
    for name in _ALLIANCE_NUMBERS:
        row[name] = getattr(parameters.alliances, name)
    row.monthly_discount = monthly_discount(parameters)
    row.opening_cost[:] = parameters.platforms.opening_cost.as_array()
    return row


def segment_terms(parameters) -> np.recarray:
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
    reservation = population.reservation_rate.as_array()
    rows.log_joint, rows.log_own = np.log(rows.price_joint / reservation), np.log(rows.price_own / reservation)
    amount = population.loan_median.as_array() * math.exp(0.5 * population.loan_sigma**2)
    rows.amount, rows.amount_months = amount, amount * (mean_term(parameters) + 1.0)
    rows.bank_factor = credit.bank_precision_factor.as_array()
    rows.platform_factor = credit.platform_precision_factor.as_array()
    return rows


def sharing_depth(openness, data_share, trust):
    """Depth delta at which the platform's score is shared.

    0 traffic, `data_share` customers, max(data_share, trust) technology.
    """
    if openness == TRAFFIC:
        return 0.0
    return max(data_share, trust) if openness == TECHNOLOGY else data_share


def open_outlook(market) -> Outlook:
    """The outlook before the first month, without expectations yet; `refresh_prospects` fills them."""
    parameters, banks, platforms = market.parameters, market.banks_table, market.platforms_table
    customers, population = parameters.customers, parameters.population
    number, pairs = len(banks), len(market.pairs)
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

    def by_bank():
        return np.zeros((number, SEGMENT_COUNT))

    def by_pair():
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
    )
