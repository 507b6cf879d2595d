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
from colend.equations.default import solve_threshold
from colend.measures import collect_fishing, collect_run
from colend.month import MONTH
from colend.rules import outlook
from colend.rules.adaptive import first_choices
from colend.rules.alliance import found_pairs
from colend.rules.alliance_measures import terminal_values
from colend.rules.bank import Calibration, prepare_plans
from colend.rules.fishing import FishingTest
from colend.rules.founding import customer_shares, found_banks, found_borrowers, found_platforms
from colend.rules.regulation import Regime, Regulation, set_regulation
from colend.scenario.given import whole
from colend.scenario.setting import Setting
from colend.source import model_hash
from colend.state import snapshot, tables
from colend.state.books import Books, Flow, fen
from colend.state.saving import Anatomy, SavedMarketError, read_head
from colend.state.tables import ALLIANCE, CONTRACT, LENDER, NONE, OWN, lengthened, table

FORMAT = 1  # of saved markets
AGENTS = ("banks", "platforms", "borrowers", "borrower_type")  # faces of the state, made anew
_RECORDS = {
    f"{module.__name__}.{name}": value
    for module in (outlook, snapshot, tables)
    for name, value in vars(module).items()
    if isinstance(value, np.dtype)
}
ANATOMY = Anatomy(
    (Books, Calibration, outlook.Outlook, Regime, Regulation, snapshot.Routing, snapshot.Snapshot), _RECORDS
)
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
        self._begin(setting, seed if rng is None else rng, engine, threads)
        self.month = 0
        credit = self.parameters.credit
        self.default_threshold = np.array(
            [
                solve_threshold(rate, loading)
                for rate, loading in zip(
                    credit.annual_default_rate.as_array(), credit.default_loading.as_array(), strict=True
                )
            ]
        )
        self.history: list[dict] = []
        self.year_ends: list[dict] = []
        self.systematic_factor = 0.0
        self._found()
        self._show_agents()

    def _begin(self, setting: Any, seed: int, engine: str, threads: int) -> None:
        """What a market is before it holds anything: a Mesa model with a setting."""
        check_engine(engine)
        self.seed, self.threads = whole("seed", seed, 0), whole("threads", threads, 1)
        super().__init__(self.seed)
        self.setting = setting = one_setting(setting)
        self.parameters, self.engine = setting.parameters, engine
        self.refusals: np.recarray | None = None  # while borrowers step, what lenders of one application leave
        self.months, self.scale = setting.months, setting.scale
        self.monthly_discount = (1.0 + self.parameters.alliances.discount_rate) ** (-1.0 / 12.0)
        self._not_state = {*vars(self), *AGENTS, "_not_state"}

    def _found(self) -> None:
        """Everybody who is there before the first month."""
        self.banks_table = found_banks(self.parameters, self.seed)
        self.platforms_table = found_platforms(self.parameters, self.seed)
        first_choices(self)
        self.customer_shares = customer_shares(self.parameters, self.banks_table)
        self.borrowers_table = found_borrowers(self.parameters, self.seed, self.customer_shares)
        owners = self.borrowers_table.owner
        customers = np.bincount(owners[owners != NONE], minlength=len(self.banks_table))
        self.banks_table.initial_customers = customers * float(self.scale)
        self.books = Books(len(self.banks_table), len(self.platforms_table))
        equity = np.append(self.banks_table.equity, self.platforms_table.equity)
        self.books.post(self.books.shareholders, np.arange(len(equity)), fen(equity), Flow.OPENING_BALANCE)
        self.contracts, self.alliances = table(CONTRACT, 0), table(ALLIANCE, 0)
        for bank in range(len(self.banks_table)):
            self.open_contract(OWN, bank, NONE, NONE, 0, 1.0, 0.0, 0.0)
        self.lender_rows = np.array(
            [self.open_contract(LENDER, NONE, row, NONE, 0, 0.0, 0.0, 0.0) for row in range(len(self.platforms_table))]
        )
        self.pairs = found_pairs(self)
        self.regulation = Regulation()
        set_regulation(self)
        prepare_plans(self)

    def _show_agents(self) -> None:
        """The Mesa faces of the tables' rows."""
        self.banks = [_BANK_TYPES[kind](self, row) for row, kind in enumerate(self.banks_table.kind)]
        self.platforms = [Platform(self, row) for row in range(len(self.platforms_table))]
        self.borrowers = Borrowers(self)
        self.borrower_type = Borrower
        if self.engine == "objects":
            Borrower.create_agents(self, len(self.borrowers_table), list(range(len(self.borrowers_table))))
        self._peopled = True

    def fork(self) -> Market:
        """An exact copy that goes its own way: left alone, both have the same months to the last bit."""
        arrays: list[np.ndarray] = []
        told = self._state(arrays)
        twin = type(self).__new__(type(self))
        twin._begin(self.setting, self.seed, self.engine, self.threads)
        twin._revive(told, arrays)
        twin.take_collector(self)
        return twin

    __copy__ = fork

    def __deepcopy__(self, memo: dict[int, Any]) -> Market:
        return self.fork()

    def __reduce__(self) -> tuple:
        """A pickle holds what a saved market does, and a data collector of one's own as it is."""
        arrays: list[np.ndarray] = []
        return _unpickled, (type(self), self._head(arrays), arrays, self.threads, self._collector)

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
        market._begin(TypeAdapter(Setting).validate_python(head["setting"]), head["seed"], head["engine"], threads)
        return market._revive(head["state"], arrays)

    def _state(self, arrays: list[np.ndarray]) -> Any:
        if self.strangers:
            raise TypeError(f"market.agents holds {', '.join(self.strangers)}: a copy cannot hold agents of your own")
        held = {name: value for name, value in vars(self).items() if name not in self._not_state}
        held |= {name: vars(self)[name] for name in ("steps", "time", "running") if name in vars(self)}
        generators = [self.random.getstate(), self.rng.bit_generator.state]  # Mesa's, which no rule draws from
        return ANATOMY.take_apart(held | {"generators": generators}, arrays, "market")

    def _revive(self, told: Any, arrays: list[np.ndarray]) -> Market:
        held = ANATOMY.put_together(told, arrays)
        state, self.rng.bit_generator.state = held.pop("generators")
        self.random.setstate(state)
        self.__dict__.update(held)
        self._show_agents()
        return self

    def open_contract(
        self,
        kind: int,
        bank: int,
        platform: int,
        alliance: int,
        openness: int,
        funding_share: float,
        fee_rate: float,
        technology_fee: float,
    ) -> int:
        """Append a contract with its accounts; returns its row. Loans keep the contract they were made under."""
        row = len(self.contracts)
        self.contracts = lengthened(self.contracts)
        self.contracts[row] = (kind, bank, platform, alliance, openness, funding_share, fee_rate, technology_fee, 0)
        self.books.open_claims(bank, platform)
        return row

    @property
    def calendar_month(self) -> int:
        """1 for January."""
        return (int(self.setting.start[5:7]) - 1 + self.month) % 12 + 1

    @property
    def date(self) -> str:
        """The month as "2017-01"."""
        months = int(self.setting.start[:4]) * 12 + int(self.setting.start[5:7]) - 1 + self.month
        return f"{months // 12:04d}-{months % 12 + 1:02d}"

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

    def live_month(self) -> None:
        """The steps of MONTH in their order, also beyond the run's end, as the fishing test wants it."""
        for step in MONTH:
            step(self)
        self.month += 1
        if self.month >= self.months:
            self.running = False


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
    test = FishingTest(market) if setting.fishing_test else None
    for done in range(1, market.months + 1):
        if test is not None:
            test.before_month(market)
        market.step()
        if test is not None:
            test.after_month(market)
        if on_month is not None:
            on_month(done)
    terminal_values(market)
    tables = collect_run(market)
    if test is not None:
        test.finish(market)
        found = collect_fishing(test)
        tables = {**tables, "runs": {**tables["runs"], **found["runs"]}, "fishing": found["fishing"]}
    market.dissolve()
    return tables


def warm_up() -> None:
    """Compile everything that a run needs, or load it from the cache, on a market of a few people."""
    from colend.scenario.parameters import Parameters

    small = Parameters.model_validate({"population": {"borrowers": 50, "persons": 50_000}})
    simulate(Setting(small, years=2 / 12), 0)
