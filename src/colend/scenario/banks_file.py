"""Banks of one's own: a CSV file with one row a bank, columns named as the parameters of a kind of bank, and `kind`."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from colend.scenario.declarations import AGENTS, CHOICES, Declaration, declarations
from colend.scenario.errors import ScenarioError, nearest, shown
from colend.scenario.parameters import KINDS
from colend.scenario.reading import LARGEST_FILE

BANKS_FILE = "banks.from"
_IGNORED = ("name",)  # who the bank is, for the reader of the file


def inside(path: str, folder: Path, root: Path | None) -> Path:
    """A path named in a file of `folder`; ValueError when it does not stay below `root`."""
    full = (folder / path).resolve()
    if root is not None and not full.is_relative_to(root.resolve()):
        raise ValueError(f"{shown(path)} is outside the scenario's folder")
    return full


def read_banks(value: Any, folder: Path, root: Path | None, place: str) -> dict[str, Any]:
    """Flat parameters of the banks in a CSV file: the number of each kind and a list for every column.

    A kind without a row has no banks. Raises ScenarioError with every problem of the file.
    """
    if not isinstance(value, str) or not value:
        raise ScenarioError([f"{place}: {shown(value)} is not allowed; allowed: the name of a CSV file"])
    try:
        path = inside(value, folder, root)
        if path.stat().st_size > LARGEST_FILE:
            raise ScenarioError([f"{place}: {value} is larger than {LARGEST_FILE // 1_000_000} MB"])
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file))
    except ValueError as error:  # also what is not UTF-8
        raise ScenarioError([f"{place}: {error}"]) from None
    except (OSError, csv.Error) as error:
        raise ScenarioError([f"{place}: {value} cannot be read: {getattr(error, 'strerror', error)}"]) from None
    return _Banks(value, rows).parameters()


class _Banks:
    """The rows of one file, and what is wrong with them."""

    def __init__(self, name: str, rows: list[list[str]]):
        self.name = name
        self.problems: list[str] = []
        self.header = [cell.strip() for cell in rows[0]] if rows else []
        self.rows = [(line, row) for line, row in enumerate(rows[1:], start=2) if any(cell.strip() for cell in row)]

    def complain(self, line: int, what: str) -> None:
        self.problems.append(f"{self.name}:{line}: {what}")

    def parameters(self) -> dict[str, Any]:
        """The flat parameters; ScenarioError when anything is wrong."""
        self.check_header()
        if not self.problems:
            banks = [self.bank(line, row) for line, row in self.rows]
            result = {} if self.problems else self.by_kind(banks)
        if self.problems:
            raise ScenarioError(self.problems)
        return result

    def check_header(self) -> None:
        known = ["kind", *_IGNORED, *(name for name in self.declared("city") if name != "number")]
        for name in self.header:
            if name not in known:
                self.complain(1, f"{shown(name)}: there is no such column{nearest(name, known)}")
        for name in sorted({name for name in self.header if self.header.count(name) > 1}):
            self.complain(1, f"{name}: this column is given twice")
        if "kind" not in self.header:
            self.complain(1, "kind: this column is missing")
        if not self.rows:
            self.complain(1, "there is no bank in this file")

    @staticmethod
    def declared(kind: str) -> dict[str, Declaration]:
        prefix = f"banks.{kind}."
        return {key.removeprefix(prefix): one for key, one in declarations().items() if key.startswith(prefix)}

    def bank(self, line: int, row: list[str]) -> dict[str, Any]:
        """One bank's columns, checked."""
        if len(row) != len(self.header):
            self.complain(line, f"{len(row)} cells for {len(self.header)} columns")
            return {}
        cells = {name: cell.strip() for name, cell in zip(self.header, row, strict=True) if name not in _IGNORED}
        kind = cells.pop("kind")
        if kind not in KINDS:
            self.complain(line, f"kind: {shown(kind)} is not one of {', '.join(KINDS)}{nearest(kind, KINDS)}")
            return {}
        bank: dict[str, Any] = {"kind": kind, "line": line}
        for name, text in cells.items():
            one = self.declared(kind)[name]
            try:
                bank[name] = text if one.choices else float(text)
            except ValueError:
                bank[name] = text
            if text == "" or one.problem(bank[name]):
                limits = (
                    f"one of {', '.join(one.choices)}" if one.choices else f"a number from {one.low:g} to {one.high:g}"
                )
                self.complain(line, f"{name}: {shown(text)} is not allowed; allowed: {limits}")
        return bank

    def by_kind(self, banks: list[dict[str, Any]]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for kind in KINDS:
            mine = [bank for bank in banks if bank["kind"] == kind]
            result[f"banks.{kind}.number"] = len(mine)
            for name, one in self.declared(kind).items():
                values = [bank[name] for bank in mine if name in bank]
                if not values:
                    continue
                if one.form in (AGENTS, CHOICES):
                    result[one.key] = values
                elif len(set(values)) == 1:
                    result[one.key] = values[0]
                else:
                    self.complain(mine[0]["line"], f"{name}: is one number for all banks of a kind, and these differ")
        return result
