"""From a YAML file to a `Scenario`, or to every problem of it at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from colend.scenario import fields
from colend.scenario.arms import MOST_COMBINATIONS, ONLY_ARM, Arm, baseline_name, compared, named, without_choosers
from colend.scenario.banks_file import inside
from colend.scenario.declarations import groups
from colend.scenario.design import RECORD_OF_SWEEP, FishingTerms, Record, Scenario
from colend.scenario.errors import Problems, ScenarioError, nearest, shown
from colend.scenario.keys import POLICY, Source, checked, entries, misfits, resolve
from colend.scenario.policy import Asked, Rule, month_number, read_policy
from colend.scenario.reading import Document, read_file, read_value
from colend.scenario.seeds import until
from colend.scenario.sweep import Sample, swept

TOP_LEVEL = (
    "name",
    "title",
    "question",
    "start",
    "years",
    "seeds",
    "base",
    "policy",
    "compare",
    "arms",
    "sweep",
    "baseline",
    "record",
    "fishing_test",
    "include",
)
MAPPINGS = ("base", "compare", "arms", "sweep", "record", "fishing_test")
GIVEN = "override"  # what stands for the file in messages about overrides
# Combinations of arms and points whose parameters are put together on loading; the others when they are asked for.
MOST_CHECKED = 1_000
_DEEPEST_INCLUDE = 20


@dataclass
class Layer:
    """One file, or the overrides: its mapping, and where it stands."""

    document: Document
    folder: Path
    root: Path | None

    def source(self, key: str) -> Source:
        """The mapping under a top-level key."""
        return Source(self.document.data.get(key) or {}, self.document.place, (key,), self.folder, self.root)

    def place(self, *path: Any) -> str:
        """`file:line` of a path."""
        return self.document.place(path)


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
    if file.exists():
        return file
    names = shipped()
    if str(path) in names:
        return names[str(path)]
    if file.name == str(path) and not file.suffix:
        there = f"; those that ship are: {', '.join(names)}" if names else ""
        raise ScenarioError(
            [f"{path}: there is no such file, and no scenario of that name{nearest(str(path), names)}{there}"]
        )
    raise ScenarioError([f"{path}: there is no such file"])


def read_overrides(texts: Iterable[str]) -> dict[str, Any]:
    """What `--set KEY=VALUE` says, values in YAML, as overrides for `load`; ScenarioError with every problem."""
    result: dict[str, Any] = {}
    problems = []
    for text in texts:
        key, sign, value = text.partition("=")
        if not sign or not key.strip():
            problems.append(f"--set {text}: KEY=VALUE is wanted, e.g. --set alliances.fit_sd=0.5")
            continue
        try:
            result[key.strip()] = read_value(value)
        except ScenarioError as error:
            problems.extend(f"--set {text}: {problem}" for problem in error.problems)
    if problems:
        raise ScenarioError(problems)
    return result


def load(
    path: str | Path,
    overrides: Mapping[str, Any] | None = None,
    seeds: int | Sequence[int] | None = None,
    years: float | None = None,
    borrowers: int | None = None,
) -> Scenario:
    """The scenario in a YAML file, or of a shipped scenario's name.

    `overrides`: parameters by dotted or nested key, or top-level keys, over what the file says. `seeds` (a number of
    them, a list, or a rule as in the file), `years` and `borrowers` are short for those keys. Raises ScenarioError with
    every problem.
    """
    file = find(path)
    problems = Problems()
    layers = _read(file, str(path) if Path(path).exists() else str(file.name), file.resolve().parent, (), problems)
    given = dict(overrides or {})
    given |= {key: value for key, value in (("seeds", seeds), ("years", years)) if value is not None}
    if borrowers is not None:
        given["population.borrowers"] = borrowers
    layers.append(_override_layer(given))
    scenario = _Assembly(layers, file, problems).scenario()
    if problems:
        raise ScenarioError(problems.in_order())
    assert scenario is not None
    return scenario


def _read(file: Path, name: str, root: Path, above: tuple[Path, ...], problems: Problems) -> list[Layer]:
    """A file's layer after those of the files that it includes."""
    document = read_file(file, name)
    problems.extend(document.problems)
    if document.data is None:
        raise ScenarioError([*problems, f"{name}: is empty"])
    if not isinstance(document.data, dict):
        kind = "a list" if isinstance(document.data, list) else shown(document.data)
        raise ScenarioError([*problems, f"{name}:1: a scenario is a mapping of keys such as `base:`; this is {kind}"])
    layer = Layer(document, file.resolve().parent, root)
    included = document.data.get("include")
    chain = (*above, file.resolve())
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
            result.extend(_read(target, other, root, chain, problems))
        except ScenarioError as error:
            problems.extend(f"{place}: include: {problem}" for problem in error.problems if problem not in problems)
    return [*result, layer]


def _override_layer(given: Mapping[str, Any]) -> Layer:
    """Overrides as a layer: top-level keys stay, `record.months` goes below `record`, all else are parameters."""
    data: dict[str, Any] = {}
    for key, value in given.items():
        top, _, rest = str(key).partition(".")
        if rest and top in ("record", "base", "sweep", "fishing_test"):
            data.setdefault(top, {})[rest] = value
        elif key in TOP_LEVEL and isinstance(value, Mapping) and isinstance(data.get(key), Mapping):
            data[key] = {**data[key], **value}
        elif key in TOP_LEVEL:
            data[key] = value
        else:
            data.setdefault("base", {})[key] = value

    return Layer(_Overrides(data, GIVEN), Path.cwd(), None)


class _Overrides(Document):
    """Overrides have no lines."""

    def place(self, path: tuple) -> str:
        """What stands for `file:line` in messages."""
        return GIVEN


class _Assembly:
    """Layers put together; problems are collected on the way."""

    def __init__(self, layers: list[Layer], file: Path, problems: Problems):
        self.layers = layers
        self.file = file
        self.problems = problems

    def scenario(self) -> Scenario | None:
        """The scenario; None when there are problems."""
        self.check_keys()
        base, places = self.base()
        arms = self.arms()
        points, swept_keys, sample = self.points()
        self.check_overlap(arms, swept_keys)
        baseline = self.baseline(arms)
        arms = arms or {ONLY_ARM: Arm({})}
        if len(arms) * len(points) > MOST_COMBINATIONS:
            self.problems.append(
                f"{self.last_place('sweep')}: sweep: {len(arms) * len(points):,} combinations of arms and points"
            )
            points = points[:1]
        values = self.fields(Record() if points == [{}] else RECORD_OF_SWEEP)
        values["policies"] = self.policies(arms, values["start"], values["years"])
        self.check_fit(base, places, arms, points, round(values["years"] * 12))
        if self.problems:
            return None
        overrides = {name: arm.overrides for name, arm in arms.items()}
        return Scenario(
            arms=overrides, baseline=baseline, points=points, base=base, path=self.file, sample=sample, **values
        )

    def last(self, key: str) -> Layer | None:
        """The uppermost layer that has a top-level key."""
        return next((layer for layer in reversed(self.layers) if key in layer.document.data), None)

    def last_place(self, key: str) -> str:
        layer = self.last(key)
        return layer.place(key) if layer else str(self.file)

    def check_keys(self) -> None:
        """Top-level keys that do not exist, and mappings that are something else."""
        for layer in self.layers:
            for key, value in list(layer.document.data.items()):
                place = layer.place(key)
                if key not in TOP_LEVEL:
                    known = str(key).partition(".")[0] in groups()[""]
                    hint = "; parameters stand under `base:`" if known else nearest(str(key), TOP_LEVEL)
                    self.problems.append(f"{place}: {key}: there is no such key{hint}")
                elif key in MAPPINGS and not isinstance(value, Mapping | None):
                    self.problems.append(f"{place}: {key}: {shown(value)} is not a mapping of keys")
                    del layer.document.data[key]

    def base(self) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        """What the layers' `base` set, and where."""
        base: dict[str, Any] = {}
        places = []
        for layer in self.layers:
            source = layer.source("base")
            for entry in entries(source, self.problems):
                for key, value in checked(entry, source, self.problems).items():
                    base.pop(key, None)  # later ones are set later: a part after its whole
                    base[key] = value
                    places.append((key, entry.place))
        return base, places

    def arms(self) -> dict[str, Arm]:
        """The arms of the uppermost layer that has any; empty when nothing is compared."""
        layer = next((one for one in reversed(self.layers) if {"compare", "arms"} & set(one.document.data)), None)
        if layer is None:
            return {}
        if {"compare", "arms"} <= set(layer.document.data):
            self.problems.append(f"{layer.place('arms')}: arms: stands beside `compare`; give one of them")
        if "arms" in layer.document.data:
            return named(layer.source("arms"), self.problems)
        return compared(layer.source("compare"), self.problems)

    def baseline(self, arms: dict[str, Arm]) -> str:
        """The arm to compare with: what `baseline` says, else the first."""
        for layer in reversed(self.layers):
            if "baseline" in layer.document.data:
                if arms:
                    return baseline_name(layer.document.data["baseline"], layer.source("baseline"), arms, self.problems)
                self.problems.append(f"{layer.place('baseline')}: baseline: needs `compare` or `arms`")
            if {"compare", "arms"} & set(layer.document.data):
                break  # a baseline below is one of other arms
        return next(iter(arms), ONLY_ARM)

    def points(self) -> tuple[list[dict[str, Any]], dict[str, str], Sample | None]:
        """The sweep's points, where each key is swept, and the sample that the points are of."""
        layer = self.last("sweep")
        return swept(layer.source("sweep"), self.problems) if layer else ([{}], {}, None)

    def policies(self, arms: dict[str, Arm], start: str, years: float) -> dict[str, tuple[Rule, ...]]:
        """The rules of every arm that has some: its own policy, else the scenario's."""
        first = month_number(start)
        last = first + round(years * 12) - 1
        layer = self.last(POLICY)
        common: tuple[Rule, ...] = ()
        if layer is not None:
            source = Source(None, layer.document.place, (POLICY,), layer.folder)
            common = read_policy(Asked(layer.document.data[POLICY], source), first, last, self.problems)
            own = next((arm.policy for arm in arms.values() if arm.policy), None)
            if own is not None and layer is self.layers[-1]:
                what = f"the scenario varies it ({own.place}), so that it cannot be overridden"
                self.problems.append(f"{GIVEN}: {POLICY}: {what}")
        result = {}
        for name, arm in arms.items():
            result[name] = read_policy(arm.policy, first, last, self.problems) if arm.policy is not None else common
        return {name: rules for name, rules in result.items() if rules}

    def check_overlap(self, arms: dict[str, Arm], swept_keys: dict[str, str]) -> None:
        """A key that is swept and compared, or overridden and varied: one of the two would be lost without a word."""
        varied = {key: place for arm in arms.values() for key, place in arm.places}
        for key, place in swept_keys.items():
            if any(_overlap(key, other) for other in varied):
                self.problems.append(f"{place}: {key}: is both swept and set by arms")
        given = self.layers[-1]
        for entry in entries(given.source("base"), Problems()):
            for other, place in (varied | swept_keys).items():
                if _overlap(entry.key, other):
                    self.problems.append(
                        f"{GIVEN}: {entry.key}: the scenario varies it ({place}), so that it cannot be overridden"
                    )
                    break

    def fields(self, record: Record) -> dict[str, Any]:
        """Name, title, question, start, years, seeds and record, checked."""
        result: dict[str, Any] = {"name": fields.plain_name(self.file.stem), "title": "", "question": ""}
        result |= {"start": "2017-01", "years": 6, "seeds": [0]}
        for key, check in fields.CHECKS.items():
            for layer in self.layers:
                if key not in layer.document.data:
                    continue
                if key == "seeds" and isinstance(layer.document.data[key], Mapping):
                    if rule := until(layer.source("seeds"), self.problems):
                        result |= {"seeds": list(range(rule.at_most)), "until": rule}
                    continue
                try:
                    value = check(layer.document.data[key])
                except ValueError as error:
                    self.problems.append(f"{layer.place(key)}: {key}: {error}")
                else:
                    if key != "name" or layer in self.layers[-2:]:  # an included file's name is not this one's
                        result |= {key: value, **({"until": None} if key == "seeds" else {})}
        result["title"] = result["title"] or result["name"]
        result["record"] = self.record(record)
        result["fishing_test"] = self.fishing(round(result["years"] * 12))
        return result

    def record(self, record: Record) -> Record:
        """What to keep: the given default with what the layers say over it."""
        for layer in self.layers:
            for key, value in layer.source("record").mapping.items():
                try:
                    record = fields.with_record(record, key, value)
                except ValueError as error:
                    self.problems.append(f"{layer.place('record', key)}: record.{key}: {error}")
        return record

    def fishing(self, months: int) -> FishingTerms | None:
        """The fishing test that the layers ask for together, if any does."""
        terms: FishingTerms | None = None
        for layer in self.layers:
            for key, value in layer.source("fishing_test").mapping.items():
                place = layer.place("fishing_test", key)
                try:
                    terms = fields.with_fishing(terms or FishingTerms(), key, value)
                    if key == "month" and terms.month is not None and terms.month > months:
                        raise ValueError(f"{value} is after the run's end; allowed: last, or at most {months}")
                except ValueError as error:
                    self.problems.append(f"{place}: fishing_test.{key}: {error}")
            if "fishing_test" in layer.document.data and terms is None:
                terms = FishingTerms()
        return terms

    def check_fit(self, base: dict, places: list, arms: dict[str, Arm], points: list[dict], months: int) -> None:
        """Put every arm at every point together; what does not fit is a problem of the place that set it."""
        left = MOST_CHECKED
        adapting: dict[str, set[str]] = {name: set() for name in arms}
        for point in points:
            for name, arm in arms.items():
                there = [*places, *arm.places, *((key, self.last_place("sweep")) for key in point)]
                try:
                    parameters = resolve(base, arm.overrides, point)
                except ValidationError as error:
                    self.problems.extend(misfits(error, there, str(self.file), self.problems.words))
                    adapting[name] |= {"sequencing", "openness"}
                else:
                    adapting[name] |= parameters.adapting
                    asked = [place for key, place in there if key.startswith("stress.")]
                    for key, what in parameters.stress.without_effect(months, parameters.platforms.number):
                        if asked:
                            self.problems.about(asked[-1], f"stress.{key}", what)
                left -= 1
            if left <= 0:
                return
        common = [*places, *((key, self.last_place("sweep")) for key in points[0])]
        for place, key, why in without_choosers(common, arms, adapting):
            self.problems.about(place, key, why)


def _overlap(key: str, other: str) -> bool:
    """Whether two keys set the same number: they are the same, or one is a part of the other."""
    return key == other or key.startswith(f"{other}.") or other.startswith(f"{key}.")
