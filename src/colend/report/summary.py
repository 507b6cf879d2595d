"""What a result says, in words and one table, for a terminal."""

from __future__ import annotations

import json

import numpy as np

from colend.experiment.result import Result
from colend.experiment.statistics import compared
from colend.measures.gates import GATED_BANKS, MONTHS_BEFORE
from colend.report import beside_twins, evidence, sampled
from colend.report.columns import cell_len, left, right, shortened, wrapped
from colend.report.enough import why
from colend.report.idle import idle_words
from colend.report.reading import Reading
from colend.report.story import is_story, story
from colend.report.words import GROUPS, Term, shown
from colend.scenario.errors import counted

MOST_LINES = 36  # the command prints where the files are below it
TERMS = tuple(term for _, group in GROUPS for term in group)
LABEL, BASE, CELL = 41, 8, 17  # widths of the table's columns
MOST_OF_A_NAME, MOST_STACKED = 40, 5  # columns of an arm's name beside its line, lines of one above its column
VALUES = {
    "value_per_bank": "per bank",
    "value_per_platform": "per platform",
    "value_market": "of the whole market",
}
OF_WHOM = (
    f"With partner: {GATED_BANKS} with {MONTHS_BEFORE} months or more of a pact in operation by the end, "
    "each arm’s own. Value: profit after tax of all, discounted to the start."
)
STAR = "Clear: Holm’s p < 5 % over what is told of an arm."
CAVEAT = (
    "A model’s answer, not a prediction: its numbers are partly calibrated, partly assumed (simulate --list parameters "
    "says which); what holds under one assumption only is no finding."
)


def text(result: Result, width: int = 100) -> str:
    """The summary of a result in under 40 lines, or under 50 where arms have a line each or twins stand beside them.

    Beside published figures where the scenario speaks to some; month by month where there is one bank and one platform.
    """
    reading = Reading(result)
    if not reading.arms:
        return "No run is finished: there is nothing to sum up."
    if len(reading.evidence):
        return "\n".join([*_heading(reading, width), *evidence.lines(reading, width), "", *_caveat(width)])
    if is_story(reading):
        return story(reading, width)
    lines = _heading(reading, width)
    if reading.as_a_whole:
        lines += sampled.lines(reading, told(set(reading.frame("runs"))), width, MOST_LINES - 8)
        lines += _of_whom(reading, width)
        return "\n".join([*lines, "", *_caveat(width)])
    beside = beside_twins.lines(reading, width)
    if len(reading.arms) == 1 or not reading.has("comparison", "difference"):
        lines += [*_levels(reading), *_of_whom(reading, width), *beside]
    else:
        lines += [*_comparison(reading, width), *_of_whom(reading, width)]
        lines += beside
        lines += _leaders(reading)
        lines += _over_sweep(reading, width)
    return "\n".join([*lines, "", *_caveat(width)])


def _caveat(width: int) -> list[str]:
    return wrapped(CAVEAT, width)


def _heading(reading: Reading, width: int) -> list[str]:
    scenario = reading.scenario
    seeds = f"{reading.seeds} seeds each" if reading.seeds > 1 else "one seed, so no interval"
    number, beside = len(reading.arms), " and markets without alliances" if reading.aside else ""
    arms = f"{number} arm{'s' * (number > 1)}{beside}, " if number > 1 or beside else ""
    at = f" at {sampled.heading(reading)}" if reading.as_a_whole else ""
    one = reading.place and not at
    point = f" At {reading.place} (first of {len(reading.points)} sweep points)." if one else ""
    text = f"{arms}{seeds}{at}; {counted(reading.months, 'month')} from {scenario.start}.{point} {why(reading)}"
    return [
        *wrapped(scenario.title or scenario.name, width),
        *wrapped(text[:1].upper() + text[1:], width),
        "",
    ]


def told(column: set[str]) -> list[Term]:
    """The measures of the summary that are among these columns."""
    return [term for term in TERMS if term.told and term.measure in column]


def _label(term: Term) -> str:
    return f"{term.words}, {term.unit.words}" if term.unit.words else term.words


def _of_whom(reading: Reading, width: int) -> list[str]:
    """Who has a partner, wherever measures of those who do are told."""
    there = any("_partnered_" in term.measure for term in told(set(reading.frame("runs"))))
    words = [OF_WHOM] * there + [STAR] * (reading.several and reading.seeds > 1 and not reading.as_a_whole)
    return wrapped(" ".join(words), width) if words else []


def _levels(reading: Reading) -> list[str]:
    """One arm (or no comparison): means with their intervals."""
    runs = reading.frame("runs")
    lines = []
    for arm in reading.arms:
        lines.append(f"{reading.labels[arm]}:" if len(reading.arms) > 1 else "Over the run:")
        for term in told(set(runs.columns)):
            mean, low, high = reading.interval(reading.of_runs(term.measure)[arm])
            spread = f"  ± {shown((high - low) / 2, term.unit)}" if np.isfinite(low) else ""
            lines.append(f"  {_label(term):<{LABEL + 8}}{shown(float(mean), term.unit):>12}{spread}")
    return lines[: MOST_LINES - 8]


def _comparison(reading: Reading, width: int) -> list[str]:
    """The baseline's level and every other arm's paired difference to it."""
    others = reading.compared
    fitting = max(1, (width - LABEL - BASE) // CELL)
    return _table(reading, others) if len(others) <= fitting else _arms_as_rows(reading, others, width)


def _compared(reading: Reading):
    """The comparison by arm and measure, and where a star stands, over the measures that are told of an arm."""
    frame = reading.frame("comparison").set_index(["arm", "measure"])
    names = [term.measure for term in told(set(frame.index.get_level_values("measure")))]
    return frame, reading.starred(frame[frame.index.isin(names, level="measure")])


def _arms_as_rows(reading: Reading, others: list[str], width: int) -> list[str]:
    """Where there are more arms than columns: a line an arm, as many measures as have room on the screen."""
    frame, stars = _compared(reading)
    names = {arm: shortened(reading.labels[arm], MOST_OF_A_NAME) for arm in reading.arms}
    first = max(map(cell_len, names.values()))
    fitting = max(1, (width - first) // CELL)
    known = frame["mean"].dropna().index.get_level_values("measure")
    terms, lines = told(set(known)), [f"Difference to “{names[reading.baseline]}”"]
    if reading.seeds > 1:
        lines[0] += " ± 95 % interval, * where it is clear"
    while terms and len(lines) + len(others) < MOST_LINES - 8:
        now, terms = terms[:fitting], terms[fitting:]
        heads = [_stacked(_label(term)) for term in now]
        tall = max(map(len, heads))
        lines += [
            " " * first + "".join(f"{([''] * (tall - len(head)) + head)[row]:>{CELL - 1}} " for head in heads)
            for row in range(tall)
        ]
        levels = {term: frame.loc[(reading.baseline, term.measure), "mean"] for term in now}
        cells = "".join(f"{shown(base, term.unit):>{CELL - 1}} " for term, base in levels.items())
        lines.append(left(names[reading.baseline], first) + cells)
        for arm in others:
            cells = "".join(f"{_cell(frame, arm, term, base, stars):>{CELL}}" for term, base in levels.items())
            lines.append(left(names[arm], first) + cells)
        lines.append("")
    if terms:
        lines.append(f"({len(terms)} more measures: comparison.csv)")
    return [line.rstrip() for line in lines]


def _table(reading: Reading, shown_arms: list[str]) -> list[str]:
    """The baseline and these arms."""
    frame, stars = _compared(reading)
    heads = [_stacked(reading.labels[arm]) for arm in [reading.baseline, *shown_arms]]
    tall = max(len(head) for head in heads)
    heads = [[""] * (tall - len(head)) + head for head in heads]
    lines = []
    for row in range(tall):
        first, *rest = (head[row] for head in heads)
        lines.append(right(first, LABEL + BASE) + "".join(right(words, CELL) for words in rest))
    space = CELL * len(shown_arms) - 1
    notes = ("difference ± 95 % interval, * where it is clear", "difference ± 95 %, * clear", "± 95 %, * clear")
    note = next(words for words in notes if len(words) <= space) if reading.seeds > 1 else "difference"
    lines.append(f"{'':<{LABEL}}{'level':>{BASE}}{note:>{CELL * len(shown_arms)}}")
    for term in told(set(frame.index.get_level_values("measure"))):
        if reading.aside and term.measure.startswith(beside_twins.ASIDE):
            continue
        base = frame.loc[(reading.baseline, term.measure), "mean"]
        cells = [_cell(frame, arm, term, base, stars) for arm in shown_arms]
        if not np.isfinite(base) and set(cells) == {"–"}:
            continue  # nowhere defined
        lines.append(
            f"{_label(term):<{LABEL}.{LABEL}}{shown(base, term.unit):>{BASE}}" + "".join(f"{c:>{CELL}}" for c in cells)
        )
    return [line.rstrip() for line in lines]


def _stacked(label: str) -> list[str]:
    """An arm's name on lines that fit a column."""
    parts = label.replace(", ", ",\n").split("\n")
    lines = [line for part in parts for line in wrapped(part, CELL - 1)]
    return lines if len(lines) <= MOST_STACKED else wrapped(shortened(label, MOST_STACKED * (CELL - 3)), CELL - 1)


def _row(frame, arm: str, measure: str):
    return frame.loc[(arm, measure)] if (arm, measure) in frame.index else None


def _cell(frame, arm: str, term: Term, base: float, stars: set) -> str:
    row = _row(frame, arm, term.measure)
    if row is None or not np.isfinite(row["difference"]):
        return "–"
    like = base if base else row["difference"]
    words = shown(row["difference"], term.unit, sign=True, like=like)
    if not np.isfinite(row["low"]):
        return words
    half = shown((row["high"] - row["low"]) / 2.0, term.unit, like=like)
    return f"{words}±{half}{'*' if (arm, term.measure) in stars else ' '}"


def _leaders(reading: Reading) -> list[str]:
    """Which arm's market is worth most, by each way of counting, and whether it leads the second clearly.

    Of arms that differ in what parties may choose: a shock or a rule is nothing to be recommended.
    """
    runs = reading.frame("runs")
    lines: list[str] = []
    alike = reading.in_one_world
    for measure, words in VALUES.items():
        if measure not in runs:
            continue
        values = reading.of_runs(measure)
        means = {arm: float(np.nanmean(values[arm])) for arm in alike if np.isfinite(values[arm]).any()}
        if len(means) < 2:
            continue
        first, second = sorted(means, key=lambda arm: -means[arm])[:2]
        lead = _lead(reading, measure, first, second)
        lines.append(f"{'Most value' if not lines else '':<12}{words + ':':<32}{reading.labels[first]} ({lead})")
    if lines and len(alike) < len(reading.arms):
        lines.append(
            f"{'':<12}(of the {len(alike)} arms with the shocks and rules of “{reading.labels[reading.baseline]}”)"
        )
    return ["", *lines] if lines else []


def _lead(reading: Reading, measure: str, first: str, second: str) -> str:
    difference, low, _ = paired(reading, measure, first, second)
    if np.isnan(low):
        return "one seed" if np.isfinite(difference) else "never in the same seed as the next"
    return "clearly ahead" if low > 0.0 else "lead not clear"


def _over_sweep(reading: Reading, width: int) -> list[str]:
    """Value per bank at every one of a few sweep points: its difference to the baseline by arm."""
    if len(reading.points) < 2:
        return []
    term = next(term for term in TERMS if term.measure == "value_per_bank")
    table = reading.over_points([term.measure], ["difference", "low", "high", "pairs"]).set_index(["arm", "point"])
    stars = reading.starred(table)
    lines = ["", f"{_label(term)}, difference by sweep point:"]
    for arm in reading.compared:
        cells = [_at_point(table, arm, point, term, stars) for point in reading.points]
        if len({cell.partition(": ")[2] for cell in cells}) == 1 and len(of_arm := table.loc[[arm]]["difference"]):
            cells = [f"the same at all points: {cells[0].partition(': ')[2]}"] if of_arm.nunique() == 1 else cells
        lines += wrapped(f"{reading.labels[arm]}: {'; '.join(cells)}", width, "  ", "    ")
    still = idle_words(reading)
    return [*lines, *(wrapped(f"{still}.", width, "  ", "    ") if still else [])]


def _at_point(table, arm: str, point: str, term: Term, stars: set) -> str:
    values = ", ".join(f"{value}" for value in json.loads(point).values())
    if (arm, point) not in table.index:
        return f"at {values}: –"
    row = table.loc[(arm, point)]
    spread = f"±{shown((row['high'] - row['low']) / 2.0, term.unit)}" if np.isfinite(row["low"]) else ""
    star = "*" if (arm, point) in stars else ""
    return f"at {values}: {shown(row['difference'], term.unit, sign=True)}{spread}{star}"


def paired(reading: Reading, measure: str, arm: str, other: str) -> tuple[float, float, float]:
    """Mean of arm minus other over the seeds that both have, and its 95 % interval."""
    frame = reading.frame("runs").pivot(index="seed", columns="arm", values=measure).astype(float)
    numbers = compared(frame[arm].to_numpy(), frame[other].to_numpy(), reading.widening)
    return float(numbers["difference"]), float(numbers["low"]), float(numbers["high"])
