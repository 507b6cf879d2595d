"""What the measures are taken from: a market seen at the end of a month, of a year, of the run.

Each view computes a sum once, when the first measure asks. Yuan and persons are those of the real market.
"""

from __future__ import annotations

from functools import cached_property
from types import SimpleNamespace

import numpy as np

from colend.measures.counts import counted_month
from colend.measures.regulation import Supervision
from colend.rules.alliance_measures import AllianceFacts
from colend.state.books import FEN, Flow
from colend.state.flows import own_channels
from colend.state.tables import DORMANT, INTEGRATING, OPERATING, SIGNED
from colend.state.totals import TOTAL
from colend.state.world import World

PACT = (SIGNED, INTEGRATING, OPERATING, DORMANT)  # stages between a signature and its end


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
    def walked(self) -> tuple[SimpleNamespace, np.ndarray, np.ndarray]:
        """What was counted on one walk over the tables."""
        return counted_month(self.world)

    @cached_property
    def counts(self) -> SimpleNamespace:
        """Every number of COUNT."""
        return self.walked[0]

    @property
    def lent_by_bank(self) -> np.ndarray:
        """Yuan that each bank paid out: float64[joint (its part) / own channel, bank]."""
        return self.walked[1]

    @property
    def joint_of_platforms(self) -> np.ndarray:
        """Yuan of joint loans outstanding, by platform."""
        return self.walked[2]

    @cached_property
    def of(self) -> dict[str, list[int]]:
        """What happened this month, by name, in persons and fen of each kind of contract."""
        return dict(zip(TOTAL.names or (), self.counts.of_kinds, strict=True))

    @cached_property
    def of_segments(self) -> dict[str, list[int]]:
        """The same of each segment."""
        return dict(zip(TOTAL.names or (), self.counts.of_segments, strict=True))

    @cached_property
    def applications(self) -> list[int]:
        """Persons who asked for a loan, each counted once on its way through lenders, by segment."""
        asked, moved_on = self.of_segments["applications"], self.of_segments["moved_on"]
        return [all_doors - again for all_doors, again in zip(asked, moved_on, strict=True)]

    @cached_property
    def offers(self) -> list[int]:
        """Of them, those who were offered one, by segment; a cash loan offered unasked answers no application."""
        offered, unasked = self.of_segments["offered"], self.of_segments["cash_offers"]
        return [every - cash for every, cash in zip(offered, unasked, strict=True)]

    @cached_property
    def closing(self) -> list[float]:
        """Yuan owed at the end of the month by kind of contract."""
        return [fen / FEN for fen in self.counts.closing]

    @cached_property
    def opening(self) -> list[float]:
        """Yuan owed at its start by kind of contract: the end, less what was paid out, and what was repaid and lost."""
        flows = zip(self.closing, *(self.of[name] for name in ("repaid", "defaulted", "originated")), strict=True)
        return [end + (repaid + defaulted - lent) / FEN for end, repaid, defaulted, lent in flows]

    @cached_property
    def losses(self) -> list[float]:
        """Yuan charged off after recoveries, by kind of contract."""
        both = zip(self.of["defaulted"], self.of["recovered"], strict=True)
        return [(defaulted - recovered) / FEN for defaulted, recovered in both]

    @cached_property
    def regional(self) -> np.ndarray:
        """[region, segment, persons / with a loan / customers of a bank / yuan owed]."""
        return self.world.people * np.array([1.0, 1.0, 1.0, 1.0 / FEN]) * self.world.scale

    @cached_property
    def served(self) -> list[float]:
        """Persons who owe something now, by segment."""
        return self.regional[..., 1].sum(axis=0).tolist()

    @cached_property
    def customers(self) -> np.ndarray:
        """Persons who are customers of each bank."""
        return self.world.customers * float(self.world.scale)

    @cached_property
    def supervision(self) -> Supervision | None:
        """What the regulator sees; None without a policy."""
        return Supervision(self.world) if self.world.setting.policy else None

    def partners(self, party: str, *stages: int) -> np.ndarray:
        """Number of alliances in these stages of each `bank` or `platform`."""
        rows = np.isin(self.alliances.stage, stages)
        number = len(self.banks if party == "bank" else self.platforms)
        return np.bincount(self.alliances[party][rows], minlength=number)

    def bank_flow(self, *kinds: Flow, channel: int | None = None) -> float:
        """Yuan that all banks gained (less what they gave) this month by these kinds."""
        flows = [self.counts.bank_flows[kind] for kind in kinds]
        return sum(sum(row) if channel is None else row[channel] for row in flows) / FEN

    def platform_flow(self, *kinds: Flow) -> float:
        """Yuan that all platforms gained (less what they gave) this month by these kinds."""
        return sum(sum(self.counts.platform_flows[kind]) for kind in kinds) / FEN

    def by_platform(self, *kinds: Flow) -> np.ndarray:
        """Yuan that each platform gained this month by these kinds."""
        banks = len(self.banks)
        flows = self.world.books.flows[list(kinds), banks : banks + len(self.platforms)]
        return flows.sum(axis=(0, 2)) / FEN

    def flows_of_banks(self) -> dict[str, np.ndarray]:
        """What each bank did this month."""
        joint, own = self.lent_by_bank
        owed, lost = own_channels(self.world)
        return {
            "joint": joint,
            "own": own,
            "own_owed": owed,
            "own_lost": lost,
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

    @cached_property
    def accounts(self) -> np.ndarray:
        """int64[month, part, banks then platforms]: fen that each gained (`measures.accounts`)."""
        return np.stack([month["accounts"] for month in self.world.history])

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
