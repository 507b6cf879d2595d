"""Runs that fail, or kill their worker, stop no other."""

import importlib
import os
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

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


def outcomes(jobs, name):
    work = getattr(importlib.import_module("colend_test_work"), name)
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


def test_run_names():
    assert RUNS[2].name == "a:2"
    assert Run(SimpleNamespace(arm="b", point={"x": 1}), 4, "k").name == 'b:4:{"x":1}'
