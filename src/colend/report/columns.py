"""Text in columns of a screen or a page: a Chinese letter takes two, an accent none."""

from __future__ import annotations

from rich.cells import cell_len, chop_cells, set_cell_size

__all__ = ["cell_len", "left", "right", "shortened", "wrapped"]


def left(text: str, width: int) -> str:
    """The text at the left of so many columns, cut where it needs more."""
    return set_cell_size(text, width)


def right(text: str, width: int) -> str:
    """The text at the right of so many columns; whole where it needs more."""
    return " " * max(0, width - cell_len(text)) + text


def shortened(text: str, most: int) -> str:
    """The text in at most so many columns: beginning and end where it needs more, since names differ in either."""
    if cell_len(text) <= most:
        return text
    tail = most // 3
    end = ""
    for letter in reversed(text):
        if cell_len(letter + end) > tail:
            break
        end = letter + end
    return f"{set_cell_size(text, most - 1 - cell_len(end)).rstrip()}…{end.lstrip()}"


def wrapped(text: str, width: int, first: str = "", rest: str = "") -> list[str]:
    """Lines of at most so many columns, broken between words, or within what is longer than a line.

    `first` and `rest` stand before the first line and the others.
    """
    lines: list[str] = []
    line, begun = first, False
    for word in text.split():
        if begun and cell_len(f"{line} {word}") <= width:
            line = f"{line} {word}"
            continue
        if begun:
            lines.append(line)
            line = rest
        while cell_len(line + word) > width:
            head = chop_cells(word, max(2, width - cell_len(line)))[0]
            lines.append(line + head)
            word, line = word[len(head) :], rest
        line, begun = line + word, True
    return [*lines, line]
