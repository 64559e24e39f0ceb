"""The font that documents embed: the app's own Noto Sans JP, which has Latin and Japanese letters."""

from __future__ import annotations

import functools
import threading
import unicodedata
from pathlib import Path

FOLDER = Path(__file__).parent.parent.parent / "static" / "fonts"
FACES = {"NotoSansJP": "noto-sans-jp-regular.ttf", "NotoSansJP-Bold": "noto-sans-jp-bold.ttf"}
REGULAR, BOLD = FACES
MISSING = "\N{GETA MARK}"  # what Japanese printers set where they lack a letter
_lock = threading.Lock()


def register_fonts() -> None:
    """Make both faces known to reportlab; a process reads them once."""
    _letters()


def printable(text: str) -> str:
    """Text in letters that the font has: a compatibility form or a bare letter where need be, else a mark."""
    known = _letters()
    return "".join(
        letter if ord(letter) in known or letter == "\n" else _substitute(letter, known)
        for letter in unicodedata.normalize("NFC", text)
    )


@functools.cache
def _register() -> frozenset[int]:
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    faces = [TTFont(name, FOLDER / file) for name, file in FACES.items()]
    for face in faces:
        pdfmetrics.registerFont(face)
    pdfmetrics.registerFontFamily(REGULAR, normal=REGULAR, bold=BOLD, italic=REGULAR, boldItalic=BOLD)
    return frozenset(faces[0].face.charToGlyph)


def _letters() -> frozenset[int]:
    """The code points that the font has letters for."""
    with _lock:
        return _register()


def _substitute(letter: str, known: frozenset[int]) -> str:
    if unicodedata.category(letter) in ("Mn", "Cc", "Cf"):
        return " " if letter == "\t" else ""
    for form in (unicodedata.normalize("NFKC", letter), unicodedata.normalize("NFKD", letter)):
        bare = "".join(part for part in form if not unicodedata.combining(part))
        if bare and all(ord(part) in known for part in bare):
            return bare
    return MISSING
