"""A sample of parameters as a whole: how far results go apart over what is assumed."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from colend.experiment.sensitivity import SHOWN
from colend.report import sampled
from colend.report.idle import with_still
from colend.report.panels import Panels
from colend.report.reading import Reading
from colend.report.style import INK, MOST_ARMS, Look
from colend.report.words import GROUPS


def over_sample(reading: Reading) -> tuple[Figure, pd.DataFrame] | None:
    """Six measures: the share of a sample's points up to each difference to the baseline, arm by arm (one arm: level).

    A point's difference is a mean over seeds, so part of the width is luck.
    """
    if reading.sample is None:
        return None
    several = reading.several
    column = "difference" if several else "mean"
    terms = [term for _, group in GROUPS for term in group if term.measure in SHOWN]
    what = f"difference to “{reading.labels[reading.baseline]}”" if several else "level"
    of_points = f"{sampled.heading(reading)}; a point: {reading.average}"
    compared = reading.over_points(SHOWN, [column], arm=reading.compared[:MOST_ARMS])
    panels = Panels(
        reading,
        (
            "How far do results go apart over what is assumed?",
            f"Share of points up to each {what}, where it is defined; {of_points}",
        ),
        [term.words.replace("… ", "Value ") for term in terms],
        columns=3,
        height=6.0,
        beside=False,
        labels=with_still(reading.labels, compared, column),
        sharey=True,
        along_values=True,
    )
    for place, term in enumerate(terms):
        rows = compared[compared["measure"] == term.measure]
        for axis, chosen in panels.of(place):
            for arm, look in chosen.items():
                values = np.sort(rows.loc[rows["arm"] == arm, column].dropna().to_numpy(float)) * term.unit.factor
                _steps(axis, values, look)
            if several:
                axis.axvline(0.0, color=INK, linewidth=0.9)
        panels.finish(place, "share of points, %", ticks=4, most=100.0)
        panels.along_one(place, term.unit.difference if several else term.unit.words)
    panels.legend(mark=True)
    return panels.figure, compared


def _steps(axis, values: np.ndarray, look: Look) -> None:
    """The share of points up to each value, and a mark at the median."""
    shares = 100.0 * np.arange(1, len(values) + 1) / max(len(values), 1)
    axis.step(values, shares, where="post", color=look.color, linestyle=look.line)
    axis.plot(values[len(values) // 2 :][:1], [50.0][: len(values)], look.marker, color=look.color, markersize=6)
    axis.set_ylim(0.0, 100.0)
