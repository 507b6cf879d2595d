"""What is made from the declarations: the tables of parameters in docs/odd.md and the JSON Schema of scenarios.

`python docs/tables.py` writes them anew; tests compare what stands there with what the declarations say.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from colend.measures.runs import RUNS
from colend.scenario.declarations import Declaration, declarations
from colend.scenario.declared import keys_of
from colend.scenario.json_schema import text
from colend.scenario.parameters import KINDS, TOUCHPOINTS
from colend.scenario.regulation import RULES, Regime
from colend.scenario.top_level import SCHEMA

DOCUMENT = Path(__file__).parent / "odd.md"
PARAMETERS = "<!-- parameters: made by docs/tables.py -->", "<!-- end of parameters -->"
REGULATION = "<!-- rules: made by docs/tables.py -->", "<!-- end of rules -->"
ALIKE = (
    tuple(f"banks.{kind}" for kind in KINDS),
    tuple(f"customers.touchpoints.{name}" for name in TOUCHPOINTS),
)
HEAD = ["| parameter | default | unit | allowed | meaning | source |", "|---|---|---|---|---|---|"]


def number(value: float) -> str:
    """A number as people write it."""
    return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.10g}"


def shown(value: Any) -> str:
    """A default in words: numbers plain, one for each of several side by side, distributions by name."""
    if value is None:
        return "none"
    if isinstance(value, bool | str):
        return str(value)
    if isinstance(value, dict):
        if set(value) & {"normal", "lognormal", "uniform", "choice"}:
            return "; ".join(f"{name}({', '.join(map(number, parts))})" for name, parts in value.items())
        return " / ".join(number(part) for part in value.values())
    if isinstance(value, list | tuple):
        return ", ".join(map(shown, value))
    return number(value)


def bounds(one: Declaration) -> str:
    """What is allowed, short."""
    if one.choices:
        return ", ".join(one.choices) + (", none" if one.optional else "")
    return f"{number(one.low)} to {number(one.high)}" if one.low is not None and one.high is not None else ""


def row(key: str, each: list[Declaration]) -> str:
    """One line; of parameters that several kinds share, their defaults side by side unless all are equal."""
    defaults = [shown(one.default) for one in each]
    default = defaults[0] if len(set(defaults)) == 1 else " · ".join(defaults)
    sources = list(dict.fromkeys(one.source for one in each))
    first = each[0]
    return f"| `{key}` | {default} | {first.unit} | {bounds(first)} | {first.meaning} | {'; '.join(sources)} |"


def tables() -> str:
    """Every parameter in a table of its group."""
    known, lines, done = declarations(), [], set()
    groups: dict[str, list[str]] = {}
    for key, one in known.items():
        if key in done:
            continue
        family = next((kinds for kinds in ALIKE if key.rsplit(".", 1)[0] in kinds), None)
        keys = [f"{kind}.{one.name}" for kind in family] if family else [key]
        done.update(keys)
        names = [kind.rsplit(".", 1)[1] for kind in family] if family else []
        written = f"{family[0].rsplit('.', 1)[0]}.*.{one.name}" if family else key
        title = f"{family[0].rsplit('.', 1)[0]}.{{{', '.join(names)}}}" if family else key.rsplit(".", 1)[0]
        groups.setdefault(title, []).append(row(written, [known[name] for name in keys]))
    for title, rows in groups.items():
        lines += [f"#### `{title}`", "", *HEAD, *rows, ""]
    return "\n".join(lines)


def rules() -> str:
    """Every rule of regulation."""
    lines = ["| rule | unit | allowed | what it limits | how it binds |", "|---|---|---|---|---|"]
    for name, key in keys_of(Regime).items():
        kind = RULES[name]
        lines.append(f"| `{name}` | {kind.unit} | {key.allowed} | {key.means.meaning} | {kind.acts} |")
    return "\n".join(lines) + "\n"


def written(document: str) -> str:
    """The document with its tables made anew."""
    for (start, end), made in ((PARAMETERS, tables()), (REGULATION, rules())):
        before, rest = document.split(start)
        document = f"{before}{start}\n\n{made}\n{end}{rest.split(end, 1)[1]}"
    return document


if __name__ == "__main__":
    SCHEMA.write_text(text([measure.name for measure in RUNS]), encoding="utf-8")
    DOCUMENT.write_text(written(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
