"""Known limits of twins and of what is measured against them.

A twin is the market in which nobody meets. What acts through alliances alone changes nothing in it, not to the last
bit, so that one stands beside all arms that differ in nothing else; and what alliances do not do they are not said to.
"""

import dataclasses

import numpy as np
import pytest

from colend.experiment.effects import COLUMNS, effects_of
from colend.market import simulate
from colend.measures.accounts import PARTS
from colend.scenario.declarations import declarations
from colend.scenario.design import FishingTerms
from colend.scenario.twins import idle_alone

SEED = 3
APART = {"alliances__meeting_rate": 0.0}
# Another value of everything that a twin leaves out of its arm; whatever stands for itself is moved by a tenth.
OTHERS = {
    "alliances.sequencing": "cooperate_then_sign",
    "alliances.pilot_openness": "technology",
    "alliances.crowd": "forecast",
    "platforms.openness": "technology",
    "platforms.sequencing": "cooperate_then_sign",
    "platforms.opening_cost": {"traffic": 1e4, "customers": 1e5, "technology": 1e5},
    "banks.city.sequencing": "cooperate_then_sign",
    "banks.rural.sequencing": "cooperate_then_sign",
    "banks.consumer_finance.sequencing": "cooperate_then_sign",
}
# What shows the changed values themselves, and what would be expected of pacts.
NAMED = ("choosing", "opening", "openness", "sequencing", "over_expected")


def another(key):
    """A value that is not the default."""
    one = declarations()[key]
    if key in OTHERS:
        return OTHERS[key]
    value = one.default
    if isinstance(value, int):
        return value + 1
    return value * 0.9 if value else 0.01


def differing(one, other):
    return {
        f"{table}.{name}"
        for table, columns in one.items()
        for name, column in columns.items()
        if not np.array_equal(column, other[table][name], equal_nan=column.dtype.kind == "f")
    }


def test_what_a_twin_leaves_out_changes_nothing_without_alliances(make_setting, compare):
    """Every such parameter at another value at once, against the defaults, with a test at the end: all tables, bit by
    bit, but for columns that show who would choose what."""
    idle = [key for key in declarations() if idle_alone(key) and key != "alliances.meeting_rate"]
    assert len(idle) > 35
    changes = {key.replace(".", "__"): another(key) for key in idle}
    terms = FishingTerms(horizon_months=2)
    settings = [make_setting(years=1.5, **APART), make_setting(years=1.5, **changes | APART)]
    one, other = (simulate(dataclasses.replace(setting, fishing_test=terms), SEED) for setting in settings)
    differ = {name for name in differing(one, other) if not any(word in name for word in NAMED)}
    compare("what twins leave out, all at once: columns that differ", len(differ), 0.0, 0.0)


@pytest.mark.parametrize("key", ["alliances__discount_rate", "alliances__smoothing"])
def test_what_acts_without_alliances_is_the_twins_too(make_setting, key):
    """The other way round: the two of the group that own channels count by as well move a market without alliances."""
    assert not idle_alone(key.replace("__", "."))
    one = simulate(make_setting(years=1.5, **APART), SEED)
    assert differing(one, simulate(make_setting(years=1.5, **APART, **{key: 0.5}), SEED))


def test_pacts_that_never_operate_cost_what_they_cost_and_nothing_else(make_setting, compare):
    """Signed for prestige, never built as every application would cost 10,000 yuan; no tax, capital without end. Then
    each party's change of profit against the twin is what it spent on alliances, to the fen, and every other part 0."""
    kinds = ("city", "rural", "consumer_finance")
    rich = {f"banks__{kind}__equity": 1e12 for kind in kinds} | {"banks__tax_rate": 0.0, "banks__hurdle_slope": 0.0}
    paper = {"alliances__signing_prestige": 1e12, "alliances__application_cost": 10_000.0}
    arm, twin = (simulate(make_setting(years=2, **rich, **more), SEED) for more in (paper, APART))
    assert arm["runs"]["pacts_signed"][0] > 5
    assert arm["runs"]["operating_end"][0] == arm["runs"]["balance_joint_end"][0] == 0.0
    changes = {name: fen(arm["accounts"][name]) - fen(twin["accounts"][name]) for name, *_ in PARTS}
    others = sum(abs(change).sum() for name, change in changes.items() if name != "alliances")
    compare("pacts that never operate: fen of other parts that change", others, 0.0, 0.0)
    spent = np.zeros(len(arm["accounts"]["party"]), dtype=np.int64)
    banks = (arm["accounts"]["party"] == "bank").sum()
    alliances = arm["alliances"]
    np.add.at(spent, alliances["bank"], fen(alliances["bank_spent"]))
    np.add.at(spent, banks + alliances["platform"], fen(alliances["platform_spent"]))
    change = fen(arm["accounts"]["profit"]) - fen(twin["accounts"]["profit"])
    compare("… and fen by which profit changes otherwise than they cost", abs(change + spent).sum(), 0.0, 0.0)


def fen(yuan):
    return np.rint(np.asarray(yuan) * 100.0).astype(np.int64)


def test_an_arm_in_which_nobody_meets_differs_from_its_twin_by_nothing(make_setting, compare):
    """Every effect is exactly 0, or there is none: nobody has a partner, so that nobody stands before the gates."""
    import pandas as pd

    from colend.experiment.effects import parts_of
    from colend.scenario import load

    scenario = load({"years": 1.5, "twin": True, "seeds": 1, "base": {"alliances.meeting_rate": 0.0}})
    setting = dataclasses.replace(make_setting(years=1.5, **APART), fishing_test=FishingTerms(horizon_months=2))
    tables = simulate(setting, SEED)

    def read(table, point):
        rows = pd.DataFrame(tables[table])
        return pd.concat([rows.assign(arm=arm, seed=0, point=point) for arm in scenario.arms], ignore_index=True)

    (found,) = parts_of(read, scenario, [""], 1.0)
    assert list(found) == list(COLUMNS)
    assert set(found["group"]) == {"others"}
    assert {"value", "customers", "lent_alone", "auc"} <= set(found["measure"]) <= {e.name for e in effects_of(0.5)}
    compare("nobody meets: largest effect", found["difference"].abs().max(), 0.0, 0.0)
