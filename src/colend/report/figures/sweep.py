"""What a swept parameter does to the measures that matter most, arm by arm."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from colend.experiment.sensitivity import SHOWN
from colend.report.idle import with_still
from colend.report.panels import Panels
from colend.report.reading import BANDS, Reading
from colend.report.style import INK, ticks_at
from colend.report.words import GROUPS, Term, key_label, parameter_words


def sweep(reading: Reading) -> tuple[Figure, pd.DataFrame] | None:
    """Six measures over the values of one swept parameter: levels of one arm, else paired differences to the baseline.

    Where several parameters are swept the others stay at their first values.
    """
    along = _along(reading)
    if along is None:
        return None
    key, points, others = along
    table = _table(reading, points)
    if table is None:
        return None
    several = reading.several
    what = f"difference to “{reading.labels[reading.baseline]}”, paired by seed, " if several else ""
    at = f"; {others}" if others else ""
    terms = [term for _, group in GROUPS for term in group if term.measure in SHOWN]
    panels = Panels(
        reading,
        (f"What changes with: {parameter_words(key)}", f"{key}; {what}{reading.spread}{at}"),
        [term.words.replace("… ", "Value ") for term in terms],
        columns=3,
        height=6.0,
        beside=False,
        labels=with_still(reading.labels, table, "difference"),
        sharex=True,
    )
    for place, term in enumerate(terms):
        for axis, chosen in panels.of(place):
            _draw(axis, table[table["measure"] == term.measure], term, chosen, several)
        panels.finish(place, term.unit.difference if several else term.unit.words, zero=False, ticks=5)
    panels.along(key_label(key))
    panels.legend(mark=True)
    return panels.figure, table


def _along(reading: Reading) -> tuple[str, dict[str, float], str] | None:
    """The parameter that is swept, its values by sweep point (numbers, two or more), and where the others stay."""
    points = reading.values
    if len(points) < 2 or reading.sample is not None:  # a sample's points lie on a line by chance only
        return None
    first = next(iter(points.values()))
    for key in sorted(first):
        others = {name: value for name, value in first.items() if name != key}
        line = {
            point: values[key]
            for point, values in points.items()
            if {name: value for name, value in values.items() if name != key} == others
        }
        if len(line) > 1 and all(isinstance(value, (int, float)) for value in line.values()):
            return key, line, ", ".join(f"{parameter_words(name)}: {value}" for name, value in others.items())
    return None


def _table(reading: Reading, points: dict[str, float]) -> pd.DataFrame | None:
    """Rows of the comparison at these points: arm, measure, value of the parameter, difference or mean, interval."""
    names = ["difference", "low", "high"]
    numbers = names if reading.several else ["mean", "mean_low", "mean_high"]
    frame = reading.over_points(SHOWN, numbers, point=list(points))
    if not len(frame):
        return None
    table = frame.assign(value=frame["point"].map(points)).sort_values("value")
    return table.rename(columns=dict(zip(numbers, names, strict=True)))[["arm", "measure", "value", *names]]


def _draw(axis, table: pd.DataFrame, term: Term, chosen, several: bool) -> None:
    factor = term.unit.factor
    for arm, look in chosen.items():
        rows = table[table["arm"] == arm]
        x = rows["value"].to_numpy(dtype=float)
        low, high = (rows[name].to_numpy(dtype=float) * factor for name in ("low", "high"))
        axis.plot(
            x, rows["difference"] * factor, color=look.color, linestyle=look.line, marker=look.marker, markersize=5
        )
        if np.isfinite(low).any() and len(chosen) > BANDS:
            axis.vlines(x, low, high, color=look.color, linewidth=1.0)
        elif np.isfinite(low).any():
            axis.fill_between(x, low, high, color=look.color, alpha=0.16, linewidth=0)
    values = table["value"].to_numpy(dtype=float)
    if len(values) and values.min() > 0.0 and values.max() / values.min() > 20.0:
        axis.set_xscale("log")
    ticks_at(axis, sorted(set(values)))
    axis.minorticks_off()
    if several:
        axis.axhline(0.0, color=INK, linewidth=0.9)
