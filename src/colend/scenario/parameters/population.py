"""Borrowers: who they are, what they need, what they would pay."""

from __future__ import annotations

import math
from collections.abc import Iterator

from colend.scenario.parameters.base import MOST_YUAN, BySegment, Group, Number, Whole, adds_to_one, parameter

LARGEST_LOAN = 2**31 - 1  # fen
LARGEST_MISFIT = 0.01  # of persons, by which a whole number of them for each borrower may miss
_PROTOTYPE = "assumed: a value at which every part of a first market acted"


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
        "Regions of equal population, each with its regional banks",
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
        yield from self._of_another_size()
        yield from self._of_loans_too_large()
        yield from adds_to_one("term_shares", self.term_shares)
        if len(self.terms_months) != len(self.term_shares):
            yield f"term_shares: {len(self.term_shares)} shares for {len(self.terms_months)} terms in terms_months"

    @property
    def scale(self) -> int:
        """People that one simulated borrower stands for: a whole number, as money is."""
        return max(1, round(self.persons / self.borrowers))

    def _of_another_size(self) -> Iterator[str]:
        """Persons of whom a whole number a borrower would make another market."""
        if abs(self.scale * self.borrowers - self.persons) > LARGEST_MISFIT * self.persons:
            below = self.persons // self.borrowers
            allowed = " or ".join(f"{n * self.borrowers:,}" for n in (below, below + 1) if n)
            yield (
                f"persons: {self.persons:,} for {self.borrowers:,} borrowers, but each stands for a whole number of "
                f"persons; nearest: {allowed} persons, or other borrowers"
            )

    def _of_loans_too_large(self) -> Iterator[str]:
        """Loans of which the largest cannot be held, or so much owed by all that fen are no longer counted.

        Beyond the largest loan lies the share Phi(sigma - ln(largest / median) / sigma) of the yuan lent; allowed is
        Phi(-3), one in 740.
        """
        median, sigma = max(self.loan_median.numbers()), self.loan_sigma
        room = math.log(LARGEST_LOAN / 100 / median)
        if sigma * (sigma + 3.0) > room:
            most = math.floor(100.0 * (math.sqrt(9.0 + 4.0 * room) - 3.0) / 2.0) / 100.0
            yield (
                f"loan_sigma: {sigma:g} at a median of {median:,.0f} yuan makes loans above {LARGEST_LOAN / 100:,.2f} "
                f"yuan, the largest there is; nearest: {most:g}"
            )
        owed = self.scale * self.borrowers * median * math.exp(0.5 * sigma * sigma)
        if owed > MOST_YUAN:
            allowed = f"at most {MOST_YUAN:.2g} is counted"
            yield f"persons: {self.persons:,} with such loans may owe {owed:.2g} yuan; {allowed}"
