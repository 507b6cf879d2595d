"""One number a run: what arms are compared by."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from colend.measures.accounts import RUNS_OF_VALUE
from colend.measures.clubs import RUNS_OF_CLUBS
from colend.measures.declaration import Measure, mean, ratio
from colend.measures.expectations import RUNS_OF_EXPECTATIONS
from colend.measures.gates import RUNS_OF_GATES
from colend.measures.months import CHANNELS
from colend.measures.regulation import MONTHS_OF_RULES
from colend.measures.views import RunView
from colend.scenario.labels import OPTION_WORDS
from colend.scenario.parameters import KINDS, OPENNESS, SEQUENCING
from colend.state.tables import OPERATING

FEWEST_MONTHS = 12  # of which a correlation over time is taken


def loss_rate(view: RunView, channel: str) -> float:
    """Charge-offs of the run over the sum of its months' opening balances, times 12."""
    balance = view.months[f"balance_{channel}"]
    return ratio(12.0 * view.total(f"losses_{channel}"), balance[:-1].sum())


def own_share(view: RunView) -> float:
    """Own channels' part of what banks lent over the run."""
    own = sum(month["banks"]["own"].sum() for month in view.world.history)
    joint = sum(month["banks"]["joint"].sum() for month in view.world.history)
    return ratio(own, own + joint)


def worst_year(view: RunView) -> float:
    """Lowest sum of twelve months' profit of all banks; of the whole run where it is shorter."""
    profit = view.months["bank_profit"]
    return float(np.convolve(profit, np.ones(min(12, len(profit))), mode="valid").min())


def paying_for_research(view: RunView) -> float:
    """Share of banks that spend on research or a laboratory at the end."""
    return float(np.mean((view.banks.research_spending > 0.0) | (view.banks.laboratory != 0)))


def partners_largest(view: RunView) -> float:
    """Operating partners of the platform that has most of them."""
    return float(view.partners("platform", OPERATING).max())


def with_credit(view: RunView) -> float:
    """Pearson's correlation of the share of pacts that do nothing with the credit factor; NaN where one is still."""
    dormant, factor = view.months["dormant_share"], view.months["systematic_factor"]
    known = np.isfinite(dormant)
    dormant, factor = dormant[known], factor[known]
    if len(dormant) < FEWEST_MONTHS or np.ptp(dormant) == 0.0 or np.ptp(factor) == 0.0:
        return np.nan
    return float(np.corrcoef(dormant, factor)[0, 1])


def _run(
    name: str, unit: str, meaning: str, over: str, take, months: Iterable[str] = (), end: Iterable[str] = ()
) -> Measure:
    return Measure(name, "runs", unit, meaning, take, tuple(months), tuple(end), over)


def _total(name: str, unit: str, meaning: str, over: str, month: str) -> Measure:
    """Sum of a monthly measure over the run."""
    return _run(name, unit, meaning, over, lambda v: v.total(month), [month])


def _last(name: str, unit: str, meaning: str, over: str, month: str) -> Measure:
    """A monthly measure at the end of the run."""
    return _run(name, unit, meaning, over, lambda v: float(v.last(month)), end=[month])


def _most(name: str, unit: str, meaning: str, over: str, month: str) -> Measure:
    """The largest that a monthly measure was."""
    return _run(name, unit, meaning, over, lambda v: float(v.months[month].max()), [month])


def _loss_rate(channel: str, loans: str, over: str) -> Measure:
    """Charge-offs of a channel over its balances."""
    meaning, months = (
        f"Charge-offs after recoveries over balances, {loans}",
        [f"losses_{channel}", f"balance_{channel}"],
    )
    return _run(f"loss_rate_{channel}", "rate a year", meaning, over, lambda v: loss_rate(v, channel), months)


_ORIGINATIONS = [f"originations_{channel}" for channel in CHANNELS]
_CUSTOMERS = [f"customers_{kind}" for kind in KINDS]

CREDIT = (
    _total("originations_joint", "yuan", "Joint loans paid out over the run", "joint loans", "originations_joint"),
    _last("balance_joint_end", "yuan", "Joint loans outstanding at the end", "joint loans", "balance_joint"),
    _total(
        "originations_own",
        "yuan",
        "Lent through banks' own channels over the run",
        "own channels of all banks",
        "originations_own",
    ),
    _run("own_share", "share", "Own channels' part of what banks lent over the run", "all banks", own_share),
    _loss_rate("joint", "joint loans", "joint loans"),
    _loss_rate("own", "banks' own channels", "own channels of all banks"),
    _run(
        "approval_rate",
        "share",
        "Offers over applications",
        "all applications",
        lambda v: ratio(v.total("offers"), v.total("applications")),
        ["offers", "applications"],
    ),
    _run(
        "mean_rate",
        "rate a year",
        "Interest rate of the loans paid out, weighted by yuan",
        "all loans",
        lambda v: v.weighted("mean_rate", *_ORIGINATIONS),
        ["mean_rate", *_ORIGINATIONS],
    ),
    _last(
        "served_thin_file_end",
        "persons",
        "Thin-file persons with a loan at the end",
        "thin-file persons",
        "served_thin_file",
    ),
    _total("first_loans", "persons", "First loans of persons over the run", "all persons", "first_loans"),
    _last(
        "largest_platform_share",
        "share",
        "Largest platform's part of joint loans at the end",
        "joint loans",
        "largest_platform_share",
    ),
)

GATES = (
    _run(
        "customers_end",
        "persons",
        "Customers of banks at the end",
        "all banks",
        lambda v: float(sum(v.last(name) for name in _CUSTOMERS)),
        end=_CUSTOMERS,
    ),
    _total(
        "converted",
        "persons",
        "Joint borrowers who became customers of the bank",
        "borrowers of joint loans",
        "conversions",
    ),
    *RUNS_OF_GATES,
    _run(
        "research_banks_share",
        "share",
        "Banks that pay for research or a laboratory at the end",
        "all banks",
        paying_for_research,
    ),
    _run(
        "replaced_banks_share",
        "share",
        "Banks that replaced their legacy system",
        "all banks",
        lambda v: mean(v.banks.replaced),
    ),
    _run(
        "touchpoint_banks_share",
        "share",
        "Banks that keep touchpoints at the end",
        "all banks",
        lambda v: mean(v.banks.touchpoints != 0),
    ),
)

INCOME = (
    _total("bank_profit", "yuan", "Profit of banks from consumer lending after tax", "all banks", "bank_profit"),
    _total("platform_profit", "yuan", "Profit of platforms from lending after tax", "all platforms", "platform_profit"),
    _run(
        "banks_closed",
        "number",
        "Banks whose equity was gone by the end",
        "all banks",
        lambda v: float((v.banks.alive == 0).sum()),
    ),
    _most(
        "banks_below_minimum_most",
        "number",
        "Most open banks below the minimum capital ratio in a month",
        "open banks",
        "banks_below_minimum",
    ),
    _run(
        "worst_year_profit",
        "yuan",
        "Banks' profit from lending in the worst twelve months on end",
        "all banks",
        worst_year,
        ["bank_profit"],
    ),
    _most(
        "overshoot_max",
        "yuan",
        "Most that banks' loans were beyond what their capital allows, at once",
        "all banks",
        "overshoot",
    ),
)

ALLIANCES = (
    _total("meetings", "number", "Alliances begun", "all alliances", "meetings"),
    _total("pilots_started", "number", "Pilots begun", "all alliances", "pilots_started"),
    _total("pacts_signed", "number", "Pacts signed", "all alliances", "pacts_signed"),
    _last("operating_end", "number", "Pacts in operation at the end", "all pacts", "alliances_operating"),
    _run(
        "partners_largest_end",
        "number",
        "Operating partners at the end of the platform that has most",
        "the platform with most",
        partners_largest,
    ),
    _run(
        "dormant_share_mean",
        "share",
        "Pacts that do nothing over all signed pacts that run, mean over the months that have some",
        "signed pacts that run",
        lambda v: mean(v.months["dormant_share"]),
        ["dormant_share"],
    ),
    _run(
        "dormant_share_credit",
        "1",
        "Correlation over months of the share of pacts that do nothing with the systematic credit factor",
        "months with signed pacts",
        with_credit,
        ["dormant_share", "systematic_factor"],
    ),
    _last(
        "dormant_share_end",
        "share",
        "Pacts that do nothing over all signed pacts that run, at the end",
        "signed pacts that run",
        "dormant_share",
    ),
)


def _fact(name: str, unit: str, meaning: str, over: str) -> Measure:
    """A fact about the run's alliances (`colend.rules.alliance_measures`)."""
    return _run(name, unit, meaning, over, lambda v: getattr(v.facts, name))


FATES = (
    _fact("pilots_signed_share", "share", "Pilots that were signed, of those decided", "pilots that were decided"),
    _fact("dormant_ever_share", "share", "Signed pacts that were ever dormant", "signed pacts"),
    _fact("paper_never_integrated", "number", "Paper pacts: signed and never built", "signed pacts"),
    _fact("paper_stopped", "number", "Paper pacts: worked, went dormant, and sleep or are over", "signed pacts"),
    _fact(
        "good_pacts_missed",
        "number",
        "Pairs that met, have a good fit, and never came to full operation",
        "pairs that met, of a good fit",
    ),
    _fact(
        "months_lost",
        "months",
        "Months from meeting to full operation of alliances with a good fit, mean",
        "alliances of a good fit that came to operate",
    ),
    _fact("months_to_signing", "months", "Months from meeting to signing, mean", "signed pacts"),
    _fact("months_to_first_loan", "months", "Months from meeting to the first joint loan, mean", "alliances that lent"),
    _fact(
        "sunk_cost",
        "yuan",
        "Spent by both sides on alliances that ended without operating, or that sleep",
        "alliances that ended without operating, or sleep",
    ),
)


def _over_rules(name: str, unit: str, meaning: str, over: str, prefix: str) -> Measure:
    """Sum over the run and the rules of a monthly measure of each; missing without a policy."""
    names = [one.name for one in MONTHS_OF_RULES if one.name.startswith(f"{prefix}_")]

    def take(view: RunView) -> float:
        return sum(view.total(name) for name in names) if view.world.setting.policy else np.nan

    return _run(name, unit, f"{meaning}; missing without a policy", over, take, names)


RULES = (
    _over_rules(
        "rule_violations",
        "number",
        "New loans (partners, of a list) that break a rule in force",
        "loans made under a rule",
        "violations",
    ),
    _over_rules(
        "refused_by_rules",
        "number",
        "Refusals for regulation, of one application perhaps by several lenders: no room under a limit, or outside",
        "refusals by all lenders",
        "refused",
    ),
)

CHOICES = (
    *(
        _last(
            f"{who}_choosing_{name}_end",
            "share",
            f"{who.capitalize()} that {OPTION_WORDS[name]} at the end",
            {"banks": "open banks", "platforms": "platforms in the market"}[who],
            f"{who}_choosing_{name}",
        )
        for who in ("banks", "platforms")
        for name in SEQUENCING
    ),
    *(
        _last(
            f"platforms_opening_{name}_end",
            "share",
            f"Platforms that open {name} at the end",
            "platforms in the market",
            f"platforms_opening_{name}",
        )
        for name in OPENNESS
    ),
)

RUNS = (
    CREDIT + GATES + INCOME + ALLIANCES + FATES + RUNS_OF_VALUE + RUNS_OF_EXPECTATIONS + RULES + CHOICES + RUNS_OF_CLUBS
)
