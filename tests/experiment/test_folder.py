"""What a folder holds after runs that fail, change, or are left out, and when somebody has been at it."""

import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

import colend
from colend.cli import main
from colend.experiment.manifest import read_manifest, verify
from colend.experiment.runner import prepare
from colend.files import written_whole
from colend.scenario import runs

pytestmark = pytest.mark.usefixtures("two_charts")


@pytest.fixture
def out(tmp_path, undisturbed):
    """A copy of finished results."""
    return shutil.copytree(undisturbed, tmp_path / "out")


def go_on(scenario, out, **more):
    return colend.run(scenario, jobs=1, out=out, report=False, **more)


def breaks(monkeypatch, wrong):
    """Let the runs fail whose seed is `wrong`."""
    import colend.market

    prepare()  # the smallest market runs: it is the runs that fail
    simulate = colend.market.simulate

    def simulate_or_raise(setting, seed, engine):
        if wrong(seed):
            raise ZeroDivisionError(f"seed {seed} breaks")
        return simulate(setting, seed, engine)

    monkeypatch.setattr(colend.market, "simulate", simulate_or_raise)


def test_a_finished_folder_runs_nothing_and_stays_as_it_is(scenario, out, monkeypatch):
    breaks(monkeypatch, lambda seed: True)
    before = read_manifest(out)
    result = go_on(scenario, out)
    assert (result.failures, result.put_away) == (0, 0)
    assert read_manifest(out)["content"] == before["content"]
    assert verify(out) == []


def test_a_run_that_raises_is_named_and_the_others_finish(scenario, tmp_path, monkeypatch, capsys, undisturbed):
    breaks(monkeypatch, lambda seed: seed == 1)
    out = tmp_path / "out"
    result = go_on(scenario, out)
    assert result.failures == 2
    failures = result.frame("failures")
    assert sorted(failures["arm"]) == ["cooperate_then_sign", "sign_then_cooperate"]
    assert set(failures["seed"]) == {1}
    assert "ZeroDivisionError: seed 1 breaks" in failures["error"][0]
    assert "in simulate_or_raise" in failures["error"][0]
    assert '"alliances"' in failures["parameters"][0]
    assert read_manifest(out)["missing"] == ["cooperate_then_sign:1", "sign_then_cooperate:1"]
    assert result.comparison["n"].max() == 2
    monkeypatch.undo()
    assert go_on(scenario, out).failures == 0
    assert read_manifest(out)["content"] == read_manifest(undisturbed)["content"]
    assert colend.open(out).frame("failures").empty


def test_when_every_run_fails_the_command_says_so(scenario, tmp_path, monkeypatch, capsys):
    breaks(monkeypatch, lambda seed: True)
    assert main([str(scenario), "--out", str(tmp_path / "out"), "--jobs", "1", "--seeds", "1"]) == 1
    printed = capsys.readouterr()
    assert "sign_then_cooperate:0 failed: ZeroDivisionError: seed 0 breaks" in printed.err
    assert "Traceback" not in printed.err
    assert "No run is finished" in printed.out
    assert main([str(scenario), "--out", str(tmp_path / "out"), "--jobs", "1", "--seeds", "1", "--verbose"]) == 1
    assert "Traceback" in capsys.readouterr().err


SAMPLE = """
sweep:
  sample: {method: morris, n: 2, ranges: {alliances.fit_sd: [0.5, 2.0], alliances.pilot_months: [2, 9]}}
"""
RULE = """
seeds: {at_least: 5, at_most: 7, until: {measure: originations_joint, half_width: 1}}
"""


@pytest.mark.parametrize(
    ("more", "options", "status"), [(SAMPLE, [], 2), (RULE, [], 1), (RULE, ["--only", "sign_then_cooperate:0"], 1)]
)
def test_every_run_of_a_sample_or_under_a_rule_fails(scenario, tmp_path, monkeypatch, capsys, more, options, status):
    text = scenario.read_text()
    path = tmp_path / "more.yaml"
    path.write_text((text.replace("seeds: 3\n", "") if more is RULE else text) + more)
    breaks(monkeypatch, lambda seed: True)
    assert main([str(path), "--out", str(tmp_path / "out"), "--jobs", "1", *options]) == status
    printed = capsys.readouterr()
    assert "sign_then_cooperate:0" in printed.err
    assert "ZeroDivisionError: seed 0 breaks" in printed.err
    assert "No run is finished" in printed.out
    assert read_manifest(tmp_path / "out")["missing"]


def test_what_does_not_fit_is_refused_before_finished_runs_are_thrown_away(scenario, out, tmp_path, capsys):
    """A point beyond those that are tried on loading: two platforms of which the first has all users, and a third."""
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    fine = [f"0.{i:04},2" for i in range(1, 1101)]
    (tmp_path / "points.csv").write_text("\n".join(["alliances.fit_sd,platforms.number", *fine, "1.5,3"]))
    path = tmp_path / "swept.yaml"
    path.write_text(scenario.read_text() + "sweep: {table: points.csv}\n")
    for options in (["--check"], [], ["--fresh"]):
        assert main([str(path), "--out", str(out), "--quiet", *options]) == 2
        assert "user_share" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before


def test_a_folder_that_is_being_changed_is_not_taken_for_what_it_was(scenario, out, monkeypatch):
    """Something interrupts a command with other parameters when it has thrown away what was there."""
    earlier = colend.run(scenario, jobs=1, out=out)
    charts = [file for file in earlier.files if file.parent.name == "charts"]

    def interrupt(*_arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("colend.market.simulate", interrupt)
        with pytest.raises(KeyboardInterrupt):
            go_on(colend.load(scenario, {"alliances.fit_sd": 0.5}), out)
    with pytest.raises(colend.StoreError, match="its runs were interrupted"):
        colend.open(out)
    assert all(file.is_file() for file in charts)
    assert len(go_on(scenario, out).runs) == 6
    assert not any(file.is_file() for file in charts)  # of the earlier result
    assert sorted(path.name for path in out.iterdir() if path.name.startswith(".")) == [".lock"]


def test_a_log_beside_the_database_is_looked_into(scenario, out):
    """While another program reads, what is written stays in the log: the file is as old as its manifest says."""
    with closing(sqlite3.connect(out / "results.sqlite")) as reader:
        reader.execute("PRAGMA journal_mode=WAL")
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM finished").fetchone()
        with closing(sqlite3.connect(out / "results.sqlite")) as writer, writer:
            writer.execute("DELETE FROM finished WHERE seed = 1")
            for table in ("content", *read_manifest(out)["content"]):
                writer.execute(f"DELETE FROM {table} WHERE seed = 1")
        assert len(go_on(scenario, out).runs) == 6
    go_on(scenario, out)  # the log is in the file now, which is another than its manifest says
    assert verify(out) == []


def test_going_on_with_what_is_complete_writes_nothing(scenario, out):
    first = go_on(scenario, out)
    written = {path: path.stat().st_mtime_ns for path in out.rglob("*") if path.is_file() and path.name != ".lock"}
    again = go_on(scenario, out)
    assert set(again.files) == set(first.files)
    assert {path: path.stat().st_mtime_ns for path in written} == written
    (out / "runs.csv").write_text("something else\n")  # what is not as it was is made again
    assert verify(out) == ["runs.csv has changed"]
    go_on(scenario, out)
    assert verify(out) == []
    assert len(go_on(scenario, out, export="csv").files) > len(first.files)


def test_one_run_alone_does_not_mix_with_other_parameters(scenario, out):
    changed = colend.load(scenario, {"alliances.fit_sd": 0.5})
    before = read_manifest(out)
    with pytest.raises(colend.StoreError, match="other parameters") as caught:
        go_on(changed, out, only=runs(changed)[0])
    assert caught.value.status == 2
    assert read_manifest(out) == before
    assert verify(out) == []
    same = colend.load(scenario)
    for seed in (8, 9):  # seeds that the scenario does not have
        result = go_on(same, out, only=runs(replace(same, seeds=[seed]))[0])
    assert sorted(set(result.runs["seed"])) == [0, 1, 2, 8, 9]


def test_exported_tables_stay_with_their_result_and_go_with_it(scenario, out):
    mine = out / "tables" / "mine.csv"
    result = go_on(scenario, out, export="csv")
    mine.write_text("keep me\n")
    assert {file.name for file in (out / "tables").iterdir()} == {file.name for file in result.files[3:-1]} | {
        mine.name
    }
    assert set(go_on(scenario, out).files) == set(result.files)
    go_on(colend.load(scenario, seeds=2), out)
    assert list((out / "tables").iterdir()) == [mine]
    assert (out / "results.sqlite").is_file()
    assert verify(out) == []


@pytest.mark.parametrize("reading", [True, False])
def test_a_reader_that_holds_the_database_open_keeps_nothing_from_it(scenario, tmp_path, reading, undisturbed):
    """Connected, or in the middle of reading, when the last run is written: results must not stay in the log."""
    out, readers = tmp_path / "out", []

    def connect(done, _total, _failed):
        if done == 1:
            readers.append(sqlite3.connect(out / "results.sqlite", isolation_level=None))
            readers[0].execute("BEGIN" if reading else "SELECT 1")
            assert readers[0].execute("SELECT count(*) FROM finished").fetchone() == (1,)
            with pytest.raises(colend.StoreError, match="its runs are under way; wait until they are done"):
                colend.open(out)

    go_on(scenario, out, progress=connect)
    assert sorted(path.name for path in out.iterdir() if "sqlite" in path.name) == ["results.sqlite"]
    assert verify(out) == []
    assert read_manifest(out)["content"] == read_manifest(undisturbed)["content"]
    if reading:
        assert readers[0].execute("SELECT count(*) FROM finished").fetchone() == (1,)  # it has what it began with
        readers[0].execute("COMMIT")
    readers[0].close()
    assert verify(out) == []
    assert len(colend.open(out).runs) == 6


def left(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("command", ["run", "merge"])
def test_who_is_refused_because_a_reader_holds_the_file_changes_nothing(scenario, out, tmp_path, command, monkeypatch):
    """A reader in the middle of reading keeps others from beginning to write; SQLite would wait for it for 5 s."""
    part = tmp_path / "part"
    if command == "merge":
        shutil.copytree(out, part)
    connect, before = sqlite3.connect, left(out)
    monkeypatch.setattr(sqlite3, "connect", lambda *given, **more: connect(*given, timeout=0, **more))
    with closing(connect(out / "results.sqlite", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM runs").fetchone()
        with pytest.raises(colend.StoreError, match="is held by another program") as caught:
            colend.merge([part], out) if command == "merge" else go_on(colend.load(scenario, seeds=1), out)
        assert caught.value.status == 2
    assert left(out) == before
    assert verify(out) == []
    assert len(go_on(colend.load(scenario, seeds=1), out).runs) == 2


def test_what_somebody_who_was_killed_had_begun_to_write_is_cleared_away(scenario, out):
    """The copy of a held file, with SQLite's own file beside it, a table, a chart; not what others put there."""
    mine = [out / ".mine.7", out / ".results.sqlite", out / "charts" / "x.png.7"]
    begun = [out / ".results.sqlite.7", out / ".results.sqlite.7-journal", out / "tables" / ".runs.parquet.7"]
    begun += [out / "charts" / f".a{ending}.123456" for ending in (".png", ".svg", ".csv")]
    with written_whole(out / "results.sqlite") as beside:
        begun.append(beside.with_name(beside.name.replace(str(os.getpid()), "99")))  # as another process would
        shutil.copy(out / "results.sqlite", beside)
    for path in (*mine, *begun):
        path.parent.mkdir(exist_ok=True)
        path.touch()
    go_on(scenario, out)
    assert [path for path in begun if path.exists()] == []
    assert all(path.exists() for path in mine)


def test_a_folder_is_not_let_go_before_its_charts_are_drawn(scenario, tmp_path, monkeypatch):
    def draw(_result, folder):
        with pytest.raises(colend.StoreError, match="in use"):
            go_on(scenario, folder)
        return []

    monkeypatch.setattr("colend.report.draw", draw)
    assert colend.run(colend.load(scenario, seeds=1), jobs=1, out=tmp_path / "out").missing == []


def test_results_that_stay_in_the_log_for_want_of_room_are_not_called_complete(scenario, tmp_path, monkeypatch):
    def full(_store):
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr("colend.experiment.store.Store._end_logging", full)
        with pytest.raises(colend.StoreError, match="Finished runs are kept") as caught:
            go_on(colend.load(scenario, seeds=1), tmp_path / "out")
    assert caught.value.status == 1
    with pytest.raises(colend.StoreError, match="its runs were interrupted"):
        colend.open(tmp_path / "out")
    monkeypatch.setattr("colend.market.simulate", None)
    assert len(go_on(colend.load(scenario, seeds=1), tmp_path / "out").runs) == 2


def test_tampered_results_do_not_verify(out):
    connection = sqlite3.connect(out / "results.sqlite")
    connection.execute("UPDATE months SET applications = applications + 1 WHERE month = 3 AND seed = 1")
    connection.execute("DELETE FROM alliances WHERE seed = 2 AND arm = 'sign_then_cooperate'")
    connection.commit()
    connection.close()
    (out / "runs.csv").write_text("tampered\n")
    (out / "comparison.csv").unlink()
    assert verify(out) == [
        "comparison.csv is missing",
        "results.sqlite has changed",
        "runs.csv has changed",
        *(
            f"results.sqlite: {table} of run {run} has changed"
            for table, run in (
                ("alliances", "sign_then_cooperate:2"),
                ("months", "cooperate_then_sign:1"),
                ("months", "sign_then_cooperate:1"),
            )
        ),
    ]


@pytest.mark.parametrize("damage", ["cut off", "overwritten"])
def test_a_damaged_database_is_said_and_left_as_it_is(scenario, out, damage, capsys):
    path = out / "results.sqlite"
    good = path.read_bytes()
    bad = good[: len(good) * 6 // 10] if damage == "cut off" else good[:4096] + b"\xff" * (len(good) - 4096)
    path.write_bytes(bad)
    for command in ([str(scenario), "--out", str(out), "--quiet"], ["--verify", str(out)]):
        assert main(command) == 1
        printed = capsys.readouterr().err
        assert "results.sqlite is damaged" in printed
        assert printed.count("\n") == 1
    with pytest.raises(colend.StoreError, match="is damaged"):
        _ = colend.open(out).months
    assert path.read_bytes() == bad
    assert (
        main([str(scenario), "--out", str(out), "--quiet", "--jobs", "1", "--fresh", "--only", "sign_then_cooperate:0"])
        == 0
    )


def test_a_damaged_page_is_said_whichever_it_is_and_the_file_kept(scenario, out):
    """Also those that going on would never look at: they would have been written over, and called good again."""
    path = out / "results.sqlite"
    good, page = path.read_bytes(), 4096
    for start in range(page, len(good), page):
        bad = good[:start] + bytes([start // page % 2 * 255]) * page + good[start + page :]
        path.write_bytes(bad)
        with pytest.raises(colend.StoreError, match=r"is damaged .*; it was left as it is") as caught:
            go_on(scenario, out)
        assert caught.value.status == 1
        assert path.read_bytes() == bad


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '"scenario content files"', "3"])
def test_a_damaged_manifest_is_said_and_made_again(scenario, out, text, capsys):
    (out / "manifest.json").write_text(text)
    assert main(["--verify", str(out)]) == 1
    assert "manifest.json cannot be read" in capsys.readouterr().err
    go_on(scenario, out)
    assert main(["--verify", str(out)]) == 0


def test_frames_have_numbers_where_numbers_belong(undisturbed):
    result = colend.open(undisturbed)
    assert len(result.months) == 6 * 6
    assert result.months["month"].dtype == result.runs["seed"].dtype == "int64"
    kinds = {str(kind) for name, kind in result.alliances.dtypes.items() if name not in ("arm", "point")}
    assert {"float64", "int64"} <= kinds
    assert result.alliances["ended"].dtype == "float64"  # nobody has ended: missing, and still a number
    parameters = result.frame("parameters").set_index("name")
    assert parameters.loc["credit.loss_given_default", "high"] <= 1.0
    assert result.frame("fishing").empty  # not recorded
