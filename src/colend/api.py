"""What the public names do: the command and the notebooks call the same functions."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from colend.experiment.cluster import Cluster
from colend.experiment.errors import StoreError
from colend.experiment.manifest import NAME as MANIFEST
from colend.experiment.manifest import forget_old_files, read_manifest, verify, write_manifest
from colend.experiment.merging import check_parts, common_scenario, nobody_else_in
from colend.experiment.pool import Pool
from colend.experiment.runner import Places, execute
from colend.experiment.statistics import COMPARISON, comparison
from colend.experiment.store import TABLES, Store, atomic_write, connect, explained
from colend.scenario import Run, Scenario, load
from colend.scenario.declarations import declarations
from colend.scenario.design import canonical, check, model_hash, point_name, runs

__all__ = ["Result", "StoreError", "compare", "load", "merge", "open_result", "run", "sweep", "verify"]

_ROWS_AT_ONCE = 20_000  # as Python objects, before they become columns
Progress = Callable[[int, int, int], None]  # runs done, runs in all, of them failed


class Result:
    """A folder of results; every table is a pandas data frame, read when first asked for.

    Of the call of `run` that made it: `failures` runs raised or died (see table `failures`), `missing` names the runs
    that are not there, `removed` older runs are no longer asked for and were thrown away, `files` were written.
    """

    def __init__(self, path: Path, scenario: Any) -> None:
        self.path, self.scenario = Path(path), scenario
        self.failures, self.removed = 0, 0
        self.missing: list[str] = []
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
    scenario = Scenario.restored(read_manifest(Path(folder))["scenario"])
    return Result(Path(folder), scenario)


def run(
    scenario: Scenario | str | Path,
    jobs: int | None = None,
    out: str | Path | None = None,
    *,
    cluster: str | None = None,
    fresh: bool = False,
    engine: str = "columns",
    only: Run | None = None,
    shard: tuple[int, int] | None = None,
    export: str | None = None,
    report: bool = True,
    progress: Progress | None = None,
) -> Result:
    """Run what a scenario asks for and write tables, comparison, charts and manifest to `out` (outputs/<name>).

    Finished runs in the folder are kept and not run again unless they changed or `fresh` is set. `jobs` processes,
    all cores by default, or the workers of the Dask `cluster` at that address. `shard=(i, n)` does the i-th of n parts
    of the runs, without charts; `merge` puts parts together. Raises StoreError when the folder is in use, holds another
    version's results, is damaged or full; ClusterError when the cluster cannot be used or was lost.
    """
    if jobs is not None and jobs < 1:
        raise ValueError(f"jobs {jobs}: at least 1, or None for all cores")
    _check_export(export)
    if shard is not None and not 1 <= shard[0] <= shard[1]:
        raise ValueError(f"shard {shard}: (i, n) with i from 1 to n")
    scenario = scenario if isinstance(scenario, Scenario) else load(scenario)
    folder = Path(out) if out is not None else folder_of(scenario, shard)
    result, everything = Result(folder, scenario), runs(scenario)
    wanted = everything if only is None else [only]
    if shard is not None:
        wanted = everything[shard[0] - 1 :: shard[1]]
    started = time.perf_counter()
    with ExitStack() as stack:
        places: Places | None = stack.enter_context(Cluster(cluster)) if cluster else None
        store = stack.enter_context(Store(folder, model_hash(), fresh))
        if only is None:
            result.removed = store.keep_only(everything)
        else:
            _refuse_to_mix(store, scenario)
        finished = store.finished()
        open_runs = [one for one in wanted if one.key not in finished]
        check(open_runs)
        jobs = min(jobs or os.cpu_count() or 1, len(open_runs))
        if places is None and jobs > 1:
            _compile_first()
            places = stack.enter_context(Pool(jobs))
        done, total = len(wanted) - len(open_runs), len(wanted)
        if progress is not None:
            progress(done, total, 0)
        for outcome in execute(open_runs, places, engine):
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
        result.missing = _missing(store, everything if only else wanted)
    _finish(result, files, started, simulated, report and shard is None, shard)
    return result


def merge(
    folders: Sequence[str | Path],
    out: str | Path | None = None,
    *,
    fresh: bool = False,
    export: str | None = None,
    report: bool = True,
) -> Result:
    """Put parts of one scenario's runs together, as `shard` or other seeds made them: what one process would give.

    `missing` of the result names the runs that are in none of them. Raises StoreError, before anything is written to
    `out` (outputs/<name>), when parts are of other scenarios, versions or machines, are in use or damaged, or hold the
    same run with other content.
    """
    _check_export(export)
    started = time.perf_counter()
    parts = [Path(folder) for folder in folders]
    with ExitStack() as stack:
        for part in parts:
            stack.enter_context(nobody_else_in(part))
        scenario = common_scenario(parts)
        folder = Path(out) if out is not None else folder_of(scenario)
        already = [folder] if (folder / "results.sqlite").is_file() and not fresh else []
        if folder.resolve() in [part.resolve() for part in parts]:
            raise StoreError(f"--out {folder} is one of the parts: choose another", 2)
        check_parts([*parts, *already], model_hash())
        result, everything = Result(folder, scenario), runs(scenario)
        with Store(folder, model_hash(), fresh) as store:
            for part in parts:
                store.absorb(part / "results.sqlite")
            result.removed = store.keep_only(everything)
            files = write_tables(store, folder, scenario, export)
            result.missing = _missing(store, everything)
    _finish(result, files, started, 0.0, report)
    return result


def _check_export(export: str | None) -> None:
    if export not in (None, "csv", "parquet"):
        raise ValueError(f"export {export!r}: csv or parquet")
    if export == "parquet" and find_spec("pyarrow") is None:
        raise StoreError("--export parquet needs pyarrow: pip install 'colend[parquet]'", 2)


def _missing(store: Store, wanted: Sequence[Run]) -> list[str]:
    finished = store.finished()
    return sorted(one.name for one in wanted if one.key not in finished)


def _finish(
    result: Result, files: list[Path], started: float, simulated: float, report: bool, shard: Any = None
) -> None:
    """Charts and manifest: whatever happens to the charts, the tables have theirs before."""
    took = {"simulating": round(simulated, 3), "all": round(time.perf_counter() - started, 3)}
    forget_old_files(result.path, files)
    write_manifest(result.path, result.scenario, files, result.missing, took, shard)
    if report:
        from colend.report import draw

        files = [*files, *draw(result, result.path)]
        took["all"] = round(time.perf_counter() - started, 3)
        write_manifest(result.path, result.scenario, files, result.missing, took, shard)
    result.files = (*files, result.path / MANIFEST)


def folder_of(scenario: Scenario, shard: tuple[int, int] | None = None) -> Path:
    """Where results go unless told: each part of a scenario has a folder below the scenario's."""
    folder = Path("outputs") / scenario.name
    return folder if shard is None else folder / "shards" / f"{shard[0]:0{len(str(shard[1]))}}_of_{shard[1]}"


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
    frame = in_order(result.runs, scenario)
    measures = [name for name in frame.columns if name not in ("arm", "seed", "point")]
    rows = list(comparison(frame, scenario.baseline, measures)) if len(frame) else []
    store.replace("comparison", COMPARISON, rows, numbers=len(COMPARISON) - 3)
    files = []
    for table, content in (("runs", frame), ("comparison", result.frame("comparison"))):
        atomic_write(folder / f"{table}.csv", content.to_csv(index=False, lineterminator="\n"))
        files.append(folder / f"{table}.csv")
    if export is not None:
        files += export_tables(result, export)
    return files


def in_order(frame: Any, scenario: Scenario) -> Any:
    """Rows by seed, point and arm as the scenario has them, whichever run was done first."""
    if frame.empty:
        return frame
    arms = {name: i for i, name in enumerate(scenario.arms)}
    points = {point_name(point): i for i, point in enumerate(scenario.points)}
    places = frame.assign(arm=frame["arm"].map(arms), point=frame["point"].map(points))
    return frame.loc[places.sort_values(["seed", "point", "arm"], kind="stable").index].reset_index(drop=True)


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
