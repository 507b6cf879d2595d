"""Rules and volumes on one dated axis: what is lent by whom, and below it which rules are announced and in force."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from colend.report.reading import Reading
from colend.report.style import BLACK, BLUE, INK, MUTED, ORANGE, VERMILION, date_axis, foot, page, value_axis
from colend.report.words import CHANNEL_WORDS, yuan_unit
from colend.scenario.regulation import RULES, TRUTH, Rule, month_number

CHANNELS = {"joint": BLUE, "own": VERMILION, "platform": BLACK}


def rules(reading: Reading) -> tuple[Figure, pd.DataFrame] | None:
    """The arm with most rules beside the one with none, over the rules' dates."""
    arm = fullest(reading)
    if arm is None or not reading.has("months", *(f"balance_{channel}" for channel in CHANNELS)):
        return None
    policies = reading.policies
    free = next((one for one in reading.scenario.arms if one not in policies), None)
    named = [name for name in RULES if any(rule.name == name for rule in policies[arm])]
    figure, axes = page(
        f"Rules and lending by date: {reading.labels[arm]}",
        f"Loans outstanding, {reading.spread}; below, the rules and their numbers",
        2,
        1,
        height=3.9 + 0.3 * len(named),
        sharex=True,
        height_ratios=(2.6, 0.3 * len(named) + 0.2),
    )
    parts = _volumes(axes[0, 0], reading, [arm] if free is None else [arm, free])
    _timeline(axes[1, 0], reading, policies[arm], named)
    date_axis(axes[1, 0], *reading.span)
    handles: list[Any] = [Line2D([], [], color=color, label=CHANNEL_WORDS[name]) for name, color in CHANNELS.items()]
    if free is not None:
        handles.append(Line2D([], [], color=MUTED, linestyle=":", label=f"the same in “{reading.labels[free]}”"))
    handles += [Patch(color=ORANGE, label="in force"), Line2D([], [], color=ORANGE, label="announced")]
    foot(figure, handles)
    return figure, parts


def fullest(reading: Reading) -> str | None:
    """The arm with most rules; None where no arm has any."""
    policies = reading.policies
    return max(policies, key=lambda arm: len(policies[arm]), default=None)


def _volumes(axis: Any, reading: Reading, arms: list[str]) -> pd.DataFrame:
    largest = max(reading.monthly(arm, f"balance_{channel}").max().max() for arm in arms for channel in CHANNELS)
    unit, parts = yuan_unit(largest), []
    for place, arm in enumerate(arms):
        for channel, color in CHANNELS.items():
            frame = reading.interval_over_time(arm, f"balance_{channel}", unit.factor)
            axis.plot(frame["date"], frame["mean"], color=color, linestyle="-" if place == 0 else ":")
            if place == 0 and np.isfinite(frame["low"]).any():
                axis.fill_between(frame["date"], frame["low"], frame["high"], color=color, alpha=0.16, linewidth=0)
            parts.append(frame.assign(channel=CHANNEL_WORDS[channel], unit=unit.words))
    value_axis(axis, unit.words)
    return pd.concat(parts, ignore_index=True)


def _timeline(axis: Any, reading: Reading, policy: tuple[Rule, ...], named: list[str]) -> None:
    first, months = month_number(reading.scenario.start), reading.months
    for rule in policy:
        row = named.index(rule.name)
        begun, known = month_number(rule.start) - first, month_number(rule.start) - rule.notice_months - first
        ended = months if rule.until is None else month_number(rule.until) - first
        begun, known, ended = (min(max(month, 0), months) for month in (begun, known, ended))
        left, right = reading.date(begun), reading.date(ended)
        axis.plot([reading.date(known), left], [row, row], color=ORANGE, linewidth=1.6)
        axis.barh(row, right - left, left=left, height=0.62, color=ORANGE, edgecolor="white")
        axis.text(left, row, f" {number_words(rule)}", va="center", fontsize=8, color=INK)
    axis.set_yticks(range(len(named)), [RULES[name].words for name in named])
    axis.set_ylim(len(named) - 0.5, -0.5)
    axis.grid(visible=False, axis="y")
    axis.tick_params(axis="y", length=0)


def number_words(rule: Rule) -> str:
    """A rule's number as people say it."""
    unit = RULES[rule.name].unit
    if unit == TRUTH:
        return "yes" if rule.value else "no"
    if unit in ("share", "rate a year"):
        return f"{100.0 * rule.value:.4g} %"
    return f"{rule.value:g}" + (f" {unit}" if unit != "number" else "")
