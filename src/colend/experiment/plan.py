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


def plan(scenario: Scenario, jobs: int) -> dict[str, Any]:
    """Arms, runs, size, expected time and memory; `too_big` says so when the machine has less memory than that."""
    import psutil

    setting = scenario.arm(next(iter(scenario.arms)))
    population = setting.parameters.population
    number = len(scenario.arms) * len(scenario.points) * len(scenario.seeds)
    jobs = min(jobs, number)
    each = setting.months * (SECONDS_A_MONTH + SECONDS_A_BORROWER_MONTH * population.borrowers)
    seconds = SECONDS_TO_START + each * number / jobs
    memory = jobs * (BYTES_A_PROCESS + BYTES_A_BORROWER * population.borrowers)
    available = psutil.virtual_memory().available
    too_big = ""
    if memory > available:
        too_big = (
            f"{population.borrowers:,} borrowers in {jobs} processes need about {memory / 1e9:.1f} GB of memory, "
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
        "months": setting.months,
        "borrowers": population.borrowers,
        "people_a_borrower": setting.scale,
        "people": setting.scale * population.borrowers,
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
