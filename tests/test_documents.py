"""Documents: tables are those of the declarations, and every file, scenario and command that they name exists."""

import importlib.util
import re
from pathlib import Path

import pytest

from colend.scenario import shipped

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "outputs" / "README.md"])


def loaded(name):
    """A script of the documents, as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_tables_of_known_limits_are_of_the_tests_that_there_are():
    """Every test of every limit has its row, which says what the test says of itself, and no other row is there."""
    limits = loaded("limits")
    rows = (ROOT / "docs" / "verification.md").read_text(encoding="utf-8").split(limits.START)[1].split(limits.END)[0]
    written = [line.rsplit(" | ", 2)[0] for line in rows.splitlines() if line.startswith("| [")]
    names = [name for files in limits.LIMITS.values() for name in files]
    known = [
        limits.row(name, *test, "").rsplit(" | ", 1)[0] for name in names for test in limits.tests_of(name).items()
    ]
    assert written == known
    assert {f"test_{name}.py" for name in names} == {path.name for path in limits.TESTS.glob("test_*.py")}


def test_the_tables_of_parameters_are_those_of_the_declarations():
    tables = loaded("tables")
    document = (ROOT / "docs" / "odd.md").read_text(encoding="utf-8")
    assert tables.written(document) == document, "python docs/tables.py makes them anew"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_what_a_document_names_exists(path):
    """Links to files of the repository, code in backticks that looks like a source file, scenarios that are run."""
    text = path.read_text(encoding="utf-8")
    links = [link.split("#")[0] for link in re.findall(r"\]\((?!https?:)([^)\s]+)\)", text)]
    assert not [link for link in links if link and not (path.parent / link).exists()]
    sources = set(re.findall(r"`((?:[a-z_]+/)+[a-z_]+\.(?:py|yaml))", text))
    roots = (ROOT, ROOT / "src" / "colend")
    assert not [source for source in sources if not any((root / source).exists() for root in roots)]
    run = set(re.findall(r"simulate ([a-z_]+[a-z0-9_]*)(?=[ `\n])", text)) - {"run"}
    assert run <= set(shipped()), run
