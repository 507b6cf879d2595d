"""The driver is killed or interrupted, the disk fills: finished runs stay, and going on gives what an undisturbed run
gives.
"""

import os
import random
import resource
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import psutil
import pytest

import colend
from colend.cli import main
from colend.experiment.content import changed_tables
from colend.experiment.database import connect
from colend.experiment.manifest import read_manifest, verify

# A script as users write them, without a guard: workers must not start it again.
SCRIPT = """
import sys
import colend

print("the script starts")
scenario, out, jobs, seeds = sys.argv[1:]
result = colend.run(colend.load(scenario, seeds=int(seeds)), jobs=int(jobs), out=out, report=False)
print(len(result.runs), "runs,", result.failures, "failed")
"""


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "script.py"
    path.write_text(SCRIPT)
    return path


def content(folder):
    return read_manifest(folder)["content"]


@pytest.mark.slow  # the first driver that is killed below is one, too
def test_a_script_without_a_guard_on_two_processes_gives_what_one_process_gives(script, scenario, out, undisturbed):
    command = [sys.executable, script, scenario, out, "2", "3"]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert printed.splitlines() == ["the script starts", "6 runs, 0 failed"]
    assert content(out) == content(undisturbed)


@pytest.mark.parametrize("moments", [3, pytest.param(20, marks=pytest.mark.slow)])
def test_kill_9_at_random_moments_loses_no_finished_run(script, scenario, out, tmp_path, moments, drivers):
    """One driver after another is killed in the same folder: while it starts, while it runs, while it writes. The
    workers of one that has some end with it.
    """
    chance, kept = random.Random(moments), 0
    for moment in range(moments):
        seeds = kept // 2 + 200  # of two arms: hundreds of runs more than there are, however quick the machine is
        command = [sys.executable, script, scenario, out, "2" if moment == 0 else "1", str(seeds)]
        if moment % 3 == 2:
            driver = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            time.sleep(chance.uniform(0.0, 2.5))
        else:
            driver = drivers.start(command, out, kept)
            time.sleep(chance.uniform(0.0, 0.2))
        workers = psutil.Process(driver.pid).children(recursive=True)
        assert workers or moment > 0
        driver.kill()
        driver.communicate()
        assert not psutil.wait_procs(workers, timeout=10)[1]
        assert drivers.finished(out) >= kept
        kept = drivers.finished(out)
        with closing(connect(out / "results.sqlite")) as connection:
            assert list(changed_tables(connection)) == []
    many = colend.load(scenario, seeds=kept // 2 + 2)
    colend.run(many, jobs=1, out=out, report=False)
    colend.run(many, jobs=1, out=tmp_path / "undisturbed", report=False)
    assert content(out) == content(tmp_path / "undisturbed")
    assert verify(out) == []


@pytest.mark.parametrize("jobs", [pytest.param("1", marks=pytest.mark.slow), "2"])
def test_interrupt_ends_quickly_with_130_and_keeps_runs(scenario, out, jobs, drivers, capsys):
    command = [sys.executable, "-m", "colend", scenario, "--out", out, "--quiet", "--jobs", jobs, "--seeds", "1000"]
    driver = drivers.start(command, out)
    assert main([str(scenario), "--out", str(out), "--quiet"]) == 2  # two drivers in one folder
    assert "is in use by another run" in capsys.readouterr().err
    began = time.monotonic()
    os.killpg(driver.pid, signal.SIGINT)  # Ctrl-C reaches the workers as well
    _, errors = driver.communicate(timeout=10)
    assert time.monotonic() - began < 2.0
    assert driver.returncode == 130
    assert errors.decode() == "simulate: interrupted; finished runs are kept, the same command goes on\n"
    assert drivers.finished(out) >= 1
    with pytest.raises(colend.StoreError, match="its runs were interrupted"):
        colend.open(out)


@pytest.mark.slow  # test_runner has the same of work that is less
def test_a_worker_that_is_killed_costs_no_run(scenario, out, undisturbed):
    def kill_a_worker():
        children = psutil.Process().children()
        workers = [child for child in children if "spawn_main" in " ".join(child.cmdline())]
        workers[0].kill()

    acted = []

    def progress(done, total, failed):
        if done and not acted:
            acted.append(kill_a_worker())

    result = colend.run(scenario, jobs=2, out=out, report=False, progress=progress)
    assert acted
    assert (len(result.runs), result.failures) == (6, 0)
    assert content(out) == content(undisturbed)


@pytest.mark.slow  # test_runner finds them by name
def test_runs_that_kill_their_worker_are_named_with_their_parameters(scenario, out, monkeypatch, capsys, undisturbed):
    seed_one = Path(__file__).parent / "workers" / "seed_one"
    path = [str(seed_one), *filter(None, [os.environ.get("PYTHONPATH")])]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(path))
    monkeypatch.setattr("colend.report.draw", lambda *_: [])
    assert main([str(scenario), "--out", str(out), "--quiet", "--jobs", "2"]) == 1
    printed = capsys.readouterr().err
    for arm in ("sign_then_cooperate", "cooperate_then_sign"):
        assert f"{arm}:1 failed: the process that ran {arm}:1 died (killed, or out of memory)" in printed
    failures = colend.open(out).frame("failures")
    assert failures["seed"].tolist() == [1, 1]
    assert failures["parameters"].str.contains('"alliances":').all()
    assert sorted(set(colend.open(out).runs["seed"])) == [0, 2]
    monkeypatch.undo()
    assert colend.run(scenario, jobs=1, out=out, report=False).failures == 0
    assert content(out) == content(undisturbed)


def test_a_full_disk_is_said_and_the_same_command_goes_on(scenario, out, undisturbed):
    """No file may grow over 64 KB: SQLite meets what it meets on a full disk."""

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (64 << 10, resource.RLIM_INFINITY))

    command = [sys.executable, "-B", "-m", "colend", scenario, "--out", out, "--quiet", "--jobs", "1"]
    found = subprocess.run(command, check=False, capture_output=True, text=True, preexec_fn=limit)
    assert found.returncode == 1
    assert "the disk is full or fails" in found.stderr
    assert "run the same command again" in found.stderr
    assert found.stderr.count("\n") == 1
    colend.run(scenario, jobs=1, out=out, report=False)
    assert content(out) == content(undisturbed)
