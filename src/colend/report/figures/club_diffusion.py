"""How working with the platform spreads in the club, by arm."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from colend.report.panels import Panels
from colend.report.reading import Reading
from colend.report.style import lines

SHARE = "club_working_share"


def club_diffusion(reading: Reading) -> tuple[Figure, pd.DataFrame] | None:
    """Members that work with the club's platform, month by month and arm by arm."""
    if not reading.has("months", SHARE) or reading.frame("months")[SHARE].isna().all():
        return None
    frame = reading.over_time(SHARE, 100.0)
    panels = Panels(
        reading,
        (
            "How working with the platform spreads in the club",
            f"Members that work with the club’s platform; {reading.spread_of_levels}",
        ),
        ["Members at work"],
        columns=1,
        height=4.9,
    )
    for axis, chosen in panels.of(0):
        lines(axis, frame, chosen, reading.labels)
    panels.finish(0, "% of members", dates=True)
    panels.legend()
    return panels.figure, frame.assign(unit="% of members")
