"""What surrounds a command: encodings, names of files, settings of libraries, places that cannot be written."""

import json
import multiprocessing
import os

import pytest

import colend
from colend.arguments import DONE, WRONG_INPUT
from colend.experiment.errors import MachineError
from colend.experiment.pool import Pool, may_start_processes
from colend.experiment.runner import prepare

pytestmark = pytest.mark.usefixtures("two_charts")

# Chinese, a character of no code page of China's, markup, and a name that is not UTF-8 (below).
SCENARIO = """
name: small
title: 先合作 😀 <b>&
question: Ob Öffnen hilft – 先合作?
years: 0.25
seeds: 1
base:
  population: {borrowers: 200, persons: 200000, regions: 1}
  banks: {city: {number: 2}, rural: {number: 2}, consumer_finance: {number: 0}}
  platforms: {number: 1, user_share: [1.0]}
arms:
  先合作 😀: {}
  other: {alliances.sequencing: cooperate_then_sign}
"""


@pytest.fixture(name="file", scope="module")
def scenario_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("scenario") / os.fsdecode(b"sm\xffall.yaml")
    path.write_text(SCENARIO, encoding="utf-8")
    return path


@pytest.mark.filterwarnings("ignore:Glyph")  # where no Chinese font is installed
def test_what_the_terminal_cannot_show_is_replaced_and_all_is_written(file, tmp_path, simulate):
    """A run to its end with every kind of output, in ASCII; the same results again as JSON, in GBK."""
    out = tmp_path / os.fsdecode(b"o\xfft")
    said = simulate(file, "--out", out, "--jobs", "1", encoding="ascii")
    assert said.status == DONE
    assert "Charts: " in said.out
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert str(out) in manifest["command"]
    assert "先合作 😀" in (out / "comparison.csv").read_text(encoding="utf-8-sig")
    for encoding in ("gbk", "utf-8"):
        said = simulate(file, "--out", out, "--json", encoding=encoding)
        assert said.status == DONE
        answer = json.loads(said.out)
        assert answer["out"] == str(out)
        assert "先合作 😀" in {row["arm"] for row in answer["comparison"]}
        written = {str(path) for path in out.rglob("*") if path.is_file() and path.name != ".lock"}
        assert written == {*answer["files"], str(out / "results.sqlite")}


QUESTIONS = [("--list", "facts"), ("--list", "presets"), ("--check",), ("--verify", "öß先"), ("--only", "先:0")]


@pytest.mark.parametrize("question", QUESTIONS, ids=" ".join)
@pytest.mark.parametrize("form", [(), ("--json",)], ids=["", "json"])
def test_questions_are_answered_in_any_encoding(file, question, form, simulate):
    subject = [file] if question[0] in ("--check", "--only") else []
    said = simulate(*subject, *question, *form, encoding="ascii")
    assert said.status in (DONE, WRONG_INPUT)
    assert said.out or said.err
    if form:
        json.loads(said.out)


def test_a_machine_that_can_run_no_market_says_so_before_the_first_run(file, simulate, tmp_path):
    said = simulate.apart(file, "--out", tmp_path / "out", NUMBA_NUM_THREADS="0")
    assert said.status == 2
    assert said.err.count("\n") == 1, said.err
    assert "NUMBA_NUM_THREADS=0" in said.err
    assert not (tmp_path / "out").exists()


def test_a_market_that_cannot_be_run_is_the_machines_fault(monkeypatch):
    def broken():
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("colend.market.warm_up", broken)
    with pytest.raises(MachineError, match="No space left") as caught:
        prepare.__wrapped__()
    assert caught.value.status == WRONG_INPUT


def test_a_process_that_may_have_none_of_its_own_does_the_runs_itself(file, tmp_path, monkeypatch):
    """As the daemonic ones of a `multiprocessing.Pool`."""
    assert may_start_processes()
    monkeypatch.setitem(multiprocessing.current_process()._config, "daemon", True)
    assert not may_start_processes()
    result = colend.run(file, jobs=2, out=tmp_path / "out", report=False)
    assert (result.failures, result.missing) == (0, [])


@pytest.mark.parametrize(
    ("name", "instead", "why"),
    [("_work", id, "ended as it began"), ("model_hash", lambda: "0" * 64, "source was changed")],
)
def test_processes_that_do_not_begin_or_are_of_other_source_end_the_experiment(name, instead, why, monkeypatch):
    monkeypatch.setattr(f"colend.experiment.pool.{name}", instead)
    with Pool(1) as pool, pytest.raises(MachineError, match=why):
        pool.result(pool.submit(len, ()))


def test_a_machine_without_room_for_a_process_says_so(monkeypatch):
    def refused(self):
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr("multiprocessing.context.SpawnProcess.start", refused)
    with Pool(1) as pool, pytest.raises(MachineError, match="temporarily unavailable"):
        pool.result(pool.submit(len, ()))


def test_an_engine_or_threads_that_there_are_not_are_refused(file, tmp_path, make_market):
    with pytest.raises(ValueError, match=r"'column': one of columns, objects"):
        colend.run(file, out=tmp_path / "out", engine="column")
    assert not (tmp_path / "out").exists()
    with pytest.raises(ValueError, match="threads 0: a whole number of at least 1"):
        make_market(threads=0)
