"""The world, month by month."""

from __future__ import annotations

import numpy as np

from colend.measures.clubs import MONTHS_OF_CLUBS
from colend.measures.declaration import Measure, mean, middle, ratio
from colend.measures.gates import MONTHS_OF_GATES
from colend.measures.regulation import MONTHS_OF_RULES
from colend.measures.views import PACT, MonthView
from colend.scenario.parameters import KINDS, OPENNESS, SEGMENTS, SEQUENCING
from colend.state.books import FEN, Flow
from colend.state.tables import (
    DORMANT,
    ENDED,
    INTEGRATING,
    JOINT,
    LENDER,
    OPERATING,
    OWN,
    PILOT,
    PILOT_SETUP,
    SIGNED,
)

CHANNELS = {"joint": JOINT, "own": OWN, "platform": LENDER}
OVERDUE_MONTHS = 3


def approval_rate(view: MonthView, segment: int | slice = slice(None)) -> float:
    """Offers over applications; an application gets one offer at most."""
    return ratio(view.offers[segment].sum(), view.applications[segment].sum())


def mean_rate(view: MonthView) -> float:
    """Yearly rate of the month's loans, weighted by yuan: sum of basis points x yuan over yuan."""
    return ratio(view.totals.rate_amount.sum() / 10_000.0, view.totals.originated.sum() / FEN)


def loss_rate(view: MonthView, channel: int | slice = slice(None)) -> float:
    """Charge-offs after recoveries over what was owed at the month's start, times 12."""
    return ratio(12.0 * view.losses[channel].sum(), view.opening[channel].sum())


def overdue(view: MonthView, channel: int) -> float:
    """Defaults of the last OVERDUE_MONTHS over balances with them; NaN while the run is shorter than that.

    A default is a loan 90 days overdue, and lenders charge off at 180 days: loans in default stay on lenders' books for
    three months. Compares with published 90+ day delinquency; the model's own balances let a defaulted loan go at once.
    """
    if view.world.month < OVERDUE_MONTHS - 1:
        return np.nan
    name = f"defaulted_{tuple(CHANNELS)[channel]}"
    earlier = view.world.history[-(OVERDUE_MONTHS - 1) :]
    late = view.defaulted[channel] + sum(month["months"][name] for month in earlier)
    return ratio(late, late + view.closing[channel])


def default_rate(view: MonthView, segment: int) -> float:
    """Share of loans that would default in a year at this month's hazard: 1 - (1 - defaults / loans serviced)^12."""
    monthly = ratio(view.totals.defaults[:, segment].sum(), view.totals.loan_months[:, segment].sum())
    return 1.0 - (1.0 - monthly) ** 12


def served(view: MonthView, segment: int) -> float:
    """Persons of a segment who owe something now."""
    return float(view.regional[:, segment, 1].sum())


def customers(view: MonthView, kind: int) -> float:
    """Persons who are customers of the banks of a kind."""
    return float(view.customers[view.banks.kind == kind].sum())


def own_share(view: MonthView, kind: int) -> float:
    """What banks of a kind lent through their own channel, over that and their part of joint loans."""
    joint, own = view.lent_by_bank[:, view.banks.kind == kind].sum(axis=1)
    return ratio(own, own + joint)


def platform_precision(view: MonthView) -> float:
    """Mean screening precision of platforms, weighted by their users."""
    return ratio((view.platforms.precision * view.platforms.user_share).sum(), view.platforms.user_share.sum())


def dormant_share(view: MonthView) -> float:
    """Pacts that do nothing (signed and not integrated, or dormant) over all signed pacts that run."""
    return ratio(view.stages[[SIGNED, DORMANT]].sum(), view.stages[list(PACT)].sum())


def happened(view: MonthView, column: str) -> float:
    """Number of alliances to which this happened this month."""
    return float((view.alliances[column] == view.world.month).sum())


def trust_mean(view: MonthView) -> float:
    """Mean trust over signed pacts that run."""
    rows = np.isin(view.alliances.stage, PACT)
    return mean(view.world.pairs.trust[view.alliances.pair[rows]])


def count(view: MonthView, *stages: int) -> float:
    """Number of alliances in these stages."""
    return float(view.stages[list(stages)].sum())


def paid(view: MonthView, *kinds: Flow) -> float:
    """Yuan that banks paid by these kinds."""
    return 0.0 - view.bank_flow(*kinds)


def platform_paid(view: MonthView, *kinds: Flow) -> float:
    """Yuan that platforms paid by these kinds."""
    return 0.0 - view.platform_flow(*kinds)


def _month(name: str, unit: str, meaning: str, take) -> Measure:
    return Measure(name, "months", unit, meaning, take)


def choosing_banks(view: MonthView, option: int) -> float:
    """Part of the open banks whose sequencing this is."""
    return mean(view.banks.sequencing[view.banks.alive != 0] == option)


def choosing_platforms(view: MonthView, choice: str, option: int) -> float:
    """Part of the platforms in the market whose choice this is."""
    return mean(view.platforms[choice][view.platforms.present != 0] == option)


def running_sequencing(view: MonthView, option: int) -> float:
    """Part of the alliances that have not ended whose sequencing this is."""
    return mean(view.alliances.sequencing[view.alliances.stage != ENDED] == option)


def _each(values, name: str, unit: str, meaning: str, take) -> tuple[Measure, ...]:
    """A measure for each of several: {} in `name` and `meaning` is the value, `take(view, its place)` takes it."""
    return tuple(
        _month(
            name.format(value),
            unit,
            meaning.format(_WORDS.get(value, value)),
            lambda view, place=place: take(view, place),
        )
        for place, value in enumerate(values)
    )


_WORDS = {"sign_then_cooperate": "sign first", "cooperate_then_sign": "cooperate first"}
_WORDS |= {"thin_file": "thin-file", "consumer_finance": "consumer-finance", "joint": "joint loans"}
_WORDS |= {"own": "banks' own channels", "platform": "platforms' own lenders"}
_PLATFORM_COSTS = (Flow.ALLIANCE_COST, Flow.OPENING_COST, Flow.LABORATORY_COST)

MONTHS = (
    _month("month", "month", "Month of the run, 0 the first", lambda v: v.world.month),
    _month("date", "name", "Calendar month", lambda v: v.world.date),
    _month(
        "applications",
        "persons",
        "Applications for a loan, each counted once on its way through lenders",
        lambda v: float(v.applications.sum()),
    ),
    _month("offers", "persons", "Of these, those that some lender offered a loan", lambda v: float(v.offers.sum())),
    _month("approval_rate", "share", "Offers over applications", approval_rate),
    *_each(SEGMENTS, "approval_rate_{}", "share", "Offers over applications, {} segment", approval_rate),
    _month("mean_rate", "rate a year", "Interest rate of the loans paid out, weighted by yuan", mean_rate),
    *_each(CHANNELS, "originations_{}", "yuan", "Paid out this month: {}", lambda v, k: v.originated[k]),
    *_each(CHANNELS, "loans_{}", "number", "Loans paid out this month: {}", lambda v, k: v.loans[k]),
    *_each(CHANNELS, "balance_{}", "yuan", "Outstanding at the end of the month: {}", lambda v, k: v.closing[k]),
    *_each(CHANNELS, "losses_{}", "yuan", "Charged off this month after recoveries: {}", lambda v, k: v.losses[k]),
    *_each(CHANNELS, "defaulted_{}", "yuan", "Went into default this month: {}", lambda v, k: v.defaulted[k]),
    *_each(
        CHANNELS,
        "overdue_{}",
        "share",
        "More than 90 days overdue and not yet charged off, of what is owed: {}",
        overdue,
    ),
    *_each(
        CHANNELS, "loss_rate_{}", "rate a year", "Charge-offs after recoveries over balance, times 12: {}", loss_rate
    ),
    _month("loss_rate", "rate a year", "Charge-offs after recoveries over balance, times 12: all loans", loss_rate),
    *_each(
        SEGMENTS,
        "default_rate_{}",
        "rate a year",
        "Share of loans that would default in a year at this month's hazard, {} segment",
        default_rate,
    ),
    *_each(SEGMENTS, "served_{}", "persons", "Persons with a loan, {} segment", served),
    _month(
        "first_loans",
        "persons",
        "Persons with their first loan in the run",
        lambda v: float(v.totals.first_loans.sum()),
    ),
    *_each(
        CHANNELS,
        "new_borrowers_{}",
        "persons",
        "Persons with their first loan in the run of this kind: {}",
        lambda v, k: float(v.totals.first_of_kind[k].sum()),
    ),
    *_each(KINDS, "customers_{}", "persons", "Customers of {} banks", customers),
    *_each(
        KINDS,
        "own_share_{}",
        "share",
        "Own channel's part of what {} banks lent this month (joint loans: the bank's part)",
        own_share,
    ),
    _month(
        "precision_platform", "precision", "Screening precision of platforms, weighted by users", platform_precision
    ),
    *MONTHS_OF_GATES,
    _month("alliances_pilot", "number", "Alliances that set up or run a pilot", lambda v: count(v, PILOT_SETUP, PILOT)),
    _month("alliances_signed", "number", "Pacts signed and not integrated: on paper", lambda v: count(v, SIGNED)),
    _month("alliances_integrating", "number", "Pacts being integrated", lambda v: count(v, INTEGRATING)),
    _month("alliances_operating", "number", "Pacts in operation", lambda v: count(v, OPERATING)),
    _month("alliances_dormant", "number", "Pacts integrated and dormant", lambda v: count(v, DORMANT)),
    _month("alliances_ended", "number", "Alliances ended so far, pilots included", lambda v: count(v, ENDED)),
    _month(
        "dormant_share",
        "share",
        "Pacts that do nothing (on paper or dormant) over all signed pacts that run",
        dormant_share,
    ),
    _month("meetings", "number", "Alliances begun this month", lambda v: happened(v, "met")),
    _month("pilots_started", "number", "Pilots that began to lend this month", lambda v: happened(v, "pilot_started")),
    _month("pacts_signed", "number", "Pacts signed this month", lambda v: happened(v, "signed")),
    _month("trust_mean", "share", "Mean trust over signed pacts that run", trust_mean),
    _month(
        "bank_interest_joint",
        "yuan",
        "Banks' interest from joint loans",
        lambda v: v.bank_flow(Flow.INTEREST, channel=JOINT),
    ),
    _month(
        "bank_interest_own",
        "yuan",
        "Banks' interest from their own channels",
        lambda v: v.bank_flow(Flow.INTEREST, channel=OWN),
    ),
    _month(
        "bank_fees_paid",
        "yuan",
        "Fees and technology fees that banks paid to platforms",
        lambda v: paid(v, Flow.FEE, Flow.TECHNOLOGY_FEE),
    ),
    _month("bank_credit_losses", "yuan", "Banks' charge-offs after recoveries", lambda v: paid(v, Flow.WRITE_OFF)),
    _month(
        "bank_funding_cost",
        "yuan",
        "What banks paid for funds, penalties on overshoot included",
        lambda v: paid(v, Flow.FUNDING_COST, Flow.PENALTY),
    ),
    _month(
        "bank_operating_cost",
        "yuan",
        "Banks' running and origination costs of loans",
        lambda v: paid(v, Flow.OPERATING_COST, Flow.ORIGINATION_COST),
    ),
    _month(
        "bank_alliance_cost",
        "yuan",
        "What banks spent on pilots, signing, integration and running alliances",
        lambda v: paid(v, Flow.ALLIANCE_COST),
    ),
    _month("bank_touchpoint_cost", "yuan", "What banks spent on touchpoints", lambda v: paid(v, Flow.TOUCHPOINT_COST)),
    _month(
        "bank_learning_cost",
        "yuan",
        "What banks spent on research, laboratories and replacing legacy systems",
        lambda v: paid(v, Flow.RESEARCH_COST, Flow.LABORATORY_COST, Flow.REPLACEMENT_COST),
    ),
    _month("bank_tax", "yuan", "Tax of banks", lambda v: paid(v, Flow.TAX)),
    _month(
        "bank_profit", "yuan", "Profit of banks from consumer lending after tax", lambda v: float(v.banks.profit.sum())
    ),
    _month("platform_fees", "yuan", "Fees on joint loans", lambda v: v.platform_flow(Flow.FEE)),
    _month(
        "platform_technology_fees", "yuan", "Fees for opened technology", lambda v: v.platform_flow(Flow.TECHNOLOGY_FEE)
    ),
    _month(
        "platform_interest",
        "yuan",
        "Interest of platforms' lenders, joint and alone",
        lambda v: v.platform_flow(Flow.INTEREST),
    ),
    _month(
        "platform_credit_losses",
        "yuan",
        "Platforms' lenders' charge-offs after recoveries",
        lambda v: platform_paid(v, Flow.WRITE_OFF),
    ),
    _month(
        "platform_funding_cost",
        "yuan",
        "What platforms' lenders paid for funds, penalties included",
        lambda v: platform_paid(v, Flow.FUNDING_COST, Flow.PENALTY),
    ),
    _month(
        "platform_operating_cost",
        "yuan",
        "Platforms' running and origination costs of loans",
        lambda v: platform_paid(v, Flow.OPERATING_COST, Flow.ORIGINATION_COST),
    ),
    _month(
        "platform_alliance_cost",
        "yuan",
        "What platforms spent on alliances, on opening and on laboratories",
        lambda v: platform_paid(v, *_PLATFORM_COSTS),
    ),
    _month("platform_tax", "yuan", "Tax of platforms", lambda v: platform_paid(v, Flow.TAX)),
    _month(
        "platform_profit",
        "yuan",
        "Profit of platforms from lending after tax",
        lambda v: float(v.platforms.profit.sum()),
    ),
    _month(
        "conversions",
        "persons",
        "Joint borrowers who became customers of the bank",
        lambda v: float(v.totals.converted[JOINT].sum()),
    ),
    _month(
        "cash_offers_taken",
        "persons",
        "Own cash loans taken after a scene instalment",
        lambda v: float(v.totals.cash_taken.sum()),
    ),
    _month("equity_banks", "yuan", "Equity of all banks", lambda v: float(v.banks.equity.sum())),
    _month(
        "capital_ratio_median",
        "share",
        "Median capital ratio of banks that are open",
        lambda v: middle(v.banks.capital_ratio[v.banks.alive != 0]),
    ),
    _month("banks_open", "number", "Banks whose equity is not gone", lambda v: float((v.banks.alive != 0).sum())),
    _month(
        "banks_below_minimum",
        "number",
        "Open banks whose capital ratio is below the minimum",
        lambda v: float(
            ((v.banks.alive != 0) & (v.banks.capital_ratio < v.world.parameters.banks.minimum_ratio)).sum()
        ),
    ),
    _month(
        "banks_in_loss",
        "number",
        "Open banks that lost money on consumer lending in the month",
        lambda v: float(((v.banks.alive != 0) & (v.banks.profit < 0.0)).sum()),
    ),
    _month(
        "overshoot",
        "yuan",
        "Banks' loans beyond what their capital allows, funded at the penalty rate",
        lambda v: float(v.banks.overshoot.sum()),
    ),
    _month(
        "systematic_factor",
        "standard deviations",
        "Systematic credit factor; low is bad times",
        lambda v: float(v.world.systematic_factor),
    ),
    _month(
        "largest_platform_share",
        "share",
        "Largest platform's part of joint loans outstanding",
        lambda v: ratio(v.joint_of_platforms.max(), v.joint_of_platforms.sum()),
    ),
    *_each(SEQUENCING, "banks_choosing_{}", "share", "Open banks that {}, over all open banks", choosing_banks),
    *_each(
        SEQUENCING,
        "platforms_choosing_{}",
        "share",
        "Platforms that {}, over all in the market",
        lambda v, place: choosing_platforms(v, "sequencing", place),
    ),
    *_each(
        OPENNESS,
        "platforms_opening_{}",
        "share",
        "Platforms that open {}, over all in the market",
        lambda v, place: choosing_platforms(v, "openness", place),
    ),
    *_each(
        SEQUENCING, "running_{}", "share", "Running alliances whose parties {}, over all that run", running_sequencing
    ),
    *MONTHS_OF_RULES,
    *MONTHS_OF_CLUBS,
)
