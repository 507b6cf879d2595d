"""From a YAML file to a `Scenario`, or to every problem of it at once."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from colend.scenario.arms import ONLY_ARM, Arm
from colend.scenario.assembly import arms_of, base_of, baseline_of, plain_keys, points_of, policies_of
from colend.scenario.design import RECORD_OF_SWEEP, Record, Scenario
from colend.scenario.errors import Problems, ScenarioError, nearest, shown
from colend.scenario.fitting import check_fit, check_overlap
from colend.scenario.given import called_by_users, plain
from colend.scenario.layers import DICTIONARY, GIVEN, Given, Layers, overriding, read
from colend.scenario.reading import nearest_file, read_file, read_value
from colend.scenario.top_level import MOST_COMBINATIONS


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
        files = read(Given(asked, DICTIONARY), file.resolve(), None, (), problems)
    elif not isinstance(asked, str | os.PathLike):
        wanted = f"a file, a dictionary, or the name of one that ships: {', '.join(shipped())}"
        raise ScenarioError([f"scenario {shown(asked)}: wanted is {wanted}"])
    else:
        file = find(os.fspath(asked))
        named = str(asked) if Path(asked).exists() else str(file.name)
        files = read(read_file(file, named), file.resolve(), file.resolve().parent, (), problems)
    scenario = _scenario(Layers([*files, overriding(given, problems)], file, problems))
    if problems:
        raise ScenarioError(problems.in_order())
    assert scenario is not None
    return scenario


def _scenario(layers: Layers) -> Scenario | None:
    """The layers put together; None when there are problems."""
    layers.check_keys()
    base, places = base_of(layers)
    arms = arms_of(layers)
    points, swept_keys, sample = points_of(layers)
    check_overlap(layers, arms, swept_keys)
    baseline = baseline_of(layers, arms)
    arms = arms or {ONLY_ARM: Arm({})}
    if len(arms) * len(points) > MOST_COMBINATIONS:
        layers.problems.append(
            f"{layers.place('sweep')}: sweep: {len(arms) * len(points):,} combinations of arms and points"
        )
        points = points[:1]
    values = plain_keys(layers, Record() if points == [{}] else RECORD_OF_SWEEP)
    values["policies"] = policies_of(layers, arms, values["start"], values["years"])
    check_fit(layers, base, places, arms, points, round(values["years"] * 12))
    if layers.problems:
        return None
    overrides = {name: arm.overrides for name, arm in arms.items()}
    return Scenario(
        arms=overrides,
        baseline=baseline,
        points=points,
        base=base,
        path=None if str(layers.file) == DICTIONARY else layers.file,
        sample=sample,
        **values,
    )
