"""What runs have left in a folder, as Python, charts and summary read it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from colend.experiment.derived import COMPARISON, EFFECTS, table_in_parts
from colend.experiment.tables import ROWS_AT_ONCE, joined
from colend.scenario.design import Scenario
from colend.scenario.given import listed


class Result:
    """A folder of results; every table is a pandas data frame, read when first asked for.

    Of the call of `run` that made it: `failures` runs raised or died (see table `failures`), `missing` names the runs
    that are not there, `put_away` finished runs were not asked for, and wait in the folder until they are; `files` were
    written.
    """

    def __init__(self, path: Path, scenario: Scenario) -> None:
        self.path, self.scenario = Path(path), scenario
        self.failures, self.put_away = 0, 0
        self.missing: list[str] = []
        self.files: tuple[Path, ...] = ()

    def frame(self, table: str, measures: str | Sequence[str] | None = None, **keys: Any) -> Any:
        """A table as a data frame; empty when the scenario did not record it.

        Of some columns only where `measures` names them, beside those that tell rows apart; of some rows only: `arm=`,
        `seed=`, `point=`, or any column of it, a value or a list, array, series or range of them
        (`frame("months", ["applications"], seed=range(2), point={"alliances.fit_sd": 2})`). Of `comparison`,
        `measures` are the whole-run measures that are compared, and `numbers=` the columns that are wanted of it: all
        but `p_holm` are there sooner without that. KeyError, with the nearest one, for what does not exist.
        """
        measures = None if measures is None else listed(measures)
        return joined(self.parts(table, measures, **keys), measures)

    def parts(
        self, table: str, measures: str | Sequence[str] | None = None, rows: int = ROWS_AT_ONCE, **keys: Any
    ) -> Iterator[Any]:
        """As `frame`, in data frames of at most `rows` rows one after the other: for tables that memory cannot hold."""
        return table_in_parts(self.path, self.scenario, table, measures, rows, **keys)

    runs = cached_property(lambda self: self.frame("runs"))
    months = cached_property(lambda self: self.frame("months"))
    banks = cached_property(lambda self: self.frame("banks"))
    platforms = cached_property(lambda self: self.frame("platforms"))
    regions = cached_property(lambda self: self.frame("regions"))
    alliances = cached_property(lambda self: self.frame("alliances"))
    alliance_months = cached_property(lambda self: self.frame("alliance_months"))
    fishing = cached_property(lambda self: self.frame("fishing"))
    effects = cached_property(lambda self: self.frame(EFFECTS))
    comparison = cached_property(lambda self: self.frame(COMPARISON))
