"""Small markets for tests."""

import fcntl
import os
import signal
import subprocess
import sys
import threading
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import NamedTuple

import pytest

from colend.compilation import cache_folder
from colend.scenario.declared import keys_of
from colend.scenario.regulation import OPEN, Regime

os.environ.setdefault("MPLBACKEND", "Agg")
# What a script starts in the background ignores Ctrl-C, and so would the programs that tests start and interrupt.
if threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGINT, signal.default_int_handler)

# What needs little that is compiled comes first; meanwhile one process compiles for all, and the others wait for it.
UNCOMPILED = ("equations", "scenario", "test_architecture.py", "test_documents.py", "test_who_changes_the_world.py")
COMPILER = pytest.StashKey[subprocess.Popen]()
_HERE = Path(__file__).parent


def pytest_sessionstart(session):
    """Where nothing is compiled yet, begin to compile what a run needs."""
    folder = cache_folder()
    if hasattr(session.config, "workerinput") or folder is None or any(folder.rglob("*.nbi")):
        return
    with open(folder / "compiling", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # until the compiler ends
        command = [sys.executable, "-c", "from colend.market import warm_up; warm_up()"]
        session.config.stash[COMPILER] = subprocess.Popen(command, pass_fds=[lock.fileno()])


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: not is_uncompiled(item))


def pytest_runtest_setup(item):
    if not is_uncompiled(item) and (lock := cache_folder() / "compiling").is_file():
        with open(lock) as file:
            fcntl.flock(file, fcntl.LOCK_SH)


def pytest_sessionfinish(session):
    if COMPILER in session.config.stash:
        session.config.stash[COMPILER].kill()


def is_uncompiled(item):
    return item.path.relative_to(_HERE).parts[0] in UNCOMPILED


# Small enough for the uncompiled engine, alive enough that every mechanism acts: cheap alliances, quick pilots, short
# terms.
SMALL = {
    "population.borrowers": 2_000,
    "population.persons": 20_000_000,
    "population.regions": 3,
    "banks.city.number": 5,
    "banks.rural.number": 7,
    "banks.consumer_finance.number": 1,
    "platforms.number": 3,
    "platforms.user_share": [0.5, 0.3, 0.2],
    "alliances.signing_cost": 20_000.0,
    "alliances.integration_cost": 100_000.0,
    "alliances.integration_months": 2,
    "alliances.running_cost": 20_000.0,
    "alliances.pilot_cost": 30_000.0,
    "alliances.pilot_months": 3,
    "alliances.term_months": 12,
    "alliances.meeting_rate": 0.6,
}

# Every rule of regulation, so loose that it binds nobody: the bound that is next to no limit at all.
RULES_WITH_ROOM = {
    name: float(key.schema.get("minimum" if getattr(OPEN, name) == 0.0 else "maximum", 0.0))
    for name, key in keys_of(Regime).items()
}


# A chart of runs and one of a sample, which stand for all where charts are not what is tested.
TWO_CHARTS = ("01_joint_lending", "16_sensitivity")


def nested(dotted: dict) -> dict:
    """{"a.b": 1} as {"a": {"b": 1}}."""
    result: dict = {}
    for key, value in dotted.items():
        *groups, name = key.split(".")
        place = result
        for group in groups:
            place = place.setdefault(group, {})
        place[name] = value
    return result


def make_setting(years=2, arm="test", policy=(), **dotted):
    """A setting of the small market; keyword names use __ for dots."""
    from colend.scenario.design import Record, Setting
    from colend.scenario.parameters import Parameters

    overrides = SMALL | {key.replace("__", "."): value for key, value in dotted.items()}
    parameters = Parameters.model_validate(nested(overrides))
    return Setting(
        parameters=parameters, start="2017-01", years=years, record=Record(), arm=arm, point={}, policy=tuple(policy)
    )


@pytest.fixture(name="make_setting", scope="session")
def make_setting_fixture():
    return make_setting


@pytest.fixture(name="make_market")
def make_market_fixture():
    from colend.market import Market

    def make(seed=0, engine="columns", threads=1, **settings):
        return Market(make_setting(**settings), seed, engine, threads)

    return make


@pytest.fixture(scope="module")
def two_charts():
    """Draw TWO_CHARTS alone in this process: all of them take most of a small run's time, and tests/report has them."""
    from colend.report.figures import FIGURES

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("colend.report.drawing.FIGURES", [one for one in FIGURES if one[0] in TWO_CHARTS])
        yield


# As a shell would start it with >&-, with >/dev/full, and with a reader that is gone before anything is written.
START = """
import os, sys
for number, way in ((1, sys.argv[1]), (2, sys.argv[2])):
    if way == "closed":
        os.close(number)
    elif way == "full":
        os.dup2(os.open("/dev/full", os.O_WRONLY), number)
    elif way == "unread":
        reader, writer = os.pipe()
        os.close(reader)
        os.dup2(writer, number)
os.execv(sys.executable, [sys.executable, "-m", "colend", *sys.argv[3:]])
"""


class Said(NamedTuple):
    """How a command ended, and what it said."""

    status: int
    out: str
    err: str


class Command:
    """The command `simulate`, called with its arguments: in this process, or `apart` in one of its own."""

    def __init__(self, monkeypatch):
        self.monkeypatch = monkeypatch

    def __call__(self, *arguments, encoding="utf-8"):
        """As on a terminal of this encoding."""
        from colend.__main__ import main

        streams = [TextIOWrapper(BytesIO(), encoding=encoding) for _ in range(2)]
        with self.monkeypatch.context() as patch:
            patch.setattr("colend.__main__.interruptible", lambda command, say: command())
            patch.setattr(sys, "argv", ["simulate", *map(str, arguments)])
            for name, stream in zip(("stdout", "stderr"), streams, strict=True):
                patch.setattr(sys, name, stream)
            status = main()
        for stream in streams:
            stream.flush()
        return Said(status, *(stream.buffer.getvalue().decode(encoding) for stream in streams))

    @staticmethod
    def apart(*arguments, out="fine", err="fine", **environment):
        """Its outputs may be `closed`, `full` or `unread`."""
        command = [sys.executable, "-c", START, out, err, *arguments]
        ended = subprocess.run(command, capture_output=True, text=True, env=os.environ | environment)
        return Said(ended.returncode, ended.stdout, ended.stderr)


@pytest.fixture
def simulate(monkeypatch):
    """The command, as people start it."""
    return Command(monkeypatch)
