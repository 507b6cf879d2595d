"""From a YAML file to a `Scenario`, or to every problem of it at once."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from colend.scenario.arms import ONLY_ARM, Arm, arms_of, baseline_of
from colend.scenario.csv_files import inside
from colend.scenario.declarations import groups
from colend.scenario.declared import keys_of
from colend.scenario.design import RECORD_OF_SWEEP, Scenario
from colend.scenario.errors import Problems, ScenarioError, nearest, shown
from colend.scenario.fitting import check_fit, check_overlap
from colend.scenario.given import called_by_users, plain
from colend.scenario.keys import base_of
from colend.scenario.policy import policies_of
from colend.scenario.reading import (
    DICTIONARY,
    GIVEN,
    Document,
    Given,
    Layer,
    Layers,
    nearest_file,
    read_file,
    read_value,
)
from colend.scenario.setting import Record
from colend.scenario.sweep import points_of
from colend.scenario.top_level import MOST_COMBINATIONS, TOP_LEVEL, Sweep, check_keys, plain_keys
from colend.scenario.twins import twins_of, with_twins

_MAPPINGS = tuple(key.name for key in TOP_LEVEL.values() if key.mapping)
_IN_PARTS = ("base", "record", "fishing_test")  # of which overrides may set some keys and leave the others
_OF_SWEEP = tuple(f"sweep.{name}" for name in keys_of(Sweep))
_DEEPEST_INCLUDE = 20


def shipped() -> dict[str, Path]:
    """The scenarios that ship with the package, by name."""
    here = Path(__file__)
    folders = [here.parents[1] / "scenarios", here.parents[3] / "scenarios"]
    for folder in folders:
        if found := sorted(folder.glob("*.yaml")):
            return {path.stem: path for path in found}
    return {}


def find(path: str | Path) -> Path:
    """The file of a scenario: a path, or the name of a shipped one. ScenarioError when there is neither."""
    file = Path(path)
    names = shipped()
    if str(path) in names and not file.is_file():  # a folder of that name holds its results
        return names[str(path)]
    if file.exists():
        return file
    if file.name == str(path) and not file.suffix:
        there = f"; those that ship are: {', '.join(names)}" if names else ""
        raise ScenarioError(
            [f"{path}: there is no such file, and no scenario of that name{nearest(str(path), names)}{there}"]
        )
    there = nearest_file(file)
    elsewhere = nearest(file.stem, names, lambda name: f"{name}, which ships with colend")
    raise ScenarioError([f"{path}: there is no such file{there or elsewhere}"])


def read_overrides(texts: Iterable[str]) -> dict[str, Any]:
    """What `--set KEY=VALUE` says, values in YAML, as overrides for `load`; ScenarioError with every problem."""
    result: dict[str, Any] = {}
    problems = []
    for text in texts:
        key, sign, value = text.partition("=")
        if not sign or not key.strip():
            problems.append(f"--set {text}: KEY=VALUE is wanted, e.g. --set alliances.fit_sd=0.5")
            continue
        key = key.strip()
        if key in result:
            problems.append(f"--set {text}: {key} is given twice, first as {shown(result[key])}")
            continue
        try:
            result[key] = read_value(value)
        except ScenarioError as error:
            problems.extend(f"--set {text}: {problem}" for problem in error.problems)
    if problems:
        raise ScenarioError(problems)
    return result


@called_by_users()
def load(
    path: str | Path | Mapping[str, Any],
    overrides: Mapping[str, Any] | None = None,
    seeds: int | Sequence[int] | None = None,
    years: float | None = None,
    borrowers: int | None = None,
) -> Scenario:
    """The scenario in a YAML file, of a shipped scenario's name, or in a dictionary that says what a file would.

    `overrides`: parameters by dotted or nested key, or top-level keys, over what the file says. `seeds` (a number of
    them, a list, or a rule as in the file), `years` and `borrowers` are short for those keys. Numbers, arrays and
    series of NumPy and pandas, ranges and tuples are taken for the numbers and lists that they hold. Files that a
    dictionary names are looked for from the working directory. Raises ScenarioError with every problem.
    """
    problems = Problems()
    try:
        given = plain(overrides or {})
        asked = plain(path) if isinstance(path, Mapping) else path
    except RecursionError:
        raise ScenarioError([f"{DICTIONARY}: nested too deep"]) from None
    if not isinstance(given, dict):
        raise ScenarioError([f"overrides: {shown(given)} is not a mapping of keys"])
    for key, value in (("seeds", seeds), ("years", years), ("population.borrowers", borrowers)):
        if value is not None and key in given:
            problems.append(f"{GIVEN}: {key}: given twice, among the overrides and by itself")
        elif value is not None:
            given[key] = plain(value)
    if isinstance(asked, dict):
        file = Path(DICTIONARY)
        files = layers_of(Given(asked, DICTIONARY), file.resolve(), None, (), problems)
    elif not isinstance(asked, str | os.PathLike):
        wanted = f"a file, a dictionary, or the name of one that ships: {', '.join(shipped())}"
        raise ScenarioError([f"scenario {shown(asked)}: wanted is {wanted}"])
    else:
        file = find(os.fspath(asked))
        named = str(asked) if Path(asked).exists() else str(file.name)
        files = layers_of(read_file(file, named), file.resolve(), file.resolve().parent, (), problems)
    scenario = _scenario(Layers([*files, overriding(given, problems)], file, problems))
    if problems:
        raise ScenarioError(problems.in_order())
    assert scenario is not None
    return scenario


def layers_of(
    document: Document, file: Path, root: Path | None, above: tuple[Path, ...], problems: Problems
) -> list[Layer]:
    """The layer of a file (or of a dictionary in its place) after those of the files that it includes."""
    name = document.name
    problems.extend(document.problems)
    if document.data is None:
        raise ScenarioError([*problems, f"{name}: is empty"])
    if not isinstance(document.data, dict):
        kind = "a list" if isinstance(document.data, list) else shown(document.data)
        raise ScenarioError([*problems, f"{name}:1: a scenario is a mapping of keys such as `base:`; this is {kind}"])
    layer = Layer(document, file.parent, root)
    included = document.data.get("include")
    chain = (*above, file)
    result: list[Layer] = []
    for i, other in enumerate(
        included if isinstance(included, list) else [included] if "include" in document.data else []
    ):
        place = layer.place("include", i)
        try:
            if not isinstance(other, str) or not other:
                raise ValueError(f"{shown(other)} is not allowed; allowed: the name of a file")
            target = inside(other, layer.folder, root)
            if target in chain or len(chain) > _DEEPEST_INCLUDE:
                raise ValueError(f"{other} includes itself: {' -> '.join(one.name for one in (*chain, target))}")
        except ValueError as error:
            problems.append(f"{place}: include: {error}")
            continue
        try:
            result.extend(layers_of(read_file(target, other), target, root, chain, problems))
        except ScenarioError as error:
            problems.extend(f"{place}: include: {problem}" for problem in error.problems if problem not in problems)
    return [*result, layer]


def overriding(given: Mapping[str, Any], problems: Problems) -> Layer:
    """Overrides as a layer: top-level keys stay, `record.months` goes below `record`, all else are parameters.

    What another override says as well, and what would change nothing, is a problem.
    """
    data: dict[str, Any] = {}
    for key, value in given.items():
        top, _, rest = str(key).partition(".")
        if key == "include":
            problems.append(f"{GIVEN}: include: stands in scenario files only; a third file may include both")
        elif key in _MAPPINGS and isinstance(value, Mapping):
            for name, part in value.items():
                _put(data.setdefault(key, {}), name, part, f"{key}.{name}", problems)
            data.setdefault(key, {})
        elif value is None and (key in groups() or (key in _MAPPINGS and key != "fishing_test")):
            problems.append(f"{GIVEN}: {key}: is empty, so that it overrides nothing")
        elif key in TOP_LEVEL:
            _put(data, key, value, key, problems)
        elif rest and (top in _IN_PARTS or key in _OF_SWEEP):
            _put(data.setdefault(top, {}), rest, value, key, problems)
        elif rest and top in TOP_LEVEL:
            problems.append(f"{GIVEN}: {key}: `{top}` is overridden as a whole, with all that stands below it")
        else:
            _put(data.setdefault("base", {}), key, value, str(key), problems)
    return Layer(Given(data, GIVEN), Path.cwd(), None)


def _put(mapping: Any, key: Any, value: Any, named: str, problems: Problems) -> None:
    """Set a key of a mapping; a problem where it is set already, or the mapping was set to something else."""
    if not isinstance(mapping, dict) or key in mapping:
        problems.append(f"{GIVEN}: {named}: given twice, by itself and with `{named.partition('.')[0]}`")
    else:
        mapping[key] = value


def _scenario(layers: Layers) -> Scenario | None:
    """The layers put together; None when there are problems."""
    check_keys(layers)
    base, places = base_of(layers)
    compared = arms_of(layers)
    baseline = baseline_of(layers, compared)
    arms = compared or {ONLY_ARM: Arm({})}
    points, swept, sample = points_of(layers)
    if len(arms) * len(points) > MOST_COMBINATIONS:
        what = f"{len(arms) * len(points):,} combinations of arms and points"
        layers.problems.append(f"{layers.place('sweep')}: sweep: {what}")
        points = points[:1]
    values = plain_keys(layers, Record() if layers.last("sweep") is None else RECORD_OF_SWEEP)
    months = round(values["years"] * 12)
    policies = policies_of(layers, arms, values["start"], months)
    check_overlap(layers, arms, swept)
    check_fit(layers, base, places, arms, points, months)
    twins = twins_of(layers, arms, policies, swept) if values.pop("twin") else {}
    if layers.problems:
        return None
    arms, policies = with_twins(arms, policies, twins)
    return Scenario(
        arms={name: arm.overrides for name, arm in arms.items()},
        baseline=baseline,
        points=points,
        base=base,
        path=None if str(layers.file) == DICTIONARY else layers.file,
        sample=sample,
        policies=policies,
        twins=twins,
        **values,
    )
