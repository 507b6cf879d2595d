"""The main comparison: what differs between the arms and the baseline, by how much, with what certainty."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from colend.report.reading import Reading
from colend.report.style import FAINT, INK, MUTED, Look, foot, looks, marks, page, plain
from colend.report.words import GROUPS, Term, Unit, shown

WIDEST = 100.0  # per cent either side; what lies beyond is an arrow with its number


def comparison(reading: Reading) -> tuple[Figure, pd.DataFrame] | None:
    """Paired differences to the baseline with 95 % intervals, in per cent of the baseline's value, in groups."""
    table = differences(reading)
    if table is None:
        return None
    places = _places(table)
    figure, axes = page(
        f"What differs from “{reading.labels[reading.baseline]}”",
        "Difference to that arm in % of its value (in brackets); "
        + (
            f"paired by seed, mean and 95 % interval over {reading.seeds} seeds, hollow where it holds zero"
            if reading.seeds > 1
            else "one seed, no interval"
        ),
        height=1.75 + max(0.3, 0.035 * len(reading.arms)) * max(places.values()),
    )
    chosen = {arm: look for arm, look in looks(reading.arms).items() if arm != reading.baseline}
    _draw(axes[0, 0], table, places, chosen, _reach(table))
    foot(figure, marks(chosen, reading.labels))
    return figure, table.drop(columns="unit").assign(unit=[unit.words for unit in table["unit"]])


def differences(reading: Reading) -> pd.DataFrame | None:
    """Rows of the comparison that the figure shows.

    Columns group, measure, words, unit, arm, baseline (its mean), difference, low, high as they are, and percent,
    percent_low, percent_high of the baseline's value: NaN where that is zero.
    """
    if not reading.has("comparison", "measure", "difference", "low", "high") or len(reading.arms) < 2:
        return None
    frame = reading.frame("comparison").set_index(["arm", "measure"])
    rows = []
    for group, terms in GROUPS:
        for term in terms:
            if not term.drawn:
                continue
            if (reading.baseline, term.measure) not in frame.index:
                continue
            base = float(frame.loc[(reading.baseline, term.measure), "mean"])
            factor = 100.0 / abs(base) if base else np.nan
            for arm in reading.arms:
                if arm == reading.baseline or (arm, term.measure) not in frame.index:
                    continue
                found = frame.loc[(arm, term.measure)]
                numbers = [float(found[name]) for name in ("difference", "low", "high")]
                scaled = [number * factor for number in numbers]
                rows.append([group, term.measure, _named(term, base), term.unit, arm, base, *numbers, *scaled])
    names = ["group", "measure", "words", "unit", "arm", "baseline", "difference", "low", "high"]
    table = pd.DataFrame(rows, columns=[*names, "percent", "percent_low", "percent_high"])
    known = table.groupby("measure")["difference"].transform(lambda values: values.notna().any()).astype(bool)
    return table[known] if known.any() else None


def _named(term: Term, base: float) -> str:
    return f"{term.words} ({shown(base, term.unit)} {term.unit.words})".replace(" )", ")").replace(" %", "%")


def _places(table: pd.DataFrame) -> dict[str, float]:
    """Heights of measures and group headings ("group:..."), from the top down."""
    places, y = {}, 0.0
    for group, rows in table.groupby("group", sort=False):
        places[f"group:{group}"] = y
        for measure in rows["measure"].unique():
            y += 1.0
            places[measure] = y
        y += 1.1
    return places


def _draw(axis, table: pd.DataFrame, places: dict[str, float], chosen: dict[str, Look], reach: float) -> None:
    words = dict(zip(table["measure"], table["words"], strict=True))
    axis.set_xlim(-reach, reach)
    axis.axvline(0.0, color=INK, linewidth=0.9, zorder=1)
    step = 0.72 / max(len(chosen), 2)
    beyond: Counter[str] = Counter()
    for number, (arm, look) in enumerate(chosen.items()):
        shift = (number - (len(chosen) - 1) / 2) * step
        for row in table[table["arm"] == arm].itertuples():
            beyond[row.measure] += _mark(axis, row, places[row.measure] + shift, look, reach, beyond[row.measure])
    for measure in words:
        axis.axhline(places[measure] + 0.5, color=FAINT, linewidth=0.5, zorder=0)
    axis.set_yticks([places[measure] for measure in words], list(words.values()), fontsize=8, color=INK)
    for name, y in places.items():
        if name.startswith("group:"):
            where = {"transform": axis.get_yaxis_transform(), "ha": "right", "va": "center"}
            axis.text(-0.008, y + 0.08, name[6:], fontsize=8.5, fontweight="bold", **where)
    axis.tick_params(axis="y", length=0)
    axis.set_ylim(max(places.values()) + 0.7, -0.5)
    axis.grid(True, axis="x")
    axis.grid(False, axis="y")
    axis.xaxis.set_major_formatter(plain)
    axis.spines["left"].set_visible(False)
    axis.set_xlabel("difference, % of the baseline")


def _reach(table: pd.DataFrame) -> float:
    """How far the axes reach either side: to the furthest interval, within WIDEST."""
    ends = table[["percent", "percent_low", "percent_high"]].abs().to_numpy()
    ends = ends[np.isfinite(ends)]
    return float(min(WIDEST, max(1e-6, ends.max() if len(ends) else 1.0)) * 1.06)


def _mark(axis, row, y: float, look: Look, reach: float, earlier: int) -> bool:
    """One difference: interval and mark; an arrow with its number beyond the axis or where the baseline is 0.

    `earlier` arrows of the measure have their number in the way. Returns whether this is an arrow.
    """
    if not np.isfinite(row.difference):
        return False
    clear = not np.isfinite(row.low) or row.low > 0.0 or row.high < 0.0
    face = look.color if clear else "white"
    if not np.isfinite(row.percent) and row.difference == 0.0:
        axis.plot(0.0, y, look.marker, color=look.color, markersize=5.5, markerfacecolor="white")
    elif not np.isfinite(row.percent) or abs(row.percent) > reach:
        edge = np.sign(row.difference) * reach * 0.97
        axis.plot(edge, y, ">" if edge > 0 else "<", color=look.color, markersize=5.5, markerfacecolor=face)
        words = f"{row.percent:+,.0f} %".replace("-", "−") if np.isfinite(row.percent) else _own_unit(row)
        axis.text(
            edge * (0.95 - 0.17 * earlier),
            y,
            words,
            ha="right" if edge > 0 else "left",
            va="center",
            fontsize=6.2,
            color=MUTED,
        )
        return True
    else:
        if np.isfinite(row.percent_low):
            ends = [max(row.percent_low, -reach), min(row.percent_high, reach)]
            axis.plot(ends, [y, y], color=look.color, linewidth=1.7)
        axis.plot(row.percent, y, look.marker, color=look.color, markersize=5.5, markerfacecolor=face)
    return False


def _own_unit(row) -> str:
    unit: Unit = row.unit
    return f"{shown(row.difference, unit, sign=True)} {unit.difference}".strip()
