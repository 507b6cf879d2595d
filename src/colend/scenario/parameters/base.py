"""What a parameter is: one declaration with type, unit, bounds, default, meaning and source."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic.fields import FieldInfo

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SEGMENTS = ("prime", "mass", "thin_file")
SEQUENCING = ("sign_then_cooperate", "cooperate_then_sign")
TOUCHPOINTS = ("app", "mini_program", "service_account", "branch")
PRICING = ("posted", "risk_based")
INFERENCE = ("rational", "naive")

Sequencing = Literal["sign_then_cooperate", "cooperate_then_sign"]
Crowd = Literal["anticipated_entry", "forecast"]
ADAPTIVE = "adaptive"  # in place of an option: the party chooses (group `adaptive`)
SequencingOrAdaptive = Literal[Sequencing, "adaptive"]

# Every unit that a parameter may have.
UNITS = (
    "1",
    "persons",
    "number",
    "months",
    "yuan",
    "yuan a month",
    "yuan a loan",
    "yuan an application",
    "yuan a customer a month",
    "share",
    "share a month",
    "probability",
    "probability a month",
    "share a year",
    "rate a year",
    "1 a month",
    "logit",
    "logit a month",
    "precision",
    "precision a month",
    "choice",
)


_DISTRIBUTION_NAMES = ("normal", "lognormal", "uniform", "choice")


class Group(BaseModel):
    """A group of parameters: frozen, and a name it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @classmethod
    def bounds(cls, name: str) -> tuple[float, float]:
        """Lowest and highest value of parameter `name`, -inf and inf where there is none."""
        low, high = bounds_of(cls.model_fields[name])
        return (-math.inf if low is None else low), (math.inf if high is None else high)

    @model_validator(mode="before")
    @classmethod
    def _rest_by_default(cls, value: Any) -> Any:
        """A mapping for a subgroup changes what it names; the rest of the subgroup keeps its default."""
        if not isinstance(value, dict):
            return value
        merged = dict(value)
        for name, given in value.items():
            field = cls.model_fields.get(name)
            kind = field.annotation if field else None
            if (
                field is not None
                and isinstance(given, dict)
                and isinstance(kind, type)
                and issubclass(kind, Group)
                and not field.is_required()
            ):
                merged[name] = deep_merge(_default(cls, name), given)
        return merged

    @model_validator(mode="after")
    def _sound(self) -> Group:
        found = [*self._outside(), *self.misfits()]
        if found:
            raise ValueError("\n".join(found))
        return self

    def _outside(self) -> Iterator[str]:
        for name, field in type(self).model_fields.items():
            if isinstance(field.json_schema_extra, dict):
                low, high = self.bounds(name)
                for number in numbers_in(getattr(self, name)):
                    if not low <= number <= high:
                        yield f"{name}: {number:g} is outside {low:g} to {high:g}"

    def misfits(self) -> Iterator[str]:
        """What does not fit together in this group, each as `name: what`."""
        return iter(())


def bounds_of(field: FieldInfo) -> tuple[float | None, float | None]:
    """The bounds that a parameter was declared with; None where there is none."""
    low, high = cast(dict[str, Any], field.json_schema_extra)["bounds"]
    return low, high


@cache
def _default(group: type[Group], name: str) -> Any:
    default = group.model_fields[name].get_default(call_default_factory=True)
    return default.model_dump() if isinstance(default, Group) else default


def deep_merge(base: Any, changes: dict[str, Any]) -> dict[str, Any]:
    """`base` with `changes` laid over it, mapping by mapping; a distribution is replaced as a whole."""
    if not isinstance(base, dict) or set(base) & set(_DISTRIBUTION_NAMES):
        return changes
    return base | {
        key: deep_merge(base.get(key), value) if isinstance(value, dict) and isinstance(base.get(key), dict) else value
        for key, value in changes.items()
    }


def numbers_in(value: Any) -> list[float]:
    """All numbers of a parameter's value that its bounds hold for; of a distribution its location."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return [value]
    if isinstance(value, (list, tuple)):
        return [number for part in value for number in numbers_in(part)]
    if isinstance(value, Group):
        return [number for name in type(value).model_fields for number in numbers_in(getattr(value, name))]
    if isinstance(value, dict):
        (kind, numbers), *_ = value.items()
        return {"uniform": list(numbers), "choice": list(numbers)}.get(kind, list(numbers)[:1])
    return []


_LARGEST = sys.float_info.max


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError("a number is wanted")
    if abs(value) > _LARGEST:  # an integer of any length is a number to Python
        raise ValueError("a finite number is wanted")
    return value


NUMBER = BeforeValidator(_number)
Number = Annotated[float, NUMBER]


def whole(value: Any) -> int:
    """A whole number, also one that a program wrote as 20.0; ValueError for anything else."""
    if not float(_number(value)).is_integer():
        raise ValueError("a whole number is wanted")
    return int(value)


WHOLE = BeforeValidator(whole)
Whole = Annotated[int, WHOLE]


@dataclass(frozen=True, eq=False)
class Means:
    """What a key beside the parameters means; in words, what is `allowed`, and its JSON Schema, where its type does not
    say; and the `names` among which a wrong one may have been meant.
    """

    meaning: str = ""
    allowed: str = ""
    schema: dict[str, Any] | None = None
    names: Callable[[], Iterable[str]] = tuple


def parameter(
    default: Any, unit: str, meaning: str, source: str, low: float | None = None, high: float | None = None
) -> Any:
    """Declare a parameter; bounds include their ends and hold for every number that the value consists of."""
    if unit not in UNITS:
        raise ValueError(f"{unit!r} is not a unit; add it to UNITS if it must be one")
    extra: dict[str, Any] = {"unit": unit, "source": source, "bounds": [low, high]}
    return Field(default=default, description=meaning, json_schema_extra=extra, validate_default=True)


class Each(Group):
    """One number for each of several; a single number stands for all."""

    @model_validator(mode="before")
    @classmethod
    def _spread(cls, value: Any) -> Any:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return dict.fromkeys(cls.model_fields, value)
        return value

    def numbers(self) -> tuple[float, ...]:
        """The numbers in the order of the fields."""
        return _fields(type(self))(self)

    def as_array(self) -> NDArray[np.float64]:
        """float64 array, in the order of the fields; read-only."""
        return _array(self.numbers())


@cache
def _fields(group: type[Group]) -> Callable[[Group], tuple[float, ...]]:
    """What takes the values of all fields."""
    return attrgetter(*group.model_fields)


@lru_cache(maxsize=256)
def _array(numbers: tuple[float, ...]) -> NDArray[np.float64]:
    """The numbers as an array that nobody can change: every month asks for the same ones."""
    import numpy as np  # late: a scenario is checked without it

    array = np.array(numbers, dtype=np.float64)
    array.setflags(write=False)
    return array


class BySegment(Each):
    """One number a segment."""

    prime: Number
    mass: Number
    thin_file: Number


class BySequencing(Each):
    """One number a sequencing."""

    sign_then_cooperate: Number
    cooperate_then_sign: Number


_DISTRIBUTIONS = {"normal": "[mean, sd]", "lognormal": "[median, sigma]", "uniform": "[low, high]"}


def _agent_value(value: Any) -> Any:
    """A number, a list with one an agent, or a distribution over agents; raises ValueError with what is wrong."""
    if isinstance(value, (list, tuple)):
        return [float(_number(number)) for number in value]
    if not isinstance(value, dict):
        number = float(_number(value))
        if not math.isfinite(number):
            raise ValueError("a finite number is wanted")
        return number
    if len(value) != 1:
        raise ValueError("a distribution has one name: normal, lognormal, uniform or choice")
    ((name, numbers),) = value.items()
    if name == "choice":
        if not isinstance(numbers, dict) or not numbers:
            raise ValueError("choice wants {value: probability, ...}")
        shares = [float(_number(share)) for share in numbers.values()]
        if min(shares) < 0 or not abs(sum(shares) - 1.0) <= 1e-9:
            raise ValueError(f"the probabilities of a choice add to {sum(shares):g}, not 1")
        return {"choice": {float(_number(key)): share for key, share in zip(numbers, shares, strict=True)}}
    if name not in _DISTRIBUTIONS:
        raise ValueError(f"no distribution {name!r}; there are normal, lognormal, uniform, choice")
    if not isinstance(numbers, (list, tuple)) or len(numbers) != 2:
        raise ValueError(f"{name} wants {_DISTRIBUTIONS[name]}")
    first, second = (float(_number(number)) for number in numbers)
    if not (math.isfinite(first) and math.isfinite(second)):
        raise ValueError(f"{name} wants finite numbers")
    if name == "uniform" and first > second:
        raise ValueError(f"uniform wants low <= high, not [{first:g}, {second:g}]")
    if name != "uniform" and second < 0:
        raise ValueError(f"{name} wants a spread of at least 0, not {second:g}")
    if name == "lognormal" and first <= 0:
        raise ValueError(f"lognormal wants a median above 0, not {first:g}")
    return {name: [first, second]}


def _of_whole(value: Any) -> Any:
    """The value of agents if what it says of them is whole; draws of a distribution are rounded."""
    given = list(value.get("choice", ())) if isinstance(value, dict) else value if isinstance(value, list) else [value]
    for number in given:
        if not number.is_integer():
            raise ValueError(f"whole numbers are wanted; nearest: {math.floor(number)}, {math.ceil(number)}")
    return value


# Yuan in the books of one kind at most: beyond it a float no longer holds every fen.
MOST_YUAN = 2**53 / 100

AGENT_VALUE = BeforeValidator(_agent_value)
AgentValue = Annotated[Any, AGENT_VALUE]
WholeAgentValue = Annotated[Any, AGENT_VALUE, AfterValidator(_of_whole)]


def adds_to_one(name: str, shares: Iterable[float]) -> Iterator[str]:
    """A misfit unless the shares add to 1."""
    total = sum(shares)
    if abs(total - 1.0) > 1e-9:
        yield f"{name}: the shares add to {total:.9g}, not 1"


def one_each(name: str, value: Any, number: int, agents: str) -> Iterator[str]:
    """A misfit if the value is a list of another length than there are agents."""
    if isinstance(value, (list, tuple)) and len(value) != number:
        yield f"{name}: a list of {len(value)}, but number is {number}: one for each of the {agents} is wanted"
