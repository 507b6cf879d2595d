"""Calibrate a scenario by history matching: rule out what cannot be, wave by wave, and keep what is left.

    python calibration/history_matching.py webank_2017 [--waves 3] [--points 60] [--seeds 4]

Free parameters and their ranges stand in `ranges.yaml`; the targets are the scenario's published figures whose use is
`calibrate`; those kept to judge are not looked at. Each wave tries a Latin hypercube of points in the box that the last
wave left. A point is ruled out when some target is further away than its tolerance and two standard errors of the
mean over seeds (Craig et al. 1997; Vernon, Goldstein and Bower 2010, Bayesian Analysis 5(4); the runs are quick enough
to need no emulator). The next box holds all points that are left, or the best tenth when none is. All points of
all waves are written to `results/<scenario>.csv`.
"""

import argparse
import math
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import yaml
from scipy.stats import qmc

import colend
from colend.experiment.evidence import beside
from colend.scenario.declarations import declarations
from colend.scenario.facts import facts_of

HERE = Path(__file__).parent
RANGES = yaml.safe_load((HERE / "ranges.yaml").read_text(encoding="utf-8"))
BEST = 0.1  # part of the points that the next box holds when none is left


def overrides(scenario: colend.Scenario, point: dict[str, float]) -> dict:
    """A point as overrides: a number is set; with `times`, the scenario's own numbers are multiplied."""
    base = scenario.arm(scenario.baseline).parameters
    result = {}
    for name, value in point.items():
        key, times = name.removeprefix("times "), name.startswith("times ")
        old = base
        for part in key.split("."):
            old = getattr(old, part)
        if times:
            parts = old if isinstance(old, dict) else old.model_dump() if hasattr(old, "model_dump") else None
            new = {k: v * value for k, v in parts.items()} if parts else old * value
        else:
            new = value
        whole = isinstance(declarations()[key].default, int)
        result[key] = round(new) if whole else new
    return result


def tried(name: str, points: list[dict[str, float]], seeds: int, jobs: int | None) -> pd.DataFrame:
    """The evidence of every point: rows of `beside` for the facts that calibrate, with the point's number."""
    scenario = colend.load(name)
    targets = [fact for fact in facts_of(name) if fact.use == "calibrate"]
    common = scenario.arms[scenario.baseline]
    arms = {f"point {i}": {**common, **overrides(scenario, point)} for i, point in enumerate(points)}
    record = {"months": "all", "banks": "yearly", "alliances": True}
    # The baseline names the first arm, so that no arm of the scenario's own is missed.
    changed = colend.load(name, {"arms": arms, "baseline": "point 0", "record": record}, seeds=seeds)
    with TemporaryDirectory() as folder:
        result = colend.run(changed, jobs, folder, report=False)
        frames = [beside(targets, result.frame, arm).assign(number=i) for i, arm in enumerate(arms)]
    return pd.concat(frames, ignore_index=True)


def implausibility(evidence: pd.DataFrame) -> pd.Series:
    """By point, the worst of |model - published| / (tolerance + 2 standard errors); what is left unsaid is infinite."""
    from scipy.special import stdtrit

    error = (evidence["high"] - evidence["low"]) / 2.0 / stdtrit(np.maximum(evidence["seeds"] - 1, 1), 0.975)
    miss = (evidence["model"] - evidence["published"]).abs() / (evidence["tolerance"] + 2.0 * error.fillna(0.0))
    return miss.fillna(math.inf).groupby(evidence["number"]).max()


def wave(name: str, box: dict[str, list[float]], number: int, options) -> pd.DataFrame:
    """One wave: a Latin hypercube in the box, its targets and its implausibility."""
    sample = qmc.LatinHypercube(len(box), rng=np.random.default_rng(number)).random(options.points)
    low, high = np.array(list(box.values())).T
    points = [dict(zip(box, map(float, row), strict=True)) for row in qmc.scale(sample, low, high)]
    evidence = tried(name, points, options.seeds, options.jobs)
    said = evidence.pivot(index="number", columns="fact", values="model")
    worst = evidence.loc[evidence["distance"].fillna(math.inf).groupby(evidence["number"]).idxmax(), "fact"]
    table = pd.DataFrame(points).join(said)
    return table.assign(wave=number, worst=worst.to_numpy(), implausibility=implausibility(evidence))


def main() -> None:
    """Run the waves, print what is left and the point with the least implausibility."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenario", choices=sorted(RANGES))
    parser.add_argument("--waves", type=int, default=3)
    parser.add_argument("--points", type=int, default=60)
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--jobs", type=int)
    options = parser.parse_args()
    box = {key: [float(bound) for bound in bounds] for key, bounds in RANGES[options.scenario].items()}
    waves = []
    for number in range(1, options.waves + 1):
        table = wave(options.scenario, box, number, options)
        waves.append(table)
        left = table[table["implausibility"] <= 1.0]
        print(f"wave {number}: {len(left)} of {len(table)} points left in {box}", flush=True)
        kept = left if len(left) > 1 else table.nsmallest(max(2, math.ceil(BEST * len(table))), "implausibility")
        box = {key: [float(kept[key].min()), float(kept[key].max())] for key in box}
    everything = pd.concat(waves, ignore_index=True)
    (HERE / "results").mkdir(exist_ok=True)
    everything.to_csv(HERE / "results" / f"{options.scenario}.csv", index=False, float_format="%.5g")
    best = everything.loc[everything["implausibility"].idxmin()]
    print(f"left in the end: {box}\nmost often the worst target: {everything['worst'].value_counts().to_dict()}")
    print(f"best point:\n{best.to_string()}")


if __name__ == "__main__":
    main()
