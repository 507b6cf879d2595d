"""Banks and platforms at the end of each year, and who is served in each region."""

from __future__ import annotations

import numpy as np

from colend.measures.clubs import BANKS_OF_CLUBS
from colend.measures.declaration import Measure, ratio
from colend.measures.gates import auc_of_bank
from colend.measures.regulation import BANKS_OF_RULES
from colend.measures.views import PACT, MonthView, YearView
from colend.scenario.parameters import KINDS, OPENNESS, SEGMENTS, SEQUENCING, TOUCHPOINTS
from colend.state.tables import OPERATING


def own_balance(view: MonthView) -> np.ndarray:
    """Yuan owed to each bank in its own channel."""
    return view.world.books.bank_claims[: len(view.banks)] / 100.0


def touchpoint_names(view: MonthView) -> np.ndarray:
    """Touchpoints that each bank keeps, joined with +; empty for none."""
    names = np.array(
        [
            "+".join(name for bit, name in enumerate(TOUCHPOINTS) if chosen >> bit & 1)
            for chosen in range(2 ** len(TOUCHPOINTS))
        ]
    )
    return names[view.banks.touchpoints]


def _month(view: MonthView, rows: int) -> np.ndarray:
    return np.full(rows, view.world.month, dtype=np.int64)


def _bank(name: str, unit: str, meaning: str, take) -> Measure:
    return Measure(name, "banks", unit, meaning, take)


def _bank_column(name: str, unit: str, meaning: str) -> Measure:
    return _bank(name, unit, meaning, lambda v: v.banks[name].astype(np.float64))


BANKS = (
    _bank("month", "month", "Month of the run at whose end this holds, 0 the first", lambda v: _month(v, len(v.banks))),
    _bank("bank", "number", "Number of the bank", lambda v: np.arange(len(v.banks))),
    _bank("kind", "name", "Kind of bank", lambda v: np.array(KINDS)[v.banks.kind]),
    _bank("region", "number", "Its region", lambda v: v.banks.region.astype(np.int64)),
    _bank_column("equity", "yuan", "Equity"),
    _bank_column("capital_ratio", "share", "Equity over risk-weighted assets"),
    _bank_column("precision", "precision", "Precision of its own screening"),
    _bank_column("initial_precision", "precision", "The same at the start of the run"),
    _bank(
        "auc_mass",
        "AUC",
        "AUC of its own screening for 12-month default, all mass applicants",
        lambda v: auc_of_bank(v.world, v.banks.precision),
    ),
    _bank("sequencing", "name", "Sequencing it wants", lambda v: np.array(SEQUENCING)[v.banks.sequencing]),
    _bank_column("talent", "share", "Talent for risk control"),
    _bank_column("legacy", "share", "Weight of its legacy systems"),
    _bank_column("horizon_months", "months", "How far it looks ahead"),
    _bank(
        "joint_balance",
        "yuan",
        "Its part of joint loans outstanding",
        lambda v: v.banks.consumer_loans - own_balance(v),
    ),
    _bank("own_balance", "yuan", "Own-channel loans outstanding", own_balance),
    _bank("own_originations", "yuan", "Lent through its own channel, last 12 months", lambda v: v.year("banks", "own")),
    _bank(
        "joint_originations",
        "yuan",
        "Its part of joint loans paid out, last 12 months",
        lambda v: v.year("banks", "joint"),
    ),
    _bank(
        "own_share",
        "share",
        "Own channel's part of what it lent in the last 12 months",
        lambda v: ratio(v.year("banks", "own"), v.year("banks", "own") + v.year("banks", "joint")),
    ),
    _bank(
        "profit", "yuan", "Profit from consumer lending after tax, last 12 months", lambda v: v.year("banks", "profit")
    ),
    _bank("customers", "persons", "Its customers", lambda v: v.customers),
    _bank("partners_operating", "number", "Pacts in operation", lambda v: v.partners("bank", OPERATING)),
    _bank_column("operating_months", "months", "Months of the run in which one of its pacts or more was in operation"),
    _bank("partners_signed", "number", "Signed pacts that run", lambda v: v.partners("bank", *PACT)),
    _bank("touchpoints", "name", "Touchpoints it keeps", touchpoint_names),
    _bank_column("research_spending", "yuan a month", "What it spends on research"),
    _bank("laboratory", "number", "1: it runs a joint laboratory", lambda v: v.banks.laboratory.astype(np.int64)),
    _bank("replaced", "number", "1: its legacy system was replaced", lambda v: v.banks.replaced.astype(np.int64)),
    _bank("alive", "number", "0: its equity is gone, it runs off", lambda v: v.banks.alive.astype(np.int64)),
    *BANKS_OF_RULES,
    *BANKS_OF_CLUBS,
)


def _platform(name: str, unit: str, meaning: str, take) -> Measure:
    return Measure(name, "platforms", unit, meaning, take)


def _flow(name: str, meaning: str) -> Measure:
    return _platform(name, "yuan", f"{meaning}, last 12 months", lambda v: v.year("platforms", name))


PLATFORMS = (
    _platform(
        "month", "month", "Month of the run at whose end this holds, 0 the first", lambda v: _month(v, len(v.platforms))
    ),
    _platform("platform", "number", "Number of the platform", lambda v: np.arange(len(v.platforms))),
    _platform("user_share", "share", "Its part of all borrowers", lambda v: v.platforms.user_share.copy()),
    _platform(
        "openness", "name", "What it opens to signed partners", lambda v: np.array(OPENNESS)[v.platforms.openness]
    ),
    _platform("sequencing", "name", "Sequencing it wants", lambda v: np.array(SEQUENCING)[v.platforms.sequencing]),
    _platform("precision", "precision", "Precision of its screening", lambda v: v.platforms.precision.copy()),
    _flow("fees", "Fees on joint loans"),
    _flow("technology_fees", "Fees for opened technology"),
    _flow("interest", "Interest of its lender, joint and alone"),
    _flow("credit_losses", "Charge-offs of its lender after recoveries"),
    _flow("profit", "Profit from lending after tax"),
    _platform("partners_operating", "number", "Pacts in operation", lambda v: v.partners("platform", OPERATING)),
    _platform("partners_signed", "number", "Signed pacts that run", lambda v: v.partners("platform", *PACT)),
    _platform("joint_balance", "yuan", "Joint loans outstanding, all parts", lambda v: v.joint_of_platforms),
    _platform("lender_balance", "yuan", "Its lender's part of all loans", lambda v: v.platforms.lender_loans.copy()),
    _platform("equity", "yuan", "Equity of its lender", lambda v: v.platforms.equity.copy()),
)


def _region(name: str, unit: str, meaning: str, take) -> Measure:
    return Measure(name, "regions", unit, meaning, take)


def _regional(name: str, unit: str, meaning: str, column: int) -> Measure:
    return _region(name, unit, meaning, lambda v: v.regional[..., column].ravel())


def _rows(view: YearView) -> int:
    return view.regional.shape[0] * len(SEGMENTS)


REGIONS = (
    _region("month", "month", "Month of the run at whose end this holds, 0 the first", lambda v: _month(v, _rows(v))),
    _region("region", "number", "Number of the region", lambda v: np.arange(_rows(v)) // len(SEGMENTS)),
    _region("segment", "name", "Segment of borrowers", lambda v: np.tile(SEGMENTS, _rows(v) // len(SEGMENTS))),
    _regional("persons", "persons", "Persons who live there", 0),
    _regional("served", "persons", "Of them, with a loan now", 1),
    _regional("customers", "persons", "Of them, customers of a bank", 2),
    _regional("balance", "yuan", "What they owe", 3),
)
