"""What people look at: charts and the summary."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def draw(result: Any, folder: Path) -> list[Path]:
    """Draw every figure that the result allows into `folder`/charts; returns the files."""
    from colend.report.drawing import draw as draw_figures

    return draw_figures(result, Path(folder))


def text(result: Any, width: int = 100) -> str:
    """The summary of a result in words (see `colend.report.summary`)."""
    from colend.report.summary import text as summary_text

    return summary_text(result, width)
