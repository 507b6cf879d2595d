"""The world: everything that a month may read or change, declared once. Nothing else is state.

Who reads a row's columns finds them in `state.tables`; what is expected in `state.outlook`, the numbers of rules in
`state.regulation`, money in `state.books`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from colend.scenario.parameters import Parameters
from colend.scenario.setting import Setting
from colend.state.books import Books
from colend.state.declared import kept
from colend.state.outlook import Calibration, Outlook
from colend.state.regulation import Regulation
from colend.state.snapshot import CustomerShares, Routing, Snapshot
from colend.state.table import Table

GIVEN = ("setting", "seed", "threads")  # what a world is made of, and no state


@dataclass(slots=True, eq=False, repr=False)
class World:
    """One market's state. `colend.month.founding` makes it, the steps of a month alone change it.

    An attribute that is not declared here is an AttributeError, as is one that has no value yet: what a month leaves
    behind is there from the first month on.
    """

    setting: Setting = kept("what is simulated: parameters, from when, for how long, under which rules")
    seed: int = kept("number of the replication; every draw is a function of it")
    threads: int = kept("threads of the passes over borrowers; counts are the same on any number")

    month: int = kept("of the run: months that are over, 0 in the first", unit="months", init=False)
    systematic_factor: float = kept("of credit, this month: standard normal over time", init=False)
    default_threshold: np.ndarray = kept("below which a borrower defaults", shape="float64[segments]", init=False)

    banks: Table = kept("everybody who lends and has customers", shape="BANK[banks]", init=False)
    platforms: Table = kept("platforms, each with its own lender", shape="PLATFORM[platforms]", init=False)
    borrowers: Table = kept("everybody who borrows", shape="BORROWER[borrowers]", init=False)
    customer_shares: CustomerShares = kept("which bank of a region a new customer comes to", init=False)

    pairs: Table = kept("what a platform and a bank know of each other", shape="PAIR[pairs]", init=False)
    pair_entities: np.ndarray = kept("a number of each pair for draws", shape="int64[pairs]", init=False)
    pair_sequencing: np.ndarray = kept("what a pair would do, index in SEQUENCING", shape="int8[pairs]", init=False)
    share_table: np.ndarray = kept("E[share served] by belief, in an operation", shape="float64[*, *]", init=False)
    pilot_share_table: np.ndarray = kept("the same in a pilot", shape="float64[*, *]", init=False)
    alliances: Table = kept("every episode of a pair", shape="ALLIANCE[alliances]", init=False)

    contracts: Table = kept("under what loans are made", shape="CONTRACT[contracts]", init=False)
    lender_rows: np.ndarray = kept("contract of each platform's own lender", shape="int64[platforms]", init=False)
    books: Books = kept("who owes whom", unit="fen", init=False)
    year_profit: np.ndarray = kept(
        "of the calendar year so far, before tax", shape="int64[parties]", unit="fen", init=False
    )
    year_tax: np.ndarray = kept("on it", shape="int64[parties]", unit="fen", init=False)

    regulation: Regulation = kept("the rules as they stand", init=False)
    outlook: Outlook = kept("what parties expect, and flows that they observed", init=False)
    calibration: Calibration = kept("what lenders learned of their own predictions", init=False)
    routing: Routing = kept("to whom platforms send applications", init=False)

    snapshot: Snapshot = kept("what every borrower of the month saw", init=False)
    totals: Table = kept("what they did this month", shape="TOTAL[contracts, segments]", init=False)
    contract_totals: Table = kept("the same over segments", shape="TOTAL[contracts]", init=False)
    contract_profit: np.ndarray = kept(
        "what a contract earned its bank and its platform this month, before fixed costs and tax",
        shape="float64[2, contracts]",
        unit="yuan",
        init=False,
    )

    people: np.ndarray = kept(
        "borrowers at the month's end: persons, with a loan, customers of a bank, fen owed",
        shape="int64[regions, segments, *]",
        init=False,
    )
    customers: np.ndarray = kept("borrowers who are customers of a bank", shape="int64[banks]", init=False)

    history: list[dict[str, Any]] = kept("measures of every month (`measures.collect_month`)", init=False)
    year_ends: list[dict[str, Any]] = kept("measures of every year's end (`measures.collect_year`)", init=False)

    @property
    def parameters(self) -> Parameters:
        """Every number of the scenario."""
        return self.setting.parameters

    @property
    def months(self) -> int:
        """Months to simulate."""
        return self.setting.months

    @property
    def scale(self) -> int:
        """Persons that one simulated borrower stands for."""
        return self.setting.parameters.population.scale

    @property
    def monthly_discount(self) -> float:
        """Value today of a yuan next month."""
        return self.parameters.alliances.monthly_discount

    @property
    def calendar_month(self) -> int:
        """1 for January."""
        return (int(self.setting.start[5:7]) - 1 + self.month) % 12 + 1

    @property
    def date(self) -> str:
        """The month as "2017-01"."""
        months = int(self.setting.start[:4]) * 12 + int(self.setting.start[5:7]) - 1 + self.month
        return f"{months // 12:04d}-{months % 12 + 1:02d}"
