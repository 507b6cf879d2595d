"""Imports point one way, files stay readable, equations and rules stay plain."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "src" / "colend"
# A part may import itself, what stands before it here, and the parts that all may read.
ORDER = (
    "equations",
    "state",
    "rules",
    "month",
    "agents",
    "counterfactual",
    "market",
    "experiment",
    "report",
    "api",
    "arguments",
    "cli",
)
BEFORE = {part: set(ORDER[:place]) for place, part in enumerate(ORDER)}
BEFORE["equations"] = set()
BEFORE["agents"] = {"equations", "state", "rules", "month"}
BEFORE["month"] = {"equations", "state", "rules"}
READ_BY_ALL = {"scenario", "measures", "compilation", "source", "files", "__init__"}
BEFORE["scenario"] = {"source", "files"}  # source: for its hash in a run's key
BEFORE["measures"] = {"equations", "state", "rules", "scenario"}
BEFORE["compilation"] = {"source"}
BEFORE["source"] = BEFORE["files"] = BEFORE["__init__"] = BEFORE["interruption"] = BEFORE["streams"] = set()
BEFORE["__main__"] = {"cli", "interruption", "streams"}
FILES = sorted(PACKAGE.rglob("*.py"))


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path):
    """Parts of colend that a file imports, at its head or inside functions."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level == 0:
            modules = [node.module or ""]
        elif isinstance(node, ast.Import):
            modules = [name.name for name in node.names]
        else:
            continue
        yield from (module.split(".")[1] for module in modules if module.startswith("colend."))


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_imports_point_one_way(path):
    part = part_of(path)
    if part == "__init__":
        return
    allowed = BEFORE[part] | {part} | (set() if part == "scenario" else READ_BY_ALL)
    if part in BEFORE["measures"]:  # which reads them
        allowed -= {"measures"}
    assert set(imported(path)) <= allowed, f"{part} may import {sorted(allowed)}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_files_and_functions_can_be_read_at_one_sitting(path):
    """A module has at most 350 lines; a function 60, where the model is 70, and ten arguments."""
    text, most = path.read_text(), 70 if part_of(path) in ("equations", "state", "rules", "month") else 60
    assert len(text.splitlines()) <= 350
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            named = [one for one in given if one.arg not in ("self", "cls")]
            assert node.end_lineno - node.lineno < most, f"{node.name} is too long"
            assert len(named) <= 10, f"{node.name} takes too much"


@pytest.mark.parametrize("part", ["equations", "rules"])
def test_equations_and_rules_are_plain_functions(part):
    """No compiler's decorator in the science: `compiled` is applied from outside, so the source stays the reference."""
    for path in (PACKAGE / part).glob("*.py"):
        assert "numba" not in path.read_text(), path
