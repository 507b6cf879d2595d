"""The command with standard output and errors that are closed, full, or a pipe that nobody reads."""

import os
import subprocess
import sys

import pytest

import colend
from colend.experiment.manifest import verify
from colend.streams import Stream

SCENARIO = """
name: small
years: 0.0834
seeds: 2
base:
  population: {borrowers: 300, persons: 300000, regions: 1}
  banks: {city: {number: 1}, rural: {number: 1}, consumer_finance: {number: 0}}
  platforms: {number: 1, user_share: [1]}
"""


@pytest.fixture
def scenario(tmp_path):
    path = tmp_path / "small.yaml"
    path.write_text(SCENARIO)
    return path


@pytest.mark.parametrize(
    ("errors", "jobs"),
    [("closed", "1"), *(pytest.param(*other, marks=pytest.mark.slow) for other in (("closed", "2"), ("unread", "1")))],
)
def test_runs_go_on_without_anybody_to_tell(scenario, simulate, tmp_path, errors, jobs):
    options = ("--out", tmp_path / "out", "--jobs", jobs, "--shard", "1/1")  # a part has no charts
    said = simulate.apart(scenario, *options, err=errors)
    assert said.status == 0
    assert said.out.startswith("Part 1 of 1:")  # progress does not go there instead
    assert len(colend.open(tmp_path / "out").runs) == 2
    assert verify(tmp_path / "out") == []


def test_results_that_cannot_be_said_are_an_error_in_one_line(scenario, simulate, tmp_path):
    colend.run(scenario, jobs=1, out=tmp_path / "out", shard=(1, 1))
    command = [scenario, "--out", tmp_path / "out", "--shard", "1/1"]
    whys = {"closed": "it is closed", "full": "No space left on device", "unread": "Broken pipe"}
    for output, more in (("closed", []), ("full", ["--json"]), ("unread", [])):
        said = simulate.apart(*command, *more, out=output)
        assert said.status == 1
        assert said.err.splitlines() == [
            "small: 2 of 2 runs",
            f"simulate: standard output cannot be written: {whys[output]}",
        ]
    quiet = simulate.apart(*command, "--quiet", out="full")
    assert (quiet.status, quiet.err) == (0, "")  # nothing was to be said


@pytest.mark.parametrize(("output", "errors"), [("closed", "closed"), ("full", "unread"), ("unread", "full")])
def test_neither_can_be_written(simulate, output, errors):
    """Of what is quick: lists, help and complaints; the status is all that can be told."""
    assert simulate.apart("--list", "measures", out=output, err=errors).status == 1
    assert simulate.apart("nothing.yaml", "--json", out=output, err=errors).status == 2


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["--list", "parameters", "--json"]])
def test_whatever_is_asked_for(simulate, arguments):
    said = simulate.apart(*arguments, out="full")
    assert said.status == 1
    assert said.err == "simulate: standard output cannot be written: No space left on device\n"
    assert simulate.apart(*arguments).status == 0


def test_files_do_not_get_the_numbers_of_closed_streams():
    """Else whatever prints to standard errors, in C or in another process, prints into the database."""
    program = """
import os
from colend.streams import take_over
for number in range(3):
    os.close(number)
take_over()
file = os.open("/dev/null", os.O_RDONLY)
os._exit(file)
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode > 2


def test_a_stream_that_fails_later_drops_the_rest(tmp_path):
    with open(os.open("/dev/full", os.O_WRONLY), "w") as full:
        stream = Stream(full)
        stream.write("x")  # into its buffer
        assert stream.error == ""
        stream.flush()
        assert stream.error == "No space left on device"
        print("y" * 100_000, file=stream, flush=True)


def test_processes_by_default_are_the_cores_that_may_be_used(scenario):
    code = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); import colend.__main__ as c; c.main()"
    command = [sys.executable, "-c", code, scenario, "--check", "--seeds", "8"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert [line.split()[-1] for line in printed.splitlines() if line.startswith("processes")] == ["1"]
