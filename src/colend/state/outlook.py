"""What parties expect of lending, and what they learned of their own predictions: the numbers that plans rest on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from colend.equations.numbers import Row
from colend.scenario.parameters import OPENNESS
from colend.scenario.parameters.alliances import Alliances
from colend.state.declared import kept
from colend.state.table import Table

SEGMENT_COUNT = 3
_LEVELS = (len(OPENNESS),)

# What lending to one segment looks like, the same for every lender. Prices are posted rates, or the cap under risk-
# based pricing.
SEGMENT_TERMS = np.dtype(
    [
        ("threshold", "f8"),
        ("loading", "f8"),
        ("price_joint", "f8"),
        ("price_own", "f8"),
        ("reservation", "f8"),  # R
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
        ("funding_share", "f8"),
        ("cost_joint", "f8"),  # yuan a loan
        ("cost_own", "f8"),
        ("rate_cap", "f8"),  # regulation's, on the price of joint loans less their fees; inf: none
        # By openness.
        ("sight", "f8", _LEVELS),  # how much of an applicant the bank sees itself
        ("data_share", "f8", _LEVELS),  # depth at which the score is shared at least
        ("deepens", "u1", _LEVELS),  # 1: with trust
        ("technology_fee", "f8", _LEVELS),
        ("opens_customers", "u1", _LEVELS),
        ("teaches", "u1", _LEVELS),
    ]
)
# What alliances cost and how long their steps take: every number of the parameters' group, and what follows from it.
ALLIANCE_NUMBERS = (
    "monthly_discount",
    *(name for name, field in Alliances.model_fields.items() if field.annotation in (int, float)),
)
ALLIANCE_TERMS = np.dtype([(name, "f8") for name in ALLIANCE_NUMBERS] + [("opening_cost", "f8", _LEVELS)])

# What a pair expected of a pact's operation, and what came of it; months of the run.
FORECAST = np.dtype(
    [
        ("expected", "f8"),  # persons a month at full allocation, mean over months, each by its discount
        ("first", "i4"),  # of these months
        ("last", "i4"),
        ("came", "f8"),  # persons, each by its month's discount, so far; also where the pair works not
        ("weight", "f8"),  # sum of these discounts
    ]
)


class LendingTerms(NamedTuple):
    """All terms of lending under some rules."""

    general: Row  # GENERAL_TERMS
    segments: Table  # SEGMENT_TERMS[segments]


@dataclass(slots=True, eq=False, repr=False)
class Outlook:
    """Expectations of banks, of pairs and of platforms, and observed flows smoothed over months."""

    general: Row = kept("terms of all lending under the rules in force", shape="GENERAL_TERMS")
    segments: np.recarray = kept("terms of lending to a segment under them", shape="SEGMENT_TERMS[segments]")
    alliances: np.record = kept("what alliances cost, and how long their steps take", shape="ALLIANCE_TERMS")
    touch: np.ndarray = kept("strength of a set of touchpoints at home and away", shape="float64[sets, segments, 2]")
    awareness: np.ndarray = kept(
        "awareness of the bank at the end of a loan, at home and away", shape="float64[sets, segments, openness, 2]"
    )
    conversion: np.ndarray = kept("P(becomes a customer, at full awareness)", shape="float64[segments]")
    own_offered: np.ndarray = kept("offers an application in the own channel", shape="float64[banks, segments]")
    own_loans: np.ndarray = kept("loans an application in the own channel", shape="float64[banks, segments]")
    own_margin: np.ndarray = kept(
        "margin an application in the own channel", shape="float64[banks, segments]", unit="yuan"
    )
    own_slope: np.ndarray = kept(
        "that margin's slope by precision", shape="float64[banks, segments]", unit="yuan per unit of precision"
    )
    loans: np.ndarray = kept("loans a served application", shape="float64[pairs, segments]")
    margin: np.ndarray = kept("the bank's margin of interest on one", shape="float64[pairs, segments]", unit="yuan")
    slope: np.ndarray = kept(
        "that margin's slope by precision", shape="float64[pairs, segments]", unit="yuan per unit of precision"
    )
    platform_income: np.ndarray = kept("the platform's income from one", shape="float64[pairs, segments]", unit="yuan")
    customer_worth: np.ndarray = kept(
        "what a customer won is worth to the bank, CLV", shape="float64[banks, segments]", unit="yuan"
    )
    customer_loss: np.ndarray = kept(
        "what a customer won by a bank costs the platform", shape="float64[platforms, segments]", unit="yuan"
    )
    mix: np.ndarray = kept("shares of segments in a platform's applications", shape="float64[platforms, segments]")
    own_applications: np.ndarray = kept(
        "applications in the own channel, smoothed", shape="float64[banks, segments]", unit="persons a month"
    )
    kappa: np.ndarray = kept("lending offered to each alliance", shape="float64[banks]", unit="yuan a month")
    offer_cap: np.ndarray = kept(
        "the most of it that regulation's limits allow", shape="float64[platforms, banks]", unit="yuan a month"
    )
    flowing: np.ndarray = kept("rows of the alliances in pilot or operation, as routed last", shape="int64[flowing]")
    joint_loans: np.ndarray = kept(
        "loans that these may expect", shape="float64[flowing, segments]", unit="loans a month"
    )
    pair_served: np.ndarray = kept(
        "applications that reached the pair and could be served, smoothed",
        shape="float64[pairs, segments]",
        unit="persons a month",
    )
    precision_profit: np.ndarray = kept(
        "what a unit of precision brings, own channel and joint", shape="float64[banks]", unit="yuan a month"
    )
    effort: np.ndarray = kept("learning effort expected, before absorption", shape="float64[banks]")
    experience: np.ndarray = kept(
        "funded, matured loans x view, smoothed", shape="float64[banks]", unit="loans a month"
    )
    leaned: np.ndarray = kept("of them, x depth of sharing", shape="float64[banks]", unit="loans a month")
    bank_lending: np.ndarray = kept("lending asked of a bank, smoothed", shape="float64[banks]", unit="yuan a month")
    lender_lending: np.ndarray = kept(
        "lending asked of a platform's lender, smoothed", shape="float64[platforms]", unit="yuan a month"
    )
    forecasts: Table = kept(
        "what pairs expected, every quarter, and what came of it",
        shape="FORECAST[dates, pairs]",
        unit="persons a month",
    )
    started: bool = kept("whether expectations were ever worked out", default=False)


@dataclass(slots=True, eq=False, repr=False)
class Calibration:
    """Defaults, and what was predicted of them, cumulated by channel in simulated loans.

    Channels: banks' own channels, then platforms' lenders, as contracts begin, then pairs: what a bank learned with a
    platform outlives the alliance.
    """

    defaults: np.ndarray = kept("loans that defaulted", shape="float64[channels]", unit="loans")
    predicted: np.ndarray = kept("defaults predicted at zero correction", shape="float64[channels]", unit="loans")
    slope: np.ndarray = kept("their slope by the threshold", shape="float64[channels]", unit="loans")

    @classmethod
    def empty(cls, channels: int) -> Calibration:
        """Nothing learned yet."""
        return cls(np.zeros(channels), np.zeros(channels), np.zeros(channels))

    def correction(self, prior_weight: float) -> np.ndarray:
        """Correction of the default thresholds: (defaults - predicted at zero correction) / (n0 + slope)."""
        return (self.defaults - self.predicted) / (prior_weight + self.slope)
