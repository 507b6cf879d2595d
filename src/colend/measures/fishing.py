"""What the fishing test measured, by bank and for the run; only in scenarios with a `fishing_test`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from colend.measures.declaration import Measure, mean, ratio
from colend.measures.gates import GATED, GROUPS, members, partnered
from colend.scenario.parameters import BANK_KINDS, KINDS
from colend.scenario.setting import FishingTerms
from colend.state.books import FEN
from colend.state.flows import own_channels
from colend.state.tables import NONE
from colend.state.world import World


class Season:
    """What each bank lends, loses and earns over the months that are watched; float64[banks], yuan."""

    def __init__(self, banks: int) -> None:
        self.months = 0
        self.own, self.joint, self.losses, self.balances, self.profit = np.zeros((5, banks))
        self.alive = np.ones(banks, dtype=bool)

    def watch(self, world: World) -> None:
        """Add the month that this world has just lived; own channels are the first contracts."""
        number, contracts, yuan = len(world.banks), world.contracts, world.scale / FEN
        part = world.contract_totals.originated * yuan * contracts.funding_share
        funded = np.flatnonzero(contracts.bank != NONE)[number:]
        self.own += part[:number]
        self.joint += np.bincount(contracts.bank[funded], part[funded], number)
        owed, lost = own_channels(world)
        self.balances += owed
        self.losses += lost
        self.profit += world.contract_profit[0, :number]
        self.alive = world.banks.alive != 0
        self.months += 1


@dataclass
class Fishing:
    """A test: the banks that platforms stop serving in one of two markets, and what all banks did in both."""

    terms: FishingTerms
    banks: np.ndarray  # rows of those banks
    kind: np.ndarray  # of all banks
    operating_months: np.ndarray  # of all banks, when the test began
    together: Season  # with platforms
    alone: Season  # without


def lent(test: Fishing) -> np.ndarray:
    """Yuan that each tested bank lent with its platforms over the test, own channel and its part of joint loans."""
    return (test.together.own + test.together.joint)[test.banks]


def index(test: Fishing) -> np.ndarray:
    """The index by tested bank; NaN where a bank lent less than the test's `minimum_originations`."""
    whole = lent(test)
    return np.where(whole >= test.terms.minimum_originations, ratio(test.alone.own[test.banks], whole), np.nan)


def of_kind(test: Fishing, kind: str) -> np.ndarray:
    """bool[tested banks]: those of a kind."""
    return test.kind[test.banks] == KINDS.index(kind)


def of_group(test: Fishing, kind: str, group: str) -> np.ndarray:
    """bool[tested banks]: those of a kind that stood before the gates when the test began, or those that did not."""
    return members(test.kind, test.operating_months, kind, group)[test.banks]


def pooled(test: Fishing, wanted: np.ndarray) -> float:
    """The index of these tested banks: sums before dividing."""
    whole = lent(test)[wanted].sum()
    return (
        ratio(test.alone.own[test.banks][wanted].sum(), whole) if whole >= test.terms.minimum_originations else np.nan
    )


def loss_rate(test: Fishing, season: Season) -> np.ndarray:
    """Charge-offs of own channels over the sum of months' opening balances, times 12, by tested bank."""
    return ratio(12.0 * season.losses[test.banks], season.balances[test.banks])


def pooled_loss_rate(test: Fishing, season: Season) -> float:
    return ratio(12.0 * season.losses[test.banks].sum(), season.balances[test.banks].sum())


def _bank(name: str, unit: str, meaning: str, take) -> Measure:
    return Measure(name, "fishing", unit, meaning, take)


def _run(name: str, unit: str, meaning: str, take, over: str = "banks that platforms stop serving") -> Measure:
    return Measure(name, "runs", unit, f"Fishing test: {meaning}", take, over=over)


FISHING = (
    _bank("bank", "number", "Number of the bank", lambda t: t.banks.astype(np.int64)),
    _bank("kind", "name", "Kind of bank", lambda t: np.array(KINDS)[t.kind[t.banks]]),
    _bank(
        "partnered",
        "number",
        "1: stood before the gates when the test began",
        lambda t: partnered(t.operating_months)[t.banks] * 1,
    ),
    _bank("own_together", "yuan", "Own-channel lending while platforms serve it", lambda t: t.together.own[t.banks]),
    _bank("lent_together", "yuan", "Lent with its platforms, own channel and its part of joint loans", lent),
    _bank("own_alone", "yuan", "Own-channel lending once platforms stopped", lambda t: t.alone.own[t.banks]),
    _bank(
        "index",
        "share",
        "Lending alone over lending together (own_alone / lent_together); missing below the minimum of lending",
        index,
    ),
    _bank(
        "loss_rate_together",
        "rate a year",
        "Charge-offs over balances of its own channel while platforms serve it",
        lambda t: loss_rate(t, t.together),
    ),
    _bank("loss_rate_alone", "rate a year", "The same once platforms stopped", lambda t: loss_rate(t, t.alone)),
    _bank(
        "profit_together",
        "yuan",
        "Margin of its own channel while platforms serve it, before fixed costs and tax",
        lambda t: t.together.profit[t.banks],
    ),
    _bank("profit_alone", "yuan", "The same once platforms stopped", lambda t: t.alone.profit[t.banks]),
    _bank(
        "alive_together", "number", "1: alive at the end with its platforms", lambda t: t.together.alive[t.banks] * 1
    ),
    _bank("alive_alone", "number", "1: alive at the end without them", lambda t: t.alone.alive[t.banks] * 1),
)

FISHING_RUN = (
    _run(
        "fishing_index",
        "share",
        "lent by own channels once platforms stopped, over all that these banks lend with them; sums before dividing",
        lambda t: pooled(t, np.ones(len(t.banks), dtype=bool)),
    ),
    *(
        _run(
            f"fishing_index_{kind}",
            "share",
            f"the same, {row.words}",
            lambda t, k=kind: pooled(t, of_kind(t, k)),
            row.words,
        )
        for kind, row in BANK_KINDS.items()
    ),
    *(
        _run(
            f"fishing_index_{group}_{kind}",
            "share",
            f"the same, {words.format(BANK_KINDS[kind].words)} when the test began",
            lambda t, k=kind, g=group: pooled(t, of_group(t, k, g)),
            words.format(BANK_KINDS[kind].words),
        )
        for kind in GATED
        for group, words in GROUPS.items()
    ),
    _run(
        "fishing_missing_share",
        "share",
        "banks that lend too little for an index of their own",
        lambda t: mean(np.isnan(index(t))),
    ),
    _run(
        "fishing_loss_rate_together",
        "rate a year",
        "charge-offs over balances of own channels while platforms serve",
        lambda t: pooled_loss_rate(t, t.together),
    ),
    _run(
        "fishing_loss_rate_alone",
        "rate a year",
        "the same once platforms stopped",
        lambda t: pooled_loss_rate(t, t.alone),
    ),
    _run(
        "fishing_profit_together",
        "yuan",
        "margin of own channels while platforms serve, before fixed costs and tax",
        lambda t: float(t.together.profit[t.banks].sum()),
    ),
    _run(
        "fishing_profit_alone",
        "yuan",
        "the same once platforms stopped",
        lambda t: float(t.alone.profit[t.banks].sum()),
    ),
    _run(
        "fishing_survivors",
        "share",
        "banks alive at the end without platforms",
        lambda t: mean(t.alone.alive[t.banks]),
    ),
)
