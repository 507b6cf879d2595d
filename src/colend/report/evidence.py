"""The model beside published figures, in words."""

from __future__ import annotations

import math
import textwrap
from typing import Any

from colend.report.reading import Reading
from colend.report.words import BILLIONS, MILLIONS, MONTHS, NUMBER, PEOPLE, PERCENT, PRECISION, Unit, shown

YUAN = Unit("yuan", 1.0, 0, "yuan")
LARGE_NUMBER = Unit("m", 1e-6, 1, "m")
PUBLISHED, MODEL, DISTANCE = 12, 18, 12  # widths of the columns
_SHORT = {BILLIONS: "bn", MILLIONS: "m", PEOPLE: "m", LARGE_NUMBER: "m", PERCENT: "%", YUAN: "yuan"}
HEAD = "Beside published figures (c: used to calibrate; all others judge)"


def unit_of(unit: str, size: float) -> Unit:
    """How a figure of this unit and size is shown."""
    if unit == "yuan":
        return BILLIONS if size >= 1e9 else MILLIONS if size >= 1e6 else YUAN
    if unit == "number":
        return LARGE_NUMBER if size >= 1e6 else NUMBER
    return {
        "persons": PEOPLE,
        "share": PERCENT,
        "rate a year": PERCENT,
        "months": MONTHS,
        "precision": PRECISION,
        "1": PRECISION,
    }.get(unit, NUMBER)


def as_read(number: float, unit: str, size: float | None = None, sign: bool = False) -> str:
    """A number with its unit, short; `size` decides the unit where several numbers stand side by side."""
    if not math.isfinite(number):
        return "–"
    size = abs(number if size is None else size)
    how = unit_of(unit, size)
    words = shown(number, how, sign=sign, like=size)
    if unit == "months":
        words = f"{number:{'+' if sign else ''}.1f}"
    return f"{words} {_SHORT[how]}" if how in _SHORT else words


def lines(reading: Reading, width: int) -> list[str]:
    """A line for each published figure that the scenario speaks to: figure, model, distance in tolerances."""
    frame = reading.evidence
    if not len(frame):
        return []
    label = width - PUBLISHED - MODEL - DISTANCE
    result = [f"{HEAD:<{label}}{'published':>{PUBLISHED}}{'model':>{MODEL}}{'distance':>{DISTANCE}}"]
    for row in frame.itertuples():
        words = f"{'c ' if row.use == 'calibrate' else '  '}{row.says}, {row.date}"
        first, *rest = textwrap.wrap(words, label - 1, subsequent_indent="    ", drop_whitespace=False) or [""]
        cells = f"{published(row):>{PUBLISHED}}{said(row):>{MODEL}}{distance(row):>{DISTANCE}}"
        result += [f"{first:<{label}}{cells}", *rest]
    return [line.rstrip() for line in result]


def published(row: Any) -> str:
    """The figure, or the sign of a difference."""
    return row.sign if row.sign else as_read(row.published, row.unit)


def said(row: Any) -> str:
    """What the model says, with the half-width of its interval."""
    if not math.isfinite(row.model):
        return "nothing"
    size = row.published if math.isfinite(row.published) else row.model
    half = as_read((row.high - row.low) / 2.0, row.unit, size)
    spread = "" if half == "–" else f" ± {half}"
    middle = as_read(row.model, row.unit, size, sign=bool(row.sign))
    return (middle.rsplit(" ", 1)[0] if spread and " " in half else middle) + spread


def distance(row: Any) -> str:
    """The distance in tolerances, or whether the sign is clear; `!` beyond one."""
    if row.holds is None:
        return "–"
    if row.sign:
        return "clear" if row.holds else "not so !"
    return f"{row.distance:.1f}" + ("" if row.holds else " !")
