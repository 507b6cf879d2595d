"""Known limits: the running market against answers known from theory.

Each comparison names what is measured, gives the known answer and the standard error that sampling theory gives the
measurement, with its formula beside it; where the model itself approximates, the documented bound is added by name.
`pytest tests/limits --results FILE` writes them all as a table, the one in docs/verification.md.
"""

import math
from pathlib import Path

import pytest

STANDARD_ERRORS = 4  # a tolerance is so many standard errors: by chance alone one comparison in 16,000 leaves it
COMPARISONS: list[tuple[str, str, float, float, float]] = []


def pytest_addoption(parser):
    parser.addoption("--results", type=Path, help="write the comparisons of the known limits to this file, as a table")


@pytest.fixture(name="compare")
def compare_fixture(request):
    """compare(what, measured, known, standard_error, approximation=0): within four standard errors (and the model's own
    documented approximation), or the test fails; noted for the table."""

    def compare(what: str, measured: float, known: float, standard_error: float, approximation: float = 0.0) -> None:
        tolerance = STANDARD_ERRORS * standard_error + approximation
        assert math.isfinite(tolerance)
        assert tolerance >= 0.0
        COMPARISONS.append((request.path.stem.removeprefix("test_"), what, measured, known, tolerance))
        assert abs(measured - known) <= tolerance, f"{what}: {measured:.6g}, known {known:.6g} ± {tolerance:.2g}"

    return compare


def pytest_sessionfinish(session):
    path = session.config.getoption("--results", None)
    if path is None:
        return
    lines = ["| limit | what | known | measured | tolerance | distance |", "|---|---|---|---|---|---|"]
    for limit, what, measured, known, tolerance in sorted(COMPARISONS, key=lambda row: row[0]):
        distance = abs(measured - known) / tolerance if tolerance else 0.0
        lines.append(f"| {limit} | {what} | {known:.5g} | {measured:.5g} | {tolerance:.2g} | {distance:.2f} |")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
