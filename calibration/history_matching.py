"""Calibrate a scenario by history matching: rule out what cannot be, wave by wave, and keep what is left.

    python calibration/history_matching.py webank_2017 [--waves 60x4 60x4 60x20] [--borrowers 20000] [--continue]

Free parameters and their ranges stand in `ranges.yaml`; the targets are the scenario's published figures whose use is
`calibrate`; those kept to judge are not looked at. Each wave (points x seeds) tries a Latin hypercube of points in the
box that the last wave left. A point is ruled out when some target is further away than its tolerance and two standard
errors of the mean over seeds (Craig et al. 1997; Vernon, Goldstein and Bower 2010, Bayesian Analysis 5(4); the runs are
quick enough to need no emulator). The next box holds all points that are left, or the best tenth when none is. Few
seeds rule out what is far off; the last wave has as many as the scenario, because few seeds are few paths of the
economy. All points of all waves are written to `results/<scenario>.csv`.
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


def overrides(name: str, point: dict[str, float]) -> dict:
    """A point as overrides: a number is set; with `times`, the numbers beside its range are multiplied."""
    result = {}
    for label, value in point.items():
        key, entry = label.removeprefix("times "), RANGES[name][label]
        of = entry["of"] if isinstance(entry, dict) else 1.0
        new = {kind: number * value for kind, number in of.items()} if isinstance(of, dict) else of * value
        result[key] = round(new) if isinstance(declarations()[key].default, int) else new
    return result


def tried(points: list[dict[str, float]], seeds: int, options: argparse.Namespace) -> pd.DataFrame:
    """The evidence of every point: rows of `beside` for the facts that calibrate, with the point's number."""
    name = options.scenario
    scenario = colend.load(name)
    targets = [fact for fact in facts_of(name) if fact.use == "calibrate"]
    common = scenario.arms[scenario.baseline]
    arms = {f"point {i}": {**common, **overrides(name, point)} for i, point in enumerate(points)}
    record = {"months": "all", "banks": "yearly", "alliances": True}
    # The baseline names the first arm, so that no arm of the scenario's own is missed.
    changed = {"arms": arms, "baseline": "point 0", "record": record}
    with TemporaryDirectory() as folder:
        market = colend.load(name, changed, seeds, None, options.borrowers)
        result = colend.run(market, options.jobs, folder, report=False)
        frames = [beside(targets, result.frame, arm).assign(number=i) for i, arm in enumerate(arms)]
    return pd.concat(frames, ignore_index=True)


def implausibility(evidence: pd.DataFrame) -> pd.Series:
    """By point, the worst of |model - published| / (tolerance + 2 standard errors); what is left unsaid is infinite."""
    from scipy.special import stdtrit

    error = (evidence["high"] - evidence["low"]) / 2.0 / stdtrit(np.maximum(evidence["seeds"] - 1, 1), 0.975)
    miss = (evidence["model"] - evidence["published"]).abs() / (evidence["tolerance"] + 2.0 * error.fillna(0.0))
    return miss.fillna(math.inf).groupby(evidence["number"]).max()


def wave(options: argparse.Namespace, box: dict, number: int, points: int, seeds: int) -> pd.DataFrame:
    """One wave: a Latin hypercube in the box, its targets and its implausibility."""
    sample = qmc.LatinHypercube(len(box), rng=np.random.default_rng(number)).random(points)
    low, high = np.array(list(box.values()), dtype=float).T
    chosen = [dict(zip(box, map(float, row), strict=True)) for row in qmc.scale(sample, low, high)]
    evidence = tried(chosen, seeds, options)
    said = evidence.pivot(index="number", columns="fact", values="model")
    worst = evidence.loc[evidence["distance"].fillna(math.inf).groupby(evidence["number"]).idxmax(), "fact"]
    table = pd.DataFrame(chosen).join(said)
    return table.assign(wave=number, seeds=seeds, worst=worst.to_numpy(), implausibility=implausibility(evidence))


def left(table: pd.DataFrame) -> dict[str, list[float]]:
    """The box of the points that a wave left, or of its best when it left none."""
    kept = table[table["implausibility"] <= 1.0]
    if len(kept) < 2:
        kept = table.nsmallest(max(2, math.ceil(BEST * len(table))), "implausibility")
    return {key: [float(kept[key].min()), float(kept[key].max())] for key in table.columns if "." in key}


def size(words: str) -> tuple[int, int]:
    """Points and seeds of a wave, written as 36x3."""
    points, seeds = words.split("x")
    return int(points), int(seeds)


def main() -> None:
    """Run the waves, print what is left and the last wave's point with the least implausibility."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenario", choices=sorted(RANGES))
    parser.add_argument("--waves", type=size, nargs="+", default=[(60, 4), (60, 4), (60, 20)])
    parser.add_argument("--continue", dest="more", action="store_true", help="after the waves in results/")
    parser.add_argument("--borrowers", type=int)
    parser.add_argument("--jobs", type=int)
    options = parser.parse_args()
    results = HERE / "results" / f"{options.scenario}.csv"
    waves = [table for _, table in pd.read_csv(results).groupby("wave")] if options.more else []
    ranges = RANGES[options.scenario]
    box = {key: entry["between"] if isinstance(entry, dict) else entry for key, entry in ranges.items()}
    for points, seeds in options.waves:
        box = left(waves[-1]) if waves else box
        table = wave(options, box, len(waves) + 1, points, seeds)
        waves.append(table)
        print(f"wave {len(waves)}: {(table['implausibility'] <= 1.0).sum()} of {points} left in {box}", flush=True)
    everything = pd.concat(waves, ignore_index=True)
    results.parent.mkdir(exist_ok=True)
    everything.to_csv(results, index=False, float_format="%.5g")
    best = waves[-1].loc[waves[-1]["implausibility"].idxmin()]
    print(f"left in the end: {left(waves[-1])}\nworst targets: {everything['worst'].value_counts().to_dict()}")
    print(f"best point of the last wave:\n{best.to_string()}")


if __name__ == "__main__":
    main()
