"""Sampled and tabled sweeps: their designs, their points, and what is wrong with them."""

import numpy as np
import pandas as pd
import pytest

from colend.scenario import ScenarioError, load
from colend.scenario.sweep import Sample

RANGES = "alliances.fit_sd: [0.1, 3], alliances.term_months: [12, 15], credit.posted_rate.prime: [0.1, 0.2]"


def sampled(scenario, method, n):
    return scenario(f"sweep: {{sample: {{method: {method}, n: {n}, seed: 7, ranges: {{{RANGES}}}}}}}\n")


def column(found, key):
    return np.array([point[key] for point in found.points])


def test_a_latin_hypercube_has_one_point_in_every_stratum_and_all_whole_numbers_alike(scenario):
    found = sampled(scenario, "latin_hypercube", 40)
    strata = np.floor((column(found, "alliances.fit_sd") - 0.1) / 2.9 * 40).astype(int)
    assert sorted(strata) == list(range(40))
    values, counts = np.unique(column(found, "alliances.term_months"), return_counts=True)
    assert values.tolist() == [12, 13, 14, 15]
    assert counts.tolist() == [10, 10, 10, 10]
    assert (
        found.arm("base", found.points[3]).parameters.alliances.term_months == found.points[3]["alliances.term_months"]
    )
    assert found.resolved()["sample"]["method"] == "latin_hypercube"
    assert sampled(scenario, "latin_hypercube", 40).points == found.points


def test_sobols_design_changes_one_key_at_a_time_from_its_base_points(scenario):
    found = sampled(scenario, "sobol", 8)
    assert found.sample.size == 8 * (3 + 2)
    rows = found.sample.unit_rows().reshape(8, 5, 3)
    for base, *mixed, other in rows:
        for i, row in enumerate(mixed):
            expected = base.copy()
            expected[i] = other[i]
            np.testing.assert_array_equal(row, expected)


def test_morriss_trajectories_move_one_key_a_step(scenario):
    found = sampled(scenario, "morris", 5)
    assert found.sample.size == 5 * (3 + 1)
    for trajectory in found.sample.unit_rows().reshape(5, 4, 3):
        moved = np.diff(trajectory, axis=0) != 0.0
        assert moved.sum(axis=1).tolist() == [1, 1, 1]
        assert moved.sum(axis=0).tolist() == [1, 1, 1]


def test_points_that_repeat_are_run_once(scenario):
    found = scenario("sweep: {sample: {method: morris, n: 30, ranges: {alliances.term_months: [12, 13]}}}\n")
    assert found.sample.size == 60
    assert len(found.points) == 2
    assert {tuple(row.values()) for row in found.sample.rows()} == {tuple(point.values()) for point in found.points}


def test_whole_numbers_stay_within_their_range():
    sample = Sample("latin_hypercube", 1000, 1, {"alliances.term_months": (3, 4)})
    assert {row["alliances.term_months"] for row in sample.rows()} == {3, 4}


def test_a_table_gives_its_points_as_they_are(write, scenario):
    write(
        'alliances.fit_sd,platforms.openness\n0.5,technology\n\n1e-1,"[traffic, traffic, traffic, traffic, '
        'customers, technology]"\n',
        "points.csv",
    )
    found = scenario("sweep: {table: points.csv}\n")
    assert found.points[0] == {"alliances.fit_sd": 0.5, "platforms.openness": "technology"}
    assert found.points[1]["platforms.openness"][4:] == ["customers", "technology"]
    assert found.sample is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{sample: {n: 4, ranges: {alliances.fit_sd: [2, 1]}}}", "alliances.fit_sd: [2, 1]: low is not below high"),
        ("{sample: {n: 4, ranges: {alliances.fit_sd: [1, 2, 3]}}}", "[1, 2, 3] is not allowed; allowed: [low, high]"),
        ("{sample: {n: 4, ranges: {alliances.fit_sd: [1, 99]}}}", "alliances.fit_sd: 99 is not allowed"),
        ("{sample: {n: 4, ranges: {alliances.fitsd: [1, 2]}}}", "did you mean alliances.fit_sd?"),
        ("{sample: {n: 4, ranges: {platforms.openness: [1, 2]}}}", "is not a number, so that it has no range"),
        ("{sample: {n: 0, ranges: {alliances.fit_sd: [1, 2]}}}", "sweep.sample.n: 0 is not allowed"),
        ("{sample: {ranges: {alliances.fit_sd: [1, 2]}}}", "sweep.sample.n: none is not allowed"),
        ("{sample: {n: 6, method: sobol, ranges: {alliances.fit_sd: [1, 2]}}}", "6 is not a power of two"),
        ("{sample: {n: 4, method: sobl, ranges: {alliances.fit_sd: [1, 2]}}}", "did you mean sobol?"),
        ("{sample: {n: 4, rangs: {alliances.fit_sd: [1, 2]}}}", "no such key; did you mean ranges?"),
        ("{sample: {n: 4}}", "allowed: a mapping of keys with [low, high]"),
        ("{sample: {n: 900000, method: sobol, ranges: {alliances.fit_sd: [1, 2]}}}", "is not a power of two"),
        ("{sample: {n: 524288, method: sobol, ranges: {alliances.fit_sd: [1, 2]}}}", "1,572,864 points; at most"),
        ("{sample: 3}", "sweep.sample: allowed: a mapping of method, n, seed, ranges"),
        ("{grid: {alliances.fit_sd: [1]}, table: a.csv}", "sweep: grid and table stand side by side"),
        ("{table: nowhere.csv}", "nowhere.csv"),
        ("{table: ../points.csv}", "is outside the scenario's folder"),
        ("{table: 3}", "sweep.table: 3 is not allowed; allowed: the name of a CSV file"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_one_line(problems, text, expected):
    found = problems(f"sweep: {text}\n")
    assert len(found) == 1, found
    assert expected in found[0]


def test_a_data_frame_is_no_table_of_points():
    """It is refused in one line, as is everything else that is no file's name."""
    data = {"name": "x", "title": "x", "years": 1, "seeds": 1}
    points = pd.DataFrame({"alliances.fit_sd": [0.2, 1.0]})
    with pytest.raises(ScenarioError) as caught:
        load(data | {"sweep": {"table": points}})
    (problem,) = caught.value.problems
    assert problem.startswith("dictionary: sweep.table: ")
    assert problem.endswith(" is not allowed; allowed: the name of a CSV file")


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("alliances.fit_sd\n", "points.csv:1: a table of points has a line of keys"),
        ("alliances.fitsd\n1\n", "alliances.fitsd: there is no such parameter; did you mean"),
        ("alliances.fit_sd,alliances.fit_sd\n1,2\n", "points.csv:1: alliances.fit_sd: this column is given twice"),
        ("alliances.fit_sd\n1\n2,3\n", "points.csv:3: 2 cells for 1 columns"),
        ("alliances.fit_sd\n1\nx\n", "points.csv:3: alliances.fit_sd: 'x' is not allowed"),
        ("alliances.fit_sd\n1\n1\n", "points.csv:3: this point is given twice"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_table_is_said_with_its_line(write, problems, table, expected):
    write(table, "points.csv")
    found = problems("sweep: {table: points.csv}\n")
    assert any(expected in problem for problem in found), found


def test_a_swept_key_cannot_be_set_by_an_arm_as_well(problems):
    found = problems(
        "compare: {alliances.fit_sd: [1, 2]}\nsweep: {sample: {n: 4, ranges: {alliances.fit_sd: [1, 2]}}}\n"
    )
    assert found == ["scenario.yaml:2: alliances.fit_sd: is both swept and set by arms"]


@pytest.mark.parametrize("method", ["sobol", "morris", "latin_hypercube"])
def test_a_seed_of_zero_is_a_seed(method):
    """SALib took it for none before 1.5.2: parts of a sweep would each have had their own design."""
    sample = Sample(method, 8, 0, {"alliances.fit_sd": (0.1, 3), "alliances.operation_sd": (0.1, 1)})
    np.testing.assert_array_equal(sample._draw(), sample._draw())


@pytest.mark.parametrize("method", ["sobol", "morris", "latin_hypercube"])
def test_a_sample_is_kept_once_drawn_and_drawn_anew_where_it_cannot_be(method, tmp_path, monkeypatch):
    sample = Sample(method, 8, 3, {"alliances.fit_sd": (0.1, 3), "alliances.term_months": (12, 15)})
    drawn = sample._draw()
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda *_: str(tmp_path))
    np.testing.assert_array_equal(sample.unit_rows(), drawn)
    (kept,) = (tmp_path / "samples").iterdir()
    with monkeypatch.context() as patch:
        patch.setattr(Sample, "_draw", None)
        np.testing.assert_array_equal(sample.unit_rows(), drawn)
    whole = kept.read_bytes()
    for size in (0, 3, 100, len(whole) - 8):
        kept.write_bytes(whole[:size])
        np.testing.assert_array_equal(sample.unit_rows(), drawn)
        assert kept.read_bytes() == whole
    (tmp_path / "file").write_text("")
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda *_: str(tmp_path / "file"))
    np.testing.assert_array_equal(sample.unit_rows(), drawn)
