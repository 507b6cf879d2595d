"""The chart and the table of all published figures, from the results of the scenarios that speak to them.

    for name in webank_2017 china_2017_2020 nanjing_duxiaoman consumer_finance_first_year; do simulate $name; done
    python calibration/evidence.py outputs/webank_2017 outputs/china_2017_2020 ...

Writes docs/pictures/evidence.png and the marked part of docs/calibration.md.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib
import pandas as pd

import colend
from colend.report.drawing import write
from colend.report.evidence import distance, published, said
from colend.report.figures.evidence import evidence_of
from colend.report.style import STYLE

DOCS = Path(__file__).parents[1] / "docs"
START, END = "<!-- evidence -->", "<!-- end -->"


def table(frame: pd.DataFrame) -> str:
    """A Markdown table of evidence, scenario by scenario."""
    lines = ["| figure | date | use | published | tolerance | model | distance |", "|---|---|---|---|---|---|---|"]
    for row in frame.itertuples():
        tolerance = "" if row.sign else f"{row.tolerance / row.published:.0%}".replace("%", " %")
        cells = [row.says, row.date, row.use, published(row), tolerance, said(row), distance(row)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main(folders: list[str]) -> None:
    """Read, draw, write; prints how many figures hold."""
    results = [colend.open(folder) for folder in folders]
    frame = pd.concat([result.evidence for result in results], ignore_index=True)
    judged = frame[frame["use"] == "judge"]
    holding = int(sum(row.holds is True or row.holds == 1 for row in judged.itertuples()))
    print(f"{len(frame)} figures, {len(judged)} of them only to judge; of these {holding} hold")
    document = DOCS / "calibration.md"
    before, rest = document.read_text(encoding="utf-8").split(START)
    after = rest.split(END, 1)[1]
    document.write_text(f"{before}{START}\n{table(frame)}\n{END}{after}", encoding="utf-8")
    with matplotlib.rc_context(rc=STYLE), TemporaryDirectory() as folder:
        figure = evidence_of(
            frame,
            "The model beside published figures",
            "Model less published figure, in tolerances of the figure; mean and 95 % interval over seeds",
        )
        files = [Path(folder) / f"evidence{ending}" for ending in (".png", ".svg", ".csv")]
        write("colend", figure, frame, files)
        (DOCS / "pictures" / "evidence.png").write_bytes(files[0].read_bytes())


if __name__ == "__main__":
    main(sys.argv[1:])
