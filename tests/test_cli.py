"""The command: what it answers, and every wrong input with its message, status 2 and nothing written."""

import errno
import itertools
import json
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

import colend
from colend.arguments import WrongInputError, arguments, check_together
from colend.experiment.errors import StoreError

pytestmark = pytest.mark.usefixtures("two_charts")

SCENARIO = """
name: small
title: Small
years: 0.25
seeds: 2
base:
  population: {borrowers: 2000, persons: 2000000, regions: 2}
  banks: {city: {number: 3}, rural: {number: 4}, consumer_finance: {number: 0}}
  platforms: {number: 2, user_share: [0.6, 0.4]}
compare:
  alliances.sequencing: [sign_then_cooperate, cooperate_then_sign]
"""


@pytest.fixture
def scenario(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "small.yaml"
    path.write_text(SCENARIO)
    return path


def test_a_run_from_start_to_end(scenario, simulate, tmp_path):
    said = simulate("small.yaml", "--jobs", "1")
    assert said.status == 0
    assert "Sign first" in said.out
    assert len(said.out.splitlines()) < 40
    assert "4 of 4 runs" in said.err
    out = tmp_path / "outputs" / "small"
    for name in ("manifest.json", "results.sqlite", "runs.csv", "comparison.csv", "charts/01_joint_lending.png"):
        assert (out / name).stat().st_size > 0
    assert simulate("--verify", out).status == 0
    assert simulate("small.yaml", "--jobs", "1", "--quiet", "--export", "csv").status == 0
    assert (out / "tables" / "months.csv").is_file()


def test_only_one_run(scenario, simulate, tmp_path):
    said = simulate("small.yaml", "--only", "cooperate_then_sign:1", "--jobs", "1", "--quiet", "--json")
    assert said.status == 0
    answer = json.loads(said.out)
    assert (answer["status"], answer["runs"], answer["failures"]) == (0, 1, [])
    assert "outputs/small/runs.csv" in answer["files"]
    manifest = json.loads((tmp_path / "outputs/small/manifest.json").read_text())
    assert manifest["missing"] == ["cooperate_then_sign:0", "sign_then_cooperate:0", "sign_then_cooperate:1"]


SWEEP = """
sweep:
  grid: {alliances.fit_sd: [0.5, 1], platforms.precision: [0.5, 0.7]}
"""


def test_only_one_run_of_a_sweep_by_json_or_by_number(scenario, simulate):
    scenario.write_text(SCENARIO + SWEEP)
    rows = []
    for point in ("4", '{"platforms.precision": 0.70, "alliances.fit_sd": 1.0}'):
        only = f"cooperate_then_sign:5:{point}"
        assert simulate("small.yaml", "--only", only, "--jobs", "1", "--quiet", "--json", "--fresh").status == 0
        rows.append(colend.open("outputs/small").runs)
    assert rows[0].equals(rows[1])
    assert rows[0]["seed"].tolist() == [5]
    assert json.loads(rows[0]["point"][0]) == {"platforms.precision": 0.7, "alliances.fit_sd": 1}


@pytest.mark.parametrize(
    ("point", "message"),
    [
        ("", "a sweep point is a number from 1 to 4, or its values as JSON"),
        (":0", "a number from 1 to 4"),
        (":5", "a number from 1 to 4"),
        (":{", "a number from 1 to 4"),
        (
            ':{"alliances.fit_sd": 0.9, "platforms.precision": 0.5}',
            'the nearest is number 3, {"alliances.fit_sd": 1, "platforms.precision": 0.5}',
        ),
    ],
)
def test_a_sweep_point_that_there_is_not(scenario, simulate, point, message):
    scenario.write_text(SCENARIO + SWEEP)
    said = simulate("small.yaml", "--only", f"cooperate_then_sign:5{point}")
    assert said.status == 2
    assert message in said.err


def test_a_part_says_where_it_is_and_parts_are_put_together(scenario, simulate, tmp_path):
    said = simulate("small.yaml", "--check", "--json", "--shard", "3/3")
    assert said.status == 0
    assert json.loads(said.out)["runs"] == 1
    for i in (1, 2):
        assert simulate("small.yaml", "--jobs", "1", "--quiet", "--shard", f"{i}/10").status == 0
    said = simulate("small.yaml", "--jobs", "1", "--shard", "3/10")
    assert said.status == 0
    assert "Part 3 of 10: outputs/small/shards/03_of_10" in said.out
    shards = sorted(str(path) for path in (tmp_path / "outputs/small/shards").iterdir())
    said = simulate("--merge", *shards, "--json")
    assert said.status == 1
    answer = json.loads(said.out)
    assert (answer["status"], answer["runs"], answer["missing"]) == (1, 3, ["cooperate_then_sign:1"])
    assert "outputs/small/runs.csv" in answer["files"]
    assert len(colend.run("small.yaml", jobs=1, report=False).runs) == 4


def test_check_says_the_plan_and_writes_nothing(scenario, simulate, tmp_path):
    said = simulate("small.yaml", "--check")
    assert said.status == 0
    assert "sign_then_cooperate, cooperate_then_sign" in said.out
    said = simulate("small.yaml", "--check", "--json")
    assert said.status == 0
    assert json.loads(said.out)["runs"] == 4
    assert sorted(path.name for path in tmp_path.iterdir()) == ["small.yaml"]


def test_check_tells_arms_apart_whose_names_hold_commas(scenario, simulate):
    named = "arms:\n  sign first, calm: {}\n  sign first, downturn: {}\n"
    scenario.write_text(SCENARIO[: SCENARIO.index("compare")] + named)
    said = simulate("small.yaml", "--check")
    assert said.status == 0
    assert "arms                   'sign first, calm', 'sign first, downturn'\n" in said.out


def test_only_takes_what_charts_call_an_arm(scenario, simulate):
    for call in ("sign_then_cooperate", "Sign first"):
        said = simulate("small.yaml", "--check", "--json", "--only", f"{call}:7")
        assert said.status == 0
        assert json.loads(said.out)["runs"] == 1


def test_parts_may_be_named_with_one_option_each():
    assert arguments().parse_args(["--merge", "a", "b", "--merge", "c"]).merge == ["a", "b", "c"]


def test_check_of_one_run(scenario, simulate):
    said = simulate("small.yaml", "--check", "--json", "--only", "sign_then_cooperate:7")
    assert said.status == 0
    assert json.loads(said.out)["runs"] == 1


@pytest.mark.parametrize("check", [["--check"], []])
def test_more_borrowers_than_memory_holds_are_refused(scenario, simulate, tmp_path, check, monkeypatch):
    monkeypatch.setattr("psutil.virtual_memory", lambda: SimpleNamespace(available=1.5e9))
    arguments = ["small.yaml", "--borrowers", "2000000", "--jobs", "4", *check]
    said = simulate(*arguments, "--json")
    assert said.status == 2
    answer = json.loads(said.out)
    assert "GB are free: fewer --borrowers" in answer["errors"][0]
    said = simulate(*arguments)
    assert said.status == 2
    assert "GB are free: fewer --borrowers" in said.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["small.yaml"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "which scenario?"),
        (["missing.yaml"], "missing.yaml"),
        (["."], "."),
        (["small.yaml", "--jobs", "0"], "--jobs 0: a whole number of at least 1"),
        (["small.yaml", "--jobs", "many"], "--jobs many"),
        (["small.yaml", "--seeds", "0"], "--seeds 0"),
        (["small.yaml", "--seeds", "a"], "--seeds a"),
        (["small.yaml", "--seeds", "1,x"], "--seeds x"),
        (["small.yaml", "--years", "-1"], "years"),
        (["small.yaml", "--years", "soon"], "--years soon"),
        (["small.yaml", "--borrowers", "0"], "--borrowers 0"),
        (["small.yaml", "--set", "alliances.fit_sd"], "="),
        (["small.yaml", "--set", "alliances.fit_ds=1"], "fit_sd"),
        (["small.yaml", "--set", "alliances.fit_sd=-1"], "fit_sd"),
        (["small.yaml", "--out", "small.yaml"], "is a file"),
        (["small.yaml", "--out", "small.yaml/below"], "cannot be written"),
        (["small.yaml", "--out", "/proc/colend"], "/proc"),
        (["small.yaml", "--only", "nobody:1"], "no such run"),
        (["small.yaml", "--only", "sign_then_cooperate"], "no such run; a run is"),
        (["small.yaml", "--only", "sign_then_cooperate:x", "--check"], "no such run"),
        (["small.yaml", "--only", "sign_then_cooperate:0:{}"], "no such run"),
        (["small.yaml", "--only", "sign_then_cooperat:0"], "did you mean"),
        (["small.yaml", "--shard", "0/3"], "--shard 0/3: I/N is wanted, part I of N"),
        (["small.yaml", "--shard", "4/3"], "--shard 4/3"),
        (["small.yaml", "--shard", "a"], "--shard a"),
        (["small.yaml", "--shard", "1/2", "--only", "sign_then_cooperate:0"], "--only and shard: one or the other"),
        (["small.yaml", "--jobs", "2", "--cluster", "tcp://127.0.0.1:1"], "--jobs and cluster: one or the other"),
        (["small.yaml", "--only", f"sign_then_cooperate:{2**63}"], "a SEED up to 9223372036854775807"),
        (["small.yaml", "--only", "sign_then_cooperate:" + "9" * 5_000, "--check"], "no such run"),
        (["small.yaml", "--shard", "1/" + "9" * 5_000], "I/N is wanted"),
        (["small.yaml", "--out", "x" * 300], "File name too long"),
        (["--verify", "x" * 300], "File name too long"),
        (["--merge", "x" * 300], "File name too long"),
        (["x" * 300], "File name too long"),
        (["small.yaml", "--cluster", ""], "--cluster is empty"),
        (["small.yaml", "--out", ""], "--out is empty"),
        (["small.yaml", "--verify", ""], "--verify is empty"),
        (["", "--check"], "SCENARIO is empty"),
        (["small.yaml", "--years", "1", "--set", "years=2"], "--years and --set years: one or the other"),
        (["small.yaml", "--borrowers", "20", "--set", "population.borrowers=30"], "--borrowers and --set population."),
        (
            ["--merge", "a", "b", "--seeds", "5", "--cluster", "tcp://x"],
            "--seeds, --cluster: not with --merge, which heeds --out, --fresh, --export, --quiet, --json",
        ),
        (["small.yaml", "--verify", "outputs", "--shard", "9/2"], "SCENARIO, --shard: not with --verify"),
        (["small.yaml", "--version"], "SCENARIO: not with --version, which heeds no other"),
        (["--merge", "nowhere"], "no results in nowhere"),
        (["--merge", "small.yaml"], "Not a directory"),
        (["smal.yaml"], "smal.yaml: there is no such file; did you mean small.yaml?"),
        (["scenarios/aliance.yaml"], "there is no such file; did you mean alliance, which ships with colend?"),
        (
            ["small.yaml", "--seeds", "1-5"],
            "--seeds 1-5: no ranges; a number of seeds, or a list with a comma: 1,2,3,4,5",
        ),
        (["small.yaml", "--seeds", "0..99"], "a list with a comma: 0,1,…,99"),
        (["small.yaml", "--seeds", "[1, 2]"], "a number of seeds, or a list with a comma: 1,2"),
        (["small.yaml", "--borrowers", "10,000"], "a whole number of at least 1 is wanted; did you mean 10000?"),
        (["small.yaml", "--seeds", "2.5"], "--seeds 2.5: a whole number of at least 1 is wanted\n"),
        (["small.yaml", "--only", "Sign frist:0"], "did you mean Sign first?"),
        (["small.yaml", "--only", "first:0"], "the arms are: 'sign_then_cooperate', 'cooperate_then_sign'"),
        (["small.yaml", "--set", "years=1", "--set", "years=2"], "years is given twice"),
        (["small.yaml", "--set", "base=", "--borrowers", "300"], "base: is empty, so that it overrides nothing"),
        (["--verify", "nowhere"], "no results in nowhere"),
    ],
)
def test_wrong_input(scenario, simulate, tmp_path, arguments, message):
    said = simulate(*arguments)
    assert said.status == 2
    assert message in said.err
    assert said.err.count("\n") == 1
    assert said.out == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["small.yaml"]


def test_a_misspelt_folder_of_results_is_told_the_one_beside_it(tmp_path):
    for name in ("alliance", "empty"):
        (tmp_path / name).mkdir()
    (tmp_path / "alliance" / "results.sqlite").touch()
    meant = f"no results in {tmp_path}/aliance: manifest.json is missing; did you mean {tmp_path}/alliance?"
    for wrong, said in (("aliance", meant), ("empti", f"no results in {tmp_path}/empti: manifest.json is missing")):
        with pytest.raises(StoreError) as caught:
            colend.open(tmp_path / wrong)
        assert str(caught.value) == said


SAID = {
    "scenario": ["small.yaml"],
    "set": ["--set", "alliances.fit_sd=1"],
    "seeds": ["--seeds", "2"],
    "years": ["--years", "1"],
    "borrowers": ["--borrowers", "3000"],
    "out": ["--out", "out"],
    "jobs": ["--jobs", "2"],
    "cluster": ["--cluster", "tcp://127.0.0.1:9"],
    "fresh": ["--fresh"],
    "check": ["--check"],
    "export": ["--export", "csv"],
    "only": ["--only", "sign_then_cooperate:0"],
    "shard": ["--shard", "1/2"],
    "merge": ["--merge", "parts"],
    "quiet": ["--quiet"],
    "verbose": ["--verbose"],
    "json": ["--json"],
    "engine": ["--engine", "objects"],
    "list": ["--list", "scenarios"],
    "verify": ["--verify", "out"],
    "version": ["--version"],
}
INSTEAD = {"merge", "list", "verify", "version"}  # of a scenario
TOGETHER = [{"merge", one} for one in ("out", "fresh", "export", "quiet", "json")]
TOGETHER += [{"list", "json"}, {"verify", "json"}]


def test_every_pair_of_options_is_heeded_or_refused():
    parser = arguments()
    assert set(vars(parser.parse_args([]))) == set(SAID)
    for pair in map(set, itertools.combinations(SAID, 2)):
        options = parser.parse_args([text for name in SAID if name in pair for text in SAID[name]])
        if pair in TOGETHER or not pair & INSTEAD:
            check_together(options)
        else:
            with pytest.raises(WrongInputError, match=r"^--|^SCENARIO"):
                check_together(options)


def test_check_refuses_what_the_run_would(scenario, simulate, monkeypatch):
    scenario.write_text(
        SCENARIO.replace("seeds: 2", "seeds: {at_least: 5, at_most: 9, until: {measure: bank_profit, half_width: 1}}")
    )
    said = simulate("small.yaml", "--check", "--shard", "1/2")
    assert said.status == 2
    assert "a part cannot tell when seeds are enough" in said.err
    monkeypatch.setattr("colend.experiment.request.find_spec", lambda name: None)
    said = simulate("small.yaml", "--check", "--export", "parquet")
    assert said.status == 2
    assert "pip install 'colend[parquet]'" in said.err


def test_the_plan_of_a_part_without_runs_has_none(scenario, simulate):
    said = simulate("small.yaml", "--check", "--json", "--shard", "5/9")
    assert said.status == 0
    assert json.loads(said.out)["runs"] == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["small.yaml", "--jobs", "0"], "--jobs 0"),
        (["small.yaml", "--nothing"], "unrecognized arguments: --nothing"),
        (["small.yaml", "--engine", "steam"], "--engine 'steam': one of columns, objects"),
        (["small.yaml", "--out"], "expected one argument"),
        (["small.yaml", "--se", "3"], "unrecognized arguments"),
        (["small.yaml", "--seed", "3"], "unrecognized arguments: --seed 3; did you mean --seeds?"),
        (["small.yaml", "--seed=3"], "did you mean --seeds?"),
        (["small.yaml", "other.yaml"], "unrecognized arguments: other.yaml; one scenario at a time"),
        (["small.yaml", "--seeds", "3", "--seeds", "4"], "argument --seeds: is given twice"),
        (["--list", "paramters"], "did you mean parameters?"),
    ],
)
def test_errors_as_json(scenario, simulate, tmp_path, arguments, message):
    said = simulate(*arguments, "--json")
    answer = json.loads(said.out)
    assert said.status == answer["status"] == 2
    assert message in answer["errors"][0]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["small.yaml"]


@pytest.mark.parametrize("option", ["--report", "--explore", "--lang"])
def test_options_that_are_not_built_are_not_accepted(scenario, simulate, option):
    said = simulate("small.yaml", option, "x")
    assert said.status == 2
    assert said.err.startswith("simulate: unrecognized arguments")


def test_a_folder_in_use_is_refused(scenario, simulate, tmp_path):
    from colend.experiment.store import Store

    with Store(tmp_path / "out", "any"):
        before = {path: path.read_bytes() for path in (tmp_path / "out").iterdir()}
        said = simulate("small.yaml", "--out", "out", "--fresh")
        assert said.status == 2
        assert "out is in use by another run" in said.err
        assert {path: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before


def test_a_file_system_that_cannot_lock_is_refused_and_nothing_written(scenario, simulate, tmp_path, monkeypatch):
    def cannot(*_):
        raise OSError(errno.ENOTSUP, "Operation not supported")

    monkeypatch.setattr("fcntl.flock", cannot)
    said = simulate("small.yaml")
    assert said.status == 2
    assert "outputs/small is on a file system that cannot lock files (Operation not supported)" in said.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["small.yaml"]


def test_results_of_another_version_are_refused(scenario, simulate, tmp_path):
    from colend.experiment.store import Store

    with Store(tmp_path / "out", "another version") as store:
        store.replace("measures", ("name",), [])  # something is written
    before = (tmp_path / "out" / "results.sqlite").read_bytes()
    said = simulate("small.yaml", "--out", "out")
    assert said.status == 2
    assert "another version of colend; choose another --out, or --fresh" in said.err
    assert (tmp_path / "out" / "results.sqlite").read_bytes() == before


def test_parquet_without_pyarrow_is_refused_before_anything_runs(scenario, simulate, tmp_path, monkeypatch):
    monkeypatch.setattr("colend.experiment.request.find_spec", lambda name: None)
    said = simulate("small.yaml", "--export", "parquet")
    assert said.status == 2
    assert "pip install 'colend[parquet]'" in said.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["small.yaml"]


def test_a_disk_that_fails_is_said_in_a_line(scenario, simulate, monkeypatch):
    def full(*_arguments, **_more):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("colend.api.fulfilled", full)
    said = simulate("small.yaml")
    assert said.status == 1
    assert "No space left on device; finished runs are kept" in said.err


@pytest.mark.parametrize("what", ["parameters", "measures", "presets", "scenarios"])
def test_lists(simulate, what):
    said = simulate("--list", what, "--json")
    assert said.status == 0
    rows = json.loads(said.out)
    assert len(rows) >= 4
    assert all(row["name"] for row in rows)
    said = simulate("--list", what)
    assert said.status == 0
    assert rows[0]["name"] in said.out


def imported_by(*arguments):
    code = "import sys; from colend.cli import main; main(sys.argv[1:]); print(sorted(sys.modules), file=sys.stderr)"
    began = time.monotonic()
    result = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    return result.stderr, time.monotonic() - began


def test_check_imports_nothing_heavy(scenario):
    modules, _ = imported_by("small.yaml", "--check")
    for heavy in ("mesa", "numba", "matplotlib", "pandas", "scipy"):
        assert f"'{heavy}'" not in modules


def test_python_gives_the_same_as_the_command(scenario, simulate, tmp_path):
    result = colend.run(colend.load("small.yaml"), jobs=1, out="from_python", report=False)
    assert simulate("small.yaml", "--quiet", "--jobs", "1").status == 0
    opened = colend.open("outputs/small")
    assert opened.runs.equals(result.runs)
    assert (colend.compare("outputs/small", "from_python")["difference"].dropna() == 0.0).all()
    assert Path(opened.path).name == "small"
    assert len(result.months) == 4 * 3
