"""The Endpoints page: the wall, and one endpoint's health, logs, keys and deletion."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backend import deployments, environments, models, scripts, services
from backend.demonstration import ENDPOINT
from backend.deployments import DeploymentRequest
from dashboard import reads
from dashboard.i18n import LANGUAGES, Language, open_reader
from tests.dashboard.conftest import OpenPage, until_ended
from tests.dashboard.pages import said

if TYPE_CHECKING:
    from streamlit.testing.v1 import AppTest

    from backend.application import Application

pytestmark = pytest.mark.usefixtures("demonstration")


def open_tab(at: AppTest, language: Language, name: str) -> None:
    """Open a tab of the endpoint's page."""
    at.session_state["endpoint_tabs"] = open_reader(language).t(f"endpoints.tab.{name}")
    at.run()
    assert not at.exception


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_wall_shows_state_model_and_size(open_page: OpenPage, language: Language) -> None:
    at = open_page("endpoints", language)
    reader = open_reader(language)
    text = said(at).replace("\\", "")
    assert ENDPOINT in text
    assert reader.t("state.Healthy") in text
    assert reader.t("deploy.size_sentence", cores="1", memory="1") in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_card_opens_the_endpoint_and_its_address_can_be_shared(
    open_page: OpenPage, application: Application, language: Language
) -> None:
    at = open_page("endpoints", language)
    at.button(key=f"open_{ENDPOINT}").click().run()
    assert at.query_params["endpoint"] == ENDPOINT
    uri = services.get_endpoint(application.workspace(), ENDPOINT).scoring_uri
    assert uri in [code.value for code in at.code]
    assert open_reader(language).t("limits.memory.watchdog") in said(at)
    shared = open_page("endpoints", language, endpoint=ENDPOINT)
    assert shared.title[0].value.replace("\\", "") == ENDPOINT
    shared.button(key="endpoint_back").click().run()
    assert shared.title[0].value != ENDPOINT


@pytest.mark.parametrize("language", LANGUAGES)
def test_logs_are_searched_and_downloaded(open_page: OpenPage, language: Language) -> None:
    at = open_page("endpoints", language, endpoint=ENDPOINT)
    open_tab(at, language, "logs")
    everything = at.code[0].value
    assert "azmlinfsrv" in everything
    at.text_input(key=f"log_{ENDPOINT}_search").set_value("WORKER count").run()
    found = at.code[0].value.strip().splitlines()
    assert set(found) == {"Worker Count: 1"}  # once a start
    labels = [element.proto.label for element in at.get("download_button")]
    assert labels == [open_reader(language).t("log.download")]


@pytest.mark.parametrize("language", LANGUAGES)
def test_keys_reach_the_browser_only_when_asked_for(
    open_page: OpenPage, application: Application, language: Language
) -> None:
    keys = services.keys(application.workspace(), ENDPOINT)
    at = open_page("endpoints", language, endpoint=ENDPOINT)
    open_tab(at, language, "keys")
    assert keys.primary not in said(at)
    assert keys.secondary not in said(at)
    at.toggle(key=f"keys_show_primary_{ENDPOINT}").set_value(True).run()
    assert keys.primary in said(at)
    assert keys.secondary not in said(at)


def test_one_key_is_regenerated_and_the_other_stays(open_page: OpenPage, application: Application) -> None:
    before = services.keys(application.workspace(), ENDPOINT)
    at = open_page("endpoints", endpoint=ENDPOINT)
    open_tab(at, "en", "keys")
    at.button(key=f"keys_regenerate_secondary_{ENDPOINT}").click().run()
    after = services.keys(application.workspace(), ENDPOINT)
    assert after.primary == before.primary
    assert after.secondary != before.secondary
    assert "Secondary key" in at.success[0].value
    assert after.secondary not in said(at)


@pytest.mark.parametrize("language", LANGUAGES)
def test_deleting_needs_the_name(open_page: OpenPage, application: Application, language: Language) -> None:
    name = f"short-lived-{language}"
    workspace = application.workspace()
    model = models.list_models(workspace)[0]
    specification = environments.read(environments.ENVS / "scoring.yml")
    request = DeploymentRequest(
        name,
        model.name,
        model.version,
        scripts.bundled_script(),
        specification,
        0.5,
        0.5,
        authentication=False,
    )
    deployments.start_deployment(application, request)
    assert until_ended(application, name).state == "succeeded"
    reads.forget()
    at = open_page("endpoints", language, endpoint=name)
    open_tab(at, language, "keys")
    assert at.info[0].value == open_reader(language).t("keys.none")
    open_tab(at, language, "delete")
    at.text_input(key="endpoint_typed").set_value(f"{name}x").run()
    assert at.button(key="endpoint_delete").disabled
    at.text_input(key="endpoint_typed").set_value(name).run()
    at.button(key="endpoint_delete").click().run()
    assert not at.exception
    assert name not in [endpoint.name for endpoint in services.list_endpoints(workspace)]
    assert name not in at.query_params.get("endpoint", "")


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_endpoint_that_is_gone_is_said_to_be(open_page: OpenPage, language: Language) -> None:
    at = open_page("endpoints", language, endpoint="long-gone")
    assert at.warning[0].value.replace("\\", "") == open_reader(language).t(
        "endpoints.gone", name="long-gone"
    )
    assert ENDPOINT in said(at).replace("\\", "")
