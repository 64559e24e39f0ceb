"""Failures end to end: really deployed, really failed, read on the pages in both languages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from backend import deployments, environments, models, services
from backend.demonstration import ENDPOINT
from backend.deployments import DeploymentRequest
from backend.local.state import folder_of
from backend.scripts import Script
from dashboard.i18n import LANGUAGES, open_reader
from tests.dashboard.conftest import OpenPage, deploy_small, until_ended
from tests.dashboard.pages import said

if TYPE_CHECKING:
    from streamlit.testing.v1 import AppTest

    from backend.application import Application
    from backend.jobs import Job

pytestmark = pytest.mark.usefixtures("demonstration")

SCRIPT = "{first}\n\n\ndef init():\n    pass\n\n\ndef run(raw):\n    return raw\n"
FAILURES: dict[str, tuple[str, dict[str, Any], dict[str, str], str]] = {
    "init_raised": (
        "",
        {"entry": "failing_init"},
        {"exception": "RuntimeError"},
        "fault switch failing_init",
    ),
    "crash_loop": ("", {"entry": "crash_loop"}, {}, "ended 3 times within a minute"),
    "out_of_memory": ("", {"entry": "out_of_memory"}, {}, "exceeded memory_gb=0.5"),
    "quota": ("", {"quota_cores": 0.2}, {}, "quota 'StandardCores' exceeded"),
    "module_missing": ("import lightgbm", {}, {"module": "lightgbm"}, "No module named 'lightgbm'"),
}


@pytest.fixture
def ended(application: Application, request: pytest.FixtureRequest) -> Iterator[Job]:
    """A deployment that failed for the cause that the test names."""
    cause = request.param
    first, switches, _, _ = FAILURES[cause]
    faults = folder_of(application.settings.state_dir).faults
    name = f"doctor-{cause.replace('_', '-')}"
    model = models.list_models(application.workspace())[0]
    faults.write_text(json.dumps(switches))
    try:
        deployments.start_deployment(
            application,
            DeploymentRequest(
                service_name=name,
                model_name=model.name,
                model_version=model.version,
                script=Script("score.py", {"score.py": SCRIPT.format(first=first).encode()}),
                environment=environments.read(environments.ENVS / "scoring.yml"),
                cpu_cores=0.5,
                memory_gb=0.5,
            ),
        )
        yield until_ended(application, name)
    finally:
        faults.unlink()
        services.delete_endpoint(application.workspace(), name)


def failed_page(open_page: OpenPage, job: Job, language: Any) -> AppTest:
    """The Deploy page at the failure's end."""
    at = open_page("deploy", language)
    at.session_state["deploy_job"] = job.id
    at.run()
    assert not at.exception, at.exception
    return at


@pytest.mark.parametrize("ended", FAILURES, indirect=True)
def test_a_failure_is_cause_evidence_and_next_step_on_both_pages(
    open_page: OpenPage, ended: Job, request: pytest.FixtureRequest
) -> None:
    cause = request.node.callspec.params["ended"]
    _, _, details, evidence = FAILURES[cause]
    assert ended.state == "failed"
    for language in LANGUAGES:
        reader = open_reader(language)
        at = failed_page(open_page, ended, language)
        assert at.title[0].value.replace("\\", "") == reader.t("deploy.failed", name=ended.subject)
        assert at.error[0].value.replace("\\", "") == reader.t(f"diagnosis.{cause}", **details)
        assert reader.t(f"diagnosis_next.{cause}") in said(at).replace("\\", "")
        assert any(evidence in block.value for block in at.code[:1]), "the line that shows it"
        whole = json.loads(at.json[0].value)
        assert (whole["cause"], whole["code"]) == (cause, ended.error.code if ended.error else "")
        if cause == "quota":  # refused before there was an endpoint
            continue
        page = open_page("endpoints", language)
        page.query_params["endpoint"] = ended.subject
        page.run()
        assert not page.exception, page.exception
        assert page.error[0].value.replace("\\", "") == reader.t(f"diagnosis.{cause}", **details)


@pytest.mark.parametrize("ended", ["out_of_memory"], indirect=True)
def test_the_next_step_of_too_little_memory_is_the_form_with_more(open_page: OpenPage, ended: Job) -> None:
    at = failed_page(open_page, ended, "en")
    at.session_state["deploy_memory"] = 0.5
    at.run()
    at.button(key="deploy_failure_resize").click().run()
    assert not at.exception, at.exception
    assert at.title[0].value == open_reader("en").t("deploy.title")
    assert at.number_input(key="deploy_memory").value == 1.0
    assert at.text_input(key="deploy_name").value == ended.subject
    assert at.toggle(key="deploy_replace").value is True
    assert at.session_state["deploy_step_size"] is True


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_refused_request_is_read_on_try_it(open_page: OpenPage, language: Any) -> None:
    reader = open_reader(language)
    at = open_page("try_it", language)
    at.selectbox(key="try_endpoint").set_value(ENDPOINT).run()
    at.segmented_control(key="try_kind").set_value("raw").run()
    at.text_area(key="try_raw").set_value('{"horizon": 0}').run()
    at.button(key="try_send").click().run()
    assert not at.exception, at.exception
    assert at.error[0].proto.title == reader.t("try_it.refused")
    assert at.error[0].value.replace("\\", "") == reader.t("diagnosis.request_refused", status=400)
    assert "horizon" in at.code[0].value
    assert json.loads(at.json[0].value)["status"] == 400


@pytest.mark.parametrize("ended", ["out_of_memory"], indirect=True)
def test_the_endpoints_page_leads_to_the_form_with_more_memory(open_page: OpenPage, ended: Job) -> None:
    at = open_page("endpoints")
    at.query_params["endpoint"] = ended.subject
    at.run()
    at.button(key="endpoint_failure_resize").click().run()
    assert not at.exception, at.exception
    assert at.title[0].value == open_reader("en").t("deploy.title")
    assert at.number_input(key="deploy_memory").value == 1.0
    assert at.text_input(key="deploy_name").value == ended.subject
    assert at.toggle(key="deploy_replace").value is True


def test_a_script_that_raises_leads_from_try_it_to_its_log(
    application: Application, open_page: OpenPage
) -> None:
    name = "doctor-raises"
    script = SCRIPT.format(first="").replace("return raw", "raise ValueError('no such season')")
    model = models.list_models(application.workspace())[0]
    deploy_small(application, name, model, Script("score.py", {"score.py": script.encode()}))
    try:
        reader = open_reader("en")
        at = open_page("try_it")
        at.selectbox(key="try_endpoint").set_value(name).run()
        at.segmented_control(key="try_kind").set_value("raw").run()
        at.text_area(key="try_raw").set_value("{}").run()
        at.button(key="try_send").click().run()
        assert at.error[0].value == reader.t("diagnosis.run_raised")
        at.button(key="request_failure_log").click().run()
        assert not at.exception, at.exception
        assert at.title[0].value.replace("\\", "") == name
        assert "no such season" in said(at), "the log's tab is open"
    finally:
        services.delete_endpoint(application.workspace(), name)
