"""The package as others see it: names, versions, how quickly it answers."""

import ast
import importlib.metadata
import json
import re
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

import colend

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_importing_colend_costs_nothing():
    code = "import sys, colend; print([m for m in ('numpy', 'pydantic', 'yaml', 'mesa') if m in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def test_public_names():
    for name in ("load", "run", "open", "compare", "sweep", "Market", "Scenario", "ScenarioError"):
        assert callable(getattr(colend, name))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        colend.nothing  # noqa: B018
    assert set(colend.__all__) <= set(dir(colend))


def test_every_place_says_the_same_version():
    assert PROJECT["project"]["version"] == colend.__version__
    assert json.loads((ROOT / "codemeta.json").read_text())["version"] == colend.__version__
    cited = re.search(r"^version: \"?([^\"\n]+)", (ROOT / "CITATION.cff").read_text(), re.MULTILINE)
    assert cited is not None
    assert cited[1] == colend.__version__


def test_help_answers_at_once():
    """The best of three, as others may be using the machine."""
    took = []
    for _ in range(3):
        began = time.monotonic()
        answer = subprocess.run([sys.executable, "-m", "colend", "--help"], capture_output=True, check=True)
        took.append(time.monotonic() - began)
    assert b"exit status" in answer.stdout
    assert min(took) < 0.3


def test_the_command_is_installed_under_its_name():
    assert PROJECT["project"]["scripts"] == {"simulate": "colend.__main__:main"}
    try:
        importlib.metadata.version("colend")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("colend is on the path, not installed")
    entry = importlib.metadata.entry_points(group="console_scripts", name="simulate")
    assert {point.value for point in entry} == {"colend.__main__:main"}


def test_what_is_imported_is_declared():
    """Every third-party package that the source imports is a dependency (or of an extra), by its name on the index."""
    extras = PROJECT["project"]["optional-dependencies"]
    declared = [*PROJECT["project"]["dependencies"], *extras["cluster"], *extras["parquet"]]
    names = {re.split(r"[^A-Za-z0-9_-]", entry)[0].lower() for entry in declared} | {"yaml", "colend"}
    imported = set()
    for path in (ROOT / "src" / "colend").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                imported.add(node.module.split(".")[0])
    assert {name.lower() for name in imported - set(sys.stdlib_module_names)} <= names
