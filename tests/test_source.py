"""The hash of the source covers what a run executes, and compiled code is kept for one source alone."""

import ast
import os
import pickle
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from colend import compilation, load, source

PACKAGE = source.PACKAGE
APART = {"api", "arguments", "cli", "__main__", "interruption", "experiment", "report"}
RUN = """
import pickle, sys
setting = pickle.load(sys.stdin.buffer)
from colend.market import simulate
simulate(setting, 0)
assert "mesa" not in sys.modules
simulate(setting, 0, "objects")
print("\\n".join(module.__file__ for name, module in sys.modules.items() if name.split(".")[0] == "colend"))
"""


@pytest.fixture(name="copied")
def copied_package(tmp_path):
    """A copy of the package that may be edited."""
    return shutil.copytree(PACKAGE, tmp_path / "colend", ignore=shutil.ignore_patterns("__pycache__"))


def files(names):
    return {Path(name).relative_to(PACKAGE).as_posix() for name in names}


def test_hash_covers_exactly_the_files_that_a_run_executes():
    """What a process has loaded that was handed a setting and ran it, and what the syntax says, nested imports too."""
    scenario = load("policy", {"population.borrowers": 50})
    setting = replace(scenario.arm(next(arm for arm, rules in scenario.policies.items() if rules)), years=0.25)
    run = subprocess.run([sys.executable, "-c", RUN], input=pickle.dumps(setting), capture_output=True, check=True)
    covered = files(source.files_of_a_run())
    assert files(run.stdout.decode().split()) == covered
    assert {name.split("/")[0].removesuffix(".py") for name in covered}.isdisjoint(APART)
    for name in covered:
        for node in ast.walk(ast.parse((PACKAGE / name).read_bytes())):
            if isinstance(node, ast.ImportFrom | ast.Import):
                module = getattr(node, "module", None)
                names = [f"{module}.{one.name}" if module else one.name for one in node.names]
                assert {source._file(one) for one in [module or "", *names]} - {None} <= {PACKAGE / c for c in covered}


def test_an_edit_changes_the_hash_where_a_run_imports_it_and_nowhere_else(copied, monkeypatch):
    spec = spec_from_file_location("source_of_the_copy", copied / "source.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    of_a_run, edited = module.files_of_a_run(), b"\n# edited\n"
    monkeypatch.setattr(module, "files_of_a_run", lambda: of_a_run)  # an edited comment imports nothing else
    before, changed = module.model_hash.__wrapped__(), set()
    for path in copied.rglob("*.py"):
        content = path.read_bytes()
        path.write_bytes(content + edited)
        if module.model_hash.__wrapped__() != before:
            changed.add(path)
        path.write_bytes(content)
    assert changed == set(of_a_run)
    assert {copied / "scenario" / name for name in ("setting.py", "parameters/clubs.py")} <= changed
    assert {copied / "scenario" / name for name in ("reading.py", "policy.py", "top_level.py")}.isdisjoint(changed)


COMPILE = """
import os
from colend.compilation import _compiled, cache_folder, compiled
from colend.equations.signals import truncation
print(compiled(truncation)(0.1, 0.5, 0.2), cache_folder())
os.environ["NUMBA_CACHE_DIR"] = "/proc/self/nothing"
cache_folder.cache_clear(), _compiled.cache_clear()
print(compiled(truncation)(0.1, 0.5, 0.2), cache_folder())
"""


def test_an_edited_callee_runs_as_edited_wherever_compiled_code_is_kept(copied, tmp_path):
    """In a folder that the user has fixed, and where nothing can be written; never beside the source."""
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "cache"), "PYTHONPATH": str(tmp_path)}
    answers, places = [], []
    for _ in range(2):
        run = subprocess.run([sys.executable, "-c", COMPILE], env=environment, capture_output=True, text=True)
        assert run.returncode == 0, run.stderr
        first, second = run.stdout.splitlines()
        *numbers, place = first.rsplit(" ", 1)
        assert second == f"{numbers[0]} None"
        answers.append(numbers[0])
        places.append(Path(place))
        callee = copied / "equations" / "normal.py"
        callee.write_text(callee.read_text().replace("math.exp(", "3.0 * math.exp("))
    assert answers[0] != answers[1]
    assert places[0] != places[1]
    assert all(place.parent.parent == tmp_path / "cache" and any(place.rglob("*.nbc")) for place in places)
    assert not list(copied.rglob("*.nb[ci]"))


def test_old_folders_of_compiled_code_go_but_not_those_that_may_be_in_use(tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    folder = tmp_path / "colend"
    old = [folder / f"{number:016x}" for number in range(12)]
    for age, place in enumerate(old):
        place.mkdir(parents=True)
        when = time.time() - (age - 1) * 86_400.0  # the first is in use, the second was a day ago
        os.utime(place, (when, when))
    (folder / "mine").mkdir()
    assert compilation.cache_folder.__wrapped__() == folder / source.model_hash()[:16]
    left = {place.name for place in folder.iterdir()}
    assert left == {source.model_hash()[:16], "mine", *(place.name for place in old[:8])}
    for place in old[:8]:
        os.utime(place)
    (folder / f"{99:016x}").mkdir()
    compilation.cache_folder.__wrapped__()
    assert len(list(folder.iterdir())) == 11  # all were used lately


def test_there_is_no_folder_for_compiled_code_where_a_file_stands(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "file"))
    assert compilation.cache_folder.__wrapped__() is None
