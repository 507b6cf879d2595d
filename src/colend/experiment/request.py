"""What is asked for, by the command or from Python, checked before anything is made."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypedDict

from colend.compilation import ENGINES, check_engine
from colend.experiment.errors import RequestError
from colend.scenario.design import Run, Scenario, runs
from colend.scenario.errors import listed, nearest
from colend.scenario.given import plain, whole
from colend.scenario.labels import arms_by_call
from colend.scenario.loading import load
from colend.scenario.top_level import LARGEST_SEED

# Runs done, runs in all, of them failed. Where a rule adds seeds, those in all are of the look that is next; when they
# are enough they come once more, unchanged.
Progress = Callable[[int, int, int], None]
EXPORTS = ("csv", "parquet")


class Options(TypedDict, total=False):
    """What `colend.run` takes by name."""

    cluster: str | None  # the address of a Dask scheduler, whose workers do the runs
    fresh: bool  # throw away finished runs
    engine: str  # one of ENGINES
    only: Run | str | None  # one run alone, as ARM:SEED or ARM:SEED:POINT, at whatever seed
    shard: tuple[int, int] | str | None  # (i, n) or I/N: the i-th of n parts of the runs, without charts
    export: str | None  # one of EXPORTS: every table as a file too
    report: bool  # draw charts
    progress: Progress | None


@dataclass(frozen=True, kw_only=True)
class Request:
    """A scenario, the folder where its results go, and what of it is wanted how (see `Options`)."""

    scenario: Scenario
    folder: Path
    jobs: int | None = None
    cluster: str | None = None
    fresh: bool = False
    engine: str = ENGINES[0]
    only: Run | None = None
    shard: tuple[int, int] | None = None
    export: str | None = None
    report: bool = True
    progress: Progress | None = None

    @property
    def whole(self) -> bool:
        """Whether all runs of the scenario are wanted."""
        return self.only is None and self.shard is None

    def of(self, everything: Sequence[Any]) -> Sequence[Any]:
        """Those of all runs of the scenario that are wanted: dealt out in turn to parts."""
        if self.only is not None:
            return [self.only]
        return everything if self.shard is None else everything[self.shard[0] - 1 :: self.shard[1]]

    @property
    def number(self) -> int:
        """How many runs are wanted, of all seeds that a rule allows."""
        return len(self.of(range(len(self.scenario.arms) * len(self.scenario.points) * len(self.scenario.seeds))))


def request(
    scenario: Scenario | Mapping[str, Any] | str | Path,
    jobs: int | None = None,
    out: str | Path | None = None,
    **options: Any,
) -> Request:
    """The request that these options make.

    RequestError when no folder and no machine could fulfil it, with the option's name and what is allowed;
    ScenarioError where the scenario is wrong.
    """
    scenario = scenario if isinstance(scenario, Scenario) else load(scenario)
    given = {name: value if name in ("only", "shard", "progress") else plain(value) for name, value in options.items()}
    for name in _ALLOWED.keys() & given:
        right, allowed = _ALLOWED[name]
        if not right(given[name]):
            raise RequestError(f"{name} {given[name]!r}: {allowed}")
    try:
        check_engine(given.get("engine", ENGINES[0]))
        given["jobs"] = None if jobs is None else whole("jobs", jobs, 1)
    except ValueError as error:
        raise RequestError(str(error)) from None
    if given.get("export") == "parquet" and find_spec("pyarrow") is None:
        raise RequestError("export parquet: needs pyarrow, pip install 'colend[parquet]'")
    for one, other in (("only", "shard"), ("jobs", "cluster")):
        if given.get(one) is not None and given.get(other) is not None:
            raise RequestError(f"{one} and {other}: one or the other")
    if given.get("shard") is not None:
        given["shard"] = _part(given["shard"])
        if scenario.until is not None:
            raise RequestError("shard: a part cannot tell when seeds are enough, as all can: give a number of seeds")
    if isinstance(given.get("only"), str):
        given["only"] = run_called(given["only"], scenario)
    folder = _folder_of(scenario, given.get("shard")) if out is None else folder_given("out", out)
    return Request(scenario=scenario, folder=folder, **given)


_ALLOWED: dict[str, tuple[Callable[[Any], bool], str]] = {
    "cluster": (lambda value: isinstance(value, str | None), "the address of a Dask scheduler, as tcp://host:8786"),
    "fresh": (lambda value: isinstance(value, bool), "True or False"),
    "report": (lambda value: isinstance(value, bool), "True or False"),
    "only": (lambda value: isinstance(value, Run | str | None), "a run, or its name, ARM:SEED or ARM:SEED:POINT"),
    "export": (lambda value: value in (None, *EXPORTS), f"one of {', '.join(EXPORTS)}"),
    "progress": (lambda value: value is None or callable(value), "a function of three numbers"),
}


def folder_given(name: str, value: Any) -> Path:
    """The folder that somebody gave; RequestError for what is none."""
    if not isinstance(value, str | os.PathLike) or not os.fspath(value):
        raise RequestError(f"{name} {value!r}: a folder is wanted")
    return Path(value)


def _folder_of(scenario: Scenario, shard: tuple[int, int] | None) -> Path:
    """Where results go unless told: each part of a scenario has a folder below the scenario's."""
    folder = Path("outputs") / scenario.name
    return folder if shard is None else folder / "shards" / f"{shard[0]:0{len(str(shard[1]))}}_of_{shard[1]}"


def _part(given: Any) -> tuple[int, int]:
    """A part of the runs, as I/N or as (i, n)."""
    try:
        number, parts = map(int, given.split("/")) if isinstance(given, str) else map(plain, given)
        if type(number) is int and type(parts) is int and 1 <= number <= parts:
            return number, parts
    except (TypeError, ValueError):
        pass
    said = given if isinstance(given, str) else repr(given)
    raise RequestError(f"shard {said}: I/N is wanted, part I of N with I from 1 to N, as in 3/10 or (3, 10)")


def run_called(only: str, scenario: Scenario) -> Run:
    """The run of this name, at whatever seed."""
    called = arms_by_call(scenario.arms)
    for call, arm in sorted(called.items(), key=lambda one: -len(one[0])):
        if only.startswith(f"{call}:"):
            seed, _, text = only.removeprefix(f"{call}:").partition(":")
            try:
                number = int(seed)
            except ValueError:
                number = -1
            if not 0 <= number <= LARGEST_SEED:
                continue
            point = _point_called(only, text, scenario.points)
            return runs(replace(scenario, seeds=[number], arms={arm: scenario.arms[arm]}, points=[point]))[0]
    example = runs(replace(scenario, seeds=scenario.seeds[:1], points=scenario.points[:1]))[0].name
    named = only.split(":")[0]
    hint = "" if named in called else nearest(named, called)
    arms = "" if named in called else f"; the arms are: {listed(scenario.arms)}"
    raise RequestError(
        f"only {only}: no such run{hint}; a run is ARM:SEED or ARM:SEED:POINT, as in {example!r}, with a SEED up to "
        f"{LARGEST_SEED}{arms}"
    )


def _point_called(only: str, text: str, points: list[dict[str, Any]]) -> dict[str, Any]:
    """The sweep point that `text` says: its number, from 1, or its values as JSON."""
    if points == [{}]:
        if text:
            raise RequestError(f"only {only}: no such run; nothing is swept, so a run is ARM:SEED")
        return points[0]
    try:
        wanted = json.loads(text)
    except ValueError:
        wanted = None
    if type(wanted) is int and 1 <= wanted <= len(points):
        return points[wanted - 1]
    if wanted in points:
        return points[points.index(wanted)]  # 1 and 1.0 are the same number
    allowed = f"a sweep point is a number from 1 to {len(points)}, or its values as JSON"
    if isinstance(wanted, dict):
        number = min(range(len(points)), key=lambda i: _distance(points[i], wanted))
        allowed += f"; the nearest is number {number + 1}, {json.dumps(points[number])}"
    raise RequestError(f"only {only}: no such run; {allowed}")


def _distance(point: dict[str, Any], wanted: dict[str, Any]) -> tuple[int, float]:
    """Values that differ, and by how much the numbers among them do."""
    apart = 0.0
    other = [name for name in point if point[name] != wanted.get(name)]
    for name in other:
        try:
            apart += abs(point[name] - wanted[name]) / (abs(point[name]) + abs(wanted[name]))
        except (KeyError, TypeError):
            apart += 1.0
    return len(other), apart
