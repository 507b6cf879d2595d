"""How arms and measures are called where people read them, and in which units numbers are shown."""

from __future__ import annotations

import json
import math
from typing import NamedTuple

from colend.measures.gates import GATED
from colend.scenario.keys import declared
from colend.scenario.parameters import BANK_KINDS
from colend.state.tables import CONTRACT_KINDS, STAGES

SEGMENT_WORDS = {"prime": "Prime", "mass": "Mass", "thin_file": "Thin file"}
WITHOUT_UNIT = ("1", "choice", "number")  # units of parameters whose numbers say all
CHANNEL_WORDS = {kind.name: kind.words.capitalize() for kind in CONTRACT_KINDS}
STAGE_WORDS = {stage.name: stage.words for stage in STAGES}
KIND_WORDS = {name: kind.words.capitalize() for name, kind in BANK_KINDS.items()}


def place_of(point: str) -> str:
    """A sweep point in words, empty for none."""
    return ", ".join(f"{parameter_words(key)}: {value}" for key, value in json.loads(point).items()) if point else ""


def parameter_words(key: str) -> str:
    """What a parameter means, in its declaration's words; its key where it has none (a parameter of one's own)."""
    found = declared(key)
    if found is None or not found.meaning:
        return key
    part = key.removeprefix(found.key).strip(".")
    return found.meaning + (f" ({part.replace('_', ' ')})" if part else "")


def key_label(key: str) -> str:
    """A parameter in words with its unit, for the axis along which it is swept."""
    found = declared(key)
    return parameter_words(key) + ("" if found is None or found.unit in WITHOUT_UNIT else f", {found.unit}")


class Unit(NamedTuple):
    """How a number of some unit is shown: its words, what it is multiplied by, digits, and words for a difference."""

    words: str
    factor: float
    digits: int
    difference: str


BILLIONS = Unit("yuan bn", 1e-9, 1, "yuan bn")
MILLIONS = Unit("yuan m", 1e-6, 1, "yuan m")
PEOPLE = Unit("persons m", 1e-6, 1, "persons m")
PERCENT = Unit("%", 100.0, 1, "points")
YEARLY = Unit("% a year", 100.0, 1, "points a year")
MONTHS = Unit("months", 1.0, 0, "months")
NUMBER = Unit("", 1.0, 0, "")
CORRELATION = Unit("", 1.0, 2, "correlation")
AUC = Unit("AUC", 1.0, 3, "AUC")
PERSONS = Unit("persons th.", 1e-3, 0, "persons th.")
AMOUNTS = (BILLIONS, MILLIONS, PEOPLE)  # whose differences may be told in per cent
PRECISION = Unit("", 1.0, 2, "")


def yuan_unit(largest: float) -> Unit:
    """Billions where the largest number of a figure asks for them, else millions."""
    return BILLIONS if largest >= 1e8 else MILLIONS


class Term(NamedTuple):
    """A whole-run measure in words, with its place and time."""

    measure: str
    words: str
    unit: Unit
    drawn: bool = True  # in the figure
    told: bool = True  # in the summary


_GATED = {kind: kind.replace("_", "-") for kind in reversed(GATED)}


def _by_kind(measure: str, words: str, unit: Unit, told: bool = True) -> tuple[Term, ...]:
    """A measure of the gates for each kind of bank that has them; {} in the words is the kind."""
    return tuple(Term(f"{measure}_{kind}", words.format(word), unit, told=told) for kind, word in _GATED.items())


# What figure and summary compare, in groups, in this order. "With partner" are banks that stand before the gates
# (`colend.measures.gates`), the others those of the same kinds that do not.
GROUPS: tuple[tuple[str, tuple[Term, ...]], ...] = (
    (
        "Joint lending",
        (
            Term("balance_joint_end", "Joint loans outstanding at end", BILLIONS),
            Term("loss_rate_joint", "Loss rate of joint loans", YEARLY),
        ),
    ),
    (
        "Who stands before the gates",
        (*(Term(f"banks_partnered_{kind}", f"{KIND_WORDS[kind]} with partner at end", NUMBER) for kind in _GATED),),
    ),
    (
        "First gate: own customers",
        (
            Term("converted", "Customers won by joint loans", PEOPLE),
            Term("originations_own", "Lent by all banks’ own channels", BILLIONS),
            *_by_kind("customers_change_partnered", "Own customers, {} with partner", PERCENT),
            *_by_kind("own_share_partnered", "Own lending, {} with partner", PERCENT, False),
            *_by_kind("fishing_index_partnered", "Lent alone, {} with partner", PERCENT),
        ),
    ),
    (
        "Second gate: own risk control",
        (
            *(
                Term(f"precision_gain_{group}_{kind}", f"Precision gained, {word} {words}", PRECISION)
                for kind, word in _GATED.items()
                for group, words in (("partnered", "with partner"), ("others", "without one"))
            ),
            *_by_kind("loss_rate_own_partnered", "Own losses, {} with partner", YEARLY, False),
            Term("precision_gain_mean", f"Precision gained, {' and '.join(GATED)}", PRECISION, drawn=False, told=False),
        ),
    ),
    (
        "Alliances",
        (
            Term("operating_end", "Alliances in operation at end", NUMBER),
            Term("dormant_share_mean", "Signed pacts that do nothing, mean", PERCENT),
            Term("dormant_share_credit", "… and its correlation with credit", CORRELATION),
            Term("good_pacts_missed", "Good pairs that never worked together", NUMBER, told=False),
            Term("months_to_first_loan", "From meeting to first loan", MONTHS, told=False),
        ),
    ),
    (
        "Value at the run’s start",
        (
            Term("value_per_bank", "Value per bank", MILLIONS),
            Term("value_per_platform", "Value per platform", MILLIONS),
            Term("value_market", "Value of the whole market", BILLIONS),
            Term("value_per_meeting_closed", "A meeting’s first term, to the bank", MILLIONS, told=False),
        ),
    ),
    (
        "Profit and inclusion",
        (
            Term("bank_profit", "All banks’ profit from lending", BILLIONS),
            Term("platform_profit", "Platforms’ profit from lending", BILLIONS),
            Term("served_thin_file_end", "Thin file, with a loan at end", PEOPLE),
            Term("approval_rate", "Applications that get an offer", PERCENT, told=False),
        ),
    ),
)


def shown(value: float, unit: Unit, sign: bool = False, like: float | None = None) -> str:
    """A number in its unit without the unit's words; a dash where it is not defined.

    As many digits as its size asks for, or the size of `like`, so that a row has them alike.
    """
    if value is None or not math.isfinite(value):
        return "–"
    number = value * unit.factor
    size = abs(number if like is None or not math.isfinite(like) else like * unit.factor)
    digits = max(0, unit.digits + (size < 10.0) - (size >= 1000.0))
    text = f"{number:{'+' if sign else ''},.{digits}f}"
    return f"{0:.{digits}f}" if float(text.replace(",", "")) == 0.0 else text.replace("-", "−")
