"""What alliances did to the banks that have them: every arm beside its twin, bank by bank, the same banks in both.

Banks that find partners are not drawn by lot. The same bank is therefore looked at in the arm and in the twin, the
market without alliances on the same draws; means are over the banks of a kind that stand before the gates in the arm
(the average effect on the treated) and over those that do not, one number a seed, and intervals over seeds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from colend.experiment.statistics import interval
from colend.measures.declaration import ratio
from colend.measures.gates import GATED, GROUPS, partnered
from colend.scenario.design import Scenario

COLUMNS = ("arm", "point", "kind", "group", "measure", "banks", "level", "twin", "difference", "low", "high", "pairs")
SOURCES = ("banks", "accounts", "fishing")  # tables that it is made of, so far as they were recorded

OF = "lent_together"  # what an index is of


class Effect(NamedTuple):
    """A quantity of a bank: unit, meaning, and how the bank's rows in the arm and in the twin give its two values."""

    name: str
    table: str
    unit: str
    meaning: str
    take: Callable[[Any, Any], tuple[Any, Any]]  # data frames with a row a bank; the twin's is missing where undefined
    weight: str = ""  # column of the arm's by which banks count: sums before dividing; none: each counts alike


def _same(column: str) -> Callable[[Any, Any], tuple[Any, Any]]:
    return lambda mine, twin: (mine[column].to_numpy(float), twin[column].to_numpy(float))


def _index(mine: Any, twin: Any) -> tuple[Any, Any]:
    """Both over what the bank lends with its platforms: the twin's is what it would lend had it never met any."""
    index = mine["index"].to_numpy(float)
    return index, np.where(np.isnan(index), np.nan, ratio(twin["own_alone"], mine["lent_together"]))


def _customers(mine: Any, twin: Any) -> tuple[Any, Any]:
    """Of the index's change: customers beyond the twin's, at what the twin lends a customer; all if it has none."""
    (index, without), customers = _index(mine, twin), twin["customers"].to_numpy(float)
    return np.where(customers > 0.0, without * ratio(mine["customers"], customers), index), without


def _skill(mine: Any, twin: Any) -> tuple[Any, Any]:
    """The rest: what it lends a customer alone, more or less than the twin does."""
    return _index(mine, twin)[0], _customers(mine, twin)[0]


def _first(share: float) -> Callable[[Any, Any], tuple[Any, Any]]:
    def take(mine: Any, twin: Any) -> tuple[Any, Any]:
        index, without = _index(mine, twin)
        return mine["first_gate"].to_numpy(float), np.where(np.isnan(index), np.nan, without >= share)

    return take


def _second(mine: Any, twin: Any) -> tuple[Any, Any]:
    """The twin's against the goal that the arm's platforms set."""
    passed = mine["second_gate"].to_numpy(float)
    without = (twin["auc"].to_numpy(float) >= mine["auc_goal"].to_numpy(float)) & (twin["surplus_alone"] >= 0.0)
    return passed, np.where(np.isnan(passed), np.nan, without)


def _both(share: float) -> Callable[[Any, Any], tuple[Any, Any]]:
    def take(mine: Any, twin: Any) -> tuple[Any, Any]:
        (_, first), (_, second) = _first(share)(mine, twin), _second(mine, twin)
        return mine["learned"].to_numpy(float), first * second

    return take


def effects_of(share: float) -> tuple[Effect, ...]:
    """Every effect; `share` is the index from which the first gate is passed."""
    return (
        Effect("profit", "accounts", "yuan", "Profit after tax over the run", _same("profit")),
        Effect("value", "accounts", "yuan", "That profit, discounted to the run's start", _same("value")),
        Effect("customers", "banks", "persons", "Own customers at the end", _same("customers")),
        Effect("own_lent", "banks", "yuan", "Lent by its own channel, last 12 months", _same("own_originations")),
        Effect("precision", "banks", "precision", "Precision of its own screening at the end", _same("precision")),
        Effect("auc", "banks", "AUC", "AUC of its own screening at the end, mass applicants", _same("auc_mass")),
        Effect("lent_alone", "fishing", "yuan", "Lent once platforms stopped, over the test", _same("own_alone")),
        Effect("loss_rate_alone", "fishing", "rate a year", "Charge-offs of that", _same("loss_rate_alone")),
        Effect("index", "fishing", "share", "That, over what it lends with its platforms", _index, OF),
        Effect("index_by_customers", "fishing", "share", "Of its change, what more customers bring", _customers, OF),
        Effect("index_by_skill", "fishing", "share", "The rest: what it lends a customer alone", _skill, OF),
        Effect("first_gate", "fishing", "share", "Passed the first gate", _first(share)),
        Effect("second_gate", "fishing", "share", "Passed the second gate", _second),
        Effect("learned", "fishing", "share", "Learned to fish: passed both", _both(share)),
    )


def effects(read: Callable[[str], Any], scenario: Scenario, point: str, widening: float) -> Any:
    """A data frame with COLUMNS at a sweep point; `read(table)` gives its rows there. Empty without twins."""
    import pandas as pd

    share = scenario.fishing_test.share if scenario.fishing_test else 0.0
    declared, rows = effects_of(share), []
    by_run = {table: _by_run(read(table), table) for table in SOURCES}
    for arm, twin in scenario.twins.items():
        for kind in GATED:
            for group in GROUPS:
                for one in declared:
                    found = by_run[one.table]
                    seeds = [seed for seed in scenario.seeds if (arm, seed) in found and (twin, seed) in found]
                    of_seeds = [_of_seed(found[arm, seed], found[twin, seed], one, kind, group) for seed in seeds]
                    if numbers := _over_seeds(of_seeds, widening):
                        rows.append((arm, point, kind, group, one.name, *numbers))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _by_run(frame: Any, table: str) -> dict[tuple[str, int], Any]:
    """Banks' rows of every arm and seed, by bank: at the run's end, where there are several."""
    if not len(frame):
        return {}
    if table == "banks":
        frame = frame[frame["month"] == frame["month"].max()]
    if table == "accounts":
        frame = frame[frame["party"] == "bank"].rename(columns={"number": "bank"})
    return {key: rows.set_index("bank").sort_index() for key, rows in frame.groupby(["arm", "seed"], sort=False)}


def _of_seed(mine: Any, twin: Any, effect: Effect, kind: str, group: str) -> tuple[float, float, float]:
    """Banks in the group, and the means over them of the arm's and the twin's values, over banks that have both."""
    chosen = (mine["kind"] == kind) & (mine["standing"] == (group == "partnered"))
    mine = mine[chosen.to_numpy()]
    here, there = (np.asarray(values, dtype=np.float64) for values in effect.take(mine, twin.loc[mine.index]))
    known = np.isfinite(here) & np.isfinite(there)
    if not known.any():
        return float(len(mine)), np.nan, np.nan
    weights = mine[effect.weight].to_numpy(float)[known] if effect.weight else None
    level, without = (float(np.average(values[known], weights=weights)) for values in (here, there))
    return float(known.sum()), level, without


def _over_seeds(of_seeds: Sequence[tuple[float, float, float]], widening: float) -> tuple[float, ...]:
    """COLUMNS from `banks` on; nothing where no seed has such banks."""
    banks, level, twin = np.array(of_seeds, dtype=np.float64).reshape(-1, 3).T
    known = np.isfinite(level)
    if not known.any():
        return ()
    mean, low, high = interval((level - twin)[known], widening)
    number = int(known.sum())
    return banks[known].mean(), level[known].mean(), twin[known].mean(), float(mean), float(low), float(high), number


def parts_of(
    read: Callable[[str, str], Any], scenario: Scenario, points: Sequence[str], widening: float
) -> Iterator[Any]:
    """The table point by point; nothing where there is no twin, or nothing that it is made of was recorded."""
    for point in points if scenario.twins else ():
        tables = {table: read(table, point) for table in SOURCES}
        if "banks" not in tables or not len(tables["banks"]):
            continue
        yield effects(_with_standing(tables).__getitem__, scenario, point, widening)


def _with_standing(tables: dict[str, Any]) -> dict[str, Any]:
    """Each table with `standing`: whether the bank stands before the gates; of accounts, as at the run's end."""
    banks = tables["banks"]
    banks = banks.assign(standing=partnered(banks["operating_months"].to_numpy()))
    last = banks[banks["month"] == banks["month"].max()][["arm", "seed", "bank", "standing"]]
    result = {"banks": banks, "accounts": tables["accounts"], "fishing": tables["fishing"]}
    if len(tables["accounts"]):
        accounts = tables["accounts"]
        accounts = accounts[accounts["party"] == "bank"]
        result["accounts"] = accounts.merge(last.rename(columns={"bank": "number"}), on=["arm", "seed", "number"])
    if len(tables["fishing"]):
        result["fishing"] = tables["fishing"].assign(standing=tables["fishing"]["partnered"] == 1)
    return result
