"""What the bounds of a parameter allow works: at every end, and at ends of several together, a run ends with balanced
books and finite measures, or the parameters are refused before it.
"""

import itertools
import random
import warnings

import numpy as np
import pytest
from pydantic import ValidationError

from colend.market import simulate
from colend.measures import MEASURES
from colend.scenario.declarations import declarations
from colend.scenario.design import Record, Setting
from colend.scenario.parameters import Parameters

from ..conftest import nested

# A market as small as there can be, in which alliances come about at once and borrowers are many to the month.
TINY = {
    "population.borrowers": 60,
    "population.persons": 60_000,
    "population.regions": 2,
    "population.terms_months": [2],
    "population.term_shares": [1.0],
    "population.monthly_need": 0.5,
    "banks.city.number": 2,
    "banks.rural.number": 1,
    "banks.consumer_finance.number": 1,
    "platforms.number": 2,
    "platforms.user_share": [0.7, 0.3],
    "platforms.openness": ["customers", "technology"],
    "alliances.sequencing": "adaptive",
    "adaptive.interval_months": 1,
    "adaptive.evaluation_months": 1,
    "clubs.members": ["city 1", "rural 1"],
    "alliances.signing_cost": 0.0,
    "alliances.integration_cost": 0.0,
    "alliances.integration_months": 0,
    "alliances.running_cost": 0.0,
    "alliances.application_cost": 0.0,
    "alliances.meeting_rate": 1.0,
    "stress.start_month": 1,
    "stress.months": 2,
}
MONTHS = 4
# Ends that are only a matter of time and memory, which `--check` tells: what stands for them here.
LARGE = {"population.borrowers": 2_000} | {f"banks.{kind}.number": 30 for kind in ("city", "rural", "consumer_finance")}
TOGETHER = 10  # parameters at an end in each combination: where one fails, few are to blame


# Measures that are shares, from 0 to 1: all but capital over assets, the use of limits, gains and changes.
LIMIT = 1.0 + 1e-9
SHARES = {
    (one.table, one.name)
    for one in MEASURES
    if one.unit in ("share", "AUC")
    and not one.name.startswith(("limit_use", "capital_ratio", "auc_gain", "customers_change"))
}


def end(one, bound):
    """What sets a parameter to an end of its bounds, with what has to fit to it."""
    if one.key == "platforms.number":
        return {one.key: bound, "platforms.user_share": [1.0 / bound] * bound, "platforms.openness": "technology"}
    if one.key in ("platforms.user_share", "population.term_shares"):
        return {}
    if one.key == "population.segment_share":
        return {one.key: {"prime": bound, "mass": 1.0 - bound, "thin_file": 0.0}}
    if one.key.startswith("adaptive.initial_") and one.parts:
        rest = dict.fromkeys(one.parts, 0.0)
        return {one.key: rest | {one.parts[0]: bound, one.parts[1]: 1.0 - bound}}
    if one.key == "population.terms_months":
        return {one.key: [bound]}
    return {one.key: LARGE.get(one.key, bound) if bound == one.high else bound}


ENDS = {
    (one.key, side): end(one, bound)
    for one in declarations().values()
    if one.low is not None
    for side, bound in (("low", one.low), ("high", one.high))
    if end(one, bound)
}


def accepted(ends):
    """The parameters at these ends, None where they are refused with words that say what."""
    changes = TINY.copy()
    for one in ends:
        changes |= ENDS[one]
    try:
        return Parameters.model_validate(nested(changes))
    except ValidationError as error:
        problems = error.errors()
    assert all(": " in one["msg"] for one in problems)
    return None


def fault(ends):
    """What goes wrong in a run at these ends, which are accepted; empty where it ends well. Each month checks the
    books.
    """
    setting = Setting(parameters=accepted(ends), years=MONTHS / 12, record=Record())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)
            tables = simulate(setting, 0)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    columns = {(table, name): np.asarray(column) for table in tables for name, column in tables[table].items()}
    numbers = {one: column for one, column in columns.items() if column.dtype.kind == "f"}
    wrong = [one for one, column in numbers.items() if np.isinf(column).any()]
    wrong += [one for one, column in numbers.items() if one in SHARES and ((column < 0.0) | (column > LIMIT)).any()]
    return f"infinite, or a share that is none: {wrong}" if wrong else ""


def together(first, candidates, number):
    """`first` and as many of the candidates, each of another parameter, as go together, up to `number` in all."""
    chosen, left = list(first), list(candidates)
    while left and len(chosen) < number:
        some, left = left[: number - len(chosen)], left[number - len(chosen) :]
        chosen = fitting(chosen, [one for one in dict(some).items() if one[0] not in dict(chosen)])
    return chosen


def fitting(chosen, others):
    """What is chosen with those of the others that are accepted beside it: by halves where not all are."""
    if not others or accepted([*chosen, *others]) is not None:
        return [*chosen, *others]
    half = len(others) // 2
    return fitting(fitting(chosen, others[:half]), others[half:]) if half else chosen


def culprits(ends):
    """The fewest of these ends with which the run still goes wrong, found by leaving out one after the other."""
    for one in list(ends):
        fewer = [other for other in ends if other != one]
        if accepted(fewer) and fault(fewer):
            ends = fewer
    return ends


def check(row):
    """A run at these ends together ends well; else the fewest of them that do not go together are told."""
    if fault(row):
        fewest = culprits(row)
        pytest.fail(f"{fewest}: {fault(fewest)}")


def test_a_run_works_at_every_end():
    """Each end, ten others drawn to it; one that is refused alone is tried beside what the others are."""
    left = random.Random(1).sample(list(ENDS), len(ENDS))
    while left:
        row = together([], left, TOGETHER)
        if not row:  # what is left is refused alone
            break
        left = [one for one in left if one not in row]
        check(row)
    assert len(left) < len(ENDS) / 20


@pytest.mark.slow
def test_a_run_works_at_every_pair_of_ends():
    """Every end with every end of every other parameter that is allowed beside it, many pairs in a run."""
    generator = random.Random(2)
    pairs = [pair for pair in itertools.combinations(ENDS, 2) if pair[0][0] != pair[1][0]]
    left = dict.fromkeys(map(frozenset, generator.sample(pairs, len(pairs))))
    while left:
        pair = sorted(next(iter(left)))
        left.pop(frozenset(pair))
        if accepted(pair):
            row = together(pair, generator.sample(list(ENDS), len(ENDS)), 4 * TOGETHER)
            for one in itertools.combinations(row, 2):
                left.pop(frozenset(one), None)
            check(row)
