"""Runs that fail, or kill their worker, stop no other."""

import importlib
import os
import time
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from colend.experiment.pool import Pool
from colend.experiment.runner import execute
from colend.scenario.design import Run, Setting
from colend.scenario.parameters import Parameters

SETTING = Setting(Parameters(), arm="a")
RUNS = [Run(SETTING, seed, f"key{seed}") for seed in range(7)]


@pytest.fixture(autouse=True)
def work_can_be_imported(monkeypatch):
    """A spawned process gets this process's path."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent / "workers"))


def work_of(name):
    return getattr(importlib.import_module("colend_test_work"), name)


def workers():
    """The processes of a pool."""
    return [one for one in psutil.Process().children() if "spawn_main" in " ".join(one.cmdline())]


def outcomes(jobs, name):
    work = work_of(name)
    with Pool(jobs) if jobs > 1 else nullcontext() as places:
        return {outcome.run.seed: outcome for outcome in execute(RUNS, places, "columns", work)}


@pytest.mark.parametrize("jobs", [1, 2])
def test_every_run_comes_back_once(jobs):
    found = outcomes(jobs, "fine")
    assert sorted(found) == list(range(7))
    assert found[5].tables == {"runs": {"seed": 5, "engine": "columns"}}


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_run_that_raises_is_reported_with_its_traceback_and_the_others_finish(jobs):
    found = outcomes(jobs, "raises_on_three")
    assert found[3].tables is None
    assert "ValueError: seed 3 is not wanted" in found[3].error
    assert sum(outcome.tables is not None for outcome in found.values()) == 6


def test_a_run_that_kills_its_worker_is_found_by_name_and_the_others_finish():
    found = outcomes(2, "dies_on_three")
    assert sorted(found) == list(range(7))
    assert found[3].tables is None
    assert "a:3 died" in found[3].error
    assert sum(outcome.tables is not None for outcome in found.values()) == 6


def test_workers_compute_on_one_thread_whatever_the_shell_says(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "16")
    monkeypatch.delenv("NUMBA_NUM_THREADS", raising=False)
    found = outcomes(2, "environment")
    assert {outcome.tables["threads"] for outcome in found.values()} == {("1", "1")}
    assert os.environ["OMP_NUM_THREADS"] == "16"
    assert "NUMBA_NUM_THREADS" not in os.environ


def test_several_killers_are_each_found():
    found = outcomes(2, "dies_on_odd_seeds")
    assert [seed for seed in sorted(found) if found[seed].tables is None] == [1, 3, 5]


def test_workers_killed_while_one_is_idle_cost_no_run(tmp_path, monkeypatch):
    begun = tmp_path / "begun"
    monkeypatch.setenv("BEGUN", str(begun))
    with Pool(2) as places:
        found = execute(RUNS[:2], places, "columns", work_of("hangs_once_on_one"))
        assert next(found).run.seed == 0
        while not begun.exists():
            time.sleep(0.01)
        for worker in workers():
            worker.kill()
        (other,) = found
    assert (other.run.seed, other.error) == (1, "")


def test_a_task_that_an_idle_worker_is_killed_before_reading_is_handed_over_again():
    with Pool(1) as places:
        fine = work_of("fine")
        assert places.submit(fine, RUNS[0], "columns").result()
        (worker,) = workers()
        worker.suspend()
        task = places.submit(fine, RUNS[1], "columns")
        time.sleep(0.2)  # it has been sent
        worker.kill()
        assert task.result() == fine(RUNS[1], "columns")


def test_a_pool_starts_processes_as_there_are_tasks():
    with Pool(3) as places:
        for tasks in (1, 3):
            for task in [places.submit(time.sleep, 0.1) for _ in range(tasks)]:
                task.result()
            assert len(workers()) == tasks


def test_run_names():
    assert RUNS[2].name == "a:2"
    assert Run(SimpleNamespace(arm="b", point={"x": 1}), 4, "k").name == 'b:4:{"x":1}'
