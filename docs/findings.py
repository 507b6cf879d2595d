"""The tables of docs/findings.md: the main comparison with one default changed at a time (`python docs/findings.py`).

Results go to outputs/findings/, one folder a row; what is there already is not run again. `--only "risk-based price"`
makes that row alone (may be given more than once).
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any

import colend

ROWS: dict[str, dict[str, Any]] = {
    "defaults": {},
    "platforms have 4 slots (8)": {"platforms.integration_slots": 4},
    "16 slots": {"platforms.integration_slots": 16},
    "pilots hold a tenth of a slot (a whole one)": {"alliances.pilot_slot_use": 0.1},
    "no technology fee (0.3 points)": {"platforms.technology_fee": 0.0},
    "technology fee 0.6 points": {"platforms.technology_fee": 0.006},
    "opening costs 20,000 / 50,000 (5,000 / 15,000)": {
        "platforms.opening_cost": {"traffic": 0, "customers": 20_000, "technology": 50_000}
    },
    "all of platforms' income is incremental (half)": {"platforms.incremental_share": 1.0},
    "risk-based price": {"credit.pricing": "risk_based"},
    "banks visible at 0.3 with traffic (0.03)": {"customers.visibility.traffic": 0.3},
    "fit spread 0.6 (1.25)": {"alliances.fit_sd": 0.6},
}
ARMS = {
    "cooperate first, traffic": "cooperate_then_sign + traffic",
    "sign first, technology": "sign_then_cooperate + technology",
    "cooperate first, technology": "cooperate_then_sign + technology",
}
PARTNERED = "with a partner (12 months or more of a pact in operation)"
MEASURES = {  # measure: title with over whom it is taken, factor from the model's units, digits
    "value_per_bank": ("Banks' profit after tax, discounted to the start, yuan m per bank, over all banks", 1e-6, 2),
    "value_per_meeting_closed": (
        "What first terms brought the bank, per meeting early enough for a whole term, yuan m",
        1e-6,
        2,
    ),
    "dormant_share_mean": ("Signed pacts that do nothing, of those that run, mean over months, %", 100, 1),
    "converted": ("Customers won, over borrowers of joint loans, persons m", 1e-6, 2),
    "originations_own": ("Lent by own channels, over all banks, yuan bn", 1e-9, 1),
    "banks_partnered_rural": (f"Rural banks {PARTNERED}, of 100", 1, 1),
    "banks_partnered_city": (f"City banks {PARTNERED}, of 40", 1, 1),
    "fishing_index_partnered_rural": (
        "Lent alone if platforms stop, rural banks with a partner, % of the lending with them",
        100,
        1,
    ),
    "fishing_index_partnered_city": (
        "Lent alone if platforms stop, city banks with a partner, % of the lending with them",
        100,
        1,
    ),
    "customers_change_partnered_rural": ("Own customers since the start, rural banks with a partner, %", 100, 1),
    "precision_gain_partnered_rural": ("Precision gained by screening, rural banks with a partner", 1, 4),
    "precision_gain_others_rural": ("Precision gained by screening, rural banks without one", 1, 4),
    "precision_gain_partnered_city": ("Precision gained by screening, city banks with a partner", 1, 4),
    "precision_gain_others_city": ("Precision gained by screening, city banks without one", 1, 4),
    "precision_gain_mean": ("Precision gained by screening, mean of all city and rural banks", 1, 4),
}


def signed(value: float, digits: int) -> str:
    """A number with its sign, a typographic minus, and no sign at zero."""
    text = f"{value:+.{digits}f}"
    return text[1:] if float(text) == 0 else text.replace("-", "−")


def cell(row: Any, factor: float, digits: int) -> str:
    """A paired difference with its interval, bold where the interval leaves zero out."""
    if math.isnan(row.difference):
        return "—"
    half = (row.high - row.low) / 2 * factor
    text = f"{signed(row.difference * factor, digits)} ± {half:.{digits}f}"
    return f"**{text}**" if row.low > 0 or row.high < 0 else text


def main() -> None:
    """Run what is missing and print every table."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--seeds", type=int, default=10)
    reader.add_argument("--borrowers", type=int, default=50_000)
    reader.add_argument("--out", type=Path, default=Path("outputs/findings"))
    reader.add_argument("--only", action="append", choices=ROWS, metavar="ROW", help="a row's words, as in its table")
    options = reader.parse_args()
    frames = {}
    for number, (words, changes) in enumerate(ROWS.items()):
        if options.only and words not in options.only:
            continue
        overrides = {"seeds": options.seeds, "population.borrowers": options.borrowers, **changes}
        scenario = colend.load("alliance", overrides=overrides)
        result = colend.run(scenario, out=options.out / f"{number:02d}", report=False)
        frames[words] = result.comparison.set_index(["arm", "measure"])
        print(f"<!-- {words}: done -->", flush=True)
    for measure, (title, factor, digits) in MEASURES.items():
        print(f"\n### {title}\n\n| | level | {' | '.join(ARMS)} |\n|---|---|---|---|---|")
        for words, frame in frames.items():
            level = frame.loc[("sign_then_cooperate + traffic", measure), "mean"] * factor
            cells = [cell(frame.loc[(arm, measure)], factor, digits) for arm in ARMS.values()]
            print(f"| {words} | {signed(level, digits).lstrip('+')} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
