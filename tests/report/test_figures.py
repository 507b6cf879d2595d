"""Every figure: files, numbers behind it, nothing that overlaps, and results with little in them."""

import itertools
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

import colend
import colend.report.figures as figures
from colend.report import draw
from colend.report.drawing import lay_out
from colend.report.figures import FIGURES, OF_ALL_POINTS
from colend.report.figures.beside_twins import beside_twins
from colend.report.figures.choices import choices
from colend.report.figures.club_diffusion import club_diffusion
from colend.report.figures.club_graph import club_graph
from colend.report.figures.comparison import differences
from colend.report.figures.convergence import convergence
from colend.report.figures.every_alliance import segments
from colend.report.figures.evidence import evidence
from colend.report.figures.gates import gates
from colend.report.figures.limit_use import limit_use
from colend.report.figures.losses import trailing_loss_rate
from colend.report.figures.rules import rules
from colend.report.figures.stress import stress
from colend.report.fonts import families_for, house_style
from colend.report.reading import Reading
from colend.report.style import MOST_ARMS, looks, nothing, page
from colend.report.words import AMOUNTS, GROUPS
from colend.scenario.design import Record, point_name
from colend.scenario.facts import facts_of
from colend.scenario.labels import arm_label

NAMES = [name for name, _ in FIGURES]
# What needs other scenarios, or more seeds.
SOME_ONLY = (*OF_ALL_POINTS, evidence, stress, rules, limit_use, club_graph, club_diffusion, convergence, choices)
SOME_ONLY += (beside_twins, gates)  # tests/report/test_twins.py
OF_ANY_COMPARISON = [name for name, figure_of in FIGURES if figure_of not in SOME_ONLY]


def drawn(result, *names):
    """Every figure of a result, or these, with its layout done: {name: (figure, numbers)}."""
    reading = Reading(result)
    with house_style(families_for("".join(result.scenario.arms))[0]):
        made = {name: figure_of(reading) for name, figure_of in FIGURES if name in (names or NAMES)}
        for figure, _ in filter(None, made.values()):
            lay_out(figure)
    return made


def boxes(figure):
    """What must not lie over each other, by whose it is: axes with their labels, titles, legends, texts of the page."""
    renderer = figure.canvas.get_renderer() if hasattr(figure.canvas, "get_renderer") else None
    parts = []
    for axis in figure.axes:
        if axis.get_visible():
            parts.append((axis, "axes", axis.get_tightbbox(renderer, for_layout_only=True)))  # of titles the height
            if words := axis.get_title(loc="left"):
                parts.append((axis, words, axis._left_title.get_window_extent(renderer)))
    parts += [(legend, "legend", legend.get_window_extent(renderer)) for legend in figure.legends]
    return parts + [(text, text.get_text(), text.get_window_extent(renderer)) for text in figure.texts]


def check_nothing_overlaps(figure):
    page, parts = figure.bbox, boxes(figure)
    for _, name, box in parts:
        assert box.x0 >= page.x0 - 2, f"{name} leaves the page on the left"
        assert box.x1 <= page.x1 + 2, f"{name} leaves the page on the right"
        assert box.y0 >= page.y0 - 2, f"{name} leaves the page below"
        assert box.y1 <= page.y1 + 2, f"{name} leaves the page above"
    for (whose, one, a), (others, other, b) in itertools.combinations(parts, 2):
        wide = min(a.x1, b.x1) - max(a.x0, b.x0)
        tall = min(a.y1, b.y1) - max(a.y0, b.y0)
        assert whose is others or wide <= 2 or tall <= 2, f"{one!r} and {other!r} overlap"


def check_ticks_apart(figure):
    """Labels of an axis do not run into each other."""
    for axis in figure.axes:
        if not axis.get_visible():
            continue
        low, high = axis.get_xlim()
        ticks = [tick.label1 for tick in axis.xaxis.get_major_ticks() if low <= tick.get_loc() <= high]
        shown = [label.get_window_extent() for label in ticks if label.get_text() and label.get_visible()]
        for a, b in itertools.pairwise(shown):
            assert a.x1 <= b.x0 + 1, axis.get_title(loc="left")


def test_the_list_names_every_file_of_the_folder():
    files = {path.stem for path in Path(figures.__file__).parent.glob("*.py")} - {"__init__"}
    assert {figure_of.__name__ for _, figure_of in FIGURES} == files
    assert all(figure_of.__module__ == f"colend.report.figures.{figure_of.__name__}" for _, figure_of in FIGURES)
    assert sorted(NAMES) == NAMES


@pytest.fixture(scope="module")
def main_figures(four_arms):
    return drawn(four_arms)


@pytest.mark.parametrize("name", OF_ANY_COMPARISON)
def test_nothing_overlaps_in_the_main_comparison(main_figures, name):
    figure, _ = main_figures[name]
    check_nothing_overlaps(figure)
    check_ticks_apart(figure)


@pytest.mark.parametrize("name", OF_ANY_COMPARISON)
def test_every_figure_says_what_it_shows_and_of_how_many_seeds(main_figures, name):
    figure, numbers = main_figures[name]
    title, subtitle = (text.get_text() for text in figure.texts[:2])
    assert len(title) > 10
    assert "seed" in subtitle.lower()
    assert len(numbers) > 0
    assert "arm" in numbers


def test_every_arm_is_in_the_legend_by_its_name_in_words(main_figures, four_arms):
    for name in ("01_joint_lending", "02_loss_rates", "04_capability", "06_timeline", "07_who_is_served"):
        figure, _ = main_figures[name]
        words = {text.get_text() for legend in figure.legends for text in legend.get_texts()}
        assert words == {arm_label(arm) for arm in four_arms.scenario.arms}


def test_a_run_of_one_arm_and_one_seed_is_drawn_without_intervals(one_run):
    made = drawn(one_run)
    assert made["09_comparison"] is None
    assert made["12_sweep"] is None
    for name, found in made.items():
        if found is None:
            continue
        figure, numbers = found
        check_nothing_overlaps(figure)
        check_ticks_apart(figure)
        if name != "10_one_alliance" and "low" in numbers:
            assert numbers["low"].isna().all(), name


@pytest.mark.parametrize("years", [1 / 12, pytest.param(0.5, marks=pytest.mark.slow)])
def test_a_run_of_a_few_months_is_drawn(simulated, years):
    for found in filter(None, drawn(simulated(["base"], years=years)).values()):
        check_nothing_overlaps(found[0])
        check_ticks_apart(found[0])


# What people call arms: markup to Matplotlib, what is a label's own, and what has no room.
NAMES_OF_ARMS = (
    "fee $2^3^4$ \\frac{1}",
    "_hidden",
    "100 % {of} #it",
    "a_b",
    "a b",
    "so long a name that no panel has room for it, and which differs at its end " * 3 + "one",
    "so long a name that no panel has room for it, and which differs at its end " * 3 + "two",
)


def with_arms(result, arms, as_result):
    """The one run as all of these arms."""
    tables = ("runs", "months", "banks", "platforms", "regions", "alliances", "alliance_months", "fishing")
    frames = {name: pd.concat([getattr(result, name).assign(arm=arm) for arm in arms]) for name in tables}
    return as_result(frames, list(arms), 2.0)


@pytest.mark.parametrize("number", [2, pytest.param(len(NAMES_OF_ARMS), marks=pytest.mark.slow)])
def test_other_numbers_of_arms_are_drawn_whatever_their_names(one_run, as_result, number):
    """Few share a panel, many have their own; each name stands in the figures as it is, shortened where it is long."""
    some = ("01_joint_lending", "05_alliances_by_stage", "08_income", "09_comparison", "11_every_alliance")
    names = some if number == 2 else NAMES
    made = drawn(with_arms(one_run, NAMES_OF_ARMS[:number], as_result), *names)
    for found in filter(None, made.values()):
        check_nothing_overlaps(found[0])
        check_ticks_apart(found[0])
    if number == len(NAMES_OF_ARMS):
        titles = [axis.get_title(loc="left") for axis in made["01_joint_lending"][0].axes]
        shown = [words for words in titles if words]
        assert shown[:4] == ["Hidden", "100 % {of} #it", "a_b", "a b"], "two that would be called the same"
        assert shown[4] != shown[5]
        names = {text.get_text() for text in made["01_joint_lending"][0].legends[0].get_texts()}
        assert names == {"Fee $2^3^4$ \\frac{1}", "the arm named above the row"}


def test_every_alliance_is_drawn_in_the_stages_that_the_months_count(four_arms):
    """One that woke is drawn awake: as many are dormant in each month as the months' table says of that seed."""
    reading, woke = Reading(four_arms), 0
    for arm in reading.arms:
        months = four_arms.months.query("arm == @arm and seed == 0").set_index("month")
        table = segments(reading, arm)
        for stage in ("dormant", "operating", "integrating", "signed"):
            of_stage = table[table["stage"] == stage]
            drawn_in = [((of_stage["from_month"] <= m) & (m < of_stage["to_month"])).sum() for m in months.index]
            assert drawn_in == months[f"alliances_{stage}"].tolist()
        last = table.groupby("alliance")["stage"].last()
        woke += sum(
            "dormant" in set(lives["stage"]) and last[one] == "operating" for one, lives in table.groupby("alliance")
        )
    assert woke > 0


def test_what_was_not_recorded_is_left_out(simulated, tmp_path):
    lean = simulated(["base"], years=0.5, record=Record(months="none", banks="none", alliances=False), fishing=None)
    charts = tmp_path / "charts"
    charts.mkdir()
    (charts / "01_joint_lending.png").write_text("of an earlier result")
    assert draw(lean, tmp_path) == []
    assert list(charts.iterdir()) == []


def test_missing_values_are_gaps_not_errors(four_arms):
    months = four_arms.months.copy()
    months.loc[months["seed"] == 1, ["precision_gain_partnered_rural", "dormant_share", "balance_joint"]] = np.nan
    months.loc[months["month"] > 20, "loss_rate_joint"] = np.nan
    runs = four_arms.runs.assign(value_per_bank=np.nan)
    of_these = ("01_joint_lending", "02_loss_rates", "04_capability", "05_alliances_by_stage", "09_comparison")
    assert all(drawn(four_arms.changed(months=months, runs=runs), *of_these).values())


def test_files_are_whole_sharp_and_the_same_each_time(one_run, tmp_path, monkeypatch):
    some = ("04_capability", "08_income", "10_one_alliance")  # of many panels, with hatches, with areas
    more = (*some, "01_joint_lending", "05_alliances_by_stage", "11_every_alliance")
    monkeypatch.setattr("colend.report.drawing.FIGURES", [figure for figure in FIGURES if figure[0] in more])
    one = draw(one_run, tmp_path / "one")
    assert len(one) == 3 * len(more)
    assert [path.suffix for path in one] == [".png", ".svg", ".csv"] * (len(one) // 3)
    assert {path.name for path in one} == {path.name for path in (tmp_path / "one" / "charts").iterdir()}
    monkeypatch.setattr("colend.report.drawing.FIGURES", [figure for figure in FIGURES if figure[0] in some])
    two = draw(one_run, tmp_path / "two")
    assert len(two) == 3 * len(some)
    for path in two:
        assert path.read_bytes() == (tmp_path / "one" / "charts" / path.name).read_bytes(), path.name
    for path in one[::3]:
        with Image.open(path) as image:
            assert image.width == 2000
            assert image.info["dpi"][0] == pytest.approx(200, abs=1)
    assert "Joint lending" in one[1].read_text()


def test_arms_can_be_told_apart_without_colour():
    """Markers differ, and lines do where lightness does not differ by far."""
    for number in range(1, MOST_ARMS + 1):
        chosen = list(looks([str(i) for i in range(number)]).values())
        for a, b in itertools.combinations(chosen, 2):
            grey = abs(np.dot(np.array(to_rgb(a.color)) - np.array(to_rgb(b.color)), [0.299, 0.587, 0.114]))
            assert a.marker != b.marker
            assert grey > 0.3 or a.line != b.line


def test_a_panel_of_nothing_keeps_the_numbers_by_which_others_are_read():
    figure, axes = page("title", "below", 1, 2, sharey=True)
    nothing(axes[0, 0], "none")
    axes[0, 1].plot([0, 1], [0, 100])
    figure.draw_without_rendering()
    assert "100" in [label.get_text() for label in axes[0, 0].get_yticklabels() if label.get_visible()]
    figure, axes = page("title", "below", 1, 2)
    nothing(axes[0, 0], "none")
    figure.draw_without_rendering()
    assert not any(label.get_visible() for label in axes[0, 0].get_yticklabels())


def test_the_comparison_shows_the_stores_numbers(four_arms):
    reading = Reading(four_arms)
    table = differences(reading)
    for row in table.itertuples():
        stored = four_arms.frame("comparison")
        found = stored[(stored["arm"] == row.arm) & (stored["measure"] == row.measure)].iloc[0]
        assert row.difference == found["difference"]
        if np.isfinite(row.percent):
            assert row.percent == pytest.approx(100.0 * found["difference"] / abs(row.baseline))
    assert set(table["arm"]) == set(reading.arms) - {reading.baseline}


def test_rates_and_numbers_of_few_have_no_per_cent_of_per_cent(four_arms, main_figures):
    """Per cent are of amounts alone; every panel's level has an interval, and every difference its own unit."""
    table = differences(Reading(four_arms))
    amounts = table["unit"].isin(AMOUNTS)
    assert table.loc[~amounts, "percent"].isna().all()
    assert table.loc[amounts & (table["baseline"] != 0.0), "percent"].notna().any()
    assert (table["baseline_low"] <= table["baseline"])[table["baseline"].notna()].all()
    figure, _ = main_figures["09_comparison"]
    titles = {axis.get_title(loc="left").replace("\n", " ") for axis in figure.axes if axis.get_visible()}
    assert all("±" in words for words in titles)
    units = {axis.get_xlabel() for axis in figure.axes if axis.get_visible()}
    assert "points" in units
    assert not any("%" in unit for unit in units)


def test_every_measure_in_words_exists(four_arms):
    terms = [term for _, group in GROUPS for term in group]
    assert {term.measure for term in terms} <= set(four_arms.runs)
    assert len({term.measure for term in terms}) == len(terms)


def test_trailing_loss_rate_by_hand():
    """Losses of 1 a month on 100: 12 % a year; the first month has no opening balance."""
    months = pd.DataFrame({"balance_own": [100.0] * 8, "losses_own": [0.0] + [1.0] * 7})
    rate = trailing_loss_rate("own", 6)(months)
    assert rate.isna().tolist() == [True] * 5 + [False] * 3
    assert rate.iloc[-1] == pytest.approx(0.12)
    assert rate.iloc[5] == pytest.approx(0.12)


def test_a_sweep_is_drawn_over_its_parameter(four_arms, as_tables):
    arms, values = list(four_arms.scenario.arms)[:2], (0.3, 1, 3)
    of_two = four_arms.runs[four_arms.runs["arm"].isin(arms)]
    points = [{"alliances.fit_sd": value} for value in values]
    runs = pd.concat([of_two.assign(point=point_name(point)) for point in points])
    scenario = SimpleNamespace(**{**vars(four_arms.scenario), "points": points})
    result = as_tables(scenario=scenario, runs=runs)
    made = drawn(result)
    assert [name for name, found in made.items() if found is not None] == [
        "09_comparison",
        "12_sweep",
        "17_fishing_index",
    ]
    figure, numbers = made["12_sweep"]
    check_nothing_overlaps(figure)
    assert sorted(set(numbers["value"])) == [0.3, 1, 3]
    assert "Spread of hidden fit" in figure.texts[0].get_text()
    assert "alliances.fit_sd" in figure.texts[1].get_text()
    alone = result.changed(runs=runs[runs["arm"] == arms[0]])
    _, numbers = drawn(alone, "12_sweep")["12_sweep"]
    shown = numbers[numbers["measure"] == "value_per_bank"]["difference"]
    mean = of_two[of_two["arm"] == arms[0]]["value_per_bank"].mean()
    assert shown.tolist() == pytest.approx([mean] * 3)


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [1, 2])
def test_evidence_stays_on_the_page_and_its_numbers_lie_behind_it(tmp_path, seeds):
    """Of a scenario that speaks to published figures, numbers and signs; too few borrowers to look like anything."""
    result = colend.run(colend.load("china_2017_2020", seeds=seeds, borrowers=2_000), 1, tmp_path, report=False)
    figure, numbers = drawn(result, "13_evidence")["13_evidence"]
    check_nothing_overlaps(figure)
    assert list(numbers["fact"]) == [fact.name for fact in facts_of("china_2017_2020")]


@pytest.mark.slow
def test_the_club_is_drawn_around_its_hub_and_over_time(tmp_path):
    """A short run of the shipped scenario: 70 members in each panel, shares of all six arms."""
    scenario = colend.load("two_ecosystems", seeds=2, years=1, borrowers=1_000)
    figures = drawn(colend.run(scenario, 1, tmp_path, report=False), "21_club", "22_club_diffusion")
    graph, banks = figures["21_club"]
    check_nothing_overlaps(graph)
    assert banks.groupby("arm").size().tolist() == [70] * 6
    assert (banks["club"] == 2).sum() == 6
    diffusion, shares = figures["22_club_diffusion"]
    check_nothing_overlaps(diffusion)
    assert set(shares["arm"]) == set(scenario.arms)


def test_choices_are_drawn_where_somebody_chooses(tmp_path, four_arms):
    """A fixed arm beside one that chooses every half year: it has no row; shares add up, changes are those counted."""
    arms = {
        "fixed": {"alliances.sequencing": "sign_then_cooperate", "platforms.openness": "traffic"},
        "free": {"adaptive.interval_months": 6, "adaptive.evaluation_months": 3},
    }
    overrides = {"arms": arms, "baseline": "fixed"}
    scenario = colend.load("which_way_does_the_market_go", overrides, seeds=2, years=2, borrowers=1_000)
    result = colend.run(scenario, 1, tmp_path, report=False)
    figure, numbers = drawn(result, "24_choices")["24_choices"]
    check_nothing_overlaps(figure)
    check_ticks_apart(figure)
    assert set(numbers["arm"]) == {"free"}
    of_levels = numbers[numbers["choice"].str.startswith("platforms_opening_")].groupby("month")["mean"].sum()
    assert of_levels.tolist() == pytest.approx([100.0] * 24)
    shares = []
    for _, banks in result.banks[result.banks["arm"] == "free"].groupby("seed"):
        held = banks[banks["alive"] == 1].pivot(index="bank", columns="month", values="sequencing").dropna()
        shares.append(100.0 * ((held[11] != held[23]) & (held[23] == "cooperate_then_sign")).mean())
    (row,) = numbers[numbers["choice"] == "banks_to_cooperate_then_sign"].itertuples()
    assert row.mean == pytest.approx(np.mean(shares))
    assert row.mean > 0.0
    assert choices(Reading(four_arms)) is None


@pytest.mark.slow
def test_stress_is_drawn_a_column_a_shock(tmp_path):
    """Calm, a downturn and a squeeze made of two keys under both sequencings: three columns, no overlap."""
    arms = {}
    for sequencing in ("sign_then_cooperate", "cooperate_then_sign"):
        common = {"alliances.sequencing": sequencing}
        arms[f"{sequencing} calm"] = common
        arms[f"{sequencing} downturn"] = common | {"stress.downturn_quantile": 0.01}
        arms[f"{sequencing} squeeze"] = common | {"stress.funds_spread": 0.02, "stress.deposit_outflow": 0.3}
    overrides = {"arms": arms, "baseline": next(iter(arms)), "stress.start_month": 8, "stress.months": 3}
    scenario = colend.load("stress", overrides, seeds=2, years=1.5, borrowers=1_000)
    result = colend.run(scenario, 1, tmp_path, report=False)
    figure, numbers = drawn(result, "18_stress")["18_stress"]
    check_nothing_overlaps(figure)
    assert [axis.get_title(loc="left") for axis in figure.axes[:3]] == ["No stress", "Downturn", "Funding squeeze"]
    assert set(numbers["shock"]) == {"No stress", "Downturn", "Funding squeeze"}
    assert set(numbers["arm"]) == set(arms)


def test_rules_stand_under_what_is_lent_and_every_limit_has_a_panel(tmp_path):
    """An arm without rules, one with a single rule, one with two versions of a rule and another announced before."""
    arms = {
        "free": {"policy": "none"},
        "one": {"policy": {"from": "2018-06", "partner_list": 2}},
        "two": {
            "policy": [
                {"from": "2018-03", "until": "2018-09", "all_in_cost_cap": 0.16},
                {"from": "2018-09", "all_in_cost_cap": 0.14, "maximum_partner_to_capital": 0.1, "notice_months": 4},
            ]
        },
    }
    overrides = {"arms": arms, "baseline": "free"}
    scenario = colend.load("policy", overrides, seeds=2, years=1, borrowers=1_000)
    colend.run(scenario, 1, tmp_path, report=False)
    made = drawn(colend.open(tmp_path), "19_rules_and_lending", "20_limit_use")  # from the folder: rules are read back
    figure, numbers = made["19_rules_and_lending"]
    check_nothing_overlaps(figure)
    assert set(numbers["arm"]) == {"two", "free"}
    assert [text.get_text().strip() for text in figure.axes[1].texts] == ["16 %", "14 %", "10 %"]
    figure, numbers = made["20_limit_use"]
    check_nothing_overlaps(figure)
    assert len([axis for axis in figure.axes if axis.get_visible()]) == 3
    assert dict(zip(numbers["rule"], numbers["arm"], strict=True))["partner_list"] == "one"
    assert numbers["use_percent"].ge(0.0).all()
