"""What banks and platforms earn from lending, by source, and what it costs them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from colend.report.columns import shortened
from colend.report.reading import Reading
from colend.report.style import BLUE, GREEN, INK, ORANGE, PURPLE, SKY, VERMILION, YELLOW, page, plain
from colend.report.words import yuan_unit

# measure: (words, sign, colour, hatch); neighbours differ in lightness or hatching.
BANKS = {
    "bank_interest_joint": ("interest, joint loans", 1, BLUE, ""),
    "bank_interest_own": ("interest, own channel", 1, SKY, "////"),
    "bank_fees_paid": ("fees to platforms", -1, ORANGE, ""),
    "bank_credit_losses": ("credit losses", -1, VERMILION, ""),
    "bank_funding_cost": ("funds", -1, "#BBBBBB", ""),
    "bank_operating_cost": ("operations", -1, "#4D4D4D", ""),
    "bank_alliance_cost": ("alliances", -1, GREEN, "xxxx"),
    "bank_touchpoint_cost": ("touchpoints", -1, YELLOW, ""),
    "bank_learning_cost": ("own risk control", -1, PURPLE, "...."),
    "bank_tax": ("tax", -1, "#E5E5E5", ""),
}
PLATFORMS = {
    "platform_fees": ("fees", 1, ORANGE, ""),
    "platform_technology_fees": ("technology fees", 1, YELLOW, "////"),
    "platform_interest": ("interest of their lenders", 1, BLUE, ""),
    "platform_credit_losses": ("credit losses", -1, VERMILION, ""),
    "platform_funding_cost": ("funds", -1, "#BBBBBB", ""),
    "platform_operating_cost": ("operations", -1, "#4D4D4D", ""),
    "platform_alliance_cost": ("alliances, opening", -1, GREEN, "xxxx"),
    "platform_tax": ("tax", -1, "#E5E5E5", ""),
}
SIDES = (("Banks", BANKS, "bank_profit"), ("Platforms", PLATFORMS, "platform_profit"))


def income(reading: Reading) -> tuple[Figure, pd.DataFrame] | None:
    """Income and cost over the run, stacked by source, with the profit after tax that is left."""
    if not reading.has("months", *BANKS, *PLATFORMS):
        return None
    arms = reading.arms
    figure, axes = page(
        "Income of banks and platforms by source",
        f"Sums over all banks and all platforms and the whole run: income right of zero, cost left; {reading.average}"
        + (", profit with its 95 % interval" if reading.seeds > 1 else ""),
        2,
        1,
        height=max(5.6, 2.6 + 0.62 * len(arms)),
        sharex=True,
    )
    sums = reading.frame("months").groupby(["arm", "seed"], sort=False)[_names()].sum()
    unit = yuan_unit(sums[["bank_interest_joint", "bank_interest_own", "platform_interest"]].to_numpy().max())
    sums *= unit.factor
    rows: list[list] = []
    furthest = 0.0
    for axis, (title, sources, profit) in zip(axes[:, 0], SIDES, strict=True):
        left, right = np.zeros(len(arms)), np.zeros(len(arms))
        for measure, (words, sign, color, hatch) in sources.items():
            width = np.array([sums.loc[arm, measure].mean() for arm in arms])
            signed = sign * width
            start = np.where(signed >= 0.0, right, left)
            axis.barh(
                range(len(arms)),
                signed,
                left=start,
                height=0.62,
                color=color,
                hatch=hatch,
                edgecolor="white",
                linewidth=0.4,
            )
            right, left = right + np.maximum(signed, 0.0), left + np.minimum(signed, 0.0)
            rows += [
                [title, measure, words, arm, value, np.nan, np.nan] for arm, value in zip(arms, signed, strict=True)
            ]
        for place, arm in enumerate(arms):
            mean, low, high = reading.interval(sums.loc[arm, profit].to_numpy())
            axis.plot([low, high], [place, place], color=INK, linewidth=1.6)
            axis.plot(mean, place, "D", color="white", markeredgecolor=INK, markersize=6)
            rows.append([title, profit, "profit after tax", arm, float(mean), float(low), float(high)])
        furthest = max(furthest, right.max(), -left.min())
        _finish(axis, f"{title}, {unit.words}", [shortened(reading.labels[arm], 34) for arm in arms], sources)
    axes[0, 0].set_xlim(-1.04 * furthest or -1.0, 1.04 * furthest or 1.0)
    columns = ["party", "measure", "source", "arm", "amount", "low", "high"]
    return figure, pd.DataFrame(rows, columns=columns).assign(unit=unit.words)


def _names() -> list[str]:
    return [*BANKS, *PLATFORMS, "bank_profit", "platform_profit"]


def _finish(axis, title: str, labels: list[str], sources: dict) -> None:
    axis.set_title(title)
    axis.set_yticks(range(len(labels)), labels)
    axis.tick_params(axis="y", length=0)
    axis.invert_yaxis()
    axis.grid(True, axis="x")
    axis.grid(False, axis="y")
    axis.axvline(0.0, color=INK, linewidth=0.8)
    axis.xaxis.set_major_formatter(plain)
    patches: list = [
        Patch(facecolor=color, hatch=hatch, edgecolor="white", label=words)
        for words, _, color, hatch in sources.values()
    ]
    patches.append(
        Line2D([], [], color=INK, marker="D", markerfacecolor="white", markeredgecolor=INK, label="profit after tax")
    )
    axis.legend(
        handles=patches, loc="center left", bbox_to_anchor=(1.005, 0.5), fontsize=8, handlelength=1.6, labelspacing=0.35
    )
