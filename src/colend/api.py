"""What the public names do: the command and the notebooks call the same functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import Any, Unpack

from colend import report as reporting
from colend.experiment import result
from colend.experiment.cluster import Cluster
from colend.experiment.database import DATABASE
from colend.experiment.errors import StoreError
from colend.experiment.experiment import Experiment
from colend.experiment.locking import nobody_else_in
from colend.experiment.manifest import read_manifest, verify
from colend.experiment.merging import check_parts, common_scenario
from colend.experiment.plan import cores, plan
from colend.experiment.request import Options, Request, folder_given, request
from colend.experiment.tables import ROWS_AT_ONCE, frame
from colend.scenario.design import Scenario, point_name
from colend.scenario.given import called_by_users, listed
from colend.scenario.loading import load
from colend.source import model_hash

__all__ = ["Result", "StoreError", "compare", "load", "merge", "open", "run", "sweep", "verify"]


class Result(result.Result):
    __doc__ = result.Result.__doc__

    @cached_property
    def evidence(self) -> Any:
        """The model beside the published figures that the scenario speaks to, empty where it speaks to none."""
        from colend.report.reading import Reading

        return Reading(self).evidence

    def summary(self, width: int = 100) -> str:
        """The result in words."""
        return reporting.text(self, width)


@called_by_users()
def open(folder: str | Path) -> Result:
    """The results in a folder; StoreError when there are none."""
    path = folder_given("folder", folder)
    return Result(path, Scenario.restored(read_manifest(path)["scenario"]))


@called_by_users(*Options.__annotations__)
def run(
    scenario: Scenario | Mapping[str, Any] | str | Path,
    jobs: int | None = None,
    out: str | Path | None = None,
    **options: Unpack[Options],
) -> Result:
    """Run what a scenario asks for and write tables, comparison, charts and manifest to `out` (outputs/<name>).

    Finished runs in the folder are not run again; those that are not asked for wait there, unseen, until they are, and
    only `fresh=True` throws any away. `jobs` processes, as many as this process may use cores by default, or the
    workers of the Dask `cluster` at that address. Other options: `engine="objects"` steps every borrower as an agent;
    `only="ARM:SEED"` (or a run) is that run alone; `shard=(i, n)` does the i-th of n parts of the runs, without charts,
    and `merge` puts parts together; `export="csv"` or `"parquet"` writes every table as a file too; `report=False`
    draws no charts; `progress` is called with the runs done, in all, and failed.

    Raises RequestError for an option that cannot be; StoreError when the folder is in use, holds another version's
    results, is damaged or full; ClusterError when the cluster cannot be used or was lost; MachineError when no market
    can be run here.
    """
    return fulfilled(request(scenario, jobs, out, **options))


def fulfilled(asked: Request) -> Result:
    """What comes of a request."""
    found = Result(asked.folder, asked.scenario)
    with Experiment(asked, found) as experiment:
        experiment.find_places()
        experiment.open()
        if not experiment.is_current():
            experiment.decide()
            experiment.execute()
            experiment.derive(reporting.write_spreadsheets)
            experiment.publish(reporting.draw)
    return found


def planned(asked: Request, looking: bool) -> dict[str, Any]:
    """What a request would take (`colend.experiment.plan`); if `looking`, also what is there in its folder already.

    Raises what `run` would then; nothing is written.
    """
    processes, standing = asked.jobs or cores(), {}
    if looking:
        with Experiment(asked, Result(asked.folder, asked.scenario)) as experiment:
            experiment.open(looking=True)
            experiment.decide()
            standing = experiment.standing()
        if asked.cluster is not None:
            with Cluster(asked.cluster) as cluster:
                processes = max(cluster.threads, 1)
    number = None if asked.whole else asked.number
    return plan(asked.scenario, processes, number, here=asked.cluster is None, found=standing)


@called_by_users()
def merge(
    folders: str | Path | Sequence[str | Path],
    out: str | Path | None = None,
    *,
    fresh: bool = False,
    export: str | None = None,
    report: bool = True,
) -> Result:
    """Put parts of one scenario's runs together, as `shard` or other seeds made them: what one process would give.

    `missing` of the result names the runs that are in none of them. Raises RequestError for an option that cannot be;
    StoreError, before anything is written to `out` (outputs/<name>), when parts are of other scenarios, versions or
    machines, are in use or damaged, or hold the same run with other content.
    """
    parts = [folder_given("folder", folder) for folder in listed(folders)]
    with ExitStack() as stack:
        for part in parts:
            stack.enter_context(nobody_else_in(part))
        asked = request(common_scenario(parts), None, out, fresh=fresh, export=export, report=report)
        check_parts(parts, asked, model_hash())
        found = Result(asked.folder, asked.scenario)
        experiment = stack.enter_context(Experiment(asked, found))
        experiment.open()
        experiment.take_over(parts)
        experiment.derive(reporting.write_spreadsheets)
        experiment.publish(reporting.draw)
    return found


@called_by_users()
def compare(one: str | Path, other: str | Path) -> Any:
    """Two folders of results side by side: a data frame of each measure's mean by arm in both, and the difference."""
    left, right = (open(folder).comparison for folder in (one, other))
    keys = ["arm", "point", "measure"]
    both = left[[*keys, "mean"]].merge(right[[*keys, "mean"]], on=keys, how="outer", suffixes=("_one", "_other"))
    both["difference"] = both["mean_other"] - both["mean_one"]
    return both


@called_by_users("jobs", "out", *Options.__annotations__)
def sweep(scenario: Scenario | Mapping[str, Any] | str | Path, **how: Any) -> Iterator[tuple[dict[str, Any], Any]]:
    """Run a scenario's sweep and yield each point with its whole-run measures: `for point, frame in
    colend.sweep(...)`.

    Takes what `run` does. Rows of a frame by seed and arm, as the scenario has them; no more points are held than make
    a part of the table.
    """
    found = run(scenario, **how)
    swept = found.scenario
    points = [point_name(point) for point in swept.points]
    each = max(1, ROWS_AT_ONCE // (len(swept.arms) * len(swept.seeds)))
    for first in range(0, len(points), each):  # a look-up of every point would go through the whole table for each
        some = frame(found.path / DATABASE, "runs", order=swept, point=points[first : first + each])
        rows = some.groupby("point").indices if len(some) else {}
        for point in swept.points[first : first + each]:
            yield point, some.iloc[rows.get(point_name(point), [])].reset_index(drop=True)
