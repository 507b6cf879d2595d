"""The market: who is in it, what the month does to them, and the answer of one run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import mesa
import numpy as np
from pydantic import TypeAdapter

import colend
from colend.agents import Borrower, Borrowers, CityBank, ConsumerFinanceCompany, MesaModel, Platform, RuralBank
from colend.compilation import check_engine
from colend.counterfactual import FishingTest
from colend.measures import collect_fishing, collect_run
from colend.month import MONTH
from colend.month.borrowers import borrowers, borrowers_each
from colend.month.founding import found_world
from colend.month.record import close, record
from colend.scenario.given import whole
from colend.scenario.parameters import Parameters
from colend.scenario.setting import Setting
from colend.source import model_hash
from colend.state.saving import ANATOMY, SavedMarketError, read_head
from colend.state.world import World

FORMAT = 2  # of saved markets
FACES = ("world", "banks", "platforms", "borrowers", "borrower_type")  # made anew in a copy
_BANK_TYPES = (CityBank, RuralBank, ConsumerFinanceCompany)


class Market(MesaModel):
    """One market of platforms, banks and borrowers as a Mesa model; `step()` is one month, `run_model()` all of them.

    `setting` is an arm of a scenario at a sweep point (`scenario.arm(name)`; a scenario that has one arm and one point
    will do), `seed` numbers the replication (Mesa also calls it `rng`). Engine
    `columns` runs the borrowers' rule compiled over all rows (on `threads` threads); engine `objects` makes every
    borrower a registered Mesa agent that runs the same rule uncompiled. Both give the same books to the fen. In
    engine `columns` borrowers are not in `agents_by_type`: `market.borrowers[i]` makes a view of one when asked.
    `running` says whether months are left.
    """

    def __init__(
        self,
        setting: Any,
        seed: int = 0,
        engine: str = "columns",
        threads: int = 1,
        *,
        rng: int | None = None,
    ) -> None:
        check_engine(engine)
        seed, threads = whole("seed", seed if rng is None else rng, 0), whole("threads", threads, 1)
        self._begin(seed, engine)
        self._show(found_world(one_setting(setting), seed, threads))

    def _begin(self, seed: int, engine: str) -> None:
        """What a market is before it holds anything: a Mesa model."""
        super().__init__(seed)
        self.engine = engine
        self.refusals: np.recarray | None = None  # while borrowers step
        self._not_own = {*vars(self), *FACES, "_not_own"}

    def _show(self, world: World) -> None:
        """Hold a world, and make the Mesa faces of its tables' rows."""
        self.world = world
        self.banks = [_BANK_TYPES[kind](self, row) for row, kind in enumerate(world.banks.kind)]
        self.platforms = [Platform(self, row) for row in range(len(world.platforms))]
        self.borrowers = Borrowers(self)
        self.borrower_type = Borrower
        if self.engine == "objects":
            Borrower.create_agents(self, len(world.borrowers), list(range(len(world.borrowers))))
        self._peopled = True

    @property
    def setting(self) -> Setting:
        """What is simulated."""
        return self.world.setting

    @property
    def parameters(self) -> Parameters:
        """Every number of the scenario."""
        return self.world.parameters

    @property
    def seed(self) -> int:
        """The number of the replication."""
        return self.world.seed

    @property
    def month(self) -> int:
        """Months that are over."""
        return self.world.month

    @property
    def months(self) -> int:
        """Months of the run."""
        return self.world.months

    @property
    def date(self) -> str:
        """The month that comes as "2017-01"."""
        return self.world.date

    @property
    def history(self) -> list[dict[str, Any]]:
        """The measures of every month (`colend.measures.collect_month`)."""
        return self.world.history

    def fork(self) -> Market:
        """An exact copy that goes its own way: left alone, both have the same months to the last bit."""
        arrays: list[np.ndarray] = []
        told = self._state(arrays)
        twin = type(self).__new__(type(self))
        twin._begin(self.seed, self.engine)
        twin._revive(told, arrays, self.setting, self.seed, self.world.threads)
        twin.take_collector(self)
        return twin

    __copy__ = fork

    def __deepcopy__(self, memo: dict[int, Any]) -> Market:
        return self.fork()

    def __reduce__(self) -> tuple:
        """A pickle holds what a saved market does, and a data collector of one's own as it is."""
        arrays: list[np.ndarray] = []
        return _unpickled, (type(self), self._head(arrays), arrays, self.world.threads, self._collector)

    def save(self, path: str | Path) -> None:
        """Write the market to a file that `Market.load` goes on from; it appears whole or not at all.

        TypeError where it holds what a file cannot: agents or a data collector of one's own.
        """
        if self._collector is not None:
            raise TypeError("market.datacollector is one of your own: take its frames, set it to None, then save")
        arrays: list[np.ndarray] = []
        ANATOMY.write(Path(path), self._head(arrays), arrays)

    def _head(self, arrays: list[np.ndarray]) -> dict[str, Any]:
        """What a saved market says of itself; its arrays are appended to `arrays`."""
        return {
            "saved_market": FORMAT,
            "colend": colend.__version__,
            "source": model_hash(),
            "setting": TypeAdapter(Setting).dump_python(self.setting, mode="json"),
            "seed": self.seed,
            "engine": self.engine,
            "state": self._state(arrays),
        }

    @classmethod
    def load(cls, path: str | Path, threads: int = 1) -> Market:
        """The market that was saved to a file.

        SavedMarketError when the file is no saved market, is damaged, or was saved by another version of colend, whose
        next month would be another one; OSError when it cannot be read.
        """
        path = Path(path)
        head = read_head(path)
        cls._check(head, str(path))
        return cls._restored(head, ANATOMY.read_arrays(path, head), threads)

    @staticmethod
    def _check(head: dict[str, Any], what: str) -> None:
        """SavedMarketError when another version of colend saved it."""
        if head.get("saved_market") != FORMAT or head.get("source") != model_hash():
            raise SavedMarketError(
                f"{what} was saved by another version of colend ({head.get('colend', 'unknown')}; this is "
                f"{colend.__version__} with other source): run its scenario again with this one"
            )

    @classmethod
    def _restored(cls, head: dict[str, Any], arrays: list[np.ndarray], threads: int) -> Market:
        market = cls.__new__(cls)
        setting, seed = TypeAdapter(Setting).validate_python(head["setting"]), head["seed"]
        market._begin(seed, head["engine"])
        return market._revive(head["state"], arrays, setting, seed, threads)

    def _state(self, arrays: list[np.ndarray]) -> Any:
        """The world, what Mesa counts, and what the user hung on the market."""
        if self.strangers:
            raise TypeError(f"market.agents holds {', '.join(self.strangers)}: a copy cannot hold agents of your own")
        own = {name: value for name, value in vars(self).items() if name not in self._not_own}
        counted = {name: vars(self)[name] for name in ("steps", "time", "running") if name in vars(self)}
        generators = [self.random.getstate(), self.rng.bit_generator.state]  # Mesa's, which no rule draws from
        held = {"world": self.world, "own": own, "mesa": counted, "generators": generators}
        return ANATOMY.take_apart(held, arrays, "market")

    def _revive(self, told: Any, arrays: list[np.ndarray], setting: Setting, seed: int, threads: int) -> Market:
        held = ANATOMY.put_together(told, arrays)
        state, self.rng.bit_generator.state = held["generators"]
        self.random.setstate(state)
        self.__dict__.update(held["own"] | held["mesa"])
        world: World = held["world"]
        world.setting, world.seed, world.threads = setting, seed, threads
        self._show(world)
        return self

    def dissolve(self) -> None:
        """Free everything. Mesa 3 numbers agents in a table of the class `Agent` that keeps every model alive for
        ever, and agents and model point at each other; a process that runs many markets would grow by each of them.
        """
        getattr(mesa.Agent, "_ids", {}).pop(self, None)
        self.__dict__.clear()

    def step(self) -> None:
        """One month of the run; RuntimeError when all of them are over."""
        if self.month >= self.months:
            self.steps = self.month  # Mesa has counted this one
            raise RuntimeError(f"the market's {self.months} months are over: `years` of its scenario says how many")
        self.live_month()

    def live_month(self, recorded: bool = True) -> None:
        """The steps of MONTH in their order; the fishing test, whose months may lie beyond the run, records none.

        In engine `objects` every borrower steps itself.
        """
        for step in MONTH:
            if step is borrowers and self.engine == "objects":
                borrowers_each(self.world, self._step_everyone)
            elif recorded or step is not record:
                step(self.world)
        self.world.month += 1
        if self.month >= self.months:
            self.running = False

    def _step_everyone(self, refusals: np.recarray) -> None:
        """Mesa has every borrower step, with room for what the lenders of its application leave behind."""
        agents, number = self.agents_by_type[Borrower], len(self.world.borrowers)
        if len(agents) != number:
            raise RuntimeError(f"{len(agents):,} of {number:,} borrowers would step: keep them all")
        self.refusals = refusals
        agents.do("step")
        self.refusals = None


def _unpickled(kind: type[Market], head: dict[str, Any], arrays: list[np.ndarray], threads: int, own: Any) -> Market:
    kind._check(head, "a pickled market")
    market = kind._restored(head, arrays, threads)
    market._collector = own
    return market


def one_setting(asked: Any) -> Setting:
    """The market to simulate; of a scenario its only one. ValueError where it has several, TypeError for else."""
    if hasattr(asked, "arms"):  # a scenario, whose reading is no part of a run
        if len(asked.arms) * len(asked.points) > 1:
            where = "scenario.arm(name, point)" if len(asked.points) > 1 else "scenario.arm(name)"
            raise ValueError(
                f"a market is of one arm: Market({where}); the arms are: {', '.join(map(repr, asked.arms))}"
            )
        return asked.arm(next(iter(asked.arms)))
    if not isinstance(asked, Setting):
        raise TypeError(f"{asked!r:.80} is no market's setting: Market(colend.load(...).arm(name))")
    return asked


def simulate(
    setting, seed: int, engine: str = "columns", threads: int = 1, on_month: Callable[[int], None] | None = None
) -> dict[str, dict[str, np.ndarray]]:
    """Run one market to its end; returns the tables of results as columns (see `colend.measures`).

    `on_month` is called with the number of months done after each.
    """
    market = Market(setting, seed, engine, threads)
    terms = market.setting.fishing_test
    test = FishingTest(market, terms) if terms else None
    for done in range(1, market.months + 1):
        if test is not None:
            test.before_month()
        market.step()
        if test is not None:
            test.after_month()
        if on_month is not None:
            on_month(done)
    close(market.world)
    tables = collect_run(market.world)
    if test is not None:
        found = collect_fishing(test.finish())
        tables = {**tables, "runs": {**tables["runs"], **found["runs"]}, "fishing": found["fishing"]}
    market.dissolve()
    return tables


def warm_up() -> None:
    """Compile everything that a run needs, or load it from the cache, on a market of a few people."""
    from colend.scenario.parameters import Parameters

    small = Parameters.model_validate({"population": {"borrowers": 50, "persons": 50_000}})
    simulate(Setting(small, years=2 / 12), 0)
