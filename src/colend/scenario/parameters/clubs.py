"""A club of banks around one platform: who is in it, and what its members share. Each channel is neutral at 0."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from colend.scenario.parameters.base import Group, Number, Whole, parameter

CHANNELS = ("template_saving", "reference", "spillover", "hub_wait_months")
_NEUTRAL = "neutral: a scenario of clubs sets it"
_NAME = re.compile(r"(\w+) ([0-9]{1,6})(?:-([0-9]{1,6}))?")


class Clubs(Group):
    """A club; without members there is none."""

    members: list[str] = parameter(
        [], "choice", "Its banks, `city 3` or `rural 1-20`, the first of them the hub; empty: no club", _NEUTRAL
    )
    platform: Whole = parameter(1, "number", "The platform that the club is about, 1 the first", _NEUTRAL, 1, 100)
    template_saving: Number = parameter(
        0, "share", "Of integration cost and months, saved for every member already integrated", _NEUTRAL, 0, 1
    )
    reference: Number = parameter(
        0, "probability a month", "That one working member brings another to meet the platform", _NEUTRAL, 0, 1
    )
    spillover: Number = parameter(
        0, "share", "Of what the other members learn on average that a member can learn from", _NEUTRAL, 0, 1
    )
    hub_wait_months: Whole = parameter(
        0, "months", "Months that members leave the platform to the hub unless it signs earlier", _NEUTRAL, 0, 1_200
    )

    def misfits(self) -> Iterator[str]:
        if not self.members:
            for name in CHANNELS:
                if getattr(self, name):
                    yield f"{name}: {getattr(self, name):g}, but the club has no members"

    def spans(self) -> Iterator[tuple[str, int, int]]:
        """Kind, first and last number of each name among the members; ValueError for what is none."""
        for name in self.members:
            found = _NAME.fullmatch(name.strip())
            if found is None:
                raise ValueError(f"{name!r} is no bank; allowed: a kind and a number, `city 3`, or `rural 1-20`")
            yield found[1], int(found[2]), int(found[3] or found[2])

    def check_members(self, numbers: Mapping[str, int]) -> None:
        """ValueError with what is wrong with the first name that is wrong; `numbers`: banks of each kind."""
        seen: set[tuple[str, int]] = set()
        for name, (kind, first, last) in zip(self.members, self.spans(), strict=True):
            if kind not in numbers:
                raise ValueError(f"{name!r}: there is no kind of bank {kind!r}; there are {', '.join(numbers)}")
            if not 1 <= first <= last <= numbers[kind]:
                hint = f"; did you mean {kind} {numbers[kind]}?" if numbers[kind] else ""
                raise ValueError(
                    f"{name!r}: there is no such bank, {kind} banks are numbered 1 to {numbers[kind]}{hint}"
                )
            twice = [number for number in range(first, last + 1) if (kind, number) in seen]
            if twice:
                raise ValueError(f"'{kind} {twice[0]}' is a member twice, the second time in {name!r}")
            seen.update((kind, number) for number in range(first, last + 1))
