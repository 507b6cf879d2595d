"""How far does an answer hang on parameters? A Latin hypercube over some of them, both orders of signing at each point.

    python examples/sweep_script.py --points 100 --seeds 4

Edit SCENARIO, RANGES and MEASURES for a question of your own. Runs that OUT holds are not run again, so an interrupted
sweep goes on with the same command. Writes OUT/points.csv: a row a point and arm, with the swept values, the number of
pairs of runs and, measure by measure, the difference to the baseline (mean over pairs) and its standard error. Prints
Spearman's rank correlation of each swept value with each difference: a first look at what moves the answer, and which
way.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

import colend

SCENARIO = "phase_diagram"  # its market and arms; the sweep below takes the place of its own
RANGES = {
    "alliances.fit_sd": [0.4, 2.5],
    "alliances.operation_sd": [0.3, 1.5],
    "alliances.pilot_months": [2, 9],
    "platforms.integration_slots": [2, 12],
    "platforms.incremental_share": [0.3, 1.0],
}
MEASURES = ["value_per_bank", "value_per_platform", "dormant_share_mean", "operating_end"]


def measured(frame: pd.DataFrame, arm: str) -> pd.DataFrame:
    """The measures of an arm's runs, a row a seed."""
    return frame[frame["arm"] == arm].set_index("seed")[MEASURES].astype(float)


def differences(frame: pd.DataFrame, baseline: str) -> pd.DataFrame:
    """By arm but the baseline: each measure's difference to it, paired by seed, as mean over seeds and standard error.

    `frame` is one point's whole-run measures. A pair without a value, or with a run that failed, is left out.
    """
    base, rows = measured(frame, baseline), []
    for arm in frame.loc[frame["arm"] != baseline, "arm"].unique():
        pairs = measured(frame, arm) - base
        known = {"arm": arm, "pairs": int(pairs.notna().any(axis=1).sum())}
        rows.append(known | pairs.mean().to_dict() | pairs.sem().add_suffix("_error").to_dict())
    return pd.DataFrame(rows)


def table(scenario: Any, **how: Any) -> pd.DataFrame:
    """Every point of the sweep with its values and differences; `how` goes to `colend.run`."""
    parts = []
    for point, frame in colend.sweep(scenario, **how):
        part = differences(frame, scenario.baseline)
        for place, (key, value) in enumerate(point.items()):
            part.insert(place, key, value)
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def main(arguments: Sequence[str] | None = None) -> pd.DataFrame:
    """Run what is missing, write the table, print the correlations; returns the table."""
    reader = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    reader.add_argument("--points", type=int, default=100)
    reader.add_argument("--seeds", type=int, default=4)
    reader.add_argument("--years", type=float)
    reader.add_argument("--borrowers", type=int)
    reader.add_argument("--jobs", type=int, help="processes (default: all cores)")
    reader.add_argument("--out", type=Path, default=Path("outputs/sweep_script"))
    options = reader.parse_args(arguments)
    sweep = {"sample": {"method": "latin_hypercube", "n": options.points, "seed": 1, "ranges": RANGES}}
    scenario = colend.load(
        SCENARIO, {"sweep": sweep}, seeds=options.seeds, years=options.years, borrowers=options.borrowers
    )
    points = table(scenario, jobs=options.jobs, out=options.out, report=False)
    points.to_csv(options.out / "points.csv", index=False)
    for arm, rows in points.groupby("arm"):
        print(f"\n{arm} against {scenario.baseline}, {len(rows)} points: rank correlation with the difference in")
        print(rows[[*RANGES, *MEASURES]].corr("spearman").loc[list(RANGES), MEASURES].round(2).to_string())
    return points


if __name__ == "__main__":
    main()
