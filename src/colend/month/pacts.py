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


def pacts(market) -> None:
    """Part, revise choices, review, pilot, decide, integrate what exists; meet; the same for who just met; then this
    month's operations.
    """
    part(market)
    adapt(market)
    operate(market)
    review(market)
    go_on(market)
    meet(market)
    go_on(market)
    draw_operations(market)


def go_on(market) -> None:
    """From set-up to pilot, from pilot to signature, from signature to integration, from integration to operation."""
    start_pilots(market)
    decide(market)
    integrate(market)
    operate(market)
