"""Loss rates by arm and channel, over the last twelve months."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from colend.report.panels import Panels
from colend.report.reading import Reading
from colend.report.style import lines, nothing
from colend.report.words import CHANNEL_WORDS
from colend.scenario.errors import counted

FEWEST = 6  # months that a rate is taken over


def trailing_loss_rate(channel: str, span: int):
    """Charge-offs of the last `span` months over their opening balances, times 12; NaN before FEWEST months."""

    def rate(months: pd.DataFrame) -> pd.Series:
        opening = months[f"balance_{channel}"].shift(1, fill_value=0.0)
        least = min(FEWEST, span)
        owed = opening.rolling(span, min_periods=least).sum()
        lost = months[f"losses_{channel}"].rolling(span, min_periods=least).sum()
        return 12.0 * lost / owed.where(owed > 0.0)

    return rate


def losses(reading: Reading) -> tuple[Figure, pd.DataFrame] | None:
    """Loss rate of each channel over time."""
    if not reading.has("months", "losses_joint", "balance_joint"):
        return None
    span = max(1, min(12, reading.months // 2))
    panels = Panels(
        reading,
        (
            "Loss rates by arm and channel" if reading.several else "Loss rates by channel",
            f"Charge-offs after recoveries over balances, last {counted(span, 'month')}; {reading.spread_of_levels}",
        ),
        list(CHANNEL_WORDS.values()),
        columns=3,
        height=4.9,
        sharey=True,
    )
    parts = [reading.over_time(trailing_loss_rate(channel, span), 100.0) for channel in CHANNEL_WORDS]
    seen = pd.concat(parts)["mean"].max()
    for place, frame in enumerate(parts):
        for axis, chosen in panels.of(place):
            lines(axis, frame, chosen, reading.labels)
            if frame.loc[frame["arm"].isin(chosen), "mean"].isna().all():
                nothing(axis, "no loans")
        panels.finish(place, "% a year", dates=True, most=2.5 * seen if seen > 0.0 else np.inf)
    panels.legend()
    parts = [
        frame.assign(channel=channel, unit="% a year") for frame, channel in zip(parts, CHANNEL_WORDS, strict=True)
    ]
    return panels.figure, pd.concat(parts, ignore_index=True)
