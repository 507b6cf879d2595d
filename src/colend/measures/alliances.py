"""Every alliance at the end of the run, and the monthly life of a few."""

from __future__ import annotations

from itertools import groupby

import numpy as np

from colend.measures.declaration import Measure
from colend.measures.views import MonthView, RunView
from colend.scenario.parameters import KINDS, OPENNESS, SEQUENCING
from colend.state.books import FEN
from colend.state.tables import ENDED, ENDS, NONE, STAGES
from colend.state.world import World


def _pair(view: RunView, column: str) -> np.ndarray:
    return view.world.pairs[column][view.alliances.pair]


def _alliance(name: str, unit: str, meaning: str, take) -> Measure:
    return Measure(name, "alliances", unit, meaning, take)


def _column(name: str, unit: str, meaning: str) -> Measure:
    """A column of the alliances' table as it is."""
    return _alliance(name, unit, meaning, lambda v: v.alliances[name].astype(np.float64))


def _when(name: str, meaning: str) -> Measure:
    """A month of the alliances' table; NaN when it has not come by the end of the run."""

    def take(view: RunView) -> np.ndarray:
        month = view.alliances[name].astype(np.float64)
        return np.where((month == NONE) | (month >= len(view.world.history)), np.nan, month)

    return _alliance(name, "month", meaning, take)


def _name(name: str, meaning: str, names: tuple[str, ...]) -> Measure:
    return _alliance(name, "name", meaning, lambda v: np.array(names)[v.alliances[name]])


def stages(view: RunView) -> np.ndarray:
    """What each alliance went through: its stages in their order and how many months' ends saw it in each.

    "signed 2, operating 30, dormant 1, operating 5" is counted from the month of meeting on, without the end.
    """
    history = np.full((len(view.alliances), len(view.world.history)), ENDED, dtype=np.int8)
    for month, kept in enumerate(view.world.history):
        seen = kept["stages"]["stage"]
        history[: len(seen), month] = seen
    lived = (
        [stage for stage in row[met:] if stage != ENDED]
        for row, met in zip(history.tolist(), view.alliances.met, strict=True)
    )
    return np.array(
        [", ".join(f"{STAGES[stage].name} {len(list(months))}" for stage, months in groupby(life)) for life in lived],
        dtype=str,
    )


def _yuan(name: str, meaning: str) -> tuple[Measure, Measure]:
    """The same of both parties."""
    return _column(f"bank_{name}", "yuan", f"Bank: {meaning}"), _column(
        f"platform_{name}", "yuan", f"Platform: {meaning}"
    )


ALLIANCES = (
    _alliance(
        "alliance", "number", "Number of the alliance, in the order of meeting", lambda v: np.arange(len(v.alliances))
    ),
    _alliance("platform", "number", "Its platform", lambda v: v.alliances.platform.astype(np.int64)),
    _alliance("bank", "number", "Its bank", lambda v: v.alliances.bank.astype(np.int64)),
    _alliance("bank_kind", "name", "Kind of that bank", lambda v: np.array(KINDS)[v.banks.kind[v.alliances.bank]]),
    _name("sequencing", "Whether the parties sign or cooperate first", SEQUENCING),
    _name("openness", "What the platform opens once signed", OPENNESS),
    _when("met", "Month of the run in which the parties met, 0 the first"),
    _when("pilot_started", "First month of the pilot's lending"),
    _when("signed", "Month of signing"),
    _when("integration_started", "Month in which integration began"),
    _when("operating_since", "First month of operation"),
    _when("first_loan", "Month of the first loan, pilot included"),
    _when("first_dormant", "First month of dormancy"),
    _column("dormant_months", "months", "Months spent dormant"),
    _when("ended", "Month in which it ended"),
    _alliance(
        "end_reason",
        "name",
        f"Why it ended: {', '.join(end.name for end in ENDS[1:])}, or {ENDS[0].name}",
        lambda v: np.array([end.name for end in ENDS])[v.alliances.end_reason],
    ),
    _name("stage", "Stage at the end of the run", tuple(stage.name for stage in STAGES)),
    _alliance(
        "stages", "name", "Its stages in their order since the meeting, each with its months (at months' ends)", stages
    ),
    _column("renewals", "number", "How often the pact was renewed"),
    _alliance(
        "fit",
        "logit",
        "Hidden fit: logit of the share of routed applications that can be served, effort included",
        lambda v: _pair(v, "fit") + v.alliances.fit_drift,
    ),
    _alliance("prior_mean", "logit", "Public prior of its fit", lambda v: _pair(v, "prior_mean")),
    _alliance(
        "belief_mean",
        "logit",
        "What the parties believe at the end of the run: mean",
        lambda v: _pair(v, "belief_mean"),
    ),
    _alliance(
        "belief_variance",
        "logit squared",
        "What they believe at the end of the run: variance",
        lambda v: _pair(v, "belief_variance"),
    ),
    _alliance("trust", "share", "Trust between the parties at the end of the run", lambda v: _pair(v, "trust")),
    _column("originated", "yuan", "Lent, both parts"),
    _column("loans", "number", "Loans paid out"),
    _column("borrowers", "persons", "Persons whose first joint loan in the run it paid out"),
    _column("converted", "persons", "Borrowers who became the bank's customers"),
    *_yuan("spent", "spent on set-up, signing, integration and running so far"),
    *_yuan("value", "surplus realised, discounted to the month of meeting"),
    _alliance(
        "bank_first_term",
        "yuan",
        "Bank: that surplus until its first renewal, or all of it where there was none",
        lambda v: np.where(v.alliances.renewals > 0, v.alliances.bank_first_term, v.alliances.bank_value),
    ),
    *_yuan("terminal_value", "worth of what is still to come at the end of the run, discounted likewise"),
    *_yuan("expected_value", "what it expected of the alliance at the meeting"),
    _column("expected_applications", "persons", "Applications a month of operation, as expected at the meeting"),
    _column("routed_in_operation", "persons", "Applications routed to it first, over the months in operation"),
    _column("months_in_operation", "months", "Months in operation"),
    _column("slot_months", "months", "Months for which it held one of the platform's slots"),
)


def _life(name: str, unit: str, meaning: str, take) -> Measure:
    return Measure(name, "alliance_months", unit, meaning, take)


class LivesView(MonthView):
    """Alliances that run or whose loans do, at the end of a month: `rows` their numbers, `lives` their table."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        running = self.alliances.ended == NONE
        self.rows = np.flatnonzero(running | (self.contracts.balance[self.alliances.contract] > 0))
        self.lives = self.alliances[self.rows]
        self.contract = self.lives.contract
        self.pair = world.pairs[self.lives.pair]


def _profit(view: LivesView, party: int) -> np.ndarray:
    return view.world.contract_profit[party, view.contract]


LIVES = (
    _life("alliance", "number", "Number of the alliance", lambda v: v.rows),
    _life("platform", "number", "Its platform", lambda v: v.lives.platform.astype(np.int64)),
    _life("bank", "number", "Its bank", lambda v: v.lives.bank.astype(np.int64)),
    _life("month", "month", "Month of the run, 0 the first", lambda v: np.full(len(v.rows), v.world.month)),
    _life("stage", "name", "Stage", lambda v: np.array([stage.name for stage in STAGES])[v.lives.stage]),
    _life(
        "share_served",
        "share",
        "Share of routed applications that could be served",
        lambda v: v.lives.share_served.copy(),
    ),
    _life("routed", "persons", "Applications routed to it first", lambda v: v.lives.routed.copy()),
    _life("belief_mean", "logit", "Belief about fit: mean", lambda v: v.pair.belief_mean.copy()),
    _life("belief_sd", "logit", "Belief about fit: standard deviation", lambda v: np.sqrt(v.pair.belief_variance)),
    _life("fit", "logit", "Hidden fit, effort included", lambda v: v.pair.fit + v.lives.fit_drift),
    _life("trust", "share", "Trust", lambda v: v.pair.trust.copy()),
    _life(
        "originated",
        "yuan",
        "Lent this month, both parts",
        lambda v: v.world.contract_totals.originated[v.contract] * (v.world.scale / FEN),
    ),
    _life("balance", "yuan", "Outstanding, both parts", lambda v: v.contracts.balance[v.contract] / FEN),
    _life(
        "bank_profit",
        "yuan",
        "Bank's surplus from its loans this month, without the alliance's own costs",
        lambda v: _profit(v, 0),
    ),
    _life("platform_profit", "yuan", "Platform's surplus from its loans this month, likewise", lambda v: _profit(v, 1)),
)


def lives_kept(view: RunView, number: int) -> np.ndarray:
    """The alliances whose monthly life is kept: every one when there are no more than `number`.

    Else the one that lent most, the one that slept longest, the pilot that lent most of those that were not signed, and
    on through those that lent most.
    """
    rows = view.alliances
    if number >= len(rows):
        return np.arange(len(rows))
    by_volume = np.argsort(-rows.originated, kind="stable")
    never_worked = np.flatnonzero((rows.ended != NONE) & (rows.operating_since == NONE) & (rows.originated > 0.0))
    chosen = [by_volume[0]]
    if rows.dormant_months.max() > 0:
        chosen.append(int(np.argmax(rows.dormant_months)))
    if len(never_worked):
        chosen.append(never_worked[np.argmax(rows.originated[never_worked])])
    order = list(dict.fromkeys([int(row) for row in [*chosen, *by_volume]]))
    return np.sort(order[:number])
