"""Stress: what each shock does over time to losses, profits, banks' capital and those served, as fans over seeds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from colend.report.figures.losses import trailing_loss_rate
from colend.report.reading import Reading
from colend.report.style import MUTED, date_axis, foot, looks, marks, page, title, value_axis
from colend.report.words import yuan_unit
from colend.scenario.labels import arm_label

GROUP = "stress."
WITHIN = (5.0, 95.0)  # percentiles of the fans


def stress(reading: Reading) -> tuple[Figure, pd.DataFrame] | None:
    """A column a shock, a row a measure; a line and fan for each way of cooperating."""
    shocks = {arm: shock_of(reading.scenario.arms[arm]) for arm in reading.arms}
    columns = list(dict.fromkeys(shocks.values()))
    panels = [panel for panel in _panels(reading) if reading.has("months", *panel[3])]
    if not any(columns) or len(columns) > 6 or not panels:
        return None
    others = list(dict.fromkeys(other_of(reading, arm) for arm in reading.arms))
    figure, axes = page(
        "What a stress does to losses, profits, capital and those served",
        f"Median over {reading.seeds} seeds and the range of nine seeds in ten; grey: the months of the stress",
        len(panels),
        len(columns),
        height=1.6 + 1.75 * len(panels),
        sharex=True,
        sharey="row",
    )
    chosen, parts = looks(others), []
    for row, (words, unit, value, _) in enumerate(panels):
        for place, shock in enumerate(columns):
            axis = axes[row, place]
            for arm in (arm for arm in reading.arms if shocks[arm] == shock):
                part = _fan(axis, reading, arm, value, chosen[other_of(reading, arm)])
                parts.append(part.assign(shock=in_words(shock), measure=words, unit=unit))
            _shade(axis, reading, shock)
            date_axis(axis, *reading.span, most=4)
            value_axis(axis, f"{words},\n{unit}" if place == 0 else "", zero=False, ticks=4)
            axis.yaxis.label.set_fontsize(8)
            if row == 0:
                title(axis, in_words(shock), len(columns))
    foot(figure, marks(chosen, dict(zip(others, others, strict=True)), line=True) if len(others) > 1 else [])
    return figure, pd.concat(parts, ignore_index=True)


def shock_of(overrides: dict[str, Any]) -> tuple[tuple[str, Any], ...]:
    """What of an arm is stress, apart from its dates."""
    dates = (f"{GROUP}start_month", f"{GROUP}months")
    return tuple((key, str(value)) for key, value in overrides.items() if key.startswith(GROUP) and key not in dates)


def other_of(reading: Reading, arm: str) -> str:
    """What else the arm sets, in words."""
    rest = [str(value) for key, value in reading.scenario.arms[arm].items() if not key.startswith(GROUP)]
    return arm_label(" + ".join(rest) or "all")


def in_words(shock: tuple[tuple[str, Any], ...]) -> str:
    """A shock as a column's title."""
    words = {
        "downturn_quantile": "Downturn",
        "leaving_platform": "A platform leaves",
        "funds_spread": "Funding squeeze",
        "deposit_outflow": "Funding squeeze",
        "demand_factor": "Jump in demand",
    }
    found = [words.get(key.removeprefix(GROUP).split(".")[0], key) for key, _ in shock]
    return " + ".join(dict.fromkeys(found)) or "No stress"


def _panels(reading: Reading) -> list[tuple[str, str, Any, tuple[str, ...]]]:
    months = reading.frame("months")
    unit = yuan_unit(months["bank_profit"].abs().max() * 12.0) if "bank_profit" in months else yuan_unit(0.0)

    losses = trailing_loss_rate("joint", 6)

    def profit(frame: pd.DataFrame) -> pd.Series:
        return frame["bank_profit"].rolling(12).sum() * unit.factor

    return [
        ("Joint loans’ loss rate", "% a year", lambda frame: 100.0 * losses(frame), ("balance_joint", "losses_joint")),
        ("Banks’ profit, 12 months", unit.words, profit, ("bank_profit",)),
        ("Banks below minimum capital", "banks", lambda frame: frame["banks_below_minimum"], ("banks_below_minimum",)),
        ("Thin file, with a loan", "persons m", lambda frame: frame["served_thin_file"] * 1e-6, ("served_thin_file",)),
    ]


def _fan(axis: Any, reading: Reading, arm: str, value: Any, look: Any) -> pd.DataFrame:
    table = reading.monthly(arm, value)
    numbers = table.to_numpy(dtype=float)
    known = np.isfinite(numbers).all(axis=1)
    middle, low, high = np.full((3, len(numbers)), np.nan)
    middle[known] = np.median(numbers[known], axis=1)
    low[known], high[known] = np.percentile(numbers[known], WITHIN, axis=1)
    dates = reading.date(table.index.to_numpy())
    axis.fill_between(dates, low, high, color=look.color, alpha=0.18, linewidth=0)
    axis.plot(dates, middle, color=look.color, linestyle=look.line, linewidth=1.6)
    return pd.DataFrame({"arm": arm, "date": dates, "median": middle, "low": low, "high": high})


def _shade(axis: Any, reading: Reading, shock: tuple) -> None:
    """The months of the stress, where there is one."""
    if not shock:
        return
    arm = next(arm for arm in reading.arms if shock_of(reading.scenario.arms[arm]) == shock)
    terms = dict(reading.scenario.base) | reading.scenario.arms[arm]
    first = int(terms.get(f"{GROUP}start_month", 36))
    last = min(first + int(terms.get(f"{GROUP}months", 12)), reading.months)
    if first < reading.months:
        axis.axvspan(reading.date(first), reading.date(last - 1), color=MUTED, alpha=0.12, linewidth=0)
