"""Documents: tables are those of the declarations, and every file, scenario and command that they name exists."""

import importlib.util
import re
from pathlib import Path

import pytest

from colend.scenario import shipped

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "outputs" / "README.md"])


def test_the_tables_of_parameters_are_those_of_the_declarations():
    spec = importlib.util.spec_from_file_location("tables", ROOT / "docs" / "tables.py")
    tables = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tables)
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
