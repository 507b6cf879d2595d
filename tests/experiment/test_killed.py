"""The driver is killed or interrupted, the disk fills: finished runs stay, and going on gives what an undisturbed run
gives.
"""

import os
import resource
import signal
import subprocess
import sys
import time

import psutil
import pytest

import colend
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


def test_a_script_without_a_guard_on_two_processes_gives_what_one_process_gives(script, scenario, out, undisturbed):
    command = [sys.executable, script, scenario, out, "2", "3"]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert printed.splitlines() == ["the script starts", "6 runs, 0 failed"]
    assert content(out) == content(undisturbed)


def test_kill_9_loses_no_finished_run_and_resume_completes(script, scenario, out, undisturbed, drivers):
    driver = drivers.start([sys.executable, script, scenario, out, "1", "3"], out)
    os.kill(driver.pid, signal.SIGKILL)
    driver.communicate()
    assert drivers.finished(out) >= 1
    colend.run(scenario, jobs=1, out=out, report=False)
    assert content(out) == content(undisturbed)
    assert verify(out) == []


def test_interrupt_ends_quickly_with_130_and_keeps_runs(scenario, out, drivers):
    command = [sys.executable, "-m", "colend.cli", scenario, "--out", out, "--quiet", "--jobs", "2", "--seeds", "300"]
    driver = drivers.start(command, out)
    began = time.monotonic()
    os.killpg(driver.pid, signal.SIGINT)  # Ctrl-C reaches the workers as well
    _, errors = driver.communicate(timeout=10)
    assert time.monotonic() - began < 2.0
    assert driver.returncode == 130
    assert errors.decode() == "simulate: interrupted; finished runs are kept, the same command goes on\n"
    assert drivers.finished(out) >= 1
    with pytest.raises(colend.StoreError, match="its runs were interrupted"):
        colend.open(out)


def test_workers_end_when_their_driver_is_killed(script, scenario, out, drivers):
    driver = drivers.start([sys.executable, script, scenario, out, "2", "300"], out)
    workers = psutil.Process(driver.pid).children(recursive=True)
    assert workers
    os.kill(driver.pid, signal.SIGKILL)
    driver.communicate()
    _, alive = psutil.wait_procs(workers, timeout=10)
    assert not alive


def test_a_full_disk_is_said_and_the_same_command_goes_on(scenario, out, undisturbed):
    """No file may grow over 64 KB: SQLite meets what it meets on a full disk."""

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (64 << 10, resource.RLIM_INFINITY))

    command = [sys.executable, "-B", "-m", "colend.cli", scenario, "--out", out, "--quiet", "--jobs", "1"]
    found = subprocess.run(command, check=False, capture_output=True, text=True, preexec_fn=limit)
    assert found.returncode == 1
    assert "the disk is full or fails" in found.stderr
    assert "run the same command again" in found.stderr
    assert found.stderr.count("\n") == 1
    colend.run(scenario, jobs=1, out=out, report=False)
    assert content(out) == content(undisturbed)
