"""Imports point one way, files stay readable, equations and rules stay plain."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "src" / "colend"
# A part may import itself, what stands before it here, and the parts that all may read.
ORDER = ("equations", "state", "rules", "agents", "month", "market", "experiment", "report", "api", "arguments", "cli")
BEFORE = {part: set(ORDER[:place]) for place, part in enumerate(ORDER)}
BEFORE["equations"] = set()
BEFORE["agents"] = {"equations", "state", "rules"}
BEFORE["month"] = {"equations", "state", "rules"}
READ_BY_ALL = {"scenario", "measures", "compilation", "source", "files", "__init__"}
BEFORE["scenario"] = {"source", "files"}  # source: for its hash in a run's key
BEFORE["measures"] = {"equations", "state", "rules", "scenario"}
BEFORE["compilation"] = {"source"}
BEFORE["source"] = BEFORE["files"] = BEFORE["__init__"] = BEFORE["interruption"] = BEFORE["streams"] = set()
BEFORE["__main__"] = {"interruption", "streams"}
FILES = sorted(PACKAGE.rglob("*.py"))


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path):
    """Parts of colend that a file imports when it is imported (imports inside functions are the late ones)."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("colend."):
            yield node.module.split(".")[1]


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_imports_point_one_way(path):
    part = part_of(path)
    if part == "__init__":
        return
    allowed = BEFORE[part] | {part} | (set() if part == "scenario" else READ_BY_ALL)
    assert set(imported(path)) <= allowed, f"{part} may import {sorted(allowed)}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_files_can_be_read_at_one_sitting(path):
    assert len(path.read_text().splitlines()) <= 420


@pytest.mark.parametrize("part", ["api", "arguments", "cli", "experiment", "files", "measures", "report", "scenario"])
def test_functions_are_short_and_take_few_arguments(part):
    for path in (one for one in FILES if part_of(one) == part):
        text = path.read_text()
        assert len(text.splitlines()) <= 350, path
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                given = node.args
                assert node.end_lineno - node.lineno < 60, f"{path}: {node.name}"
                assert len(given.posonlyargs + given.args + given.kwonlyargs) <= 10, f"{path}: {node.name}"


@pytest.mark.parametrize("part", ["equations", "rules"])
def test_equations_and_rules_are_plain_functions(part):
    """No compiler's decorator in the science: `compiled` is applied from outside, so the source stays the reference."""
    for path in (PACKAGE / part).glob("*.py"):
        assert "numba" not in path.read_text(), path
