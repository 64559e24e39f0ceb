"""The menu that takes a board away: a file is made when it is asked for, and not before."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.components.take_away import DOCUMENTS
from dashboard.i18n import LANGUAGES, Language, open_reader
from tests.dashboard.board_examples import board

if TYPE_CHECKING:
    from streamlit.runtime.media_file_manager import MediaFileManager

LINK = "http://localhost:8501/?view=read"
MENU = """
import streamlit as st
from streamlit.runtime import get_instance

from dashboard.components.take_away import show_take_away
from dashboard.i18n import open_reader

st.session_state["files"] = get_instance().media_file_mgr
show_take_away(open_reader({language!r}), st.session_state["board"], {link!r})
"""


def menu(language: Language = "en", **changed: Any) -> AppTest:
    """The menu as who only reads has it, which has no line about the scheduled brief."""
    at = AppTest.from_string(MENU.format(language=language, link=LINK), default_timeout=30)
    at.query_params["view"] = "read"
    at.session_state["board"] = board(language, **changed)
    at.session_state["take_away"] = True
    at.run()
    assert not at.exception, at.exception
    return at


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_file_is_made_on_a_click_and_not_before(language: Language) -> None:
    at = menu(language)
    buttons = {button.key: button for button in at.download_button}
    assert list(buttons) == [f"take_away_{form}" for form in DOCUMENTS]
    assert [button.proto.url for button in buttons.values()] == [""] * len(DOCUMENTS)
    files: MediaFileManager = at.session_state["files"]
    for form in ("csv", "pdf"):
        button = buttons[f"take_away_{form}"]
        assert button.label == open_reader(language).t(f"brief.{form}")
        assert re.search(rf"\.{form}$", files.execute_deferred(button.proto.deferred_file_id))
    assert at.code[0].value == LINK


def test_a_board_that_cannot_be_made_into_files_is_no_reason_not_to_show_the_menu() -> None:
    at = menu(figures=None, lines=None, days=None, accuracy=None)
    assert len(at.download_button) == len(DOCUMENTS)


def test_a_picture_is_drawn_when_it_is_asked_for() -> None:
    at = menu("ja")
    at.button(key="take_away_png").click().run()
    ready = at.download_button(key="take_away_png_ready")
    assert ready.label == open_reader("ja").t("brief.png_ready")
    assert ready.proto.url.endswith(".png")
    assert not at.error


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_a_browser_the_picture_is_a_sentence(
    language: Language, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("BROWSER_PATH", str(tmp_path / "nothing"))
    monkeypatch.setenv("PATH", str(tmp_path))
    at = menu(language)
    at.button(key="take_away_png").click().run()
    (told,) = at.error
    assert "Chromium" in told.value
    assert len(at.download_button) == len(DOCUMENTS)
