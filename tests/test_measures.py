"""Measures: declared once, defined by sums that agree with each other and with the books."""

import itertools
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from colend.market import Market, simulate
from colend.measures import MEASURES, UNITS, collect_run
from colend.measures.alliances import lives_kept
from colend.measures.declaration import mean, middle, ratio
from colend.measures.months import default_rate
from colend.scenario.declarations import declarations
from colend.scenario.design import FishingTerms, Record, Setting
from colend.scenario.parameters import KINDS, SEGMENTS
from colend.scenario.tables import TABLES
from colend.state.tables import ALLIANCE, NONE, table


@pytest.fixture(scope="module")
def market(make_setting):
    """A small market at the end of two and a half years, with technology open and pilots first."""
    setting = make_setting(
        years=2.5, alliances__sequencing="cooperate_then_sign", platforms__openness="technology", credit__thin_view=0.9
    )
    market = Market(setting, seed=3)
    for _ in range(market.months):
        market.step()
    return market


@pytest.fixture(scope="module")
def tables(market):
    return collect_run(market.world)


@pytest.fixture(scope="module")
def tables_with_test(market):
    """Of the same run with a fishing test at its end."""
    return simulate(replace(market.setting, fishing_test=FishingTerms(horizon_months=2)), market.seed)


def test_every_measure_is_declared_once_with_a_unit_and_a_meaning():
    assert len({(one.table, one.name) for one in MEASURES}) == len(MEASURES)
    for one in MEASURES:
        assert one.table in TABLES
        assert one.unit in UNITS
        assert not one.meaning[0].islower(), one
        assert not one.meaning.endswith("."), one
        assert one.name.isidentifier()


def test_a_run_gives_every_declared_column_in_order_and_no_other(tables_with_test):
    for name in TABLES:
        assert list(tables_with_test[name]) == [one.name for one in MEASURES if one.table == name]
        assert len({len(column) for column in tables_with_test[name].values()}) == 1


def test_columns_are_of_one_type_whatever_happened(make_setting, tables_with_test):
    empty = simulate(make_setting(years=1 / 12, alliances__meeting_rate=0.0), seed=3)
    assert not len(empty["alliances"]["alliance"])
    for name, columns in empty.items():  # a results file has one type a column, and hashes are over what it gives back
        types = {column: values.dtype.kind for column, values in columns.items()}
        assert types == {column: tables_with_test[name][column].dtype.kind for column in types}


def test_what_banks_earn_and_pay_adds_up_to_their_profit(tables):
    months = tables["months"]
    earned = months["bank_interest_joint"] + months["bank_interest_own"]
    costs = ("fees_paid", "credit_losses", "funding_cost", "operating_cost", "alliance_cost", "touchpoint_cost")
    paid = sum(months[f"bank_{name}"] for name in (*costs, "learning_cost", "tax"))
    np.testing.assert_allclose(earned - paid, months["bank_profit"], atol=1.0)


def test_what_platforms_earn_and_pay_adds_up_to_their_profit(tables):
    months = tables["months"]
    earned = sum(months[f"platform_{name}"] for name in ("fees", "technology_fees", "interest"))
    costs = ("credit_losses", "funding_cost", "operating_cost", "alliance_cost", "tax")
    paid = sum(months[f"platform_{name}"] for name in costs)
    np.testing.assert_allclose(earned - paid, months["platform_profit"], atol=1.0)


def test_fees_that_banks_pay_are_the_fees_that_platforms_get(tables):
    months = tables["months"]
    got = months["platform_fees"] + months["platform_technology_fees"]
    np.testing.assert_allclose(months["bank_fees_paid"], got, atol=0.01)


@pytest.mark.parametrize("channel", ["joint", "own", "platform"])
def test_loss_rates_are_charge_offs_over_last_months_balance(tables, channel):
    months = tables["months"]
    opening = np.append(0.0, months[f"balance_{channel}"][:-1])
    with np.errstate(invalid="ignore", divide="ignore"):
        expected = np.where(opening > 0.0, 12.0 * months[f"losses_{channel}"] / opening, np.nan)
    np.testing.assert_allclose(months[f"loss_rate_{channel}"], expected, rtol=1e-9)
    if channel != "platform":
        whole = 12.0 * months[f"losses_{channel}"].sum() / opening.sum()
        assert tables["runs"][f"loss_rate_{channel}"][0] == pytest.approx(whole)


def test_a_rate_without_anything_to_take_it_of_is_missing_not_zero(tables):
    assert np.isnan(tables["months"]["loss_rate_joint"][0])  # nothing was owed before the first month
    assert np.isnan(tables["months"]["dormant_share"][0])  # nothing is signed while pilots run
    assert np.isnan(ratio(1.0, 0.0))
    assert np.isnan(ratio(np.array([1.0, 0.0]), 0.0)).all()
    assert np.isnan(mean([]))
    assert np.isnan(middle([np.nan]))


def test_percentiles_are_numpys():
    values = np.random.default_rng(0).normal(size=37)
    for percent in (0.0, 25.0, 50.0, 75.0, 99.0, 100.0):
        assert middle(values, percent) == pytest.approx(np.percentile(values, percent), rel=1e-12)


def test_the_mean_rate_of_loans_at_one_rate_is_that_rate(make_setting):
    """A loan's rate x fen is rounded to a whole number: an error of 0.5 / (1300 x fen), under 1e-8 from 400 yuan on."""
    segments = dict.fromkeys(SEGMENTS, 0.13)
    months = simulate(make_setting(years=0.5, credit__posted_rate=segments, credit__own_discount=0.0), 0)["months"]
    np.testing.assert_allclose(months["mean_rate"], 0.13, rtol=1e-8)


def test_default_rate_by_hand():
    """3 defaults among 100 loans in a month: 1 - 0.97^12 = 0.30616 a year."""
    view = SimpleNamespace(of_segments={"defaults": [0, 3, 0], "loan_months": [0, 100, 0]})
    assert default_rate(view, 1) == pytest.approx(0.30616, abs=1e-5)
    assert np.isnan(default_rate(view, 0))


def test_applications_get_an_offer_or_not(tables):
    months = tables["months"]
    assert (months["offers"] <= months["applications"]).all()
    rates = np.array([months[f"approval_rate_{segment}"] for segment in SEGMENTS])
    assert ((rates >= 0.0) & (rates <= 1.0)).all()
    np.testing.assert_allclose(months["approval_rate"], months["offers"] / months["applications"])
    assert tables["runs"]["approval_rate"][0] == pytest.approx(months["offers"].sum() / months["applications"].sum())


def test_persons_in_regions_are_the_population_and_their_loans_the_months(market, tables):
    regions, months = tables["regions"], tables["months"]
    ends = sorted(set(regions["month"]))
    assert ends == [11, 23, 29]
    scale = market.world.scale
    for month in ends:
        now = regions["month"] == month
        assert regions["persons"][now].sum() == len(market.world.borrowers) * scale
        for segment in SEGMENTS:
            served = regions["served"][now & (regions["segment"] == segment)].sum()
            assert served == months[f"served_{segment}"][month]
        balance = sum(months[f"balance_{channel}"][month] for channel in ("joint", "own", "platform"))
        assert regions["balance"][now].sum() == pytest.approx(balance, rel=1e-12)
        of_banks = tables["banks"]["customers"][tables["banks"]["month"] == month].sum()
        assert regions["customers"][now].sum() == of_banks
        assert of_banks == sum(months[f"customers_{kind}"][month] for kind in KINDS)


def test_a_years_rows_are_the_sums_of_its_months(tables):
    months, banks, platforms = tables["months"], tables["banks"], tables["platforms"]
    for end in (11, 23, 29):
        year = slice(max(0, end - 11), end + 1)
        last = banks["month"] == end
        assert banks["own_originations"][last].sum() == pytest.approx(months["originations_own"][year].sum(), rel=1e-9)
        assert banks["profit"][last].sum() == pytest.approx(months["bank_profit"][year].sum(), rel=1e-9)
        part = banks["joint_originations"][last].sum() / months["originations_joint"][year].sum()
        assert part == pytest.approx(0.75, abs=1e-6)  # the banks' funding share
        fees = platforms["fees"][platforms["month"] == end].sum()
        assert fees == pytest.approx(months["platform_fees"][year].sum(), rel=1e-9)


def test_balances_of_banks_are_their_claims(market, tables):
    banks = tables["banks"]
    last = banks["month"] == 29
    np.testing.assert_allclose(
        banks["joint_balance"][last] + banks["own_balance"][last], market.world.banks.consumer_loans, atol=0.01
    )
    assert (banks["joint_balance"] >= 0.0).all()


def test_alliances_by_stage_agree_with_their_table(tables):
    months, alliances = tables["months"], tables["alliances"]
    names = {"operating": ["operating"], "dormant": ["dormant"], "integrating": ["integrating"], "signed": ["signed"]}
    for name, stages in (names | {"pilot": ["pilot", "pilot_setup"], "ended": ["ended"]}).items():
        assert months[f"alliances_{name}"][-1] == np.isin(alliances["stage"], stages).sum()
    assert months["meetings"].sum() == len(alliances["alliance"])
    assert months["pacts_signed"].sum() == np.isfinite(alliances["signed"]).sum()
    assert months["pilots_started"].sum() == np.isfinite(alliances["pilot_started"]).sum()


def test_months_of_an_alliances_life_come_in_order_and_not_after_the_run(tables):
    alliances = tables["alliances"]
    order = ("met", "pilot_started", "signed", "integration_started", "operating_since")
    for earlier, later in itertools.pairwise(order):
        both = np.isfinite(alliances[earlier]) & np.isfinite(alliances[later])
        assert (alliances[earlier][both] <= alliances[later][both]).all()
    for name in (*order, "first_loan", "first_dormant", "ended"):
        assert not (alliances[name] >= 30).any()


def test_stages_of_an_alliance_are_those_that_each_month_saw(tables):
    """Against the months' counts, the months' lives and the months dormant."""
    months, alliances, lives = tables["months"], tables["alliances"], tables["alliance_months"]
    seen = np.full((len(alliances["stages"]), len(months["month"])), "", dtype="<U12")
    for row, (met, stages) in enumerate(zip(alliances["met"].astype(int), alliances["stages"], strict=True)):
        lived = [name for spell in stages.split(", ") if spell for name in [spell.split()[0]] * int(spell.split()[1])]
        seen[row, met : met + len(lived)] = lived
    for name in ("signed", "integrating", "operating", "dormant"):
        assert (seen == name).sum(axis=0).tolist() == months[f"alliances_{name}"].tolist()
    assert np.isin(seen, ["pilot", "pilot_setup"]).sum(axis=0).tolist() == months["alliances_pilot"].tolist()
    running = lives["stage"] != "ended"
    assert (seen[lives["alliance"], lives["month"]] == lives["stage"])[running].all()
    np.testing.assert_array_equal((seen == "dormant").sum(axis=1), alliances["dormant_months"])


def test_the_share_of_pacts_that_do_nothing_is_missing_while_there_is_none(tables):
    months = tables["months"]
    pacts = sum(months[f"alliances_{name}"] for name in ("signed", "integrating", "operating", "dormant"))
    assert (np.isnan(months["dormant_share"]) == (pacts == 0)).all()


def test_an_alliances_months_add_up_to_what_it_lent(tables):
    lives, alliances = tables["alliance_months"], tables["alliances"]
    kept = sorted(set(lives["alliance"]))
    assert len(kept) == 3
    for alliance in kept:
        rows = lives["alliance"] == alliance
        assert (np.diff(lives["month"][rows]) > 0).all()
        assert lives["originated"][rows].sum() == pytest.approx(alliances["originated"][alliance], rel=1e-9)
    assert np.argmax(alliances["originated"]) in kept


def test_lives_kept_are_told_by_what_is_worth_reading():
    rows = table(ALLIANCE, 5)
    rows.originated = (5.0, 9.0, 1.0, 7.0, 2.0)
    rows.dormant_months[2] = 8
    rows.ended[:] = NONE
    rows.ended[4], rows.operating_since[4] = 6, NONE
    view = SimpleNamespace(alliances=rows)
    assert list(lives_kept(view, 3)) == [1, 2, 4]  # lent most; slept longest; ended without operating
    assert list(lives_kept(view, 4)) == [1, 2, 3, 4]  # then by volume
    assert list(lives_kept(view, 5)) == [0, 1, 2, 3, 4]
    assert len(lives_kept(view, 0)) == 0


def test_record_says_what_is_kept(make_setting):
    setting = make_setting(years=0.5)
    lean = Record(months="none", banks="none", alliances=False, lives=0)
    assert set(simulate(Setting(setting.parameters, years=0.5, record=lean), 0)) == {"runs"}
    for months in (1, 14):  # what is not recorded is not taken, and whole-run measures are the same
        kept, bare = (
            simulate(Setting(setting.parameters, years=months / 12, record=one), 0) for one in (Record(), lean)
        )
        assert {name: value.tobytes() for name, value in kept["runs"].items()} == {
            name: value.tobytes() for name, value in bare["runs"].items()
        }
    yearly = Record(months="yearly", banks="yearly", alliances=True, lives=0)
    tables = simulate(Setting(setting.parameters, years=1.5, record=yearly), 0)
    assert list(tables["months"]["month"]) == [11, 17]
    assert "alliance_months" not in tables
    assert set(tables["banks"]["month"]) == {11, 17}


def test_who_is_refused_at_home_is_one_application(make_setting):
    """Everybody needs a loan in the first month and nobody has one: as many applications as persons, though customers
    whom their own bank refused went on to a platform."""
    setting = make_setting(
        years=1,
        population__borrowers=800,
        population__monthly_need=1.0,
        population__initial_owner_share=0.9,
        customers__loyalty=1.0,
    )
    market = Market(setting, 0)
    market.step()
    month, totals = market.history[0]["months"], market.world.totals
    assert totals.moved_on.sum() > 100
    assert month["applications"] == 800 * market.world.scale
    assert month["offers"] == (totals.originations + totals.declined).sum() * market.world.scale
    assert month["approval_rate"] == month["offers"] / month["applications"]


def test_what_is_declared_by_the_month_or_the_year_says_so():
    """Drift, growth and gains are by time: so are their units."""
    by_time = {key: one.unit for key, one in declarations().items()}
    assert by_time["customers.awareness_gain"] == "1 a month"
    assert by_time["alliances.commitment_effort"] == "logit a month"
    assert by_time["learning.laboratory_gain"] == "share a year"
    assert by_time["population.demand_growth"] == "share a month"
