"""What a scenario comes to: arms x sweep points x seeds, each a market to simulate."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from colend.scenario.errors import ScenarioError, nearest
from colend.scenario.keys import misfits, resolve
from colend.scenario.parameters import KINDS, Parameters

MONTHS_KEPT = ("all", "yearly", "none")
BANKS_KEPT = ("yearly", "none")
# Files of the package that no result of a run depends on: everything else is the model.
_NOT_THE_MODEL = ("api.py", "arguments.py", "cli.py", "__main__.py", "experiment", "report", "explore", "scenario")


@dataclass(frozen=True)
class Record:
    """What is kept of a run besides its whole-run measures.

    `months` all, yearly or none; `banks` (and platforms, regions) yearly or none; every alliance or none; of how many
    alliances the monthly life (`lives`).
    """

    months: str = "all"
    banks: str = "yearly"
    alliances: bool = True
    lives: int = 3


# A sweep keeps whole-run measures only unless asked.
RECORD_OF_SWEEP = Record(months="none", banks="none", alliances=False, lives=0)


@dataclass(frozen=True)
class FishingTerms:
    """A fishing test: after `month` months of the run (None: at its end) platforms stop serving these kinds of bank.

    It lasts `horizon_months`; a bank that lent less than `minimum_originations` yuan in that time has no index.
    """

    month: int | None = None
    horizon_months: int = 12
    kinds: tuple[str, ...] = KINDS
    minimum_originations: float = 1e6


@dataclass(frozen=True)
class Setting:
    """One market to simulate: the parameters of an arm at a sweep point, from when and for how long."""

    parameters: Parameters
    start: str = "2017-01"
    years: float = 6
    record: Record = Record()
    arm: str = "base"
    point: dict[str, Any] = field(default_factory=dict)
    fishing_test: FishingTerms | None = None

    @property
    def months(self) -> int:
        """Months to simulate."""
        return round(self.years * 12)

    @property
    def scale(self) -> int:
        """People that one simulated borrower stands for."""
        population = self.parameters.population
        return max(1, round(population.persons / population.borrowers))

    def content(self) -> dict[str, Any]:
        """What the result depends on, apart from seed and source: the names of arms are not part of it."""
        return {
            "parameters": self.parameters.model_dump(mode="json"),
            "start": self.start,
            "months": self.months,
            "record": asdict(self.record),
            **({"fishing_test": asdict(self.fishing_test)} if self.fishing_test else {}),
        }


@dataclass(frozen=True)
class Run:
    """One run: a setting and a seed. `key` tells it from every other run and changes when its result might."""

    setting: Setting
    seed: int
    key: str

    @property
    def name(self) -> str:
        """ARM:SEED or ARM:SEED:POINT."""
        point = point_name(self.setting.point)
        return f"{self.setting.arm}:{self.seed}" + (f":{point}" if point else "")


@dataclass(frozen=True)
class Scenario:
    """A question with its arms.

    `base`, and each arm of `arms` by name, are flat: dotted keys of parameters with their values, an arm's over the
    base's, a sweep point's over both. `points` is [{}] where nothing is swept. `baseline` is the arm that others are
    compared with.
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
    sample: Any = None  # the `colend.scenario.sweep.Sample` that the points are of

    def arm(self, name: str, point: dict[str, Any] | None = None) -> Setting:
        """The setting of an arm, at a sweep point (the first one, if none is given).

        KeyError, with the arms or points there are, when there is no such arm or point; ScenarioError when the point's
        values do not fit together (on loading, the first combinations of a large sweep are tried, not all).
        """
        if name not in self.arms:
            raise KeyError(
                f"no arm {name!r}{nearest(str(name), self.arms)}; there are: {', '.join(map(repr, self.arms))}"
            )
        point = self.points[0] if point is None else point
        if point not in self.points:
            raise KeyError(f"no sweep point {point!r}; the first one is {self.points[0]!r}")
        return self._setting(name, point)

    def _setting(self, name: str, point: dict[str, Any]) -> Setting:
        try:
            parameters = resolve(self.base, self.arms[name], point)
        except ValidationError as error:
            place = f"arm {name}" + (f" at {point_name(point)}" if point else "")
            raise ScenarioError(misfits(error, (), place, set())) from None
        return Setting(parameters, self.start, self.years, self.record, name, dict(point), self.fishing_test)

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
            **({"sample": self.sample.content()} if self.sample else {}),
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
        record = Record(**data["record"])
        return cls(**(data | {"record": record, "sample": sample, "fishing_test": fishing}))


def canonical(value: Any) -> str:
    """JSON with sorted keys: the same text for the same content."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def point_name(point: dict[str, Any]) -> str:
    """A sweep point as text, empty for none."""
    return canonical(point) if point else ""


@cache
def model_hash() -> str:
    """SHA-256 (hex) over the source that results depend on: what only asks, runs, keeps or draws is left out."""
    package = Path(__file__).parents[1]
    drawing = [Path(__file__).with_name("distributions.py")]
    model = [path for path in package.rglob("*.py") if path.relative_to(package).parts[0] not in _NOT_THE_MODEL]
    digest = hashlib.sha256()
    for path in sorted(model + drawing):
        digest.update(path.relative_to(package).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def runs(scenario: Scenario) -> list[Run]:
    """Every run of a scenario: seed by seed, so that what an interrupted comparison has finished are whole pairs.

    A run's key is the SHA-256 of its arm, point, seed, resolved setting and the model's source.
    """
    settings = [scenario._setting(arm, point) for point in scenario.points for arm in scenario.arms]
    contents = [canonical([setting.content(), setting.arm, setting.point, model_hash()]) for setting in settings]
    return [
        Run(setting, seed, hashlib.sha256(f"{content}:{seed}".encode()).hexdigest())
        for seed in scenario.seeds
        for setting, content in zip(settings, contents, strict=True)
    ]
