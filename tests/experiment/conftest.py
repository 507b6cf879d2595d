"""A small scenario, quick to run, and the result of running it undisturbed."""

import os
import signal
import sqlite3
import subprocess
import time
from contextlib import suppress

import pytest

SCENARIO = """
name: small
title: Small
start: 2017-01
years: 0.5
seeds: 3
base:
  population: {borrowers: 2000, persons: 2000000, regions: 2}
  banks: {city: {number: 3}, rural: {number: 4}, consumer_finance: {number: 0}}
  platforms: {number: 2, user_share: [0.6, 0.4]}
compare:
  alliances.sequencing: [sign_then_cooperate, cooperate_then_sign]
"""


@pytest.fixture(scope="session")
def scenario(tmp_path_factory):
    path = tmp_path_factory.mktemp("scenario") / "small.yaml"
    path.write_text(SCENARIO)
    return path


@pytest.fixture(scope="session")
def undisturbed(scenario, tmp_path_factory):
    """The folder of a run in one process from start to end; do not write to it."""
    import colend

    folder = tmp_path_factory.mktemp("undisturbed") / "out"
    colend.run(scenario, jobs=1, out=folder, report=False)
    return folder


def finished(folder):
    """How many runs a folder holds."""
    try:
        connection = sqlite3.connect(f"file:{folder / 'results.sqlite'}?mode=ro", uri=True, timeout=1)
        try:
            return connection.execute("SELECT count(*) FROM finished").fetchone()[0]
        finally:
            connection.close()
    except sqlite3.Error:
        return 0


class Drivers:
    """Drivers as processes of their own; whatever a test finds, none of them is left behind for the next."""

    finished = staticmethod(finished)

    def __init__(self):
        self.started = []

    def start(self, command, folder, already=0):
        """Start a driver; returns it when it has finished a run that was not there already."""
        driver = subprocess.Popen(command, stderr=subprocess.PIPE, start_new_session=True)
        self.started.append(driver)
        for _ in range(12_000):  # it may have to compile, while others want the processor too
            if finished(folder) > already:
                return driver
            assert driver.poll() is None, driver.communicate()[1].decode()
            time.sleep(0.05)
        raise AssertionError("no run finished in ten minutes")

    def end(self):
        for driver in self.started:
            with suppress(ProcessLookupError):
                os.killpg(driver.pid, signal.SIGKILL)
            driver.wait()
            driver.stderr.close()


@pytest.fixture
def drivers():
    """How to start a driver as a process of its own, and to see what it has finished."""
    drivers = Drivers()
    yield drivers
    drivers.end()
