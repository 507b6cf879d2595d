"""Published figures and how the model speaks to them: `presets/facts.yaml`, read and checked."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

FILE = Path(__file__).parent / "presets" / "facts.yaml"
Text = Field(min_length=3)


class Closed(BaseModel):
    """A declaration: every key known, nothing changed later."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Counterpart(Closed):
    """Where the model says it: in the runs of a shipped scenario's arm, of each seed's rows of a table.

    `rows` is a pandas query that chooses rows, `value` a pandas expression of columns that gives one number. `minus`
    names another arm: the number is then the difference to it, paired by seed.
    """

    scenario: str
    table: Literal["runs", "months", "banks", "platforms", "regions", "alliances"]
    value: str
    rows: str = ""
    arm: str = ""  # the baseline when empty
    minus: str = ""


class Fact(Closed):
    """One published figure: a number with its tolerance, or the sign of a difference."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    says: str = Text
    value: float | None = None
    sign: Literal["positive", "negative"] | None = None
    unit: str
    date: Annotated[str, BeforeValidator(str)] = Field(
        pattern=r"^\d{4}(-\d{2})?(/\d{4}(-\d{2})?)?$"
    )  # a month, a year, or a span
    source: str = Text
    address: str | None = Field(default=None, pattern=r"^https?://\S+$")  # none: a printed source only
    read: Literal["page", "copy", "arithmetic"]  # its own sentence, a secondary copy, ours from such figures
    use: Literal["calibrate", "judge"]
    tolerance: float | None = Field(default=None, gt=0.0)  # in the figure's unit
    because: str = Text  # why this tolerance, or why the comparison is fair
    model: Counterpart

    @model_validator(mode="after")
    def _one_kind(self) -> Fact:
        number, sign = self.value is not None and self.tolerance is not None, self.sign is not None
        if number == sign or (sign and (self.value is not None or self.tolerance is not None)):
            raise ValueError(f"{self.name}: either value and tolerance, or sign")
        return self


@lru_cache(maxsize=1)
def facts() -> tuple[Fact, ...]:
    """Every published figure, in the file's order. Raises pydantic.ValidationError when the file is wrong."""
    rows: list[dict[str, Any]] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return tuple(Fact.model_validate(row) for row in rows)


def facts_of(scenario: str) -> tuple[Fact, ...]:
    """The figures that a shipped scenario speaks to."""
    return tuple(fact for fact in facts() if fact.model.scenario == scenario)
