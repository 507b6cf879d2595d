"""What the public names do: the command and the notebooks call the same functions."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from colend.experiment.manifest import NAME as MANIFEST
from colend.experiment.manifest import read_manifest, verify, write_manifest
from colend.experiment.runner import execute
from colend.experiment.statistics import COMPARISON, comparison
from colend.experiment.store import TABLES, Store, StoreError, atomic_write, connect
from colend.scenario import Run, Scenario, load
from colend.scenario.declarations import declarations
from colend.scenario.design import canonical, model_hash, point_name, runs

__all__ = ["Result", "StoreError", "compare", "load", "open_result", "run", "sweep", "verify"]

Progress = Callable[[int, int, int], None]  # runs done, runs in all, of them failed


class Result:
    """A folder of results; every table is a pandas data frame, read when first asked for."""

    def __init__(self, path: Path, scenario: Any, failures: int = 0, files: tuple[Path, ...] = ()) -> None:
        self.path, self.scenario, self.failures, self.files = Path(path), scenario, failures, files

    def frame(self, table: str) -> Any:
        """A table as a data frame; empty when the scenario did not record it."""
        import pandas as pd

        with closing(connect(self.path / "results.sqlite")) as connection:
            names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if table not in names:
                return pd.DataFrame()
            kinds = {row[1]: row[2] for row in connection.execute(f"PRAGMA table_info({table})")}
            frame = pd.read_sql(f"SELECT * FROM {table}", connection)
        numbers = [name for name, kind in kinds.items() if kind == "REAL"]  # all missing, they would be objects
        return frame.astype(dict.fromkeys(numbers, "float64"))

    runs = cached_property(lambda self: self.frame("runs"))
    months = cached_property(lambda self: self.frame("months"))
    banks = cached_property(lambda self: self.frame("banks"))
    platforms = cached_property(lambda self: self.frame("platforms"))
    regions = cached_property(lambda self: self.frame("regions"))
    alliances = cached_property(lambda self: self.frame("alliances"))
    alliance_months = cached_property(lambda self: self.frame("alliance_months"))
    comparison = cached_property(lambda self: self.frame("comparison"))

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

    scenario = scenario if isinstance(scenario, Scenario) else load(scenario)
    folder = Path(out) if out is not None else Path("outputs") / scenario.name
    wanted = [only] if only is not None else runs(scenario)
    started = time.perf_counter()
    with Store(folder, model_hash(), fresh) as store:
        if only is None:
            store.keep_only(one.key for one in wanted)
        finished = store.finished()
        open_runs = [one for one in wanted if one.key not in finished]
        done, failed, total = len(wanted) - len(open_runs), 0, len(wanted)
        if progress is not None:
            progress(done, total, 0)
        jobs = min(jobs or os.cpu_count() or 1, max(len(open_runs), 1))
        if open_runs and jobs > 1:
            _compile_first()
        for outcome in execute(open_runs, jobs, engine):
            if outcome.tables is None:
                store.fail(outcome.run, outcome.error)
                failed += 1
            else:
                store.add(outcome.run, outcome.tables)
            done += 1
            if progress is not None:
                progress(done, total, failed)
        simulated = time.perf_counter() - started
        files = write_tables(store, folder, scenario, export)
        missing = sorted({one.name for one in runs(scenario) if one.key not in store.finished()})
    result = Result(folder, scenario, failed)
    took = {"simulating": round(simulated, 3), "all": round(time.perf_counter() - started, 3)}
    write_manifest(folder, scenario, files, missing, took)  # whatever happens to the charts, the tables have theirs
    if report:
        from colend.report import draw

        files += draw(result, folder)
        took["all"] = round(time.perf_counter() - started, 3)
        write_manifest(folder, scenario, files, missing, took)
    result.files = (*files, folder / MANIFEST)
    return result


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
        ("name", "unit", "low", "high", "default_value", "meaning", "source"),
        (
            (one.key, one.unit, one.low, one.high, canonical(one.default), one.meaning, one.source)
            for one in declarations().values()
        ),
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
