"""What a sweep leaves as it is: many points at which nothing moves are one finding, not many."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from colend.experiment.statistics import Cube, cube
from colend.report.reading import Reading
from colend.report.words import GROUPS, parameter_words
from colend.scenario.design import point_name


def moves(values: np.ndarray) -> np.ndarray:
    """Whether anything differs between points, the second axis of [seed, point, ...]; missing is as good as equal."""
    first = values[:, :1]
    return ~((values == first) | (np.isnan(values) & np.isnan(first))).all(axis=(0, 1))


def idle(points: Mapping[str, Mapping[str, Any]], found: Cube) -> dict[str, list[str]]:
    """By swept key, the arms in which it changes none of the measures, in any seed and wherever it alone differs.

    `points` are the values of each of the cube's. Keys that nowhere differ alone, as in a Latin hypercube, are not
    told.
    """
    result: dict[str, list[str]] = {}
    for key in next(iter(points.values()), {}):
        first: dict[str, int] = {}
        pairs = []
        for place, name in enumerate(found.points):
            others = point_name({other: value for other, value in points[name].items() if other != key})
            if others in first:
                pairs.append((first[others], place))
            first.setdefault(others, place)
        if not pairs:
            continue
        one, other = np.array(pairs).T
        for i, arm in enumerate(found.arms):
            before, after = found.values[:, one, i], found.values[:, other, i]
            both = found.there[:, one, i] & found.there[:, other, i]
            same = ((before == after) | (np.isnan(before) & np.isnan(after))).all(axis=-1)
            if both.any() and same[both].all():
                result.setdefault(key, []).append(arm)
    return result


def with_still(labels: Mapping[str, str], table: Any, column: str) -> dict[str, str]:
    """Arms in words for the legend of a chart over sweep points, with those said that stand still in all of it.

    `table` has a row an arm, point and, where it shows several, measure.
    """
    keys = ["arm", "measure"] if "measure" in table else ["arm"]
    still = (table.groupby(keys)[column].nunique() <= 1).groupby("arm").all()
    return {arm: f"{label} (same at all points)" if still.get(arm, False) else label for arm, label in labels.items()}


def idle_words(reading: Reading) -> str:
    """Which swept parameters change nothing, and in which arms; empty where all of them change something."""
    if len(reading.points) < 2:
        return ""
    there = set(reading.frame("runs"))
    measures = [term.measure for _, group in GROUPS for term in group if term.measure in there]
    seeds = sorted(set(reading.frame("runs")["seed"]))
    found = cube(reading.result.parts("runs", measures), seeds, reading.points, reading.arms, measures)
    parts = []
    for key, arms in idle(reading.values, found).items():
        named = ", ".join(f"“{reading.labels[arm]}”" for arm in arms)
        place = (f" in {named}" if len(arms) < len(reading.arms) else " in any arm") if reading.several else ""
        parts.append(f"“{parameter_words(key)}” changes nothing{place}")
    return "; ".join(parts)
