"""A script of one's own, written in the browser: what is told about it while it is written."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from dashboard.i18n import open_reader
from tests.browser.conftest import OpenPage, screenshot, settle

pytestmark = pytest.mark.browser
WORDS = open_reader("en")


def write(page: Page, text: str) -> None:
    """Replace what the editor holds."""
    page.locator(".code-editor .ace_content").click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(text)


def test_a_script_is_written_checked_and_replaced_by_an_upload(open_page: OpenPage) -> None:
    page = open_page("deploy")
    page.locator(".st-key-deploy_next_model").get_by_role("button").click()
    settle(page)
    page.get_by_text(WORDS.t("deploy.script.own"), exact=True).click()
    editor = page.locator(".code-editor .ace_content")
    expect(editor).to_contain_text("import joblib")
    main = page.get_by_test_id("stMain")
    expect(main).to_contain_text("imports joblib")  # the environment that is chosen at first has none
    write(page, "def init():\n    pass\n")
    expect(main).to_contain_text(WORDS.t("error.script.no_function", missing="run()"))
    settle(page)
    screenshot(page, "script-editor-refused")
    write(page, "def init():\n    pass\n\n\ndef run(raw):\n    return raw\n")
    expect(main).to_contain_text(WORDS.t("script.no_findings"))
    loaded = b"import prophet\n\n\ndef init():\n    pass\n\n\ndef run(raw):\n    return raw\n"
    page.locator(".st-key-deploy_script_file input[type=file]").set_input_files(
        {"name": "team.py", "mimeType": "text/x-python", "buffer": loaded}
    )
    expect(editor).to_contain_text("import prophet")
    expect(main).to_contain_text("Line 1 imports prophet")
    settle(page)
    screenshot(page, "script-editor-loaded")


def test_the_keyboard_passes_the_editor(open_page: OpenPage) -> None:
    page = open_page("deploy")
    page.locator(".st-key-deploy_next_model").get_by_role("button").click()
    settle(page)
    page.get_by_text(WORDS.t("deploy.script.own"), exact=True).click()
    expect(page.locator(".code-editor .ace_content")).to_contain_text("import joblib")
    page.locator(".st-key-deploy_script_file button").first.focus()
    inside = "document.activeElement.closest('.code-editor') !== null"
    visited = []
    for _ in range(8):
        page.keyboard.press("Tab")
        visited.append(page.evaluate(inside))
    assert True in visited, "the editor can be reached"
    assert visited[-1] is False, "and left"
