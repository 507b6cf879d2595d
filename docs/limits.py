"""The tables of known limits in docs/verification.md, made from a results file of the tests:

    pytest tests/limits -m "slow or not slow" --results limits.csv && python docs/limits.py limits.csv

What a test compares, and how its tolerance comes about, is its own docstring. A test holds the tables against the
tests that there are.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import numpy as np
import pandas as pd

DOCUMENT = Path(__file__).parent / "verification.md"
TESTS = Path(__file__).parents[1] / "tests" / "limits"
START, END = "<!-- limits: made by docs/limits.py -->", "<!-- end of limits -->"
# The known limits in the order of the document, and the files that hold each.
LIMITS = {
    "1. Screening": ("screening",),
    "2. Selection and information": ("selection", "information", "cycles"),
    "3. Default": ("default",),
    "4. Loan book": ("loan_book",),
    "5. Sequencing, value and scale": ("sequencing", "value", "scale"),
    "6. Belief": ("belief",),
    "7. Customers": ("customers",),
    "8. Capability": ("capability",),
    "9. Trust": ("trust",),
    "10. Exact zeros": ("zeros", "order"),
    "11. Statistics": ("statistics",),
    "12. Draws": ("draws",),
    "13. Twins": ("twins",),
    "14. Expected flow": ("forecasts",),
}
HEAD = ["| test | what it compares, and its tolerance | comparisons | largest distance |", "|---|---|---|---|"]


def tests_of(name: str) -> dict[str, str]:
    """Tests of a file, in its order, and what each says of itself."""
    tree = ast.parse((TESTS / f"test_{name}.py").read_text(encoding="utf-8"))
    return {
        node.name: said(ast.get_docstring(node) or "")
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def said(docstring: str) -> str:
    """A docstring on one line of a table."""
    return " ".join(docstring.split()).replace("|", "\\|").replace("*", "\\*")


def row(name: str, test: str, says: str, result: str) -> str:
    """One line of a table; `result` is its last two cells."""
    return f"| [{test.removeprefix('test_').replace('_', ' ')}](../tests/limits/test_{name}.py) | {says} | {result} |"


def result(found: pd.DataFrame) -> str:
    """How many comparisons, and the largest distance: in standard errors beyond the documented approximation, of the
    bound where nothing is left to chance, and of nothing where no bit may differ."""
    found = found[found["what"] != ""]
    if found.empty:
        return "to the bit | none"
    distance = (found["measured"] - found["known"]).abs()
    chance, bound = found["standard_error"] > 0.0, found["approximation"] > 0.0
    parts = []
    if chance.any():
        beyond = (distance - found["approximation"]).clip(lower=0.0)[chance] / found["standard_error"][chance]
        parts.append(f"{beyond.max():.1f} s.e." + (" beyond its bound" if bound[chance].any() else ""))
    if (bound & ~chance).any():
        share = (distance / found["approximation"])[bound & ~chance].max()
        parts.append(f"{share:.0%} of its bound")
    if (~bound & ~chance).any():
        parts.append("0 exactly")
    return f"{len(found):,} | {', '.join(parts)}"


def overall(results: pd.DataFrame) -> str:
    """All comparisons together: what was left to chance has distances that say whether standard errors are right."""
    found = results[results["what"] != ""]
    chance = found[(found["standard_error"] > 0.0) & (found["approximation"] == 0.0)]
    distance = ((chance["measured"] - chance["known"]) / chance["standard_error"]).abs()
    tests = len(results[["file", "test"]].drop_duplicates())
    return (
        f"{tests} tests make {len(found):,} comparisons. Of the {len(chance):,} that chance alone decides, the root "
        f"mean square distance is {np.sqrt((distance**2).mean()):.2f} standard errors (1 if all standard errors are "
        f"exact),\n"
        f"{(distance > 2.0).mean():.1%} are beyond two (4.6 %), and the largest is {distance.max():.1f}."
    )


def tables(results: pd.DataFrame) -> str:
    """A table for each limit."""
    lines = [overall(results), ""]
    for limit, names in LIMITS.items():
        lines += [f"#### {limit}", "", *HEAD]
        for name in names:
            for test, says in tests_of(name).items():
                found = results[(results["file"] == f"test_{name}.py") & (results["test"] == test)]
                if found.empty:
                    raise SystemExit(f"no result of {test} in test_{name}.py: run all tests, slow ones too")
                lines.append(row(name, test, says, result(found)))
        lines.append("")
    return "\n".join(lines)


def main(path: str) -> None:
    """Write the tables of this results file into the document."""
    results = pd.read_csv(path, keep_default_na=False, na_values=["nan"])
    before, rest = DOCUMENT.read_text(encoding="utf-8").split(START)
    after = rest.split(END, 1)[1]
    DOCUMENT.write_text(f"{before}{START}\n\n{tables(results)}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
