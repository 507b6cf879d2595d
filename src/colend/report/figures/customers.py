"""The first gate: banks' own customers, and the share of their lending that goes through their own channel."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from colend.report.reading import Reading
from colend.report.style import date_axis, foot, lines, looks, nothing, page, value_axis
from colend.report.words import KIND_WORDS, people_unit

ROWS = {"customers": ("persons m", 1e-6, "own customers"), "own_share": ("% of lending", 100.0, "own channel’s share")}


def customers(reading: Reading) -> tuple[Figure, pd.DataFrame] | None:
    """Customers and own-channel share over time by kind of bank."""
    kinds = [kind for kind in KIND_WORDS if _alive(reading, kind)]
    if not kinds:
        return None
    figure, axes = page(
        "First gate: do banks win customers of their own?",
        f"Own customers, and own channel’s share of what banks lend (joint loans: the bank’s part); {reading.spread}",
        2,
        len(kinds),
        height=6.6,
        sharex=True,
    )
    chosen, parts, handles = looks(reading.arms), [], []
    for row, (name, (unit, factor, words)) in enumerate(ROWS.items()):
        for column, kind in enumerate(kinds):
            axis = axes[row, column]
            if name == "customers":
                scale = people_unit(reading.frame("months")[f"{name}_{kind}"].max())
                unit, factor = scale.words, scale.factor
            frame = reading.over_time(f"{name}_{kind}", factor)
            axis.set_title(f"{KIND_WORDS[kind]}: {words}")
            if frame["mean"].notna().any() and (name != "customers" or frame["mean"].max() > 0.0):
                handles = lines(axis, frame, chosen, reading.labels)
                date_axis(axis, *reading.span)
                value_axis(
                    axis,
                    unit if column == 0 or name == "customers" else "",
                    most=102.0 if name == "own_share" else np.inf,
                )
            else:
                nothing(axis, "no own customers" if name == "customers" else "no lending")
            parts.append(frame.assign(kind=kind, measure=name, unit=unit))
    foot(figure, handles if reading.several else [])
    return figure, pd.concat(parts, ignore_index=True)


def _alive(reading: Reading, kind: str) -> bool:
    """Whether banks of this kind have customers or lend at all."""
    names = [f"customers_{kind}", f"own_share_{kind}"]
    if not reading.has("months", *names):
        return False
    frame = reading.frame("months")
    return bool((frame[names[0]] > 0.0).any() or frame[names[1]].notna().any())
