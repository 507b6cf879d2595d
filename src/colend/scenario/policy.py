"""Regulation as a scenario asks for it: rules with a number and dates, or presets (`presets/regulation.yaml`)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from colend.scenario.declared import Source
from colend.scenario.errors import NONE, Problems, nearest, shown
from colend.scenario.keys import POLICY
from colend.scenario.reading import read_file
from colend.scenario.setting import Rule, month_number

FILE = Path(__file__).parent / "presets" / "regulation.yaml"
MONTH = re.compile(r"(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])")
LONGEST_NOTICE = 120


@dataclass(frozen=True)
class RuleKind:
    """What a rule limits: unit, bounds of its number, meaning."""

    unit: str
    low: float
    high: float
    meaning: str

    @property
    def allowed(self) -> str:
        """What the number may be, in words."""
        if self.unit == "true or false":
            return self.unit
        return f"a {'whole ' if self.unit == 'number' else ''}number from {self.low:g} to {self.high:g}"

    def fits(self, value: Any) -> bool:
        """Whether a value may be this rule's number."""
        if self.unit == "true or false":
            return isinstance(value, bool)
        number = isinstance(value, (int, float)) and not isinstance(value, bool) and self.low <= value <= self.high
        return number and (self.unit != "number" or float(value).is_integer())


RULES: dict[str, RuleKind] = {
    "minimum_platform_share": RuleKind("share", 0.0, 0.95, "Part of each joint loan that the platform's lender funds"),
    "maximum_partner_to_capital": RuleKind(
        "share", 0.0, 1e6, "A bank's part of joint loans with one platform, over its tier-1 capital (its equity)"
    ),
    "maximum_joint_share": RuleKind(
        "share", 0.0, 1.0, "A bank's part of joint loans over all its loans, its other assets counted as loans"
    ),
    "home_region_only": RuleKind("true or false", 0.0, 1.0, "City and rural banks lend in their own region only"),
    "rate_cap": RuleKind("rate a year", 0.01, 2.0, "Highest interest rate: of a joint loan, its price less all fees"),
    "all_in_cost_cap": RuleKind("rate a year", 0.01, 2.0, "Highest price of a loan: interest and fees together"),
    "maximum_sharing_depth": RuleKind("share", 0.0, 1.0, "Depth to which a platform's score is shared, however open"),
    "partner_list": RuleKind("number", 0.0, 1_000.0, "Platforms on a bank's list; it works with no other"),
    "maximum_score_reliance": RuleKind(
        "1", 0.0, 1e6, "Precision of what the platform's score says to a bank, over the bank's own, in every segment"
    ),
}
DATES = ("from", "until", "notice_months")


def in_words(rule: Rule) -> str:
    """A rule's number and dates, for messages."""
    until = f" until {rule.until}" if rule.until else ""
    number = "true" if rule.value and RULES[rule.name].unit == "true or false" else f"{rule.value:.12g}"
    return f"{number} from {rule.start}{until}"


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
            _entry(entry, "", self.name, lambda *_: "", problems)
            if problems:
                raise ValueError("\n".join(problems))
        return self

    @property
    def dated(self) -> tuple[Rule, ...]:
        """Its rules by date; a later version of a rule ends the earlier."""
        own = [rule for entry in self.rules for rule in _entry(entry, "", self.name, lambda *_: "", Problems())]
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


@dataclass
class Asked:
    """A policy as written: its value, and where it stands."""

    value: Any
    source: Source

    @property
    def place(self) -> str:
        """`file:line` of its key."""
        return self.source.place(self.source.path)


def without_policy(source: Source) -> tuple[Source, Asked | None]:
    """The parameters in a mapping of an arm, and the policy that it sets, if any."""
    if POLICY not in source.mapping:
        return source, None
    rest = {key: value for key, value in source.mapping.items() if key != POLICY}
    below = replace(source, mapping=None, path=(*source.path, POLICY))
    return replace(source, mapping=rest), Asked(source.mapping[POLICY], below)


def read_policy(asked: Asked, first: int, last: int, problems: Problems) -> tuple[Rule, ...]:
    """The rules that a policy comes to in a run from calendar month `first` to `last`, both included.

    What is wrong (an unknown preset or rule, a bad number, a date outside the run, two versions of one rule in force at
    once) is added to `problems`. A preset is history: what came before the run holds from its first month, what comes
    after it does not come; one of which nothing comes is a problem.
    """
    several = isinstance(asked.value, list)
    parts = asked.value if several else [] if asked.value in (None, NONE) else [asked.value]
    found: list[tuple[Rule, str]] = []
    before = len(problems)
    for i, part in enumerate(parts):
        path = (*asked.source.path, i) if several else asked.source.path
        key, place = f"policy[{i}]" if several else POLICY, asked.source.place(path)
        if isinstance(part, str) and part in presets():
            rules = _within(part, first, last, place, key, problems)
        elif isinstance(part, str):
            problems.about(place, key, f"there is no preset {shown(part)}{nearest(part, presets())}; {_presets()}")
            continue
        elif isinstance(part, Mapping):
            rules = _entry(part, key, "", lambda name, path=path: asked.source.place((*path, name)), problems)
            if rules and not first <= month_number(rules[0].start) <= last:
                what = f"{shown(rules[0].start)} lies outside the run, {_span(first, last)}"
                problems.about(asked.source.place((*path, "from")), f"{key}.from", what)
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


def _entry(entry: Mapping, key: str, preset: str, place: Any, problems: Problems) -> tuple[Rule, ...]:
    """The rules of one mapping; `place` gives `file:line` of a key in it."""
    before, here = len(problems), f"{key}." if key else ""
    names = [name for name in entry if name not in DATES]
    for name in names:
        if name not in RULES:
            known = (*RULES, *DATES)
            hint = nearest(str(name), known) or f"; the rules are: {', '.join(RULES)}"
            problems.about(place(name), f"{here}{name}", f"there is no such rule{hint}")
        elif not RULES[name].fits(entry[name]):
            problems.about(
                place(name), f"{here}{name}", f"{shown(entry[name])} is not allowed; allowed: {RULES[name].allowed}"
            )
    if not names:
        problems.about(place("from"), key or preset, f"names no rule; the rules are: {', '.join(RULES)}")
    start, until, notice = entry.get("from"), entry.get("until"), entry.get("notice_months", 0)
    for name, value in (("from", start), ("until", until)):
        if value is None and name == "from":
            problems.about(place(name), f"{here}from", "is missing: the month from which it holds, e.g. 2021-02")
        elif value is not None and not (isinstance(value, str) and MONTH.fullmatch(value)):
            problems.about(
                place(name), f"{here}{name}", f"{shown(value)} is not allowed; allowed: a month, e.g. 2021-02"
            )
    if not isinstance(notice, int) or isinstance(notice, bool) or not 0 <= notice <= LONGEST_NOTICE:
        allowed = f"a whole number from 0 to {LONGEST_NOTICE}"
        problems.about(
            place("notice_months"), f"{here}notice_months", f"{shown(notice)} is not allowed; allowed: {allowed}"
        )
    if len(problems) > before:
        return ()
    if until is not None and until <= str(start):
        problems.about(place("until"), f"{here}until", f"{shown(until)} is not after from, {shown(start)}")
        return ()
    return tuple(Rule(name, float(entry[name]), str(start), until, notice, preset) for name in names)


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
