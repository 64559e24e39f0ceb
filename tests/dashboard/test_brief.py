"""The brief to take away: one HTML file, one page of PDF, a picture; in both languages."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pypdf
import pytest

from dashboard.board import Board, Sentence
from dashboard.brief.files import ExportFormat, export_board
from dashboard.brief.html import html_brief
from dashboard.brief.pdf import pdf_brief
from dashboard.brief.png import NoPicture, png_chart
from dashboard.i18n import LANGUAGES, Language, open_reader
from tests.dashboard.board_examples import board

LONG = "A very long thing to know about the days of a campaign in six countries. " * 8


def crowded(language: Language) -> Board:
    """More, and longer, than a page has room for."""
    sentences = tuple(Sentence(f"{number}: {LONG}", LONG) for number in range(9))
    return replace(
        board(language), signals=sentences, misses=sentences, calibration=sentences, notes=sentences
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_needs_nothing_else(language: Language) -> None:
    shown = board(language)
    page = html_brief(open_reader(language), shown)
    assert f'<html lang="{language}">' in page
    body = page[page.index("<body>") :]
    assert not re.findall(r"(?:src|href)\s*=", body)
    assert "<link" not in page
    assert "#000001" not in body, "a placeholder of the charts is left"
    for text in (shown.title, shown.byline, shown.signals[0].text, shown.tiles[2].value):
        assert text.replace("’", "’") in body
    assert f'aria-label="{shown.alt}"' in body.replace("&#39;", "'")


def test_words_stay_words() -> None:
    evil = "</script><script>alert(1)</script>"
    shown = replace(board(), title=evil, notes=(Sentence(evil),), alt=f'"{evil}')
    words = replace(shown.words, actual=evil)
    page = html_brief(open_reader("en"), replace(shown, words=words))
    assert "<script>alert" not in page


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("full", [False, True], ids=["usual", "crowded"])
def test_the_document_is_one_page_with_its_font(language: Language, full: bool) -> None:
    shown = crowded(language) if full else board(language)
    document = pypdf.PdfReader(io.BytesIO(pdf_brief(open_reader(language), shown)))
    [page] = document.pages
    text = page.extract_text().replace("\n", "").replace(" ", "")
    assert shown.title[:20].replace(" ", "") in text
    assert shown.signals[0].text[:30].replace(" ", "") in text
    assert (document.metadata or {})["/Title"] == shown.title
    fonts = page["/Resources"]["/Font"].values()  # type: ignore[index]
    used = [font.get_object() for font in fonts]
    assert any(
        "/FontFile2" in font["/FontDescriptor"].get_object() for font in used if "/FontDescriptor" in font
    )
    assert "/XObject" not in page["/Resources"], "the chart is made of lines, not of pixels"


def test_letters_that_the_font_lacks_are_no_error() -> None:
    shown = replace(board(), title="Zażółć ﬁnance ☃ 予測 𝛼")
    assert pdf_brief(open_reader("en"), shown).startswith(b"%PDF")


@pytest.mark.parametrize(
    ("form", "begins", "media_type"),
    [
        ("pdf", b"%PDF-", "application/pdf"),
        ("html", b"<!DOCTYPE html>", "text/html"),
        ("xlsx", b"PK", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("csv", b"ds,y,", "text/csv"),
    ],
)
def test_every_format_is_what_its_name_and_media_type_say(
    form: ExportFormat, begins: bytes, media_type: str
) -> None:
    export = export_board(open_reader("en"), board(), form, date(2026, 11, 20))
    assert export.name == f"2026-11-20-adventureworks_daily-en.{form}"
    assert export.media_type == media_type
    assert export.make().startswith(begins)


def test_the_picture_is_one() -> None:
    assert png_chart(board("ja")).startswith(b"\x89PNG")


def test_without_a_browser_a_sentence_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BROWSER_PATH", str(tmp_path / "nothing"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoPicture, match="needs Chromium"):
        png_chart(board())
