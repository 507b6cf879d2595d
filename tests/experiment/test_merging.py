"""Runs done in parts and put together are what one process gives; what does not belong together is refused."""

import errno
import json
import shutil
import sqlite3
from dataclasses import replace

import pytest

import colend
from colend.cli import main
from colend.experiment.manifest import read_manifest, verify
from colend.scenario import Scenario, runs
from colend.scenario.loading import shipped

pytestmark = pytest.mark.usefixtures("two_charts")
PARTS = 3


@pytest.fixture(scope="module")
def parts(scenario, tmp_path_factory):
    """Three parts of the scenario, each in its folder; do not write to them."""
    folder = tmp_path_factory.mktemp("parts")
    for i in range(1, PARTS + 1):
        colend.run(scenario, jobs=1, out=folder / str(i), shard=(i, PARTS))
    return [folder / str(i) for i in range(1, PARTS + 1)]


def content(folder):
    return read_manifest(folder)["content"]


def refused(parts, out, words, status=2):
    with pytest.raises(colend.StoreError, match=words) as caught:
        colend.merge(parts, out, report=False)
    assert caught.value.status == status
    assert not out.exists()


def test_parts_share_the_runs_and_have_no_charts(parts, scenario):
    shares = [set(read_manifest(part)["content"]) for part in parts]
    assert all(shares)
    places = [tuple(row) for part in parts for row in colend.open(part).runs[["arm", "seed"]].to_numpy()]
    assert sorted(places) == sorted((run.setting.arm, run.seed) for run in runs(colend.load(scenario)))
    assert not (parts[0] / "charts").exists()
    assert read_manifest(parts[0])["missing"] == []
    assert read_manifest(parts[1])["shard"] == [2, 3]


def test_parts_put_together_are_what_one_process_gives(parts, tmp_path, undisturbed):
    result = colend.merge(parts, tmp_path / "out", report=False)
    assert result.missing == []
    assert content(result.path) == content(undisturbed)
    assert verify(result.path) == []
    for name in ("runs.csv", "comparison.csv", "columns.csv"):
        assert (result.path / name).read_bytes() == (undisturbed / name).read_bytes()
    again = colend.merge(parts[:2], result.path, report=False)  # what is there counts as a part
    assert (again.missing, content(again.path)) == ([], content(undisturbed))


def test_what_is_in_no_part_is_named_and_can_be_run(parts, scenario, tmp_path, capsys, undisturbed):
    out = tmp_path / "out"
    assert main(["--merge", str(parts[0]), str(parts[2]), "--out", str(out), "--quiet"]) == 1
    printed = capsys.readouterr().err
    missing = read_manifest(out)["missing"]
    assert len(missing) == 2
    assert f"in none of the parts, 2 runs: {', '.join(map(repr, missing))};" in printed
    colend.run(scenario, jobs=1, out=out, report=False)
    assert content(out) == content(undisturbed)


def test_parts_of_other_seeds_go_together(scenario, tmp_path, undisturbed):
    for name, seeds in (("a", [2]), ("b", [0, 1])):
        colend.run(colend.load(scenario, seeds=seeds), jobs=1, out=tmp_path / name, report=False)
    result = colend.merge([tmp_path / "a", tmp_path / "b"], tmp_path / "out", report=False)
    assert content(result.path) == content(undisturbed)
    assert result.scenario.seeds == [0, 1, 2]


def test_a_part_that_was_interrupted_gives_what_it_has(parts, tmp_path):
    interrupted = shutil.copytree(parts[0], tmp_path / "interrupted")
    (interrupted / "manifest.json").unlink()
    assert colend.merge([interrupted, parts[1]], tmp_path / "out", report=False).missing == sorted(
        f"{arm}:{seed}" for arm, seed in colend.open(parts[2]).runs[["arm", "seed"]].to_numpy()
    )
    refused([interrupted], tmp_path / "other", "was completed")


def test_what_does_not_belong_together_is_refused_and_nothing_written(parts, scenario, tmp_path):
    out = tmp_path / "out"
    refused([parts[0], tmp_path], out, "no results")
    with pytest.raises(colend.StoreError, match="one of the parts"):
        colend.merge(parts, parts[0], report=False)
    changed = colend.load(scenario, {"alliances.fit_sd": 0.5}, seeds=1)
    colend.run(changed, jobs=1, out=tmp_path / "changed", report=False, shard=(1, 2))
    refused([parts[0], tmp_path / "changed"], out, "no part of the same scenario .*: base is")
    elsewhere = shutil.copytree(parts[1], tmp_path / "elsewhere")
    with sqlite3.connect(elsewhere / "results.sqlite") as connection:
        connection.execute("UPDATE meta SET value = 'another' WHERE name = 'machine'")
    connection.close()
    refused([parts[0], elsewhere], out, "another machine")


def test_a_folder_with_runs_of_another_scenario_is_refused_and_left_as_it_is(parts, scenario, tmp_path):
    out = tmp_path / "out"
    colend.run(replace(colend.load(scenario), seeds=[8]), jobs=1, out=out, report=False)
    before = {path: path.read_bytes() for path in out.iterdir()}
    with pytest.raises(colend.StoreError, match="does not ask for: choose another --out, or --fresh") as caught:
        colend.merge(parts, out, report=False)
    assert caught.value.status == 2
    assert {path: path.read_bytes() for path in out.iterdir()} == before
    assert len(colend.merge(parts, out, fresh=True, report=False).runs) == 6


def test_the_same_run_with_other_content_is_refused(parts, tmp_path):
    other = shutil.copytree(parts[0], tmp_path / "other")
    with sqlite3.connect(other / "results.sqlite") as connection:
        connection.execute("UPDATE months SET applications = applications + 1 WHERE month = 3")
    refused([parts[1], other], tmp_path / "out", "is damaged: months of run .* has changed", status=1)
    from colend.experiment.content import stored_hashes

    with connection:  # rows and hash agree: nobody can tell which of the two is right
        for (arm, seed, point), value in list(stored_hashes(connection, "months")):
            connection.execute(
                "UPDATE content SET hash = ? WHERE held_in = 'months' AND (arm, seed, point) = (?, ?, ?)",
                (value, arm, seed, point),
            )
    connection.close()
    refused([parts[0], other], tmp_path / "out", "hold run .* with different content")


def test_a_part_in_use_is_refused(parts, tmp_path):
    from colend.experiment.store import Store
    from colend.source import model_hash

    part = shutil.copytree(parts[0], tmp_path / "part")
    with Store(part, model_hash()):
        refused([part, parts[1]], tmp_path / "out", "in use by another run")


def test_a_part_that_cannot_be_locked_is_refused(parts, tmp_path, monkeypatch):
    def cannot(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", cannot)
    refused(
        parts, tmp_path / "out", r"cannot lock files \(No locks available\); move it to one that can or leave it out"
    )


def test_failures_come_along(scenario, tmp_path, monkeypatch):
    import colend.market

    def breaks(*_):
        raise ZeroDivisionError("breaks")

    with monkeypatch.context() as patch:
        patch.setattr(colend.market, "simulate", breaks)
        assert colend.run(scenario, jobs=1, out=tmp_path / "1", shard=(1, 6)).failures == 1
    colend.run(scenario, jobs=1, out=tmp_path / "2", shard=(2, 6))
    result = colend.merge([tmp_path / "1", tmp_path / "2"], tmp_path / "out", report=False)
    assert result.frame("failures")["error"].str.contains("ZeroDivisionError: breaks").all()
    assert len(result.frame("failures")) == 1


@pytest.mark.parametrize("name", sorted(shipped()))
def test_a_manifest_says_the_scenario_again(name):
    scenario = colend.load(name, seeds=1)
    again = Scenario.restored(json.loads(json.dumps(scenario.resolved())))
    assert again.resolved() == scenario.resolved()
    assert again == replace(scenario, path=None)
    assert [run.key for run in runs(again)] == [run.key for run in runs(scenario)]


@pytest.mark.parametrize("shard", [(0, 2), (3, 2)])
def test_a_part_that_there_is_not(scenario, tmp_path, shard):
    with pytest.raises(ValueError, match="I from 1 to N"):
        colend.run(scenario, out=tmp_path / "out", shard=shard)


def test_a_sample_with_missing_runs_is_refused_its_sensitivity(scenario, tmp_path, capsys):
    path = tmp_path / "sample.yaml"
    text = scenario.read_text().replace("years: 0.5", "years: 0.0834").replace("seeds: 3", "seeds: 1")
    ranges = "{alliances.fit_sd: [0.5, 2], platforms.precision: [0.5, 0.7]}"
    path.write_text(f"{text}sweep: {{sample: {{method: morris, n: 4, ranges: {ranges}}}}}\n")
    part, out = tmp_path / "part", tmp_path / "out"
    assert main([str(path), "--shard", "1/2", "--out", str(part), "--quiet", "--jobs", "1"]) == 0
    assert main(["--merge", str(part), "--out", str(out), "--quiet"]) == 2
    printed = capsys.readouterr().err
    number = 2 * len(colend.load(path).points) // 2
    assert f"the design is incomplete, so that its sensitivity cannot be told: {number} runs missing (" in printed
    assert not (out / "charts" / "16_sensitivity.png").exists()
    assert main([str(path), "--out", str(out), "--quiet", "--jobs", "1"]) == 0
    assert (out / "charts" / "16_sensitivity.png").exists()
