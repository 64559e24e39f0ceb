"""What stands on an endpoint's card and page: what it costs, how idle it is, until when it is wanted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from streamlit.testing.v1 import AppTest

from backend import services
from backend.demonstration import ENDPOINT, MODEL
from backend.expiry import EXPIRES, expiry_of, set_expiry
from backend.models import get_model
from backend.scripts import bundled_script
from backend.services import get_endpoint
from dashboard import reads
from dashboard.i18n import LANGUAGES, Language, open_reader
from tests.dashboard.conftest import deploy_small
from tests.dashboard.pages import TIMEOUT_SECONDS, said

if TYPE_CHECKING:
    from backend.application import Application

pytestmark = pytest.mark.usefixtures("demonstration")


def lines_of_an_endpoint() -> None:
    """The components as a page of their own, of the endpoint that the address names."""
    import streamlit as st

    from dashboard import reads
    from dashboard.components.costs import cost_line, idle_line, show_idle
    from dashboard.components.expiry import show_expired, show_expiry
    from dashboard.session import reader, settle_language

    settle_language()
    show_expired(reader(), reads.endpoints())
    show_idle(reader(), reads.endpoints())
    found = {endpoint.name: endpoint for endpoint in reads.endpoints()}
    endpoint = found.get(st.query_params["endpoint"]) if "endpoint" in st.query_params else None
    if endpoint is not None:
        st.markdown(cost_line(reader(), endpoint))
        st.markdown(idle_line(reader(), endpoint) or "in use")
        show_expiry(reader(), endpoint)


def opened(name: str, language: Language = "en") -> AppTest:
    reads.forget()
    at = AppTest.from_function(lines_of_an_endpoint, default_timeout=TIMEOUT_SECONDS)
    at.query_params["lang"] = language
    at.query_params["endpoint"] = name
    at.run()
    assert not at.exception, at.exception
    return at


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_an_endpoint_has_cost_is_told_as_an_estimate(
    application: Application, language: Language
) -> None:
    created = get_endpoint(application.workspace(), ENDPOINT).created
    assert created is not None
    reader = open_reader(language)
    second = 1.2 * 0.0000113 + 2.0 * 0.00000125  # 1.2 cores and 2 GB with the platform's own
    before = (datetime.now(UTC) - created).total_seconds()
    told = said(opened(ENDPOINT, language))
    after = (datetime.now(UTC) - created).total_seconds()
    assert reader.money(second * 730 * 3600, 2) in told
    # While the page was read, it may have become a cent more.
    so_far = {reader.money(second * passed, 2) for passed in (before, after)}
    assert any(amount in told for amount in so_far)
    assert "in use" in told


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_time_is_set_counted_down_and_taken_back(application: Application, language: Language) -> None:
    reader = open_reader(language)
    at = opened(ENDPOINT, language)
    assert reader.t("expiry.none") in said(at)
    at.segmented_control(key=f"expiry_{ENDPOINT}_days").set_value(3)
    at.button(key=f"expiry_{ENDPOINT}_set").click().run()
    assert not at.exception
    moment = expiry_of(get_endpoint(application.workspace(), ENDPOINT))
    assert moment is not None
    assert abs(moment - datetime.now(UTC) - timedelta(days=3)) < timedelta(minutes=2)
    told = said(at).replace("\\", "")
    assert reader.t("expiry.left_days", days=2, moment="").split("2")[0] in told
    at.button(key=f"expiry_{ENDPOINT}_keep").click().run()
    assert EXPIRES not in get_endpoint(application.workspace(), ENDPOINT).tags


def test_one_whose_time_is_over_goes_on_until_somebody_says_so(application: Application) -> None:
    workspace = application.workspace()
    deploy_small(application, "for-a-show", get_model(workspace, MODEL, 1), bundled_script())
    set_expiry(workspace, "for-a-show", datetime.now(UTC) - timedelta(hours=1))
    at = opened("for-a-show")
    assert at.warning[0].value.replace("\\", "") == open_reader("en").t(
        "expiry.names_over", names="for-a-show"
    )
    assert "that is over" in said(at)
    assert get_endpoint(workspace, "for-a-show").state == "Healthy"
    at.button(key="expiry_for-a-show_retire").click().run()
    assert not at.exception
    assert "for-a-show" not in {endpoint.name for endpoint in services.list_endpoints(workspace)}
