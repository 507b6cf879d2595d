"""`simulate`: arguments in, exit status out. What it does is in `colend.api`; everything heavy is imported when
needed. `colend.__main__` starts it.
"""

from __future__ import annotations

import argparse
import errno
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from colend.arguments import (
    DONE,
    FAILED,
    WRONG_INPUT,
    WrongInputError,
    arguments,
    check_together,
    complain,
    in_json,
    loaded,
    whole,
)

TYPE_CHECKING = False
if TYPE_CHECKING:  # all that is heavy is imported when needed
    from colend.api import Result
    from colend.experiment.request import Request


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
        from colend.experiment.errors import ExperimentError, RequestError
        from colend.scenario import ScenarioError

        if isinstance(error, ScenarioError):
            return complain(options.json, error.problems, WRONG_INPUT)
        if isinstance(error, RequestError):  # it begins with an option's name
            return complain(options.json, f"--{error}", error.status)
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
    jobs = whole("--jobs", options.jobs, 1) if options.jobs is not None else None
    scenario = loaded(options)
    from colend import api
    from colend.experiment.request import request

    names = ("cluster", "fresh", "engine", "only", "shard", "export")
    asked = request(scenario, jobs, options.out, **{name: getattr(options, name) for name in names})
    plan = api.planned(asked, looking=options.check)
    if options.check and not options.json:
        print_plan(plan)
    if plan["too_big"]:
        raise WrongInputError(plan["too_big"])
    if not options.check:
        return run(options, asked)
    if options.json:
        print(in_json(plan))
    return DONE


def run(options: argparse.Namespace, asked: Request) -> int:
    """Do what is asked for, and print its summary and what was written."""
    from colend import api
    from colend.experiment.progress import shown

    with shown(asked.scenario, quiet=options.quiet) as progress:
        result = api.fulfilled(replace(asked, progress=progress))
    status = status_of(result, asked.whole)
    if asked.shard and not options.json and not options.quiet:
        part = "Part {} of {}".format(*asked.shard)
        print(f"{part}: {asked.folder}; `simulate --merge` with the folders of all puts them together")
    else:
        print_what_was_done(options, result, status)
    report_put_away(result)
    if result.failures:
        report_failures(options, result)
    report_incomplete(result, status)
    return status


def merge(options: argparse.Namespace) -> int:
    """Put parts together and print the summary; FAILED when runs are in none of them."""
    from colend import api
    from colend.scenario.errors import counted, listed

    result = api.merge(options.merge, options.out, fresh=options.fresh, export=options.export)
    status = status_of(result, whole=True)
    print_what_was_done(options, result, status)
    report_put_away(result)
    if result.missing:
        say(
            f"in none of the parts, {counted(len(result.missing), 'run')}: {listed(result.missing)}; the scenario's "
            f"own command with --out {result.path} does what is missing"
        )
    report_incomplete(result, status)
    return status


def status_of(result: Result, whole: bool) -> int:
    """FAILED when runs failed or, of the `whole`, are missing; WRONG_INPUT when they are missing from a sample.

    What a sample is drawn for, its sensitivity, is then refused: other design, other input than was asked for.
    """
    if not result.failures and not (whole and result.missing):
        return DONE
    return WRONG_INPUT if whole and result.missing and result.scenario.sample is not None else FAILED


def say(text: object) -> None:
    """A line on stderr."""
    print(f"simulate: {text}", file=sys.stderr)


def report_put_away(result: Result) -> None:
    """Say how many runs are not shown."""
    if result.put_away:
        from colend.scenario.errors import counted

        say(
            f"kept in {result.path}, but not shown: {counted(result.put_away, 'finished run')} that this command does "
            "not ask for; the command that does shows them again"
        )


def report_incomplete(result: Result, status: int) -> None:
    """Say that there are no indices, and why, where that is what the status means."""
    if status == WRONG_INPUT:
        from colend.experiment.sensitivity import IncompleteDesignError

        say(IncompleteDesignError(len(result.missing), result.missing))


def print_what_was_done(options: argparse.Namespace, result: Result, status: int) -> None:
    """The summary and where things are, or all that as JSON."""
    if options.json:
        print_result(result, status)
    elif not options.quiet:
        folder = result.path
        print(f"{result.summary()}\n")
        print(
            f"Charts: {folder / 'charts'}   tables: {folder / 'results.sqlite'}   made by: {folder / 'manifest.json'}"
        )


def print_result(result: Result, status: int) -> None:
    """What was done, as JSON: the arms compared, what failed, what was written."""
    from colend.scenario.design import run_name

    comparison = json.loads(result.comparison.to_json(orient="records", double_precision=15))
    failed = result.frame("failures")
    answer = {
        "status": status,
        "out": str(result.path),
        "runs": len(result.runs),
        "failures": [run_name(row.arm, row.seed, row.point) for row in failed.itertuples()],
        "missing": result.missing,
        "comparison": comparison,
        "files": [str(file) for file in result.files],
    }
    print(in_json(answer))


def report_failures(options: argparse.Namespace, result: Result) -> None:
    """Name the runs that failed, with their tracebacks when --verbose is set."""
    from colend.scenario.design import run_name

    for row in result.frame("failures").itertuples():
        error = row.error.strip()
        told = error if options.verbose else error.splitlines()[-1]
        say(f"{run_name(row.arm, row.seed, row.point)} failed: {told}")
    say("the other runs are kept; the same command tries the failed ones again")


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
    rows = listed(options.list)
    if options.json:
        print(in_json(rows))
        return DONE
    for row in rows:
        name, *rest = (str(value) for value in row.values())
        print(f"{name}\n    " + "; ".join(part for part in rest if part))
    return DONE


def listed(what: str) -> list[dict[str, Any]]:
    """What there is of something (one of `arguments.LISTS`), a row each, by name."""
    if what == "scenarios":
        from colend.scenario import load, shipped

        return [{"name": name, "title": load(path).title, "file": str(path)} for name, path in shipped().items()]
    if what == "presets":
        from colend.scenario.policy import listed_presets

        return listed_presets()
    if what == "facts":
        return listed_facts()
    if what == "measures":
        from colend.measures import MEASURES

        told = ("name", "table", "unit", "over", "meaning")
        return [{name: getattr(one, name) for name in told} for one in MEASURES]
    from colend.scenario.declarations import declarations

    told = ("default", "unit", "allowed", "meaning", "source")
    return [{"name": one.key} | {name: getattr(one, name) for name in told} for one in declarations().values()]


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
