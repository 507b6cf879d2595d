"""One market to simulate, as it is handed to it: all of a scenario that a run executes stands here and in
`parameters`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainSerializer, StrictBool

from colend.scenario.parameters import KINDS, Parameters
from colend.scenario.parameters.base import NUMBER, WHOLE, Means
from colend.scenario.regulation import Rule

_KIND = {"enum": list(KINDS)}


@dataclass(frozen=True)
class Record:
    """What is kept of a run besides its whole-run measures."""

    months: Annotated[Literal["all", "yearly", "none"], Means("Months of which the market's measures are kept")] = "all"
    banks: Annotated[Literal["yearly", "none"], Means("When those of banks, platforms and regions are kept")] = "yearly"
    alliances: Annotated[StrictBool, Means("Whether every alliance is kept")] = True
    lives: Annotated[int, Field(ge=0, le=10_000), WHOLE, Means("Alliances per run whose monthly life is kept")] = 3


def _none_for_last(month: Any) -> Any:
    if month is None:
        raise ValueError("a month is wanted")
    return None if month == "last" else month


def _different_kinds(value: Any) -> list[str]:
    kinds = value if isinstance(value, list) else [value]
    if not kinds or any(kind not in KINDS or kinds.count(kind) > 1 for kind in kinds):
        raise ValueError("different kinds are wanted")
    return kinds


@dataclass(frozen=True)
class FishingTerms:
    """A fishing test: after `month` months of the run (None: at its end) platforms stop serving these kinds of bank.

    It lasts `horizon_months`; a bank that lent less than `minimum_originations` yuan in that time has no index. One of
    `share` passes the first gate.
    """

    month: Annotated[
        Annotated[int, Field(ge=1), WHOLE] | None,
        BeforeValidator(_none_for_last),
        PlainSerializer(lambda month: "last" if month is None else month),
        Means(
            "Months of the run after which it begins",
            "last, or a whole number of months from 1",
            {"anyOf": [{"enum": ["last"]}, {"type": "integer", "minimum": 1}]},
        ),
    ] = None
    horizon_months: Annotated[int, Field(ge=1, le=120), WHOLE, Means("Months that it lasts")] = 12
    kinds: Annotated[
        tuple[str, ...],
        BeforeValidator(_different_kinds),
        Means(
            "Kinds of bank that are no longer served",
            f"one or more of {', '.join(KINDS)}",
            {"anyOf": [_KIND, {"type": "array", "items": _KIND, "minItems": 1, "uniqueItems": True}]},
        ),
    ] = KINDS
    minimum_originations: Annotated[
        float,
        Field(ge=0, le=1e15),
        NUMBER,
        Means("What a bank must have lent in that time to have an index", "yuan from 0 to 1e15"),
    ] = 1e6
    share: Annotated[
        float,
        Field(gt=0, le=10),
        NUMBER,
        Means(
            "Index that passes the first gate; assumed, plausible 0.3 to 0.8",
            "a number above 0, at most 10",
        ),
    ] = 0.5


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
    policy: tuple[Rule, ...] = ()  # dated rules, by the order in which they were given

    @property
    def months(self) -> int:
        """Months to simulate."""
        return round(self.years * 12)

    def content(self) -> dict[str, Any]:
        """What the result depends on, apart from seed and source: the names of arms are not part of it."""
        return {
            "parameters": self.parameters.model_dump(mode="json"),
            "start": self.start,
            "months": self.months,
            "record": asdict(self.record),
            **({"fishing_test": asdict(self.fishing_test)} if self.fishing_test else {}),
            **({"policy": [rule.content() for rule in self.policy]} if self.policy else {}),
        }


def one_setting(asked: Any) -> Setting:
    """The market to simulate; of a scenario its only one. ValueError where it has several, TypeError for else."""
    if hasattr(asked, "arms"):  # a scenario, whose reading is no part of a run
        if len(asked.arms) * len(asked.points) > 1:
            where = "scenario.arm(name, point)" if len(asked.points) > 1 else "scenario.arm(name)"
            raise ValueError(
                f"a market is of one arm: Market({where}); the arms are: {', '.join(map(repr, asked.arms))}"
            )
        asked = asked.arm(next(iter(asked.arms)))
    if not isinstance(asked, Setting):
        raise TypeError(f"{asked!r:.80} is no market's setting: Market(colend.load(...).arm(name))")
    return asked
