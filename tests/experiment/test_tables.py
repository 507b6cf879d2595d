"""Tables in parts: what is read of them, and the files that are made without ever holding them whole."""

import csv
import sqlite3
import tracemalloc
from itertools import product

import numpy as np
import pandas as pd
import pytest

import colend
from colend.api import Result
from colend.experiment.content import KEYS
from colend.experiment.derived import write_sensitivity
from colend.experiment.store import Store
from colend.experiment.tables import columns, frame, parts, write
from colend.measures import MEASURES
from colend.scenario.design import point_name, runs
from colend.scenario.tables import TABLES
from colend.source import model_hash

ROWS = 70


@pytest.fixture
def database(tmp_path):
    path = tmp_path / "results.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE runs (arm TEXT, seed INTEGER, point TEXT, lent REAL, meetings INTEGER)")
    rows = [("ab"[i % 2], i // 2, '{"x":1}' if i % 4 < 2 else "", None if i < 30 else i / 3, i) for i in range(ROWS)]
    connection.executemany("INSERT INTO runs VALUES (?, ?, ?, ?, ?)", rows)
    connection.execute("CREATE TABLE months (arm TEXT, seed INTEGER, point TEXT, month INTEGER)")
    connection.commit()
    connection.close()
    return path


def test_a_table_comes_in_parts_that_are_alike(database):
    found = list(parts(database, "runs", rows=20))
    assert [len(part) for part in found] == [20, 20, 20, 10]
    assert len({tuple(part.dtypes.astype(str)) for part in found}) == 1
    assert found[0].dtypes[["seed", "lent", "meetings"]].astype(str).tolist() == ["int64", "float64", "int64"]
    pd.testing.assert_frame_equal(pd.concat(found, ignore_index=True), frame(database, "runs"))
    assert [len(part) for part in parts(database, "months")] == [0]  # recorded, no rows
    assert list(parts(database, "banks")) == []  # not recorded


def test_a_table_in_memory_takes_what_its_numbers_take(tmp_path):
    """Neither the texts of its keys again in every row nor the objects that were read to make it."""
    path, names, number = tmp_path / "results.sqlite", [f"m{i}" for i in range(40)], 4000
    with sqlite3.connect(path) as connection:
        connection.execute(f"CREATE TABLE runs (arm TEXT, seed INTEGER, point TEXT, {' REAL, '.join(names)} REAL)")
        rows = (("a" * 20, i, f"{i // 8:0300}", *[i / 3] * 40) for i in range(number))
        connection.executemany(f"INSERT INTO runs VALUES ({', '.join('?' * 43)})", rows)
    connection.close()
    frame(path, "runs", seed=0)  # what is loaded with the first
    tracemalloc.start()
    whole = frame(path, "runs")
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(whole) == number
    assert kept / number < 2 * 8 * 43, "two times its 43 columns of eight bytes"


def test_some_runs_and_columns_alone(database):
    whole = frame(database, "runs")
    some = frame(database, "runs", ["lent"], arm="a", seed=[20, 21, 22])
    assert list(some.columns) == ["arm", "seed", "point", "lent"]
    assert some["seed"].tolist() == [20, 21, 22]
    assert set(some["arm"]) == {"a"}
    assert len(frame(database, "runs", point={"x": 1})) == (whole["point"] != "").sum()
    assert len(frame(database, "runs", point="")) == (whole["point"] == "").sum()
    assert len(frame(database, "runs", seed=range(3))) == 6
    assert len(frame(database, "runs", arm=[])) == 0
    for wrong, hint in (({"measures": ["lnt"]}, "'lnt'; did you mean lent"), ({"month": 3}, "'month'")):
        with pytest.raises(KeyError, match=rf"no column in runs {hint}.* there are: 'arm', 'seed'"):
            frame(database, "runs", **wrong)
    with pytest.raises(KeyError, match="no meetings in runs 70; there are: 0 to 69"):
        frame(database, "runs", meetings=[3, 70])


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_files_hold_the_table_and_are_written_part_by_part(database, tmp_path, kind):
    if kind == "parquet":
        parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / f"runs.{kind}"
    write(parts(database, "runs", rows=16), path)
    back = pd.read_csv(path, keep_default_na=False, na_values={"lent": ""}) if kind == "csv" else pd.read_parquet(path)
    pd.testing.assert_frame_equal(back, frame(database, "runs"), check_dtype=kind == "parquet")
    if kind == "parquet":
        assert parquet.ParquetFile(path).num_row_groups == 5
    write(parts(database, "months"), tmp_path / f"months.{kind}")
    assert (tmp_path / f"months.{kind}").stat().st_size > 0


def test_no_text_in_a_csv_is_taken_for_a_formula(tmp_path):
    texts = ["=1+1", "+cmd", "-x", "@sum", "\t=1", "-0.5", "+1e3", "先合作", "a=b", ""]
    safe = ["'=1+1", "'+cmd", "'-x", "'@sum", "'\t=1", "-0.5", "+1e3", "先合作", "a=b", ""]
    path = tmp_path / "runs.csv"
    write([pd.DataFrame({"=arm": texts, "lent": -1.5, "seed": -1})], path)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")  # Excel knows UTF-8 by it
    back = pd.read_csv(path, keep_default_na=False, dtype={"'=arm": str})
    assert list(back) == ["'=arm", "lent", "seed"]
    assert back["'=arm"].tolist() == safe
    assert (back["lent"] == -1.5).all()
    with open(path, encoding="utf-8-sig", newline="") as file:
        assert [row["'=arm"] for row in csv.DictReader(file)] == safe


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_file_that_cannot_be_finished_leaves_the_one_before(database, tmp_path, kind):
    if kind == "parquet":
        pytest.importorskip("pyarrow")
    path = tmp_path / f"runs.{kind}"
    path.write_text("before")

    def breaks():
        yield from parts(database, "runs", rows=30)
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        write(breaks(), path)
    assert path.read_text() == "before"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["results.sqlite", path.name]


def test_results_give_parts_too(undisturbed):
    result = colend.open(undisturbed)
    sizes = [len(part) for part in result.parts("months", ["applications"], rows=10, arm="sign_then_cooperate")]
    assert sizes == [10, 8]  # three seeds of six months
    assert len(result.frame("months", seed=1)) == 12


FIRST = "sign_then_cooperate"


@pytest.mark.parametrize(
    ("plainly", "otherwise"),
    [
        ({"seed": 0}, {"seed": np.int64(0)}),
        ({"seed": [0, 2]}, {"seed": np.array([0, 2])}),
        ({"seed": [0, 2]}, {"seed": pd.Series([0, 2], dtype="int16")}),
        ({"seed": [0, 1]}, {"seed": range(2)}),
        ({"seed": [1]}, {"seed": {np.uint8(1)}, "point": ""}),
        ({"arm": FIRST}, {"arm": pd.Index([FIRST])}),
        ({"arm": FIRST}, {"arm": np.str_(FIRST), "point": {}}),
        ({"month": 3}, {"month": np.int8(3)}),
    ],
)
def test_values_of_any_kind_choose_the_same_rows(undisturbed, plainly, otherwise):
    result = colend.open(undisturbed)
    found = result.frame("months", **plainly)
    assert len(found) > 0
    pd.testing.assert_frame_equal(result.frame("months", **otherwise), found)


def test_measures_keep_what_tells_rows_apart(undisturbed):
    result = colend.open(undisturbed)
    for measures in (["balance_joint"], "balance_joint", pd.Index(["balance_joint"]), ("balance_joint",)):
        found = result.frame("months", measures)
        assert list(found) == ["arm", "seed", "point", "month", "balance_joint"]
        assert not found.duplicated(["arm", "seed", "point", "month"]).any()
    for table, keys in TABLES.items():
        assert {one.name for one in MEASURES if one.table == table} >= set(keys)
        found = result.frame(table, [])
        assert list(found) == [*KEYS, *keys][: len(found.columns)]
        assert not found.duplicated().any()


def test_what_does_not_exist_is_named_with_the_nearest(undisturbed):
    result = colend.open(undisturbed)
    for said, table, how in (
        ("no table 'month'; did you mean months?", "month", {}),
        ("no table 'comparisons'; did you mean comparison?", "comparisons", {}),
        ("no column in months 'balance_jont'; did you mean balance_joint?", "months", {"measures": ["balance_jont"]}),
        ("no column in months 'aplications'; did you mean applications?", "months", {"measures": "aplications"}),
        ("no column 'indx'; did you mean index?", "fishing", {"measures": ["indx"]}),  # not recorded
        ("no column in months 'sed'; did you mean seed?", "months", {"sed": 1}),
        (f"no arm 'sign_then_coperate'; did you mean {FIRST}?", "runs", {"arm": "sign_then_coperate"}),
        ("no seed 7; there are: 0, 1, 2", "runs", {"seed": [0, np.int64(7)]}),
        ("no seed '0'; there are: 0, 1, 2", "runs", {"seed": "0"}),
        ("no seed True;", "runs", {"seed": np.array([True, False, True])}),
        ("no sweep point {'alliances.fit_sd': 1};", "runs", {"point": {"alliances.fit_sd": 1}}),
        ("no sweep point 'x';", "runs", {"point": ["", "x"]}),
        ("no month in months 600; there are: 0, 1, 2, 3, 4, 5", "months", {"month": 600}),
        ("no kind in banks 'rurl'; did you mean rural?", "banks", {"kind": "rurl"}),
        (
            "no measure of whole runs 'bank_profits'; did you mean bank_profit?",
            "comparison",
            {"measures": "bank_profits"},
        ),
        ("no number of the comparison 'hgh'; did you mean high?", "comparison", {"numbers": ["hgh"]}),
        ("no arm 'x';", "comparison", {"arm": ["x"]}),
        ("no column in runs 'month'", "comparison", {"month": 3}),
    ):
        with pytest.raises(KeyError) as raised:
            result.frame(table, **how)
        assert said in raised.value.args[0]
    with pytest.raises(ValueError, match="rows 0"):
        list(result.parts("runs", rows=0))


@pytest.fixture(scope="module")
def swept(scenario, tmp_path_factory):
    """Three points of two arms and two seeds, a month each."""
    folder = tmp_path_factory.mktemp("swept")
    text = scenario.read_text().replace("years: 0.5", "years: 0.0834").replace("seeds: 3", "seeds: 2")
    path = folder / "swept.yaml"
    path.write_text(text + "sweep: {grid: {alliances.fit_sd: [2, 0.5, 1]}}\nrecord: {months: none, banks: none}\n")
    return colend.run(path, jobs=1, out=folder / "out", report=False)


def test_the_comparison_is_made_as_it_is_read(swept):
    whole = swept.comparison
    assert list(dict.fromkeys(whole["point"])) == [f'{{"alliances.fit_sd":{value}}}' for value in ("2", "0.5", "1")]
    in_parts = list(swept.parts("comparison", rows=150))  # one point of two arms by some sixty measures
    assert len(in_parts) == 3
    pd.testing.assert_frame_equal(pd.concat(in_parts, ignore_index=True), whole)
    how = {"point": {"alliances.fit_sd": np.float64(1)}, "arm": np.array(["cooperate_then_sign"])}
    some = swept.frame("comparison", "bank_profit", **how)
    row = whole.query(
        "measure == 'bank_profit' and point == '{\"alliances.fit_sd\":1}' and arm == 'cooperate_then_sign'"
    )
    pd.testing.assert_frame_equal(some, row.reset_index(drop=True))
    written = pd.read_csv(swept.path / "comparison.csv", keep_default_na=False, na_values=[""])
    pd.testing.assert_frame_equal(written[list(whole)], whole, check_dtype=False)
    assert columns(swept.path / "results.sqlite", "comparison") == []


def test_columns_of_the_comparison_are_what_they_are_beside_all_others(swept):
    """Whether all measures were read for them, as Holm's p wants it, or one alone."""
    whole = swept.comparison.query("measure == 'bank_profit'").reset_index(drop=True)
    for numbers in (["high", "difference"], ["difference", "p_holm"]):
        some = swept.frame("comparison", ["bank_profit"], numbers=numbers)
        pd.testing.assert_frame_equal(some, whole[["arm", "point", "measure", *numbers]], check_exact=True)


def test_what_is_made_of_a_sweeps_runs_takes_little_memory_a_run(tmp_path, monkeypatch):
    """Indices and summary of a sample, from 800 to 1,600 runs that nobody simulated: 370 bytes a run, 160 of them the
    twenty measures of the summary. Files are written part by part.
    """
    monkeypatch.setattr("colend.experiment.tables._VALUES_AT_ONCE", 5_000)  # else so few runs were one part
    names = [measure.name for measure in MEASURES if measure.table == "runs"]
    ranges = {"alliances.fit_sd": [0.2, 2], "alliances.operation_sd": [0.3, 1.5], "alliances.prior_mean": [-1, 1]}
    peaks = {}
    for points in (20, 200, 400):  # the first ones load what all take
        sample = {"sweep.sample": {"n": points, "ranges": ranges}}
        scenario, folder = colend.load("sequencing", sample, seeds=2), tmp_path / str(points)
        numbers, every = np.random.default_rng(1), runs(scenario)
        with Store(folder, model_hash(), sampled=True) as store:
            for one in every:
                store.add(one, {"runs": {name: numbers.random(1) for name in names}})
            tracemalloc.start()
            write_sensitivity(store, folder, scenario)
            assert "hangs on most" in Result(folder, scenario).summary()
            peaks[len(every)] = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
    _, (few, before), (many, after) = peaks.items()
    assert (after - before) / (many - few) < 740, "two times that"


def test_the_expected_disk_is_about_what_results_take(undisturbed, scenario):
    from colend.experiment.plan import COLUMNS, disk_of_run

    assert {table: sum(one.table == table for one in MEASURES) for table in COLUMNS} == COLUMNS
    small = colend.load(scenario)
    taken = sum((undisturbed / name).stat().st_size for name in ("results.sqlite", "runs.csv", "comparison.csv"))
    taken -= 100_000  # declarations of measures and parameters
    assert 0.5 < 6 * disk_of_run(small, small.arm("sign_then_cooperate")) / taken < 2.0


@pytest.mark.parametrize("rows", [1, 16, 20_000])
def test_a_sweep_yields_every_point_with_its_runs_in_the_scenarios_order(swept, tmp_path, monkeypatch, rows):
    """However many points are read at a time, and whichever run was done first."""
    asked, folder = swept.scenario, tmp_path / "out"
    colend.run(asked, 1, folder, only=runs(asked)[-2], report=False)  # of the last seed and point, done first
    monkeypatch.setattr("colend.api.ROWS_AT_ONCE", rows)
    found = list(colend.sweep(asked, jobs=1, out=folder, report=False))
    assert [point for point, _ in found] == asked.points
    whole = frame(folder / "results.sqlite", "runs")
    assert whole["seed"].iloc[0] == 1, "else rows would be in order without being put there"
    for point, of_point in found:
        assert list(zip(of_point["seed"], of_point["arm"], strict=True)) == list(product(asked.seeds, asked.arms))
        there = whole[whole["point"] == point_name(point)]
        pd.testing.assert_frame_equal(
            of_point.sort_values(["seed", "arm"], ignore_index=True),
            there.sort_values(["seed", "arm"], ignore_index=True),
        )


def test_a_sweeps_point_without_runs_has_an_empty_frame(swept, tmp_path):
    found = list(colend.sweep(swept.scenario, jobs=1, out=tmp_path / "out", report=False, shard=(1, 6)))
    assert [len(of_point) for _, of_point in found] == [2, 0, 0]
