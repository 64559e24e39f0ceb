"""How right we were, what to know and the comparison, on a page of their own: drawn from real forecasts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from streamlit.testing.v1 import AppTest

from backend.errors import EndpointUnavailable
from dashboard.i18n import open_reader
from tests.dashboard.forecast_parts import NAMES, SERIES, views

if TYPE_CHECKING:
    from dashboard.i18n import Language, Reader


def draw(language: Language = "en", **chosen: object) -> AppTest:
    """The parts with some of the views; nothing may go wrong."""

    def page() -> None:
        from tests.dashboard.forecast_parts import show

        show()

    at = AppTest.from_function(page, default_timeout=30)
    at.session_state["parts"] = {"language": language, **chosen}
    at.run()
    assert not at.exception, at.exception
    return at


def written(at: AppTest) -> str:
    return "\n".join(element.value for element in (*at.markdown, *at.caption, *at.subheader)).replace(
        "\\", ""
    )


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_stale_model_is_told_with_what_to_do(language: Language) -> None:
    at = draw(language, shown=NAMES[0])
    reader: Reader = open_reader(language)
    text = written(at)
    assert reader.t("signal.group-error_advice").replace("\\", "") in text
    assert reader.date(SERIES.origin) in text
    for key in ("accuracy.title", "calibration.title", "calibration.misses", "comparison.title"):
        assert reader.t(key) in text
    [table] = [text.value for text in at.markdown if text.value.startswith("| ")]
    heads = table.splitlines()[0].strip("| ").split(" | ")
    assert len(heads) == 1 + 3
    assert reader.t("calibration.lead.D.22_28") in heads[3]


def test_comparing_with_another_endpoint_asks_for_that_one_alone() -> None:
    at = draw(shown=NAMES[0])
    options = at.selectbox(key="comparison_with").options
    assert options == ["about a month ago", NAMES[1]]
    assert at.session_state["asked"] == []
    at.selectbox(key="comparison_with").select(NAMES[1]).run()
    assert not at.exception, at.exception
    assert at.session_state["asked"] == [NAMES[1]]
    assert f"{NAMES[1]} was closer on" in written(at)


def test_about_a_month_ago() -> None:
    text = written(draw(shown=NAMES[1]))
    assert "On 4 May 2014 we expected $" in text
    assert "days that have come since 4 May 2014, that forecast missed by $" in text


def test_nothing_to_compare_with_is_calm() -> None:
    at = draw(shown=NAMES[0], past=0, others=())
    assert open_reader("en").t("comparison.nothing") in written(at)
    assert not [box for box in at.selectbox if box.key == "comparison_with"]


def test_no_forecast_that_can_be_judged_is_calm() -> None:
    at = draw(shown=NAMES[0], past=0)
    assert open_reader("en").t("accuracy.none") in written(at)
    assert not any(text.value.startswith("| ") for text in at.markdown)


def test_another_endpoint_that_is_down_or_knows_nothing() -> None:
    down = EndpointUnavailable("It is down.", code="endpoint.unavailable")
    at = draw(shown=NAMES[0], past=0, other=replace(views()[NAMES[1]], live=False, problem=down))
    assert "its last stored forecasts are shown" in written(at)
    empty = replace(views()[NAMES[1]], future=None, past=())
    at = draw(shown=NAMES[0], past=0, other=empty)
    assert f"{NAMES[1]} has no forecast of these actuals." in written(at)
