"""A sample of parameters as a whole: how far results go apart over what is assumed."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from colend.experiment.sensitivity import SHOWN
from colend.report import sampled
from colend.report.idle import with_still
from colend.report.reading import Reading
from colend.report.style import INK, foot, looks, marks, page, plain
from colend.report.words import GROUPS


def over_sample(reading: Reading) -> tuple[Figure, pd.DataFrame] | None:
    """Six measures: the share of a sample's points up to each difference to the baseline, arm by arm (one arm: level).

    A point's difference is a mean over seeds, so part of the width is luck.
    """
    if reading.sample is None:
        return None
    several = reading.several
    column = "difference" if several else "mean"
    chosen = {arm: look for arm, look in looks(reading.arms).items() if arm in reading.compared}
    compared = reading.over_points(SHOWN, [column], arm=list(chosen))
    what = f"difference to “{reading.labels[reading.baseline]}”" if several else "level"
    of_points = f"{sampled.heading(reading)}; a point: {reading.average}"
    figure, axes = page(
        "How far do results go apart over what is assumed?",
        f"Share of points up to each {what}, where it is defined; {of_points}",
        2,
        3,
        height=6.0,
        sharey=True,
    )
    terms = [term for _, group in GROUPS for term in group if term.measure in SHOWN]
    for axis, term in zip(axes.flat, terms, strict=True):
        rows = compared[compared["measure"] == term.measure]
        for arm, look in chosen.items():
            values = np.sort(rows.loc[rows["arm"] == arm, column].dropna().to_numpy(float)) * term.unit.factor
            shares = 100.0 * np.arange(1, len(values) + 1) / max(len(values), 1)
            axis.step(values, shares, where="post", color=look.color, linestyle=look.line)
            axis.plot(
                values[len(values) // 2 :][:1], [50.0][: len(values)], look.marker, color=look.color, markersize=6
            )
        if several:
            axis.axvline(0.0, color=INK, linewidth=0.9)
        axis.set_title(term.words.replace("… ", "Value "), fontsize=8.5)
        axis.set_xlabel(term.unit.difference if several else term.unit.words)
        axis.xaxis.set_major_formatter(plain)
        axis.locator_params(axis="x", nbins=5)
        axis.set_ylim(0.0, 100.0)
    for axis in axes[:, 0]:
        axis.set_ylabel("share of points, %")
    foot(figure, marks(chosen, with_still(reading.labels, compared, column), line=True))
    return figure, compared
