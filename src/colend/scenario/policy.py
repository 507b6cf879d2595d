"""Regulation as a scenario asks for it: rules with a number and dates, or presets (`presets/regulation.yaml`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from colend.scenario.arms import Arm
from colend.scenario.declared import keys_of, read
from colend.scenario.errors import NONE, Problems, nearest, shown
from colend.scenario.keys import POLICY
from colend.scenario.parameters.base import WHOLE, Means
from colend.scenario.reading import GIVEN, Layers, Source, read_file
from colend.scenario.regulation import RULES, Regime, Rule, month_number

FILE = Path(__file__).parent / "presets" / "regulation.yaml"
_MONTH = Field(pattern="^(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])$")
_A_MONTH = "a month, e.g. 2021-02"


@dataclass(frozen=True)
class Dates:
    """When rules hold."""

    from_: Annotated[str, _MONTH, Means("First month in which they hold", _A_MONTH)] = ""
    until: Annotated[Annotated[str, _MONTH] | None, Means("First month in which they hold no more", _A_MONTH)] = None
    notice_months: Annotated[int, Field(ge=0, le=120), WHOLE, Means("Months from announcement to force")] = 0


DATES = keys_of(Dates)
KEYS = DATES | keys_of(Regime)


def in_words(rule: Rule) -> str:
    """A rule's number and dates, for messages."""
    return f"{rule.number} from {rule.start}" + (f" until {rule.until}" if rule.until else "")


class Preset(BaseModel):
    """Rules of the real world with their source; `history` puts other presets together by date."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str = Field(min_length=3)
    rules: list[dict[str, Any]] = []
    history: list[str] = []
    encoded: str = Field(min_length=3)
    assumed: str = ""
    left_out: str = ""
    source: str = Field(min_length=3)
    address: str | None = Field(default=None, pattern=r"^https?://\S+$")
    read: Literal["page", "copy"]

    @model_validator(mode="after")
    def _rules_are_rules(self) -> Preset:
        for entry in self.rules:
            problems = Problems()
            _entry(_nowhere(entry), self.name, problems)
            if problems:
                raise ValueError("\n".join(problems))
        return self

    @property
    def dated(self) -> tuple[Rule, ...]:
        """Its rules by date; a later version of a rule ends the earlier."""
        own = [rule for entry in self.rules for rule in _entry(_nowhere(entry), self.name, Problems())]
        own += [rule for name in self.history for rule in presets()[name].dated]
        own.sort(key=lambda rule: (rule.start, list(RULES).index(rule.name)))
        result = []
        for i, rule in enumerate(own):
            later = next((other.start for other in own[i + 1 :] if other.name == rule.name), None)
            result.append(replace(rule, until=later or rule.until, preset=self.name))
        return tuple(result)


@cache
def presets() -> dict[str, Preset]:
    """Every preset by name, in the file's order. Raises pydantic.ValidationError when the file is wrong."""
    return {row["name"]: Preset.model_validate(row) for row in read_file(FILE).data}


def listed_presets() -> list[dict[str, str]]:
    """Every preset with its rules in words, what of the text they are, what is assumed, and the source."""
    rows = []
    for one in presets().values():
        rules = "; ".join(f"{rule.name} {in_words(rule)}{_announced(rule)}" for rule in one.dated)
        told = {"name": one.name, "title": one.title, "rules": rules, "encoded": one.encoded, "assumed": one.assumed}
        source = f"{one.source} (read: {one.read})"
        rows.append(told | {"left_out": one.left_out, "source": source, "address": one.address or ""})
    return rows


def _announced(rule: Rule) -> str:
    return f" (announced {rule.notice_months} months before)" if rule.notice_months else ""


def policies_of(layers: Layers, arms: dict[str, Arm], start: str, months: int) -> dict[str, tuple[Rule, ...]]:
    """The rules of every arm that has some: its own policy, else the scenario's."""
    first = month_number(start)
    last = first + months - 1
    layer = layers.last(POLICY)
    common: tuple[Rule, ...] = ()
    if layer is not None:
        common = read_policy(
            replace(layer.source(POLICY), mapping=layer.document.data[POLICY]), first, last, layers.problems
        )
        own = next((arm.policy for arm in arms.values() if arm.policy), None)
        if own is not None and layer is layers.each[-1]:
            what = f"the scenario varies it ({own.place(own.path)}), so that it cannot be overridden"
            layers.problems.append(f"{GIVEN}: {POLICY}: {what}")
    result = {}
    for name, arm in arms.items():
        result[name] = read_policy(arm.policy, first, last, layers.problems) if arm.policy is not None else common
    return {name: rules for name, rules in result.items() if rules}


def read_policy(asked: Source, first: int, last: int, problems: Problems) -> tuple[Rule, ...]:
    """The rules that a policy comes to in a run from calendar month `first` to `last`, both included.

    What is wrong (an unknown preset or rule, a bad number, a date outside the run, two versions of one rule in force at
    once) is added to `problems`. A preset is history: what came before the run holds from its first month, what comes
    after it does not come; one of which nothing comes is a problem.
    """
    several = isinstance(asked.mapping, list)
    parts = asked.mapping if several else [] if asked.mapping in (None, NONE) else [asked.mapping]
    found: list[tuple[Rule, str]] = []
    before = len(problems)
    for i, part in enumerate(parts):
        path = (*asked.path, i) if several else asked.path
        key, place = f"policy[{i}]" if several else POLICY, asked.place(path)
        if isinstance(part, str) and part in presets():
            rules = _within(part, first, last, place, key, problems)
        elif isinstance(part, str):
            problems.about(place, key, f"there is no preset {shown(part)}{nearest(part, presets())}; {_presets()}")
            continue
        elif isinstance(part, Mapping):
            rules = _entry(replace(asked, mapping=part, path=path, key=key), "", problems)
            if rules and not first <= month_number(rules[0].start) <= last:
                what = f"{shown(rules[0].start)} lies outside the run, {_span(first, last)}"
                problems.about(asked.place((*path, "from")), f"{key}.from", what)
        else:
            problems.about(place, key, f"{shown(part)} is not allowed; allowed: a preset or a mapping; {_presets()}")
            continue
        found += [(rule, place) for rule in rules]
    if len(problems) == before:
        _check_versions(found, problems)
    return tuple(rule for rule, _ in found)


def _presets() -> str:
    return f"the presets are: {', '.join(presets())}"


def _within(name: str, first: int, last: int, place: str, key: str, problems: Problems) -> tuple[Rule, ...]:
    """The rules of a preset that hold at some time of the run."""
    rules = presets()[name].dated
    here = tuple(
        rule
        for rule in rules
        if month_number(rule.start) <= last and (rule.until is None or month_number(rule.until) > first)
    )
    if not here:
        dates = ", ".join(dict.fromkeys(rule.start for rule in rules))
        problems.about(place, key, f"{name}: none of its rules ({dates}) is in force in the run, {_span(first, last)}")
    return here


def _span(first: int, last: int) -> str:
    return " to ".join(f"{month // 12:04d}-{month % 12 + 1:02d}" for month in (first, last))


def _nowhere(mapping: Mapping[str, Any]) -> Source:
    """A mapping that stands in no file of the user's."""
    return Source(mapping, lambda path: "", (), FILE.parent)


def _entry(source: Source, preset: str, problems: Problems) -> tuple[Rule, ...]:
    """The rules of one mapping."""
    before, given = len(problems), source.mapping
    known = {name: given[name] for name in given if name in KEYS and (name, given[name]) != ("from", None)}
    for name in given:
        if name not in KEYS:
            hint = nearest(str(name), KEYS) or f"; the rules are: {', '.join(RULES)}"
            source.about(name, f"there is no such rule{hint}", problems)
    if not set(given) - set(DATES):
        problems.append(f"{source.place(source.path)}: {source.key}: names no rule; the rules are: {', '.join(RULES)}")
    found = {"until": None, "notice_months": 0} | read(KEYS, replace(source, mapping=known), problems)
    if given.get("from") is None:
        source.about("from", "is missing: the month from which it holds, e.g. 2021-02", problems)
    if len(problems) > before:
        return ()
    start, until = found["from"], found["until"]
    if until is not None and until <= start:
        source.about("until", f"{shown(until)} is not after from, {shown(start)}", problems)
        return ()
    names = [name for name in known if name not in DATES]
    return tuple(Rule(name, float(found[name]), start, until, found["notice_months"], preset) for name in names)


def _check_versions(found: Iterable[tuple[Rule, str]], problems: Problems) -> None:
    """Two versions of one rule that are in force at once."""
    seen: list[tuple[Rule, str]] = []
    for rule, place in found:
        for other, there in seen:
            starts, ends = max(rule.start, other.start), [one.until for one in (rule, other) if one.until]
            if rule.name == other.name and all(starts < end for end in ends):
                hint = "; give `until` to the first" if not other.preset else ""
                both = f"{in_words(rule)}, and {in_words(other)} ({there})"
                what = f"{both}: two versions of one rule in force at once{hint}"
                problems.about(place, rule.name, what)
                break
        seen.append((rule, place))
