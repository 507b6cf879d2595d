"""`seeds` as a rule: how many are enough is found out while they run."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from colend.scenario.errors import Problems, nearest, shown
from colend.scenario.keys import Source
from colend.scenario.parameters.base import whole_number

FEWEST = 5  # a spread estimated from fewer says too little to stop by
MOST_SEEDS = 1_000_000
KEYS, UNTIL_KEYS = ("at_least", "at_most", "until"), ("measure", "half_width")


@dataclass(frozen=True)
class Until:
    """Seeds are added until every arm's paired difference in `measure`, at every sweep point, has this half-width.

    `half_width` of the 95 % interval, in the measure's unit; of one arm, of its mean. `at_least` and `at_most` seeds.
    """

    at_least: int
    at_most: int
    measure: str
    half_width: float

    def content(self) -> dict[str, Any]:
        """As data, for the manifest."""
        return asdict(self)


def until(source: Source, problems: Problems) -> Until | None:
    """The rule that the mapping under `seeds` gives; None when it has problems."""
    before, given = len(problems), source.mapping
    _known(source, "seeds", given, KEYS, (), problems)
    least, most = (_number(source, name, problems) for name in ("at_least", "at_most"))
    if least is not None and most is not None and most < least:
        _about(source, problems, ("at_most",), f"{most:,} is less than at_least, {least:,}")
    rule = given.get("until")
    if not isinstance(rule, dict):
        wanted = "allowed: a mapping {measure: one of `simulate --list measures`, half_width: a number above 0}"
        _about(source, problems, ("until",), f"{shown(rule)} is not allowed; {wanted}")
        return None
    _known(source, "seeds.until", rule, UNTIL_KEYS, ("until",), problems)
    measure, half = rule.get("measure"), rule.get("half_width")
    names = measured()
    if measure not in names:
        hint = nearest(str(measure), names)
        wanted = "allowed: a measure of whole runs, see `simulate --list measures`"
        _about(source, problems, ("until", "measure"), f"{shown(measure)} is not allowed; {wanted}{hint}")
    if not isinstance(half, (int, float)) or isinstance(half, bool) or not 0.0 < half < math.inf:
        wanted = "allowed: a number above 0, in the measure’s unit"
        _about(source, problems, ("until", "half_width"), f"{shown(half)} is not allowed; {wanted}")
    if len(problems) > before or least is None or most is None or half is None:
        return None
    return Until(least, most, str(measure), float(half))


def measured() -> list[str]:
    """Names of the measures of whole runs."""
    from colend.measures.runs import RUNS

    return [measure.name for measure in RUNS]


def _number(source: Source, name: str, problems: Problems) -> int | None:
    value = source.mapping.get(name)
    number = whole_number(value)
    if number is not None and FEWEST <= number <= MOST_SEEDS:
        return number
    wanted = f"allowed: a whole number from {FEWEST} to {MOST_SEEDS:,}"
    _about(source, problems, (name,), f"{shown(value)} is not allowed; {wanted}")
    return None


def _known(source: Source, key: str, mapping: dict, names: tuple, below: tuple, problems: Problems) -> None:
    for name in mapping:
        if name not in names:
            _about(source, problems, (*below, name), f"there is no such key{nearest(str(name), names)}")


def _about(source: Source, problems: Problems, path: tuple, what: str) -> None:
    """A problem of a key below `seeds`, at its place or, where it is missing, at that of what should hold it."""
    here: Any = source.mapping
    there = 0
    while there < len(path) and isinstance(here, dict) and path[there] in here:
        here, there = here[path[there]], there + 1
    problems.about(source.place((*source.path, *path[:there])), ".".join(map(str, (*source.path, *path))), what)
