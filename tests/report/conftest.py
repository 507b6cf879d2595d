"""Results to look at: real ones of small markets, joined as the store joins them."""

from dataclasses import replace
from types import SimpleNamespace

import pandas as pd
import pytest

from colend.experiment.content import KEYS
from colend.experiment.effects import parts_of
from colend.experiment.sensitivity import SHOWN, IncompleteDesignError, sensitivity
from colend.experiment.statistics import COMPARISON, comparison
from colend.market import simulate
from colend.scenario.design import FishingTerms, Record, Scenario, Setting
from colend.scenario.parameters import Parameters

FISHING = FishingTerms(horizon_months=3)
ARMS = {
    f"{sequencing} + {openness}": {"alliances": {"sequencing": sequencing}, "platforms": {"openness": openness}}
    for sequencing in ("sign_then_cooperate", "cooperate_then_sign")
    for openness in ("traffic", "technology")
}
ARMS["without alliances"] = {"alliances": {"meeting_rate": 0.0}}


def joined(parts):
    """Tables of runs, each (arm, seed, point, tables), one under the other with their keys."""
    frames: dict[str, list[pd.DataFrame]] = {}
    for arm, seed, point, tables in parts:
        for name, columns in tables.items():
            keys = pd.DataFrame(
                {"arm": arm, "seed": seed, "point": point}, index=range(len(next(iter(columns.values()))))
            )
            frames.setdefault(name, []).append(pd.concat([keys, pd.DataFrame(columns)], axis=1))
    return {name: pd.concat(tables, ignore_index=True) for name, tables in frames.items()}


class Tables(SimpleNamespace):
    """A result in memory: `scenario` and tables, asked as `colend.api.Result` is; `comparison` only to show others."""

    def frame(self, table, measures=None, numbers=COMPARISON[3:], **keys):
        """The part of a table that keys and measures choose."""
        found = vars(self).get(table)
        if table == "comparison":
            if found is None:
                names = [name for name in self.runs if name not in KEYS]
                found = comparison(self.runs, self.scenario.baseline, names)
            found = found if measures is None else found[found["measure"].isin(measures)]
            found = found[[*COMPARISON[:3], *numbers]]
        elif table == "effects":
            parts = list(parts_of(lambda name, _: self.frame(name), self.scenario, [""], 1.0))
            found = pd.concat(parts) if parts else pd.DataFrame(columns=["arm", "point"])
        elif table == "sensitivity":
            try:
                found = sensitivity([self.runs], self.scenario, SHOWN)
            except IncompleteDesignError:
                return pd.DataFrame()
        elif found is None:
            return pd.DataFrame()
        elif measures is not None:
            found = found[[name for name in found if name in KEYS or name in measures]]
        for name, wanted in keys.items():
            found = found[found[name].isin(wanted if isinstance(wanted, list) else [wanted])]
        return found.reset_index(drop=True)

    def parts(self, table, measures=None, **keys):
        """The same, whole."""
        yield self.frame(table, measures, **keys)

    def changed(self, **others):
        """The same with other tables or another scenario."""
        return Tables(**{**vars(self), **others})


def result_of(frames, arms, years, baseline=None, name="test", title="Which way round?"):
    """A result as the report sees one."""
    scenario = Scenario(
        name=name,
        title=title,
        question="",
        start="2017-01",
        years=years,
        arms={arm: {} for arm in arms},
        points=[{}],
        seeds=sorted(set(frames["runs"]["seed"])),
        baseline=baseline or arms[0],
        record=Record(),
    )
    return Tables(scenario=scenario, **frames)


@pytest.fixture(scope="session")
def simulated(make_setting):
    """simulated(arms, seeds, years, record): a result of a small market."""

    def make(arms, seeds=1, years=2.0, record=None, fishing=FISHING, **settings):
        parts = []
        for arm in arms:
            small = make_setting(**settings).parameters.model_dump()
            for group, values in ARMS.get(arm, {}).items():
                small[group] = small[group] | values
            parameters = Parameters.model_validate(small)
            setting = Setting(parameters, years=years, record=record or Record(), arm=arm, fishing_test=fishing)
            parts += [(arm, seed, "", simulate(setting, seed)) for seed in range(seeds)]
        return result_of(joined(parts), list(arms), years)

    return make


@pytest.fixture(scope="session")
def four_arms(simulated):
    """Two sequencings by two levels of openness, three seeds, three years."""
    return simulated(list(ARMS)[:4], seeds=3, years=3.0)


@pytest.fixture(scope="session")
def beside_twin(four_arms, simulated):
    """The same beside its market without alliances."""
    twin = simulated(["without alliances"], seeds=3, years=3.0)
    arms = list(four_arms.scenario.arms)
    scenario = replace(
        four_arms.scenario,
        arms={arm: {} for arm in [*arms, "without alliances"]},
        twins=dict.fromkeys(arms, "without alliances"),
        fishing_test=FISHING,
    )
    tables = ("runs", "months", "banks", "accounts", "fishing")
    joint = {name: pd.concat([vars(one)[name] for one in (four_arms, twin)], ignore_index=True) for name in tables}
    return four_arms.changed(scenario=scenario, **joint)


@pytest.fixture(scope="session")
def one_run(simulated):
    """One arm, one seed, two years."""
    return simulated(["base"], seeds=1, years=2.0)


@pytest.fixture(scope="session")
def as_tables():
    return Tables


@pytest.fixture(scope="session")
def as_result():
    return result_of
