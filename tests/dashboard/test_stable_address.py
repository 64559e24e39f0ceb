"""The stable address and its revisions on an endpoint's page, as a person acts on them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import delete
from streamlit.testing.v1 import AppTest

from backend import environments, revisions
from backend.addresses import Route
from backend.application import Application
from backend.demonstration import ENDPOINT, MODEL
from backend.deployments import DeploymentRequest
from backend.gateway import process as gateway
from backend.gateway.keys import KeyFile
from backend.history.schema import address_revisions
from backend.jobs import Job
from backend.scripts import bundled_script
from dashboard import reads
from dashboard.i18n import LANGUAGES, Language, open_reader
from tests.conftest import wait_for
from tests.dashboard.pages import TIMEOUT_SECONDS, said

pytestmark = pytest.mark.usefixtures("demonstration")
ADDRESS = "page-address"


def parts_of_an_endpoint() -> None:
    """The components as a page of their own, of the endpoint that the address names."""
    import streamlit as st

    from dashboard import reads
    from dashboard.components.endpoint_revisions import show_revisions
    from dashboard.components.stable_address import show_stable_address
    from dashboard.session import reader, settle_language

    settle_language()
    found = {endpoint.name: endpoint for endpoint in reads.endpoints()}
    show_stable_address(reader(), found[st.query_params["endpoint"]])
    show_revisions(reader(), found[st.query_params["endpoint"]])


def opened(language: Language = "en") -> AppTest:
    reads.forget()
    at = AppTest.from_function(parts_of_an_endpoint, default_timeout=TIMEOUT_SECONDS)
    at.query_params["lang"] = language
    at.query_params["endpoint"] = ENDPOINT
    at.run()
    assert not at.exception, at.exception
    return at


@pytest.fixture(scope="module", autouse=True)
def _gateway_ends(application: Application) -> Iterator[None]:
    _forget_addresses(application)
    yield
    gateway.stop(application.settings)
    _forget_addresses(application)


@pytest.fixture(scope="module")
def kept(application: Application, demonstration: Job) -> int:
    """What the demonstration's endpoint was deployed with, kept."""
    request = DeploymentRequest(
        ENDPOINT,
        MODEL,
        1,
        bundled_script(),
        environments.read(environments.ENVS / environments.OURS),
        1.0,
        1.0,
    )
    return revisions.keep_deployment(application.history, request)


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_address_is_made_and_told(application: Application, kept: int, language: Language) -> None:
    at = opened(language)
    if not revisions.addresses_of(application.history, ENDPOINT):
        at.text_input(key=f"address_name_{ENDPOINT}").set_value(ADDRESS)
        at.button(key=f"address_create_{ENDPOINT}").click().run()
        assert not at.exception, at.exception
        assert [one.address for one in revisions.addresses(application.history)] == [ADDRESS]
        at = opened(language)
    running = gateway.find_running(application.settings)
    assert running is not None
    shown = [block.value for block in at.code]
    assert f"{running.url}/{ADDRESS}/score" in shown
    assert not [text for text in shown if text == _key(application)]
    at.toggle(key=f"address_key_{ADDRESS}").set_value(True).run()
    assert _key(application) in [block.value for block in at.code]
    assert ENDPOINT in said(at).replace("\\", "")


def test_the_form_begins_with_the_size_it_has_and_a_revision_is_gone_back_to(
    application: Application, kept: int
) -> None:
    if revisions.current(application.history, ADDRESS) is None:
        revisions.create_address(application.history, ADDRESS, ENDPOINT)
    revisions.record(application.history, ADDRESS, "share", [Route(ENDPOINT)])
    at = opened()
    cores = at.number_input(key=f"resize_cpu_{ADDRESS}")
    assert (cores.min, cores.max, cores.value) == (0.1, 4.0, 1.0)
    at.button(key=f"rollback_{ADDRESS}_1").click().run()
    assert not at.exception, at.exception
    job = application.jobs.latest("replace", ADDRESS)
    assert job is not None
    ended = wait_for(application, job)
    assert ended.state == "succeeded", ended.error
    after = revisions.current(application.history, ADDRESS)
    assert after is not None
    assert after.change == "rollback"
    at = opened()
    assert open_reader("en").t("revisions.change.rollback") in said(at)
    assert [block.value for block in at.success] == [
        open_reader("en").t("address.changed", endpoint=ENDPOINT)
    ]


def _forget_addresses(application: Application) -> None:
    """The run's store is shared with other tests."""
    with application.history.engine.begin() as connection:
        connection.execute(delete(address_revisions))


def _key(application: Application) -> str:
    return KeyFile(gateway.folder_of(application.settings)).keys().primary
