"""The notes below the chart: pinned by one reader, seen by another, removed by anyone."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

import pytest
from streamlit.testing.v1 import AppTest

from backend.notes import Note
from dashboard.i18n import open_reader
from dashboard.notes_words import note_days, note_text

if TYPE_CHECKING:
    from backend.series_calendar import Frequency
    from backend.settings import Settings
    from dashboard.i18n import Language

ENGLISH, JAPANESE = open_reader("en"), open_reader("ja")
NOTE = Note(
    1, "daily", datetime(2014, 5, 24), datetime(2014, 5, 26), "Sale", "campaign", True, datetime.now(UTC)
)
PANEL = """
from dashboard.components.notes import show_notes
from dashboard.i18n import open_reader
from tests.dashboard.series_examples import daily
series = daily([float(value) for value in range(60)], name={name!r}, frequency={frequency!r})
show_notes(open_reader({language!r}), series)
"""


def panel(name: str, language: Language = "en", frequency: Frequency = "D") -> AppTest:
    """The notes of a series in a session of its own."""
    script = PANEL.format(name=name, language=language, frequency=frequency)
    at = AppTest.from_string(script, default_timeout=30).run()
    assert not at.exception, at.exception
    return at


@pytest.fixture
def name(settings: Settings) -> str:
    """The name of a series that no other test pins notes to."""
    return f"daily-{uuid.uuid4().hex}"


def lines(at: AppTest) -> list[str]:
    return [element.value for element in at.markdown]


def test_a_note_is_pinned_for_everyone_and_anyone_removes_it(name: str) -> None:
    at = panel(name)
    assert [caption.value for caption in at.caption] == [ENGLISH.t("notes.none")]
    at.date_input(key="notes_days_0").set_value((date(2014, 5, 24), date(2014, 5, 26)))
    at.text_input(key="notes_text_0").input("Sale of *spring* $5")
    at.toggle(key="notes_exclude_0").set_value(True)
    at.button(key="notes_save_0").click().run()
    assert not at.exception, at.exception
    assert [toast.value for toast in at.toast] == [
        "The note on 24 May 2014 to 26 May 2014 is pinned for everyone."
    ]
    assert at.text_input(key="notes_text_1").value == ""
    said = ":material/campaign: **24 May 2014 to 26 May 2014** · Campaign · Sale of \\*spring\\* \\$5"
    assert f"{said} :gray-badge[left out of the figures]" in lines(at)

    other = panel(name, "ja")
    assert any(
        "2014年5月24日〜2014年5月26日" in line and "精度の計算から除外" in line for line in lines(other)
    )
    (remove,) = [button for button in other.button if button.label == "削除"]
    remove.click().run()
    assert [toast.value for toast in other.toast] == ["2014年5月24日〜2014年5月26日のメモを削除しました。"]
    assert [caption.value for caption in other.caption] == [JAPANESE.t("notes.none")]
    (late,) = [button for button in at.button if button.label == "Remove"]
    late.click().run()
    assert not at.exception
    assert not [button for button in at.button if button.label == "Remove"]


def test_a_note_without_words_is_refused_and_what_was_chosen_stays(name: str) -> None:
    at = panel(name)
    at.date_input(key="notes_days_0").set_value((date(2014, 5, 3), date(2014, 5, 3)))
    at.button(key="notes_save_0").click().run()
    assert [error.value for error in at.error] == ["A note needs between 1 and 200 characters."]
    assert at.date_input(key="notes_days_0").value == (date(2014, 5, 3), date(2014, 5, 3))


def test_a_note_on_weeks_is_pinned_to_the_weeks_of_the_series(name: str) -> None:
    at = panel(name, frequency="W")
    begin, end = at.selectbox(key="notes_first_0"), at.selectbox(key="notes_last_0")
    assert begin.options[0] == "1 January 2010"
    assert begin.value == end.value
    begin.select("4 February 2011")
    at.text_input(key="notes_text_0").input("Strike")
    at.button(key="notes_save_0").click().run()
    assert any("**4 February 2011 to 18 February 2011** · Campaign · Strike" in line for line in lines(at))


def test_the_days_of_a_note_are_told_with_hours_only_where_they_matter() -> None:
    whole = replace(NOTE, last=datetime.combine(date(2014, 5, 24), time.max))
    assert note_days(ENGLISH, whole, "h") == note_days(ENGLISH, replace(NOTE, last=NOTE.first), "D")
    assert note_days(ENGLISH, whole, "h") == "24 May 2014"
    part = replace(NOTE, first=datetime(2014, 5, 24, 9), last=datetime(2014, 5, 24, 11))
    assert note_days(ENGLISH, part, "h") == "24 May 2014, 09:00 to 24 May 2014, 11:00"
    assert note_text(ENGLISH, NOTE, "D") == "24 May 2014 to 26 May 2014: Sale (left out of the figures)"
    assert note_text(JAPANESE, replace(NOTE, excluded=False), "D") == "2014年5月24日〜2014年5月26日：Sale"
