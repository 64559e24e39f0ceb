"""The plan's panel: brought by one reader, seen by another, taken off."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest
from streamlit.testing.v1 import AppTest

if TYPE_CHECKING:
    from backend.settings import Settings
    from dashboard.i18n import Language

PANEL = """
from dashboard.components.plan import show_plan
from dashboard.i18n import open_reader
show_plan(open_reader({language!r}), {series!r}, ["France/Bikes"])
"""
PARTS = "date,Country,Category,y\n2014-06-01,France,Bikes,10\n2014-06-01,Japan,Toys,20\n"

WRONG = b"ds,y\n2014-06-01,1\nlater,2\n2014-06-03,3\n"


def panel(series: str, language: Language = "en") -> AppTest:
    at = AppTest.from_string(PANEL.format(language=language, series=series), default_timeout=30).run()
    assert not at.exception, at.exception
    return at


@pytest.fixture
def series(settings: Settings) -> str:
    """The name of actuals that no other test brings a plan to."""
    return f"sales-{uuid.uuid4().hex}"


def test_a_plan_is_brought_for_everyone_and_taken_off(series: str) -> None:
    at = panel(series)
    at.file_uploader(key="plan_upload_0").upload("plan.csv", PARTS.encode(), "text/csv").run()
    assert not at.exception, at.exception
    assert [toast.value for toast in at.toast] == ["plan.csv is the plan now, for everyone."]
    other = panel(series, "ja")
    assert any("2 件、2014年6月1日〜2014年6月1日" in element.value for element in other.markdown)
    assert [warning.value for warning in other.warning] == [
        "計画の区分のうち 1 件は、データにありません：Japan/Toys"
    ]
    other.button(key="plan_remove").click().run()
    assert not other.markdown
    at.run()
    assert not at.markdown


def test_a_plan_that_cannot_be_read_names_its_row(series: str) -> None:
    at = panel(series)
    at.file_uploader(key="plan_upload_0").upload(
        "plan.csv", b"ds,y\n2014-06-01,1\nlater,2\n2014-06-03,3\n"
    ).run()
    (error,) = at.error
    assert error.value == "Row 3 of the plan has no date\\: “later”."
