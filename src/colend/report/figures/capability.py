"""The second gate: banks' screening capability by arm, and how far it is from the platforms'."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from colend.report.reading import Reading
from colend.report.style import INK, MUTED, at_least, date_axis, foot, lines, looks, marks, page, value_axis
from colend.report.words import KIND_WORDS


def capability(reading: Reading) -> tuple[Figure, pd.DataFrame] | None:
    """Median precision over time, and quartiles by kind at the end beside the platforms’ level."""
    if not reading.has("months", "precision_median", "precision_platform"):
        return None
    figure, axes = page(
        "Second gate: do banks learn to judge risk themselves?",
        f"Precision of banks’ own screening, 1 / variance of the signal’s noise; {reading.spread_of_levels}",
        1,
        2,
        width_ratios=[1.0, 1.15],
    )
    chosen = looks(reading.arms)
    over_time = reading.over_time("precision_median")
    lines(axes[0, 0], over_time, chosen, reading.labels)
    axes[0, 0].set_title("Median of city and rural banks")
    date_axis(axes[0, 0], *reading.span)
    value_axis(axes[0, 0], "precision", zero=False)
    at_least(axes[0, 0], 0.1)
    spread = _quartiles(reading)
    platform = reading.over_time("precision_platform")
    _draw_quartiles(axes[0, 1], spread, chosen)
    _draw_platform(axes[0, 1], float(platform.groupby("month")["mean"].mean().iloc[-1]))
    foot(figure, marks(chosen, reading.labels, line=True) if reading.several else [])
    tables = [
        over_time.assign(measure="precision_median"),
        platform.assign(measure="precision_platform"),
        spread.assign(measure="quartiles of banks at the end"),
    ]
    return figure, pd.concat(tables, ignore_index=True)


def _quartiles(reading: Reading) -> pd.DataFrame:
    """Quartiles over banks at the end, mean over seeds: arm, kind, p25, median, p75, and the median's interval."""
    if not reading.has("banks", "precision"):
        frame = reading.frame("months")
        frame = frame[frame["month"] == frame["month"].max()]
        names = {"precision_p25": "p25", "precision_median": "median", "precision_p75": "p75"}
        table = frame.rename(columns=names).groupby("arm", sort=False)[list(names.values())].mean().reset_index()
        return table.assign(kind="city and rural")
    frame = reading.frame("banks")
    frame = frame[frame["month"] == frame["month"].max()]
    rows = []
    for (arm, kind), banks in frame.groupby(["arm", "kind"], sort=False):
        each = np.array([np.percentile(seed["precision"], [25, 50, 75]) for _, seed in banks.groupby("seed")])
        mean, low, high = reading.interval(each)
        rows.append([arm, kind, *mean, low[1], high[1], len(each)])
    return pd.DataFrame(rows, columns=["arm", "kind", "p25", "median", "p75", "low", "high", "seeds"])


def _draw_quartiles(axis, spread: pd.DataFrame, chosen) -> None:
    kinds = list(dict.fromkeys(spread["kind"]))
    for place, kind in enumerate(kinds):
        for number, (arm, look) in enumerate(chosen.items()):
            row = spread[(spread["arm"] == arm) & (spread["kind"] == kind)]
            if not len(row):
                continue
            x = place + (number - (len(chosen) - 1) / 2) * min(0.18, 0.7 / len(chosen))
            axis.vlines(x, row["p25"], row["p75"], color=look.color, linewidth=4.5, alpha=0.55)
            axis.plot(x, row["median"].iloc[0], look.marker, color=look.color, markersize=6.5)
    axis.set_xticks(range(len(kinds)), [_two_lines(KIND_WORDS.get(kind, kind)) for kind in kinds])
    axis.set_xlim(-0.55, len(kinds) - 0.45)
    axis.set_title("At the end: median and middle half of the banks")
    value_axis(axis, "")


def _draw_platform(axis, level: float) -> None:
    axis.axhline(level, color=INK, linewidth=1.0, linestyle=(0, (6, 3)))
    low, high = axis.get_ylim()
    axis.set_ylim(low, max(high, level * 1.08))
    axis.text(
        0.99, level, "platforms’ level", transform=axis.get_yaxis_transform(), ha="right", va="bottom", color=MUTED
    )


def _two_lines(words: str) -> str:
    return words.replace("finance companies", "finance\ncompanies")
