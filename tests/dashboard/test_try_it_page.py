"""The Try it page: a form and raw JSON, the answer as chart and JSON, the call in other languages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backend import services
from backend.demonstration import ENDPOINT
from dashboard.i18n import LANGUAGES, Language, open_reader
from tests.dashboard.conftest import OpenPage
from tests.dashboard.pages import figures, said

if TYPE_CHECKING:
    from backend.application import Application

pytestmark = pytest.mark.usefixtures("demonstration")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_request_from_the_form_is_answered_as_a_chart(open_page: OpenPage, language: Language) -> None:
    at = open_page("try_it", language)
    assert open_reader(language).t("try_it.no_answer") in said(at)
    at.number_input(key="try_horizon").set_value(14)
    at.button(key="try_send").click().run()
    assert not at.exception
    (figure,) = figures(at)
    forecast = next(
        trace for trace in figure["data"] if trace["name"] == open_reader(language).t("chart.forecast")
    )
    assert len(forecast["x"]) == 14
    assert '"origin"' in at.json[0].value


def test_actuals_sent_along_move_the_origin(open_page: OpenPage) -> None:
    at = open_page("try_it")
    at.toggle(key="try_history").set_value(True)
    at.button(key="try_send").click().run()
    assert '"2014-05-31"' in at.json[0].value


@pytest.mark.parametrize("language", LANGUAGES)
def test_raw_json_of_the_course_is_answered(open_page: OpenPage, language: Language) -> None:
    at = open_page("try_it", language)
    at.segmented_control(key="try_kind").set_value("raw").run()
    assert at.text_area(key="try_raw").value == '{"data": [3]}'
    at.button(key="try_send").click().run()
    assert '"result"' in at.json[0].value
    assert len(figures(at)) == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_bad_request_is_told_in_a_sentence(open_page: OpenPage, language: Language) -> None:
    at = open_page("try_it", language)
    at.segmented_control(key="try_kind").set_value("raw").run()
    at.text_area(key="try_raw").set_value('{"horizon": 999}').run()
    at.button(key="try_send").click().run()
    assert at.error[0].proto.title == open_reader(language).t("try_it.refused")
    assert "400" in at.error[0].value
    assert not figures(at)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_call_is_given_in_three_languages_without_the_key(
    open_page: OpenPage, application: Application, language: Language
) -> None:
    at = open_page("try_it", language)
    endpoint = services.get_endpoint(application.workspace(), ENDPOINT)
    keys = services.keys(application.workspace(), ENDPOINT)
    assert len(at.code) == 3
    for code in at.code:
        assert str(endpoint.scoring_uri) in code.value
        assert "ENDPOINT_KEY" in code.value
    assert keys.primary not in said(at)
