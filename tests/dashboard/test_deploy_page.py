"""The Deploy page: four steps, a summary, phases while it runs, the end in success or failure."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from backend import services
from backend.demonstration import ENDPOINT
from backend.errors import NotFound
from backend.phases import PHASES
from dashboard.i18n import LANGUAGES, Language, open_reader
from tests.dashboard.conftest import OpenPage, until_ended
from tests.dashboard.pages import COURSE_SCRIPT, FAILING_SCRIPT, figures, said

if TYPE_CHECKING:
    from streamlit.testing.v1 import AppTest

    from backend.application import Application

pytestmark = pytest.mark.usefixtures("demonstration")


def fill(at: AppTest, name: str, script: str) -> None:
    """A deployment of a team's own script, small."""
    at.segmented_control(key="deploy_script").set_value("own").run()
    at.file_uploader(key="deploy_script_file").upload("score_own.py", script.encode()).run()
    at.number_input(key="deploy_cpu").set_value(0.5)
    at.number_input(key="deploy_memory").set_value(0.5)
    at.text_input(key="deploy_name").set_value(name).run()
    assert not at.exception


def remember_quick_deployments(application: Application, name: str) -> None:
    """So many deployments whose init() took no time that nine in ten of all did."""
    begun = datetime.now(UTC) - timedelta(days=1)
    for number in range(40):
        values = {"kind": "deploy", "subject": name, "owner": "", "lines": [], "result": {}}
        events = [["start_init", begun.isoformat(), ""], ["healthy", begun.isoformat(), ""]]
        application.history.add_job(
            {"id": f"{name}-{number}", "state": "succeeded", "started": begun, "ended": begun}
            | values
            | {"events": events}
        )


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_is_chosen_and_explained_from_the_start(open_page: OpenPage, language: Language) -> None:
    at = open_page("deploy", language)
    reader = open_reader(language)
    assert at.title[0].value == reader.t("deploy.title")
    code = "\n".join(element.value for element in at.code)
    assert "def init()" in code
    assert "def run(" in code
    assert "argparse" in code, "the training code stands beside it"
    assert "dependencies:" in code
    assert "AZUREML_MODEL_DIR" in said(at)
    assert at.text_input(key="deploy_name").value == f"{ENDPOINT}-2", "a free name"
    assert not at.button(key="deploy_button").disabled


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_bad_name_is_told_with_its_bounds(open_page: OpenPage, language: Language) -> None:
    at = open_page("deploy", language)
    at.text_input(key="deploy_name").set_value("2Fast").run()
    assert open_reader(language).t("error.deployment.service_name", shortest=3, longest=32) in said(
        at
    ).replace("\\", "")
    assert at.button(key="deploy_button").disabled


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_taken_name_asks_whether_to_replace(open_page: OpenPage, language: Language) -> None:
    at = open_page("deploy", language)
    at.text_input(key="deploy_name").set_value(ENDPOINT).run()
    assert at.button(key="deploy_button").disabled
    at.toggle(key="deploy_replace").set_value(True).run()
    assert not at.button(key="deploy_button").disabled
    assert at.button(key="deploy_button").label == open_reader(language).t("deploy.replace_button")


def test_the_bounds_stand_beside_the_fields(open_page: OpenPage) -> None:
    at = open_page("deploy")
    assert "From 0.1 to 4 cores." in said(at)
    assert "From 0.1 to 16 GB." in said(at)
    cores = at.number_input(key="deploy_cpu")
    assert (cores.min, cores.max) == (0.1, 4.0)


def test_next_folds_a_step_and_opens_the_following(open_page: OpenPage) -> None:
    at = open_page("deploy")
    at.button(key="deploy_next_model").click().run()
    assert at.session_state["deploy_step_model"] is False
    assert at.session_state["deploy_step_script"] is True


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_script_or_yaml_that_cannot_be_used_is_refused(open_page: OpenPage, language: Language) -> None:
    at = open_page("deploy", language)
    reader = open_reader(language)
    at.segmented_control(key="deploy_script").set_value("own").run()
    # The editor begins with the template, which needs joblib; the environment chosen at first has none.
    assert reader.t(
        "script.not_in_environment", line=12, name="joblib", environment="yosoku-scoring"
    ) in said(at).replace("\\", "")
    assert not at.button(key="deploy_button").disabled
    at.selectbox(key="deploy_environment").set_value("arima-env").run()
    assert reader.t("script.no_findings") in said(at)
    at.file_uploader(key="deploy_script_file").upload("score.py", b"def init():\n  pass\n").run()
    assert at.error[0].value.replace("\\", "") == reader.t("error.script.no_function", missing="run()")
    at.segmented_control(key="deploy_script").set_value("bundled")
    at.selectbox(key="deploy_environment").set_value("own").run()
    at.text_area(key="deploy_yaml").set_value("name: [").run()
    assert reader.t("deploy.yaml_refused") == at.error[0].proto.title
    assert at.button(key="deploy_button").disabled


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_deployment_runs_is_left_found_again_and_succeeds(
    open_page: OpenPage, application: Application, tmp_path: Path, language: Language
) -> None:
    reader = open_reader(language)
    name = f"own-script-{language}"
    begin = tmp_path / "begin"
    at = open_page("deploy", language)
    fill(at, name, COURSE_SCRIPT.format(begin=str(begin), fail=str(tmp_path / "fail")))
    at.button(key="deploy_button").click().run()
    assert at.title[0].value.replace("\\", "") == reader.t("deploy.running", name=name)
    assert all(reader.t(f"phase.{phase}") in said(at) for phase in PHASES)
    at.button(key="deploy_leave").click().run()
    assert at.title[0].value == reader.t("deploy.title")
    again = open_page("deploy", language)
    assert again.title[0].value.replace("\\", "") == reader.t("deploy.running", name=name)
    begin.touch()
    job = until_ended(application, name)
    assert job.state == "succeeded", job.error
    again.run()
    assert name in again.title[0].value.replace("\\", "")
    uri = services.get_endpoint(application.workspace(), name).scoring_uri
    assert uri in [element.value for element in again.code]
    assert len(figures(again)) == 1, "the first request's answer"
    again.button(key="deploy_another").click().run()
    assert again.title[0].value == reader.t("deploy.title")
    services.delete_endpoint(application.workspace(), name)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_failure_says_what_happened_why_and_what_to_do(
    open_page: OpenPage, application: Application, language: Language
) -> None:
    reader = open_reader(language)
    name = f"failing-{language}"
    at = open_page("deploy", language)
    fill(at, name, FAILING_SCRIPT)
    at.button(key="deploy_button").click().run()
    assert until_ended(application, name).state == "failed"
    at.run()
    assert at.title[0].value.replace("\\", "") == reader.t("deploy.failed", name=name)
    assert at.error[0].proto.title == reader.t("deploy.why")
    assert reader.t("diagnosis_next.init_raised") in said(at).replace("\\", "")
    assert "no model at models/demand.pkl" in said(at)
    at.button(key="deploy_back").click().run()
    assert at.title[0].value == reader.t("deploy.title")
    services.delete_endpoint(application.workspace(), name)


@pytest.mark.parametrize("language", LANGUAGES)
def test_cancelling_asks_once_deletes_and_says_so(
    open_page: OpenPage, application: Application, tmp_path: Path, language: Language
) -> None:
    reader = open_reader(language)
    name = f"cancelled-{language}"
    remember_quick_deployments(application, f"quick-{language}")
    at = open_page("deploy", language)
    fill(at, name, COURSE_SCRIPT.format(begin=str(tmp_path / "never"), fail=str(tmp_path / "fail")))
    at.button(key="deploy_button").click().run()
    late = reader.t("stepper.late.start_init")
    deadline = time.monotonic() + 60
    while late not in said(at):
        assert time.monotonic() < deadline, said(at)
        time.sleep(0.1)
        at.run()
    at.button(key="deploy_cancel").click().run()
    assert reader.t("deploy_cancel.explain", name=name) in said(at).replace("\\", "")
    second = open_page("deploy", language)
    assert second.title[0].value.replace("\\", "") == reader.t("deploy.running", name=name)
    at.button(key="deploy_cancel_confirm").click().run()
    assert until_ended(application, name).state == "cancelled"
    with pytest.raises(NotFound):
        services.get_endpoint(application.workspace(), name)
    at.run()
    assert at.title[0].value.replace("\\", "") == reader.t("deploy_cancel.done", name=name)
    at.button(key="deploy_back").click().run()
    assert at.title[0].value == reader.t("deploy.title")
