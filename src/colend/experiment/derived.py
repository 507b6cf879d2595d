"""What is made from the runs of a folder: the comparison of arms, and tables as files."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from colend.experiment.content import KEYS
from colend.experiment.sensitivity import COLUMNS, SHOWN, IncompleteDesignError, sample_of, sensitivity
from colend.experiment.statistics import COMPARISON as STATISTICS
from colend.experiment.statistics import comparison_of, cube
from colend.experiment.stopping import widened
from colend.experiment.store import DATABASE, TABLES, Store
from colend.experiment.tables import ROWS_AT_ONCE, columns, parts, write
from colend.scenario.declarations import declarations
from colend.scenario.design import canonical, point_name

_VALUES_AT_ONCE, _POINTS_AT_ONCE = 1_000_000, 20_000  # of runs that are compared
SPREADSHEET_ROWS = 1_048_576  # more are cut off by the usual programs
COMPARISON = "comparison"  # the one table that is not stored: runs say all that it says


def table_in_parts(
    folder: Path,
    scenario: Any,
    table: str,
    measures: Sequence[str] | None = None,
    rows: int = ROWS_AT_ONCE,
    **keys: Any,
) -> Iterator[Any]:
    """A table of a folder, or the part that `measures` and `keys` choose (`colend.experiment.tables.parts`).

    `comparison` is made as it is read, some sweep points at a time; its `measures` are those that are compared, and
    `numbers` are those of its columns that are wanted beside arm, point and measure.
    """
    if table == COMPARISON:
        return _compared(folder / DATABASE, scenario, measures, rows, **keys)
    return parts(folder / DATABASE, table, measures, rows, **keys)


def _compared(
    database: Path,
    scenario: Any,
    measures: Sequence[str] | None,
    rows: int,
    numbers: Sequence[str] = STATISTICS[3:],
    arm: str | Sequence[str] | None = None,
    point: Any = None,
    **keys: Any,
) -> Iterator[Any]:
    """Holm's p of one measure hangs on the others: where it is wanted, all are compared."""
    there = [name for name in columns(database, "runs") if name not in KEYS]
    if measures is not None and "p_holm" not in numbers:
        there = [name for name in there if name in measures]
    if not there:
        return  # no run is finished
    wanted = scenario.points if point is None else point if isinstance(point, (list, tuple)) else [point]
    names = [one if isinstance(one, str) else point_name(one) for one in wanted]
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
                    table = table[table[name].isin([chosen] if isinstance(chosen, str) else chosen)]
            yield table[[*STATISTICS[:3], *numbers]]


def write_sensitivity(store: Store, folder: Path, scenario: Any) -> None:
    """The table `sensitivity`, of a sampled sweep whose runs are all there; empty while the design is incomplete, as
    indices made without the missing runs would be wrong.
    """
    if sample_of(scenario) is None:
        return
    rows: Any = ()
    with suppress(IncompleteDesignError):
        rows = sensitivity(parts(folder / DATABASE, "runs", SHOWN), scenario, SHOWN).itertuples(index=False, name=None)
    store.replace("sensitivity", COLUMNS, rows, numbers=len(COLUMNS) - 4)


def write_declarations(store: Store) -> None:
    """The tables of the database that say what its columns and the scenario's parameters mean."""
    from colend.measures import MEASURES

    store.replace(
        "measures",
        ("name", "measured_in", "unit", "taken_over", "meaning"),
        ((one.name, one.table, one.unit, one.over, one.meaning) for one in MEASURES),
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


def write_files(folder: Path, scenario: Any, export: str | None) -> list[Path]:
    """runs.csv and comparison.csv, where a spreadsheet can hold them; with `export` (csv or parquet) every table under
    tables/ as well.
    """
    of_points = len(scenario.arms) * len(scenario.points)
    rows = {"runs": of_points * len(scenario.seeds), COMPARISON: of_points * len(columns(folder / DATABASE, "runs"))}
    files = [_write(folder, scenario, table, folder, "csv") for table in rows if rows[table] < SPREADSHEET_ROWS]
    if export is not None:
        place = folder / "tables"
        place.mkdir(exist_ok=True)
        files += [_write(folder, scenario, table, place, export) for table in (*TABLES, COMPARISON)]
    return [file for file in files if file is not None]


def _write(folder: Path, scenario: Any, table: str, place: Path, kind: str) -> Path | None:
    """A table as a file in `place`, part by part, or None when it was not recorded.

    Rows by seed, point and arm as the scenario has them, whichever run was done first.
    """
    how = {} if table == COMPARISON else {"order": scenario}
    found = table_in_parts(folder, scenario, table, **how)
    first = next(found, None)
    if first is None:
        return None
    path = place / f"{table}.{kind}"
    write(itertools.chain([first], found), path)
    return path
