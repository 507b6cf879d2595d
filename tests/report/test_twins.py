"""Charts and summary of arms beside their market without alliances."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from colend.report import text
from colend.report.beside_twins import TOLD
from colend.report.drawing import lay_out
from colend.report.figures.beside_twins import SHOWN, beside_twins
from colend.report.figures.gates import gates
from colend.report.figures.value_parts import WORDS, value_parts
from colend.report.reading import Reading


def inside(figure):
    """No axes leave the page."""
    lay_out(figure)
    renderer = FigureCanvasAgg(figure).get_renderer()
    for axis in figure.axes:
        if axis.get_visible():
            box = axis.get_tightbbox(renderer)
            assert box.x0 >= -2.0
            assert box.x1 <= figure.bbox.x1 + 2.0


def test_a_twin_is_no_arm_of_charts_and_no_run_of_theirs(beside_twin):
    reading = Reading(beside_twin)
    assert reading.arms == list(beside_twin.scenario.arms)[:4]
    assert "without alliances" not in set(reading.frame("months")["arm"])
    assert "without alliances" in set(beside_twin.runs["arm"])


def test_the_summary_says_what_alliances_did_to_whom(beside_twin):
    summary = text(beside_twin)
    lines = summary.splitlines()
    assert len(lines) < 50
    assert max(map(len, lines)) <= 100
    assert "4 arms and markets without alliances, 3 seeds each" in summary
    (start,) = [i for i, line in enumerate(lines) if line.startswith("What alliances did")]
    effects = beside_twin.frame("effects")
    effects = effects[effects["group"] == "partnered"].set_index(["arm", "kind", "measure"])
    kinds = [kind for kind in ("rural", "city") if kind in effects.index.get_level_values("kind")]
    assert len(kinds) > 0
    told = lines[start + 3 : start + 3 + len(kinds) * (1 + len(TOLD))]
    for place, kind in enumerate(kinds):
        block = told[place * (1 + len(TOLD)) :][: 1 + len(TOLD)]
        assert block[0].lower().startswith(kind)
        value = effects.loc[(reading_arm(beside_twin), kind, "value")]["difference"] / 1e6
        assert float(block[1].split()[3].split("±")[0].replace("−", "-").replace(",", "")) == pytest.approx(
            value, abs=0.5
        )


def reading_arm(result):
    return next(iter(result.scenario.arms))


def test_chart_26_shows_every_effect_and_its_numbers(beside_twin):
    figure, numbers = beside_twins(Reading(beside_twin))
    assert set(numbers["measure"]) <= set(SHOWN)
    assert {"value", "index", "learned"} <= set(numbers["measure"])
    assert "without alliances" in figure.texts[1].get_text()
    inside(figure)
    assert beside_twins(Reading(beside_twin.changed(scenario=without_twins(beside_twin)))) is None
    assert beside_twins(Reading(beside_twin.changed(banks=None))) is None  # recorded by no sweep, unless it is asked to


def without_twins(result):
    from dataclasses import replace

    arms = {arm: {} for arm in list(result.scenario.arms)[:4]}
    return replace(result.scenario, twins={}, arms=arms)


def test_chart_27_lets_no_threshold_decide(beside_twin):
    """Every bank with a partner is in the numbers, and the curves start at all of them."""
    figure, banks = gates(Reading(beside_twin))
    assert (banks["partnered"] == 1).all()
    for axis in figure.axes:
        for line in axis.lines:
            shares = np.asarray(line.get_ydata(), dtype=float)
            if len(shares) > 2:
                assert shares[0] == 100.0
                assert (np.diff(shares) <= 0.0).all()
    inside(figure)


def test_chart_28_adds_up(beside_twin):
    """By arm and party, parts before tax and after are the sums of what stands before them; against the baseline where
    there is no twin."""
    figure, numbers = value_parts(Reading(beside_twin))
    assert set(numbers["less"]) == {"without alliances"}
    table = numbers.pivot(index=["party", "arm"], columns="part", values="mean")
    sums = table[[name for name in WORDS if name not in ("before_tax", "profit", "value")]].sum(axis=1)
    np.testing.assert_allclose(sums, table["profit"], atol=0.01)
    np.testing.assert_allclose(table["before_tax"] + table["tax"], table["profit"], atol=0.01)
    inside(figure)
    _, numbers = value_parts(Reading(beside_twin.changed(scenario=without_twins(beside_twin))))
    assert set(numbers["less"]) == {reading_arm(beside_twin)}
    assert len(set(numbers["arm"])) == 3
