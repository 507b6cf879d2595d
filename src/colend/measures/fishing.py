"""What the fishing test measured, by bank and for the run; only in scenarios with a `fishing_test`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from colend.measures.declaration import Measure, mean, ratio
from colend.measures.gates import GATED, GROUPS, auc_of_bank, auc_of_score, members, partnered
from colend.scenario.parameters import BANK_KINDS, KINDS
from colend.scenario.setting import FishingTerms
from colend.state.books import FEN
from colend.state.flows import own_channels
from colend.state.tables import NONE
from colend.state.world import World

YEAR = 12  # months of a test after which the index is taken for the first time
HALF = 0.5  # of the first distance to its platforms' AUC, closed by who passes the second gate


class Season:
    """What each bank lends, loses and earns over the months that are watched; float64[banks], yuan."""

    def __init__(self, banks: int) -> None:
        self.months = 0
        self.own, self.joint, self.losses, self.balances, self.profit, self.required = np.zeros((6, banks))
        self.first_year = np.full((2, banks), np.nan)  # own and joint lending of the first YEAR months
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
        self.required += owed * world.banks.hurdle / 12.0
        self.alive = world.banks.alive != 0
        self.months += 1
        if self.months == YEAR:
            self.first_year = np.stack([self.own, self.joint])


class Standing(NamedTuple):
    """Where every bank stands when a test begins."""

    operating_months: np.ndarray
    customers: np.ndarray  # persons
    auc: np.ndarray  # of its own screening, all mass applicants
    first_auc: np.ndarray  # at the run's start
    goal: np.ndarray  # half of the way from its first AUC to its platforms'; NaN of banks that never operated a pact


def standing_now(world: World) -> Standing:
    """Its platforms are those with which a pact of its came into operation, each once."""
    alliances, banks = world.alliances, world.banks
    pairs = np.unique(alliances.pair[alliances.operating_since != NONE])
    of_platforms = auc_of_score(world, world.platforms.precision)
    of_bank, platform = pairs % len(banks), pairs // len(banks)
    theirs = ratio(np.bincount(of_bank, of_platforms[platform], len(banks)), np.bincount(of_bank, minlength=len(banks)))
    first = auc_of_bank(world, banks.initial_precision)
    return Standing(
        banks.operating_months.copy(),
        world.customers * float(world.scale),
        auc_of_bank(world, banks.precision),
        first,
        first + HALF * (theirs - first),
    )


@dataclass
class Fishing:
    """A test: the banks that platforms stop serving in one of two markets, and what all banks did in both."""

    terms: FishingTerms
    banks: np.ndarray  # rows of those banks
    kind: np.ndarray  # of all banks
    standing: Standing  # of all banks, when the test began
    together: Season  # with platforms
    alone: Season  # without


def lent(test: Fishing) -> np.ndarray:
    """Yuan that each tested bank lent with its platforms over the test, own channel and its part of joint loans."""
    return (test.together.own + test.together.joint)[test.banks]


def index(test: Fishing) -> np.ndarray:
    """The index by tested bank; NaN where a bank lent less than the test's `minimum_originations`."""
    whole = lent(test)
    return np.where(whole >= test.terms.minimum_originations, ratio(test.alone.own[test.banks], whole), np.nan)


def index_of_first_year(test: Fishing) -> np.ndarray:
    """The same over the test's first YEAR months; missing where it is shorter."""
    whole = test.together.first_year.sum(axis=0)[test.banks]
    enough = whole >= test.terms.minimum_originations
    return np.where(enough, ratio(test.alone.first_year[0][test.banks], whole), np.nan)


def first_gate(test: Fishing, indices: np.ndarray) -> np.ndarray:
    """1: the bank lends alone `share` of what it lends with platforms, or more; missing without an index."""
    return np.where(np.isnan(indices), np.nan, indices >= test.terms.share)


def surplus_alone(test: Fishing) -> np.ndarray:
    """Yuan that each tested bank's own channel earned over its hurdle once platforms, and their scores, were gone."""
    return (test.alone.profit - test.alone.required)[test.banks]


def second_gate(test: Fishing) -> np.ndarray:
    """1: half of the first distance to its platforms' AUC is closed, and its own channel earns its hurdle without them.

    Missing of banks that never operated a pact, and of those without an index.
    """
    auc, goal = test.standing.auc[test.banks], test.standing.goal[test.banks]
    known = np.isfinite(goal) & np.isfinite(index(test))
    return np.where(known, (auc >= goal) & (surplus_alone(test) >= 0.0), np.nan)


def learned(test: Fishing) -> np.ndarray:
    """1: the bank passed both gates."""
    return first_gate(test, index(test)) * second_gate(test)


def of_kind(test: Fishing, kind: str) -> np.ndarray:
    """bool[tested banks]: those of a kind."""
    return test.kind[test.banks] == KINDS.index(kind)


def of_group(test: Fishing, kind: str, group: str) -> np.ndarray:
    """bool[tested banks]: those of a kind that stood before the gates when the test began, or those that did not."""
    return members(test.kind, test.standing.operating_months, kind, group)[test.banks]


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
        lambda t: partnered(t.standing.operating_months)[t.banks] * 1,
    ),
    _bank("customers", "persons", "Its customers when the test began", lambda t: t.standing.customers[t.banks]),
    _bank("auc", "AUC", "AUC of its own screening then, all mass applicants", lambda t: t.standing.auc[t.banks]),
    _bank("first_auc", "AUC", "The same at the run's start", lambda t: t.standing.first_auc[t.banks]),
    _bank(
        "auc_goal",
        "AUC",
        "Half of the way from its first AUC to that of the platforms with which it operated a pact",
        lambda t: t.standing.goal[t.banks],
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
    _bank("index_first_year", "share", "The index over the test's first 12 months", index_of_first_year),
    _bank("surplus_alone", "yuan", "Own channel's margin less its hurdle once platforms stopped", surplus_alone),
    _bank(
        "first_gate",
        "number",
        "1: passed the first gate, an index of `fishing_test.share` or more",
        lambda t: first_gate(t, index(t)),
    ),
    _bank(
        "second_gate",
        "number",
        "1: passed the second gate, AUC at its goal or above and a surplus without platforms",
        second_gate,
    ),
    _bank("learned", "number", "1: learned to fish, passed both gates", learned),
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
    *(
        _run(
            f"{name}_partnered_{kind}",
            "share",
            f"{words}, of {GROUPS['partnered'].format(BANK_KINDS[kind].words)} when the test began that have an index",
            lambda t, k=kind, take=take: mean(take(t)[of_group(t, k, "partnered")]),
            GROUPS["partnered"].format(BANK_KINDS[kind].words),
        )
        for name, (words, take) in {
            "first_gate": ("passed the first gate", lambda t: first_gate(t, index(t))),
            "first_gate_first_year": ("would by the first 12 months", lambda t: first_gate(t, index_of_first_year(t))),
            "second_gate": ("passed the second gate", second_gate),
            "learned": ("learned to fish, passed both gates", learned),
        }.items()
        for kind in GATED
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
