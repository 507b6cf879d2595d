"""The two gates: own customers and own risk control, of banks that stand before them and, beside these, of the others.

A bank stands before the gates once pacts of its own have been in operation in MONTHS_BEFORE months of the run, with
whichever partner. Most banks never come to that, so that the median or mean bank of a market says little of what
partners do. Who finds a partner is not drawn by lot, and arms differ in who does: a group beside the other describes,
it does not measure an effect. `precision_gain` is over the same banks in every arm.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from colend.equations.screening import discriminations
from colend.measures.counts import (
    CUSTOMERS,
    INITIAL_CUSTOMERS,
    LENT_JOINT,
    LENT_OWN,
    MONTHS_BEFORE,
    NUMBER,
    PRECISION_GAIN,
)
from colend.measures.declaration import Measure, mean, middle, ratio
from colend.measures.views import MonthView, RunView
from colend.scenario.parameters import BANK_KINDS, KINDS, SEGMENTS
from colend.state.world import World

GATED = tuple(name for name, kind in BANK_KINDS.items() if kind.gated)  # kinds of bank
GATED_BANKS = " and ".join(BANK_KINDS[name].words for name in GATED)
GROUPS = {"partnered": "{} with a partner", "others": "{} without one"}
MASS = SEGMENTS.index("mass")


def partnered(operating_months: np.ndarray) -> np.ndarray:
    """bool[banks]: whether each stands before the gates, by the months in which its pacts were in operation."""
    return operating_months >= MONTHS_BEFORE


def gated(view: MonthView) -> np.ndarray:
    """bool[banks]: those that have gates to stand before."""
    return np.isin(view.banks.kind, [KINDS.index(name) for name in GATED])


def members(kinds: np.ndarray, operating_months: np.ndarray, kind: str, group: str) -> np.ndarray:
    """bool[banks]: the banks of a kind that stand before the gates (`partnered`), or that do not (`others`)."""
    return (kinds == KINDS.index(kind)) & (partnered(operating_months) == (group == "partnered"))


def standing(view: MonthView, kind: str, group: str) -> np.ndarray:
    """The same, now."""
    return members(view.banks.kind, view.banks.operating_months, kind, group)


def of_group(view: MonthView, what: int, kind: str, group: str) -> float:
    """A sum over the banks of a kind that stand before the gates, or that do not (`measures.counts`)."""
    return float(view.counts.of_banks[KINDS.index(kind)][group == "partnered"][what])


def auc_of_score(world: World, precision: np.ndarray) -> np.ndarray:
    """AUC of scores of these precisions for 12-month default among all mass applicants."""
    loading = world.parameters.credit.default_loading.as_array()[MASS]
    return discriminations(precision, world.default_threshold[MASS], loading)


def auc_of_bank(world: World, precision: np.ndarray) -> np.ndarray:
    """The same of banks' own screening, of which a segment lets less be seen."""
    return auc_of_score(world, precision * world.parameters.credit.bank_precision_factor.as_array()[MASS])


def precision_gains(view: MonthView) -> np.ndarray:
    """What each bank's screening precision gained since the start of the run."""
    return view.banks.precision - view.banks.initial_precision


def precision_gain(view: MonthView, kind: str, group: str) -> float:
    """The mean of that."""
    return ratio(of_group(view, PRECISION_GAIN, kind, group), of_group(view, NUMBER, kind, group))


def customers_change(view: MonthView, kind: str, group: str) -> float:
    """Customers of these banks together over those that they had at the start, less 1."""
    return ratio(of_group(view, CUSTOMERS, kind, group), of_group(view, INITIAL_CUSTOMERS, kind, group)) - 1.0


def own_share(view: MonthView, kind: str, group: str) -> float:
    """Own channels' part of what these banks lent this month."""
    joint, own = (of_group(view, one, kind, group) for one in (LENT_JOINT, LENT_OWN))
    return ratio(own, own + joint)


def auc_gain(view: RunView, kind: str, group: str) -> float:
    """Mean gain of the AUC of these banks' own screening since the start of the run."""
    banks = view.banks[standing(view, kind, group)]
    return mean(auc_of_bank(view.world, banks.precision) - auc_of_bank(view.world, banks.initial_precision))


def over_last_year(view: RunView, part: str, whole: tuple[str, ...], kind: str, group: str) -> float:
    """Sum of a monthly flow of these banks over the sum of others, in the last 12 months."""
    months, banks = [month["banks"] for month in view.world.history[-12:]], standing(view, kind, group)
    return ratio(
        sum(month[part][banks].sum() for month in months),
        sum(month[name][banks].sum() for month in months for name in whole),
    )


Take = Callable[[RunView, str, str], float]


def _of(take: Take, kind: str, group: str) -> Callable[[RunView], float]:
    return lambda view: take(view, kind, group)


def _by_group(
    table: str, name: str, unit: str, meaning: str, take: Take, groups: tuple[str, ...] = tuple(GROUPS)
) -> tuple[Measure, ...]:
    """A measure `{name}_{group}_{kind}` of these groups of each kind that has gates; `take` gets view, kind, group."""
    return tuple(
        Measure(
            f"{name}_{group}_{kind}",
            table,
            unit,
            meaning,
            _of(take, kind, group),
            over=GROUPS[group].format(BANK_KINDS[kind].words),
        )
        for kind in GATED
        for group in groups
    )


def _shared(table: str) -> tuple[Measure, ...]:
    """What months and runs have alike."""
    return (
        *_by_group(
            table,
            "banks",
            "number",
            f"How many they are: a pact in operation in {MONTHS_BEFORE} months of the run or more, or not",
            lambda view, kind, group: of_group(view, NUMBER, kind, group),
        ),
        *_by_group(
            table,
            "precision_gain",
            "precision",
            "Mean gain of screening precision since the start of the run",
            precision_gain,
        ),
        *_by_group(
            table,
            "customers_change",
            "share",
            "Own customers, change since the start of the run, sums before dividing",
            customers_change,
        ),
    )


MONTHS_OF_GATES = (
    *_shared("months"),
    *_by_group("months", "own_share", "share", "Own channels' part of what they lent this month", own_share),
)
RUNS_OF_GATES = (
    *_shared("runs"),
    *_by_group(
        "runs",
        "own_share",
        "share",
        "Own channels' part of what they lent in the last 12 months",
        lambda view, kind, group: over_last_year(view, "own", ("own", "joint"), kind, group),
        ("partnered",),
    ),
    *_by_group(
        "runs",
        "auc_gain",
        "AUC",
        "Mean gain over the run of the AUC of their own screening, all mass applicants",
        auc_gain,
    ),
    *_by_group(
        "runs",
        "loss_rate_own",
        "rate a year",
        "Charge-offs over balances of their own channels, last 12 months",
        lambda view, kind, group: 12.0 * over_last_year(view, "own_lost", ("own_owed",), kind, group),
    ),
    *(
        Measure(
            f"precision_gain_{name}",
            "runs",
            "precision",
            f"{name.capitalize()} gain of screening precision over the run",
            take,
            over=f"{GATED_BANKS}, with a partner or without",
        )
        for name, take in {
            "mean": lambda view: mean(precision_gains(view)[gated(view)]),
            "median": lambda view: middle(precision_gains(view)[gated(view)]),
        }.items()
    ),
)
