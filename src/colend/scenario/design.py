"""What a scenario comes to: arms x sweep points x seeds, each a market to simulate."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from colend.scenario.errors import ScenarioError
from colend.scenario.fitting import misfits, resolve
from colend.scenario.given import plain, unknown
from colend.scenario.labels import arms_by_call
from colend.scenario.parameters import Parameters
from colend.scenario.regulation import Rule
from colend.scenario.setting import FishingTerms, Record, Setting
from colend.scenario.top_level import Until
from colend.source import model_hash

_KEY, _SIMULATION = 64, 40  # hexadecimal digits of a run's key, and of those that say what is simulated
# A sweep keeps whole-run measures only unless asked.
RECORD_OF_SWEEP = Record(months="none", banks="none", alliances=False, lives=0)


@dataclass(frozen=True, slots=True)
class Planned:
    """A setting still to be put together: what all points of an arm share, and the point."""

    scenario: Scenario  # with this arm and no point
    arm: str
    point: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Run:
    """One run: a setting and a seed. `key` tells it from every other run and changes when its result might; what comes
    of it hangs on its beginning alone (`simulation_of`), the rest is the arm's name.

    Runs that are only `planned` are light, so that a sweep may have many; the `setting` is put together when asked
    for, and raises ScenarioError where the values of its point do not fit together.
    """

    planned: Planned | Setting
    seed: int
    key: str

    @property
    def setting(self) -> Setting:
        """The market to simulate."""
        if isinstance(self.planned, Planned):
            return self.planned.scenario._setting(self.planned.arm, self.planned.point)
        return self.planned

    @property
    def place(self) -> tuple[str, int, str]:
        """Arm, seed, and the sweep point as text."""
        return self.planned.arm, self.seed, point_name(self.planned.point)

    @property
    def name(self) -> str:
        """ARM:SEED or ARM:SEED:POINT."""
        return run_name(*self.place)


@dataclass(frozen=True)
class Scenario:
    """A question with its arms.

    `base`, and each arm of `arms` by name, are flat: dotted keys of parameters with their values, an arm's over the
    base's, a sweep point's over both. `points` is [{}] where nothing is swept. `baseline` is the arm that others are
    compared with. `policies` are the rules of the arms that have some; `twins`, by arm, are the arms without
    alliances.
    """

    name: str
    title: str
    question: str
    start: str
    years: float
    seeds: list[int]
    arms: dict[str, dict[str, Any]]
    baseline: str
    points: list[dict[str, Any]]
    record: Record
    base: dict[str, Any] = field(default_factory=dict)
    path: Path | None = None
    fishing_test: FishingTerms | None = None
    policies: dict[str, tuple[Rule, ...]] = field(default_factory=dict)
    sample: Any = None  # the `colend.scenario.sweep.Sample` that the points are of
    twins: dict[str, str] = field(default_factory=dict)
    until: Until | None = None  # when fewer of the `seeds` are enough

    @property
    def own_arms(self) -> list[str]:
        """The arms that it asks about: all but the twins that stand beside them."""
        twins = set(self.twins.values())
        return [arm for arm in self.arms if arm not in twins]

    def arm(self, name: str, point: Mapping[str, Any] | str | None = None) -> Setting:
        """The setting of an arm, by its name or what charts call it, at a sweep point (none given: the first).

        KeyError, with the arms or points there are, when there is no such arm or point; ScenarioError when the point's
        values do not fit together (on loading, the first combinations of a large sweep are tried, not all).
        """
        called = arms_by_call(self.arms)
        name = called.get(name, name)
        if name not in self.arms:
            raise unknown("arm", name, self.arms, called)
        return self._setting(str(name), self.points[0] if point is None else self.point(point))

    def point(self, asked: Mapping[str, Any] | str) -> dict[str, Any]:
        """The sweep point of these values, given as a mapping or as tables of results write it; KeyError for none."""
        wanted = plain(asked)
        if isinstance(wanted, str):
            with suppress(ValueError):
                wanted = json.loads(wanted or "{}")
        for point in self.points:
            if point == wanted:
                return point
        raise unknown("sweep point", asked, filter(None, self.points))

    def _setting(self, name: str, point: dict[str, Any]) -> Setting:
        try:
            parameters = resolve(self.base, self.arms[name], point)
        except ValidationError as error:
            place = f"arm {name}" + (f" at {point_name(point)}" if point else "")
            raise ScenarioError(misfits(error, (), place, set())) from None
        policy = self.policies.get(name, ())
        return Setting(parameters, self.start, self.years, self.record, name, dict(point), self.fishing_test, policy)

    def _policies(self) -> dict[str, list[dict[str, Any]]]:
        return {name: [asdict(rule) for rule in rules] for name, rules in self.policies.items()}

    def resolved(self) -> dict[str, Any]:
        """The scenario as data, for the manifest: enough to run it again without its files."""
        return {
            "name": self.name,
            "title": self.title,
            "question": self.question,
            "start": self.start,
            "years": self.years,
            "seeds": list(self.seeds),
            "base": dict(self.base),
            "arms": {name: dict(overrides) for name, overrides in self.arms.items()},
            "baseline": self.baseline,
            "points": [dict(point) for point in self.points],
            "record": asdict(self.record),
            **({"fishing_test": asdict(self.fishing_test)} if self.fishing_test else {}),
            **({"policies": self._policies()} if self.policies else {}),
            **({"twins": dict(self.twins)} if self.twins else {}),
            **({"sample": self.sample.content()} if self.sample else {}),
            **({"until": self.until.content()} if self.until else {}),
        }

    @classmethod
    def restored(cls, data: dict[str, Any]) -> Scenario:
        """The scenario that `resolved` gave as data."""
        from colend.scenario.sweep import Sample

        sample = data.get("sample")
        if sample is not None:
            ranges = {key: (low, high) for key, (low, high) in sample["ranges"].items()}
            sample = Sample(**(sample | {"ranges": ranges}))
        fishing = data.get("fishing_test")
        if fishing is not None:
            fishing = FishingTerms(**(fishing | {"kinds": tuple(fishing["kinds"])}))
        record, until = Record(**data["record"]), data.get("until")
        until = until and Until(**until)
        rules = data.get("policies", {}).items()
        policies = {arm: tuple(Rule(**rule) for rule in each) for arm, each in rules}
        parts = {"record": record, "sample": sample, "fishing_test": fishing, "policies": policies, "until": until}
        return cls(**(data | parts))


def canonical(value: Any) -> str:
    """JSON with sorted keys: the same text for the same content."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def point_name(point: dict[str, Any]) -> str:
    """A sweep point as text, empty for none."""
    return canonical(point) if point else ""


def run_name(arm: str, seed: int, point: str) -> str:
    """ARM:SEED or ARM:SEED:POINT."""
    return f"{arm}:{seed}" + (f":{point}" if point else "")


def runs(scenario: Scenario) -> list[Run]:
    """Every run of a scenario: seed by seed, so that what an interrupted comparison has finished are whole pairs.

    A run's key begins with the SHA-256 of what its arm resolves to without the point, of its point, its seed and the
    model's source, and ends with that of its arm's name, both cut off.
    """
    arms, names = {}, {}
    for arm, overrides in scenario.arms.items():
        shared = replace(scenario, points=[{}], arms={arm: overrides}, seeds=[], question="", sample=None)
        arms[arm] = shared, hashlib.sha256(canonical([_content(shared, arm), model_hash()]).encode())
        names[arm] = hashlib.sha256(arm.encode()).hexdigest()[: _KEY - _SIMULATION]
    planned = []
    for point in scenario.points:
        text = canonical(point).encode()
        for arm, (shared, digest) in arms.items():
            own = digest.copy()
            own.update(text)
            planned.append((Planned(shared, arm, point), own))
    result = []
    for seed in scenario.seeds:
        for one, digest in planned:
            own = digest.copy()
            own.update(f":{seed}".encode())
            result.append(Run(one, seed, own.hexdigest()[:_SIMULATION] + names[one.arm]))
    return result


def simulation_of(key: str) -> str:
    """The beginning of a run's key, which says what is simulated: arms of other names may have it in common."""
    return key[:_SIMULATION]


def _content(shared: Scenario, arm: str) -> Any:
    """What an arm comes to without a point; where it needs the point's values to fit, what was written."""
    try:
        return shared._setting(arm, {}).content()
    except ScenarioError:
        names = ("name", "title", "arms", "baseline", "policies")
        written = {key: value for key, value in shared.resolved().items() if key not in names}
        policy = [rule.content() for rule in shared.policies.get(arm, ())]
        of_arm = {"overrides": shared.arms[arm], "policy": policy}
        return written | of_arm | {"defaults": Parameters().model_dump(mode="json")}


def check(planned: Iterable[Run]) -> None:
    """Put every setting together once; ScenarioError when the values of a sweep point do not fit."""
    for one in {id(run.planned): run for run in planned}.values():
        _ = one.setting
