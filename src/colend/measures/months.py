"""The world, month by month."""

from __future__ import annotations

import numpy as np

from colend.measures.clubs import MONTHS_OF_CLUBS
from colend.measures.counts import CUSTOMERS, LENT_JOINT, LENT_OWN
from colend.measures.declaration import Measure, middle, ratio
from colend.measures.gates import MONTHS_OF_GATES
from colend.measures.income import MONTHS_OF_INCOME
from colend.measures.regulation import MONTHS_OF_RULES
from colend.measures.views import PACT, MonthView
from colend.scenario.labels import OPTION_WORDS
from colend.scenario.parameters import BANK_KINDS, KINDS, OPENNESS, SEGMENTS, SEQUENCING
from colend.state.books import FEN
from colend.state.tables import (
    CONTRACT_KINDS,
    DORMANT,
    ENDED,
    INTEGRATING,
    JOINT,
    OPERATING,
    PILOT,
    PILOT_SETUP,
    SIGNED,
)

CHANNELS = tuple(kind.name for kind in CONTRACT_KINDS)
OVERDUE_MONTHS = 3


def approval_rate(view: MonthView, segment: int) -> float:
    """Offers over applications; an application gets one offer at most."""
    return ratio(view.offers[segment], view.applications[segment])


def mean_rate(view: MonthView) -> float:
    """Yearly rate of the month's loans, weighted by yuan: sum of basis points x yuan over yuan."""
    return ratio(sum(view.of["rate_amount"]) / 10_000.0, sum(view.of["originated"]) / FEN)


def loss_rate(view: MonthView, channel: int) -> float:
    """Charge-offs after recoveries over what was owed at the month's start, times 12."""
    return ratio(12.0 * view.losses[channel], view.opening[channel])


def overdue(view: MonthView, channel: int) -> float:
    """Defaults of the last OVERDUE_MONTHS over balances with them; NaN while the run is shorter than that.

    A default is a loan 90 days overdue, and lenders charge off at 180 days: loans in default stay on lenders' books for
    three months. Compares with published 90+ day delinquency; the model's own balances let a defaulted loan go at once.
    """
    if view.world.month < OVERDUE_MONTHS - 1:
        return np.nan
    name = f"defaulted_{CHANNELS[channel]}"
    earlier = view.world.history[-(OVERDUE_MONTHS - 1) :]
    late = view.of["defaulted"][channel] / FEN + sum(month["months"][name] for month in earlier)
    return ratio(late, late + view.closing[channel])


def default_rate(view: MonthView, segment: int) -> float:
    """Share of loans that would default in a year at this month's hazard: 1 - (1 - defaults / loans serviced)^12."""
    monthly = ratio(view.of_segments["defaults"][segment], view.of_segments["loan_months"][segment])
    return 1.0 - (1.0 - monthly) ** 12


def own_share(view: MonthView, kind: int) -> float:
    """What banks of a kind lent through their own channel, over that and their part of joint loans."""
    own = of_kind(view, kind, LENT_OWN)
    return ratio(own, own + of_kind(view, kind, LENT_JOINT))


def of_kind(view: MonthView, kind: int, what: int) -> float:
    """A sum over all banks of a kind (`measures.counts`)."""
    return sum(standing[what] for standing in view.counts.of_banks[kind])


def count(view: MonthView, *stages: int) -> float:
    """Number of alliances in these stages."""
    return float(sum(view.counts.stages[stage] for stage in stages))


def choosing(numbers: list[int], option: int) -> float:
    """Part of some parties whose choice this is; `numbers` of them by choice."""
    return ratio(numbers[option], sum(numbers))


def _month(name: str, unit: str, meaning: str, take) -> Measure:
    return Measure(name, "months", unit, meaning, take)


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


_WORDS = (
    {name: OPTION_WORDS[name] for name in SEQUENCING}
    | {"thin_file": "thin-file"}
    | {name: kind.words for name, kind in BANK_KINDS.items()}
)
_WORDS |= {kind.name: kind.words for kind in CONTRACT_KINDS}

MONTHS = (
    _month("month", "month", "Month of the run, 0 the first", lambda v: v.world.month),
    _month("date", "name", "Calendar month", lambda v: v.world.date),
    _month(
        "applications",
        "persons",
        "Applications for a loan, each counted once on its way through lenders",
        lambda v: float(sum(v.applications)),
    ),
    _month("offers", "persons", "Of these, those that some lender offered a loan", lambda v: float(sum(v.offers))),
    _month("approval_rate", "share", "Offers over applications", lambda v: ratio(sum(v.offers), sum(v.applications))),
    *_each(SEGMENTS, "approval_rate_{}", "share", "Offers over applications, {} segment", approval_rate),
    _month("mean_rate", "rate a year", "Interest rate of the loans paid out, weighted by yuan", mean_rate),
    *_each(CHANNELS, "originations_{}", "yuan", "Paid out this month: {}", lambda v, k: v.of["originated"][k] / FEN),
    *_each(
        CHANNELS, "loans_{}", "number", "Loans paid out this month: {}", lambda v, k: float(v.of["originations"][k])
    ),
    *_each(CHANNELS, "balance_{}", "yuan", "Outstanding at the end of the month: {}", lambda v, k: v.closing[k]),
    *_each(CHANNELS, "losses_{}", "yuan", "Charged off this month after recoveries: {}", lambda v, k: v.losses[k]),
    *_each(
        CHANNELS, "defaulted_{}", "yuan", "Went into default this month: {}", lambda v, k: v.of["defaulted"][k] / FEN
    ),
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
    _month(
        "loss_rate",
        "rate a year",
        "Charge-offs after recoveries over balance, times 12: all loans",
        lambda v: ratio(12.0 * sum(v.losses), sum(v.opening)),
    ),
    *_each(
        SEGMENTS,
        "default_rate_{}",
        "rate a year",
        "Share of loans that would default in a year at this month's hazard, {} segment",
        default_rate,
    ),
    *_each(SEGMENTS, "served_{}", "persons", "Persons with a loan, {} segment", lambda v, segment: v.served[segment]),
    _month(
        "first_loans",
        "persons",
        "Persons with their first loan in the run",
        lambda v: float(sum(v.of["first_loans"])),
    ),
    *_each(
        CHANNELS,
        "new_borrowers_{}",
        "persons",
        "Persons with their first loan in the run of this kind: {}",
        lambda v, k: float(v.of["first_of_kind"][k]),
    ),
    *_each(KINDS, "customers_{}", "persons", "Customers of {}", lambda v, kind: of_kind(v, kind, CUSTOMERS)),
    *_each(
        KINDS,
        "own_share_{}",
        "share",
        "Own channel's part of what {} lent this month (joint loans: the bank's part)",
        own_share,
    ),
    _month(
        "precision_platform",
        "precision",
        "Screening precision of platforms, weighted by users",
        lambda v: ratio(v.counts.precision, v.counts.users),
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
        lambda v: ratio(count(v, SIGNED, DORMANT), count(v, *PACT)),
    ),
    _month("meetings", "number", "Alliances begun this month", lambda v: float(v.counts.met)),
    _month(
        "pilots_started", "number", "Pilots that began to lend this month", lambda v: float(v.counts.pilots_started)
    ),
    _month("pacts_signed", "number", "Pacts signed this month", lambda v: float(v.counts.signed)),
    _month(
        "trust_mean", "share", "Mean trust over signed pacts that run", lambda v: ratio(v.counts.trust, count(v, *PACT))
    ),
    *MONTHS_OF_INCOME,
    _month(
        "conversions",
        "persons",
        "Joint borrowers who became customers of the bank",
        lambda v: float(v.of["converted"][JOINT]),
    ),
    _month(
        "cash_offers_taken",
        "persons",
        "Own cash loans taken after a scene instalment",
        lambda v: float(sum(v.of["cash_taken"])),
    ),
    _month("equity_banks", "yuan", "Equity of all banks", lambda v: v.counts.equity),
    _month(
        "capital_ratio_median",
        "share",
        "Median capital ratio of banks that are open",
        lambda v: middle(v.banks.capital_ratio[v.banks.alive != 0]),
    ),
    _month("banks_open", "number", "Banks whose equity is not gone", lambda v: float(v.counts.open)),
    _month(
        "banks_below_minimum",
        "number",
        "Open banks whose capital ratio is below the minimum",
        lambda v: float(v.counts.below_minimum),
    ),
    _month(
        "banks_in_loss",
        "number",
        "Open banks that lost money on consumer lending in the month",
        lambda v: float(v.counts.in_loss),
    ),
    _month(
        "overshoot",
        "yuan",
        "Banks' loans beyond what their capital allows, funded at the penalty rate",
        lambda v: v.counts.overshoot,
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
    *_each(
        SEQUENCING,
        "banks_choosing_{}",
        "share",
        "Open banks that {}, over all open banks",
        lambda v, k: choosing(v.counts.banks_choosing, k),
    ),
    *_each(
        SEQUENCING,
        "platforms_choosing_{}",
        "share",
        "Platforms that {}, over all in the market",
        lambda v, k: choosing(v.counts.platforms_choosing, k),
    ),
    *_each(
        OPENNESS,
        "platforms_opening_{}",
        "share",
        "Platforms that open {}, over all in the market",
        lambda v, k: choosing(v.counts.platforms_opening, k),
    ),
    *_each(
        SEQUENCING,
        "running_{}",
        "share",
        "Running alliances whose parties {}, over all that run",
        lambda v, k: choosing(v.counts.running_sequencing, k),
    ),
    *MONTHS_OF_RULES,
    *MONTHS_OF_CLUBS,
)
