"""A sweep as a whole: how its points spread, and, of a sample, which parameters decide."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
import pandas as pd

from colend.experiment.statistics import cube, moments
from colend.report.columns import left, shortened, wrapped
from colend.report.idle import idle_words, moves
from colend.report.reading import Reading
from colend.report.words import GROUPS, Term, parameter_words, shown
from colend.scenario.errors import counted

CHIEF = "value_per_bank"  # whose parameters the summary names
MOST_KEYS = 4  # of them
PART = 0.9  # of the points lies between `low` and `high`
LABEL, WIDTHS = 41, (9, 11, 19, 10, 10)  # of the table's columns
HEADS = ("baseline", "difference", "5 % … 95 %", "clearly +", "clearly −")
STILL = "same at all points"
INDEX = {"total": "total Sobol index", "mu_star": "Morris’s mean effect", "first": "RBD-FAST index"}
METHOD = {"sobol": "a Sobol sample", "morris": "Morris’s trajectories", "latin_hypercube": "a Latin hypercube"}


def spread(reading: Reading, measures: Sequence[str]) -> pd.DataFrame:
    """Differences to the baseline over all points, by arm and measure; levels where there is one arm.

    Columns arm, measure, level (the baseline's mean), mean, low and high (of the middle 90 % of points), more and less
    (of the points that have a 95 % interval, the shares at which it lies above or below zero; 2.5 % each by chance;
    missing where none has), points (where defined), moves (whether any point differs from another; where none does,
    their number says nothing, and shares other than 0 are missing).
    """
    parts, arms = reading.result.parts("runs", measures), reading.arms
    values = cube(parts, reading.scenario.seeds, reading.points, arms, measures).values
    base = arms.index(reading.baseline)
    rows = []
    for arm, measure in product(reading.compared, measures):
        of_arm, of_base = (values[:, :, i, measures.index(measure)] for i in (arms.index(arm), base))
        _, level, _ = moments(moments(of_base)[1])
        means, below, above = reading.interval(of_arm - of_base if reading.several else of_arm)  # [point]
        number, mean, _ = moments(means)
        known, sure = means[~np.isnan(means)], ~np.isnan(below)
        low, high = np.quantile(known, [(1 - PART) / 2, (1 + PART) / 2]) if len(known) else (np.nan, np.nan)
        more, less = (below[sure] > 0.0, above[sure] < 0.0) if sure.any() else (np.nan, np.nan)
        moving = bool(moves(of_arm - of_base if reading.several else of_arm))
        shares = np.mean(more), np.mean(less)
        if not moving and any(shares):  # one finding, at however many points
            shares = np.nan, np.nan
        rows.append((arm, measure, level, mean, low, high, *shares, number, moving))
    columns = ["arm", "measure", "level", "mean", "low", "high", "more", "less", "points", "moves"]
    return pd.DataFrame(rows, columns=columns)


def heading(reading: Reading) -> str:
    """The design in words."""
    sample, points = reading.sample, counted(len(reading.points), "point")
    if sample is None:
        return f"{points} of {counted(len(reading.values[reading.point]), 'parameter')}"
    return f"{points}, {METHOD[sample.method]} of {counted(len(sample.ranges), 'parameter')}"


def lines(reading: Reading, terms: Sequence[Term], width: int, room: int) -> list[str]:
    """A table for every arm that is not the baseline, in about `room` lines, and what decides."""
    table = spread(reading, [term.measure for term in terms]).set_index(["arm", "measure"])
    arms = list(dict.fromkeys(table.index.get_level_values("arm")))
    fitting = arms[: max(1, room // (len(terms) + 3))]
    result: list[str] = []
    for arm in fitting:
        name = reading.labels[arm] if reading.several else "Over the points"
        columns = HEADS if reading.several else ("", "mean", HEADS[2])
        result.append(left(shortened(name, LABEL - 1), LABEL) + _cells(columns))
        rows = ((table.loc[(arm, term.measure)], term) for term in terms)
        result += [*(_row(row, term, reading.several) for row, term in rows if row["points"]), ""]
    if len(arms) > len(fitting):
        result.append(f"({len(arms) - len(fitting)} more arms: comparison.csv)")
    if reading.several:
        result += wrapped(
            "Mean over points, and between which values nine tenths of them lie. Clearly: at so many of the points "
            "that have a 95 % interval it leaves zero out on that side (2.5 % would by chance alone).",
            width,
        )
    if still := idle_words(reading):
        result += ["", *wrapped(f"{still}.", width)]
    deciding = _deciding(reading, width)
    return [*(line.rstrip() for line in result), *(["", *deciding] if deciding else [])]


def _cells(words: Sequence[str]) -> str:
    return "".join(f"{word:>{width}}" for word, width in zip(words, WIDTHS, strict=False))


def _row(row: pd.Series, term: Term, several: bool) -> str:
    mean, low, high = (shown(row[name], term.unit, sign=several, like=row["level"]) for name in ("mean", "low", "high"))
    name = f"{term.words}, {term.unit.words}" if term.unit.words else term.words
    level = shown(row["level"], term.unit) if several else ""
    if not row["moves"]:
        return f"{name:<{LABEL}.{LABEL}}" + _cells([level, mean, STILL, "–", "–"] if several else [level, mean, STILL])
    clear = ["–" if np.isnan(row[name]) else f"{100 * row[name]:.0f} %" for name in ("more", "less")] if several else []
    return f"{name:<{LABEL}.{LABEL}}" + _cells([level, mean, f"{low} … {high}", *clear])


def _deciding(reading: Reading, width: int) -> list[str]:
    """The keys that explain most of the chief measure; nothing while the design is incomplete."""
    term = next(term for _, group in GROUPS for term in group if term.measure == CHIEF)
    table = reading.result.frame("sensitivity")
    if table.empty:
        return []
    table = table[table["measure"] == CHIEF]
    found = table[table["index"].isin(INDEX)]
    index = "total" if "total" in set(found["index"]) else found["index"].iloc[0]
    found = found[(found["index"] == index) & found["value"].notna()]
    factor, unit = (term.unit.factor, f", {term.unit.difference}") if index == "mu_star" else (1.0, "")
    result = []
    for arm, rows in found.groupby("arm", sort=False):
        first = rows[rows["value"] != 0.0].sort_values("value", ascending=False, kind="stable")[:MOST_KEYS]
        named = [
            f"“{parameter_words(row.key)}” {row.value * factor:.2f} ± "
            f"{(row.high - row.value) * factor:.2f}"  # low may be cut at zero
            for row in first.itertuples()
        ]
        text = f"{reading.labels[arm]}: {', '.join(named) or 'nothing changes it'}"
        result += wrapped(text, width, "  ", "    ")
    what = f"What “{term.words}” hangs on most ({INDEX[index]}{unit}; chart 16):"
    return [what, *result] if result else []
