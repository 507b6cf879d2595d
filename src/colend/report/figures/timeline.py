"""How long it takes from meeting to pilot, signature, operation and first loan."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from colend.report.panels import Panels
from colend.report.reading import Reading
from colend.report.style import lines, nothing

EVENTS = {
    "pilot_started": "Pilot lends",
    "signed": "Pact signed",
    "operating_since": "In full operation",
    "first_loan": "First loan, pilot included",
}
LONGEST = 36  # months since meeting that are shown


def timeline(reading: Reading) -> tuple[Figure, pd.DataFrame] | None:
    """Share of alliances that reached each event by months since meeting, among those watched for so long."""
    if not reading.has("alliances", "met", *EVENTS):
        return None
    longest = min(LONGEST, max(1, reading.months - 1))
    panels = Panels(
        reading,
        (
            "From meeting to pilot, signature and first loan",
            f"Share of alliances that got there, of those watched for so many months; {reading.spread_at_ends}",
        ),
        list(EVENTS.values()),
        columns=len(EVENTS),
        height=4.3,
        sharey=True,
    )
    parts = []
    for place, event in enumerate(EVENTS):
        frame = pd.concat([_reached(reading, arm, event, longest) for arm in reading.arms], ignore_index=True)
        there = frame["mean"].max() > 0.0
        for axis, chosen in panels.of(place):
            if there:
                lines(axis, frame, chosen, reading.labels)
                axis.set_xticks(range(0, longest + 1, max(1, 6 * -(-longest // 36)) if longest >= 6 else 1))
            else:
                nothing(axis, "none")
        panels.finish(place, "% of alliances", most=103.0)
        parts.append(frame.rename(columns={"date": "months_since_meeting"}).assign(event=event, unit="% of alliances"))
    panels.along("months since meeting")
    panels.legend()
    return panels.figure, pd.concat(parts, ignore_index=True)


def _reached(reading: Reading, arm: str, event: str, longest: int) -> pd.DataFrame:
    """Per cent of the alliances of an arm that reached an event within 0, 1, ... months of meeting."""
    frame = reading.frame("alliances")
    frame = frame[frame["arm"] == arm]
    after = np.arange(longest + 1)
    each = []
    for _, rows in frame.groupby("seed"):
        watched = (reading.months - 1 - rows["met"].to_numpy())[:, None] >= after
        took = (rows[event] - rows["met"]).to_numpy()[:, None]
        seen = watched.sum(axis=0)
        reached = (watched & (took <= after)).sum(axis=0)
        each.append(np.where(seen > 0, 100.0 * reached / np.maximum(seen, 1), np.nan))
    mean, low, high = reading.interval(np.array(each)) if each else (np.full(len(after), np.nan),) * 3
    return pd.DataFrame({"arm": arm, "date": after, "mean": mean, "low": low, "high": high})
