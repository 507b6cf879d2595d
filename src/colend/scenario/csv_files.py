"""The one reader of CSV files: a line of column names, then a line a row, with the line of everything that is wrong."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from colend.scenario.errors import ScenarioError, shown
from colend.scenario.reading import read_bytes, read_value

LARGEST_TABLE = 100_000_000  # bytes
_OTHERS = {";": "semicolons", "\t": "tabs", "|": "bars"}  # that some programs put between cells


class Table:
    """The columns of a CSV text, the rows below them with their lines, and the problems found so far.

    Cells are separated by commas and end with their line. A byte order mark, any kind of line end, spaces around
    cells, blank lines and the empty cells that spreadsheets leave at the right are no part of the table. `name` stands
    for the file in messages.
    """

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.problems: list[str] = []
        self.rows: list[tuple[int, list[str]]] = []
        for line, words in enumerate(re.split(r"\r\n?|\n", text), 1):
            cells = self._cells(line, words)
            if cells:
                self.rows.append((line, cells))
            if self.problems:
                break  # what a quote holds that is not closed, nobody can tell
        self.first, self.columns = self.rows.pop(0) if self.rows else (1, [])
        while self.columns and not self.columns[-1]:
            self.columns.pop()
        self.rows = [(line, fitting) for line, cells in self.rows if (fitting := self._fitting(line, cells))]

    def complain(self, line: int, what: str) -> None:
        """Note what is wrong in a line."""
        self.problems.append(f"{self.name}:{line}: {what}")

    def in_order(self) -> list[str]:
        """The problems by line."""
        return sorted(self.problems, key=lambda problem: int(problem.removeprefix(f"{self.name}:").partition(":")[0]))

    def check_columns(self, wrong: Callable[[str], str]) -> bool:
        """Note columns without a name, those given twice, and what is `wrong` with others; whether there are none."""
        before = len(self.problems)
        if len(self.columns) == 1 and (mark := next((mark for mark in _OTHERS if mark in self.columns[0]), None)):
            self.problems.clear()  # of rows: cells are not what they seem
            self.complain(self.first, f"cells are separated by {_OTHERS[mark]}; commas are wanted")
            return False
        for i, column in enumerate(self.columns):
            if not column:
                self.complain(self.first, f"column {i + 1} has no name")
            elif column in self.columns[:i]:
                self.complain(self.first, f"{column}: this column is given twice")
            elif what := wrong(column):
                self.complain(self.first, what)
        return len(self.problems) == before

    def value(self, line: int, column: str, cell: str, allowed: str) -> Any:
        """What a cell says, as YAML reads it, or None and a problem: it says nothing, or nothing that is YAML."""
        try:
            value = read_value(cell)
        except ScenarioError:
            value = None
        if value is None:
            self.complain(line, f"{column}: {shown(cell)} is not allowed; allowed: {allowed}")
        return value

    def _cells(self, line: int, words: str) -> list[str]:
        """The cells of a line, none of a blank one."""
        try:
            cells = [cell.strip() for cell in next(csv.reader([words], strict=True), [])]
        except csv.Error as error:
            what = f"not CSV: {error}"
            if "unexpected end" in str(error):
                what = "a quote that begins in this line does not end in it"
            elif "field limit" in str(error):
                what = f"a cell has more than {csv.field_size_limit():,} characters"
            self.complain(line, what)
            return []
        return cells if any(cells) else []

    def _fitting(self, line: int, cells: list[str]) -> list[str]:
        wanted, there = len(self.columns), len(cells)
        while there > wanted and not cells[there - 1]:
            there -= 1
        if there != wanted:
            self.complain(line, f"{there} cells for {wanted} columns")
            return []
        return cells[:wanted]


def read_table(name: Any, folder: Path, root: Path | None, place: str) -> Table:
    """The table in a CSV file of `folder`; ScenarioError, which begins with `place`, when there is none to read."""
    if not isinstance(name, str) or not name:
        raise ScenarioError([f"{place}: {shown(name)} is not allowed; allowed: the name of a CSV file"])
    try:
        path = inside(name, folder, root)
    except (ValueError, OSError) as error:
        raise ScenarioError([f"{place}: {error}"]) from None
    raw = read_bytes(path, f"{place}: {name}", LARGEST_TABLE)
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff") or raw[:4].count(0) >= 2:  # letters of two bytes, with its mark or without
        raise ScenarioError([f"{name}:1: is UTF-16 text; UTF-8 is wanted (in Excel: save as “CSV UTF-8”)"])
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise ScenarioError([f"{name}:{line}: is not UTF-8 text (in Excel: save as “CSV UTF-8”)"]) from None
    return Table(name, text)


def inside(path: str, folder: Path, root: Path | None) -> Path:
    """A path named in a file of `folder`; ValueError when it does not stay below `root`."""
    full = (folder / path).resolve()
    if root is not None and not full.is_relative_to(root.resolve()):
        raise ValueError(f"{shown(path)} is outside the scenario's folder")
    return full
