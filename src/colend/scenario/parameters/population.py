"""Borrowers: who they are, what they need, what they would pay."""

from __future__ import annotations

from collections.abc import Iterator

from colend.scenario.parameters.base import BySegment, Group, Number, Whole, adds_to_one, parameter

_PROTOTYPE = "design document, values used and alive in the whole-market prototype"


class Population(Group):
    """Borrowers and their demand."""

    borrowers: Whole = parameter(
        100_000,
        "number",
        "Simulated borrowers; each stands for persons / borrowers people",
        "assumed: enough for seed noise below the differences of interest",
        10,
        1_000_000_000,
    )
    persons: Whole = parameter(
        100_000_000,
        "persons",
        "People in the real market",
        "assumed: adults who use credit on the six platforms",
        10,
        2_000_000_000,
    )
    regions: Whole = parameter(
        20,
        "number",
        "Regions of equal population, each with its city and rural banks",
        "assumed: two city and five rural banks a region",
        1,
        200,
    )
    segment_share: BySegment = parameter(
        {"prime": 0.2, "mass": 0.3, "thin_file": 0.5},
        "share",
        "Shares of the segments",
        "facts: 46 % of adults with a credit record in 2017; thin file about half",
        0,
        1,
    )
    monthly_need: BySegment = parameter(
        {"prime": 0.05, "mass": 0.08, "thin_file": 0.07},
        "probability a month",
        "Probability that a borrower without a loan needs one",
        _PROTOTYPE,
        0,
        1,
    )
    demand_growth: Number = parameter(0.004, "share a month", "Growth of need", _PROTOTYPE, -0.1, 0.1)
    loan_median: BySegment = parameter(
        {"prime": 9_000, "mass": 6_000, "thin_file": 3_500},
        "yuan",
        "Median loan",
        "facts: Weilidai mean loan 8,200 yuan, FinVolution 3,681 yuan",
        1,
        1_000_000,
    )
    loan_sigma: Number = parameter(0.5, "1", "Standard deviation of the log of loans", _PROTOTYPE, 0, 3)
    terms_months: list[Whole] = parameter([3, 6, 9, 12], "months", "Terms that borrowers ask for", _PROTOTYPE, 1, 60)
    term_shares: list[Number] = parameter(
        [0.10, 0.25, 0.30, 0.35],
        "share",
        "Shares of those terms; mean 8.7 months",
        "facts: 360 DigiTech mean term 7.94 months (Q4 2019), FinVolution 8.4",
        0,
        1,
    )
    reservation_rate: BySegment = parameter(
        {"prime": 0.15, "mass": 0.20, "thin_file": 0.26},
        "rate a year",
        "Median highest rate that borrowers accept",
        _PROTOTYPE,
        0.001,
        2,
    )
    reservation_sigma: Number = parameter(0.25, "1", "Standard deviation of its log", _PROTOTYPE, 0.001, 3)
    reservation_slope: Number = parameter(
        0.2, "1", "How much its log falls per unit of creditworthiness: the good have other offers", _PROTOTYPE, 0, 2
    )
    initial_owner_share: BySegment = parameter(
        {"prime": 0.5, "mass": 0.25, "thin_file": 0.05},
        "share",
        "Borrowers who are customers of a bank at the start",
        _PROTOTYPE,
        0,
        0.95,
    )
    scene_share: Number = parameter(
        0.6,
        "share",
        "Applications at platforms that are instalments at a shop (scene), the others cash loans",
        "assumed: scene credit leads on large platforms",
        0,
        1,
    )

    def misfits(self) -> Iterator[str]:
        """Shares that do not add to 1, as many shares as terms."""
        yield from adds_to_one("segment_share", self.segment_share.numbers())
        yield from adds_to_one("term_shares", self.term_shares)
        if len(self.terms_months) != len(self.term_shares):
            yield f"term_shares: {len(self.term_shares)} shares for {len(self.terms_months)} terms in terms_months"
