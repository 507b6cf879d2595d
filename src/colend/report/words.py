"""How arms and measures are called where people read them, and in which units numbers are shown."""

from __future__ import annotations

import math
from typing import NamedTuple

ARM_WORDS = {
    "sign_then_cooperate": "sign first",
    "cooperate_then_sign": "cooperate first",
    "traffic": "traffic open",
    "customers": "customers open",
    "technology": "technology open",
}
SEGMENT_WORDS = {"prime": "Prime", "mass": "Mass", "thin_file": "Thin file"}
KIND_WORDS = {
    "city": "City banks",
    "rural": "Rural banks",
    "consumer_finance": "Consumer-finance companies",
}


def arm_label(name: str) -> str:
    """`sign_then_cooperate + traffic` as "Sign first, traffic open"; names that people gave stay as they are."""
    parts = [part.strip() for part in name.split(" + ")]
    words = ", ".join(ARM_WORDS.get(part, part.replace("_", " ")) for part in parts)
    return words[:1].upper() + words[1:]


class Unit(NamedTuple):
    """How a number of some unit is shown: its words, what it is multiplied by, digits, and words for a difference."""

    words: str
    factor: float
    digits: int
    difference: str


BILLIONS = Unit("yuan bn", 1e-9, 1, "yuan bn")
MILLIONS = Unit("yuan m", 1e-6, 1, "yuan m")
THOUSANDS = Unit("yuan thousand", 1e-3, 0, "yuan thousand")
PEOPLE = Unit("persons m", 1e-6, 2, "persons m")
PERCENT = Unit("%", 100.0, 1, "points")
YEARLY = Unit("% a year", 100.0, 2, "points")
MONTHS = Unit("months", 1.0, 1, "months")
NUMBER = Unit("", 1.0, 0, "")
PRECISION = Unit("", 1.0, 3, "")


class Term(NamedTuple):
    """A whole-run measure in words."""

    measure: str
    words: str
    unit: Unit
    drawn: bool = True  # in the figure
    told: bool = True  # in the summary


# What figure and summary compare, in groups, in this order.
GROUPS: tuple[tuple[str, tuple[Term, ...]], ...] = (
    (
        "Joint lending",
        (
            Term("balance_joint_end", "Joint loans outstanding at the end", BILLIONS),
            Term("originations_joint", "Joint loans paid out", BILLIONS, drawn=False, told=False),
            Term("loss_rate_joint", "Loss rate of joint loans", YEARLY),
        ),
    ),
    (
        "First gate: own customers",
        (
            Term("converted", "Joint borrowers won as own customers", PEOPLE),
            Term("originations_own", "Lent through banks’ own channels", BILLIONS),
            Term("own_share", "Own channels’ share of banks’ lending", PERCENT, told=False),
        ),
    ),
    (
        "Second gate: own risk control",
        (
            Term("precision_median_end", "Median precision of banks’ own screening", PRECISION),
            Term("loss_rate_own", "Loss rate of banks’ own channels", YEARLY, told=False),
        ),
    ),
    (
        "Alliances",
        (
            Term("operating_end", "Alliances in operation at the end", NUMBER),
            Term("dormant_share_end", "Signed pacts that do nothing at the end", PERCENT),
            Term("good_pacts_missed", "Good pairs that never worked together", NUMBER, told=False),
            Term("months_to_first_loan", "From meeting to first loan", MONTHS),
        ),
    ),
    (
        "Value of alliances",
        (
            Term("value_per_bank", "Value per bank", MILLIONS),
            Term("value_market", "Value for the whole market", BILLIONS),
            Term("value_per_meeting", "Value per meeting", MILLIONS, drawn=False, told=False),
            Term("value_per_meeting_closed", "Value per meeting, closed cohorts", MILLIONS),
            Term("value_per_slot_month", "Value per month of a platform’s slot", THOUSANDS),
        ),
    ),
    (
        "Profit and inclusion",
        (
            Term("bank_profit", "Banks’ profit from consumer lending", BILLIONS),
            Term("platform_profit", "Platforms’ profit from lending", BILLIONS),
            Term("served_thin_file_end", "Thin-file persons with a loan at the end", PEOPLE),
            Term("approval_rate", "Applications that get an offer", PERCENT, told=False),
        ),
    ),
)
TERMS = {term.measure: term for _, terms in GROUPS for term in terms}


def shown(value: float, unit: Unit, sign: bool = False) -> str:
    """A number in its unit without the unit's words; a dash where it is not defined."""
    if value is None or not math.isfinite(value):
        return "–"
    number = value * unit.factor
    digits = unit.digits if abs(number) < 1000 else 0
    text = f"{number:{'+' if sign else ''},.{digits}f}"
    return f"{0:.{digits}f}" if float(text.replace(",", "")) == 0.0 else text.replace("-", "−")
