"""This tree beside an earlier commit of its history: the same work in both, in turn, in fresh processes, as ratios.

Times are CPU seconds. The commit's source is put into a folder of its own and read by the same Python (PYTHONPATH), so
that nothing is installed. A ratio is taken within each round, in which both trees do the same one after the other; the
median of the rounds is printed with the least and the greatest. Machines differ in seconds by half, in ratios hardly.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

COMMIT = "e813124"
ROOT = Path(__file__).parents[1]
ARM = "cooperate_then_sign + technology"
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")


def setting(**asked):
    """The arm of alliance.yaml, as it stood at COMMIT, in which most happens; the fishing test apart."""
    from colend.scenario import load

    return replace(load(os.environ["ALLIANCE"], **asked).arm(ARM), fishing_test=None)


def month_seconds(borrowers: int, months: range, engine: str = "columns") -> float:
    """CPU seconds of a month, the median of these months of a run."""
    from colend.market import Market

    market, seconds = Market(setting(borrowers=borrowers), 0, engine), []
    for _ in range(months.stop):
        began = time.process_time()
        market.step()
        seconds.append(time.process_time() - began)
    return statistics.median(seconds[months.start :])


def start() -> dict[str, float]:
    """A process gets ready for its first run."""
    import numba  # noqa: F401 (its import is no loading of ours)

    from colend.market import warm_up

    began = time.process_time()
    warm_up()
    return {"ready": time.process_time(), "load": time.process_time() - began}


def cold() -> dict[str, float]:
    """The same where nothing has been compiled."""
    with tempfile.TemporaryDirectory() as empty:
        os.environ["NUMBA_CACHE_DIR"] = empty
        return {"compile": start()["load"]}


def runs() -> dict[str, float]:
    """Runs of 10,000 borrowers, 864 pairs; whole, and a month of the second year."""
    from colend.market import simulate, warm_up

    warm_up()
    month = month_seconds(10_000, range(12, 24))
    began = time.process_time()
    simulate(setting(borrowers=10_000), 0)
    return {"month": month, "run": time.process_time() - began}


def borrowers() -> dict[str, float]:
    """What a borrower adds to a month, by the difference of two markets: its rule, and the sums over all borrowers."""
    from colend.market import warm_up
    from colend.state.tables import BORROWER

    warm_up()
    few, many, months = 20_000, 320_000, range(6, 18)
    columns = (month_seconds(many, months) - month_seconds(few, months)) / (many - few)
    few, many, months = 200, 1_000, range(3, 8)
    objects = (month_seconds(many, months, "objects") - month_seconds(few, months, "objects")) / (many - few)
    return {"borrower": columns, "objects": objects, "bytes": BORROWER.itemsize}


def alliance(seeds: str = "") -> dict[str, float]:
    """The main job, charts and all, in processes of its own."""
    asked = ["--seeds", seeds] if seeds else []
    with tempfile.TemporaryDirectory() as out:
        command = [sys.executable, "-m", "colend", os.environ["ALLIANCE"], "--out", out, *asked]
        subprocess.run(command, check=True, capture_output=True)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {"alliance": used.ru_utime + used.ru_stime}


@dataclass(frozen=True)
class Row:
    """A line of the table: what `measure` finds under `name`, shown times `factor`; the goal is a part of the earlier
    figure, or in that unit.
    """

    name: str
    words: str
    measure: Callable[..., dict[str, float]]
    unit: str
    factor: float = 1.0
    part: float | None = None
    most: float | None = None

    def goal(self, ratio: float, figure: float) -> str:
        """The goal in words, and whether it is met."""
        if self.part is not None:
            return f"at most {self.part:.0%}: {'met' if ratio <= self.part else 'missed'}"
        if self.most is not None:
            return f"at most {self.most:g} {self.unit}: {'met' if figure <= self.most else 'missed'}"
        return "no slower"


ROWS = (
    Row("month", "a month at 10,000 borrowers, 864 pairs", runs, "ms", 1e3, part=0.36),
    Row("run", "a run of 10,000 borrowers × 72 months, fishing test apart", runs, "s", part=0.36),
    Row("alliance", f"`alliance.yaml` as it stood at {COMMIT}", alliance, "s", part=0.5),
    Row("borrower", "the borrowers' pass and sums over them, a borrower-month", borrowers, "ns", 1e9, part=0.75),
    Row("bytes", "a borrower", borrowers, "bytes", most=48),
    Row("ready", "a worker ready, compiled code cached", start, "s", part=0.55),
    Row("compile", "compiling everything from nothing", cold, "s", most=20),
    Row("load", "loading it from the cache", start, "s", most=1),
    Row("objects", "the pass and the sums in plain Mesa agents (`objects`), a borrower-month", borrowers, "µs", 1e6),
)
MEASURES = {row.measure.__name__: row.measure for row in ROWS}


def unpacked(commit: str, folder: Path) -> Path:
    """The source and scenarios of a commit of this repository in `folder`."""
    archive = subprocess.run(["git", "archive", commit, "src", "scenarios"], cwd=ROOT, check=True, capture_output=True)
    folder.mkdir()
    subprocess.run(["tar", "--extract", "--directory", str(folder)], input=archive.stdout, check=True)
    return folder


def measured(name: str, tree: Path, place: Path, *arguments: str) -> dict[str, float]:
    """What a measure finds in a fresh process that reads the source of `tree`."""
    surroundings = os.environ | ONE_THREAD
    surroundings |= {"PYTHONPATH": str(tree / "src"), "ALLIANCE": str(place / COMMIT / "scenarios" / "alliance.yaml")}
    surroundings["NUMBA_CACHE_DIR"] = str(place / f"compiled-{tree.name}")
    command = [sys.executable, __file__, "--measure", name, str(tree), *arguments]
    done = subprocess.run(command, cwd=place, env=surroundings, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{name} with the source of {tree}:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def compare(rows: Iterable[Row], rounds: int, seeds: str) -> dict[str, list[tuple[float, float]]]:
    """By row, the earlier figure and this tree's of every round."""
    wanted = list(dict.fromkeys(row.measure.__name__ for row in rows))
    found: dict[str, list[tuple[float, float]]] = {row.name: [] for row in rows}
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        trees = unpacked(COMMIT, place / COMMIT), ROOT
        for tree in trees:
            measured("start", tree, place)  # compile
        for number in range(rounds):
            for name in wanted:
                order = trees if number % 2 == 0 else trees[::-1]  # so that neither always comes first
                arguments = [seeds] if name == "alliance" else []
                both = {tree: measured(name, tree, place, *arguments) for tree in order}
                for row in rows:
                    if row.measure.__name__ == name:
                        found[row.name].append((both[trees[0]][row.name], both[trees[1]][row.name]))
            print(f"round {number + 1} of {rounds}", file=sys.stderr)
    return found


def show(rows: Iterable[Row], found: dict[str, list[tuple[float, float]]]) -> None:
    """Print a table in Markdown."""
    print(f"| CPU time | {COMMIT} | this tree | of it, median (least to greatest) | goal |\n|---|---|---|---|---|")
    for row in rows:
        before, after = (statistics.median(values) * row.factor for values in zip(*found[row.name], strict=True))
        ratios = sorted(new / old for old, new in found[row.name])
        middle = statistics.median(ratios)
        print(
            f"| {row.words} | {before:.4g} {row.unit} | {after:.4g} {row.unit} | "
            f"{middle:.0%} ({ratios[0]:.0%} to {ratios[-1]:.0%}) | {row.goal(middle, after)} |"
        )


def main() -> None:
    """Measure and print; in a process of its own (`--measure`) one measure of one tree."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", nargs="+", choices=[row.name for row in ROWS], help="these lines of the table alone")
    parser.add_argument("--rounds", type=int, default=5, help="how often both trees do everything; medians count")
    parser.add_argument("--seeds", default="", help="of alliance.yaml; its 20 take some five minutes of CPU a round")
    parser.add_argument("--measure", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        import colend

        name, tree, *arguments = options.measure
        assert Path(colend.__file__).is_relative_to(tree), f"{colend.__file__} was imported, not the source of {tree}"
        print(json.dumps(MEASURES[name](*arguments)))
        return
    rows = [row for row in ROWS if options.rows is None or row.name in options.rows]
    show(rows, compare(rows, options.rounds, options.seeds))


if __name__ == "__main__":
    main()
