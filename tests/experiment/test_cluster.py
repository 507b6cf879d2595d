"""A real scheduler and workers on the loopback: the same tables as in one process, whoever dies."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import psutil
import pytest

import colend
from colend.cli import main
from colend.experiment.cluster import Cluster
from colend.experiment.manifest import read_manifest, verify
from colend.experiment.provenance import arithmetic
from colend.experiment.runner import execute
from colend.scenario.design import Run, Setting
from colend.scenario.parameters import Parameters

distributed = pytest.importorskip("distributed")
SOURCE = Path(colend.__file__).parent
HELPERS = Path(__file__).parent / "workers"


class Processes:
    """A scheduler and workers as processes of their own, all ended at the end."""

    def __init__(self, folder, **environment):
        self.folder, self.started = folder, []
        options = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        self.scheduler = self.start("scheduler", *options, **environment)
        self.address = self.wait_for("Scheduler at:")[-1]

    def start(self, what, *arguments, **environment):
        log = open(self.folder / f"{len(self.started)}.log", "w")  # noqa: SIM115 (closed at the end)
        process = subprocess.Popen(
            [sys.executable, "-m", "distributed.cli.dask_" + what, *arguments],
            stderr=log,
            stdout=log,
            start_new_session=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(map(str, (SOURCE.parent, HELPERS)))} | environment,
        )
        self.started.append((process, log))
        return process

    def worker(self, *arguments, **environment):
        """A worker that computes one run at a time; returns its address, once it has joined."""
        self.start(
            "worker", self.address, "--host", "127.0.0.1", "--nthreads", "1", "--no-dashboard",
            "--local-directory", str(self.folder), *arguments, **environment,
        )  # fmt: skip
        self.wait_for("Registered to:")
        return self.wait_for("Start worker at:")[-1]

    def wait_for(self, words):
        """The words of the last log's line in which these stand."""
        for _ in range(2_400):
            for line in Path(self.started[-1][1].name).read_text().splitlines():
                if words in line:
                    return line.split()
            time.sleep(0.05)
        raise AssertionError(Path(self.started[-1][1].name).read_text())

    def workers(self):
        """The processes that compute: each is the child of a nanny, which starts another when it dies."""
        nannies = [psutil.Process(process.pid) for process, _ in self.started[1:]]
        children = [child for nanny in nannies for child in nanny.children()]
        return [child for child in children if "resource_tracker" not in " ".join(child.cmdline())]

    def end(self):
        for process, log in self.started:
            if process.poll() is None:
                for one in psutil.Process(process.pid).children(recursive=True):
                    one.kill()
                process.kill()
            process.wait()
            log.close()


def started(folder, workers, **environment):
    processes = Processes(folder, **environment)
    try:
        for _ in range(workers):
            processes.worker()
        yield processes
    finally:
        processes.end()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """A scheduler and two workers."""
    yield from started(tmp_path_factory.mktemp("cluster"), 2)


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def content(folder):
    return read_manifest(folder)["content"]


def at_the_first_run(act):
    """A progress that calls `act` once, when the first run has come back."""
    acted = []

    def progress(done, total, failed):
        if done and not acted:
            acted.append(act())

    return progress


def test_a_worker_killed_in_the_middle_changes_nothing(cluster, scenario, out, undisturbed):
    worker = min(cluster.workers(), key=lambda process: process.pid)
    result = colend.run(
        scenario, out=out, cluster=cluster.address, report=False, progress=at_the_first_run(worker.kill)
    )
    assert psutil.wait_procs([worker], timeout=30)[0]  # its nanny may be slow to notice
    assert (len(result.runs), result.failures) == (6, 0)
    assert content(out) == content(undisturbed)
    assert verify(out) == []


def test_a_killed_scheduler_ends_the_command_with_3_and_it_goes_on_without(
    tmp_path, scenario, out, undisturbed, drivers, monkeypatch
):
    command = [str(scenario), "--out", str(out), "--quiet"]
    for cluster in started(tmp_path, 0):  # whose worker never comes to the end of all runs
        cluster.worker(
            "--no-nanny", PYTHONPATH=os.pathsep.join(map(str, (HELPERS / "seed_one", SOURCE.parent))), SEED_ONE="waits"
        )
        driver = drivers.start([sys.executable, "-m", "colend", *command, "--cluster", cluster.address], out)
        cluster.scheduler.kill()
        _, errors = driver.communicate(timeout=60)
    assert driver.returncode == 3
    assert errors.decode() == (
        f"simulate: the cluster was lost: the scheduler at {cluster.address} does not answer; finished runs are kept, "
        "the same command goes on, with --cluster or without\n"
    )
    assert 1 <= drivers.finished(out) < 6
    monkeypatch.setattr("colend.report.draw", lambda *_: [])
    assert main([*command, "--jobs", "1"]) == 0
    assert content(out) == content(undisturbed)


@pytest.mark.slow
def test_a_run_that_kills_its_workers_is_found_by_name_and_the_others_finish(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(HELPERS))
    from colend_test_work import dies_on_three

    runs = [Run(Setting(Parameters(), arm="a"), seed, f"key{seed}") for seed in range(7)]
    for processes in started(tmp_path, 1, DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="0"):
        with Cluster(processes.address) as cluster:
            found = {outcome.run.seed: outcome for outcome in execute(runs, cluster, "columns", dies_on_three)}
    assert sorted(found) == list(range(7))
    assert [seed for seed in found if found[seed].tables is None] == [3]
    assert "a:3 died" in found[3].error


@pytest.mark.parametrize("how", ["interrupted", pytest.param("killed", marks=pytest.mark.slow)])
def test_a_driver_that_goes_leaves_no_work_behind(cluster, scenario, out, how, drivers):
    command = [sys.executable, "-m", "colend", scenario, "--out", out, "--quiet", "--seeds", "1000"]
    driver = drivers.start([*command, "--cluster", cluster.address], out)
    began = time.monotonic()
    os.killpg(driver.pid, signal.SIGINT if how == "interrupted" else signal.SIGKILL)
    _, errors = driver.communicate(timeout=10)
    if how == "interrupted":
        assert time.monotonic() - began < 2.0
        assert driver.returncode == 130
        assert errors.decode() == "simulate: interrupted; finished runs are kept, the same command goes on\n"
    with distributed.Client(cluster.address, set_as_default=False) as client:
        for _ in range(1_200):
            if not (left := client.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.tasks))):
                break
            time.sleep(0.05)
    assert left == 0


@pytest.fixture(scope="module")
def nothing(tmp_path_factory):
    """A path on which there is no colend."""
    package = tmp_path_factory.mktemp("nothing") / "colend"
    package.mkdir()
    (package / "__init__.py").write_text("raise ModuleNotFoundError(\"No module named 'colend'\")")
    return str(package.parent)


@pytest.mark.slow
def test_a_worker_that_joins_late_and_has_no_colend_drops_out(cluster, scenario, out, nothing):
    result = colend.run(
        colend.load(scenario, seeds=20),
        out=out,
        cluster=cluster.address,
        report=False,
        progress=at_the_first_run(lambda: cluster.worker(PYTHONPATH=nothing)),
    )
    assert (len(result.runs), result.failures) == (40, 0)
    cluster.wait_for("ModuleNotFoundError: No module named 'colend'")
    cluster.wait_for("Stopping worker")


def test_a_worker_that_joins_late_and_computes_in_another_way_is_named(cluster, scenario, out, tmp_path, drivers):
    changed = shutil.copytree(SOURCE, tmp_path / "changed" / "colend")
    with open(changed / "market.py", "a") as file:
        file.write("# another version\n")
    others = []
    with pytest.raises(colend.ClusterError, match="has another version of colend") as caught:
        colend.run(
            colend.load(scenario, seeds=300),
            out=out,
            cluster=cluster.address,
            report=False,
            progress=at_the_first_run(lambda: others.append(cluster.worker(PYTHONPATH=str(changed.parent)))),
        )
    assert caught.value.status == 2
    assert others[0] in str(caught.value)
    assert drivers.finished(out) >= 1


def test_workers_that_compute_in_another_way_are_named_on_connecting(tmp_path, scenario, out, capsys, nothing):
    older = {"NPY_DISABLE_CPU_FEATURES": "AVX512F AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL AVX512_SPR X86_V4"}
    command = "import warnings; warnings.simplefilter('ignore'); from colend.experiment import provenance as p"
    command += "; print(p.arithmetic())"
    of_another_processor = subprocess.run(
        [sys.executable, "-c", command], env=os.environ | older, check=True, capture_output=True, text=True
    ).stdout.strip()
    other = {"libraries": tmp_path / "libraries", "machine": tmp_path / "machine"}
    (other["libraries"] / "numba-0.1.dist-info").mkdir(parents=True)
    (other["libraries"] / "numba-0.1.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: numba\nVersion: 0.1\n"
    )
    other["machine"].mkdir()
    (other["machine"] / "sitecustomize.py").write_text(
        "import platform\nplatform.libc_ver = lambda *_, **__: ('glibc', '2.17')\n"
    )
    for processes in started(tmp_path, 1):
        wanted = {processes.worker("--no-nanny", PYTHONPATH=nothing): "cannot run this colend (ModuleNotFoundError"}
        if of_another_processor != arithmetic():  # else this processor has nothing that can be left out
            wanted[processes.worker("--no-nanny", **older)] = (
                "has a processor or mathematical library that rounds in another way"
            )
        for what, place in other.items():
            worker = processes.worker("--no-nanny", PYTHONPATH=os.pathsep.join(map(str, (place, SOURCE.parent))))
            wanted[worker] = f"has {'other' if what == 'libraries' else 'another'} {what} ("
        assert main([str(scenario), "--out", str(out), "--cluster", processes.address]) == 2
        printed = capsys.readouterr().err
        for said in ("numba 0.1", "glibc 2.17"):
            assert said in printed
        assert printed.count("worker tcp") == len(wanted)
        for worker, said in wanted.items():
            assert f"worker {worker} {said}" in printed
    assert not out.exists()


def refused(address, scenario, out, capsys):
    """What is said, in one line, of an address at which there is no cluster."""
    assert main([str(scenario), "--out", str(out), "--cluster", address]) == 2
    printed = capsys.readouterr().err
    assert printed.count("\n") == 1
    assert not out.exists()
    return printed


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("localhost", "missing port number"),
        ("tcp://", "missing port number"),
        ("tcp://127.0.0.1:port", "invalid literal"),
        ("http://127.0.0.1:80", "unknown address scheme 'http'"),
        ("tcp://127.0.0.1:9", "0.5 s"),
    ],
)
def test_an_address_without_a_scheduler_is_refused(address, why, scenario, out, capsys, monkeypatch):
    monkeypatch.setattr("colend.experiment.cluster._SECONDS_TO_CONNECT", 0.5)
    printed = refused(address, scenario, out, capsys)
    assert f"--cluster {address}: no Dask scheduler answers there" in printed
    assert why in printed


@pytest.mark.parametrize("said", [b"", b"SSH-2.0-OpenSSH_9.6p1\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n"])
def test_a_host_that_is_no_scheduler_is_refused_in_time(said, scenario, out, capsys, monkeypatch):
    monkeypatch.setattr("colend.experiment.cluster._SECONDS_TO_CONNECT", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as server, ExitStack() as connections:

        def answer():
            with suppress(OSError):  # the test is over
                while True:
                    connections.enter_context(connection := server.accept()[0])
                    connection.sendall(said)

        threading.Thread(target=answer, daemon=True).start()
        began = time.monotonic()
        printed = refused(f"tcp://127.0.0.1:{server.getsockname()[1]}", scenario, out, capsys)
        server.shutdown(socket.SHUT_RDWR)
    assert "no Dask scheduler answers there" in printed
    assert time.monotonic() - began < 10.0  # to connect, to hang up, and a busy machine


def test_an_address_that_is_none_leaves_nothing_to_be_said_at_the_end(scenario, out):
    command = [sys.executable, "-m", "colend", scenario, "--out", out, "--cluster", "localhost"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)


def test_a_cluster_without_distributed_is_refused(scenario, out, capsys, monkeypatch):
    monkeypatch.setattr("colend.experiment.cluster.find_spec", lambda name: None)
    assert "pip install 'colend[cluster]'" in refused("tcp://127.0.0.1:9", scenario, out, capsys)
