"""What the public names do: the command and the notebooks call the same functions."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from colend.compilation import check_engine
from colend.experiment.cluster import Cluster
from colend.experiment.derived import COMPARISON, table_in_parts, write_declarations, write_files, write_sensitivity
from colend.experiment.errors import StoreError
from colend.experiment.locking import nobody_else_in
from colend.experiment.manifest import NAME as MANIFEST
from colend.experiment.manifest import (
    files_if_current,
    forget_old_files,
    read_manifest,
    set_aside,
    verify,
    write_manifest,
)
from colend.experiment.merging import check_parts, common_scenario
from colend.experiment.plan import cores
from colend.experiment.pool import Pool, may_start_processes
from colend.experiment.runner import Places, execute, prepare
from colend.experiment.standing import standing
from colend.experiment.stopping import known, looks
from colend.experiment.store import DATABASE, Store
from colend.experiment.tables import ROWS_AT_ONCE, frame, joined
from colend.report import write_spreadsheets
from colend.scenario.design import Run, Scenario, check, point_name, runs, simulation_of
from colend.scenario.given import listed, plain, whole
from colend.scenario.loading import load
from colend.source import model_hash

__all__ = ["Result", "StoreError", "compare", "load", "merge", "open_result", "run", "sweep", "verify"]

# Runs done, runs in all, of them failed. Where a rule adds seeds, those in all are of the look that is next; when they
# are enough they come once more, unchanged.
Progress = Callable[[int, int, int], None]


class Result:
    """A folder of results; every table is a pandas data frame, read when first asked for.

    Of the call of `run` that made it: `failures` runs raised or died (see table `failures`), `missing` names the runs
    that are not there, `put_away` finished runs were not asked for, and wait in the folder until they are; `files` were
    written.
    """

    def __init__(self, path: Path, scenario: Any) -> None:
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
    comparison = cached_property(lambda self: self.frame(COMPARISON))

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
    scenario: Scenario | Mapping[str, Any] | str | Path,
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

    Finished runs in the folder are not run again; those that are not asked for wait there, unseen, until they are, and
    only `fresh` throws any away. `jobs` processes, as many as this process may use cores by default, or the workers of
    the Dask `cluster` at that address. `shard=(i, n)` does the i-th of n parts of the runs, without charts; `merge`
    puts parts together. Raises StoreError when the folder is in use, holds another version's results, is damaged or
    full; ClusterError when the cluster cannot be used or was lost; MachineError when no market can be run here.
    """
    jobs = None if jobs is None else whole("jobs", jobs, 1)
    shard = None if shard is None else (plain(shard[0]), plain(shard[1]))
    scenario = scenario if isinstance(scenario, Scenario) else load(scenario)
    check_request(scenario, shard, export, engine)
    folder = Path(out) if out is not None else folder_of(scenario, shard)
    result, started = Result(folder, scenario), time.perf_counter()
    if cluster is None and not folder.exists():
        prepare()  # before anything is made
    with ExitStack() as stack:
        places: Places | None = stack.enter_context(Cluster(cluster)) if cluster else None
        store = stack.enter_context(Store(folder, model_hash(), fresh, scenario.sample is not None))
        asked = scenario if fresh else _as_stopped(scenario, folder)
        there = None if only or fresh else files_if_current(folder, asked, export, report and shard is None, shard)
        if there is not None:  # nothing has changed, so there is nothing to do
            result.scenario, result.files = asked, (*there, folder / MANIFEST)
            if progress is not None:
                number = len(_part(runs(asked), shard))
                for _ in range(2 if scenario.until else 1):
                    progress(number, number, 0)
            return result
        everything = runs(scenario)
        if only is not None:
            seeds = sorted({seed for _, seed, _ in store.finished().values()})  # whichever there are
            others = runs(replace(scenario, seeds=seeds))
            _refuse_to_mix(store, others, "with other parameters than this one: choose another --out for it")
        open_runs = store.to_run([only] if only is not None else _part(everything, shard))
        check(open_runs)
        if open_runs and places is None:
            prepare()
        set_aside(folder)
        if only is None:
            result.put_away = _others(store.put_away(everything), everything)
        elif store.put_away(others):  # their arms have other names now
            store.bring_back(others)
        for stage in [asked] if only else _look_by_look(scenario, folder):
            if stage is not scenario:
                everything = runs(stage)
            result.scenario = scenario = stage
            wanted = _part(everything, shard) if only is None else [only]
            store.bring_back(wanted)
            open_runs = store.missing(wanted)
            processes = jobs or cores()
            if places is None and min(processes, len(open_runs)) > 1 and may_start_processes():
                places = stack.enter_context(Pool(processes))
            done, total = len(wanted) - len(open_runs), len(wanted)
            if progress is not None:
                progress(done, total, result.failures)
            for outcome in execute(open_runs, places, engine):
                if outcome.tables is None:
                    store.fail(outcome.run, outcome.error)
                    result.failures += 1
                else:
                    store.add(outcome.run, outcome.tables)
                done += 1
                if progress is not None:
                    progress(done, total, result.failures)
            if result.failures:
                break  # how many seeds are run must not hang on what failed
        if only is None and scenario.until is not None:
            if progress is not None and not result.failures:
                progress(done, total, result.failures)
            result.put_away += _others(store.put_away(everything), everything)  # seeds beyond those that were enough
        simulated = time.perf_counter() - started
        files = _publish(store, scenario, export, shard is None)
        result.missing = sorted(one.name for one in store.missing(everything if only else wanted))
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
        already = [folder] if (folder / DATABASE).is_file() and not fresh else []
        if folder.resolve() in [part.resolve() for part in parts]:
            raise StoreError(f"--out {folder} is one of the parts: choose another", 2)
        sampled = scenario.sample is not None
        check_parts([*parts, *already], model_hash(), sampled)
        result, everything = Result(folder, scenario), runs(scenario)
        with Store(folder, model_hash(), fresh, sampled) as store:
            _refuse_to_mix(store, everything, "that these parts' scenario does not ask for: choose another --out")
            set_aside(folder)
            for part in parts:
                store.absorb(part / DATABASE)
            result.put_away = _others(store.put_away(everything), everything)
            store.bring_back(everything)
            files = _publish(store, scenario, export)
            result.missing = sorted(one.name for one in store.missing(everything))
    _finish(result, files, started, 0.0, report)
    return result


def _publish(store: Store, scenario: Any, export: str | None, whole: bool = True) -> list[Path]:
    """Make what follows from the runs that are there: tables of the database, of a `whole` result its indices too, and
    files. Returns the files.
    """
    write_declarations(store)
    if whole:
        write_sensitivity(store, store.folder, scenario)
    return [*write_spreadsheets(store.folder, scenario), *write_files(store.folder, scenario, export)]


def check_request(
    scenario: Scenario, shard: tuple[int, int] | None, export: str | None, engine: str = "columns"
) -> None:
    """Raise what `run` does of a request that no folder and no machine could fulfil."""
    _check_export(export)
    check_engine(engine)
    if shard is not None and not 1 <= shard[0] <= shard[1]:
        raise ValueError(f"shard {shard}: (i, n) with i from 1 to n")
    if shard is not None and scenario.until is not None:
        raise StoreError("a part cannot tell when seeds are enough, which takes all results: give a number of seeds", 2)


def standing_of(
    scenario: Scenario, folder: Path, fresh: bool = False, only: Run | None = None, shard: tuple[int, int] | None = None
) -> dict[str, int]:
    """What `run` would find in a folder (`colend.experiment.standing`); raises what it would, and writes nothing."""
    everything = runs(scenario)
    check(everything)
    wanted = [only] if only is not None else _part(everything, shard)
    return standing(folder, wanted, everything, scenario.sample is not None, fresh)


def _check_export(export: str | None) -> None:
    if export not in (None, "csv", "parquet"):
        raise ValueError(f"export {export!r}: csv or parquet")
    if export == "parquet" and find_spec("pyarrow") is None:
        raise StoreError("--export parquet needs pyarrow: pip install 'colend[parquet]'", 2)


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


def _part(everything: Sequence[Run], shard: tuple[int, int] | None) -> Sequence[Run]:
    """Runs dealt out in turn: the i-th of n parts, or all of them."""
    return everything if shard is None else everything[shard[0] - 1 :: shard[1]]


def _look_by_look(scenario: Scenario, folder: Path) -> Iterator[Scenario]:
    """The scenario with the seeds to run first, then with more, until its rule says that they are enough.

    Looks at whole numbers of seeds and at nothing else: how many are run is a function of the results, whatever ran
    before in the folder and in however many processes.
    """
    if scenario.until is None:
        yield scenario
        return
    for number in looks(scenario.until.at_least, scenario.until.at_most):
        part = replace(scenario, seeds=list(range(number)))
        yield part
        found = frame(folder / DATABASE, "runs", [scenario.until.measure], part, seed=part.seeds)
        if known(found, part).enough:
            return


def _as_stopped(scenario: Scenario, folder: Path) -> Scenario:
    """The scenario with the seeds that its rule found enough in the folder, where it did."""
    if scenario.until is None:
        return scenario
    try:
        found = read_manifest(folder).get("enough", {})
    except StoreError:
        return scenario
    return replace(scenario, seeds=list(range(found["seeds"]))) if found.get("reached") else scenario


def _refuse_to_mix(store: Store, allowed: Sequence[Run], what: str) -> None:
    """StoreError when the folder holds runs that are not allowed there; `what` they are, and what else to do."""
    if _others(store.finished(), allowed):
        raise StoreError(f"{store.folder} holds runs {what}, or --fresh to throw them away", 2)


def _others(keys: Collection[str], asked: Sequence[Run]) -> int:
    """How many of the runs with these keys simulate what none of the runs that are asked for does, whatever arms are
    called.
    """
    simulations = {simulation_of(one.key) for one in asked} if keys else set()
    return sum(simulation_of(key) not in simulations for key in keys)


def compare(one: str | Path, other: str | Path) -> Any:
    """Two folders of results side by side: a data frame of each measure's mean by arm in both, and the difference."""
    left, right = (open_result(folder).comparison for folder in (one, other))
    keys = ["arm", "point", "measure"]
    both = left[[*keys, "mean"]].merge(right[[*keys, "mean"]], on=keys, how="outer", suffixes=("_one", "_other"))
    both["difference"] = both["mean_other"] - both["mean_one"]
    return both


def sweep(scenario: Scenario | Mapping[str, Any] | str | Path, **how: Any) -> Iterator[tuple[dict[str, Any], Any]]:
    """Run a scenario's sweep and yield each point with its whole-run measures: `for point, frame in
    colend.sweep(...)`.

    Rows of a frame by seed and arm, as the scenario has them; no more points are held than make a part of the table.
    """
    result = run(scenario, **how)
    swept = result.scenario
    points = [point_name(point) for point in swept.points]
    each = max(1, ROWS_AT_ONCE // (len(swept.arms) * len(swept.seeds)))
    for first in range(0, len(points), each):  # a look-up of every point would go through the whole table for each
        some = frame(result.path / DATABASE, "runs", order=swept, point=points[first : first + each])
        rows = some.groupby("point").indices if len(some) else {}
        for point in swept.points[first : first + each]:
            yield point, some.iloc[rows.get(point_name(point), [])].reset_index(drop=True)
