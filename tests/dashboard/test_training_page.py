"""Training again on the Models page: begun, cancelled, failed, better, kept out, registered all the same."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import delete
from streamlit.testing.v1 import AppTest

from backend import champions, environments, models, services
from backend.actuals import save_actuals
from backend.application import Application, open_application
from backend.deployments import DeploymentRequest, start_deployment
from backend.evaluation import Verdict
from backend.history import jobs as job_rows
from backend.jobs import Job
from backend.scripts import bundled_script
from backend.training import TrainingRequest, start_training
from dashboard.evaluation_words import WORD_JOINER, verdict_sentence
from dashboard.i18n import LANGUAGES, Language, open_reader
from tests.conftest import wait_for
from tests.dashboard.conftest import OpenPage
from tests.dashboard.pages import figures, said, tables

pytestmark = pytest.mark.usefixtures("demonstration")

NAME = "paged"
WEAK, STRONG = "naive", "seasonal-naive,season-regression-13"


@pytest.fixture(scope="module")
def trainer(application: Application) -> Iterator[Application]:
    """Trains on the workspace and in the history that the pages show; leaves neither model nor job."""
    opened = open_application(application.settings.model_copy(update={"training_processes": 1}))
    yield opened
    workspace = opened.workspace()
    for model in models.list_models(workspace, NAME):
        models.delete_model(workspace, NAME, model.version)
    with opened.history.engine.begin() as connection:
        connection.execute(delete(job_rows).where(job_rows.c.kind == "train"))
    opened.close()


def trained(trainer: Application, candidates: str) -> Job:
    request = TrainingRequest(NAME, trainer.settings.actuals.stem, 14, candidates)
    job = wait_for(trainer, start_training(trainer, request))
    assert job.state == "succeeded", job.error
    return job


@pytest.fixture(scope="module")
def better(trainer: Application) -> Job:
    """The second training of a name, better than the first."""
    trained(trainer, WEAK)
    return trained(trainer, STRONG)


@pytest.fixture(scope="module")
def kept_out(trainer: Application, better: Job) -> Job:
    """The third, kept out."""
    return trained(trainer, WEAK)


def keys(at: AppTest) -> set[str]:
    return {button.key for button in at.button}


def words_of(at: AppTest) -> str:
    """All the words, as a person reads them."""
    return f"{said(at)}\n{tables(at)}".replace("\\", "").replace(WORD_JOINER, "")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_better_model_says_why_and_is_deployed_from_there(
    open_page: OpenPage, better: Job, language: Language
) -> None:
    reader = open_reader(language)
    at = open_page("models", language)
    model = better.result["model"]
    told = words_of(at)
    assert reader.t("training.came_to.better", model=model) in told
    ratio = better.result["verdict"]["crps_ratio"]
    assert reader.signed_percent(ratio - 1) in told
    assert reader.t("models.champion") in tables(at)
    assert reader.t("training.next.better") in told
    at.button(key="training_deploy").click().run()
    assert at.session_state["deploy_model"] == model
    assert at.title[0].value == reader.t("deploy.title")


def test_the_endpoint_of_the_champion_before_is_proposed_to_be_replaced(
    open_page: OpenPage, application: Application, better: Job
) -> None:
    name, version = better.result["champion"].split(":")
    request = DeploymentRequest(
        service_name=NAME,
        model_name=name,
        model_version=int(version),
        script=bundled_script(),
        environment=environments.read(environments.ENVS / environments.OURS),
        cpu_cores=0.5,
        memory_gb=1.0,
    )
    deployed = wait_for(application, start_deployment(application, request))
    assert deployed.state == "succeeded", deployed.error
    try:
        at = open_page("models")
        at.button(key="training_deploy").click().run()
        assert at.text_input(key="deploy_name").value == NAME
        assert at.toggle(key="deploy_replace").value
        assert at.button(key="deploy_button").label == open_reader("en").t("deploy.replace_button")
        assert not at.button(key="deploy_button").disabled
    finally:
        services.delete_endpoint(application.workspace(), NAME)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_version_shows_its_own_evaluation(open_page: OpenPage, better: Job, language: Language) -> None:
    reader = open_reader(language)
    at = open_page("models", language)
    at.selectbox(key="models_version").set_value(better.result["model"]).run()
    assert not at.exception
    told = words_of(at)
    assert better.result["champion"] in told
    for key in ("role.champion", "role.registered", "leaderboard", "lead_times", "groups", "group.weekend"):
        assert reader.t(f"evaluation.{key}") in told
    assert reader.t("candidate.D.season-regression-13") in told
    (chart,) = figures(at)
    assert [trace["name"] for trace in chart["data"]] == [
        reader.t("evaluation.role.champion"),
        reader.t("evaluation.role.registered"),
        reader.t("candidate.D.seasonal-naive"),
    ]
    ours, before, _ = (trace["y"] for trace in chart["data"])
    assert len(ours) == len(before) == 2
    assert all(first < second for first, second in zip(ours, before, strict=True))


def test_a_version_without_a_report_says_how_to_get_one(open_page: OpenPage) -> None:
    at = open_page("models")
    at.selectbox(key="models_version").set_value("adventureworks-arima:1").run()
    assert open_reader("en").t("evaluation.none") in said(at)


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_that_was_kept_out_shows_its_figures_and_its_evaluation(
    open_page: OpenPage, kept_out: Job, language: Language
) -> None:
    reader = open_reader(language)
    at = open_page("models", language)
    told = words_of(at)
    assert reader.t("training.came_to.not_better", name=NAME) in told
    assert reader.signed_percent(kept_out.result["verdict"]["crps_ratio"] - 1) in told
    assert kept_out.result["champion"] in told
    assert "training_deploy" not in keys(at)
    before = len(figures(at))
    at.session_state[f"training_evaluation_{kept_out.id}"] = True
    at.run()
    assert not at.exception
    assert len(figures(at)) == before + 1
    at.button(key="training_dismiss").click().run()
    assert "training_register" not in keys(at)


def test_it_can_be_registered_all_the_same_and_crowned_by_hand(
    open_page: OpenPage, application: Application, kept_out: Job, better: Job
) -> None:
    at = open_page("models")
    at.button(key="training_register").click().run()
    assert not at.exception
    versions = models.list_models(application.workspace(), NAME)
    added = versions[0].id
    assert added not in (better.result["model"], better.result["champion"])
    assert at.selectbox(key="models_version").value == added
    assert f"{added} is registered; {better.result['model']} stays the champion." in words_of(at)
    chosen = champions.champion_of(versions, NAME)
    assert chosen is not None
    assert chosen.id == better.result["model"]
    at.button(key="models_crown").click().run()
    assert not at.exception
    chosen = champions.champion_of(models.list_models(application.workspace(), NAME), NAME)
    assert chosen is not None
    assert chosen.id == added
    assert f"{added} is the champion now." in [toast.value for toast in at.toast]
    assert "models_crown" not in keys(at)


def test_it_is_begun_and_cancelled(open_page: OpenPage, application: Application, better: Job) -> None:
    reader = open_reader("en")
    at = open_page("models")
    at.selectbox(key="training_model").set_value(NAME).run()
    horizon = at.number_input(key=f"training_horizon_{NAME}_adventureworks_daily")
    assert horizon.value == 14  # the champion's own
    assert better.result["model"].split(":")[0] in words_of(at)
    at.button(key="training_button").click().run()
    assert not at.exception
    job = application.jobs.latest("train", NAME)
    assert job is not None
    assert job.state == "running"
    assert reader.t("training.running", name=NAME) in words_of(at)
    assert reader.t("phase.backtest") in words_of(at)
    assert at.button(key="training_button").disabled
    again = open_page("models", "ja")  # somebody else finds it, and ends it
    again.button(key="training_cancel").click().run()
    wait_for(application, job)
    at.run()
    assert reader.t("training.cancelled", name=NAME) in words_of(at)
    assert "training_cancel" not in keys(at)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_training_that_fails_says_why_and_what_to_do(
    open_page: OpenPage, application: Application, trainer: Application, language: Language
) -> None:
    reader = open_reader(language)
    rows = "".join(f"2014-01-{day:02},{day}\n" for day in range(1, 9))
    source = save_actuals(application.settings, "short.csv", f"ds,y\n{rows}".encode())
    try:
        at = open_page("models", language)
        at.selectbox(key="training_model").set_value(NAME).run()
        at.selectbox(key=f"training_actuals_{NAME}").set_value("short").run()
        at.button(key="training_button").click().run()
        job = application.jobs.latest("train", NAME)
        assert job is not None
        wait_for(application, job)
        at.run()
    finally:
        source.path.unlink()
    assert reader.t("training.failed", name=NAME) in words_of(at)
    ended = application.jobs.get(job.id)
    assert ended is not None
    assert ended.error is not None
    assert ended.error.details["reason"] in words_of(at)
    assert reader.t("advice.training.refused") in words_of(at)


def test_what_a_restart_interrupted_says_so(open_page: OpenPage, trainer: Application) -> None:
    trainer.history.add_job(
        {
            "id": "0" * 32,
            "kind": "train",
            "subject": NAME,
            "state": "running",
            "owner": "1:0.0",
            "started": datetime.now(UTC),
            "events": [],
            "lines": [],
            "result": {},
        }
    )
    open_application(trainer.settings).close()
    at = open_page("models")
    assert open_reader("en").t("training.interrupted", name=NAME) in words_of(at)
    assert open_reader("en").t("advice.job.interrupted") in words_of(at)


def test_the_verdict_on_the_page_is_the_rules(open_page: OpenPage, better: Job) -> None:
    at = open_page("models")
    at.selectbox(key="models_version").set_value(better.result["model"]).run()
    verdict = Verdict(**better.result["verdict"])
    assert verdict_sentence(open_reader("en"), verdict, better.result["champion"]) in words_of(at)
