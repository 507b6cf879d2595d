"""A result as figures and summary read it: arms in their order, one sweep point, means with their intervals."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from colend.experiment.evidence import beside
from colend.experiment.result import Result
from colend.experiment.statistics import LEVEL, holm, interval, p_of
from colend.experiment.stopping import widened
from colend.report.words import place_of
from colend.scenario.declarations import chosen_by_parties, default_of
from colend.scenario.design import point_name
from colend.scenario.facts import facts_of
from colend.scenario.fitting import resolve
from colend.scenario.labels import arm_label
from colend.scenario.regulation import Rule
from colend.scenario.sweep import Sample

MOST_POINTS = 8  # of a sweep, told one by one
FEW_ARMS = 4  # share a panel of a chart; of more each has panels of its own, beside the baseline
BANDS = 2  # arms whose intervals are bands; those of more hide each other and stand where lines end


class Reading:
    """`result` seen through its scenario; works on what is there and says what is not.

    Where a scenario sweeps, figures show one point, the first unless `point` names another.
    """

    def __init__(self, result: Result, point: str | None = None) -> None:
        self.result = result
        self.scenario = result.scenario
        there: set[str] = set()
        self._at_all_points: dict[str, set[int]] = {}  # seeds by arm
        for part in result.parts("runs", []):
            there.update(part["point"].unique())
            for arm, seeds in part.groupby("arm")["seed"]:
                self._at_all_points.setdefault(arm, set()).update(seeds.unique())
        every = ((point_name(one), one) for one in self.scenario.points)
        self.values = {name: one for name, one in every if name in there}  # of swept keys, by point
        self.values = self.values or {point_name(one): one for one in self.scenario.points[:1]}
        self.points = list(self.values)
        self.point = self.points[0] if point is None else point_name(self.scenario.point(point))
        self._frames: dict[str, pd.DataFrame] = {}
        self.widening = widened(self.scenario)

    @cached_property
    def arms(self) -> list[str]:
        """Arms that have runs, in the scenario's order; of a sample anywhere, else at this sweep point."""
        there = set(self._at_all_points) if self.sample is not None else set(self.frame("runs")["arm"])
        return [arm for arm in self.scenario.arms if arm in there and arm not in self.aside]

    @cached_property
    def aside(self) -> frozenset[str]:
        """Twins: markets without alliances that stand beside the arms, in no chart as one of them; none where no other
        arm has runs.
        """
        twins = frozenset(self.scenario.twins.values())
        return twins if set(self._at_all_points) - twins else frozenset()

    @property
    def sample(self) -> Sample | None:
        """The sampled design whose points these are: none of them is of interest alone."""
        return self.scenario.sample

    @property
    def as_a_whole(self) -> bool:
        """Whether the points of a sweep are told together: they are a sample, or more than one reads one by one."""
        return self.sample is not None or len(self.points) > MOST_POINTS

    @property
    def baseline(self) -> str:
        """The arm that others are compared with; the first one when the scenario's has no runs."""
        return self.scenario.baseline if self.scenario.baseline in self.arms else self.arms[0]

    @property
    def compared(self) -> list[str]:
        """The arms that are compared with the baseline; the only one where there are no others."""
        return [arm for arm in self.arms if arm != self.baseline] or self.arms

    @cached_property
    def in_one_world(self) -> list[str]:
        """The arms that differ from the baseline in what parties choose alone, not in shocks, rules or the market."""
        base, arms = self.scenario.base, self.scenario.arms
        imposed = {key for arm in self.arms for key in arms[arm] if not chosen_by_parties(key)}
        base = {key: base.get(key, default_of(key)) for key in imposed}

        def world(arm: str) -> tuple:
            return {key: arms[arm].get(key, value) for key, value in base.items()}, self.policies.get(arm, ())

        return [arm for arm in self.arms if world(arm) == world(self.baseline)]

    @property
    def policies(self) -> dict[str, tuple[Rule, ...]]:
        """The dated rules of each arm that has some."""
        return self.scenario.policies

    @cached_property
    def adapting(self) -> dict[str, set[str]]:
        """What parties of each arm choose for themselves: `sequencing`, `openness`, both or nothing."""
        point = json.loads(self.point or "{}")
        return {arm: resolve(self.scenario.base, self.scenario.arms[arm], point).adapting for arm in self.arms}

    @cached_property
    def labels(self) -> dict[str, str]:
        """Arms in words; as they are named where two would be called the same."""
        words = {arm: arm_label(arm, overrides) for arm, overrides in self.scenario.arms.items()}
        times = Counter(words.values())
        return {arm: label if times[label] == 1 else arm for arm, label in words.items()}

    def use_numbers_for(self, letters: str) -> None:
        """Call arms whose labels hold any of these letters by their number in the scenario, from 1."""
        for number, (arm, label) in enumerate(self.labels.items(), start=1):
            if set(label) & set(letters):
                self.labels[arm] = f"Arm {number}"

    def first_seed(self, name: str = "runs") -> int:
        """The first seed, in the scenario's order, of which every arm has rows in this table; else any arm."""
        arms = self.frame(name).groupby("seed")["arm"].nunique()
        there = [seed for seed in self.scenario.seeds if seed in arms.index]
        return next((seed for seed in there if arms[seed] == len(self.arms)), there[0])

    @cached_property
    def seeds(self) -> int:
        """Seeds of the arm that has fewest; of a sample anywhere, else at this sweep point."""
        if self.sample is not None:
            return min(map(len, self._at_all_points.values()), default=0)
        counts = self.frame("runs").groupby("arm")["seed"].nunique()
        return int(counts.min()) if len(counts) else 0

    @property
    def months(self) -> int:
        """Length of the runs."""
        return round(self.scenario.years * 12)

    @property
    def spread(self) -> str:
        """What lines and bands are."""
        return f"mean and 95 % interval over {self.seeds} seeds" if self.seeds > 1 else "one seed, no interval"

    @property
    def spread_at_ends(self) -> str:
        """What lines and intervals are, where arms are drawn in one picture."""
        at_ends = self.seeds > 1 and BANDS < len(self.arms) <= FEW_ARMS
        return self.spread + (" where lines end" if at_ends else "")

    @property
    def spread_of_levels(self) -> str:
        """The same, where what is drawn are levels: arms share their seeds."""
        more = "; differences, paired by seed, are surer: chart 09" if self.seeds > 1 and self.several else ""
        return self.spread_at_ends + more

    @property
    def several(self) -> bool:
        """Whether arms are compared."""
        return len(self.arms) > 1

    @property
    def by_arm(self) -> str:
        """For titles."""
        return " by arm" if self.several else ""

    @property
    def span(self) -> tuple[np.datetime64, np.datetime64]:
        """First and last month of the runs as dates."""
        return self.date(0), self.date(max(self.months - 1, 0))

    @property
    def average(self) -> str:
        """What single marks are."""
        return f"mean over {self.seeds} seeds" if self.seeds > 1 else "one seed"

    @property
    def place(self) -> str:
        """The sweep point in words, empty for none."""
        return place_of(self.point)

    def interval(self, values: Any) -> tuple[Any, Any, Any]:
        """Mean of values over their first axis (seeds), and its 95 % interval."""
        return interval(values, self.widening)

    def frame(self, name: str) -> pd.DataFrame:
        """A table of the result at this sweep point; empty where it was not recorded."""
        if name not in self._frames:
            found = self.result.frame(name, point=self.point)
            self._frames[name] = found[~found["arm"].isin(self.aside)] if self.aside and "arm" in found else found
        return self._frames[name]

    def starred(self, rows: pd.DataFrame) -> set[tuple[str, ...]]:
        """Which rows of a comparison, indexed by arm and something else, get a star: Holm's p below 5 %, over the rows
        of an arm, which are what a reader of that arm looks at together.
        """
        p = p_of(*(rows[name].to_numpy(dtype=float) for name in ("difference", "low", "high", "pairs")))
        found: set[tuple[str, ...]] = set()
        for _, places in rows.groupby(level=0, sort=False).indices.items():
            found.update(rows.index[places[holm(p[places]) < 1.0 - LEVEL]])
        return found

    def over_points(self, measures: Sequence[str], numbers: Sequence[str], **keys: Any) -> pd.DataFrame:
        """These numbers of the comparison of these whole-run measures, at all sweep points or those that `keys` say."""
        return self.result.frame("comparison", measures, numbers=numbers, **{"point": self.points} | keys)

    @cached_property
    def evidence(self) -> pd.DataFrame:
        """The model beside the published figures that the scenario speaks to (`colend.experiment.evidence`)."""
        return beside(facts_of(self.scenario.name), self.frame, self.scenario.baseline, self.widening)

    def has(self, name: str, *measures: str) -> bool:
        """Whether a table was recorded, with these measures."""
        frame = self.frame(name)
        return len(frame) > 0 and set(measures) <= set(frame.columns)

    def date(self, month: Any) -> Any:
        """First day of months of the run (0 the first)."""
        start = np.datetime64(self.scenario.start, "M")
        return (start + np.asarray(month, dtype=np.int64)).astype("datetime64[D]")

    @cached_property
    def _months(self) -> dict[str, pd.DataFrame]:
        """Monthly measures of each arm: one row a month, columns (measure, seed)."""
        by_arm = self.frame("months").drop(columns="point").groupby("arm")
        return {arm: rows.drop(columns="arm").pivot(index="month", columns="seed") for arm, rows in by_arm}

    def monthly(self, arm: str, value: str | Callable[[pd.DataFrame], pd.DataFrame]) -> pd.DataFrame:
        """A monthly measure of an arm: one row a month, one column a seed.

        Or a function of the arm's months, which finds under each measure's name such a table and gives another.
        """
        months = self._months[arm]
        return value(months) if callable(value) else months[value]

    def over_time(self, value: str | Callable[[pd.DataFrame], pd.DataFrame], factor: float = 1.0) -> pd.DataFrame:
        """Mean and 95 % interval over seeds by arm and month: columns arm, month, date, mean, low, high."""
        return pd.concat([self.interval_over_time(arm, value, factor) for arm in self.arms], ignore_index=True)

    def interval_over_time(
        self, arm: str, value: str | Callable[[pd.DataFrame], pd.DataFrame], factor: float = 1.0
    ) -> pd.DataFrame:
        """The same for one arm."""
        table = self.monthly(arm, value) * factor
        mean, low, high = self.interval(table.to_numpy(dtype=float).T)
        months = table.index.to_numpy()
        columns = {"arm": arm, "month": months, "date": self.date(months), "mean": mean, "low": low, "high": high}
        return pd.DataFrame(columns)

    def of_runs(self, measure: str) -> dict[str, np.ndarray]:
        """A whole-run measure by arm, one number a seed."""
        frame = self.frame("runs")
        return {arm: frame.loc[frame["arm"] == arm, measure].to_numpy(dtype=float) for arm in self.arms}
