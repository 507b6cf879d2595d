"""Effects by hand: the same banks in the arm and in its twin, one number a seed, intervals over seeds."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from colend.experiment.derived import _effects
from colend.experiment.effects import effects_of, parts_of
from colend.scenario.design import FishingTerms

ARM, TWIN = "arm", "without alliances"


def scenario():
    return SimpleNamespace(twins={ARM: TWIN}, seeds=[0, 1, 2], fishing_test=FishingTerms(share=0.5))


def tables(seed):
    """Three rural banks, of which 0 and 1 have a partner in the arm; nobody has one in the twin."""
    both = []
    for arm in (ARM, TWIN):
        mine = arm == ARM
        banks = pd.DataFrame(
            {"bank": [0, 1, 2], "kind": "rural", "month": 11, "operating_months": [20, 12, 11] if mine else 0}
        )
        banks["customers"] = np.array([30.0, 20.0, 9.0]) + seed if mine else np.array([10.0, 10.0, 9.0])
        banks["own_originations"], banks["precision"], banks["auc_mass"] = 1.0, 0.3 if mine else 0.2, 0.7
        early = banks.assign(month=5, customers=-1e9)  # a year's end before
        accounts = pd.DataFrame(
            {"party": ["bank"] * 3 + ["platform"], "number": [0, 1, 2, 0], "kind": ["rural"] * 3 + ["platform"]}
        )
        accounts["profit"], accounts["value"] = [5.0, 7.0, 1.0, 99.0] if mine else [1.0, 1.0, 1.0, 0.0], 0.0
        fishing = pd.DataFrame({"bank": [0, 1, 2], "kind": "rural", "partnered": [1, 1, 0] if mine else 0})
        fishing["own_alone"] = [60.0, 8.0, 5.0] if mine else [30.0, 4.0, 5.0]
        fishing["lent_together"] = [100.0, 20.0, 5.0] if mine else [30.0, 4.0, 5.0]
        fishing["index"] = fishing["own_alone"] / fishing["lent_together"]
        fishing["customers"] = [20.0, 8.0, 9.0] if mine else [10.0, 0.0, 9.0]
        fishing["loss_rate_alone"] = 0.02
        fishing["auc"], fishing["auc_goal"] = [0.72, 0.68, 0.6] if mine else 0.69, 0.70 if mine else np.nan
        fishing["surplus_alone"] = [1.0, 1.0, 1.0]
        fishing["first_gate"] = (fishing["index"] >= 0.5) * 1.0
        fishing["second_gate"] = (fishing["auc"] >= 0.70) * 1.0
        fishing["learned"] = fishing["first_gate"] * fishing["second_gate"]
        parts = {"banks": pd.concat([early, banks]), "accounts": accounts, "fishing": fishing}
        both.append({name: rows.assign(arm=arm, seed=seed, point="") for name, rows in parts.items()})
    return both


@pytest.fixture(scope="module")
def found():
    parts = [one for seed in range(3) for one in tables(seed)]
    joined = {name: pd.concat([one[name] for one in parts], ignore_index=True) for name in parts[0]}
    (frame,) = parts_of(lambda table, point: joined[table], scenario(), [""], 1.0)
    return frame.set_index(["kind", "group", "measure"])


def test_means_are_over_the_same_banks_in_both(found):
    row = found.loc[("rural", "partnered", "profit")]
    assert (row["banks"], row["level"], row["twin"], row["difference"], row["pairs"]) == (2.0, 6.0, 1.0, 5.0, 3)
    assert row["low"] == row["high"] == 5.0
    others = found.loc[("rural", "others", "profit")]
    assert (others["banks"], others["difference"]) == (1.0, 0.0)


def test_intervals_are_over_seeds(found):
    """Customers: 25 + seed against 10, so 15, 16, 17 over three seeds: 16 +- 4.302653 / sqrt(3)."""
    row = found.loc[("rural", "partnered", "customers")]
    assert row["difference"] == pytest.approx(16.0)
    assert (row["high"] - row["low"]) / 2.0 == pytest.approx(2.484138, abs=1e-5)


def test_the_index_is_of_sums_and_splits_into_customers_and_skill(found):
    """Alone 68 of 120 in the arm, 34 of 120 in the twin. Bank 0 has twice the twin's customers: 60 of its 60 by them;
    bank 1 had none, so that all of its change is by customers."""
    index, customers, skill = (
        found.loc[("rural", "partnered", name)] for name in ("index", "index_by_customers", "index_by_skill")
    )
    assert index["level"] == pytest.approx(68 / 120)
    assert index["twin"] == pytest.approx(34 / 120)
    assert customers["difference"] == pytest.approx((60 - 30 + 8 - 4) / 120)
    assert skill["difference"] == pytest.approx(0.0)
    assert customers["difference"] + skill["difference"] == pytest.approx(index["difference"])


def test_the_twin_is_asked_the_gates_of_the_arm(found):
    """Bank 0 passes both (0.6, AUC .72 of .70), bank 1 neither; the twin's would lend 0.3 and 0.2 of the arm's lending,
    and reach .69 of .70."""
    for name, level in (("first_gate", 0.5), ("second_gate", 0.5), ("learned", 0.5)):
        row = found.loc[("rural", "partnered", name)]
        assert (row["level"], row["twin"]) == (level, 0.0), name


def test_without_twins_or_tables_there_are_no_effects():
    alone = scenario()
    alone.twins = {}
    assert list(parts_of(lambda table, point: 1 / 0, alone, [""], 1.0)) == []
    assert list(parts_of(lambda table, point: pd.DataFrame(), scenario(), [""], 1.0)) == []


def test_who_asks_for_effects_of_a_seed_is_told_that_there_are_none():
    said = "no column of the effects, which are over all seeds, 'seed'; there are: 'arm', 'point', 'kind', 'group'"
    with pytest.raises(KeyError, match=said):
        next(_effects(Path("nowhere"), scenario(), None, seed=[0]))


def test_every_effect_is_declared_once():
    names = [one.name for one in effects_of(0.5)]
    assert len(set(names)) == len(names)
