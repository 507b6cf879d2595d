"""Draw the figures and write each as PNG, SVG and CSV, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from colend.experiment.result import Result
from colend.experiment.tables import write as write_table
from colend.files import written_whole
from colend.report.columns import shortened
from colend.report.figures import FIGURES, OF_ALL_POINTS
from colend.report.fonts import families_for, house_style, say_what_is_missing
from colend.report.reading import Reading
from colend.report.style import MOST_ARMS, MUTED, NAME

ENDINGS = (".png", ".svg", ".csv")
DOTS_PER_INCH = 200


def draw(result: Result, folder: Path) -> list[Path]:
    """Every figure that the result allows, as PNG, SVG and the numbers behind it as CSV, in `folder`/charts.

    Files appear whole; charts of an earlier result that this one does not allow are removed. Returns the paths.
    """
    reading = Reading(result)
    charts = folder / "charts"
    charts.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    families, missing = families_for(" ".join([reading.scenario.name, reading.place, *reading.labels.values()]))
    if missing:
        say_what_is_missing(missing)
        reading.use_numbers_for(missing)
    with house_style(families):
        for name, figure_of in FIGURES:
            suits = reading.arms and (reading.sample is None or figure_of in OF_ALL_POINTS)
            drawn = figure_of(reading) if suits else None
            files = [charts / (name + ending) for ending in ENDINGS]
            if drawn is None:
                for file in files:
                    file.unlink(missing_ok=True)
                continue
            source = f"colend, scenario {reading.scenario.name}"
            if len(reading.arms) > MOST_ARMS:
                source += f", at most {MOST_ARMS} of {len(reading.arms)} arms"
            if reading.place and figure_of not in OF_ALL_POINTS:
                source += f"\n{shortened(reading.place, NAME)}"
            write(source.translate(dict.fromkeys(map(ord, missing), "?")), *drawn, files)
            written += files
    return written


def write(source: str, figure: Figure, numbers: pd.DataFrame, files: list[Path]) -> None:
    """One figure into its three files, marked with its source."""
    figure.text(0.99, 1.0 - 0.12 / figure.get_size_inches()[1], source, ha="right", va="top", fontsize=7, color=MUTED)
    figure.set_dpi(DOTS_PER_INCH)  # before the layout: the width of words hangs on it
    lay_out(figure)
    png, svg, csv = files
    # The canvases themselves: `savefig` walks every figure once more, a third of the time.
    with written_whole(png) as place:
        FigureCanvasAgg(figure).print_png(place)
    with written_whole(svg) as place:
        FigureCanvasSVG(figure).print_svg(place, metadata={"Date": None})
    write_table([numbers], csv)


def lay_out(figure: Figure) -> None:
    """Place the axes once, for all formats."""
    engine = figure.get_layout_engine()
    assert engine is not None
    FigureCanvasAgg(figure)  # whose renderer measures text
    engine.execute(figure)  # what drawing would do first; the drawing itself is not needed to know the places
    figure.set_layout_engine("none")
    for axis in figure.axes:  # the solver's last digits hang on the order of its constraints
        left, bottom, width, height = (round(number, 5) for number in axis.get_position().bounds)
        axis.set_position((left, bottom, width, height))
