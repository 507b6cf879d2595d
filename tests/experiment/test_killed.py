"""The driver is killed or interrupted: finished runs stay, and going on gives what an undisturbed run gives."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time

import pytest

SCENARIO = """
name: small
title: Small
start: 2017-01
years: 1
seeds: 4
base:
  population: {borrowers: 3000, persons: 3000000, regions: 2}
  banks: {city: {number: 3}, rural: {number: 4}, consumer_finance: {number: 0}}
  platforms: {number: 2, user_share: [0.6, 0.4]}
compare:
  alliances.sequencing: [sign_then_cooperate, cooperate_then_sign]
"""
COMMAND = [sys.executable, "-m", "colend.cli"]


@pytest.fixture
def scenario(tmp_path):
    path = tmp_path / "small.yaml"
    path.write_text(SCENARIO)
    return path


def simulate(scenario, out, *more):
    return [*COMMAND, str(scenario), "--out", str(out), "--quiet", *more]


def content(out):
    return json.loads((out / "manifest.json").read_text())["content"]


def finished(out):
    try:
        connection = sqlite3.connect(f"file:{out / 'results.sqlite'}?mode=ro", uri=True, timeout=1)
        try:
            return connection.execute("SELECT count(*) FROM finished").fetchone()[0]
        finally:
            connection.close()
    except sqlite3.Error:
        return 0


def start_and_wait_for_a_run(command, out):
    driver = subprocess.Popen(command, stderr=subprocess.PIPE)
    for _ in range(1_200):
        if finished(out) >= 1 or driver.poll() is not None:
            return driver
        time.sleep(0.05)
    raise AssertionError("no run finished in a minute")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    (folder / "small.yaml").write_text(SCENARIO)
    subprocess.run(simulate(folder / "small.yaml", folder / "out", "--jobs", "1"), check=True)
    return content(folder / "out")


def test_two_processes_give_what_one_gives(scenario, tmp_path, undisturbed):
    subprocess.run(simulate(scenario, tmp_path / "out", "--jobs", "2"), check=True)
    assert content(tmp_path / "out") == undisturbed


def test_kill_9_loses_no_finished_run_and_resume_completes(scenario, tmp_path, undisturbed):
    out = tmp_path / "out"
    driver = start_and_wait_for_a_run(simulate(scenario, out, "--jobs", "1"), out)
    os.kill(driver.pid, signal.SIGKILL)
    driver.communicate()
    kept = finished(out)
    assert kept >= 1
    result = subprocess.run(simulate(scenario, out, "--jobs", "1"), check=True)
    assert result.returncode == 0
    assert content(out) == undisturbed
    assert subprocess.run([*COMMAND, "--verify", str(out)], check=False, capture_output=True).returncode == 0


def test_interrupt_ends_quickly_with_130_and_keeps_runs(scenario, tmp_path):
    out = tmp_path / "out"
    driver = start_and_wait_for_a_run(simulate(scenario, out, "--jobs", "2", "--seeds", "200"), out)
    began = time.monotonic()
    driver.send_signal(signal.SIGINT)
    _, errors = driver.communicate(timeout=10)
    assert time.monotonic() - began < 2.0
    assert driver.returncode == 130
    assert b"finished runs are kept" in errors
    assert finished(out) >= 1


def test_workers_end_when_their_driver_is_killed(scenario, tmp_path):
    psutil = pytest.importorskip("psutil")
    out = tmp_path / "out"
    driver = start_and_wait_for_a_run(simulate(scenario, out, "--jobs", "2", "--seeds", "200"), out)
    workers = psutil.Process(driver.pid).children(recursive=True)
    assert workers
    os.kill(driver.pid, signal.SIGKILL)
    driver.communicate()
    _, alive = psutil.wait_procs(workers, timeout=10)
    assert not alive


def test_a_changed_scenario_runs_what_changed_only(scenario, tmp_path):
    out = tmp_path / "out"
    subprocess.run(simulate(scenario, out, "--jobs", "1", "--seeds", "1"), check=True)
    first = finished(out)
    subprocess.run(simulate(scenario, out, "--jobs", "1", "--seeds", "2"), check=True)
    assert (first, finished(out)) == (2, 4)
    before = content(out)
    subprocess.run(simulate(scenario, out, "--jobs", "1", "--seeds", "2", "--set", "alliances.fit_sd=0.5"), check=True)
    assert finished(out) == 4
    assert content(out) != before


def test_tampered_results_do_not_verify(scenario, tmp_path):
    out = tmp_path / "out"
    subprocess.run(simulate(scenario, out, "--jobs", "1", "--seeds", "1"), check=True)
    connection = sqlite3.connect(out / "results.sqlite")
    connection.execute("UPDATE months SET applications = applications + 1 WHERE month = 3")
    connection.commit()
    connection.close()
    (out / "runs.csv").write_text("tampered\n")
    result = subprocess.run([*COMMAND, "--verify", str(out)], check=False, capture_output=True, text=True)
    assert result.returncode == 1
    assert "runs.csv has changed" in result.stderr
    assert "months of run sign_then_cooperate:0 has changed" in result.stderr
