"""Step 2: alliances. What is due this month happens this month, so that a step that takes no time is no step."""

from __future__ import annotations

from colend.rules.adaptive import adapt
from colend.rules.alliance import (
    decide,
    draw_operations,
    integrate,
    meet,
    operate,
    part,
    review,
    start_pilots,
)
from colend.state.world import World


def pacts(world: World) -> None:
    """Part, revise choices, review, pilot, decide, integrate what exists; meet; the same for who just met; then this
    month's operations.
    """
    part(world)
    adapt(world)
    operate(world)
    review(world)
    go_on(world)
    meet(world)
    go_on(world)
    draw_operations(world)


def go_on(world: World) -> None:
    """From set-up to pilot, from pilot to signature, from signature to integration, from integration to operation."""
    start_pilots(world)
    decide(world)
    integrate(world)
    operate(world)
