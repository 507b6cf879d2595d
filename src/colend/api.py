"""What the public names do: the command and the notebooks call the same functions."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from colend.experiment.manifest import NAME as MANIFEST
from colend.experiment.manifest import forget_old_files, read_manifest, verify, write_manifest
from colend.experiment.runner import execute
from colend.experiment.statistics import COMPARISON, comparison
from colend.experiment.store import TABLES, Store, StoreError, atomic_write, connect, explained
from colend.scenario import Run, Scenario, load
from colend.scenario.declarations import declarations
from colend.scenario.design import canonical, model_hash, point_name, runs

__all__ = ["Result", "StoreError", "compare", "load", "open_result", "run", "sweep", "verify"]

_ROWS_AT_ONCE = 20_000  # as Python objects, before they become columns
Progress = Callable[[int, int, int], None]  # runs done, runs in all, of them failed


class Result:
    """A folder of results; every table is a pandas data frame, read when first asked for.

    Of the call of `run` that made it: `failures` runs raised or died (see table `failures`), `removed` older runs are
    no longer asked for and were thrown away, `files` were written.
    """

    def __init__(self, path: Path, scenario: Any) -> None:
        self.path, self.scenario = Path(path), scenario
        self.failures, self.removed = 0, 0
        self.files: tuple[Path, ...] = ()

    def frame(self, table: str) -> Any:
        """A table as a data frame; empty when the scenario did not record it."""
        import pandas as pd

        database = self.path / "results.sqlite"
        with explained(database), closing(connect(database)) as connection:
            kinds = {row[1]: row[2] for row in connection.execute(f'PRAGMA table_info("{table}")')}
            if not kinds:
                return pd.DataFrame()
            numbers = {"REAL": "float64", "INTEGER": "int64"}  # missing numbers are NaN, also where all are missing
            types = {name: numbers[kind] for name, kind in kinds.items() if kind in numbers}
            rows = connection.execute(f'SELECT * FROM "{table}"')
            parts = [pd.DataFrame([], columns=list(kinds)).astype(types)]
            while batch := rows.fetchmany(_ROWS_AT_ONCE):
                parts.append(pd.DataFrame.from_records(batch, columns=list(kinds)).astype(types))
        return pd.concat(parts[1:] or parts, ignore_index=True)

    runs = cached_property(lambda self: self.frame("runs"))
    months = cached_property(lambda self: self.frame("months"))
    banks = cached_property(lambda self: self.frame("banks"))
    platforms = cached_property(lambda self: self.frame("platforms"))
    regions = cached_property(lambda self: self.frame("regions"))
    alliances = cached_property(lambda self: self.frame("alliances"))
    alliance_months = cached_property(lambda self: self.frame("alliance_months"))
    fishing = cached_property(lambda self: self.frame("fishing"))
    comparison = cached_property(lambda self: self.frame("comparison"))

    @cached_property
    def evidence(self) -> Any:
        """The model beside the published figures that the scenario speaks to, empty where it speaks to none."""
        from colend.report.reading import Reading

        return Reading(self).evidence

    def summary(self, width: int = 100) -> str:
        """The result in words."""
        from colend.report import text

        return text(self, width)


def open_result(folder: str | Path) -> Result:
    """The results in a folder; StoreError when there are none."""
    scenario = SimpleNamespace(**read_manifest(Path(folder))["scenario"])
    return Result(Path(folder), scenario)


def run(
    scenario: Scenario | str | Path,
    jobs: int | None = None,
    out: str | Path | None = None,
    *,
    fresh: bool = False,
    engine: str = "columns",
    only: Run | None = None,
    export: str | None = None,
    report: bool = True,
    progress: Progress | None = None,
) -> Result:
    """Run what a scenario asks for and write tables, comparison, charts and manifest to `out` (outputs/<name>).

    Finished runs in the folder are kept and not run again unless they changed or `fresh` is set. `jobs` processes,
    all cores by default. Raises StoreError when the folder is in use, holds another version's results, is damaged or
    full.
    """
    import os

    if jobs is not None and jobs < 1:
        raise ValueError(f"jobs {jobs}: at least 1, or None for all cores")
    if export not in (None, "csv", "parquet"):
        raise ValueError(f"export {export!r}: csv or parquet")
    if export == "parquet" and find_spec("pyarrow") is None:
        raise StoreError("--export parquet needs pyarrow: pip install 'colend[parquet]'", 2)
    scenario = scenario if isinstance(scenario, Scenario) else load(scenario)
    folder = Path(out) if out is not None else Path("outputs") / scenario.name
    result, everything = Result(folder, scenario), runs(scenario)
    wanted = everything if only is None else [only]
    started = time.perf_counter()
    with Store(folder, model_hash(), fresh) as store:
        if only is None:
            result.removed = store.keep_only(everything)
        else:
            _refuse_to_mix(store, scenario)
        finished = store.finished()
        open_runs = [one for one in wanted if one.key not in finished]
        done, total = len(wanted) - len(open_runs), len(wanted)
        if progress is not None:
            progress(done, total, 0)
        jobs = min(jobs or os.cpu_count() or 1, max(len(open_runs), 1))
        if open_runs and jobs > 1:
            _compile_first()
        for outcome in execute(open_runs, jobs, engine):
            if outcome.tables is None:
                store.fail(outcome.run, outcome.error)
                result.failures += 1
            else:
                store.add(outcome.run, outcome.tables)
            done += 1
            if progress is not None:
                progress(done, total, result.failures)
        simulated = time.perf_counter() - started
        files = write_tables(store, folder, scenario, export)
        finished = store.finished()
        missing = sorted(one.name for one in everything if one.key not in finished)
    took = {"simulating": round(simulated, 3), "all": round(time.perf_counter() - started, 3)}
    forget_old_files(folder, files)
    write_manifest(folder, scenario, files, missing, took)  # whatever happens to the charts, the tables have theirs
    if report:
        from colend.report import draw

        files += draw(result, folder)
        took["all"] = round(time.perf_counter() - started, 3)
        write_manifest(folder, scenario, files, missing, took)
    result.files = (*files, folder / MANIFEST)
    return result


def _refuse_to_mix(store: Store, scenario: Scenario) -> None:
    """StoreError when the folder holds runs of another scenario than this, at whatever seeds."""
    finished = store.finished()
    seeds = sorted({seed for _, seed, _ in finished.values()})
    if not set(finished) <= {one.key for one in runs(replace(scenario, seeds=seeds))}:
        raise StoreError(
            f"{store.folder} holds runs with other parameters than this one: choose another --out for it, or --fresh "
            "to throw them away",
            2,
        )


def _compile_first() -> None:
    """Compile once here, so that the workers load from the cache instead of all compiling the same."""
    from colend.market import warm_up

    warm_up()


def write_tables(store: Store, folder: Path, scenario: Scenario, export: str | None) -> list[Path]:
    """The derived tables, and the files made from tables."""
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
    result = Result(folder, scenario)
    frame = result.runs
    measures = [name for name in frame.columns if name not in ("arm", "seed", "point")]
    rows = list(comparison(frame, scenario.baseline, measures)) if len(frame) else []
    store.replace("comparison", COMPARISON, rows, numbers=len(COMPARISON) - 3)
    files = []
    for table in ("runs", "comparison"):
        atomic_write(folder / f"{table}.csv", result.frame(table).to_csv(index=False, lineterminator="\n"))
        files.append(folder / f"{table}.csv")
    if export is not None:
        files += export_tables(result, export)
    return files


def export_tables(result: Result, kind: str) -> list[Path]:
    """Every table as a file under tables/: `csv` or `parquet` (needs the extra colend[parquet])."""
    folder, files = result.path / "tables", []
    folder.mkdir(exist_ok=True)
    for table in (*TABLES, "comparison"):
        path = folder / f"{table}.{kind}"
        frame = result.frame(table)
        if frame.columns.empty:  # not recorded
            continue
        if kind == "csv":
            atomic_write(path, frame.to_csv(index=False, lineterminator="\n"))
        else:
            temporary = path.with_name(f".{path.name}")
            frame.to_parquet(temporary, index=False)
            temporary.replace(path)
        files.append(path)
    return files


def compare(one: str | Path, other: str | Path) -> Any:
    """Two folders of results side by side: a data frame of each measure's mean by arm in both, and the difference."""
    left, right = (open_result(folder).comparison for folder in (one, other))
    keys = ["arm", "point", "measure"]
    both = left[[*keys, "mean"]].merge(right[[*keys, "mean"]], on=keys, how="outer", suffixes=("_one", "_other"))
    both["difference"] = both["mean_other"] - both["mean_one"]
    return both


def sweep(scenario: Scenario | str | Path, **how: Any) -> Iterator[tuple[dict[str, Any], Any]]:
    """Run a scenario's sweep and yield each point with its whole-run measures: `for point, frame in
    colend.sweep(...)`.
    """
    result = run(scenario, **how)
    for point in result.scenario.points:
        yield point, result.runs[result.runs["point"] == point_name(point)]
