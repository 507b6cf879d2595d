"""What a scenario would take, without running it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from colend.experiment.statistics import COMPARISON
from colend.scenario.design import Scenario, point_name
from colend.scenario.setting import Setting

# CPU seconds of a run on a two-core machine, by benchmarks/months.py, and to start.
SECONDS_A_MONTH = 4e-3
SECONDS_A_PAIR_MONTH = 20e-6  # of a lender and a platform
SECONDS_A_BORROWER_MONTH = 55e-9
SECONDS_TO_START = 8.0
BYTES_A_BORROWER = 60
BYTES_A_PROCESS = 350e6
DISK = 5e6  # charts and declarations
BYTES_OF_A_RUN = 500  # its keys and hashes
BYTES_A_NUMBER = 6.0  # zeros and small numbers take less than eight
DIGITS_A_NUMBER = 8.5  # as text: many are missing or whole
WORDS_OF_A_MEASURE = 65  # its meaning and unit
ALLIANCES_A_BANK_YEAR = 0.5
COLUMNS = {
    "runs": 109,
    "months": 140,
    "banks": 39,
    "alliances": 41,
    "alliance_months": 15,
}  # of measures, which load too much to be counted here
MOST_LOOKED_AT = 64  # combinations of arm and sweep point; of more, every so many


def plan(
    scenario: Scenario,
    jobs: int,
    number: int | None = None,
    here: bool = True,
    found: Mapping[str, int] = MappingProxyType({}),
) -> dict[str, Any]:
    """Arms, runs (`number` of them, all by default), what was `found` of them (`colend.experiment.standing`), size,
    expected time and memory.

    `too_big` says so when this machine has less memory than that, unless the runs are not done `here`.
    """
    import psutil

    combinations = [(arm, point) for point in scenario.points for arm in scenario.arms]
    every = -(-len(combinations) // MOST_LOOKED_AT)
    settings = [scenario.arm(*combination) for combination in combinations[::every]]
    largest = max(settings, key=lambda setting: setting.parameters.population.borrowers)
    borrowers = largest.parameters.population.borrowers
    fewest = scenario.until.at_least if scenario.until else len(scenario.seeds)
    numbers = [number] if number is not None else sorted({len(combinations) * n for n in (fewest, len(scenario.seeds))})
    jobs = min(jobs, numbers[-1] or 1)
    each = sum(map(seconds_of_run, settings)) / len(settings)
    left = [max(0, n - found.get("finished", 0)) for n in numbers]
    seconds = [SECONDS_TO_START + each * n / min(jobs, n or 1) for n in left]
    memory = jobs * (BYTES_A_PROCESS + BYTES_A_BORROWER * borrowers)
    available = psutil.virtual_memory().available
    too_big = ""
    if here and memory > available:
        too_big = (
            f"{borrowers:,} borrowers in {jobs} processes need about {memory / 1e9:.1f} GB of memory, "
            f"{available / 1e9:.1f} GB are free: fewer --borrowers, or fewer --jobs"
        )
    return {
        "scenario": scenario.name,
        "title": scenario.title,
        "arms": list(scenario.arms),
        "baseline": scenario.baseline,
        "sweep_points": len(scenario.points),
        **({"seeds_at_least": fewest, "runs_at_least": numbers[0]} if len(numbers) > 1 else {}),
        "seeds": len(scenario.seeds),
        "runs": numbers[-1],
        **found,
        "months": largest.months,
        "borrowers": borrowers,
        "people_a_borrower": largest.parameters.population.scale,
        "people": largest.parameters.population.scale * borrowers,
        "processes": jobs,
        "expected_time": " to ".join(map(duration, seconds)),
        "expected_disk": " to ".join(size(DISK + n * disk_of_run(scenario, largest)) for n in numbers),
        "expected_memory": f"{memory / 1e9:.1f} GB",
        "too_big": too_big,
    }


def cores() -> int:
    """Cores that this process may use: fewer than the machine has under `taskset`, or as part of a job."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def seconds_of_run(setting: Setting) -> float:
    """CPU seconds that a run takes."""
    of_borrowers = SECONDS_A_BORROWER_MONTH * setting.parameters.population.borrowers
    return setting.months * (SECONDS_A_MONTH + SECONDS_A_PAIR_MONTH * pairs_of(setting) + of_borrowers)


def pairs_of(setting: Setting) -> int:
    """Pairs of a lender and a platform, each of which may meet."""
    return _lenders(setting) * setting.parameters.platforms.number


def _lenders(setting: Setting) -> int:
    return sum(kind.number for kind in setting.parameters.banks.kinds.values())


def disk_of_run(scenario: Scenario, setting: Setting) -> float:
    """Bytes that a run takes in the database with what `record` keeps, in runs.csv and of comparison.csv."""
    record, lenders = setting.record, _lenders(setting)
    years = -(-setting.months // 12)
    rows = {
        "runs": 1,
        "months": {"all": setting.months, "yearly": years, "none": 0}[record.months],
        "banks": 0 if record.banks == "none" else years * lenders,
        "alliances": lenders * ALLIANCES_A_BANK_YEAR * setting.years if record.alliances else 0,
        "alliance_months": min(record.lives, lenders) * setting.months if record.alliances else 0,
    }
    keys = len(setting.arm) + len(point_name(setting.point)) + 10
    kept = sum(number * (keys + BYTES_A_NUMBER * COLUMNS[table]) for table, number in rows.items())
    written = 2 * keys + DIGITS_A_NUMBER * COLUMNS["runs"]  # names of arm and point are there in words too
    row = 2 * keys + 20 + WORDS_OF_A_MEASURE + DIGITS_A_NUMBER * len(COMPARISON)
    compared = COLUMNS["runs"] * row / len(scenario.seeds)
    return BYTES_OF_A_RUN + 3 * keys + kept + written + compared


def size(number: float) -> str:
    """Bytes in words."""
    return f"{number / 1e9:,.1f} GB" if number >= 1e9 else f"{max(1.0, number / 1e6):,.0f} MB"


def duration(seconds: float) -> str:
    """Seconds in words."""
    if seconds < 90:
        return f"about {max(seconds, 1):.0f} seconds"
    if seconds < 5_400:
        return f"about {seconds / 60:.0f} minutes"
    return f"about {seconds / 3600:.1f} hours"
