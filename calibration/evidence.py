"""The chart and the table of all published figures, from the results of the scenarios that speak to them.

    for name in webank_2017 china_2017_2020 nanjing_duxiaoman consumer_finance_first_year; do simulate $name; done
    python calibration/evidence.py outputs/webank_2017 outputs/china_2017_2020 ...

Writes docs/pictures/evidence.png and the marked part of docs/calibration.md, and names the figures that are missed
without a word about it in the rest of that page.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from PIL import Image, ImageColor

import colend
from colend.report.drawing import write
from colend.report.evidence import distance, published, said
from colend.report.figures.evidence import evidence_of
from colend.report.fonts import house_style
from colend.report.style import BLUE, FAINT, INK, MUTED, ORANGE
from colend.scenario.facts import facts

DOCS = Path(__file__).parents[1] / "docs"
START, END = "<!-- evidence -->", "<!-- end -->"
WIDTH = 1300  # dots
INKS, TONES = (INK, MUTED, FAINT, BLUE, ORANGE), 5  # what is drawn, and the steps of each to white: a fifth of the size


def table(frame: pd.DataFrame) -> str:
    """A Markdown table of evidence, scenario by scenario; a published figure links to its source."""
    address = {fact.name: fact.address for fact in facts()}
    lines = ["| figure | date | use | published | tolerance | model | distance |", "|---|---|---|---|---|---|---|"]
    for row in frame.itertuples():
        tolerance = "" if row.sign else f"{row.tolerance / row.published:.0%}".replace("%", " %")
        where = address[row.fact]
        figure = f"[{published(row)}]({where})" if where else f"{published(row)} †"
        cells = [f"{row.says} (`{row.fact}`)", row.date, row.use, figure, tolerance, said(row), distance(row)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def unexplained(frame: pd.DataFrame, words: str) -> list[str]:
    """Figures that are missed and not named, as `name`, in the words that somebody wrote."""
    return [row.fact for row in frame.itertuples() if not row.holds and f"`{row.fact}`" not in words]


def seeds_of(frame: pd.DataFrame) -> str:
    """How many seeds each scenario was run with: the most that one of its figures has."""
    runs = frame.groupby("scenario", sort=False)["seeds"].max()
    return f"{runs.iloc[0]}" if runs.nunique() == 1 else ", ".join(f"{name} {number}" for name, number in runs.items())


def tally(frame: pd.DataFrame) -> str:
    """How many figures there are, how many judge, and how many of these hold; those that anybody can open apart."""
    open_to_all = frame["fact"].isin([fact.name for fact in facts() if fact.address])
    lines = [f"* seeds of each scenario: {seeds_of(frame)}"]
    for words, rows in (("all figures", frame), ("those with an address", frame[open_to_all])):
        judge, calibrate = rows[rows["use"] == "judge"], rows[rows["use"] == "calibrate"]
        met, held = (calibrate["holds"] == True).sum(), (judge["holds"] == True).sum()  # noqa: E712 (None, too)
        lines.append(
            f"* {words}: {len(rows)}; {len(calibrate)} used to calibrate, {met} of them met; "
            f"**{len(judge)} kept to judge, {held} of them within their tolerance or with the published sign clear**"
        )
    return "\n".join(lines)


def palette() -> Image.Image:
    """The colours that the chart is drawn in, each on its way to white."""
    inks = np.array([ImageColor.getrgb(ink) for ink in INKS])
    to_white = np.linspace(0.0, 1.0, TONES, endpoint=False)[:, None, None]
    tones = np.vstack([(inks + (255 - inks) * to_white).reshape(-1, 3), [[255, 255, 255]]])
    image = Image.new("P", (1, 1))
    image.putpalette(tones.round().astype(np.uint8).tobytes())
    return image


def main(folders: list[str]) -> None:
    """Read, draw, write; prints how many figures hold."""
    results = [colend.open(folder) for folder in folders]
    frames = {result.scenario.title: result.evidence.assign(scenario=result.scenario.name) for result in results}
    frame = pd.concat(frames.values(), ignore_index=True)
    print(tally(frame))
    document = DOCS / "calibration.md"
    before, rest = document.read_text(encoding="utf-8").split(START)
    after = rest.split(END, 1)[1]
    if left := unexplained(frame, before + after):
        print(f"missed, and not named in {document}: {', '.join(left)}")
    document.write_text(f"{before}{START}\n{tally(frame)}\n\n{table(frame)}\n{END}{after}", encoding="utf-8")
    with house_style(), TemporaryDirectory() as folder:
        runs = frame.groupby("scenario")["seeds"].max()
        spread = (
            f"mean and 95 % interval over {f'{runs.min()} to {runs.max()}' if runs.nunique() > 1 else runs.max()} seeds"
        )
        subtitle = f"Model less published figure, in tolerances of the figure; {spread}"
        files = [Path(folder) / f"evidence{ending}" for ending in (".png", ".svg", ".csv")]
        write("colend", evidence_of(frames, subtitle), frame, files)
        picture = Image.open(files[0]).convert("RGB")
        small = picture.resize((WIDTH, round(picture.height * WIDTH / picture.width)), Image.Resampling.LANCZOS)
        few = small.quantize(palette=palette(), dither=Image.Dither.NONE)
        few.save(DOCS / "pictures" / "evidence.png", optimize=True)


if __name__ == "__main__":
    main(sys.argv[1:])
