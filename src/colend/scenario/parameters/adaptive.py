"""How parties that choose for themselves do so: experience-weighted attraction (EWA)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from colend.scenario.parameters.base import (
    SEQUENCING,
    BySequencing,
    Group,
    Number,
    Sequencing,
    Whole,
    adds_to_one,
    parameter,
)
from colend.scenario.parameters.openness import OPENNESS, ByOpenness, Openness

_EWA = "assumed; the equation is Camerer and Ho's (1999, Econometrica 67)"


def _each(options: str | Sequence[str]) -> Sequence[str]:
    return [options] if isinstance(options, str) else options


class Adaptive(Group):
    """Choice of sequencing and openness by those whose `sequencing` or `openness` is `adaptive`."""

    sequencing_options: Sequencing | list[Sequencing] = parameter(
        list(SEQUENCING), "choice", "Sequencings among which parties choose", "assumed: docs/odd.md sections 7.7 to 7.9"
    )
    openness_options: Openness | list[Openness] = parameter(
        list(OPENNESS),
        "choice",
        "Levels of openness among which platforms choose",
        "assumed: docs/odd.md sections 7.7 to 7.9",
    )
    initial_sequencing: BySequencing = parameter(
        {"sign_then_cooperate": 0.5, "cooperate_then_sign": 0.5},
        "share",
        "Probability of each first choice of sequencing",
        "assumed: even; a start to vary",
        0,
        1,
    )
    initial_openness: ByOpenness = parameter(
        dict.fromkeys(OPENNESS, 1 / len(OPENNESS)),
        "share",
        "Probability of each first choice of openness",
        "assumed: even; a start to vary",
        0,
        1,
    )
    interval_months: Whole = parameter(
        12, "months", "Months between two choices; 0: the first holds", "assumed: plans are made once a year", 0, 1_200
    )
    evaluation_months: Whole = parameter(
        36,
        "months",
        "Months from meeting to counting what was earned",
        "assumed: the term of a pact; a shorter view favours what earns early",
        1,
        600,
    )
    memory: Number = parameter(
        0.9, "1", "Decay of past attraction (phi)", f"{_EWA}: what was seen counts 0.9 as much at the next choice", 0, 1
    )
    cumulation: Number = parameter(
        0.0,
        "1",
        "0: attractions are means of payoffs; 1: discounted sums (kappa; rho = phi (1 - kappa))",
        f"{_EWA}: means keep their scale however often they are revised",
        0,
        1,
    )
    foregone_weight: Number = parameter(
        0.5,
        "1",
        "Weight of what peers earned with an option not used (psi)",
        f"{_EWA}, delta there: half, as neither 0 nor 1",
        0,
        1,
    )
    initial_experience: Number = parameter(
        1.0,
        "1",
        "Weight of the first attraction, 0, in revisions (N(0))",
        f"{_EWA}: no more than one revision",
        0,
        1_000,
    )
    bank_sensitivity: Number = parameter(
        200.0,
        "1",
        "Logit sensitivity of banks (lambda), payoffs over equity at the start",
        "assumed: 0.5 % of equity moves odds by e; estimates hang on the game's payoffs",
        0,
        1e9,
    )
    platform_sensitivity: Number = parameter(
        2_000.0,
        "1",
        "Logit sensitivity of platforms (lambda), payoffs over equity at the start",
        "assumed: 0.05 % of equity moves odds by e, as a platform meets many times as often as a bank",
        0,
        1e9,
    )

    @staticmethod
    def without_effect(name: str, adapting: set[str]) -> str:
        """Why parameter `name` of this group would change nothing where `adapting` is chosen; empty where it acts."""
        needed = next(({choice} for choice in ("sequencing", "openness") if choice in name), {"sequencing", "openness"})
        if needed & adapting:
            return ""
        return f"changes nothing: no {' and no '.join(sorted(needed, reverse=True))} is adaptive"

    def misfits(self) -> Iterator[str]:
        """Shares that do not add to 1, a choice among one option, and shares of options that are not open."""
        for what, options, mix in (
            ("sequencing", _each(self.sequencing_options), self.initial_sequencing),
            ("openness", _each(self.openness_options), self.initial_openness),
        ):
            shares = dict(zip(type(mix).model_fields, mix.numbers(), strict=True))
            if len(set(options)) < 2:
                yield f"{what}_options: a choice among {len(set(options))} is none; name at least two different options"
                continue
            yield from adds_to_one(f"initial_{what}", shares.values())
            for name, share in shares.items():
                if share > 0.0 and name not in options:
                    yield f"initial_{what}: {name} has share {share:g} and is not in {what}_options"
