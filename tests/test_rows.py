"""A kind of bank and a level of openness are a row each: nothing else names one, and one more runs through a market."""

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from colend.scenario.parameters import KINDS, OPENNESS
from colend.source import PACKAGE
from colend.state.tables import CONTRACT_KINDS, ENDS, STAGES

# `customers` is the name of a group of parameters, too.
NAMES = {*KINDS, *OPENNESS} - {"customers"}
ROWS = {
    "agents/actors.py": set(KINDS),  # classes of their own
    "scenario/parameters/alliances.py": {"traffic"},  # a default
    "scenario/parameters/banks.py": set(KINDS),
    "scenario/parameters/openness.py": set(OPENNESS),
    "scenario/parameters/platforms.py": {"traffic"},  # a default
}


def named(path: Path) -> set[str]:
    """Kinds and levels that a file names: in a string that is nothing else, as an attribute, as a constant."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant):
            found.add(node.value)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.Name) and node.id.isupper():
            found.add(node.id.lower())
    return found & NAMES


def test_no_code_outside_the_rows_names_a_kind_of_bank_or_a_level_of_openness():
    for path in PACKAGE.rglob("*.py"):
        place = path.relative_to(PACKAGE).as_posix()
        assert named(path) <= ROWS.get(place, set()), place


def test_what_a_number_stands_for_is_named_once():
    for rows in (CONTRACT_KINDS, STAGES, ENDS):
        assert len({row.name for row in rows}) == len({row.words for row in rows}) == len(rows)
    assert len(KINDS) <= 8  # as banks.py says, and why


# One more of each, in the file of its row alone.
MORE = {
    "banks.py": (
        "KINDS = tuple(",
        """BANK_KINDS["village"] = Kind("village banks", regional=True, gated=True, defaults={"number": 2})
KINDS = tuple(""",
        "    city: BankKind",
        """    village: BankKind = Field(default_factory=BANK_KINDS["village"].group)
    city: BankKind""",
    ),
    "openness.py": (
        "OPENNESS = tuple(",
        """LEVELS["accounts"] = Level(0.5, 1_000, shares_data=True, charges=True, teaches=True)
OPENNESS = tuple(""",
        '"technology"]',
        '"technology", "accounts"]',
        "    technology: Number",
        "    technology: Number\n    accounts: Number",
    ),
}
# Plain source, as compiling another one takes half a minute; of numbers that nobody looks at, a table is coarse.
RUN = """
import json
from colend.equations import fit
fit._STEP *= 20.0
from colend.market import simulate
from colend.report.words import GROUPS
from colend.scenario.parameters import Parameters
from colend.scenario.setting import FishingTerms, Setting
parameters = Parameters(
    population={"borrowers": 60, "regions": 2},
    banks={"city": {"number": 1}, "rural": {"number": 1}, "consumer_finance": {"number": 1}},
    platforms={"number": 1, "user_share": [1], "openness": "accounts"},
    alliances={"meeting_rate": 1.0, "integration_months": 0, "sequencing": "sign_then_cooperate"},
)
tables = simulate(Setting(parameters, years=0.25, fishing_test=FishingTerms(horizon_months=1)), 0)
last = {name: column[-1] for name, column in tables["months"].items()}
print(json.dumps({
    "kinds": list(tables["banks"]["kind"]),
    "openness": sorted(set(tables["alliances"]["openness"])),
    "opening": last["platforms_opening_accounts"],
    "customers": float(last["customers_village"]),
    "fishing": "fishing_index_partnered_village" in tables["runs"],
    "told": sorted({term.measure for _, group in GROUPS for term in group} - set(tables["runs"])),
}))
"""


def test_one_kind_and_one_level_more_are_a_row_each_and_run(tmp_path):
    """Of a kind of bank and a level that no code knows: founded, chosen, measured and told of."""
    copy = shutil.copytree(PACKAGE, tmp_path / "colend", ignore=shutil.ignore_patterns("__pycache__"))
    for name, changes in MORE.items():
        path = copy / "scenario" / "parameters" / name
        text = path.read_text()
        for old, new in zip(changes[::2], changes[1::2], strict=True):
            assert text.count(old) == 1
            text = text.replace(old, new)
        path.write_text(text)
    environment = os.environ | {"PYTHONPATH": str(tmp_path), "NUMBA_DISABLE_JIT": "1", "PYTHONWARNINGS": "ignore"}
    run = subprocess.run([sys.executable, "-c", RUN], env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    assert found["kinds"][-2:] == ["village", "village"]
    assert (found["openness"], found["opening"]) == (["accounts"], 1.0)
    assert found["customers"] >= 0.0
    assert found["fishing"]
    assert found["told"] == []
