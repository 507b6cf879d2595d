"""Banks of one's own: a CSV file with one row a bank, columns named as the parameters of a kind of bank, and `kind`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from colend.scenario.csv_files import Table, read_table
from colend.scenario.declarations import AGENTS, CHOICES, Declaration, declarations
from colend.scenario.errors import ScenarioError, nearest, shown
from colend.scenario.parameters import KINDS

BANKS_FILE = "banks.from"
_IGNORED = ("name",)  # who the bank is, for the reader of the file


def read_banks(value: Any, folder: Path, root: Path | None, place: str) -> dict[str, Any]:
    """Flat parameters of the banks in a CSV file: the number of each kind and a list for every column.

    A kind without a row has no banks. Raises ScenarioError with every problem of the file.
    """
    table, result = read_table(value, folder, root, place), dict[str, Any]()
    if table.check_columns(_no_column):
        if "kind" not in table.columns:
            table.complain(table.first, "kind: this column is missing")
        else:
            banks = [_bank(table, line, cells) for line, cells in table.rows]
            result = {} if table.problems else _by_kind(table, banks)
        if not table.rows:
            table.complain(table.first, "there is no bank in this file")
    if table.problems:
        raise ScenarioError(table.in_order())
    return result


def _declared(kind: str) -> dict[str, Declaration]:
    prefix = f"banks.{kind}."
    return {key.removeprefix(prefix): one for key, one in declarations().items() if key.startswith(prefix)}


def _no_column(name: str) -> str:
    """What is wrong with a column's name."""
    known = ["kind", *_IGNORED, *(name for name in _declared(KINDS[0]) if name != "number")]
    return "" if name in known else f"{shown(name)}: there is no such column{nearest(name, known)}"


def _bank(table: Table, line: int, row: list[str]) -> dict[str, Any]:
    """One bank's columns, checked."""
    cells = {name: cell for name, cell in zip(table.columns, row, strict=True) if name not in _IGNORED}
    kind = cells.pop("kind")
    if kind not in KINDS:
        table.complain(line, f"kind: {shown(kind)} is not one of {', '.join(KINDS)}{nearest(kind, KINDS)}")
        return {}
    bank: dict[str, Any] = {"kind": kind, "line": line}
    for name, cell in cells.items():
        one = _declared(kind)[name]
        allowed = f"one of {', '.join(one.choices)}" if one.choices else f"a number from {one.low:g} to {one.high:g}"
        bank[name] = table.value(line, name, cell, allowed)
        if bank[name] is not None and (isinstance(bank[name], list | dict) or one.problem(bank[name])):
            table.complain(line, f"{name}: {shown(cell)} is not allowed; allowed: {allowed}")
    return bank


def _by_kind(table: Table, banks: list[dict[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for kind in KINDS:
        mine = [bank for bank in banks if bank["kind"] == kind]
        result[f"banks.{kind}.number"] = len(mine)
        for name, one in _declared(kind).items():
            values = [bank[name] for bank in mine if name in bank]
            if one.form in (AGENTS, CHOICES) and values:
                result[one.key] = values
            elif len(set(values)) == 1:
                result[one.key] = values[0]
            elif values:
                what = f"{name}: is one number for all banks of a kind, and these differ"
                table.complain(mine[0]["line"], what)
    return result
