"""Measures of the gates: of banks that stand before them, beside those that do not, by kind."""

import itertools
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from colend.market import simulate
from colend.measures import MEASURES
from colend.measures.counts import COUNT, MONTHS_BEFORE, count_banks
from colend.measures.gates import members, own_share, standing
from colend.measures.views import RunView
from colend.scenario.design import FishingTerms, Record, Setting
from colend.scenario.parameters import KINDS
from colend.state.tables import BANK, table

CITY, RURAL, COMPANY = map(KINDS.index, ("city", "rural", "consumer_finance"))


@pytest.fixture(scope="module")
def tables(make_setting):
    """A small market over two and a half years with a test at its end, every alliance's life kept."""
    setting = make_setting(years=2.5, platforms__openness="technology", alliances__meeting_rate=0.1)
    record = Record(lives=1000)
    return simulate(replace(setting, record=record, fishing_test=FishingTerms(horizon_months=2)), 3)


@pytest.fixture
def view():
    """Six banks: two city and two rural, one of each with a year of operation; a company; a rural one a month short."""
    banks = table(BANK, 6)
    banks.kind = (CITY, CITY, RURAL, RURAL, COMPANY, RURAL)
    banks.operating_months = (30, 0, MONTHS_BEFORE, 0, 40, MONTHS_BEFORE - 1)
    banks.initial_precision = 0.2
    banks.precision = (0.4, 0.2, 0.3, 0.1, 0.9, 0.5)
    banks.initial_customers = (100.0, 50.0, 10.0, 20.0, 0.0, 20.0)
    customers = np.array([150.0, 50.0, 5.0, 30.0, 8.0, 30.0])
    month = {"own": np.arange(1.0, 7.0), "joint": np.full(6, 9.0)}
    history = [{"banks": {name: 100.0 * column for name, column in month.items()}}]
    history += [{"banks": month}] * 12  # the last twelve, without the one before
    count = table(COUNT, 1)[0]
    count_banks(banks, customers, np.stack([month["joint"], month["own"]]), 0.1, count)
    view = RunView(SimpleNamespace(banks=banks, history=history, platforms=(), contracts=None, alliances=None))
    view.counts = SimpleNamespace(of_banks=count.of_banks.tolist())
    return view


def taken(name, view):
    return next(one for one in MEASURES if one.table == "runs" and one.name == name).take(view)


def test_who_stands_before_the_gates(view):
    found = {
        (kind, group): list(np.flatnonzero(standing(view, kind, group)))
        for kind in ("city", "rural")
        for group in ("partnered", "others")
    }
    assert found == {
        ("city", "partnered"): [0],
        ("city", "others"): [1],
        ("rural", "partnered"): [2],
        ("rural", "others"): [3, 5],
    }


def test_gains_are_of_the_groups_banks_by_hand(view):
    assert taken("banks_partnered_rural", view) == 1.0
    assert taken("banks_others_rural", view) == 2.0
    assert taken("precision_gain_partnered_city", view) == pytest.approx(0.2)
    assert taken("precision_gain_partnered_rural", view) == pytest.approx(0.1)
    assert taken("precision_gain_others_rural", view) == pytest.approx((-0.1 + 0.3) / 2)
    assert taken("precision_gain_mean", view) == pytest.approx((0.2 + 0.0 + 0.1 - 0.1 + 0.3) / 5)  # no company
    assert taken("customers_change_partnered_city", view) == pytest.approx(0.5)
    assert taken("customers_change_others_rural", view) == pytest.approx(60.0 / 40.0 - 1.0)
    assert taken("own_share_partnered_rural", view) == pytest.approx(3.0 / (3.0 + 9.0))


def test_nobody_in_a_group_is_missing_not_zero(view):
    view.banks.operating_months[:] = 0
    view.counts.of_banks = [[others, [0.0] * len(others)] for others, _ in view.counts.of_banks]
    for name in ("precision_gain", "customers_change", "own_share"):
        assert np.isnan(taken(f"{name}_partnered_rural", view))
    assert taken("banks_partnered_rural", view) == 0.0
    assert np.isnan(own_share(view, "city", "partnered"))


def test_months_of_operation_are_those_of_the_alliances_lives(tables):
    lives, banks = tables["alliance_months"], tables["banks"]
    operating = lives["stage"] == "operating"
    for end in sorted(set(banks["month"])):
        last = banks["month"] == end
        months = {
            (bank, month)
            for bank, month in zip(lives["bank"][operating], lives["month"][operating], strict=True)
            if month <= end
        }
        expected = np.bincount([bank for bank, _ in months], minlength=last.sum())
        np.testing.assert_array_equal(banks["operating_months"][last], expected)


def test_a_runs_measures_are_those_of_its_banks_at_the_end(tables):
    banks = {name: column[tables["banks"]["month"] == 29] for name, column in tables["banks"].items()}
    runs, months = tables["runs"], tables["months"]
    kinds = np.array([KINDS.index(kind) for kind in banks["kind"]])
    gain = banks["precision"] - banks["initial_precision"]
    test, alone = tables["fishing"], []
    for kind, group in itertools.product(("city", "rural"), ("partnered", "others")):
        rows = members(kinds, banks["operating_months"], kind, group)
        assert runs[f"banks_{group}_{kind}"][0] == rows.sum()
        if not rows.any():
            alone.append((kind, group))
            continue
        assert runs[f"precision_gain_{group}_{kind}"][0] == pytest.approx(gain[rows].mean())
        assert months[f"precision_gain_{group}_{kind}"][-1] == runs[f"precision_gain_{group}_{kind}"][0]
        mine = np.isin(test["bank"], banks["bank"][rows])
        np.testing.assert_array_equal(test["partnered"][mine], group == "partnered")
        index = test["own_alone"][mine].sum() / test["lent_together"][mine].sum()
        assert runs[f"fishing_index_{group}_{kind}"][0] == pytest.approx(index)
    assert alone == [("city", "partnered")]
    assert np.isnan(months["precision_gain_partnered_rural"][0])


def test_without_partners_nobody_stands_before_the_gates(make_setting):
    runs = simulate(make_setting(years=1.5, alliances__meeting_rate=0.0), 3)["runs"]
    assert runs["banks_partnered_city"][0] == runs["banks_partnered_rural"][0] == 0.0
    assert np.isnan(runs["auc_gain_partnered_city"][0])
    assert np.isfinite(runs["auc_gain_others_city"][0])


def test_every_measure_of_a_run_says_over_whom_it_is_taken():
    assert [one.name for one in MEASURES if one.table == "runs" and not one.over] == []


def test_what_a_run_holds_does_not_hang_on_what_is_recorded(make_setting):
    setting = make_setting(years=1.25)
    lean = Record(months="none", banks="none", alliances=False, lives=0)
    whole, bare = (simulate(Setting(setting.parameters, years=1.25, record=one), 0)["runs"] for one in (Record(), lean))
    assert {name: value.tobytes() for name, value in whole.items()} == {n: v.tobytes() for n, v in bare.items()}
