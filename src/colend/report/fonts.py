"""Letters: the session's Matplotlib settings kept out of the charts, and a font for what people wrote."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib import font_manager
from matplotlib.ft2font import FT2Font

from colend.report.style import STYLE

BASE = "DejaVu Sans"  # comes with Matplotlib
# Families with Chinese letters, the first ones in their mainland form; then any other that has what is missing.
PREFERRED = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Microsoft YaHei",
    "PingFang SC",
    "Hiragino Sans GB",
    "Heiti SC",
    "SimHei",
    "Noto Sans CJK JP",
    "Droid Sans Fallback",
    "Arial Unicode MS",
)
NOT_OF_A_STYLE = ("backend", "backend_fallback", "date.epoch", "interactive")  # the session's own


@contextmanager
def house_style(families: list[str] | None = None) -> Iterator[None]:
    """Matplotlib's own defaults and this report's STYLE, whatever the session has set; all as before afterwards."""
    ours: dict[str, Any] = {**STYLE, "font.family": ["sans-serif", *(families or [])]}
    with matplotlib.rc_context():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of settings that Matplotlib is about to drop
            settings: Any = matplotlib.rcParams
            settings.update({k: v for k, v in matplotlib.rcParamsDefault.items() if k not in NOT_OF_A_STYLE} | ours)
        yield


def families_for(words: str) -> tuple[list[str], str]:
    """Installed families, beside DejaVu Sans, that have the letters of `words`, and the letters that none has."""
    missing = {letter for letter in words if letter.isprintable() and not letter.isspace()}
    missing -= _letters(font_manager.findfont(BASE))
    families: list[str] = []
    for name, file in _installed() if missing else ():
        found = missing & _letters(file)
        if found:
            families.append(name)
            missing -= found
        if not missing:
            break
    return families, "".join(sorted(missing))


def _installed() -> Iterator[tuple[str, str]]:
    """Families with a file of each, the preferred ones first; also fonts installed since Matplotlib looked."""
    known = _known()
    yield from ((name, known[name]) for name in PREFERRED if name in known)
    for file in sorted(set(font_manager.findSystemFonts()) - {font.fname for font in font_manager.fontManager.ttflist}):
        with suppress(OSError, RuntimeError, ValueError):  # no font that Matplotlib reads
            font_manager.fontManager.addfont(file)
    known, order = _known(), {name: place for place, name in enumerate(PREFERRED)}
    for name in sorted(known, key=lambda name: (order.get(name, len(order)), name)):
        yield name, known[name]


def _known() -> dict[str, str]:
    """Families that Matplotlib knows, without its own: one of them has a box for every letter that there is."""
    fonts = [font for font in font_manager.fontManager.ttflist if not font.fname.startswith(matplotlib.get_data_path())]
    return {font.name: font.fname for font in fonts if Path(font.fname).is_file()}


def _letters(file: str) -> set[str]:
    try:
        return set(map(chr, FT2Font(file).get_charmap()))
    except (OSError, RuntimeError, ValueError):
        return set()


def say_what_is_missing(letters: str) -> None:
    """One line for letters that no installed font has."""
    some = letters if len(letters) <= 12 else letters[:12] + "…"
    logging.getLogger("colend").warning(
        "charts: no installed font has %s, so arms are called by their number; "
        "install one that has (Debian, Ubuntu: fonts-noto-cjk; Fedora: google-noto-sans-cjk-fonts) and draw again",
        some,
    )
