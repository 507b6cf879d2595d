"""The tables in which measures of a run are kept."""

from __future__ import annotations

TABLES: dict[str, tuple[str, ...]] = {  # with the columns that tell rows of one run apart
    "runs": (),
    "months": ("month",),
    "banks": ("month", "bank"),
    "platforms": ("month", "platform"),
    "regions": ("month", "region", "segment"),
    "accounts": ("party", "number"),
    "alliances": ("alliance",),
    "alliance_months": ("alliance", "month"),
    "fishing": ("bank",),
}
