"""Figures of sweeps: a map for two keys, points for many, indices for samples; drawn from runs, numbers behind them."""

from dataclasses import replace
from importlib import import_module

import matplotlib
import numpy as np
import pandas as pd
import pytest

import colend
from colend.experiment.statistics import Cube
from colend.report import sampled, text
from colend.report.drawing import lay_out
from colend.report.figures.over_sample import over_sample
from colend.report.figures.sensitivities import sensitivities
from colend.report.figures.sweep import sweep
from colend.report.figures.sweep_map import sweep_map
from colend.report.figures.sweep_points import sweep_points
from colend.report.fonts import house_style
from colend.report.idle import idle, moves
from colend.report.reading import Reading
from colend.report.style import MUTED
from colend.report.words import GROUPS
from colend.scenario.design import point_name

HEAD = """
years: 0.5
seeds: 2
base:
  population: {borrowers: 500, persons: 5000000, regions: 1}
  banks: {city.number: 3, rural.number: 0, consumer_finance.number: 0}
  platforms: {number: 1, user_share: [1]}
  alliances: {meeting_rate: 1, integration_months: 1, review_months: 1, signing_cost: 1000, integration_cost: 1000}
compare: {alliances.sequencing: [sign_then_cooperate, cooperate_then_sign]}
"""
SWEEPS = {
    "map": "sweep: {grid: {alliances.fit_sd: [0.2, 1, 2], alliances.operation_sd: [0.3, 0.8, 1.5]}}",
    "morris": "sweep: {sample: {method: morris, n: 5, ranges: {alliances.fit_sd: [0.2, 2], alliances.operation_sd: "
    "[0.3, 1.5], alliances.pilot_months: [1, 4]}}}",
    "sobol": "sweep: {sample: {method: sobol, n: 4, ranges: {alliances.fit_sd: [0.2, 2], alliances.operation_sd: "
    "[0.3, 1.5], alliances.pilot_months: [1, 4]}}}",
}


@pytest.fixture(scope="module", params=list(SWEEPS))
def swept(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    (folder / "swept.yaml").write_text(HEAD + SWEEPS[request.param])
    result = colend.run(colend.load(folder / "swept.yaml"), 1, folder / "out", report=False)
    return request.param, result


def made(result, figure_of):
    with house_style():
        drawn = figure_of(Reading(result))
        if drawn is not None:
            lay_out(drawn[0])
    return drawn


def test_each_sweep_has_the_figures_that_suit_it(swept):
    kind, result = swept
    drawn = {
        figure_of.__name__: made(result, figure_of)
        for figure_of in (sweep, sweep_map, sweep_points, sensitivities, over_sample)
    }
    there = {name for name, one in drawn.items() if one is not None}
    suited = {
        "map": {"sweep", "sweep_map"},
        "morris": {"sweep_points", "sensitivities", "over_sample"},
        "sobol": {"sweep_points", "sensitivities", "over_sample"},
    }
    assert there == suited[kind]


def test_many_points_are_told_as_a_whole(swept):
    kind, result = swept
    words = " ".join(text(result).split())
    assert ("2 arms, 2 seeds each at 9 points of 2 parameters" in words) == (kind == "map")
    assert "first of" not in words
    assert "5 % … 95 %" in words


def test_a_few_points_that_are_no_grid_are_dots(swept, as_tables):
    """Also of two parameters; where they are a grid there is a map, and a median of a few points says nothing."""
    kind, result = swept
    if kind != "map":
        return
    runs = result.runs[result.runs["point"].isin(result.runs["point"].unique()[[0, 4, 5, 8]])]
    figure, table = made(as_tables(scenario=result.scenario, runs=runs), sweep_points)
    assert len(table) == 4
    labels = [axis.get_title(loc="left").replace("\n", " ") for axis in figure.axes]
    assert labels == [
        "Spread of hidden fit around its public prior, logit",
        "Monthly noise of an alliance's operations, logit",
    ]
    dots = [line for axis in figure.axes for line in axis.lines if len(line.get_xdata()) == 4]
    assert [line.get_linestyle() for line in dots] == ["None"] * 2


def test_the_map_holds_every_point_and_every_way_of_counting(swept):
    kind, result = swept
    if kind == "map":
        figure, table = made(result, sweep_map)
        assert len(table) == 9 * 4
        assert len(figure.axes) == 8  # four maps with their colour bars
        hatched = [patch for legend in figure.legends for patch in legend.get_patches()]
        hatched += [patch for axis in figure.axes for patch in axis.patches if patch.get_hatch()]
        assert {matplotlib.colors.to_hex(patch._hatch_color) for patch in hatched} == {MUTED}, "white is not seen"
        assert max(len(axis.patches) for axis in figure.axes) <= 1, "a patch a cell takes 7 kB of memory each"
        unclear = (table["low"] <= 0.0) & (table["high"] >= 0.0)
        cells = sum(len(patch.get_path().vertices) // 5 for axis in figure.axes for patch in axis.patches)
        assert cells == unclear.sum() > 0


@pytest.mark.parametrize("number", [4, 6])
def test_every_arm_is_in_the_map_and_at_the_points(swept, as_tables, number):
    """Many arms have a row each: of maps, or of panels that also a row of headings stands above."""
    kind, result = swept
    if kind == "sobol":  # as morris
        return
    result = with_arms(result, number, as_tables)
    figure, table = made(result, sweep_map if kind == "map" else sweep_points)
    assert set(table["arm"]) == {f"arm {i}" for i in range(1, number)}
    if kind == "map":
        assert len(figure.axes) == 4 * (number - 1) + 4
    else:
        assert len(figure.axes) == (3 if number == 4 else 3 * number)
        assert all(len(axis.lines) >= 2 for axis in figure.axes[3 if number > 4 else 0 :])


def test_an_incomplete_design_has_no_indices(swept, as_tables):
    kind, result = swept
    if kind == "map":
        return
    incomplete = as_tables(scenario=result.scenario, runs=result.runs.iloc[1:])
    assert made(incomplete, sensitivities) is None
    assert "hangs on most" not in text(incomplete)
    assert "hangs on most" in text(result)


def with_arms(result, number, as_tables):
    """The same with as many arms: all but the first like the second, their last three with a measure undefined."""
    first, second = result.scenario.arms
    arms = [first, *(f"arm {i}" for i in range(1, number))]
    parts = [result.runs[result.runs["arm"] == (first if arm == first else second)].assign(arm=arm) for arm in arms]
    for runs in parts[-3:]:
        runs.loc[runs["point"] == runs["point"].iloc[0], "value_per_bank"] = np.nan
    scenario = replace(result.scenario, arms={arm: {} for arm in arms})
    return as_tables(scenario=scenario, runs=pd.concat(parts, ignore_index=True))


@pytest.mark.parametrize(("number", "most"), [(4, 12), (7, 4)])
def test_sensitivities_are_drawn_for_every_arm_and_say_what_is_left_out(swept, number, most, as_tables, monkeypatch):
    monkeypatch.setattr(import_module(sensitivities.__module__), "MOST_ARMS", most)
    kind, result = swept
    if kind == "map":
        return
    figure, table = made(with_arms(result, number, as_tables), sensitivities)
    assert set(table["arm"]) == {f"arm {i}" for i in range(1, number)}, "the numbers are of all arms"
    titles = [axis.get_title(loc="left") for axis in figure.axes]
    assert [title for title in titles if title] == [f"Arm {i}" for i in range(1, min(number - 1, most) + 1)]
    words = " ".join(text.get_text() for text in figure.texts)
    assert (f"first {most} of {number - 1} arms" in words) == (number - 1 > most)
    panels = [text.get_text() for axis in figure.axes for text in axis.texts]
    about = "4 of 5 trajectories:\nundefined at 1 point"
    if kind == "sobol":
        about = f"left out: undefined\nat 1 of {len(result.scenario.points)} points"
    undefined_and_drawn = range(max(1, number - 3), min(number - 1, most) + 1)
    assert sum(about in text for text in panels) == len(undefined_and_drawn)


def test_a_sample_is_summed_up_over_its_points(swept):
    """Means, quantiles and shares of points by hand; no line speaks of one point."""
    kind, result = swept
    if kind == "map":
        return
    found = sampled.spread(Reading(result), ["converted"]).iloc[0]
    runs = result.runs.pivot(index=["point", "seed"], columns="arm", values="converted").groupby("point").mean()
    differences = runs["cooperate_then_sign"] - runs["sign_then_cooperate"]
    assert found["level"] == pytest.approx(runs["sign_then_cooperate"].mean())
    assert found["mean"] == pytest.approx(differences.mean())
    assert found["high"] == pytest.approx(differences.quantile(0.95))
    rows = result.comparison.query("measure == 'converted' and arm == 'cooperate_then_sign'")
    assert found["less"] == pytest.approx((rows["high"] < 0).mean())
    summary = text(result)
    assert f"{len(result.scenario.points)} points" in summary
    assert "first of" not in summary
    assert len(summary.splitlines()) < 40
    assert max(map(len, summary.splitlines())) <= 100


def test_what_fails_at_the_first_point_leaves_a_sample_its_arms_and_seeds(swept, as_tables):
    kind, result = swept
    if kind == "map":
        return
    first = result.runs["point"] == point_name(result.scenario.points[0])
    runs = result.runs[~(first & (result.runs["arm"] == result.scenario.baseline))]
    reading = Reading(as_tables(scenario=result.scenario, runs=runs))
    assert (reading.arms, reading.baseline, reading.seeds) == (
        list(result.scenario.arms),
        result.scenario.baseline,
        len(result.scenario.seeds),
    )


def test_clear_points_are_shares_of_those_that_have_an_interval(swept, as_tables):
    """A measure that is defined at half of the points only, and clearly higher at each of them."""
    _, result = swept
    runs = result.runs.copy()
    points = list(dict.fromkeys(runs["point"]))
    higher = np.where(runs["arm"] == result.scenario.baseline, 0.0, 1.0 + 1e-3 * runs["seed"])
    runs["value_per_bank"] = runs["seed"] + higher
    runs.loc[runs["point"].isin(points[::2]), "value_per_bank"] = np.nan
    reading = Reading(as_tables(scenario=result.scenario, runs=runs))
    (row,) = sampled.spread(reading, ["value_per_bank"]).itertuples()
    assert row.points == len(points) // 2
    assert (row.more, row.less) == (1.0, 0.0)


def test_one_seed_is_clear_at_no_share_of_points(swept, as_tables):
    kind, result = swept
    if kind == "map":
        return
    one = as_tables(scenario=result.scenario, runs=result.runs[result.runs["seed"] == 0])
    assert sampled.spread(Reading(one), ["converted"])[["more", "less"]].isna().all(axis=None)
    (row,) = [line for line in text(one).splitlines() if line.startswith("Customers won")]
    assert row.split()[-2:] == ["–", "–"]


def test_a_curve_says_where_the_other_parameter_stays(swept):
    kind, result = swept
    if kind == "map":
        figure, _ = made(result, sweep)
        assert "Monthly noise of an alliance's operations: 0.3" in " ".join(figure.texts[1].get_text().split())


FEES = """
years: 0.75
seeds: 2
base:
  population: {borrowers: 300, persons: 5000000, regions: 1}
  banks: {city.number: 3, rural.number: 0, consumer_finance.number: 0}
  platforms: {number: 1, user_share: [1]}
  alliances: {meeting_rate: 1, integration_months: 1, review_months: 1, signing_cost: 1000, integration_cost: 1000}
compare: {alliances.sequencing: [sign_then_cooperate, cooperate_then_sign], platforms.openness: [traffic, technology]}
sweep: {grid: {platforms.technology_fee: [0, 0.002, 0.004]}}
"""


@pytest.fixture(scope="module")
def fees(tmp_path_factory):
    """A sweep of what platforms take for technology, beside arms that open none."""
    folder = tmp_path_factory.mktemp("fees")
    (folder / "fees.yaml").write_text(FEES)
    return colend.run(colend.load(folder / "fees.yaml"), 1, folder / "out", report=False)


def test_a_difference_that_is_the_same_at_all_points_is_clear_at_no_share_of_them(fees, as_tables):
    higher = np.where(fees.runs["arm"] == fees.scenario.baseline, 0.0, 1.0 + 1e-3 * fees.runs["seed"])
    runs = fees.runs.assign(value_per_bank=higher)
    table = sampled.spread(Reading(as_tables(scenario=fees.scenario, runs=runs)), ["value_per_bank"])
    assert not table["moves"].any()
    assert table[["more", "less"]].isna().all(axis=None)


def test_points_at_which_nothing_moves_are_no_findings(fees):
    still = (
        "“Fee on joint balances while technology is open” changes nothing in “Sign first, traffic open”, "
        "“Cooperate first, traffic open”"
    )
    summary = text(fees)
    assert still in " ".join(summary.split())
    assert "Cooperate first, traffic open: the same at all points: " in summary
    assert summary.count("at 0.002:") == 2, "the arms with technology are told point by point"
    table = sampled.spread(Reading(fees), ["value_per_bank"]).set_index("arm")
    assert not table.loc["cooperate_then_sign + traffic", "moves"]
    assert table.loc["cooperate_then_sign + technology", "moves"]
    terms = [term for _, group in GROUPS for term in group if term.measure == "value_per_bank"]
    rows = "\n".join(sampled.lines(Reading(fees), terms, 100, 30))
    assert rows.count("same at all points") == 1
    figure, _ = made(fees, sweep)
    named = [label.get_text() for legend in figure.legends for label in legend.get_texts()]
    assert [name.endswith("(same at all points)") for name in named] == [
        "Cooperate first, traffic open" in name for name in named
    ]
    assert sum("Cooperate first, traffic open" in name for name in named) == 1


def test_what_changes_nothing_is_told_where_it_alone_differs():
    points = {name: {"a": a, "b": b} for name, a, b in (("1", 0, 0), ("2", 1, 0), ("3", 0, 1), ("4", 1, 1))}
    values = np.zeros((2, 4, 2, 1))  # [seed, point, arm, measure]
    values[:, :, 0, 0] = [[0, 0, 5, 5], [1, 1, 7, 7]]  # moves with b
    values[1, :, 1, 0] = [1, 2, 1, 2]  # moves with a, in one seed
    there = np.ones((2, 4, 2), dtype=bool)
    found = Cube(list(points), ["x", "y"], ["m"], there, values)
    assert idle(points, found) == {"a": ["x"], "b": ["y"]}
    assert moves(values).tolist() == [[True], [True]]
    values[..., 0] = np.nan
    assert not moves(values).any()
    one = {name: points[name] for name in ("1", "4")}
    assert idle(one, found.at(slice(0, 4, 3))) == {}, "nothing alone differs"
    assert idle(points, found._replace(there=np.zeros_like(there))) == {}
