"""What a scenario would take, without running it."""

from __future__ import annotations

from typing import Any

from colend.scenario.design import Scenario

# Measured on a two-core machine: see benchmarks/. Seconds a borrower-month and a month of one run, and to start.
SECONDS_A_BORROWER_MONTH = 75e-9
SECONDS_A_MONTH = 0.016
SECONDS_TO_START = 8.0
BYTES_A_BORROWER = 60
BYTES_A_PROCESS = 350e6
MOST_LOOKED_AT = 64  # combinations of arm and sweep point; of more, every so many


def plan(scenario: Scenario, jobs: int, number: int | None = None, here: bool = True) -> dict[str, Any]:
    """Arms, runs (`number` of them, all by default), size, expected time and memory.

    `too_big` says so when this machine has less memory than that, unless the runs are not done `here`.
    """
    import psutil

    combinations = [(arm, point) for point in scenario.points for arm in scenario.arms]
    every = -(-len(combinations) // MOST_LOOKED_AT)
    settings = [scenario.arm(*combination) for combination in combinations[::every]]
    largest = max(settings, key=lambda setting: setting.parameters.population.borrowers)
    borrowers, months = largest.parameters.population.borrowers, largest.months
    average = sum(setting.parameters.population.borrowers for setting in settings) / len(settings)
    number = number or len(combinations) * len(scenario.seeds)
    jobs = min(jobs, number)
    each = months * (SECONDS_A_MONTH + SECONDS_A_BORROWER_MONTH * average)
    seconds = SECONDS_TO_START + each * number / jobs
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
        "seeds": len(scenario.seeds),
        "runs": number,
        "months": months,
        "borrowers": borrowers,
        "people_a_borrower": largest.scale,
        "people": largest.scale * borrowers,
        "processes": jobs,
        "expected_time": duration(seconds),
        "expected_memory": f"{memory / 1e9:.1f} GB",
        "too_big": too_big,
    }


def duration(seconds: float) -> str:
    """Seconds in words."""
    if seconds < 90:
        return f"about {max(seconds, 1):.0f} seconds"
    if seconds < 5_400:
        return f"about {seconds / 60:.0f} minutes"
    return f"about {seconds / 3600:.1f} hours"
