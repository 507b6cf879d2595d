"""What a month of a run costs: CPU seconds in three markets at three numbers of borrowers, and the constants of
`colend.experiment.plan` that follow, by least squares of relative errors.
"""

import argparse
import time

import numpy as np

from colend.experiment.plan import pairs_of
from colend.market import simulate, warm_up
from colend.scenario import load

MARKETS, BORROWERS, YEARS = ("one_bank", "sweep_sobol", "alliance"), (2_000, 20_000, 100_000), 3


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5, help="runs of each; their median counts")
    seeds = parser.parse_args().seeds
    warm_up()
    settings = []
    for market in MARKETS:
        for borrowers in BORROWERS:
            scenario = load(market, years=YEARS, borrowers=borrowers)
            ends = dict.fromkeys((next(iter(scenario.arms)), list(scenario.arms)[-1]))
            settings += [scenario.arm(arm, scenario.points[len(scenario.points) // 3]) for arm in ends]
    for setting in settings[:: len(BORROWERS)]:
        simulate(setting, 0)  # load every compiled function
    seconds = np.zeros((seeds, len(settings)))
    for seed in range(seeds):  # in turn, so that what else the machine does meets all alike
        for number, setting in enumerate(settings):
            began = time.process_time()
            simulate(setting, seed)
            seconds[seed, number] = (time.process_time() - began) / setting.months
    found = np.median(seconds, axis=0)
    causes = np.array([[1.0, pairs_of(one), one.parameters.population.borrowers] for one in settings])
    month, pair, borrower = np.linalg.lstsq(causes / found[:, None], np.ones(len(found)), rcond=None)[0]
    for setting, (_, pairs, borrowers), one in zip(settings, causes, found, strict=True):
        fitted = month + pair * pairs + borrower * borrowers
        print(
            f"{pairs:>5.0f} pairs, {borrowers:>9,.0f} borrowers, {setting.arm:<35} {one * 1e3:6.2f} ms a month, "
            f"as fitted {fitted * 1e3:6.2f}"
        )
    print(f"SECONDS_A_MONTH {month:.2g}, SECONDS_A_PAIR_MONTH {pair:.2g}, SECONDS_A_BORROWER_MONTH {borrower:.2g}")


if __name__ == "__main__":
    main()
