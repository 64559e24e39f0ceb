"""The executive view in a real browser: a click on the chart, a slider by the keyboard, what axe finds."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from backend.demonstration import DAILY
from dashboard.i18n import LANGUAGES, Language, open_reader
from tests.browser.conftest import OpenPage, screenshot, settle

pytestmark = pytest.mark.browser
AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
# Streamlit writes what is chosen in the primary colour and a primary button's words in white on it; on
# a dark page no colour has 4.5 to both.
CHOSEN = [
    '[data-selected="true"]',
    '[role="tab"][aria-selected="true"]',
    '[data-testid="stSliderThumbValue"]',
]


def chart(page: Page) -> Any:
    drawn = page.locator(".st-key-forecast_chart .js-plotly-plot .main-svg").first
    expect(drawn).to_be_visible()
    return page.locator(".st-key-forecast_chart .nsewdrag").first


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_click_on_a_point_opens_where_it_comes_from(open_page: OpenPage, language: Language) -> None:
    page = open_page(language=language)
    box = chart(page).bounding_box()
    page.mouse.move(box["x"] + 0.88 * box["width"], box["y"] + 0.5 * box["height"])
    expect(page.locator(".st-key-forecast_chart .hoverlayer .legend")).to_be_visible()
    page.mouse.down()
    page.mouse.up()
    opened = page.locator(".st-key-provenance")
    expect(opened).to_contain_text(DAILY.name)
    screenshot(page, f"provenance-{language}")
    link = opened.get_by_role("link")
    expect(link).to_contain_text(open_reader(language).t("provenance.endpoint", name=DAILY.name))
    link.click()
    settle(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text(DAILY.name)


def test_the_slider_moves_by_the_keyboard(open_page: OpenPage) -> None:
    page = open_page()
    page.get_by_role("tab", name=open_reader("en").t("more.time_machine")).click()
    slider = page.get_by_role("slider")
    slider.focus()
    sentence = page.get_by_text("On 25 May 2014 we expected")
    expect(sentence).to_be_visible()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_text("On 18 May 2014 we expected")).to_be_visible()
    expect(sentence).to_have_count(0)


def test_dragging_over_the_chart_chooses_a_period(open_page: OpenPage) -> None:
    page = open_page()
    box = chart(page).bounding_box()

    def shown() -> list[str]:
        found: list[str] = page.evaluate(
            "document.querySelector('.st-key-forecast_chart .js-plotly-plot')._fullLayout.xaxis.range"
        )
        return found

    before = shown()
    middle = box["y"] + 0.5 * box["height"]
    page.mouse.move(box["x"] + 0.3 * box["width"], middle)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.6 * box["width"], middle, steps=8)
    page.mouse.up()
    page.wait_for_function(
        "before => document.querySelector('.st-key-forecast_chart .js-plotly-plot')"
        "._fullLayout.xaxis.range[0] !== before",
        arg=before[0],
    )
    after = shown()
    assert before[0] < after[0] < after[1] < before[1]


def test_a_shared_address_has_no_way_to_change_anything(open_page: OpenPage) -> None:
    page = open_page("?view=read&range=28&lang=ja#")
    chart(page)
    expect(page.get_by_role("link", name=open_reader("ja").t("models.page"))).to_have_count(0)
    expect(page.locator(".st-key-actuals_panel")).to_have_count(0)
    screenshot(page, "shared-view")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_nothing(open_page: OpenPage, language: Language, theme: str) -> None:
    page = open_page(language=language, theme=theme)
    chart(page)
    page.get_by_role("tab", name=open_reader(language).t("more.time_machine")).click()
    expect(page.locator(".st-key-time_machine_chart .main-svg").first).to_be_visible()
    settle(page)
    page.evaluate(AXE)
    exclude = [[chosen] for chosen in CHOSEN] if theme == "dark" else []
    found = page.evaluate("([exclude, rules]) => axe.run({exclude}, {runOnly: rules})", arg=[exclude, RULES])
    told = [
        (violation["id"], node["target"], node["failureSummary"])
        for violation in found["violations"]
        for node in violation["nodes"]
    ]
    assert not told
