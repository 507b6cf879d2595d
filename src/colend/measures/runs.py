"""One number a run: what arms are compared by."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from colend.measures.agents import auc_mass
from colend.measures.clubs import RUNS_OF_CLUBS
from colend.measures.declaration import Measure, mean, middle, ratio
from colend.measures.months import CHANNELS
from colend.measures.regulation import MONTHS_OF_RULES
from colend.measures.views import LOCAL, RunView
from colend.scenario.parameters import KINDS, OPENNESS, SEQUENCING
from colend.state.tables import OPERATING


def loss_rate(view: RunView, channel: str) -> float:
    """Charge-offs of the run over the sum of its months' opening balances, times 12."""
    balance = view.months[f"balance_{channel}"]
    return ratio(12.0 * view.total(f"losses_{channel}"), balance[:-1].sum())


def own_share(view: RunView) -> float:
    """Own channels' part of what banks lent over the run."""
    own = sum(month["banks"]["own"].sum() for month in view.market.history)
    joint = sum(month["banks"]["joint"].sum() for month in view.market.history)
    return ratio(own, own + joint)


def worst_year(view: RunView) -> float:
    """Lowest sum of twelve months' profit of all banks; of the whole run where it is shorter."""
    profit = view.months["bank_profit"]
    return float(np.convolve(profit, np.ones(min(12, len(profit))), mode="valid").min())


def local(view: RunView, column: np.ndarray) -> np.ndarray:
    """Rows of city and rural banks."""
    return column[np.isin(view.banks.kind, LOCAL)]


def paying_for_research(view: RunView) -> float:
    """Share of banks that spend on research or a laboratory at the end."""
    return float(np.mean((view.banks.research_spending > 0.0) | (view.banks.laboratory != 0)))


def partners_largest(view: RunView) -> float:
    """Operating partners of the platform that has most of them."""
    return float(view.partners("platform", OPERATING).max())


def _run(name: str, unit: str, meaning: str, take, months: Iterable[str] = (), end: Iterable[str] = ()) -> Measure:
    return Measure(name, "runs", unit, meaning, take, tuple(months), tuple(end))


def _total(name: str, unit: str, meaning: str, month: str) -> Measure:
    """Sum of a monthly measure over the run."""
    return _run(name, unit, meaning, lambda v: v.total(month), [month])


def _last(name: str, unit: str, meaning: str, month: str) -> Measure:
    """A monthly measure at the end of the run."""
    return _run(name, unit, meaning, lambda v: float(v.last(month)), end=[month])


_ORIGINATIONS = [f"originations_{channel}" for channel in CHANNELS]
_CUSTOMERS = [f"customers_{kind}" for kind in KINDS]

CREDIT = (
    _total("originations_joint", "yuan", "Joint loans paid out over the run", "originations_joint"),
    _last("balance_joint_end", "yuan", "Joint loans outstanding at the end", "balance_joint"),
    _total("originations_own", "yuan", "Lent through banks' own channels over the run", "originations_own"),
    _run("own_share", "share", "Own channels' part of what banks lent over the run", own_share),
    _run(
        "loss_rate_joint",
        "rate a year",
        "Charge-offs after recoveries over balances, joint loans",
        lambda v: loss_rate(v, "joint"),
        ["losses_joint", "balance_joint"],
    ),
    _run(
        "loss_rate_own",
        "rate a year",
        "Charge-offs after recoveries over balances, banks' own channels",
        lambda v: loss_rate(v, "own"),
        ["losses_own", "balance_own"],
    ),
    _run(
        "approval_rate",
        "share",
        "Offers over applications",
        lambda v: ratio(v.total("offers"), v.total("applications")),
        ["offers", "applications"],
    ),
    _run(
        "mean_rate",
        "rate a year",
        "Interest rate of the loans paid out, weighted by yuan",
        lambda v: v.weighted("mean_rate", *_ORIGINATIONS),
        ["mean_rate", *_ORIGINATIONS],
    ),
    _last("served_thin_file_end", "persons", "Thin-file persons with a loan at the end", "served_thin_file"),
    _total("first_loans", "persons", "First loans of persons over the run", "first_loans"),
    _last(
        "largest_platform_share", "share", "Largest platform's part of joint loans at the end", "largest_platform_share"
    ),
)

GATES = (
    _run(
        "customers_end",
        "persons",
        "Customers of banks at the end",
        lambda v: float(sum(v.last(name) for name in _CUSTOMERS)),
        end=_CUSTOMERS,
    ),
    _total("converted", "persons", "Joint borrowers who became customers of the bank", "conversions"),
    _last(
        "precision_median_end",
        "precision",
        "Median screening precision of city and rural banks at the end",
        "precision_median",
    ),
    _run(
        "precision_gain_median",
        "precision",
        "Median gain of their screening precision over the run",
        lambda v: middle(local(v, v.banks.precision - v.banks.initial_precision)),
    ),
    _run(
        "auc_mass_median_end",
        "AUC",
        "Median AUC of their own screening at the end, all mass applicants",
        lambda v: middle(local(v, auc_mass(v))),
    ),
    _run(
        "research_banks_share", "share", "Banks that pay for research or a laboratory at the end", paying_for_research
    ),
    _run("replaced_banks_share", "share", "Banks that replaced their legacy system", lambda v: mean(v.banks.replaced)),
    _run(
        "touchpoint_banks_share",
        "share",
        "Banks that keep touchpoints at the end",
        lambda v: mean(v.banks.touchpoints != 0),
    ),
)

INCOME = (
    _total("bank_profit", "yuan", "Profit of banks from consumer lending after tax", "bank_profit"),
    _total("platform_profit", "yuan", "Profit of platforms from lending after tax", "platform_profit"),
    _run(
        "banks_closed",
        "number",
        "Banks whose equity was gone by the end",
        lambda v: float((v.banks.alive == 0).sum()),
    ),
    _run(
        "banks_below_minimum_most",
        "number",
        "Most open banks below the minimum capital ratio in a month",
        lambda v: float(v.months["banks_below_minimum"].max()),
        ["banks_below_minimum"],
    ),
    _run(
        "worst_year_profit",
        "yuan",
        "Banks' profit from lending in the worst twelve months on end",
        worst_year,
        ["bank_profit"],
    ),
    _run(
        "overshoot_max",
        "yuan",
        "Largest lending of banks beyond their headroom in a month",
        lambda v: float(v.months["overshoot"].max()),
        ["overshoot"],
    ),
)

ALLIANCES = (
    _total("meetings", "number", "Alliances begun", "meetings"),
    _total("pilots_started", "number", "Pilots begun", "pilots_started"),
    _total("pacts_signed", "number", "Pacts signed", "pacts_signed"),
    _last("operating_end", "number", "Pacts in operation at the end", "alliances_operating"),
    _run(
        "partners_largest_end",
        "number",
        "Operating partners at the end of the platform that has most",
        partners_largest,
    ),
    _last(
        "dormant_share_end",
        "share",
        "Pacts that do nothing over all signed pacts that run, at the end",
        "dormant_share",
    ),
)


def _fact(name: str, unit: str, meaning: str) -> Measure:
    """A fact about the run's alliances (`colend.rules.alliance_measures`)."""
    return _run(name, unit, meaning, lambda v: getattr(v.facts, name))


FATES = (
    _fact("pilots_signed_share", "share", "Pilots that were signed, of those decided"),
    _fact("dormant_ever_share", "share", "Signed pacts that were ever dormant"),
    _fact("paper_never_integrated", "number", "Paper pacts: signed and never built"),
    _fact("paper_stopped", "number", "Paper pacts: worked, went dormant, and sleep or are over"),
    _fact("good_pacts_missed", "number", "Pairs that met, have a good fit, and never came to full operation"),
    _fact("months_lost", "months", "Months from meeting to full operation of pairs with a good fit, mean"),
    _fact("months_to_signing", "months", "Months from meeting to signing, mean"),
    _fact("months_to_first_loan", "months", "Months from meeting to the first joint loan, mean"),
    _fact("sunk_cost", "yuan", "Spent by both sides on alliances that ended without operating, or that sleep"),
)

VALUE = (
    _fact("value_per_bank", "yuan", "Value of alliances to banks, realised and still to come, per bank"),
    _fact("value_per_bank_realised", "yuan", "Value of alliances to banks, realised by the end of the run, per bank"),
    _fact("value_market", "yuan", "Value of alliances to banks and platforms, realised and still to come"),
    _fact("value_per_meeting_closed", "yuan", "Realised value to the bank per meeting, cohorts whose term is over"),
    _fact("value_per_meeting", "yuan", "Value to the bank per meeting, realised and still to come"),
    _fact("value_per_slot_month", "yuan a month", "Value to the bank per month of a platform's slot"),
)


def _over_rules(name: str, unit: str, meaning: str, prefix: str) -> Measure:
    """Sum over the run and the rules of a monthly measure of each; missing without a policy."""
    names = [one.name for one in MONTHS_OF_RULES if one.name.startswith(f"{prefix}_")]

    def take(view: RunView) -> float:
        return sum(view.total(name) for name in names) if view.market.setting.policy else np.nan

    return _run(name, unit, f"{meaning}; missing without a policy", take, names)


RULES = (
    _over_rules(
        "rule_violations", "number", "New loans (partners, of a list) that break a rule in force", "violations"
    ),
    _over_rules(
        "refused_by_rules",
        "persons",
        "Applications that regulation stopped: no room under a limit, or outside the region",
        "refused",
    ),
)

CHOICES = (
    *(
        _last(
            f"{who}_choosing_{name}_end",
            "share",
            f"{who.capitalize()} that {words} at the end",
            f"{who}_choosing_{name}",
        )
        for who in ("banks", "platforms")
        for name, words in zip(SEQUENCING, ("sign first", "cooperate first"), strict=True)
    ),
    *(
        _last(
            f"platforms_opening_{name}_end",
            "share",
            f"Platforms that open {name} at the end",
            f"platforms_opening_{name}",
        )
        for name in OPENNESS
    ),
)

RUNS = CREDIT + GATES + INCOME + ALLIANCES + FATES + VALUE + RULES + CHOICES + RUNS_OF_CLUBS
