"""Mappings whose keys are declared: what a dataclass's fields say each may be is checked, told and written as schema.

A field has pydantic's type and bounds, what it `Means`, and a default where it may be left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import cache, cached_property
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from pydantic import ConfigDict, TypeAdapter, ValidationError

from colend.scenario.errors import Problems, meant, nearest, shown
from colend.scenario.parameters.base import Means
from colend.scenario.reading import Source


@dataclass(frozen=True)
class Key:
    """One declared key: its type with bounds, its default (MISSING: it must be given), its meaning."""

    name: str
    annotation: Any
    default: Any

    @cached_property
    def means(self) -> Means:
        """What the declaration says of it in words."""
        return next((one for one in get_args(self.annotation) if isinstance(one, Means)), Means())

    @cached_property
    def _kinds(self) -> tuple[Any, ...]:
        """The types that it may have."""
        kind = get_args(self.annotation)[0] if get_origin(self.annotation) is Annotated else self.annotation
        return get_args(kind) if get_origin(kind) in (UnionType, Union) else (kind,)

    @cached_property
    def model(self) -> type | None:
        """The declared keys below it, where it is a mapping of such."""
        return next((kind for kind in self._kinds if isinstance(kind, type) and is_dataclass(kind)), None)

    @property
    def mapping(self) -> bool:
        """Whether it is a mapping and nothing else."""
        return self.model is not None or Mapping in [get_origin(kind) for kind in self._kinds]

    @cached_property
    def _adapter(self) -> TypeAdapter[Any]:
        return TypeAdapter(self.annotation, config=ConfigDict(allow_inf_nan=False))

    @cached_property
    def schema(self) -> dict[str, Any]:
        """JSON Schema of its value."""
        if self.means.schema:
            return self.means.schema
        return schema_of(self.model) if self.model else dict(sorted(self._adapter.json_schema().items()))

    @property
    def described(self) -> dict[str, Any]:
        """JSON Schema with meaning and default."""
        meaning = {"description": self.means.meaning} if self.means.meaning else {}
        said = self.default not in (None, "", MISSING)
        return self.schema | meaning | ({"default": self.default} if said else {})

    @property
    def allowed(self) -> str:
        """What its value may be, in words."""
        return self.means.allowed or _in_words(self.schema)

    def checked(self, value: Any) -> Any:
        """The value as it is kept; ValueError with what is wrong, what is allowed and what may have been meant."""
        if self.model is None:
            with suppress(ValidationError):
                return self._adapter.validate_python(value)
        raise ValueError(f"{shown(value)} is not allowed; allowed: {self.allowed}{self._hint(value)}")

    def _hint(self, value: Any) -> str:
        names = list(self.means.names())
        for one in (self.schema, *self.schema.get("anyOf", ())):
            names += one.get("enum", ())
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        if isinstance(value, str) and names:
            return nearest(value, names)
        if isinstance(value, str) and self.schema.get("type") in ("number", "integer"):
            hint = meant(value)
            number = hint.removeprefix("; did you mean ").removesuffix("?")
            with suppress(ValueError, ValidationError):  # only what would be right
                self._adapter.validate_python(float(number))
                return hint
        scalar = value is not None and not isinstance(value, dict | list | str)
        return "; in quotes it is one" if scalar and "maxLength" in self.schema else ""


def _in_words(schema: Mapping[str, Any]) -> str:
    """What a schema allows."""
    kind, low, high = schema.get("type"), schema.get("minimum"), schema.get("maximum")
    if "enum" in schema:
        return f"one of {', '.join(schema['enum'])}"
    if kind == "boolean":
        return "true or false"
    if kind == "string":
        return f"a text of at most {schema['maxLength']:,} characters"
    if kind == "integer":
        return f"a whole number from {low:,} to {high:,}"
    return f"a number from {low:.12g} to {high:.12g}"


@cache
def keys_of(model: type) -> dict[str, Key]:
    """The keys that a dataclass declares, in their order; a field `from_` is the key `from`."""
    types = get_type_hints(model, include_extras=True)
    given = {one.name: one.default if one.default_factory is MISSING else None for one in fields(model)}
    return {name.rstrip("_"): Key(name.rstrip("_"), types[name], default) for name, default in given.items()}


def schema_of(model: type) -> dict[str, Any]:
    """JSON Schema of a mapping with declared keys."""
    needed = [key.name for key in keys_of(model).values() if key.default is MISSING]
    return {
        "type": "object",
        "additionalProperties": False,
        **({"required": needed} if needed else {}),
        "properties": {name: key.described for name, key in keys_of(model).items()},
    }


def read(known: Mapping[str, Key], source: Source, problems: Problems) -> dict[str, Any]:
    """What a mapping gives of its declared keys, checked; all that is wrong, and what is missing, is a problem."""
    found: dict[str, Any] = {}
    unknown = [name for name in source.mapping if name not in known]
    for name in unknown:  # which may be meant for what is missing
        hint = nearest(str(name), known) or f"; allowed: {', '.join(known)}"
        source.about(name, f"there is no such key{hint}", problems)
    missing = [] if unknown else [key.name for key in known.values() if key.default is MISSING]
    for name in dict.fromkeys((*source.mapping, *missing)):
        key, value = known.get(name), source.mapping.get(name)
        if key is not None and key.model and isinstance(value, Mapping):
            found[name] = read(keys_of(key.model), source.below(name), problems)
        elif key is not None:
            try:
                found[name] = key.checked(value)
            except ValueError as error:
                source.about(name, str(error), problems)
    return found
