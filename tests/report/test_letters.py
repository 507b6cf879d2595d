"""What people write and what their session sets: letters, markup, widths, Matplotlib's settings."""

import logging
import os
import subprocess
import sys

import matplotlib.style
import pandas as pd
import pytest
from matplotlib import font_manager

from colend.report import draw, fonts
from colend.report.columns import cell_len, left, right, shortened, wrapped
from colend.report.fonts import families_for

CHINESE = "先合作"


@pytest.fixture(scope="module")
def in_chinese(one_run, as_result):
    frames = {"runs": one_run.runs.assign(arm=CHINESE), "months": one_run.months.assign(arm=CHINESE)}
    other = {name: frame.assign(arm="b") for name, frame in frames.items()}
    joined = {name: pd.concat([frames[name], other[name]]) for name in frames}
    return as_result(joined, [CHINESE, "b"], 2.0)


def test_the_sessions_settings_neither_come_in_nor_are_changed(one_run, two_charts, tmp_path):
    """Bytes are the same under a style of white on black, huge letters and TeX; the session keeps it all."""
    plain = draw(one_run, tmp_path / "plain")
    with matplotlib.rc_context():
        matplotlib.style.use("dark_background")
        matplotlib.rcParams.update(
            {"font.size": 30, "text.usetex": True, "timezone": "Asia/Shanghai", "savefig.dpi": 20, "axes.grid": False}
        )
        before = dict(matplotlib.rcParams)
        styled = draw(one_run, tmp_path / "styled")
        assert dict(matplotlib.rcParams) == before
    for one, other in zip(plain, styled, strict=True):
        assert one.read_bytes() == other.read_bytes(), one.name


def test_a_backend_that_cannot_be_loaded_is_no_concern_of_charts():
    """As Jupyter sets it, in an environment without Jupyter; the variable stays for the session."""
    code = "import os; from colend.report import load_matplotlib; load_matplotlib(); print(os.environ['MPLBACKEND'])"
    environment = os.environ | {"MPLBACKEND": "module://there.is.no.such"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ("module://there.is.no.such", "")


def test_without_a_font_for_it_an_arm_has_a_number_and_one_line_says_why(
    in_chinese, two_charts, tmp_path, monkeypatch, caplog, recwarn
):
    monkeypatch.setattr(fonts, "_installed", lambda: iter(()))
    with caplog.at_level(logging.WARNING, "colend"):
        files = draw(in_chinese, tmp_path)
    (said,) = [record.getMessage() for record in caplog.records]
    assert "fonts-noto-cjk" in said
    assert all(letter in said for letter in CHINESE)
    assert "\n" not in said
    assert not [one for one in recwarn if "Glyph" in str(one.message)]
    drawn = files[1].read_text(encoding="utf-8")
    assert ">Arm 1<" in drawn
    assert CHINESE not in drawn
    assert CHINESE in files[2].read_text(encoding="utf-8"), "the numbers keep the name"


def test_an_installed_font_is_found_by_its_letters(in_chinese, two_charts, tmp_path, recwarn):
    families, missing = families_for(CHINESE)
    if missing:
        pytest.skip("no font with Chinese letters is installed")
    assert len(families) == 1
    files = draw(in_chinese, tmp_path)
    assert not [one for one in recwarn if "Glyph" in str(one.message)]
    assert CHINESE in files[1].read_text(encoding="utf-8")


def test_fonts_are_looked_for_only_where_letters_are_missing(monkeypatch):
    monkeypatch.setattr(fonts, "_installed", lambda: pytest.fail("not needed"))
    assert families_for("Sign first – traffic open, α ≤ β ± 95 % … “Zürich”\n") == ([], "")


def test_a_font_installed_after_matplotlib_looked_is_found(monkeypatch):
    """Its list is kept in a file of the user's; here it lacks all fonts but its own."""
    own = [font for font in font_manager.fontManager.ttflist if font.name == fonts.BASE]
    if families_for(CHINESE)[1]:
        pytest.skip("no font with Chinese letters is installed")
    monkeypatch.setattr(font_manager.fontManager, "ttflist", own)
    assert families_for(CHINESE)[1] == ""


def test_columns_are_those_of_a_screen():
    assert cell_len(left(CHINESE, 8)) == cell_len(right(CHINESE, 8)) == 8
    assert left("sign first", 4) == "sign"
    assert right("too long", 3) == "too long"
    assert shortened("x" * 30, 12) == "xxxxxxx…xxxx"
    assert cell_len(shortened(CHINESE * 9, 12)) <= 12
    words = f"{CHINESE * 8} signed first, then {CHINESE}"
    lines = wrapped(words, 20, "  ", "    ")
    assert max(map(cell_len, lines)) <= 20
    assert "".join("".join(lines).split()) == "".join(words.split())
    assert wrapped("one two three", 7) == ["one two", "three"]
    assert wrapped("", 7) == [""]
