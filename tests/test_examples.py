"""The examples run as they stand, in a small size, and say what the results say. About 7 CPU seconds."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import colend

EXAMPLES = Path(__file__).parents[1] / "examples"
SMALL = {"years": 1, "population.borrowers": 500, "banks.rural.number": 6}


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("sweep_script", EXAMPLES / "sweep_script.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_script_runs_its_sweep_and_writes_its_table(script, tmp_path, capsys):
    size = "--points 3 --seeds 2 --years 1 --borrowers 500 --jobs 1"
    table = script.main([*size.split(), "--out", str(tmp_path)])
    assert list(table["arm"]) == ["cooperate_then_sign"] * 3
    for key, (low, high) in script.RANGES.items():
        assert table[key].between(low, high).all()
        assert table[key].nunique() == 3
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "points.csv"), table, check_dtype=False)
    assert "rank correlation" in capsys.readouterr().out
    # The comparison of the package finds the same differences.
    comparison = colend.open(tmp_path).comparison.query("arm == 'cooperate_then_sign'")
    for measure in script.MEASURES:
        other = comparison[comparison["measure"] == measure]["difference"].to_numpy()
        np.testing.assert_allclose(np.sort(table[measure].astype(float)), np.sort(other), rtol=1e-9, atol=1e-9)


def test_the_script_leaves_out_pairs_without_a_value_or_with_a_run_that_failed(script):
    values = {name: [1.0, 2.0, 3.0, 4.0, np.nan] for name in script.MEASURES}
    frame = pd.DataFrame({"arm": list("aaabb"), "seed": [0, 1, 2, 0, 1]} | values)
    (row,) = script.differences(frame, "a").to_dict("records")
    assert (row["arm"], row["pairs"], row["value_per_bank"]) == ("b", 1, 3.0)
    (row,) = script.differences(frame[frame["arm"] == "b"], "a").to_dict("records")
    assert row["pairs"] == 0
    assert np.isnan(row["value_per_bank"])


def test_the_notebook_runs_and_draws_its_map(tmp_path):
    """Its code cells, one after the other; what the cell tagged `parameters` sets gives way to a small size."""
    import matplotlib.pyplot as plt

    notebook = json.loads((EXAMPLES / "sweep.ipynb").read_text(encoding="utf-8"))
    grid = {"alliances.fit_sd": [0.4, 1.25, 2.5], "alliances.operation_sd": [0.2, 0.8]}
    smaller = {"seeds": 2, "jobs": 1, "folder": tmp_path, "overrides": SMALL | {"sweep": {"grid": grid}}}
    names: dict = {}
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert [cell["metadata"].get("tags") for cell in cells].count(["parameters"]) == 1
    for number, cell in enumerate(cells):
        assert not cell["outputs"], "kept without results, which would grow stale"
        exec(compile("".join(cell["source"]), f"sweep.ipynb cell {number}", "exec"), names)
        if cell["metadata"].get("tags") == ["parameters"]:
            assert set(smaller) <= set(names)
            names |= smaller
    drawn = names["figure"]
    plt.close("all")
    maps = [axis for axis in drawn.axes if axis.images]
    assert [axis.images[0].get_array().shape for axis in maps] == [(2, 3)] * 2
    rows = names["rows"]
    one = rows[(rows["alliances.fit_sd"] == 2.5) & (rows["alliances.operation_sd"] == 0.2)]
    value = one.loc[one["measure"] == "value_per_bank", "difference"].item()
    assert maps[0].images[0].get_array()[0, 2] == pytest.approx(value * 1e-6)
    assert np.isfinite(value)
