"""The declarations of `Parameters` as a flat list.

The loader checks by it, the schema is made of it, and `--list parameters` shows it.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, TypeAdapter, ValidationError

from colend.scenario.errors import NONE, meant, nearest, shown
from colend.scenario.labels import OPTION_WORDS
from colend.scenario.parameters import ByOpenness, BySegment, BySequencing, Group, Parameters
from colend.scenario.parameters.base import AGENT_VALUE, bounds_of, numbers_in

# Forms of a value.
NUMBER, WHOLE, NUMBERS, WHOLES, NAMES, AGENTS, CHOICE, CHOICES, EACH = (
    "number",
    "whole number",
    "list of numbers",
    "list of whole numbers",
    "list of names",
    "number over agents",
    "choice",
    "choice over agents",
    "number each",
)

_DISTRIBUTIONS = (
    "{normal: [mean, sd]}, {lognormal: [median, sigma]}, {uniform: [low, high]}, {choice: {value: probability}}"
)


@dataclass(frozen=True)
class Declaration:
    """One parameter: where it is, what it may be, what it is by default, what it means, where the number comes from."""

    key: str
    form: str
    unit: str
    low: float | None
    high: float | None
    default: Any
    source: str
    meaning: str
    choices: tuple[str, ...]  # of CHOICE and CHOICES
    parts: tuple[str, ...]  # of EACH: segments or levels of openness
    optional: bool  # whether none is a value
    owner: type[Group]

    @property
    def name(self) -> str:
        """The last part of the key."""
        return self.key.rsplit(".", 1)[1]

    @property
    def agents(self) -> str:
        """Whom a list or a distribution goes over."""
        return "platform" if self.key.startswith("platforms.") else "bank"

    @property
    def allowed(self) -> str:
        """What the value may be, in words."""
        within = "" if self.low is None else f" from {self.low:.12g} to {self.high:.12g}"
        choice = "one of " + ", ".join(self.choices)
        each = ", ".join(self.parts)
        words = {
            NUMBER: f"a number{within}",
            WHOLE: f"a whole number{within}",
            NUMBERS: f"a list of numbers{within}",
            NAMES: "a list of names",
            WHOLES: f"a list of whole numbers{within}",
            AGENTS: f"a number{within}, a list with one a {self.agents}, or a distribution ({_DISTRIBUTIONS})",
            CHOICE: choice,
            CHOICES: f"a list of some of {', '.join(self.choices)}"
            if self.key.startswith("adaptive.")
            else f"{choice}, or a list with one a {self.agents}",
            EACH: f"a number{within} for all, or one for each of {each}",
        }[self.form]
        return words + (", or none" if self.optional else "")

    @cached_property
    def _adapter(self) -> TypeAdapter[Any]:
        field = self.owner.model_fields[self.name]
        annotation: Any = Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
        group = isinstance(annotation, type) and issubclass(annotation, Group)
        return TypeAdapter(annotation, config=None if group else ConfigDict(allow_inf_nan=False))

    def problem(self, value: Any) -> str:
        """What is wrong with a value, in words, with what is allowed; empty when nothing is.

        Of a parameter with one number for each of several, a mapping may name some of them only.
        """
        why = ""
        if self.form == EACH and isinstance(value, Mapping):
            unknown = [key for key in value if key not in self.parts]
            if unknown:
                return (
                    f"{shown(unknown[0])} is not one of {', '.join(self.parts)}{nearest(str(unknown[0]), self.parts)}"
                )
            wrong = {key: part for key, part in value.items() if not self._fits(part)}
            if not value or wrong:
                return f"{shown(wrong or value)} is not allowed; allowed: {self.allowed}"
            return ""
        if self.optional and value == NONE:
            return ""
        try:
            parsed = self._adapter.validate_python(value)
        except ValidationError as error:
            if self.form == AGENTS:
                why = f" ({error.errors()[0]['msg'].removeprefix('Value error, ')})"
        else:
            if self._within(parsed):
                return ""
        hint = self._hint(value)
        if hint == f"; did you mean {value}?":
            why, hint = " (a text, not a number)", ""
        return f"{shown(value)} is not allowed{why}; allowed: {self.allowed}{hint}"

    def _hint(self, value: Any) -> str:
        if isinstance(value, list) and self.form in (NUMBER, WHOLE, CHOICE, EACH):
            return "; several values are alternatives, which stand under `compare` or `sweep`"
        if not isinstance(value, str) or not self.choices:
            return meant(value) if isinstance(value, str) else ""
        called = {one: one for one in self.choices} | {OPTION_WORDS.get(one, one): one for one in self.choices}
        return nearest(value, called, called.get)

    def part_problem(self, value: Any) -> str:
        """As `problem`, for one of the parts of a parameter with one number for each of several."""
        if self._fits(value):
            return ""
        hint = meant(value) if isinstance(value, str) else ""
        return f"{shown(value)} is not allowed; allowed: a number from {self.low:.12g} to {self.high:.12g}{hint}"

    def _fits(self, part: Any) -> bool:
        number = isinstance(part, (int, float)) and not isinstance(part, bool)
        return number and self._within(part)

    def _within(self, value: Any) -> bool:
        return self.low is None or all(self.low <= number <= self.high for number in numbers_in(value))  # type: ignore[operator]


@cache
def declarations() -> dict[str, Declaration]:
    """Every parameter by its dotted key, in the order of the declarations."""
    result: dict[str, Declaration] = {}
    _collect(Parameters(), "", result)
    return result


def chosen_by_parties(key: str) -> bool:
    """Whether banks and platforms can settle a parameter between them: who goes first, what is opened, on which terms.

    Not what a pair is like before anybody works with it (in logits), nor how many platforms there are and whom they
    know, nor anything of the market around them.
    """
    group, _, name = key.partition(".")
    if group == "platforms":
        return name.partition(".")[0] not in ("number", "user_share", "precision")
    if group == "alliances":
        return declarations()[key].unit != "logit"
    return group in ("adaptive", "clubs") or name.endswith("sequencing")


def default_of(key: str) -> Any:
    """A parameter's default, or that of a part of one (`credit.posted_rate.prime`)."""
    if found := declarations().get(key):
        return found.default
    parent, _, part = key.rpartition(".")
    return declarations()[parent].default[part]


@cache
def groups() -> dict[str, tuple[str, ...]]:
    """The names in every group, subgroups included, by the group's dotted key; the top is the empty key."""
    result: dict[str, list[str]] = {"": []}
    for key in declarations():
        parts = key.split(".")
        for i, part in enumerate(parts):
            names = result.setdefault(".".join(parts[:i]), [])
            if part not in names:
                names.append(part)
    return {key: tuple(names) for key, names in result.items()}


def _collect(group: Group, prefix: str, result: dict[str, Declaration]) -> None:
    for name, field in type(group).model_fields.items():
        value = getattr(group, name)
        extra = field.json_schema_extra
        if not isinstance(extra, dict):
            _collect(value, f"{prefix}{name}.", result)
            continue
        form, choices, optional = _form(field.annotation, field.metadata)
        low, high = bounds_of(field)
        result[prefix + name] = Declaration(
            key=prefix + name,
            form=form,
            unit=str(extra["unit"]),
            low=low,
            high=high,
            default=value.model_dump() if isinstance(value, Group) else value,
            source=str(extra["source"]),
            meaning=str(field.description),
            choices=choices,
            parts=tuple(field.annotation.model_fields) if form == EACH else (),  # type: ignore[union-attr]
            optional=optional,
            owner=type(group),
        )


def _form(annotation: Any, metadata: list[Any]) -> tuple[str, tuple[str, ...], bool]:
    """Form, choices, and whether none is allowed."""
    if AGENT_VALUE in metadata:
        return AGENTS, (), False
    if annotation in (BySegment, ByOpenness, BySequencing):
        return EACH, (), False
    if annotation in (int, float):
        return (WHOLE if annotation is int else NUMBER), (), False
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Literal:
        return CHOICE, arguments, False
    if annotation == list[str]:
        return NAMES, (), False
    if origin is list:
        return (WHOLES if typing.get_args(arguments[0])[0] is int else NUMBERS), (), False
    if origin in (types.UnionType, typing.Union):
        literal = next(part for part in arguments if typing.get_origin(part) is Literal)
        return CHOICES, typing.get_args(literal), type(None) in arguments
    raise TypeError(f"no form for {annotation}")
