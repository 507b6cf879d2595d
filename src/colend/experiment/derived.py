"""What is made from the runs of a folder: the comparison of arms, and tables as files."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from colend.experiment.content import KEYS
from colend.experiment.sensitivity import COLUMNS, SHOWN, IncompleteDesignError, sample_of, sensitivity
from colend.experiment.statistics import comparison
from colend.experiment.stopping import widened
from colend.experiment.store import DATABASE, TABLES, Store
from colend.experiment.tables import ROWS_AT_ONCE, columns, frame, parts, write
from colend.scenario.declarations import declarations
from colend.scenario.design import canonical, point_name

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

    `comparison` is made as it is read, a few sweep points at a time; its `measures` are those that are compared.
    """
    if table == COMPARISON:
        return _compared(folder / DATABASE, scenario, measures, rows, **keys)
    return parts(folder / DATABASE, table, measures, rows, **keys)


def _compared(
    database: Path,
    scenario: Any,
    measures: Sequence[str] | None,
    rows: int,
    arm: str | Sequence[str] | None = None,
    point: Any = None,
    **keys: Any,
) -> Iterator[Any]:
    """All measures are compared, whichever are asked for: Holm's p of one hangs on the others."""
    there = [name for name in columns(database, "runs") if name not in KEYS]
    if not there:
        return  # no run is finished
    wanted = scenario.points if point is None else point if isinstance(point, (list, tuple)) else [point]
    names = [one if isinstance(one, str) else point_name(one) for one in wanted]
    read = max(1, ROWS_AT_ONCE // (len(scenario.arms) * len(scenario.seeds)))  # points at a time, in few passes
    each = max(1, rows // (len(scenario.arms) * len(there)))  # points whose comparison has so many rows
    for first, last in itertools.pairwise([*range(0, len(names), read), len(names)]):
        runs = frame(database, "runs", order=scenario, point=names[first:last], **keys)
        for start in range(first, last, each):
            of_some = runs[runs["point"].isin(names[start : min(start + each, last)])]
            found = comparison(of_some, scenario.baseline, there, widened(scenario))
            for name, chosen in (("arm", arm), ("measure", measures)):
                if chosen is not None:
                    found = found[found[name].isin([chosen] if isinstance(chosen, str) else chosen)]
            yield found


def write_sensitivity(store: Store, folder: Path, scenario: Any) -> None:
    """The table `sensitivity`, of a sampled sweep whose runs are all there; empty while the design is incomplete, as
    indices made without the missing runs would be wrong.
    """
    if sample_of(scenario) is None:
        return
    rows: Any = ()
    with suppress(IncompleteDesignError):
        rows = sensitivity(frame(folder / DATABASE, "runs", SHOWN), scenario, SHOWN).itertuples(index=False, name=None)
    store.replace("sensitivity", COLUMNS, rows, numbers=len(COLUMNS) - 4)


def write_declarations(store: Store) -> None:
    """The tables of the database that say what its columns and the scenario's parameters mean."""
    from colend.measures import MEASURES

    store.replace(
        "measures",
        ("name", "measured_in", "unit", "meaning"),
        ((measure.name, measure.table, measure.unit, measure.meaning) for measure in MEASURES),
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
