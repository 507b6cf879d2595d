"""Every reported measure once, and how a market's results are collected."""

from __future__ import annotations

from typing import Any

import numpy as np

from colend.measures.accounts import ACCOUNTS, accounts_of_month
from colend.measures.agents import BANKS, PLATFORMS, REGIONS
from colend.measures.alliances import ALLIANCES, LIVES, LivesView, lives_kept
from colend.measures.declaration import UNITS, Measure
from colend.measures.fishing import FISHING, FISHING_RUN, Fishing
from colend.measures.months import MONTHS
from colend.measures.runs import RUNS
from colend.measures.views import MonthView, RunView, YearView
from colend.state.world import World

__all__ = ["MEASURES", "UNITS", "Measure", "collect_fishing", "collect_month", "collect_run", "collect_year"]

MEASURES: tuple[Measure, ...] = (
    RUNS + FISHING_RUN + MONTHS + BANKS + PLATFORMS + REGIONS + ACCOUNTS + ALLIANCES + LIVES + FISHING
)

Columns = dict[str, Any]


def taken(measures: tuple[Measure, ...], view) -> Columns:
    """The value of each measure by name."""
    return {measure.name: measure.take(view) for measure in measures}


def _needed(*parts: str) -> tuple[Measure, ...]:
    """Monthly measures that whole-run measures are made of, in every month (`months`) or in the last (`end`)."""
    names = {name for measure in RUNS for part in parts for name in getattr(measure, part)}
    return tuple(measure for measure in MONTHS if measure.name in names)


NEEDED, NEEDED_AT_THE_END = _needed("months"), _needed("months", "end")


def collect_month(world: World) -> dict[str, Columns]:
    """What is kept of this month until the run ends.

    `months` (all measures, or what whole-run measures need), the stage of every alliance, `alliance_months`, and the
    flows of `banks` and `platforms` that a year's rows add up, and `accounts` that the run's rows do.
    """
    view, record = MonthView(world), world.setting.record
    measures = NEEDED_AT_THE_END if world.month + 1 == world.months else NEEDED
    kept: dict[str, Any] = {
        "months": taken(MONTHS if record.months != "none" else measures, view),
        "banks": view.flows_of_banks(),
    }
    if record.banks != "none":
        kept["platforms"], kept["accounts"] = view.flows_of_platforms(), accounts_of_month(view)
    if record.alliances:
        kept["stages"] = {"stage": world.alliances.stage.astype(np.int8)}
    if record.alliances and record.lives > 0:
        kept["alliance_months"] = taken(LIVES, LivesView(world))
    return kept


def collect_year(world: World) -> dict[str, Columns]:
    """Rows of `banks`, `platforms` and `regions` at a year's end; the month is in the market's history already."""
    if world.setting.record.banks == "none":
        return {}
    view = YearView(world)
    return {"banks": taken(BANKS, view), "platforms": taken(PLATFORMS, view), "regions": taken(REGIONS, view)}


def collect_run(world: World) -> dict[str, Columns]:
    """The tables of a market whose run has ended, as columns; tables that `record` does not want are left out."""
    view, record = RunView(world), world.setting.record
    result: dict[str, Columns] = {"runs": {name: np.array([value]) for name, value in taken(RUNS, view).items()}}
    if record.months != "none":
        month = view.months["month"]
        kept = month >= 0 if record.months == "all" else ((month + 1) % 12 == 0) | (month == month[-1])
        result["months"] = {name: column[kept] for name, column in view.months.items()}
    for table in ("banks", "platforms", "regions"):
        years = [year[table] for year in world.year_ends if year]
        if years:
            result[table] = stacked(years)
    if record.banks != "none":
        result["accounts"] = taken(ACCOUNTS, view)
    if record.alliances:
        result["alliances"] = taken(ALLIANCES, view)
        months = [month["alliance_months"] for month in world.history if "alliance_months" in month]
        if months:
            lives = stacked(months)
            chosen = np.flatnonzero(np.isin(lives["alliance"], lives_kept(view, record.lives)))
            order = chosen[np.lexsort((lives["month"][chosen], lives["alliance"][chosen]))]
            result["alliance_months"] = {name: column[order] for name, column in lives.items()}
    return result


def collect_fishing(test: Fishing) -> dict[str, Columns]:
    """The bank's rows of a finished fishing test, and what it adds to the run's row."""
    return {
        "runs": {name: np.array([value]) for name, value in taken(FISHING_RUN, test).items()},
        "fishing": taken(FISHING, test),
    }


def stacked(parts: list[Columns]) -> Columns:
    """Columns one under the other."""
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
