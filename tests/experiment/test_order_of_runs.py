"""Nothing that is shown hangs on the order in which runs end."""

from dataclasses import replace

import pytest

import colend
from colend.experiment.runner import Outcome, execute

ONE_BANK = """
name: one
years: 1
seeds: 3
base:
  population: {borrowers: 500, persons: 500000, regions: 1}
  platforms: {number: 1, user_share: [1]}
  banks: {city: {number: 1}, rural.number: 0, consumer_finance.number: 0}
  alliances: {signing_cost: 20000, integration_cost: 100000, meeting_rate: 0.6}
"""
MANY_TABLES = """
fishing_test: {month: last, horizon_months: 2}
record: {months: all, banks: yearly, alliances: true, lives: 2}
"""
SWEEP = "sweep: {grid: {alliances.fit_sd: [2, 0.5]}}\n" + MANY_TABLES.replace("fishing", "# fishing")


def numbers_only(_source, _figure, numbers, files):
    """In place of a chart its numbers alone; its pictures would take most of the time."""
    for file in files:
        numbers.to_csv(file, index=False)


@pytest.mark.parametrize("kind", ["arms", "one bank", "sweep"])
def test_nothing_hangs_on_the_order_in_which_runs_end(kind, scenario, simulate, tmp_path, monkeypatch):
    """Every run's tables, taken once; then the same in reverse, the first of them as if it had been brought back."""
    path = tmp_path / "asked.yaml"
    text = {"arms": scenario.read_text() + MANY_TABLES, "one bank": ONE_BANK, "sweep": scenario.read_text() + SWEEP}
    text["sweep"] = text["sweep"].replace("seeds: 3", "seeds: 2")
    path.write_text(text[kind])
    failing = {"arms": 1, "one bank": None, "sweep": 1}[kind]
    done = []

    def first_to_last(runs, places, engine):
        for outcome in execute(runs, places, engine):
            failed = Outcome(outcome.run, None, f"Error: {outcome.run.name}")
            done.append(failed if outcome.run.seed == failing else outcome)
            yield done[-1]

    def last_to_first(runs, _places, _engine):
        keys = {run.key for run in runs}
        yield from (outcome for outcome in reversed(done) if outcome.run.key in keys)

    monkeypatch.setattr("colend.report.drawing.write", numbers_only)
    if kind != "arms":  # charts take most of the time
        monkeypatch.setattr("colend.report.draw", lambda *_: [])
    shown = []
    for order, out in ((first_to_last, tmp_path / "one" / "out"), (last_to_first, tmp_path / "other" / "out")):
        monkeypatch.setattr("colend.experiment.experiment.execute", order)
        if order is last_to_first:  # runs come back from where they were put away, too
            asked = colend.load(path)
            colend.run(replace(asked, seeds=asked.seeds[-1:]), jobs=1, out=out, report=False)
            colend.run(replace(asked, seeds=asked.seeds[:1]), jobs=1, out=out, report=False)
        printed, result = simulate(path, "--out", out, "--jobs", "1", "--export", "csv"), colend.open(out)
        frames = {table: result.frame(table) for table in ("runs", "months", "failures", "alliances", "sensitivity")}
        files = {file.relative_to(out): file.read_bytes() for file in sorted(out.rglob("*.*")) if file.suffix == ".csv"}
        said = [printed.out, printed.err.partition("simulate: ")[2], result.comparison.to_csv()]
        shown.append((printed.status, [text.replace(str(out), "out") for text in said], files, frames))
    (status, said, files, frames), (other_status, other_said, other_files, other_frames) = shown
    assert status == other_status == (failing is not None)
    assert said == other_said
    assert files.keys() == other_files.keys()
    assert [name for name in files if files[name] != other_files[name]] == []
    for table, frame in frames.items():
        assert frame.to_csv() == other_frames[table].to_csv(), table
    assert len(files) > (20 if kind == "arms" else 3)
    assert ("seed 0" in said[0]) == (kind == "one bank")
