"""What a sweep of many small runs costs: a run, what comes on top of it, going on with a finished sweep, disk, memory.

Times are CPU seconds, of the driver alone where that is said; the whole sweep of 10,000 runs is
`time simulate sweep_sobol --fresh` on a quiet machine.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import colend
from colend.market import simulate, warm_up
from colend.scenario.design import runs

SCENARIO = "sweep_sobol"
SIMULATE = [sys.executable, "-m", "colend"]


def seconds_a_run(number: int) -> float:
    """CPU seconds of one run of the scenario, over `number` runs spread over its points, arms in turn."""
    planned = [one for one in runs(colend.load(SCENARIO)) if one.seed == 0]
    chosen = [planned[i * (len(planned) // number // 2 * 2) + i % 2] for i in range(number)]
    began = time.process_time()
    for one in chosen:
        simulate(one.setting, one.seed)
    return (time.process_time() - began) / number


def month_runs(number: int):
    """The scenario with `number` runs of one month and few borrowers: next to nothing is simulated."""
    scenario = colend.load(SCENARIO, years=1 / 12, borrowers=100)
    each = len(scenario.points) * len(scenario.arms)
    return replace(scenario, points=scenario.points[: number // 2], seeds=list(range(max(1, round(number / each)))))


def drive(number: int, folder: str) -> None:
    """In a process of its own: run a sweep of months and print the driver's CPU seconds and peak memory."""
    scenario, simulating = month_runs(number), 0

    def progress(done: int, total: int, _failed: int) -> None:
        nonlocal simulating  # what is held then, not the peak, which would hide what lies under it
        if done == total:
            simulating = int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()

    began = time.process_time()
    colend.run(scenario, jobs=2, out=folder, report=False, progress=progress)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    used = {"seconds": time.process_time() - began, "peak": peak, "simulating": simulating}
    print(json.dumps(used | {"runs": len(runs(scenario))}))


def driven(number: int, folder: Path) -> dict[str, float]:
    """What `drive` prints, from a process that ran it."""
    command = [sys.executable, __file__, "--drive", str(number), str(folder)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])


def resumed(folder: Path, number: int) -> float:
    """CPU seconds of the process that goes on with a finished sweep of months."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    driven(number, folder)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--runs", type=int, default=10_000, help="runs of the larger sweep of months; a tenth beside it"
    )
    parser.add_argument("--sample", type=int, default=40, help="runs of the scenario that are timed")
    parser.add_argument("--drive", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.drive:
        drive(int(options.drive[0]), options.drive[1])
        return
    warm_up()
    run = seconds_a_run(options.sample)
    print(f"a run of {SCENARIO}: {run * 1e3:.0f} ms of CPU")
    with tempfile.TemporaryDirectory() as place:
        few, many = (driven(number, Path(place) / str(number)) for number in (options.runs // 10, options.runs))
        more = many["runs"] - few["runs"]
        overhead = (many["seconds"] - few["seconds"]) / more
        slope = (many["simulating"] - few["simulating"]) / more  # while runs are done; tables and charts take more
        folder = Path(place) / str(options.runs)
        print(
            f"the driver, for each of {many['runs']:,.0f} runs: {overhead * 1e3:.2f} ms, {overhead / run:.1%} of a run"
        )
        print(
            f"going on with a finished sweep of {many['runs']:,.0f} runs: {resumed(folder, options.runs):.2f} s of CPU"
        )
        print(f"disk: {(folder / 'results.sqlite').stat().st_size / many['runs']:,.0f} bytes a run")
        print(
            f"driver's peak: {many['peak'] / 1e6:.0f} MB, with the last run {many['simulating'] / 1e6:.0f} MB; "
            f"{slope:,.0f} bytes more a run, {slope:,.0f} MB for a million"
        )


if __name__ == "__main__":
    main()
