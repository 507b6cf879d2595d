"""Seeds added until they are enough: intervals keep their coverage, and history has no say in how many are run."""

import json
import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import colend
from colend.cli import main
from colend.experiment.manifest import read_manifest, verify
from colend.experiment.statistics import interval
from colend.experiment.stopping import known, looks, widening
from colend.scenario.top_level import Until

REPETITIONS = 8_000
TOLERANCE = 4.0 * math.sqrt(0.95 * 0.05 / REPETITIONS)  # four standard errors of a share of 0.95


def test_looks_are_fixed_numbers_of_seeds():
    assert looks(30, 100) == [30, 38, 48, 60, 75, 94, 100]
    assert looks(5, 8) == [5, 7, 8]
    assert looks(7, 7) == [7]


def stopped(steps, half_width, factor, repetitions=REPETITIONS, arms=1, seed=3):
    """Half-width, |mean| and seeds where one stops that adds normal values until all `arms` are known well enough.

    The arms' differences are correlated by 1/2, as differences to one baseline are.
    """
    generator = np.random.default_rng(seed)
    shape = (steps[-1], repetitions)
    common = generator.standard_normal(shape)
    values = [math.sqrt(0.5) * (common + generator.standard_normal(shape)) for _ in range(arms)]
    half, error, number = (np.zeros(repetitions) for _ in range(3))
    going = np.ones(repetitions, dtype=bool)
    for n in steps:
        found = [interval(one[:n], factor) for one in values]
        halves = [(high - low) / 2.0 for _, low, high in found]
        stop = going & ((np.max(halves, axis=0) <= half_width) | (n == steps[-1]))
        half[stop], error[stop], number[stop] = halves[0][stop], np.abs(found[0][0])[stop], n
        going &= ~stop
    return np.mean(error <= half), number.mean()


@pytest.mark.parametrize("half_width", [0.3, 0.45, 0.55, 0.7, 1.0])
def test_the_widened_interval_covers_95_percent_whatever_the_spread(half_width):
    """Half-widths in standard deviations; about 45, 20, 13, 8, 5 seeds are enough."""
    covered, _ = stopped(looks(5, 80), half_width, widening(5, 80))
    assert covered >= 0.95 - TOLERANCE


def test_students_interval_would_not():
    """Stopping after any seed from 5 on, as soon as Student's interval is narrow enough: 92 %."""
    covered, _ = stopped(list(range(5, 80)), 0.5, 1.0)
    assert covered < 0.95 - 2.0 * TOLERANCE
    covered, _ = stopped(looks(5, 80), 0.5, 1.0)
    assert covered < 0.95 - 2.0 * TOLERANCE


def test_the_widening_is_no_wider_than_it_must_be():
    """At the worst spread it covers 95 %, not more; there some 2 % fewer than that are covered without it."""
    covered = [stopped(looks(10, 40), half, widening(10, 40), seed=5)[0] for half in (0.45, 0.5, 0.55)]
    assert min(covered) == pytest.approx(0.95, abs=TOLERANCE)
    assert widening(30, 400) == pytest.approx(1.0237, abs=2e-4)
    assert widening(30, 30) == 1.0
    assert 1.0 < widening(100, 1_000_000) < widening(30, 400) < widening(10, 400) < widening(5, 400)


def test_several_arms_that_must_all_be_known_keep_their_coverage():
    covered, number = stopped(looks(5, 80), 0.5, widening(5, 80), arms=3)
    assert covered >= 0.95 - TOLERANCE
    assert number > stopped(looks(5, 80), 0.5, widening(5, 80))[1]


def frame(rows):
    return pd.DataFrame(rows, columns=["arm", "seed", "point", "y"])


def scenario_of(arms, half_width):
    return SimpleNamespace(own_arms=arms, baseline=arms[0], until=Until(5, 40, "y", half_width))


def test_every_other_arm_at_every_point_counts():
    """Differences of b: 0 at x, seeds' parity at z, so that z decides. Of one arm: its mean."""
    rows = [("a", s, p, float(s)) for s in range(6) for p in "xz"]
    rows += [("b", s, "x", float(s)) for s in range(6)]
    rows += [("b", s, "z", float(s + s % 2)) for s in range(6)]
    # 0, 1, 0, 1, 0, 1: deviation sqrt(0.3), t(5) = 2.570582
    half = widening(5, 40) * 2.570582 * math.sqrt(0.3 / 6)
    assert known(frame(rows), scenario_of(["a", "b"], half * 1.0001)).enough
    assert not known(frame(rows), scenario_of(["a", "b"], half * 0.9999)).enough
    alone = [row for row in rows if row[0] == "a"]
    half = widening(5, 40) * 2.570582 * math.sqrt(3.5 / 6)
    assert known(frame(alone), scenario_of(["a"], half * 1.0001)).enough
    assert not known(frame(alone), scenario_of(["a"], half * 0.9999)).enough


def test_what_is_not_known_is_not_enough():
    rows = [(arm, s, "", math.nan if arm == "b" else 1.0) for s in range(6) for arm in "ab"]
    assert not known(frame(rows), scenario_of(["a", "b"], 1e9)).enough
    assert known(frame([]), scenario_of(["a", "b"], 1.0)).half_width == math.inf


@pytest.fixture(scope="module")
def rule(scenario):
    """The scenario with a rule that is satisfied at its second look."""
    text = scenario.read_text().replace("years: 0.5", "years: 1")
    path = scenario.with_name("ruled.yaml")
    twelve = colend.run(_written(path, text, 0, 12), jobs=1, out=path.with_name("twelve"), report=False)
    runs = twelve.runs.pivot(index="seed", columns="arm", values="originations_joint")
    differences = runs["cooperate_then_sign"] - runs["sign_then_cooperate"]
    halves = []
    for n in looks(5, 12):
        _, low, high = interval(differences[:n].to_numpy(), widening(5, 12))
        halves.append(float(high - low) / 2.0)
    second = min(i for i in range(1, len(halves)) if halves[i] < min(halves[:i]))
    return _written(path, text, (halves[second] + min(halves[:second])) / 2.0), looks(5, 12)[second]


def _written(path, text, half_width, seeds=None):
    until = f"{{at_least: 5, at_most: 12, until: {{measure: originations_joint, half_width: {half_width}}}}}"
    path.write_text(text.replace("seeds: 3", f"seeds: {seeds or until}"))
    return path


def test_as_many_seeds_run_as_the_results_ask_for_whatever_ran_before(rule, tmp_path, monkeypatch):
    path, number = rule
    fresh = colend.run(path, jobs=1, out=tmp_path / "fresh", report=False)
    assert len(fresh.scenario.seeds) == number < 12
    assert set(fresh.runs["seed"]) == set(range(number))
    told = read_manifest(tmp_path / "fresh")["enough"]
    assert (told["seeds"], told["reached"], told["arm"]) == (number, True, "cooperate_then_sign")
    rows = fresh.comparison.set_index(["arm", "measure"]).loc["cooperate_then_sign", "originations_joint"]
    assert told["half_width"] == pytest.approx((rows["high"] - rows["low"]) / 2.0)

    colend.run(colend.load(path, seeds=12), jobs=1, out=tmp_path / "more", report=False)  # more than needed, before
    later = colend.run(path, jobs=1, out=tmp_path / "more", report=False)
    assert later.put_away == 2 * (12 - number)
    assert read_manifest(tmp_path / "more")["content"] == read_manifest(tmp_path / "fresh")["content"]
    assert verify(tmp_path / "more") == []

    monkeypatch.setattr("colend.market.simulate", None)  # a finished folder runs nothing, and is left as it is
    made_at, told = (tmp_path / "fresh" / "manifest.json").stat().st_mtime_ns, []
    again = colend.run(path, jobs=1, out=tmp_path / "fresh", report=False, progress=lambda *counts: told.append(counts))
    assert (again.failures, len(again.scenario.seeds)) == (0, number)
    assert told == [(2 * number, 2 * number, 0)] * 2  # the second time: they are enough
    assert (tmp_path / "fresh" / "manifest.json").stat().st_mtime_ns == made_at
    assert colend.open(tmp_path / "fresh").scenario.seeds == list(range(number))


def test_later_looks_have_all_processes_however_few_runs_the_first_one_wants(rule, tmp_path, monkeypatch):
    def noted(jobs):
        raise InterruptedError(f"a pool of {jobs}")

    monkeypatch.setattr("colend.experiment.experiment.Pool", noted)
    with pytest.raises(InterruptedError, match="a pool of 64"):
        colend.run(rule[0], jobs=64, out=tmp_path / "out", report=False)


@pytest.mark.slow
def test_the_command_says_how_many_seeds_and_why(rule, tmp_path, capsys):
    path, number = rule
    assert main([str(path), "--out", str(tmp_path / "out"), "--jobs", "1"]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert f"{number} seeds each" in printed
    assert "Seeds were added until every difference in “originations_joint” was known to ±" in printed
    assert (tmp_path / "out" / "charts" / "23_convergence.png").is_file()
    assert len(colend.run(colend.load(path, seeds=5), 1, tmp_path / "out", report=False).runs) == 10
    assert "enough" not in read_manifest(tmp_path / "out")


def test_the_most_seeds_allowed_are_said_to_be_too_few(rule, tmp_path):
    path, _ = rule
    until = {"at_least": 5, "at_most": 6, "until": {"measure": "originations_joint", "half_width": 1}}
    result = colend.run(colend.load(path, seeds=until), jobs=1, out=tmp_path / "out", report=False)
    assert len(result.scenario.seeds) == 6
    words = " ".join(result.summary().split())
    assert "seeds allowed were run and were not enough to know every difference in “originations_joint” to ±1" in words
    assert read_manifest(tmp_path / "out")["enough"]["reached"] is False


def test_check_says_how_many_at_least_and_at_most(rule, capsys):
    assert main([str(rule[0]), "--check", "--json"]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert (plan["seeds_at_least"], plan["seeds"], plan["runs_at_least"], plan["runs"]) == (5, 12, 10, 24)
    assert " to " in plan["expected_time"]
    assert "MB to" in plan["expected_disk"]


def test_a_part_of_the_runs_cannot_tell_when_there_are_enough(rule, tmp_path):
    with pytest.raises(colend.RequestError, match="give a number of seeds") as caught:
        colend.run(rule[0], jobs=1, out=tmp_path / "out", shard=(1, 2))
    assert caught.value.status == 2
    assert not (tmp_path / "out").exists()


def test_runs_that_fail_do_not_decide_how_many_seeds_there_are(rule, tmp_path, monkeypatch):
    """A look that lacks a pair is none: no more seeds are added, and going on gives what undisturbed runs give."""
    import colend.market

    path, number = rule
    out, simulate = tmp_path / "out", colend.market.simulate

    def simulate_all_but_3(setting, seed, engine):
        assert seed != 3
        return simulate(setting, seed, engine)

    with monkeypatch.context() as patch:
        patch.setattr("colend.market.simulate", simulate_all_but_3)
        result = colend.run(path, jobs=1, out=out, report=False)
    assert (result.failures, len(result.runs), len(result.scenario.seeds)) == (2, 8, 5)
    assert "runs are missing, so that nobody can tell" in " ".join(result.summary().split())
    assert "enough" not in read_manifest(out)
    assert len(colend.run(path, jobs=1, out=out, report=False).scenario.seeds) == number


@pytest.mark.slow
def test_one_run_alone_says_nothing_of_the_rule(rule, tmp_path, capsys):
    path, _ = rule
    command = [str(path), "--out", str(tmp_path / "out"), "--jobs", "1", "--only", "sign_then_cooperate:0"]
    assert main(command) == 0
    assert "runs are missing, so that nobody can tell" in " ".join(capsys.readouterr().out.split())
    colend.run(path, jobs=1, out=tmp_path / "out", report=False)
    before = read_manifest(tmp_path / "out")
    assert main([*command, "--quiet"]) == 0
    after = read_manifest(tmp_path / "out")
    assert [after[name] for name in ("scenario", "content", "missing", "enough")] == [
        before[name] for name in ("scenario", "content", "missing", "enough")
    ]
