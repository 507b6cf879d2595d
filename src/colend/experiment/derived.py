"""What is made from the runs of a folder: the comparison of arms, and tables as files."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from colend.experiment.content import KEYS
from colend.experiment.database import DATABASE
from colend.experiment.sensitivity import COLUMNS, SHOWN, IncompleteDesignError, sensitivity
from colend.experiment.statistics import COMPARISON as STATISTICS
from colend.experiment.statistics import comparison_of, cube
from colend.experiment.stopping import widened
from colend.experiment.store import Store
from colend.experiment.tables import ROWS_AT_ONCE, columns, joined, parts, write
from colend.scenario.declarations import declarations
from colend.scenario.design import Scenario, canonical, point_name
from colend.scenario.given import listed, unknown
from colend.scenario.labels import arms_by_call
from colend.scenario.tables import TABLES

_VALUES_AT_ONCE, _POINTS_AT_ONCE = 1_000_000, 20_000  # of runs that are compared
COMPARISON, EFFECTS = "comparison", "effects"  # tables that are not stored: runs say all that they say
_OF_ALL_RUNS = ("sensitivity", "parameters", "measures", "failures")


def table_in_parts(
    folder: Path,
    scenario: Scenario,
    table: str,
    measures: Sequence[str] | None = None,
    rows: int = ROWS_AT_ONCE,
    **keys: Any,
) -> Iterator[Any]:
    """A table of a folder, or the part that `measures` and `keys` choose (`colend.experiment.tables.parts`), rows by
    seed, point and arm as the scenario has them, whichever run was done first.

    `comparison` is made as it is read, some sweep points at a time; its `measures` are those that are compared, and
    `numbers` are those of its columns that are wanted beside arm, point and measure.
    """
    every = (*TABLES, COMPARISON, EFFECTS, *_OF_ALL_RUNS)
    if table not in every:
        raise unknown("table", table, every, most=len(every))
    database = folder / DATABASE
    if measures is not None:
        measures = listed(measures)
        if table in TABLES and not columns(database, table):  # not recorded: what it would have
            _check("column", measures, [*KEYS, *(one.name for one in _measures() if one.table == table)])
    keys = keys | _of_runs(scenario, **{name: keys[name] for name in KEYS if name in keys})
    if table == COMPARISON:
        return _compared(database, scenario, measures, rows, **keys)
    if table == EFFECTS:
        return _effects(database, scenario, measures, **keys)
    return parts(database, table, measures, rows, scenario, **keys)


def _of_runs(scenario: Scenario, arm: Any = None, seed: Any = None, point: Any = None) -> dict[str, list[Any]]:
    """Arms, seeds and sweep points that are asked for, as lists of those that tables hold; KeyError for others."""
    found: dict[str, list[Any]] = {}
    if arm is not None:
        called = arms_by_call(scenario.arms)
        found["arm"] = [called.get(one, one) if isinstance(one, str) else one for one in listed(arm)]
        _check("arm", found["arm"], scenario.arms)
    if seed is not None:
        found["seed"] = _check("seed", listed(seed), scenario.seeds)
    if point is not None:
        found["point"] = [one if isinstance(one, str) else point_name(scenario.point(one)) for one in listed(point)]
        left = set(found["point"]).difference(map(point_name, scenario.points))
        if left:  # written in another way, or not there
            found["point"] = [point_name(scenario.point(one)) if one in left else one for one in found["point"]]
    return found


def _check(what: str, wanted: list[Any], known: Collection[Any]) -> list[Any]:
    for one in wanted:
        if isinstance(one, bool | dict | list) or one not in known:
            raise unknown(what, one, known)
    return wanted


def _measures() -> Any:
    from colend.measures import MEASURES

    return MEASURES


def _compared(
    database: Path,
    scenario: Scenario,
    measures: Sequence[str] | None,
    rows: int,
    numbers: Sequence[str] = STATISTICS[3:],
    arm: Sequence[str] | None = None,
    point: Sequence[str] | None = None,
    **keys: Any,
) -> Iterator[Any]:
    """Holm's p of one measure hangs on the others: where it is wanted, all are compared."""
    numbers = _check("number of the comparison", listed(numbers), STATISTICS[3:])
    there = [name for name in columns(database, "runs") if name not in KEYS]
    if measures is not None:
        _check("measure of whole runs", list(measures), there or [one.name for one in _measures()])
        if "p_holm" not in numbers:
            there = [name for name in there if name in measures]
    if not there:
        return  # no run is finished
    names = [point_name(one) for one in scenario.points] if point is None else point
    arms = list(scenario.arms)
    seeds = sorted({seed for part in parts(database, "finished", []) for seed in part["seed"]})
    read = max(1, min(_POINTS_AT_ONCE, _VALUES_AT_ONCE // (len(arms) * len(seeds) * len(there))))  # in few passes
    each = max(1, rows // (len(arms) * len(there)))  # points whose comparison has so many rows
    for some in (names[first : first + read] for first in range(0, len(names), read)):
        found = cube(parts(database, "runs", there, point=some, **keys), seeds, some, arms, there)
        for first in range(0, len(some), each):
            table = comparison_of(found.at(slice(first, first + each)), scenario.baseline, widened(scenario))
            for name, chosen in (("arm", arm), ("measure", measures)):
                if chosen is not None:
                    table = table[table[name].isin(chosen)]
            yield table[[*STATISTICS[:3], *numbers]]


def _effects(
    database: Path,
    scenario: Scenario,
    measures: Sequence[str] | None,
    point: Sequence[str] | None = None,
    **keys: Any,
) -> Iterator[Any]:
    """What alliances did to banks that have them; `measures` and keys choose rows."""
    from colend.experiment.effects import COLUMNS as OF_EFFECTS  # imports measures, and SciPy with them
    from colend.experiment.effects import SOURCES, parts_of

    _check("column of the effects, which are over all seeds,", list(keys), OF_EFFECTS)
    there = {table: set(columns(database, table)) for table in SOURCES}

    def read(table: str, point: str) -> Any:
        return joined(parts(database, table, point=[point]), None if there[table] else [])

    names = [point_name(one) for one in scenario.points] if point is None else point
    chosen = keys | ({} if measures is None else {"measure": list(measures)})
    for found in parts_of(read, scenario, names, widened(scenario)):
        for name, values in chosen.items():
            _check(f"{name} of the effects", listed(values), set(found[name]))
            found = found[found[name].isin(listed(values))]
        yield found


def write_sensitivity(store: Store, folder: Path, scenario: Scenario) -> None:
    """The table `sensitivity`, of a sampled sweep whose runs are all there; empty while the design is incomplete, as
    indices made without the missing runs would be wrong.
    """
    if scenario.sample is None:
        return
    rows: Any = ()
    with suppress(IncompleteDesignError):
        rows = sensitivity(parts(folder / DATABASE, "runs", SHOWN), scenario, SHOWN).itertuples(index=False, name=None)
    store.replace("sensitivity", COLUMNS, rows, numbers=len(COLUMNS) - 4)


def write_declarations(store: Store) -> None:
    """The tables of the database that say what its columns and the scenario's parameters mean."""
    store.replace(
        "measures",
        ("name", "measured_in", "unit", "taken_over", "meaning"),
        ((one.name, one.table, one.unit, one.over, one.meaning) for one in _measures()),
    )
    store.replace(
        "parameters",
        ("name", "unit", "default_value", "meaning", "source", "low", "high"),
        (
            (one.key, one.unit, canonical(one.default), one.meaning, one.source, one.low, one.high)
            for one in declarations().values()
        ),
        numbers=2,
    )


def write_files(folder: Path, scenario: Scenario, export: str | None) -> list[Path]:
    """With `export` (csv or parquet) every table that was recorded under tables/, part by part."""
    if export is None:
        return []
    place, files = folder / "tables", []
    place.mkdir(exist_ok=True)
    for table in (*TABLES, COMPARISON, EFFECTS):
        found = table_in_parts(folder, scenario, table)
        if (first := next(found, None)) is not None:
            files.append(place / f"{table}.{export}")
            write(itertools.chain([first], found), files[-1])
    return files
