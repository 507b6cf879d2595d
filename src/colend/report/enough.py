"""Why there are as many seeds as there are, where a rule decided."""

from __future__ import annotations

import math

from colend.experiment.manifest import read_manifest
from colend.experiment.stopping import known
from colend.measures import MEASURES
from colend.report.reading import Reading, place_of
from colend.report.words import GROUPS, Term, Unit


def term_of(measure: str) -> Term:
    """How a whole-run measure is called and shown; one that no figure shows, by its name in its unit."""
    for _, group in GROUPS:
        for term in group:
            if term.measure == measure:
                return term._replace(words=term.words.replace("… ", "Value of alliances "))
    unit = next(one.unit for one in MEASURES if one.table == "runs" and one.name == measure)
    return Term(measure, measure, Unit(unit, 1.0, 2, unit))


def why(reading: Reading) -> str:
    """A sentence on the rule and what came of it; empty where the number of seeds was given."""
    rule = reading.scenario.until
    if rule is None:
        return ""
    term, several = term_of(rule.measure), len(reading.scenario.own_arms) > 1
    wanted, unit = f"±{_short(rule.half_width * term.unit.factor)}", f" {term.unit.difference}".rstrip()
    what = f"every difference in “{term.words}”" if several else f"the mean of “{term.words}”"
    if read_manifest(reading.result.path)["missing"]:
        return (
            f"Seeds are to be added until {what} is known to {wanted}{unit}: runs are missing, so that nobody can tell "
            "whether these are enough."
        )
    found = known(reading.result.frame("runs", [rule.measure]), reading.scenario)
    where = f", at {place}" if (place := place_of(found.point)) else ""
    which = f"that of “{reading.labels.get(found.arm, found.arm)}”{where}" if several else f"it{where}"
    reached = _short(found.half_width * term.unit.factor)
    told = f"is known to ±{reached}" if math.isfinite(found.half_width) else "has fewer than two values"
    if found.enough:
        least = f", the least certain, {told}" if several else f" {told}"
        return f"Seeds were added until {what} was known to {wanted}{unit}; {which}{least}."
    return (
        f"All {rule.at_most} seeds allowed were run and were not enough to know {what} to {wanted}{unit}: "
        f"{which} {told}. Allow more with `at_most`, or a wider `half_width`."
    )


def _short(number: float) -> str:
    return f"{number:,.0f}" if number >= 1000.0 else f"{number:.3g}"
