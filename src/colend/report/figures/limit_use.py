"""How much of each limit each bank uses at the end, by its size."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from colend.report.columns import shortened, wrapped
from colend.report.reading import Reading
from colend.report.style import MUTED, foot, looks, marks, nothing, page, plain, value_axis
from colend.report.words import KIND_WORDS
from colend.scenario.regulation import RULES, TRUTH

LOOKS = looks(list(KIND_WORDS))
MARK: Any = {"markersize": 2.6, "alpha": 0.55, "markeredgewidth": 0}
COLUMNS = 3


def limit_use(reading: Reading) -> tuple[Figure, pd.DataFrame] | None:
    """A panel for each rule that sets a number, in the arm where it has fewest others beside it; a mark for each bank
    and seed. What is forbidden or not has no use.
    """
    policies = reading.policies
    if not policies or not reading.has("banks", "limit_use_partner_list", "equity"):
        return None
    banks = reading.frame("banks")
    banks = banks[banks["month"] == banks["month"].max()]
    chosen = {}
    for name, kind_of_rule in RULES.items():
        if kind_of_rule.unit == TRUTH:
            continue
        with_it = [arm for arm, rules in policies.items() if any(rule.name == name for rule in rules)]
        if with_it:
            chosen[name] = min(with_it, key=lambda arm: len(policies[arm]))
    if not chosen:
        return None
    columns = min(COLUMNS, len(chosen))
    rows = -(-len(chosen) // columns)
    figure, axes = page(
        "How much of each limit banks use at the end",
        "A mark for each bank and seed; 100 %: at the limit, beyond it by older loans or a month’s chance",
        rows,
        columns,
        height=1.5 + 2.2 * rows,
        sharex=True,
    )
    parts = []
    for axis, (name, arm) in zip(axes.flat, chosen.items(), strict=False):
        rows_of = banks[(banks["arm"] == arm) & banks[f"limit_use_{name}"].notna()]
        use, equity = 100.0 * rows_of[f"limit_use_{name}"], 1e-9 * rows_of["equity"]
        where = "\n".join(wrapped(f"in “{shortened(reading.labels[arm], 60)}”", 40))
        axis.set_title(f"{RULES[name].words}\n{where}", fontsize=8.5)
        axis.axhline(100.0, color=MUTED, linewidth=0.8, linestyle="--")
        for kind, look in LOOKS.items():
            here = (rows_of["kind"] == kind) & (equity > 0.0)
            axis.plot(equity[here], use[here], look.marker, color=look.color, **MARK)
        axis.set_xscale("log")
        axis.xaxis.set_major_formatter(lambda number, _: plain(number))
        value_axis(axis, "% of the limit", ticks=4)
        axis.set_ylim(0.0, max(110.0, axis.get_ylim()[1]))
        if not len(rows_of):
            nothing(axis, "no such business")
        part = pd.DataFrame({"bank": rows_of["bank"], "kind": rows_of["kind"], "seed": rows_of["seed"]})
        parts.append(part.assign(rule=name, arm=arm, equity_yuan_bn=equity, use_percent=use))
    for axis in axes.flat[len(chosen) :]:
        axis.set_visible(False)
    for axis in axes.flat[max(0, len(chosen) - columns) : len(chosen)]:  # the lowest of each column
        axis.set_xlabel("equity, yuan bn")
        axis.tick_params(labelbottom=True)
    foot(figure, marks(LOOKS, KIND_WORDS))
    return figure, pd.concat(parts, ignore_index=True)
