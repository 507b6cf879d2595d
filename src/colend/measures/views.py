"""What the measures are taken from: a market seen at the end of a month, of a year, of the run.

Each view computes a sum once, when the first measure asks. Yuan and persons are those of the real market.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from colend.compilation import summed_over
from colend.measures.regulation import Supervision
from colend.rules.alliance_measures import AllianceFacts
from colend.scenario.parameters import KINDS, SEGMENTS
from colend.state.books import FEN, Flow
from colend.state.tables import DORMANT, ENDED, INTEGRATING, JOINT, LENDER, OPERATING, OWN, SIGNED, as_totals, counted
from colend.state.world import World

LOCAL = (KINDS.index("city"), KINDS.index("rural"))  # kinds of bank that belong to a region
PACT = (SIGNED, INTEGRATING, OPERATING, DORMANT)  # stages between a signature and its end


def count_borrowers(rows, regional, owned):
    """Count `rows` by region and segment (persons, with a loan, customers of a bank, fen owed) and by owner bank."""
    for row in rows:
        cell = regional[row.region, row.segment]
        cell[0] += 1
        if row.balance > 0:
            cell[1] += 1
            cell[3] += np.int64(row.balance)
        if row.owner >= 0:
            cell[2] += 1
            owned[row.owner] += 1


class MonthView:
    """A market at the end of a month."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.banks = world.banks
        self.platforms = world.platforms
        self.contracts = world.contracts
        self.alliances = world.alliances

    @property
    def kinds(self) -> tuple[slice, slice, slice]:
        """Rows of the contracts by kind: JOINT, OWN, LENDER."""
        banks, platforms = len(self.banks), len(self.platforms)
        return slice(banks + platforms, None), slice(banks), slice(banks, banks + platforms)

    @cached_property
    def totals(self) -> np.recarray:
        """TOTAL[kind of contract, segment]: what happened this month, in persons and fen."""
        counts = counted(self.world.totals)
        return as_totals(np.array([counts[rows].sum(axis=0) for rows in self.kinds]) * self.world.scale)

    @cached_property
    def applications(self) -> np.ndarray:
        """Persons who asked for a loan, each counted once on its way through lenders, by segment."""
        asked, moved_on = self.totals.applications, self.totals.moved_on
        return asked[OWN] - moved_on[OWN] + asked[LENDER]

    @cached_property
    def offers(self) -> np.ndarray:
        """Of them, those who were offered one, by segment; a cash loan offered unasked answers no application."""
        return (self.totals.offered - self.totals.cash_offers).sum(axis=0)

    @cached_property
    def closing(self) -> np.ndarray:
        """Yuan owed at the end of the month by kind of contract."""
        return np.bincount(self.contracts.kind, self.contracts.balance, 3) / FEN

    @cached_property
    def opening(self) -> np.ndarray:
        """Yuan owed at its start by kind of contract: the end, less what was paid out, and what was repaid and lost."""
        gone = self.totals.repaid + self.totals.defaulted - self.totals.originated
        return self.closing + gone.sum(axis=1) / FEN

    @cached_property
    def losses(self) -> np.ndarray:
        """Yuan charged off after recoveries, by kind of contract."""
        return (self.totals.defaulted - self.totals.recovered).sum(axis=1) / FEN

    @cached_property
    def defaulted(self) -> np.ndarray:
        """Yuan of balances that went into default, by kind of contract."""
        return self.totals.defaulted.sum(axis=1) / FEN

    @cached_property
    def loans(self) -> np.ndarray:
        """Loans paid out, by kind of contract."""
        return self.totals.originations.sum(axis=1).astype(np.float64)

    @cached_property
    def originated(self) -> np.ndarray:
        """Yuan paid out, by kind of contract."""
        return self.totals.originated.sum(axis=1) / FEN

    @cached_property
    def lent_by_bank(self) -> np.ndarray:
        """Yuan that each bank paid out: float64[joint (its part) / own channel, bank]."""
        yuan = self.world.contract_totals.originated * (self.world.scale / FEN)
        part = yuan * self.contracts.funding_share
        joint, own, _ = self.kinds
        return np.stack([np.bincount(self.contracts.bank[joint], part[joint], len(self.banks)), part[own]])

    @cached_property
    def counts(self) -> tuple[np.ndarray, np.ndarray]:
        """Simulated borrowers: int64[region, segment, persons / with loan / customers / fen] and customers by bank."""
        shape = (self.world.parameters.population.regions, len(SEGMENTS), 4)
        rows, threads = self.world.borrowers, self.world.threads
        regional, owned = summed_over(count_borrowers, rows, threads, shape, len(self.banks))
        return regional, owned

    @cached_property
    def regional(self) -> np.ndarray:
        """[region, segment, persons / with a loan / customers of a bank / yuan owed]."""
        return self.counts[0] * np.array([1.0, 1.0, 1.0, 1.0 / FEN]) * self.world.scale

    @cached_property
    def customers(self) -> np.ndarray:
        """Persons who are customers of each bank."""
        return self.counts[1] * float(self.world.scale)

    @cached_property
    def supervision(self) -> Supervision | None:
        """What the regulator sees; None without a policy."""
        return Supervision(self.world) if self.world.setting.policy else None

    @cached_property
    def stages(self) -> np.ndarray:
        """Alliances by stage, in the order of `state.tables`."""
        return np.bincount(self.alliances.stage, minlength=ENDED + 1)

    @cached_property
    def joint_of_platforms(self) -> np.ndarray:
        """Yuan of joint loans outstanding, by platform."""
        joint = self.contracts.kind == JOINT
        yuan = np.bincount(self.contracts.platform[joint], self.contracts.balance[joint] / FEN, len(self.platforms))
        return yuan.astype(np.float64)  # without joint loans bincount counts in integers

    def partners(self, party: str, *stages: int) -> np.ndarray:
        """Number of alliances in these stages of each `bank` or `platform`."""
        rows = np.isin(self.alliances.stage, stages)
        number = len(self.banks if party == "bank" else self.platforms)
        return np.bincount(self.alliances[party][rows], minlength=number)

    def bank_flow(self, *kinds: Flow, channel: int | None = None) -> float:
        """Yuan that all banks gained (less what they gave) this month by these kinds."""
        flows = self.world.books.flows[list(kinds), : len(self.banks)]
        return float((flows if channel is None else flows[..., channel]).sum()) / FEN

    def platform_flow(self, *kinds: Flow) -> float:
        """Yuan that all platforms gained (less what they gave) this month by these kinds."""
        return float(self.by_platform(*kinds).sum())

    def by_platform(self, *kinds: Flow) -> np.ndarray:
        """Yuan that each platform gained this month by these kinds."""
        banks = len(self.banks)
        flows = self.world.books.flows[list(kinds), banks : banks + len(self.platforms)]
        return flows.sum(axis=(0, 2)) / FEN

    def flows_of_banks(self) -> dict[str, np.ndarray]:
        """What each bank did this month."""
        joint, own = self.lent_by_bank
        rows, yuan = self.kinds[OWN], self.world.scale / FEN
        sums = self.world.contract_totals[rows]
        gone = (sums.repaid + sums.defaulted - sums.originated) * yuan
        return {
            "joint": joint,
            "own": own,
            "own_owed": self.contracts.balance[rows] / FEN + gone,  # at the start of the month
            "own_lost": (sums.defaulted - sums.recovered) * yuan,
            "profit": self.banks.profit.copy(),
        }

    def flows_of_platforms(self) -> dict[str, np.ndarray]:
        """What each platform did this month."""
        return {
            "fees": self.by_platform(Flow.FEE),
            "technology_fees": self.by_platform(Flow.TECHNOLOGY_FEE),
            "interest": self.by_platform(Flow.INTEREST),
            "credit_losses": 0.0 - self.by_platform(Flow.WRITE_OFF),
            "profit": self.platforms.profit.copy(),
        }


class YearView(MonthView):
    """A market at the end of a year; `history` has its months, this one included."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.last = world.history[-12:]

    def year(self, agents: str, name: str) -> np.ndarray:
        """Sum of a monthly flow of every bank or platform over the last twelve months."""
        return np.sum([month[agents][name] for month in self.last], axis=0)


class RunView(MonthView):
    """A market at the end of its run, and all its months."""

    @cached_property
    def facts(self) -> AllianceFacts:
        """What became of the alliances."""
        return AllianceFacts(self.world)

    @cached_property
    def months(self) -> dict[str, np.ndarray]:
        """Measures of the months as columns: all of them, or those that whole-run measures are made of."""
        history = [month["months"] for month in self.world.history]
        return {name: np.array([month[name] for month in history]) for name in history[0]}

    def total(self, name: str) -> float:
        """Sum of a monthly measure over the run."""
        return float(np.nansum(self.months[name]))

    def last(self, name: str):
        """A monthly measure in the last month."""
        return self.world.history[-1]["months"][name]

    def weighted(self, name: str, *weights: str) -> float:
        """Mean of a monthly measure over the run, weighted by the sum of other monthly measures; NaN without weight."""
        weight = np.sum([self.months[other] for other in weights], axis=0)
        values = self.months[name]
        known = np.isfinite(values) & (weight > 0.0)
        return float(np.average(values[known], weights=weight[known])) if known.any() else np.nan
