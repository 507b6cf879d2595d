"""What a request makes of its folder, phase by phase: open, decide what is missing, execute, derive, publish."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from colend.experiment.cluster import Cluster
from colend.experiment.database import DATABASE
from colend.experiment.derived import write_declarations, write_files, write_sensitivity
from colend.experiment.errors import StoreError
from colend.experiment.locking import check_place
from colend.experiment.manifest import NAME as MANIFEST
from colend.experiment.manifest import files_if_current, forget_old_files, read_manifest, write_manifest
from colend.experiment.plan import cores
from colend.experiment.pool import Pool, may_start_processes
from colend.experiment.request import Request
from colend.experiment.result import Result
from colend.experiment.runner import Places, execute, prepare
from colend.experiment.stopping import known, looks
from colend.experiment.store import Store, runs_in
from colend.experiment.tables import frame
from colend.scenario.design import Run, Scenario, check, runs, simulation_of
from colend.source import model_hash


class Experiment(ExitStack):
    """A request in its folder: a context manager, which keeps all others out of it.

    Its methods are the phases, in this order; what comes of them stands in `result`.
    """

    def __init__(self, request: Request, result: Result) -> None:
        super().__init__()
        self.request, self.result = request, result
        self._places: Places | None = None
        self._files: list[Path] = []
        self._began = time.perf_counter()
        self._simulating = 0.0

    def find_places(self) -> None:
        """Reach the cluster, or, before a folder is made, run the smallest market; raises what they do."""
        check_place(self.request.folder)
        if self.request.cluster is not None:
            self._places = self.enter_context(Cluster(self.request.cluster))
        elif not self.request.folder.exists():
            prepare()

    def open(self, looking: bool = False) -> None:
        """Open the folder's results, or only look at them; StoreError when they cannot be gone on with."""
        request = self.request
        check_place(request.folder)
        sampled = request.scenario.sample is not None
        self._store = self.enter_context(Store(request.folder, model_hash(), request.fresh, sampled, looking))
        self._asked = request.scenario if request.fresh else _as_stopped(request.scenario, request.folder)

    def is_current(self) -> bool:
        """Whether the folder is as it would be left, so that nothing is to be done."""
        request, asked = self.request, self._asked
        if request.only is not None or request.fresh:
            return False
        charts = request.report and request.whole
        files = files_if_current(request.folder, asked, request.export, charts, request.shard)
        if files is None:
            return False
        self.result.scenario, self.result.files = asked, (*files, request.folder / MANIFEST)
        number = len(request.of(runs(asked)))
        for _ in range(2 if asked.until else 1):
            self._tell(number, number)
        return True

    def decide(self) -> None:
        """Settle which runs are missing; refuse what may not stand in the folder beside what does. All stays as it is.

        ScenarioError when a missing run's setting does not fit together, MachineError when no run can be done here.
        """
        self._everything = self._allowed = runs(self.request.scenario)
        if self.request.only is not None:
            seeds = sorted({seed for _, seed, _ in self._store.finished().values()})  # whichever there are
            self._allowed = runs(replace(self.request.scenario, seeds=seeds))
            self.refuse_to_mix("with other parameters than this one: choose another --out for it")
        self._to_run = self._store.to_run(self.request.of(self._everything))
        check(self._to_run)

    def refuse_to_mix(self, what: str) -> None:
        """StoreError when the folder holds runs that are not allowed there; `what` they are, and what else to do."""
        if _others(self._store.finished(), self._allowed):
            raise StoreError(f"{self.request.folder} holds runs {what}, or --fresh to throw them away", 2)

    def standing(self) -> dict[str, int]:
        """How many of the wanted runs are `finished` and how many are `to_run`; how many others there are, which stay
        `not_asked_for`, or are `thrown_away`.
        """
        wanted, to_run = len(self.request.of(self._everything)), len(self._to_run)
        found = {"finished": wanted - to_run, "to_run": to_run}
        if self.request.fresh:
            return found | {"thrown_away": runs_in(self.request.folder / DATABASE)}
        there = [*self._store.finished(), *self._store.kept()]
        return found | {"not_asked_for": _others(there, self._everything)}

    def execute(self) -> None:
        """Do the runs that are missing, of as many seeds as the scenario's rule wants; put away what is not asked for.

        From here on the folder is changed.
        """
        request, store, result = self.request, self._store, self.result
        if self._to_run and self._places is None:
            prepare()
        store.begin()
        away = store.put_away(self._allowed)
        if request.only is None:
            result.put_away = _others(away, self._allowed)
        elif away:  # their arms have other names now
            store.bring_back(self._allowed)
        for stage in self._stages():
            if stage is not result.scenario:
                self._everything = runs(stage)
                result.scenario = stage
            self._do(request.of(self._everything))
            if result.failures:
                break  # how many seeds are run must not hang on what failed
        if request.only is None and request.scenario.until is not None:
            number = len(self._everything)
            if not result.failures:
                self._tell(number, number)
            result.put_away += _others(store.put_away(self._everything), self._everything)  # seeds beyond enough
        self._simulating = time.perf_counter() - self._began

    def _stages(self) -> Iterator[Scenario]:
        """The scenario with the seeds to run first, then with more, until its rule says that they are enough.

        Looks at whole numbers of seeds and at nothing else: how many are run is a function of the results, whatever ran
        before in the folder and in however many processes.
        """
        scenario, rule = self.request.scenario, self.request.scenario.until
        if rule is None or self.request.only is not None:
            yield self._asked
            return
        for number in looks(rule.at_least, rule.at_most):
            stage = replace(scenario, seeds=list(range(number)))
            yield stage
            found = frame(self.request.folder / DATABASE, "runs", [rule.measure], stage, seed=stage.seeds)
            if known(found, stage).enough:
                return

    def _do(self, wanted: Sequence[Run]) -> None:
        """Do those of the wanted runs that are missing, in this process or wherever there are places."""
        self._store.bring_back(wanted)
        missing = self._store.missing(wanted)
        processes = self.request.jobs or cores()
        if self._places is None and min(processes, len(missing)) > 1 and may_start_processes():
            self._places = self.enter_context(Pool(processes))
        done, total = len(wanted) - len(missing), len(wanted)
        self._tell(done, total)
        for outcome in execute(missing, self._places, self.request.engine):
            if outcome.tables is None:
                self._store.fail(outcome.run, outcome.error)
                self.result.failures += 1
            else:
                self._store.add(outcome.run, outcome.tables)
            done += 1
            self._tell(done, total)

    def _tell(self, done: int, total: int) -> None:
        if self.request.progress is not None:
            self.request.progress(done, total, self.result.failures)

    def take_over(self, parts: Sequence[Path]) -> None:
        """Take over the runs of parts, in place of `execute`. From here on the folder is changed."""
        self._everything = self._allowed = runs(self.request.scenario)
        self.refuse_to_mix("that these parts' scenario does not ask for: choose another --out")
        for part in parts:
            self._store.absorb(part / DATABASE)
        self.result.put_away = _others(self._store.put_away(self._everything), self._everything)
        self._store.bring_back(self._everything)

    def derive(self, spreadsheets: Callable[[Path, Scenario], list[Path]]) -> None:
        """Make what follows from the runs that are there: tables of the database, of all runs their indices too, and
        files.
        """
        request, scenario = self.request, self.result.scenario
        write_declarations(self._store)
        if request.shard is None:
            write_sensitivity(self._store, request.folder, scenario)
        self._files = [*spreadsheets(request.folder, scenario), *write_files(request.folder, scenario, request.export)]
        wanted = self._everything if request.shard is None else request.of(self._everything)
        self.result.missing = sorted(one.name for one in self._store.missing(wanted))
        self._store.seal()

    def publish(self, draw: Callable[[Result, Path], list[Path]]) -> None:
        """Charts and manifest: whatever happens to the charts, the tables have theirs before."""
        forget_old_files(self.request.folder, self._files)
        self._write_manifest()
        if self.request.report and self.request.shard is None:
            self._files += draw(self.result, self.request.folder)
            self._write_manifest()
        self.result.files = (*self._files, self.request.folder / MANIFEST)

    def _write_manifest(self) -> None:
        result, took = self.result, {"simulating": self._simulating, "all": time.perf_counter() - self._began}
        took = {name: round(seconds, 3) for name, seconds in took.items()}
        write_manifest(self.request.folder, result.scenario, self._files, result.missing, took, self.request.shard)


def _as_stopped(scenario: Scenario, folder: Path) -> Scenario:
    """The scenario with the seeds that its rule found enough in the folder, where it did."""
    if scenario.until is None:
        return scenario
    try:
        found = read_manifest(folder).get("enough", {})
    except StoreError:
        return scenario
    return replace(scenario, seeds=list(range(found["seeds"]))) if found.get("reached") else scenario


def _others(keys: Collection[str], asked: Sequence[Run]) -> int:
    """How many of the runs with these keys simulate what none of the runs that are asked for does, whatever arms are
    called.
    """
    simulations = {simulation_of(one.key) for one in asked} if keys else set()
    return sum(simulation_of(key) not in simulations for key in keys)
