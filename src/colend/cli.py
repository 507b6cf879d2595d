"""`simulate`: arguments in, exit status out. What it does is in `colend.api`; everything heavy is imported when
needed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

DONE, FAILED, WRONG_INPUT, INTERRUPTED = 0, 1, 2, 130
LISTS = ("parameters", "measures", "scenarios", "facts")
EXAMPLES = """examples:
  simulate scenarios/alliance.yaml                 run a scenario; results go to outputs/alliance
  simulate alliance --seeds 5 --years 3            a scenario that ships with colend, smaller
  simulate alliance --set alliances.fit_sd=2       with another parameter
  simulate alliance --check                        what would run, and how long it would take
exit status: 0 done, 1 something failed (finished runs are kept), 2 wrong input (nothing was written), 130 interrupted
"""


class WrongInputError(Exception):
    """What the user asked for cannot be done; the message says why and what can."""


class Parser(argparse.ArgumentParser):
    """argparse, whose complaints look like all others: one line, or JSON where it is asked for."""

    as_json = False

    def error(self, message: str) -> NoReturn:
        complain(self.as_json, f"{message}; see simulate --help", WRONG_INPUT)
        self.exit(WRONG_INPUT)


def arguments() -> Parser:
    """The command's options."""
    parser = Parser(
        prog="simulate",
        description="Simulate how banks and fintech platforms lend together, as a scenario asks.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("scenario", nargs="?", metavar="SCENARIO", help="a YAML file, or the name of a scenario that ships with colend")
    add("--out", metavar="DIR", help="where results go (default: outputs/<scenario name>)")
    add("--set", action="append", default=[], metavar="KEY=VALUE", help="override a parameter; may be repeated")
    add("--seeds", metavar="N", help="number of replications, or a list with a comma: 3,7,11 or 7,")
    add("--years", metavar="Y", help="years to simulate")
    add("--borrowers", metavar="N", help="simulated borrowers")
    add("--jobs", metavar="N", help="processes (default: all cores)")
    add("--fresh", action="store_true", help="throw away finished runs in DIR instead of resuming")
    add("--check", action="store_true", help="validate and print the plan, run nothing")
    add("--export", choices=("csv", "parquet"), help="write every table as files under DIR/tables too")
    add("--only", metavar="ARM:SEED[:POINT]", help="that run alone")
    add("--quiet", action="store_true", help="no progress and no summary")
    add("--verbose", action="store_true", help="tracebacks of failed runs")
    add("--json", action="store_true", help="plan, result and errors as JSON")
    add("--engine", choices=("columns", "objects"), default="columns", help="objects: every borrower a stepping agent")
    add("--list", choices=LISTS, help="print what there is")
    add("--verify", metavar="DIR", help="do the results in DIR match their manifest?")
    add("--version", action="store_true", help="print the version")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = arguments()
    parser.as_json = "--json" in (sys.argv[1:] if argv is None else argv)
    options = parser.parse_args(argv)
    try:
        return dispatch(options)
    except KeyboardInterrupt:
        return complain(options.json, "interrupted; finished runs are kept, the same command goes on", INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except WrongInputError as error:
        return complain(options.json, str(error), WRONG_INPUT)
    except Exception as error:
        from colend.experiment.store import StoreError
        from colend.scenario import ScenarioError

        if isinstance(error, ScenarioError):
            return complain(options.json, error.problems, WRONG_INPUT)
        if isinstance(error, StoreError):
            return complain(options.json, str(error), error.status)
        if isinstance(error, OSError) and error.errno is not None:  # a full disk, a folder that went away
            place = f"{error.filename}: " if error.filename else ""
            return complain(
                options.json, f"{place}{error.strerror}; finished runs are kept, the same command goes on", FAILED
            )
        raise


def complain(as_json: bool, problems: str | Sequence[str], status: int) -> int:
    """Print what is wrong on stderr, a line each (or as JSON on stdout), and return the exit status."""
    lines = [problems] if isinstance(problems, str) else [str(problem) for problem in problems]
    if as_json:
        print(json.dumps({"status": status, "errors": lines}, ensure_ascii=False))
    else:
        for line in lines:
            print(f"simulate: {line}", file=sys.stderr)
    return status


def dispatch(options: argparse.Namespace) -> int:
    """Do what the options ask for."""
    if options.version:
        from colend import __version__

        print(f"colend {__version__}")
        return DONE
    if options.list:
        return print_list(options)
    if options.verify:
        return print_verification(options)
    if options.scenario is None:
        raise WrongInputError(
            "which scenario? a YAML file or a name from `simulate --list scenarios`; see simulate --help"
        )
    jobs = whole("--jobs", options.jobs, 1) if options.jobs is not None else None
    scenario = loaded(options)
    only = chosen(options.only, scenario)
    folder = Path(options.out) if options.out else Path("outputs") / scenario.name
    check_folder(folder)
    from colend.experiment.plan import plan

    planned = plan(scenario, jobs or os.cpu_count() or 1, 1 if only else None)
    if options.check and not options.json:
        print_plan(planned)
    if planned["too_big"]:
        raise WrongInputError(planned["too_big"])
    if options.check:
        if options.json:
            print(json.dumps(planned, ensure_ascii=False))
        return DONE
    return run(options, scenario, folder, jobs, only)


def whole(name: str, text: str, least: int) -> int:
    """An option's whole number of at least `least`."""
    try:
        value = int(text)
    except ValueError:
        value = least - 1
    if value < least:
        raise WrongInputError(f"{name} {text}: a whole number of at least {least} is wanted")
    return value


def loaded(options: argparse.Namespace) -> Any:
    """The scenario with the overrides of the command line."""
    from colend.scenario import load, read_overrides

    seeds: Any = None
    if options.seeds is not None:
        parts = [part for part in options.seeds.split(",") if part.strip()]
        seeds = (
            [whole("--seeds", part, 0) for part in parts]
            if "," in options.seeds
            else whole("--seeds", options.seeds, 1)
        )
    years = None
    if options.years is not None:
        try:
            years = float(options.years)
        except ValueError:
            raise WrongInputError(f"--years {options.years}: a number of years is wanted") from None
    borrowers = whole("--borrowers", options.borrowers, 1) if options.borrowers is not None else None
    return load(options.scenario, read_overrides(options.set), seeds, years, borrowers)


def check_folder(folder: Path) -> None:
    """Refuse an output folder that cannot be written before anything is made."""
    if folder.exists() and not folder.is_dir():
        raise WrongInputError(f"--out {folder}: is a file; a folder is wanted")
    place = folder
    while not place.exists():
        place = place.parent
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        raise WrongInputError(f"--out {folder}: {place} cannot be written")


def run(options: argparse.Namespace, scenario: Any, folder: Path, jobs: int | None, only: Any) -> int:
    """Run the scenario and print its summary and what was written."""
    from colend import api
    from colend.experiment.progress import shown

    with shown(scenario, quiet=options.quiet) as progress:
        result = api.run(
            scenario,
            jobs,
            folder,
            fresh=options.fresh,
            engine=options.engine,
            only=only,
            export=options.export,
            progress=progress,
        )
    if options.json:
        print_result(result)
    elif not options.quiet:
        print(result.summary())
        print()
        print(
            f"Charts: {folder / 'charts'}   tables: {folder / 'results.sqlite'}   made by: {folder / 'manifest.json'}"
        )
    if result.removed:
        print(
            f"simulate: {result.removed} finished runs that this scenario does not ask for were removed from {folder}",
            file=sys.stderr,
        )
    if result.failures:
        report_failures(options, result)
        return FAILED
    return DONE


def print_result(result: Any) -> None:
    """What was done, as JSON: the arms compared, what failed, what was written."""
    comparison = json.loads(result.comparison.to_json(orient="records", double_precision=15))
    failed = result.frame("failures")
    answer = {
        "status": FAILED if result.failures else DONE,
        "out": str(result.path),
        "runs": len(result.runs),
        "failures": [*map(failure_name, failed.itertuples())],
        "comparison": comparison,
        "files": [str(file) for file in result.files],
    }
    print(json.dumps(answer, ensure_ascii=False))


def failure_name(row: Any) -> str:
    """The run of a row of `failures`, as --only takes it."""
    return f"{row.arm}:{row.seed}" + (f":{row.point}" if row.point else "")


def chosen(only: str | None, scenario: Any) -> Any:
    """The run that --only names, or None."""
    if only is None:
        return None
    from dataclasses import replace

    from colend.scenario import runs

    for arm in sorted(scenario.arms, key=len, reverse=True):
        if only.startswith(f"{arm}:"):
            seed = only.removeprefix(f"{arm}:").split(":")[0]
            if seed.isdigit():
                for one in runs(replace(scenario, seeds=[int(seed)])):
                    if one.name == only:
                        return one
    example = runs(replace(scenario, seeds=scenario.seeds[:1]))[0].name
    raise WrongInputError(f"--only {only}: no such run; a run is ARM:SEED or ARM:SEED:POINT, as in {example!r}")


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
    for name, value in plan.items():
        text = ", ".join(map(str, value)) if isinstance(value, list) else value
        if name != "too_big":  # said as an error, where it is one
            print(f"{name.replace('_', ' '):<22} {text}")


def print_list(options: argparse.Namespace) -> int:
    """Parameters, measures, scenarios or published figures."""
    if options.list == "scenarios":
        from colend.scenario import load, shipped

        rows = [{"name": name, "title": load(path).title, "file": str(path)} for name, path in shipped().items()]
    elif options.list == "facts":
        rows = listed_facts()
    elif options.list == "measures":
        from colend.measures import MEASURES

        rows = [{"name": m.name, "table": m.table, "unit": m.unit, "meaning": m.meaning} for m in MEASURES]
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
        print(json.dumps(rows, ensure_ascii=False))
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
    print(json.dumps({"status": DONE, "errors": []}) if options.json else f"{options.verify}: everything matches")
    return DONE


if __name__ == "__main__":
    sys.exit(main())
