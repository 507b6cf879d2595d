"""Whether what the layers of a scenario say fits together: with each other, and with what parameters allow."""

from __future__ import annotations

from pydantic import ValidationError

from colend.scenario.arms import Arm, without_choosers
from colend.scenario.errors import Problems
from colend.scenario.keys import entries, misfits, resolve
from colend.scenario.layers import GIVEN, Layers

# Combinations of arms and points whose parameters are put together on loading; the others when they are asked for.
MOST_CHECKED = 1_000


def check_overlap(layers: Layers, arms: dict[str, Arm], swept_keys: dict[str, str]) -> None:
    """A key that is swept and compared, or overridden and varied: one of the two would be lost without a word."""
    varied = {key: place for arm in arms.values() for key, place in arm.places}
    for key, place in swept_keys.items():
        if any(_overlap(key, other) for other in varied):
            layers.problems.append(f"{place}: {key}: is both swept and set by arms")
    given = layers.each[-1]
    for entry in entries(given.source("base"), Problems()):
        for other, place in (varied | swept_keys).items():
            if _overlap(entry.key, other):
                top = "sweep" if other in swept_keys else "arms" if layers.last("arms") else "compare"
                what = f"the scenario varies it ({place}), so that it cannot be overridden; override `{top}` as a whole"
                layers.problems.append(f"{GIVEN}: {entry.key}: {what}, or run one arm (--only)")
                break


def check_fit(layers: Layers, base: dict, places: list, arms: dict[str, Arm], points: list[dict], months: int) -> None:
    """Put every arm at every point together; what does not fit is a problem of the place that set it."""
    left = MOST_CHECKED
    adapting: dict[str, set[str]] = {name: set() for name in arms}
    for point in points:
        for name, arm in arms.items():
            there = [*places, *arm.places, *((key, layers.place("sweep")) for key in point)]
            try:
                parameters = resolve(base, arm.overrides, point)
            except ValidationError as error:
                layers.problems.extend(misfits(error, there, str(layers.file), layers.problems.words))
                adapting[name] |= {"sequencing", "openness"}
            else:
                adapting[name] |= parameters.adapting
                asked = [place for key, place in there if key.startswith("stress.")]
                for key, what in parameters.stress.without_effect(months, parameters.platforms.number):
                    if asked:
                        layers.problems.about(asked[-1], f"stress.{key}", what)
                for key, what in parameters.need_beyond_one(months):
                    mine = [place for other, place in there if other.startswith((key, "population.monthly_need"))]
                    layers.problems.about([str(layers.file), *mine][-1], key, what)
            left -= 1
        if left <= 0:
            return
    common = [*places, *((key, layers.place("sweep")) for key in points[0])]
    for place, key, why in without_choosers(common, arms, adapting):
        layers.problems.about(place, key, why)


def _overlap(key: str, other: str) -> bool:
    """Whether two keys set the same number: they are the same, or one is a part of the other."""
    return key == other or key.startswith(f"{other}.") or other.startswith(f"{key}.")
