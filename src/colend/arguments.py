"""What the command `simulate` may be asked for, and how it says that something is wrong."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

DONE, FAILED, WRONG_INPUT = 0, 1, 2  # and interruption.INTERRUPTED, and 3 of a cluster that was lost
# What may be asked for instead of a scenario, with the options that it heeds; a scenario heeds all others, even where
# they are only checked.
HEEDED: dict[str, tuple[str, ...]] = {
    "version": (),
    "list": ("json",),
    "verify": ("json",),
    "merge": ("out", "fresh", "export", "quiet", "json"),
}
MOST_NAMED = 12  # seeds in a message
SHORT = {"seeds": "seeds", "years": "years", "borrowers": "population.borrowers"}  # options for what --set can set too
LISTS = ("parameters", "measures", "presets", "scenarios", "facts")
EXAMPLES = """examples:
  simulate scenarios/alliance.yaml                 run a scenario; results go to outputs/alliance
  simulate alliance --seeds 5 --years 3            a scenario that ships with colend, smaller
  simulate alliance --set alliances.fit_sd=2       with another parameter
  simulate alliance --check                        what would run, and how long it would take
exit status: 0 done, 1 something failed, 2 wrong input (nothing was written) or a sample of which runs are missing, so
that its sensitivity is refused, 3 the cluster was lost, 130 interrupted; finished runs are kept, and the same command
goes on
"""


class WrongInputError(Exception):
    """What the user asked for cannot be done; the message says why and what can."""


class Once(argparse.Action):
    """Stores a value; of an option given twice one would be lost without a word."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: str | None = None) -> None:
        """Store `values` as argparse's own action does."""
        if getattr(namespace, self.dest) not in (self.default, values):
            raise argparse.ArgumentError(self, "is given twice")
        setattr(namespace, self.dest, values)


class Parser(argparse.ArgumentParser):
    """argparse, whose complaints look like all others: one line, or JSON where it is asked for."""

    as_json = False

    def __init__(self, **how: Any) -> None:
        super().__init__(**how)
        self.register("action", None, Once)

    def error(self, message: str) -> NoReturn:
        """Complain, with what may have been meant, and leave."""
        from colend.scenario.errors import nearest

        if unknown := re.match(r"unrecognized arguments: (-[^ =]+)", message):
            message += nearest(unknown[1], self._option_string_actions)
        elif message.startswith("unrecognized"):
            message += "; one scenario at a time, and a value with spaces in quotes"
        elif wrong := re.search(r"invalid choice: '(.*)' \(choose from (.*)\)", message):
            message += nearest(wrong[1], re.findall(r"\w+", wrong[2]))
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
    add("--jobs", metavar="N", help="processes on this machine (default: all cores)")
    add("--cluster", metavar="ADDRESS", help="a running Dask cluster instead, as tcp://host:8786")
    add("--fresh", action="store_true", help="throw away finished runs in DIR instead of resuming")
    add("--check", action="store_true", help="validate the command and print the plan, run nothing")
    add("--export", metavar="csv|parquet", help="write every table as files under DIR/tables too")
    add(
        "--only",
        metavar="ARM:SEED[:POINT]",
        help="that run alone, unless it is done; POINT: the sweep point's number or JSON",
    )
    add("--shard", metavar="I/N", help="part I of N of the runs, for job arrays")
    add("--merge", metavar="DIR", nargs="+", action="extend", help="put the results of parts together; run nothing")
    add("--quiet", action="store_true", help="no progress and no summary")
    add("--verbose", action="store_true", help="tracebacks of failed runs")
    add("--json", action="store_true", help="plan, result and errors as JSON")
    add("--engine", metavar="columns|objects", default="columns", help="objects: every borrower a stepping agent")
    add("--list", choices=LISTS, help="print what there is")
    add("--verify", metavar="DIR", help="do the results in DIR match their manifest?")
    add("--version", action="store_true", help="print the version")
    return parser


def check_together(options: argparse.Namespace) -> None:
    """WrongInputError when an option would be ignored because of another, or is empty (a shell's variable not set)."""
    unsaid = arguments()
    given = [name for name, value in vars(options).items() if value != unsaid.get_default(name)]
    for name in given:
        if getattr(options, name) == "":
            raise WrongInputError(f"{_spelt(name)} is empty")
    for task, heeded in HEEDED.items():
        ignored = [_spelt(name) for name in given if name not in (task, *heeded)]
        if task in given and ignored:
            others = ", ".join(map(_spelt, heeded)) or "no other"
            raise WrongInputError(f"{', '.join(ignored)}: not with {_spelt(task)}, which heeds {others}")


def _spelt(name: str) -> str:
    return "SCENARIO" if name == "scenario" else f"--{name}"


def in_json(value: Any) -> str:
    """JSON for stdout: as UTF-8, else in ASCII, which every encoding has and which reads as the same.

    A file's name that is no text is escaped, too.
    """
    if (getattr(sys.stdout, "encoding", None) or "utf-8").lower().replace("-", "") != "utf8":
        return json.dumps(value)
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace").decode("utf-8")


def complain(as_json: bool, problems: str | Sequence[str], status: int) -> int:
    """Print what is wrong on stderr, a line each (or as JSON on stdout), and return the exit status."""
    lines = [problems] if isinstance(problems, str) else [str(problem) for problem in problems]
    if as_json:
        print(in_json({"status": status, "errors": lines}), flush=True)
    else:
        for line in lines:
            print(f"simulate: {line}", file=sys.stderr)
    return status


def whole(name: str, text: str, least: int) -> int:
    """An option's whole number of at least `least`."""
    from colend.scenario.errors import meant

    try:
        value = int(float(text)) if float(text).is_integer() else least - 1  # 1e5 is one too
        value = value if "e" in text.lower() or "." in text else int(text)
    except (ValueError, OverflowError):
        value = least - 1
    if value < least:
        hint = "" if re.fullmatch(r"[-+\d.e]+", text.strip()) else meant(text)  # a plain number was not meant otherwise
        raise WrongInputError(f"{name} {text}: a whole number of at least {least} is wanted{hint}")
    return value


def loaded(options: argparse.Namespace) -> Any:
    """The scenario with the overrides of the command line."""
    from colend.scenario import load, read_overrides

    seeds: Any = None
    if options.seeds is not None:
        seeds = seeds_of(options.seeds)
    years = None
    if options.years is not None:
        try:
            years = float(options.years)
        except ValueError:
            raise WrongInputError(f"--years {options.years}: a number of years is wanted, as in 2 or 0.5") from None
    borrowers = whole("--borrowers", options.borrowers, 1) if options.borrowers is not None else None
    overrides = read_overrides(options.set)
    for name, key in SHORT.items():
        if getattr(options, name) is not None and key in overrides:
            raise WrongInputError(f"--{name} and --set {key}: one or the other")
    return load(options.scenario, overrides, seeds, years, borrowers)


def seeds_of(text: str) -> int | list[int]:
    """--seeds: how many, or which."""
    ends = re.fullmatch(r"\s*(\d{1,9})\s*(?:-|:|\.\.\.?|to)\s*(\d{1,9})\s*", text)
    if ends and int(ends[1]) < int(ends[2]):
        each = range(int(ends[1]), int(ends[2]) + 1)
        listed = ",".join(map(str, each if len(each) <= MOST_NAMED else [*each[:2], "…", each[-1]]))
        raise WrongInputError(f"--seeds {text}: no ranges; a number of seeds, or a list with a comma: {listed}")
    if re.search(r"\d\s+\d|[\[;]", text):
        listed = ",".join(re.findall(r"\d+", text))
        raise WrongInputError(f"--seeds {text}: a number of seeds, or a list with a comma: {listed}")
    if "," in text:
        return [whole("--seeds", part, 0) for part in text.split(",") if part.strip()]
    return whole("--seeds", text, 1)
