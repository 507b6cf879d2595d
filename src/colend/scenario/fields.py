"""The plain top-level keys of a scenario: what each may be, and what the layers say of them.

Every check returns the value or raises ValueError with what is wrong.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any

from colend.scenario.design import BANKS_KEPT, MONTHS_KEPT, FishingTerms, Record
from colend.scenario.errors import nearest, shown
from colend.scenario.layers import Layers
from colend.scenario.parameters import KINDS
from colend.scenario.parameters.base import whole_number
from colend.scenario.seeds import MOST_SEEDS, until

LONGEST_NAME = 80
LONGEST_TEXT = 10_000
MOST_YEARS = 100
LARGEST_SEED = 2**63 - 1
MOST_LIVES = 10_000
MOST_HORIZON = 120  # months of a fishing test


def name(value: Any) -> str:
    """A name that is safe as a folder's name everywhere."""
    if (
        not isinstance(value, str)
        or not re.fullmatch(rf"\w[\w.-]{{0,{LONGEST_NAME - 1}}}", value)
        or value.endswith(".")
    ):
        raise ValueError(_refused(value, f"letters, digits, `_`, `-` and `.`, at most {LONGEST_NAME}, no path"))
    return value


def plain_name(stem: str) -> str:
    """A file's stem as a name."""
    return re.sub(r"[^\w.-]+", "_", stem).strip(".-")[:LONGEST_NAME] or "scenario"


def text(value: Any) -> str:
    """A text on one or more lines."""
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        quotes = "" if value is None or isinstance(value, dict | list) else "; in quotes it is one"
        raise ValueError(_refused(value, f"a text of at most {LONGEST_TEXT:,} characters") + quotes)
    return " ".join(value.split())


def start(value: Any) -> str:
    """The first month, YYYY-MM."""
    if not isinstance(value, str) or not re.fullmatch(r"(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])", value):
        raise ValueError(_refused(value, "a month from 1900-01 to 2199-12, e.g. 2017-01"))
    return value


def years(value: Any) -> float:
    """Years to simulate: whole months, at least one."""
    good = isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value <= MOST_YEARS
    if not good or round(value * 12) < 1 or not math.isclose(value * 12, round(value * 12), abs_tol=1e-3):
        raise ValueError(_refused(value, f"a number from 1/12 to {MOST_YEARS} that makes whole months"))
    return value


def seeds(value: Any) -> list[int]:
    """Seeds 0..n-1 of a number n, or a list of different ones."""
    if isinstance(value, (list, tuple)):
        wholes = map(whole_number, value)
        numbers = [number for number in wholes if number is not None and 0 <= number <= LARGEST_SEED]
        if value and len(set(numbers)) == len(numbers) == len(value) <= MOST_SEEDS:
            return numbers
    elif (number := whole_number(value)) is not None and 1 <= number <= MOST_SEEDS:
        return list(range(number))
    raise ValueError(
        _refused(value, f"a number of seeds from 1 to {MOST_SEEDS:,}, or a list of different whole numbers from 0")
    )


CHECKS: dict[str, Callable[[Any], Any]] = {
    "name": name,
    "title": text,
    "question": text,
    "start": start,
    "years": years,
    "seeds": seeds,
}


def with_record(record: Record, key: Any, value: Any) -> Record:
    """The record with one of its keys set."""
    number = whole_number(value)
    allowed: dict[str, tuple[str, bool]] = {
        "months": ("one of " + ", ".join(MONTHS_KEPT), value in MONTHS_KEPT),
        "banks": ("one of " + ", ".join(BANKS_KEPT), value in BANKS_KEPT),
        "alliances": ("true or false", isinstance(value, bool)),
        "lives": (f"a whole number from 0 to {MOST_LIVES:,}", number is not None and 0 <= number <= MOST_LIVES),
    }
    if key not in allowed:
        raise ValueError(f"there is no such key{nearest(str(key), [one.name for one in fields(Record)])}")
    words, good = allowed[key]
    if not good:
        raise ValueError(_refused(value, words))
    changed: dict[str, Any] = {key: number if key == "lives" else value}
    return replace(record, **changed)


def with_fishing(terms: FishingTerms, key: Any, value: Any) -> FishingTerms:
    """The fishing test with one of its keys set."""
    whole = whole_number(value)
    kinds = value if isinstance(value, list) else [value]
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    allowed: dict[str, tuple[str, bool]] = {
        "month": ("last, or a whole number of months from 1", value == "last" or (whole or 0) >= 1),
        "horizon_months": (f"a whole number from 1 to {MOST_HORIZON}", 1 <= (whole or 0) <= MOST_HORIZON),
        "kinds": (
            "one or more of " + ", ".join(KINDS),
            bool(kinds) and all(kind in KINDS for kind in kinds) and len(set(kinds)) == len(kinds),
        ),
        "minimum_originations": ("yuan from 0 to 1e15", number and 0 <= value <= 1e15),
    }
    if key not in allowed:
        raise ValueError(f"there is no such key{nearest(str(key), allowed)}")
    words, good = allowed[key]
    if not good:
        hint = nearest(str(value), ("last",) if key == "month" else KINDS) if isinstance(value, str) else ""
        raise ValueError(_refused(value, words) + hint)
    ready: dict[str, Any] = {"month": whole, "horizon_months": whole, "kinds": tuple(kinds)}  # month: None for last
    changed: dict[str, Any] = {key: ready.get(key, value)}
    return replace(terms, **changed)


def plain_keys(layers: Layers, record: Record) -> dict[str, Any]:
    """Name, title, question, start, years, seeds, record and fishing test, checked."""
    result: dict[str, Any] = {"name": plain_name(layers.file.stem), "title": "", "question": ""}
    result |= {"start": "2017-01", "years": 6, "seeds": [0]}
    for key, check in CHECKS.items():
        for layer in layers.each:
            if key not in layer.document.data:
                continue
            if key == "seeds" and isinstance(layer.document.data[key], Mapping):
                if rule := until(layer.source("seeds"), layers.problems):
                    result |= {"seeds": list(range(rule.at_most)), "until": rule}
                continue
            try:
                value = check(layer.document.data[key])
            except ValueError as error:
                layers.problems.append(f"{layer.place(key)}: {key}: {error}")
            else:
                if key != "name" or layer in layers.each[-2:]:  # an included file's name is not this one's
                    result |= {key: value, **({"until": None} if key == "seeds" else {})}
    result["title"] = result["title"] or result["name"]
    result["record"] = _record(layers, record)
    result["fishing_test"] = _fishing(layers, round(result["years"] * 12))
    return result


def _record(layers: Layers, record: Record) -> Record:
    """What to keep: the given default with what the layers say over it."""
    for layer in layers.each:
        for key, value in layer.source("record").mapping.items():
            try:
                record = with_record(record, key, value)
            except ValueError as error:
                layers.problems.append(f"{layer.place('record', key)}: record.{key}: {error}")
    return record


def _fishing(layers: Layers, months: int) -> FishingTerms | None:
    """The fishing test that the layers ask for together; none where the uppermost that names it says so."""
    terms: FishingTerms | None = None
    for layer in layers.each:
        if "fishing_test" not in layer.document.data:
            continue
        terms = None if layer.document.data["fishing_test"] is None else terms or FishingTerms()
        for key, value in layer.source("fishing_test").mapping.items():
            place = layer.place("fishing_test", key)
            try:
                terms = with_fishing(terms or FishingTerms(), key, value)
                if key == "month" and terms.month is not None and terms.month > months:
                    raise ValueError(f"{value} is after the run's end; allowed: last, or at most {months}")
            except ValueError as error:
                layers.problems.append(f"{place}: fishing_test.{key}: {error}")
    return terms


def _refused(value: Any, allowed: str) -> str:
    return f"{shown(value)} is not allowed; allowed: {allowed}"
