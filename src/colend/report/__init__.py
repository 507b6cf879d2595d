"""What people look at: charts and the summary."""

from __future__ import annotations

import os
from pathlib import Path

from colend.experiment.errors import MachineError
from colend.experiment.result import Result
from colend.scenario.design import Scenario


def draw(result: Result, folder: Path) -> list[Path]:
    """Draw every figure that the result allows into `folder`/charts; returns the files.

    MachineError (status 1) where Matplotlib finds no place for what it keeps.
    """
    try:
        load_matplotlib()
        from colend.report.drawing import draw as draw_figures
    except OSError as error:
        said = f"charts cannot be drawn ({error}); tables are written, the same command goes on"
        raise MachineError(said, 1) from error
    return draw_figures(result, Path(folder))


def write_spreadsheets(folder: Path, scenario: Scenario) -> list[Path]:
    """Write runs and comparison for spreadsheets into `folder` (see `colend.report.spreadsheets`)."""
    from colend.report.spreadsheets import write_spreadsheets as write

    return write(folder, scenario)


def load_matplotlib() -> None:
    """Import Matplotlib also where MPLBACKEND names what cannot be loaded here, as Jupyter's does outside it.

    Charts are written to files and need no backend; the variable stays as it is.
    """
    try:
        import matplotlib
    except ValueError:
        wanted = os.environ.pop("MPLBACKEND", None)
        if wanted is None:
            raise
        try:
            import matplotlib  # noqa: F401
        finally:
            os.environ["MPLBACKEND"] = wanted


def text(result: Result, width: int = 100) -> str:
    """The summary of a result in words (see `colend.report.summary`)."""
    from colend.report.summary import text as summary_text

    return summary_text(result, width)
