"""One run: a world, lived month by month to its end, and the tables of what came of it.

No run needs Mesa, whose import takes as long as all else that a worker does before its first one. Who works with agents
has them in `Market`, which is imported when first asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np

from colend.compilation import check_engine
from colend.counterfactual import FishingTest
from colend.measures import collect_fishing, collect_run
from colend.month import live_month
from colend.month.founding import found_world
from colend.month.record import close
from colend.scenario.given import whole
from colend.scenario.parameters import Parameters
from colend.scenario.setting import Setting, one_setting
from colend.state.world import World


def __getattr__(name: str) -> Any:
    if name != "Market":
        raise AttributeError(f"module 'colend.market' has no attribute {name!r}")
    from colend.agents.market import Market

    return Market


def simulate(
    setting: Any, seed: int, engine: str = "columns", threads: int = 1, on_month: Callable[[int], None] | None = None
) -> dict[str, dict[str, np.ndarray]]:
    """Run one market to its end; returns the tables of results as columns (see `colend.measures`).

    `setting`, `seed`, `engine` and `threads` are what `Market` takes; `on_month` is called with the number of months
    done after each.
    """
    check_engine(engine)
    world = found_world(one_setting(setting), whole("seed", seed, 0), whole("threads", threads, 1))
    lived = partial(living, engine=engine)
    terms = world.setting.fishing_test
    test = FishingTest(world, terms, lived) if terms else None
    with lived(world) as live:
        for done in range(1, world.months + 1):
            if test is not None:
                test.before_month()
            live()
            if test is not None:
                test.after_month()
            if on_month is not None:
                on_month(done)
    close(world)
    tables = collect_run(world)
    if test is not None:
        found = collect_fishing(test.finish())
        tables = {**tables, "runs": {**tables["runs"], **found["runs"]}, "fishing": found["fishing"]}
    return tables


@contextmanager
def living(world: World, engine: str) -> Iterator[Callable[..., None]]:
    """How a month of a world is lived (`live_month`); in engine `objects` by a market whose borrowers are agents."""
    if engine == "columns":
        yield partial(live_month, world)
        return
    from colend.agents.market import Market

    market = Market.of(world, engine)
    try:
        yield market.live_month
    finally:
        market.dissolve()


def warm_up() -> None:
    """Compile everything that a run needs, or load it from the cache, on a market of a few people."""
    small = Parameters.model_validate({"population": {"borrowers": 50, "persons": 50_000}})
    simulate(Setting(small, years=2 / 12), 0)
