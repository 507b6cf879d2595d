"""Step 9: take the month's measures; at the end of a year those of banks, platforms and regions too."""

from __future__ import annotations

from colend.measures import collect_month, collect_year


def record(market) -> None:
    """Append this month to the market's history as `market.setting.record` asks."""
    market.history.append(collect_month(market))
    if (market.month + 1) % 12 == 0 or market.month + 1 == market.months:
        market.year_ends.append(collect_year(market))
