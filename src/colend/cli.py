"""`simulate`: arguments in, exit status out. What it does is in `colend.api`; everything heavy is imported when
needed. `colend.__main__` starts it.
"""

from __future__ import annotations

import argparse
import errno
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from colend.arguments import (
    DONE,
    FAILED,
    WRONG_INPUT,
    WrongInputError,
    arguments,
    check_together,
    chosen,
    complain,
    in_json,
    loaded,
    part,
    whole,
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status. KeyboardInterrupt is left to the caller."""
    parser = arguments()
    parser.as_json = "--json" in (sys.argv[1:] if argv is None else argv)
    options = parser.parse_args(argv)
    try:
        return dispatch(options)
    except WrongInputError as error:
        return complain(options.json, str(error), WRONG_INPUT)
    except Exception as error:
        from colend.experiment.errors import ExperimentError
        from colend.scenario import ScenarioError

        if isinstance(error, ScenarioError):
            return complain(options.json, error.problems, WRONG_INPUT)
        if isinstance(error, ExperimentError):
            return complain(options.json, str(error), error.status)
        if isinstance(error, OSError) and error.errno is not None:  # a full disk, a folder that went away
            said = f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror)
            if error.errno in (errno.ENAMETOOLONG, errno.ENOTDIR):
                return complain(options.json, said, WRONG_INPUT)
            return complain(options.json, f"{said}; finished runs are kept, the same command goes on", FAILED)
        raise


def dispatch(options: argparse.Namespace) -> int:
    """Do what the options ask for."""
    check_together(options)
    if options.version:
        from colend import __version__

        print(f"colend {__version__}")
        return DONE
    if options.list:
        return print_list(options)
    if options.verify:
        return print_verification(options)
    if options.merge:
        return merge(options)
    if options.scenario is None:
        raise WrongInputError(
            "which scenario? a YAML file or a name from `simulate --list scenarios`; see simulate --help"
        )
    return run_or_check(options)


def run_or_check(options: argparse.Namespace) -> int:
    """Run a scenario, or say what would run."""
    from colend.experiment.plan import cores, plan

    jobs = whole("--jobs", options.jobs, 1) if options.jobs is not None else None
    shard = part(options.shard)
    scenario = loaded(options)
    only = chosen(options.only, scenario)
    from colend.api import check_request, folder_of, standing_of

    check_request(scenario, shard, options.export)
    folder = Path(options.out) if options.out else folder_of(scenario, shard)
    check_folder(folder)
    number = 1 if only else None
    if shard:
        number = len(range(len(scenario.arms) * len(scenario.points) * len(scenario.seeds))[shard[0] - 1 :: shard[1]])
    processes = jobs or cores()
    if options.check and options.cluster:
        processes = threads(options.cluster)
    found = standing_of(scenario, folder, options.fresh, only, shard) if options.check else {}
    planned = plan(scenario, processes, number, here=not options.cluster, found=found)
    if options.check and not options.json:
        print_plan(planned)
    if planned["too_big"]:
        raise WrongInputError(planned["too_big"])
    if options.check:
        if options.json:
            print(in_json(planned))
        return DONE
    return run(options, scenario, folder, jobs, only, shard)


def threads(address: str) -> int:
    """Runs that the workers of a cluster do at a time; they are checked on the way."""
    from colend.experiment.cluster import Cluster

    with Cluster(address) as cluster:
        return max(cluster.threads, 1)


def check_folder(folder: Path) -> None:
    """Refuse an output folder that cannot be written before anything is made."""
    if folder.exists() and not folder.is_dir():
        raise WrongInputError(f"--out {folder}: is a file; a folder is wanted")
    place = folder
    while not place.exists():
        place = place.parent
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        raise WrongInputError(f"--out {folder}: {place} cannot be written")


def run(options: argparse.Namespace, scenario: Any, folder: Path, jobs: int | None, only: Any, shard: Any) -> int:
    """Run the scenario and print its summary and what was written."""
    from colend import api
    from colend.experiment.progress import shown

    with shown(scenario, quiet=options.quiet) as progress:
        result = api.run(
            scenario,
            jobs,
            folder,
            cluster=options.cluster,
            fresh=options.fresh,
            engine=options.engine,
            only=only,
            shard=shard,
            export=options.export,
            progress=progress,
        )
    status = status_of(result, whole=not shard and only is None)
    if shard and not options.json and not options.quiet:
        print(f"Part {shard[0]} of {shard[1]}: {folder}; `simulate --merge` with the folders of all puts them together")
    else:
        print_what_was_done(options, result, status)
    report_put_away(result)
    if result.failures:
        report_failures(options, result)
    if status == WRONG_INPUT:
        report_incomplete(result)
    return status


def status_of(result: Any, whole: bool) -> int:
    """FAILED when runs failed or, of the `whole`, are missing; WRONG_INPUT when they are missing from a sample.

    What a sample is drawn for, its sensitivity, is then refused: other design, other input than was asked for.
    """
    if not result.failures and not (whole and result.missing):
        return DONE
    from colend.experiment.sensitivity import sample_of

    return WRONG_INPUT if whole and result.missing and sample_of(result.scenario) else FAILED


def report_put_away(result: Any) -> None:
    """Say how many runs are not shown."""
    if result.put_away:
        print(
            f"simulate: {result.put_away} finished runs that this command does not ask for are kept in {result.path}, "
            "but not shown; the command that asks for them shows them again",
            file=sys.stderr,
        )


def report_incomplete(result: Any) -> None:
    """Say that there are no indices, and why."""
    from colend.experiment.sensitivity import IncompleteDesignError

    print(f"simulate: {IncompleteDesignError(len(result.missing), result.missing)}", file=sys.stderr)


def merge(options: argparse.Namespace) -> int:
    """Put parts together and print the summary; FAILED when runs are in none of them."""
    from colend import api
    from colend.scenario.errors import listed

    result = api.merge(options.merge, options.out, fresh=options.fresh, export=options.export)
    status = status_of(result, whole=True)
    print_what_was_done(options, result, status)
    report_put_away(result)
    if not result.missing:
        return DONE
    print(
        f"simulate: in none of the parts, {len(result.missing)} runs: {listed(result.missing)}; the scenario's own "
        f"command with --out {result.path} runs them",
        file=sys.stderr,
    )
    if status == WRONG_INPUT:
        report_incomplete(result)
    return status


def print_what_was_done(options: argparse.Namespace, result: Any, status: int) -> None:
    """The summary and where things are, or all that as JSON."""
    if options.json:
        print_result(result, status)
    elif not options.quiet:
        folder = result.path
        print(result.summary())
        print()
        print(
            f"Charts: {folder / 'charts'}   tables: {folder / 'results.sqlite'}   made by: {folder / 'manifest.json'}"
        )


def print_result(result: Any, status: int) -> None:
    """What was done, as JSON: the arms compared, what failed, what was written."""
    comparison = json.loads(result.comparison.to_json(orient="records", double_precision=15))
    failed = result.frame("failures")
    answer = {
        "status": status,
        "out": str(result.path),
        "runs": len(result.runs),
        "failures": [*map(failure_name, failed.itertuples())],
        "missing": result.missing,
        "comparison": comparison,
        "files": [str(file) for file in result.files],
    }
    print(in_json(answer))


def failure_name(row: Any) -> str:
    """The run of a row of `failures`, as --only takes it."""
    return f"{row.arm}:{row.seed}" + (f":{row.point}" if row.point else "")


def report_failures(options: argparse.Namespace, result: Any) -> None:
    """Name the runs that failed, with their tracebacks when --verbose is set."""
    for row in result.frame("failures").itertuples():
        error = row.error.strip()
        print(
            f"simulate: {failure_name(row)} failed: {error if options.verbose else error.splitlines()[-1]}",
            file=sys.stderr,
        )
    print("simulate: the other runs are kept; the same command tries the failed ones again", file=sys.stderr)


def print_plan(plan: dict[str, Any]) -> None:
    """What --check says."""
    from colend.scenario.errors import listed

    for name, value in plan.items():
        text: Any = value
        if isinstance(value, list):
            text = listed(value, len(value)) if any("," in one for one in value) else ", ".join(value)
        if name != "too_big":  # said as an error, where it is one
            print(f"{name.replace('_', ' '):<22} {text}")


def print_list(options: argparse.Namespace) -> int:
    """Parameters, measures, presets of regulation, scenarios or published figures."""
    if options.list == "scenarios":
        from colend.scenario import load, shipped

        rows = [{"name": name, "title": load(path).title, "file": str(path)} for name, path in shipped().items()]
    elif options.list == "presets":
        from colend.scenario.policy import listed_presets

        rows = listed_presets()
    elif options.list == "facts":
        rows = listed_facts()
    elif options.list == "measures":
        from colend.measures import MEASURES

        rows = [
            {"name": m.name, "table": m.table, "unit": m.unit, "over": m.over, "meaning": m.meaning} for m in MEASURES
        ]
    else:
        from colend.scenario.declarations import declarations

        rows = [
            {
                "name": one.key,
                "default": one.default,
                "unit": one.unit,
                "allowed": one.allowed,
                "meaning": one.meaning,
                "source": one.source,
            }
            for one in declarations().values()
        ]
    if options.json:
        print(in_json(rows))
        return DONE
    for row in rows:
        name, *rest = (str(value) for value in row.values())
        print(f"{name}\n    " + "; ".join(part for part in rest if part))
    return DONE


def listed_facts() -> list[dict[str, Any]]:
    """Published figures: what each says, with its source, and the scenario that speaks to it."""
    from colend.scenario.facts import facts

    rows = []
    for fact in facts():
        figure = fact.sign if fact.value is None else f"{fact.value:,.6g} ± {fact.tolerance:,.6g}"
        told = {"name": fact.name, "says": fact.says, "date": fact.date, "figure": f"{figure} {fact.unit}"}
        told |= {"use": fact.use, "read": fact.read, "source": fact.source, "address": fact.address or "no address"}
        rows.append(told | {"tolerance": fact.because, "scenario": fact.model.scenario})
    return rows


def print_verification(options: argparse.Namespace) -> int:
    """Whether the results in a folder are what their manifest says."""
    from colend.api import verify

    wrong = verify(Path(options.verify))
    if wrong:
        return complain(options.json, wrong, FAILED)
    print(in_json({"status": DONE, "errors": []}) if options.json else f"{options.verify}: everything matches")
    return DONE
