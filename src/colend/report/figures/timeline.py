"""How long it takes from meeting to pilot, signature, operation and first loan."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from colend.report.reading import Reading
from colend.report.style import foot, lines, looks, nothing, page, value_axis

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
    figure, axes = page(
        "From meeting to pilot, signature and first loan",
        f"Share of alliances that got there, among those watched for so many months; {reading.spread}",
        1,
        len(EVENTS),
        height=4.3,
        sharey=True,
    )
    chosen, parts = looks(reading.arms), []
    handles: list = []
    for axis, (event, words) in zip(axes[0], EVENTS.items(), strict=True):
        frame = pd.concat([_reached(reading, arm, event, longest) for arm in reading.arms], ignore_index=True)
        axis.set_title(words)
        if frame["mean"].max() > 0.0:
            handles = lines(axis, frame, chosen, reading.labels) or handles
            axis.set_xlim(0, longest)
            axis.set_xticks(range(0, longest + 1, max(1, 6 * -(-longest // 36)) if longest >= 6 else 1))
            axis.set_xlabel("months since meeting")
        else:
            nothing(axis, "none")
        parts.append(frame.rename(columns={"date": "months_since_meeting"}).assign(event=event, unit="% of alliances"))
    axes[0, 0].set_ylim(0.0, 103.0)
    value_axis(axes[0, 0], "% of alliances")
    foot(figure, handles if reading.several else [])
    return figure, pd.concat(parts, ignore_index=True)


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
