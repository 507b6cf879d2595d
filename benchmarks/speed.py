"""The month loop by number of borrowers and threads, and how fast the command answers."""

import subprocess
import sys
import time

from colend.market import Market, warm_up
from colend.scenario import load


def loop(borrowers: int, threads: int, years: float) -> None:
    """Time the months of one run, founding apart."""
    scenario = load("alliance", years=years, borrowers=borrowers)
    began = time.perf_counter()
    market = Market(scenario.arm("cooperate_then_sign + technology"), 0, threads=threads)
    founded = time.perf_counter()
    for _ in range(market.months):
        market.step()
    seconds = time.perf_counter() - founded
    each = seconds / market.months / borrowers * 1e9
    print(
        f"{borrowers:>10,} borrowers, {market.months} months, {threads} thread(s): founding {founded - began:.2f} s, "
        f"months {seconds:.2f} s, {seconds / market.months * 1e3:.1f} ms a month, {each:.0f} ns a borrower-month"
    )


def answers(*arguments: str) -> None:
    """Time a command that should answer at once."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "colend", *arguments], check=True, capture_output=True)
    print(f"simulate {' '.join(arguments)}: {time.perf_counter() - began:.2f} s")


if __name__ == "__main__":
    warm_up()
    loop(10_000, 1, 1)  # load every compiled function
    loop(10_000, 2, 1)
    loop(100_000, 1, 6)
    loop(1_000_000, 1, 6)
    loop(1_000_000, 2, 6)
    answers("--help")
    answers("alliance", "--check")
