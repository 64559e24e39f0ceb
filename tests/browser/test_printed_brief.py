"""The brief as a browser opens and prints it."""

from __future__ import annotations

import io
import unicodedata
from pathlib import Path

import pypdf
import pytest
from playwright.sync_api import Browser, expect

from dashboard.brief.html import html_brief
from dashboard.i18n import LANGUAGES, Language, open_reader
from tests.dashboard.board_examples import board
from tests.dashboard.test_brief import crowded

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_prints_on_one_page_and_asks_nobody(browser: Browser, tmp_path: Path, language: Language) -> None:
    path = tmp_path / "brief.html"
    path.write_text(html_brief(open_reader(language), board(language)), encoding="utf-8")
    page = browser.new_context().new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    expect(page.locator("#chart .main-svg").first).to_be_visible()
    expect(page.get_by_role("img", name=board(language).alt)).to_be_visible()
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    printed = pypdf.PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True, print_background=True)))
    assert len(printed.pages) == 1
    page.context.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_crowded_brief_prints_on_one_page_with_its_last_word(
    browser: Browser, tmp_path: Path, language: Language
) -> None:
    path = tmp_path / "brief.html"
    path.write_text(html_brief(open_reader(language), crowded(language)), encoding="utf-8")
    page = browser.new_context().new_page()
    page.goto(path.as_uri())
    expect(page.locator("#chart .main-svg").first).to_be_visible()
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 703, "height": 1000})  # 186 mm, what A4 leaves inside its margins
    assert page.evaluate("(box => box.scrollHeight <= box.clientHeight)(document.querySelector('.page'))")
    assert page.evaluate("document.querySelector('.drawing').getBoundingClientRect().height") > 100
    printed = pypdf.PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True, print_background=True)))
    [paper] = printed.pages
    # Chromium writes some Japanese letters as their look-alikes among the radicals.
    text = "".join(unicodedata.normalize("NFKC", paper.extract_text()).split())
    assert "".join(open_reader(language).t("brief.footer").split()) in text
    page.context.close()


def test_without_scripts_the_drawing_is_there(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "brief.html"
    path.write_text(html_brief(open_reader("en"), board("en")), encoding="utf-8")
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(path.as_uri())
    expect(page.get_by_role("img", name=board("en").alt)).to_be_visible()
    expect(page.locator(".drawing svg")).to_be_visible()
    page.context.close()


def test_a_finger_reads_it_too(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "brief.html"
    path.write_text(html_brief(open_reader("ja"), crowded("ja")), encoding="utf-8")
    page = browser.new_context(viewport={"width": 390, "height": 844}).new_page()
    page.goto(path.as_uri())
    expect(page.locator("#chart .main-svg").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.context.close()
