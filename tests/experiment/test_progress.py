"""What is shown while runs are done, on a terminal and in a log."""

import io
import re
from types import SimpleNamespace

import pytest

import colend
from colend.experiment.progress import shown
from colend.scenario.top_level import Until

RULE = Until(at_least=30, at_most=400, measure="value_per_meeting_closed", half_width=250_000.0)


class Terminal(io.StringIO):
    def isatty(self):
        return True

    def screens(self):
        """Its lines without colours, each time that the bar was drawn anew."""
        text = re.sub(r"\x1b\[(\?25[lh]|[0-9;]*m)", "", self.getvalue())
        return [part.strip() for part in re.split(r"\r\x1b\[2K(?:\x1b\[1A\x1b\[2K)*", text)]


def asked(until=None, name="which_way_does_the_market_go"):
    return SimpleNamespace(name=name, arms=dict.fromkeys(range(40)), points=[{}], until=until)


def tell(scenario, looks):
    """All calls of a run that takes as many seeds as the last of `looks` says; one run fails."""
    with shown(scenario, quiet=False) as progress:
        for before, seeds in zip([0, *looks], looks, strict=False):
            for done in range(before, seeds + 1):
                progress(40 * done, 40 * seeds, int(done > 1))
        if scenario.until:
            progress(40 * seeds, 40 * seeds, 1)


@pytest.fixture
def told_on_terminal(monkeypatch):
    """told_on_terminal(scenario, looks): what a terminal of 80 columns is sent."""

    def told(scenario, looks):
        terminal = Terminal()
        with monkeypatch.context() as patch:
            patch.setattr("sys.stderr", terminal)
            patch.setenv("COLUMNS", "80")
            patch.setenv("TERM", "xterm")
            tell(scenario, looks)
        return terminal.screens()

    return told


def test_a_bar_has_room_for_all_its_numbers_on_a_narrow_terminal(told_on_terminal):
    *earlier, last = told_on_terminal(asked(), [250])
    assert re.fullmatch(r"tables and charts \(1 failed\) (\S+ )?10000/10000 runs, 0:00:0\d gone, 0:00:00 left", last)
    assert any(screen.startswith("which_way_does_the_mark…") for screen in earlier)
    assert max(map(len, [*earlier, last])) <= 80


def test_a_bar_that_goes_back_says_why_and_how_far_it_may_go(told_on_terminal):
    words = " ".join(" ".join(told_on_terminal(asked(RULE, name="policy"), [30, 38, 48])).split())
    told = [
        "1,200 runs at first, then more (16,000 at most) until they tell value_per_meeting_closed to ±250,000",
        "1,200 runs do not tell value_per_meeting_closed to ±250,000: 320 more",
        "1,520 runs do not tell value_per_meeting_closed to ±250,000: 400 more",
        "1,920 runs tell value_per_meeting_closed to ±250,000: enough",
    ]
    places = [words.find(one) for one in told]
    assert -1 < places[0] < places[1] < places[2] < places[3], words


def test_a_log_says_the_same(capsys):
    tell(asked(RULE, name="policy"), [30, 38])
    assert capsys.readouterr().err.splitlines() == [
        "policy: 1,200 runs at first, then more (16,000 at most) until they tell value_per_meeting_closed to ±250,000",
        "policy: 0 of 1,200 runs",
        "policy: 1,200 of 1,200 runs, 1 failed",
        "policy: 1,200 runs do not tell value_per_meeting_closed to ±250,000: 320 more",
        "policy: 1,520 of 1,520 runs, 1 failed",
        "policy: 1,520 runs tell value_per_meeting_closed to ±250,000: enough",
    ]


def test_the_last_look_and_a_single_run_promise_no_more(capsys):
    tell(asked(Until(30, 38, "own_share", 1.0)), [30, 38])
    assert "enough" not in capsys.readouterr().err
    with shown(asked(RULE), quiet=False) as progress:
        progress(0, 1, 0)
        progress(1, 1, 0)
    assert "more" not in capsys.readouterr().err


def test_a_run_by_a_rule_tells_of_every_look_and_once_more_when_it_is_enough(scenario, tmp_path):
    rule = "seeds: {at_least: 5, at_most: 40, until: {measure: bank_profit, half_width: 1.0e+9}}"
    path = tmp_path / "rule.yaml"
    path.write_text(scenario.read_text().replace("seeds: 3", rule).replace("years: 0.5", "years: 0.0834"))
    calls = []
    colend.run(path, jobs=1, out=tmp_path / "out", report=False, progress=lambda *call: calls.append(call))
    assert calls == [*((done, 10, 0) for done in range(11)), (10, 10, 0)]
    calls.clear()
    path.write_text(path.read_text().replace("1.0e+9", "1.0e-9").replace("at_most: 40", "at_most: 7"))
    colend.run(path, jobs=1, out=tmp_path / "out", report=False, progress=lambda *call: calls.append(call))
    assert calls == [(10, 10, 0), *((done, 14, 0) for done in range(10, 15)), (14, 14, 0)]
