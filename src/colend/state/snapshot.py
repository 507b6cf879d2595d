"""What every borrower sees in a month: read-only tables, built before the borrowers' pass.

Because all borrowers of a month see the same snapshot they are independent within the month, and the result cannot
depend on their order, on chunks or on threads.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

# Terms on which one contract serves one segment this month.
OFFER = np.dtype(
    [
        ("kind", "i8"),  # JOINT, OWN, LENDER
        ("bank", "i8"),  # NONE for a platform's lender
        ("region", "i8"),  # the bank's
        ("home_only", "i8"),  # 1: it may lend in that region only
        ("precision", "f8"),  # of the lender's own signal in this channel
        ("threshold", "f8"),  # the segment's default threshold plus the lender's intercept correction
        ("intercept", "f8"),  # that correction
        ("base_rate", "f8"),  # funds + operating + fee + hurdle, a year
        ("price", "f8"),  # posted rate; under risk-based pricing the cap
        ("loss_limit", "f8"),  # under risk-based pricing the most expected loss a year that the lender prices in
        ("acceptance", "f8"),  # ln(price / R_s): who takes the loan has a higher log reservation rate than that
        ("origination_cost", "f8"),  # fen a loan
        ("admission", "f8"),  # probability that there is capacity
        ("unlimited", "f8"),  # the same without regulation's limits
        ("served", "f8"),  # probability that the joint pipeline can serve the application
        ("sharing_weight", "f8"),  # 1 / D of the shared score; 0: nothing is shared
        ("sharing_noise", "f8"),  # standard deviation of what blurs it
        ("platform_precision", "f8"),
        ("platform_threshold", "f8"),
        ("fee_income", "f8"),  # s_b fee + technology fee, a year on the whole balance
        ("platform_part", "f8"),  # s_p
        ("interest_margin", "f8"),  # r - funds_p - operating_p, a year
        ("minimum_income", "f8"),  # k_p, fen
        ("gain_home", "f8"),  # monthly awareness gain of a borrower in the bank's region
        ("gain_away", "f8"),  # ... elsewhere
        ("opens_customers", "i8"),  # 1: the bank may approach these borrowers itself
    ]
)

BOUND_AT = -1.5  # all but 7 % of people have a higher creditworthiness

# Numbers of a segment this month.
SEGMENT_MONTH = np.dtype(
    [
        ("threshold", "f8"),
        ("loading", "f8"),
        ("hazard_bound", "f8"),  # hazard at creditworthiness BOUND_AT: nobody better has a higher one
        ("need", "f8"),  # probability that a borrower without a loan needs one
        ("reservation", "f8"),  # R_s
        ("arrival", "f8"),  # probability that a borrower without a bank becomes a customer of one from outside
    ]
)

# Numbers of the month that all share.
MONTH = np.dtype(
    [
        ("key", "u8"),  # hash of seed and month
        ("number", "i8"),  # of the run, 0 the first
        ("route_regions", "i8"),  # parts of the routing table: 1, or one a region
        ("factor", "f8"),  # systematic credit factor M
        ("asset_correlation", "f8"),
        ("loss_given_default", "f8"),
        ("risk_based", "i8"),
        ("rational", "i8"),
        ("bureau_correlation", "f8"),
        ("waterfall_depth", "i8"),
        ("lockout_months", "i8"),
        ("reservation_slope", "f8"),
        ("reservation_sigma", "f8"),
        ("loyalty", "f8"),
        ("conversion", "f8"),
        ("switch_probability", "f8"),
        ("attrition", "f8"),
        ("awareness_fade", "f8"),
        ("cash_offer_rate", "f8"),
        ("cash_stickiness", "f8"),
        ("scene_share", "f8"),
    ]
)

# An earlier lender of the same application, as later ones know it.
REFUSAL = np.dtype(
    [
        ("place", "i8"),  # its index in the routing table; NONE for the applicant's own bank
        ("bank", "i8"),  # NONE for a platform's lender
        ("informative", "i8"),  # 1: it refused for risk; other refusals say nothing about the applicant
        ("precision", "f8"),  # of its signal
        ("cutoff", "f8"),  # it refuses below this signal
    ]
)


class Routing(NamedTuple):
    """Each platform's partners and the weights with which an application meets them first (a CSR table).

    One slice a platform; where local banks may lend in their region only, one for each platform and region.
    """

    start: np.ndarray  # int64[slices + 1], platform-major
    member: np.ndarray  # int64: contract row
    weight: np.ndarray  # float64: P(first), sums to 1 over a slice


class CustomerShares(NamedTuple):
    """Which bank of a region a new customer comes to (a CSR table)."""

    start: np.ndarray  # int64[regions + 1]
    member: np.ndarray  # int64: banks of a region that win customers
    cumulative: np.ndarray  # float64: cumulative shares within a region


class Snapshot(NamedTuple):
    """Everything that the rule of a borrower reads besides its own row."""

    month: np.recarray  # MONTH[1]
    segments: np.recarray  # SEGMENT_MONTH[segments]
    offers: np.recarray  # OFFER[contracts, segments]
    route_start: np.ndarray  # int64[slices + 1]
    route_member: np.ndarray  # int64
    route_weight: np.ndarray  # float64
    lender_contract: np.ndarray  # int64[platforms]: the platform's own lender
    terms: np.ndarray  # int64: possible terms in months
    term_cumulative: np.ndarray  # float64: their cumulative shares
    bank_start: np.ndarray  # int64[regions + 1]
    bank_member: np.ndarray  # int64: banks of a region that win customers
    bank_cumulative: np.ndarray  # float64: cumulative shares within a region
