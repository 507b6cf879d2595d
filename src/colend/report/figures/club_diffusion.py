"""How working with the platform spreads in the club, by arm."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from colend.report.reading import Reading
from colend.report.style import MOST_ARMS, date_axis, foot, lines, looks, page, value_axis

SHARE = "club_working_share"


def club_diffusion(reading: Reading) -> tuple[Figure, pd.DataFrame] | None:
    """Members that work with the club's platform, month by month and arm by arm."""
    if not reading.has("months", SHARE) or reading.frame("months")[SHARE].isna().all() or len(reading.arms) > MOST_ARMS:
        return None
    frame = reading.over_time(SHARE, 100.0)
    figure, axes = page(
        "How working with the platform spreads in the club",
        f"Members that work with the club’s platform; {reading.spread_of_levels}",
    )
    handles = lines(axes[0, 0], frame, looks(reading.arms), reading.labels)
    date_axis(axes[0, 0], *reading.span)
    value_axis(axes[0, 0], "% of members")
    foot(figure, handles if reading.several else [])
    return figure, frame.assign(unit="% of members")
