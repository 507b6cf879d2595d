"""Runs and comparison for a spreadsheet: coded names with label and unit, read back as they were."""

import pandas as pd
import pytest

import colend
from colend.measures import MEASURES

ARMS = {"先合作": {"alliances.sequencing": "cooperate_then_sign"}, "=1+1": {}}
SAID = {
    "name": "表",
    "years": 1 / 12,
    "seeds": 2,
    "base": {
        "population": {"borrowers": 100, "persons": 100_000},
        "banks": {"city.number": 1, "rural.number": 2, "consumer_finance.number": 0},
        "platforms": {"number": 1, "user_share": [1.0]},
    },
    "arms": ARMS,
    "baseline": "=1+1",
    "sweep": {"grid": {"alliances.fit_sd": [0.5, 1.0]}},
}


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    return colend.run(SAID, jobs=1, out=tmp_path_factory.mktemp("sheets"), report=False, export="csv")


def read(result, name):
    path = result.path / name
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    return pd.read_csv(path, keep_default_na=False, na_values=[""])


def test_coded_names_have_labels_and_units(result):
    sheet = read(result, "comparison.csv")
    assert list(sheet)[:7] == ["arm", "arm_label", "point", "point_label", "measure", "label", "unit"]
    row = sheet.query("measure == 'bank_profit'").iloc[0]
    assert row[["arm", "arm_label", "point_label", "unit"]].tolist() == [
        "先合作",
        "先合作",
        "Spread of hidden fit around its public prior: 0.5",
        "yuan",
    ]
    assert row["label"].startswith("Profit of banks")
    assert set(sheet["arm"]) == {"先合作", "'=1+1"}  # no formula
    columns = read(result, "columns.csv")
    for name in ("runs.csv", "comparison.csv"):
        described = columns[columns["file"] == name]
        assert described["column"].tolist() == list(read(result, name))
        assert described[["label", "unit"]].notna().all(axis=None)
    over = columns.set_index("column")["taken_over"].dropna()
    assert over["bank_profit"] == "all banks"
    assert over["served_thin_file_end"] == "thin-file persons"
    assert set(over.index) == {one.name for one in MEASURES if one.table == "runs"} & set(result.runs)


def test_they_hold_what_the_tables_do(result):
    for name, frame in (("runs", result.runs), ("comparison", result.comparison)):
        sheet = read(result, f"{name}.csv")
        sheet["arm"] = sheet["arm"].str.removeprefix("'")
        keys = [key for key in ("arm", "seed", "point", "measure") if key in frame]
        one, two = (table[list(frame)].sort_values(keys, ignore_index=True) for table in (sheet, frame))
        pd.testing.assert_frame_equal(one, two, check_dtype=False)
        assert list(read(result, f"tables/{name}.csv")) == list(frame)
