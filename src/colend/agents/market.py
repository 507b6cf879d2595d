"""The market as a Mesa model: a world, and faces of its tables' rows for who works with agents."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mesa
import numpy as np
from pydantic import TypeAdapter

import colend
from colend.agents.actors import BANK_TYPES, Bank, Platform
from colend.agents.borrowers import Borrower, Borrowers
from colend.agents.model import MesaModel
from colend.compilation import check_engine
from colend.month import live_month
from colend.month.founding import found_world
from colend.scenario.given import whole
from colend.scenario.parameters import KINDS, Parameters
from colend.scenario.setting import Setting, one_setting
from colend.source import model_hash
from colend.state.saving import ANATOMY, SavedMarketError, fork, read_head, revived
from colend.state.world import World

FORMAT = 2  # of saved markets
FACES = ("world", "banks", "platforms", "borrowers", "borrower_type")  # made anew in a copy


class Market(MesaModel):
    """One market of platforms, banks and borrowers as a Mesa model; `step()` is one month, `run_model()` all of them.

    `setting` is an arm of a scenario at a sweep point (`scenario.arm(name)`; a scenario that has one arm and one point
    will do), `seed` numbers the replication (Mesa also calls it `rng`). Engine
    `columns` runs the loops of a month compiled (over borrowers on `threads` threads); engine `objects` makes every
    borrower a registered Mesa agent and runs the same source uncompiled. Both give the same world to the bit. In
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
        self.banks = [BANK_TYPES.get(KINDS[kind], Bank)(self, row) for row, kind in enumerate(world.banks.kind)]
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

    @classmethod
    def of(cls, world: World, engine: str = "columns") -> Market:
        """A market that shows this world; what happens in one happens in the other."""
        market = cls.__new__(cls)
        market._begin(world.seed, engine)
        market._show(world)
        return market

    def fork(self) -> Market:
        """An exact copy that goes its own way: left alone, both have the same months to the last bit."""
        arrays: list[np.ndarray] = []
        own = self._own(arrays)
        twin = self.of(fork(self.world), self.engine)._take(own, arrays)
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
            "own": self._own(arrays),
            "world": ANATOMY.take_apart(self.world, arrays, "market"),
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
        setting = TypeAdapter(Setting).validate_python(head["setting"])
        world = revived(head["world"], arrays, setting, head["seed"], threads)
        return cls.of(world, head["engine"])._take(head["own"], arrays)

    def _own(self, arrays: list[np.ndarray]) -> Any:
        """What a market has beside its world: what the user hung on it, what Mesa counts, Mesa's generators."""
        if self.strangers:
            raise TypeError(f"market.agents holds {', '.join(self.strangers)}: a copy cannot hold agents of your own")
        own = {name: value for name, value in vars(self).items() if name not in self._not_own}
        own |= {name: vars(self)[name] for name in ("steps", "time", "running") if name in vars(self)}
        generators = [self.random.getstate(), self.rng.bit_generator.state]  # which no rule draws from
        return [ANATOMY.take_apart(one, arrays, "market") for one in (own, *generators)]

    def _take(self, told: Any, arrays: list[np.ndarray]) -> Market:
        """Have what another market had beside its world."""
        own, state, self.rng.bit_generator.state = (ANATOMY.put_together(one, arrays) for one in told)
        self.random.setstate(state)
        self.__dict__.update(own)
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
        """A month (`colend.month.live_month`), be it beyond the run; in engine `objects` plain source."""
        live_month(self.world, recorded, self._step_everyone if self.engine == "objects" else None)
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
