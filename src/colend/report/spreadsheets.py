"""Runs and comparison for a spreadsheet: beside each coded name its label and unit.

`runs.csv` has a measure a column, so that labels and units of its columns stand in `columns.csv`, which says what
every column of both files is, and over whom a measure is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from colend.experiment.content import KEYS
from colend.experiment.database import DATABASE
from colend.experiment.derived import COMPARISON, table_in_parts
from colend.experiment.statistics import COMPARISON as STATISTICS
from colend.experiment.tables import columns, write
from colend.measures import MEASURES
from colend.report.words import place_of
from colend.scenario.design import Scenario
from colend.scenario.labels import arm_label

MOST_ROWS = 1_048_576  # more are cut off by the usual programs
_OF_MEASURE = "that of the measure"
# What stands in columns that are no measures: label and unit.
_COLUMNS = {
    "arm": ("Arm, as scenario and command name it", "name"),
    "arm_label": ("Arm in words", "name"),
    "seed": ("Replication", "number"),
    "point": ("Sweep point as JSON, empty without a sweep", "name"),
    "point_label": ("Sweep point in words", "name"),
    "measure": ("Measure of whole runs, as tables name it", "name"),
    "label": ("What the measure is", "name"),
    "unit": ("The measure's unit", "name"),
    "mean": ("Mean over seeds", _OF_MEASURE),
    "sd": ("Standard deviation over seeds", _OF_MEASURE),
    "n": ("Seeds of which the measure is known", "number"),
    "difference": ("Mean difference to the baseline, paired by seed", _OF_MEASURE),
    "low": ("Lower end of the difference's 95 % interval", _OF_MEASURE),
    "high": ("Upper end of the difference's 95 % interval", _OF_MEASURE),
    "pairs": ("Seeds of which the measure is known in both arms", "number"),
    "effect_size": (
        "Chance that a run of the arm has more than one of the baseline (Vargha and Delaney)",
        "share",
    ),
    "share_of_pairs": ("Pairs of a seed in which the arm has more, ties a half", "share"),
    "mean_low": ("Lower end of the mean's 95 % interval", _OF_MEASURE),
    "mean_high": ("Upper end of the mean's 95 % interval", _OF_MEASURE),
    "effect_low": ("Lower end of the effect size's 95 % interval", "share"),
    "effect_high": ("Upper end of the effect size's 95 % interval", "share"),
    "correlation": ("Correlation with the baseline over seeds", "1"),
    "p_holm": ("p of Student's paired test, adjusted by Holm over the arm's measures", "share"),
}


def write_spreadsheets(folder: Path, scenario: Scenario) -> list[Path]:
    """runs.csv and comparison.csv, where a spreadsheet can hold them, and columns.csv; nothing without runs."""
    measures = {one.name: (one.meaning, one.unit) for one in MEASURES if one.table == "runs"}
    over = {one.name: one.over for one in MEASURES if one.table == "runs"}
    said = _COLUMNS | measures
    names = columns(folder / DATABASE, "runs")
    if not names:
        return []
    of_points, labelled = len(scenario.arms) * len(scenario.points), _labels(scenario, measures)
    rows = {"runs": of_points * len(scenario.seeds), COMPARISON: of_points * len(names)}
    files, described = [], []
    for table in (table for table, number in rows.items() if number < MOST_ROWS):
        file = folder / f"{table}.csv"
        write(_with_labels(table_in_parts(folder, scenario, table), labelled), file)
        files.append(file)
        shown = _shown((*KEYS, *(name for name in names if name not in KEYS)) if table == "runs" else STATISTICS)
        described += [(file.name, name, *said.get(name, ("", "")), over.get(name, "")) for name in shown]
    import pandas as pd

    file = folder / "columns.csv"
    write([pd.DataFrame(described, columns=["file", "column", "label", "unit", "taken_over"])], file)
    return [*files, file]


_BESIDE = {"arm": ("arm_label",), "point": ("point_label",), "measure": ("label", "unit")}


def _labels(scenario: Scenario, measures: dict[str, tuple[str, str]]) -> dict[str, Callable[[str], str]]:
    return {
        "arm_label": lambda arm: arm_label(arm, scenario.arms.get(arm)),
        "point_label": place_of,
        "label": lambda name: measures.get(name, ("", ""))[0],
        "unit": lambda name: measures.get(name, ("", ""))[1],
    }


def _shown(names: Any) -> list[str]:
    return [shown for name in names for shown in (name, *_BESIDE.get(name, ()))]


def _with_labels(found: Iterator[Any], labelled: dict[str, Callable[[str], str]]) -> Iterator[Any]:
    for part in found:
        for coded, labels in _BESIDE.items():
            if coded in part:
                place = part.columns.get_loc(coded)
                for i, label in enumerate(labels, place + 1):
                    words = {name: labelled[label](name) for name in part[coded].unique()}
                    part.insert(i, label, part[coded].map(words).astype(object))
        yield part
