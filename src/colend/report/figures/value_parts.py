"""What a change of profit is made of: parts of what all banks and platforms earn, against markets without alliances."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from colend.report.panels import Marks, rows_of_arms
from colend.report.reading import Reading
from colend.report.style import MOST_ARMS
from colend.report.words import BILLIONS

PARTY_WORDS = {"bank": "All banks", "platform": "All platforms"}
WORDS = {
    "interest_joint": "Interest, joint loans",
    "interest_own": "Interest, own channel",
    "losses": "Losses",
    "funds": "Funds",
    "running": "Running costs of loans",
    "fees": "Fees",
    "alliances": "Costs of alliances",
    "capability": "Touchpoints and research",
    "before_tax": "Profit before tax",
    "tax": "Tax",
    "profit": "Profit: the sum",
    "value": "Value: discounted",
}


def value_parts(reading: Reading) -> tuple[Figure, pd.DataFrame] | None:
    """Every part's change of all banks and of all platforms against the twin, or the baseline where there is none."""
    names = list(WORDS)
    frame = reading.result.frame("accounts", point=reading.point)
    if not len(frame):
        return None
    others = {arm: reading.scenario.twins.get(arm, reading.baseline) for arm in reading.arms[:MOST_ARMS]}
    others = {arm: other for arm, other in others.items() if other != arm}
    frame = frame.assign(before_tax=frame["profit"] - frame["tax"])
    sums = frame.groupby(["arm", "seed", "party"])[names].sum()
    rows = []
    for party in PARTY_WORDS:
        for arm, other in others.items():
            if not {arm, other} <= set(frame["arm"]):
                continue
            mine, theirs = (sums.xs((one, party), level=("arm", "party")) for one in (arm, other))
            change = (mine - theirs).dropna()
            mean, low, high = reading.interval(change.to_numpy(dtype=float))
            rows += [[party, arm, other, *one] for one in zip(names, mean, low, high, strict=True)]
    table = pd.DataFrame(rows, columns=["party", "arm", "less", "part", "mean", "low", "high"])
    if table.empty:
        return None
    panels = []
    for party, heading in PARTY_WORDS.items():
        for name in names:
            numbers = table[(table["party"] == party) & (table["part"] == name)][["arm", "mean", "low", "high"]].copy()
            numbers[["mean", "low", "high"]] *= BILLIONS.factor
            panels.append(Marks(WORDS[name], BILLIONS.difference, numbers, "", heading))
            heading = ""
    against = "the market without alliances" if reading.aside else f"“{reading.labels[reading.baseline]}”"
    figure = rows_of_arms(
        reading,
        (
            "Where does the change of profit come from?",
            f"Gained over the run beyond {against}, undiscounted but for value: parts add up to profit to the fen; "
            f"hollow where the interval holds zero; {reading.spread}",
        ),
        panels,
        list(others),
        levels=False,
    )
    return figure, table.assign(words=table["part"].map(WORDS), unit="yuan")
