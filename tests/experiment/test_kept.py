"""Nothing but --fresh throws a finished run away: what is not asked for is kept, is not shown, and comes back."""

import json
import shutil
import sqlite3
from contextlib import closing

import pytest

import colend
from colend.cli import main
from colend.experiment.content import content_hash
from colend.experiment.manifest import read_manifest, verify
from colend.experiment.store import Store
from colend.scenario import runs
from colend.scenario.design import simulation_of
from colend.source import model_hash

TWO_KEYS = """
compare:
  alliances.sequencing: [sign_then_cooperate, cooperate_then_sign]
  platforms.openness: [traffic, technology]
"""


@pytest.fixture
def out(tmp_path, undisturbed):
    """A copy of finished results."""
    return shutil.copytree(undisturbed, tmp_path / "out")


@pytest.fixture
def nothing_runs(monkeypatch):
    """A command that would run anything fails."""

    def simulate(*_):
        raise AssertionError("a finished run was run again")

    return lambda: monkeypatch.setattr("colend.market.simulate", simulate)


def go_on(scenario, out, **more):
    result = colend.run(scenario, jobs=1, out=out, report=False, **more)
    assert result.failures == 0
    assert verify(out) == []
    return result


def plan(capsys, *arguments):
    assert main([*map(str, arguments), "--check", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    return [found.get(name) for name in ("finished", "to_run", "not_asked_for")]


def test_fewer_seeds_other_parameters_and_back_run_nothing_twice(scenario, out, undisturbed, nothing_runs, capsys):
    before = read_manifest(undisturbed)["content"]
    changed = ["--set", "alliances.fit_sd=0.5", "--seeds", "1"]
    assert plan(capsys, scenario, "--out", out) == [6, 0, 0]
    assert plan(capsys, scenario, "--out", out, "--seeds", "4") == [6, 2, 0]
    assert plan(capsys, scenario, "--out", out, *changed) == [0, 2, 6]
    assert plan(capsys, scenario, "--out", out, "--shard", "1/2", "--seeds", "1") == [1, 0, 4]
    other = go_on(colend.load(scenario, {"alliances.fit_sd": 0.5}, seeds=1), out)
    assert (other.put_away, len(other.runs), other.comparison["n"].max()) == (6, 2, 1)
    assert read_manifest(out)["content"] != before
    nothing_runs()
    fewer = go_on(colend.load(scenario, seeds=1), out)
    assert (fewer.put_away, sorted(set(fewer.months["seed"]))) == (2, [0])
    assert len(colend.open(out).runs) == 2
    assert plan(capsys, scenario, "--out", out) == [6, 0, 2]
    assert main([str(scenario), "--out", str(out), "--fresh", "--check", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["thrown_away"] == 8
    assert go_on(colend.load(scenario), out).put_away == 0
    assert read_manifest(out)["content"] == before
    for name in ("runs.csv", "comparison.csv"):
        assert (out / name).read_bytes() == (undisturbed / name).read_bytes()


def test_the_command_says_what_is_kept(scenario, out, capsys, monkeypatch):
    monkeypatch.setattr("colend.report.draw", lambda *_: [])
    assert main([str(scenario), "--out", str(out), "--quiet", "--seeds", "1"]) == 0
    assert f"kept in {out}, but not shown: 4 finished runs that this command does not ask for" in (
        capsys.readouterr().err
    )
    assert main([str(scenario), "--out", str(out), "--quiet", "--seeds", "1"]) == 0
    assert capsys.readouterr().err == ""
    with closing(sqlite3.connect(out / "results.sqlite")) as connection:
        for table in ("finished", "runs", "months", "content"):
            assert connection.execute(f"SELECT DISTINCT seed FROM {table}").fetchall() == [(0,)]


def test_arms_are_dropped_added_and_reordered(scenario, tmp_path, nothing_runs):
    out, path = tmp_path / "out", tmp_path / "four.yaml"
    head = scenario.read_text().partition("compare:")[0].replace("seeds: 3", "seeds: 1")
    path.write_text(head + TWO_KEYS)
    four = go_on(path, out)
    content = read_manifest(out)["content"]
    nothing_runs()
    path.write_text(head + TWO_KEYS.replace("[traffic, technology]", "[technology]"))
    assert set(go_on(path, out).runs["arm"]) == {"sign_then_cooperate + technology", "cooperate_then_sign + technology"}
    first, second = TWO_KEYS.strip().splitlines()[1:]
    path.write_text(f"{head}compare:\n{second}\n{first}\n")  # the same arms, whose names are the other way round
    turned = go_on(path, out)
    assert turned.put_away == 0  # all are shown, under other names
    assert turned.scenario.baseline == "traffic + sign_then_cooperate"
    column = "originations_joint"
    assert [f"{b} + {a}" for a, b in (arm.split(" + ") for arm in turned.runs["arm"])] == [
        "sign_then_cooperate + traffic",
        "cooperate_then_sign + traffic",
        "sign_then_cooperate + technology",
        "cooperate_then_sign + technology",
    ]
    assert sorted(turned.runs[column]) == sorted(four.runs[column])
    assert {simulation_of(run.key) for run in runs(turned.scenario)} == {
        simulation_of(run.key) for run in runs(four.scenario)
    }
    colend.run(path, jobs=1, out=out, report=False, only=runs(turned.scenario)[3])
    path.write_text(head + TWO_KEYS)
    one = runs(colend.load(path))[0]
    colend.run(path, jobs=1, out=out, report=False, only=one)  # alone, too, among arms that were called otherwise
    assert sorted(colend.open(out).runs["arm"]) == sorted(four.scenario.arms)
    go_on(path, out)
    assert read_manifest(out)["content"] == content


def test_arms_shown_in_another_order_are_shown_so(scenario, out, nothing_runs):
    nothing_runs()
    path = scenario.with_name("turned.yaml")
    text = scenario.read_text().replace("[sign_then_cooperate, cooperate_then_sign]", "[B, A]")
    text = text.replace("B", "cooperate_then_sign").replace("A]", "sign_then_cooperate]")
    path.write_text(text + "baseline: {alliances.sequencing: sign_then_cooperate}\n")
    assert list(go_on(path, out).scenario.arms) == ["cooperate_then_sign", "sign_then_cooperate"]
    assert (out / "runs.csv").read_text().splitlines()[1].startswith("cooperate_then_sign")


def test_two_files_of_one_name_share_a_folder_and_lose_nothing(scenario, tmp_path, monkeypatch, nothing_runs):
    monkeypatch.chdir(tmp_path)
    text = scenario.read_text().replace("name: small\n", "").replace("seeds: 3", "seeds: 1")
    for folder, years in (("a", "0.5"), ("b", "0.25")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "same.yaml").write_text(text.replace("years: 0.5", f"years: {years}"))
    a, b = (colend.run(f"{folder}/same.yaml", jobs=1, report=False) for folder in "ab")
    assert a.path == b.path
    assert b.put_away == 2
    nothing_runs()
    assert set(colend.run("a/same.yaml", jobs=1, report=False).months["month"]) == set(range(6))


def test_settings_that_measure_other_things_share_a_folder(scenario, out, tmp_path, undisturbed):
    """A fishing test adds measures to every run: tables are of the runs that are asked for."""
    path = tmp_path / "tested.yaml"
    path.write_text(scenario.read_text() + "fishing_test: {month: last, horizon_months: 2}\n")
    tested = go_on(colend.load(path, seeds=1), out)
    assert len(tested.fishing) > 0
    assert "fishing_index" in tested.runs
    plain = go_on(scenario, out)
    assert plain.fishing.empty
    assert "fishing_index" not in plain.runs
    assert read_manifest(out)["content"] == read_manifest(undisturbed)["content"]


def test_arms_of_equal_content_are_kept_each(scenario, tmp_path, nothing_runs):
    """An arm against itself: both are there again, under whatever names."""
    out, path = tmp_path / "out", tmp_path / "equal.yaml"
    text = scenario.read_text().partition("compare:")[0].replace("seeds: 3", "seeds: 1")
    path.write_text(text + "arms: {a: {}, b: {}}\n")
    go_on(path, out)
    nothing_runs()
    path.write_text(text + "arms: {b: {}, c: {}}\n")
    assert go_on(path, out).comparison["difference"].dropna().eq(0.0).all()


def test_what_is_kept_and_damaged_is_said_when_it_is_asked_for(scenario, out):
    go_on(colend.load(scenario, seeds=1), out)
    with closing(sqlite3.connect(out / "results.sqlite")) as connection, connection:
        connection.execute("UPDATE kept SET packed = substr(packed, 1, 60) WHERE held_in = 'months'")
    with pytest.raises(colend.StoreError, match="is damaged") as caught:
        go_on(scenario, out)
    assert caught.value.status == 1


def test_what_comes_back_is_what_was_put_away_to_the_bit(undisturbed, scenario, tmp_path):
    from colend.market import simulate
    from colend.source import model_hash

    asked = runs(colend.load(scenario, seeds=1))
    tables = simulate(asked[0].setting, 0)
    with Store(tmp_path / "out", model_hash()) as store:
        store.add(asked[0], tables)
        assert store.put_away([]) == [asked[0].key]
        assert store.finished() == {}
        store.bring_back(asked)
        found = dict(store.connection.execute("SELECT held_in, hash FROM content"))
    assert found == {table: content_hash(table, columns) for table, columns in tables.items()}


def test_check_refuses_a_folder_that_the_run_would(scenario, tmp_path, capsys):
    with Store(tmp_path / "out", "another version") as store:
        store.replace("measures", ("name",), [])
        with store.connection:
            store.connection.execute("INSERT INTO finished VALUES ('key', 'arm', 0, '')")
            store.connection.execute("DROP TABLE kept")  # as older versions had none
    before = (tmp_path / "out" / "results.sqlite").read_bytes()
    assert main([str(scenario), "--out", str(tmp_path / "out"), "--check"]) == 2
    assert "another version of colend; choose another --out, or --fresh" in capsys.readouterr().err
    assert main([str(scenario), "--out", str(tmp_path / "out"), "--check", "--fresh", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["thrown_away"] == 1
    assert (tmp_path / "out" / "results.sqlite").read_bytes() == before


@pytest.mark.parametrize("more", [[], ["--fresh"], ["--shard", "1/2"], ["--only", "sign_then_cooperate:0"]])
def test_check_refuses_a_folder_that_is_in_use_and_needs_none(scenario, tmp_path, capsys, more):
    command = [str(scenario), "--out", str(tmp_path / "out"), "--check", *more]
    assert main(command) == 0
    assert not (tmp_path / "out").exists()
    with Store(tmp_path / "out", model_hash()):
        assert main(command) == 2
        assert "out is in use by another run; wait for it or choose another --out" in capsys.readouterr().err
    assert main(command) == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [".lock"]


def test_check_refuses_what_the_run_would_of_what_is_in_the_folder(scenario, out, tmp_path, capsys):
    """Another scenario's run beside `--only`; a damaged page; not, with --fresh, what the run would throw away."""
    one = [str(scenario), "--out", str(out), "--set", "alliances.fit_sd=0.5", "--only", "sign_then_cooperate:0"]
    for command in ([*one, "--check"], one):
        assert main(command) == 2
        assert "holds runs with other parameters than this one" in capsys.readouterr().err
    path = out / "results.sqlite"
    path.write_bytes(path.read_bytes()[:8192] + b"\xff" * 4096 + path.read_bytes()[12288:])
    for command in ([str(scenario), "--out", str(out), "--check"], [str(scenario), "--out", str(out)]):
        assert main(command) == 1
        assert "is damaged" in capsys.readouterr().err
    path.write_bytes(b"\xff" * 8192)
    assert main([str(scenario), "--out", str(out), "--check", "--fresh"]) == 0
