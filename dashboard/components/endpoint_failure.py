"""Why an endpoint does not answer, and why it refused a request; the way to its log and its keys."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from backend.diagnosis import Failure, diagnose, failure_of_error
from dashboard.components.deploy_again import DEPLOY_PAGE, larger, prepare_form
from dashboard.components.deploy_steps import USUAL_SIZE
from dashboard.components.diagnosis import Step, open_tab, show_diagnosis, to_endpoint
from dashboard.components.feedback import cause

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backend.errors import YosokuError
    from backend.services import Endpoint
    from dashboard.i18n import Reader


def show_endpoint_failure(reader: Reader, endpoint: Endpoint) -> None:
    """The reason that the workspace gives for an endpoint's state, read; on the endpoint's own page."""
    reason = endpoint.error or ""
    failure = Failure(cause(reason), reason)
    log = Step(partial(open_tab, reader.t("endpoints.tab.logs")))
    memory = larger(endpoint.memory_gb or USUAL_SIZE)
    show_diagnosis(
        reader,
        failure,
        diagnose(failure),
        title=reader.t("endpoints.reason"),
        sentence="",  # the workspace's words are the evidence; they are in its language, not the reader's
        key="endpoint_failure",
        steps={
            "log": log,
            "read": log,
            "script": _deploy_again(endpoint, "script"),
            "environment": _deploy_again(endpoint, "script"),
            "resize": _deploy_again(endpoint, "size", deploy_memory=memory),
        },
    )


def show_request_failure(reader: Reader, name: str, error: YosokuError) -> None:
    """Why an endpoint gave no usable answer to a request."""
    failure = failure_of_error(error)
    show_diagnosis(
        reader,
        failure,
        diagnose(failure),
        title=reader.t("try_it.refused"),
        sentence=reader.error(error),
        key="request_failure",
        steps={
            "log": to_endpoint(name, reader.t("endpoints.tab.logs")),
            "read": to_endpoint(name, reader.t("endpoints.tab.logs")),
            "keys": to_endpoint(name, reader.t("endpoints.tab.keys")),
            "endpoints": to_endpoint(name),
        },
    )


def _deploy_again(endpoint: Endpoint, step: str, **values: object) -> Step:
    if endpoint.model_id:
        values["deploy_model"] = endpoint.model_id
    return Step(partial(_fill, endpoint.name, step, values), DEPLOY_PAGE)


def _fill(name: str, step: str, values: Mapping[str, object]) -> None:
    st.session_state.pop("deploy_job", None)  # the form, not the end of what was deployed before
    prepare_form(name, step, replace=True, **values)
