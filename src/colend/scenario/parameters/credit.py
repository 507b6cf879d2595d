"""Credit: default, screening, price; and the economy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from colend.scenario.parameters.base import SEGMENTS, BySegment, Group, Number, Whole, parameter

_PROTOTYPE = "assumed: a value at which every part of a first market acted"


class Credit(Group):
    """How loans default, are screened and priced."""

    annual_default_rate: BySegment = parameter(
        {"prime": 0.012, "mass": 0.04, "thin_file": 0.09},
        "rate a year",
        "Share of a segment that would default within a year",
        "assumed: docs/odd.md sections 7.1 to 7.4",
        0.0001,
        0.9,
    )
    default_loading: BySegment = parameter(
        {"prime": 0.6, "mass": 0.6, "thin_file": 0.6},
        "1",
        "Loading of the default probit on creditworthiness (beta)",
        "assumed: docs/odd.md sections 7.1 to 7.4",
        0.01,
        5,
    )
    asset_correlation: Number = parameter(
        0.04,
        "1",
        "Vasicek asset correlation; Basel's other retail class is 0.03 to 0.16",
        "assumed, as in a prototype; Basel II paragraph 330",
        0,
        0.9,
    )
    loss_given_default: Number = parameter(
        0.65,
        "share",
        "Share of the balance lost at default",
        "assumed, as in a prototype; unsecured consumer credit",
        0,
        1,
    )
    rate_cap: Number = parameter(
        0.24, "rate a year", "Highest rate that may be charged", "facts: all-in cost line 24 %", 0.01, 2
    )
    pricing: Literal["posted", "risk_based"] = parameter(
        "posted",
        "choice",
        "One rate per segment, or the required rate of each loan",
        "assumed, docs/odd.md section 7.3: under risk-based cost-plus precision is worth nothing to a bank",
    )
    posted_rate: BySegment = parameter(
        {"prime": 0.105, "mass": 0.13, "thin_file": 0.17},
        "rate a year",
        "Rate that a joint programme shows borrowers",
        "assumed: docs/odd.md sections 7.1 to 7.4; no published rate by segment was found",
        0.001,
        2,
    )
    own_discount: Number = parameter(
        0.005,
        "rate a year",
        "How much lower a bank's own channel is priced",
        "assumed: own customers cost no fee",
        0,
        0.5,
    )
    prescreen_inference: Literal["rational", "naive"] = parameter(
        "rational",
        "choice",
        "Whether lenders infer from how applicants were selected",
        "assumed: docs/odd.md sections 7.1 to 7.4",
    )
    bureau_correlation: Number = parameter(
        0.3, "1", "Share of the noise of banks' signals that is common to them", _PROTOTYPE, 0, 0.99
    )
    thin_view: Number = parameter(
        0.75,
        "share",
        "Part of a bank's precision on an applicant of whom the platform sends traffic only",
        "assumed: docs/odd.md sections 7.1 to 7.4",
        0.01,
        1,
    )
    waterfall_depth: Whole = parameter(
        3,
        "number",
        "Partner lenders that see an application before the platform's own",
        "assumed: routing engines ask a few funders in turn",
        1,
        20,
    )
    lockout_months: Whole = parameter(
        24, "months", "Months that a defaulter is not served", "assumed: docs/odd.md sections 7.1 to 7.4", 0, 250
    )
    intercept_prior_weight: Number = parameter(
        20,
        "1",
        "Prior weight of the intercept correction, in units of information (n0)",
        "assumed: docs/odd.md sections 7.1 to 7.4",
        0.1,
        10_000,
    )
    origination_cost_joint: Number = parameter(
        5,
        "yuan a loan",
        "Cost of originating a joint loan",
        "assumed, as in a prototype; facts: 2.3 yuan online",
        0,
        10_000,
    )
    origination_cost_own: Number = parameter(
        30, "yuan a loan", "Cost of originating a loan in a bank's own channel", _PROTOTYPE, 0, 10_000
    )
    bank_precision_factor: BySegment = parameter(
        {"prime": 1.5, "mass": 1.0, "thin_file": 0.8},
        "1",
        "Banks' precision by segment over their precision",
        "assumed: banks know best whom they know most of; docs/odd.md section 7.2",
        0.01,
        10,
    )
    platform_precision_factor: BySegment = parameter(
        {"prime": 0.75, "mass": 1.0, "thin_file": 1.125},
        "1",
        "Platforms' precision by segment over their precision",
        "assumed: docs/odd.md sections 7.1 to 7.4; Frost et al. 2019: advantage largest for thin files",
        0.01,
        10,
    )

    def misfits(self) -> Iterator[str]:
        """A posted rate of which a bank's own channel leaves nothing."""
        for segment in SEGMENTS if self.pricing == "posted" else ():
            rate = getattr(self.posted_rate, segment)
            if rate <= self.own_discount:
                yield f"posted_rate: {rate:g} for {segment} is not above own_discount {self.own_discount:g}"


class Macro(Group):
    """The economy."""

    systematic_persistence: Number = parameter(
        0.97,
        "1",
        "Monthly autocorrelation of the systematic credit factor (psi); 1: one state of the economy for the whole run",
        "assumed: docs/odd.md section 3",
        0,
        1,
    )
