"""The story of one alliance, month by month, where a scenario has one bank and one platform."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from colend.report.columns import wrapped
from colend.report.reading import Reading
from colend.scenario.errors import counted
from colend.state.tables import ENDS

END_WORDS = {end.name: end.words for end in ENDS}


def is_story(reading: Reading) -> bool:
    """Whether the result is of one arm with one bank and one platform, and kept its alliance's months."""
    if len(reading.arms) != 1 or not reading.has("alliance_months", "stage"):
        return False
    return all(reading.has(table) and reading.frame(table)[name].nunique() == 1 for table, name in _AGENTS)


_AGENTS = (("banks", "bank"), ("platforms", "platform"))


def story(reading: Reading, width: int = 100) -> str:
    """Every month of the alliance in one line, between the events that changed it, and a year's sum of the bank."""
    lives = reading.frame("alliance_months")
    seed = lives["seed"].min()
    lives = lives[lives["seed"] == seed]
    chosen = lives.groupby("alliance")["originated"].sum().idxmax()
    months = lives[lives["alliance"] == chosen].set_index("month")
    alliances = reading.frame("alliances")
    alliances = alliances[alliances["seed"] == seed].set_index("alliance")
    alliance = alliances.loc[chosen]
    lines = wrapped(reading.scenario.title or reading.scenario.name, width)
    period = f"{counted(reading.months, 'month')} from {reading.scenario.start}"
    lines += [
        f"{period}; seed {seed}. Yuan m; persons sent, % served.",
        "",
    ]
    lines.append(
        "month    " + _columns("stage", "sent", "served", "lent", "owed", "they expect (95 %)", "trust", "loans earn")
    )
    banks = reading.frame("banks")
    years = banks[banks["seed"] == seed].set_index("month")
    for month in range(int(alliance["met"]), reading.months):
        events = _events(alliance, month)
        lines += [f"{_date(reading, month)}  {event}" for event in events]
        if month in months.index and months.loc[month, "stage"] != "ended":
            lines.append(_line(_date(reading, month), months.loc[month]))
        if month in years.index:
            lines.append(_year(years.loc[month], _date(reading, month)[:4]))
    lines += ["", *_end(alliance, alliances, chosen, width)]
    return "\n".join(line.rstrip() for line in lines)


def _date(reading: Reading, month: int) -> str:
    return str(reading.date(month))[:7]


def _events(alliance: pd.Series, month: int) -> list[str]:
    """What changes this month, in words."""
    words = []
    if alliance["met"] == month:
        worth = [_millions(alliance[f"{party}_expected_value"]) for party in ("bank", "platform")]
        what = "a pilot" if np.isfinite(alliance["pilot_started"]) else "a pact"
        words.append(
            f"They meet. {what.capitalize()} is worth {worth[0]} m yuan to the bank, {worth[1]} m to the platform."
        )
    said = {
        "pilot_started": "The pilot begins.",
        "signed": "They sign.",
        "integration_started": "They begin to integrate their systems.",
        "operating_since": f"Full operation; the platform opens its {alliance['openness']}.",
        "first_dormant": "Dormant for the first time: a month of it is not worth its cost to one of them.",
        "ended": END_WORDS[str(alliance["end_reason"])],
    }
    return words + [sentence for name, sentence in said.items() if alliance[name] == month]


_SHORT = {"pilot_setup": "pilot set-up", "signed": "on paper", "integrating": "integration", "operating": "operation"}


def _line(date: str, row: pd.Series) -> str:
    stage = _SHORT.get(row["stage"], row["stage"])
    mean, sd = row["belief_mean"], row["belief_sd"]
    low, middle, high = (100.0 * _logistic(mean + k * sd) for k in (-1.96, 0.0, 1.96))
    flow = row["routed"] > 0
    sent = f"{row['routed']:,.0f}" if flow else "·"
    served = f"{100.0 * row['share_served']:.0f}" if flow else "·"
    expect = f"{middle:.0f} ({low:.0f} to {high:.0f})"
    yuan = (_millions(row[name]) for name in ("originated", "balance", "bank_profit"))
    lent, owed, earned = yuan
    return f"{date}  " + _columns(stage, sent, served, lent, owed, expect, f"{row['trust']:.2f}", earned)


def _columns(stage: str, sent: str, served: str, lent: str, owed: str, expect: str, trust: str, earned: str) -> str:
    return f"{stage:<13}{sent:>7}{served:>8}{lent:>9}{owed:>9}{expect:>20}{trust:>7}{earned:>12}"


def _year(bank: pd.Series, year: str) -> str:
    profit, lent = _millions(bank["profit"]), _millions(bank["own_originations"])
    end = f"{bank['customers']:,.0f} customers, precision {bank['precision']:.3f}"
    return f"   The bank in {year}: profit {profit}, own lending {lent}; at the end {end}"


def _end(alliance: pd.Series, alliances: pd.DataFrame, chosen: int, width: int) -> list[str]:
    """What it came to, and the other alliances of the pair."""
    served = 100.0 * _logistic(alliance["fit"])
    words = (
        f"In truth {served:.0f} % of the applications can be served. Lent: {_millions(alliance['originated'])} m "
        f"yuan to {alliance['loans']:,.0f} persons, of whom {alliance['converted']:,.0f} became the bank’s customers. "
        f"Surplus over costs, discounted to the meeting: bank {_millions(alliance['bank_value'])} m, platform "
        f"{_millions(alliance['platform_value'])} m; expected were {_millions(alliance['bank_expected_value'])} m and "
        f"{_millions(alliance['platform_expected_value'])} m."
    )
    lines = wrapped(words, width)
    others = len(alliances) - 1
    if others:
        lines.append(f"The two met {counted(others, 'more time')}; this is the alliance that lent most.")
    return [*lines, "", "One run of a model, to be read for how it works; it predicts nothing."]


def _logistic(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x)) if x > -700.0 else 0.0


def _millions(yuan: float) -> str:
    text = f"{yuan * 1e-6:,.2f}" if abs(yuan) < 1e8 else f"{yuan * 1e-6:,.0f}"
    return "0" if text in ("0.00", "-0.00") else text.replace("-", "−")
