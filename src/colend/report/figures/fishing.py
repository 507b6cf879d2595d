"""The fishing test: what banks lend alone once platforms stop serving them, and at which losses."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from colend.report.reading import Reading
from colend.report.style import foot, looks, marks, page, value_axis
from colend.report.words import KIND_WORDS

ALL = "fishing_index"
LOSSES = {"fishing_loss_rate_together": "with platforms", "fishing_loss_rate_alone": "without"}


def fishing(reading: Reading) -> tuple[Figure, pd.DataFrame] | None:
    """The index by kind of bank, and the loss rate of own channels with and without platforms, by arm."""
    if not reading.has("runs", ALL):
        return None
    runs = reading.frame("runs")
    indices = {ALL: "all banks"} | {f"{ALL}_{kind}": words for kind, words in KIND_WORDS.items()}
    indices = {measure: words for measure, words in indices.items() if runs[measure].notna().any()}
    figure, axes = page(
        "What do banks lend alone when platforms stop serving them?",
        f"Own channels’ lending without platforms over all lending with them, and their losses; {reading.spread}",
        1,
        2,
        width_ratios=[1.5, 1.0],
    )
    chosen = looks(reading.arms)
    rows = [*_dots(axes[0, 0], reading, indices, chosen), *_dots(axes[0, 1], reading, LOSSES, chosen)]
    axes[0, 0].set_title("Fishing index, by kind of bank")
    value_axis(axes[0, 0], "% of their lending with platforms")
    axes[0, 1].set_title("Loss rate of own channels")
    value_axis(axes[0, 1], "% of balances a year")
    foot(figure, marks(chosen, reading.labels) if reading.several else [])
    return figure, pd.DataFrame(rows, columns=["measure", "words", "arm", "mean", "low", "high"]).assign(unit="%")


def _dots(axis, reading: Reading, measures: dict[str, str], chosen) -> list[list]:
    """A mark with its interval for every measure and arm, arms side by side; the numbers drawn."""
    step, rows = 0.7 / max(len(chosen), 3), []
    for number, (arm, look) in enumerate(chosen.items()):
        x = np.arange(len(measures)) + (number - (len(chosen) - 1) / 2) * step
        values = np.stack([reading.of_runs(measure)[arm] for measure in measures], axis=1) * 100.0
        mean, low, high = reading.interval(values)
        axis.vlines(x, low, high, color=look.color, linewidth=1.4)
        axis.plot(x, mean, look.marker, color=look.color, markersize=5.5, linestyle="")
        rows += [
            [measure, words, arm, *numbers]
            for (measure, words), *numbers in zip(measures.items(), mean, low, high, strict=True)
        ]
    axis.set_xlim(-0.6, len(measures) - 0.4)
    axis.set_xticks(range(len(measures)), list(measures.values()))
    return rows
