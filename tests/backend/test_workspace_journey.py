"""Models, environments, deployments and forecasts through the real SDK, on the real local workspace."""

from __future__ import annotations

import dataclasses
import datetime
import shutil
from io import BytesIO
from pathlib import Path

import pytest

from backend import environments, models, services
from backend.actuals import read_actuals
from backend.application import Application, open_application
from backend.demonstration import ENDPOINT, MODEL, is_prepared
from backend.deployments import DeploymentRequest, start_deployment
from backend.endpoint import open_endpoint
from backend.environments import EnvironmentSpecification
from backend.errors import Conflict, EndpointUnavailable, InvalidInput, NotFound
from backend.forecasts import default_endpoint, refresh
from backend.horizons import LONGEST
from backend.jobs import Job
from backend.run_outputs import RunOutputs, read_run_outputs
from backend.scripts import Script, bundled_script, script_from_upload
from backend.settings import Settings
from backend.workspace import describe
from tests.conftest import wait_for

ACTUALS = read_actuals(Settings().actuals, "adventureworks_daily")
RAISING = b"def init():\n    import nothing_of_that_name\n\n\ndef run(raw):\n    return raw\n"


@pytest.fixture(scope="session")
def scoring_environment() -> EnvironmentSpecification:
    return environments.read(environments.ENVS / "scoring.yml")


@pytest.fixture
def outputs(tmp_path: Path) -> RunOutputs:
    """Run outputs of a small model that is not ours to read: any file will do for the registry."""
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "weights.txt").write_text("1 2 3")
    (tmp_path / "metric.json").write_text(
        '{"run_id": "r-9", "model_name": "other", "RMSE": 400.5, "R2": 0.2, "note": "x"}'
    )
    folder = Path.cwd() / ".yosoku" / "uploads" / tmp_path.name
    shutil.copytree(tmp_path, folder)
    yield read_run_outputs(folder)  # type: ignore[misc]
    shutil.rmtree(folder)


def request(scoring_environment: EnvironmentSpecification, **changed: object) -> DeploymentRequest:
    base = DeploymentRequest(
        service_name="second",
        model_name=MODEL,
        model_version=1,
        script=bundled_script(),
        environment=scoring_environment,
        cpu_cores=0.5,
        memory_gb=1.0,
    )
    return dataclasses.replace(base, **changed)  # type: ignore[arg-type]


def test_the_workspace_says_what_it_is(application: Application) -> None:
    facts = describe(application.workspace(), application.settings)
    assert facts.kind == "local"
    assert facts.name
    assert facts.location


def test_registration_takes_name_and_tags_from_the_metrics(
    application: Application, outputs: RunOutputs
) -> None:
    workspace = application.workspace()
    first = models.register(workspace, outputs, description="a note")
    second = models.register(workspace, dataclasses.replace(outputs, metrics={"RMSE": 390.0, "R2": 0.3}))
    assert (first.name, first.version, second.version) == ("other", 1, 2)
    assert first.metrics == {"RMSE": 400.5, "R2": 0.2}
    assert (first.run_id, first.properties["note"], first.description) == ("r-9", "x", "a note")
    listed = models.list_models(workspace, "other")
    assert [model.id for model in listed] == ["other:2", "other:1"]
    assert models.best(listed, "RMSE") == second
    assert models.best(listed, "MASE") is None
    models.delete_model(workspace, "other", 1)
    assert [model.id for model in models.list_models(workspace, "other")] == ["other:2"]
    with pytest.raises(NotFound):
        models.get_model(workspace, "other", 1)
    models.delete_model(workspace, "other", 2)


def test_the_demonstration_is_healthy_and_answers(application: Application, demonstration: Job) -> None:
    assert is_prepared(application)
    assert demonstration.result["endpoint"] == ENDPOINT
    assert len(demonstration.result["answer"]["forecast"]) == 7
    assert {event.phase for event in demonstration.events} >= {"validate", "upload", "start_init", "healthy"}
    endpoint = services.get_endpoint(application.workspace(), ENDPOINT)
    assert (endpoint.state, endpoint.model_id) == ("Healthy", f"{MODEL}:1")
    assert endpoint.authentication
    model = models.get_model(application.workspace(), MODEL, 1)
    assert model.metrics["RMSE"] == pytest.approx(461.6, abs=0.5)
    assert model.metrics["R2"] == pytest.approx(0.1035, abs=0.003)


def test_a_model_in_use_is_not_deleted(application: Application, demonstration: Job) -> None:
    with pytest.raises(Conflict, match=ENDPOINT):
        models.delete_model(application.workspace(), MODEL, 1)


def test_an_environment_is_reused_until_it_changes(
    application: Application, scoring_environment: EnvironmentSpecification
) -> None:
    workspace = application.workspace()
    specification = environments.parse(scoring_environment.text.replace(scoring_environment.name, "reused"))
    first, reused_first = environments.ensure(workspace, specification)
    again, reused_again = environments.ensure(workspace, specification)
    assert (reused_first, reused_again) == (False, True)
    assert first.version == again.version
    changed = environments.parse(specification.text.replace("numpy", "numpy<3"))
    other, reused_other = environments.ensure(workspace, changed)
    assert not reused_other
    assert other.version != first.version


def test_wrong_requests_are_refused_before_anything_is_sent(
    application: Application, demonstration: Job, scoring_environment: EnvironmentSpecification
) -> None:
    with pytest.raises(InvalidInput, match="cpu_cores"):
        start_deployment(application, request(scoring_environment, cpu_cores=5.0))
    with pytest.raises(Conflict, match="already"):
        start_deployment(application, request(scoring_environment, service_name=ENDPOINT))


def test_a_script_that_raises_in_init_fails_with_its_traceback(
    application: Application, demonstration: Job, scoring_environment: EnvironmentSpecification
) -> None:
    script = script_from_upload("broken.py", RAISING)
    job = wait_for(
        application,
        start_deployment(application, request(scoring_environment, service_name="broken", script=script)),
    )
    assert job.state == "failed"
    assert job.error is not None
    assert job.error.code == "deployment.failed"
    assert "nothing_of_that_name" in job.error.message + job.error.evidence
    assert services.get_endpoint(application.workspace(), "broken").state == "Failed"
    services.delete_endpoint(application.workspace(), "broken")
    services.delete_endpoint(application.workspace(), "broken")  # deleting twice is fine
    with pytest.raises(NotFound):
        services.get_endpoint(application.workspace(), "broken")


def test_an_environment_that_cannot_be_built_says_what_the_resolver_said(
    application: Application, demonstration: Job
) -> None:
    specification = environments.parse(
        "name: impossible\ndependencies:\n- python>=3.11,<3.13\n- pip:\n  - numpy==0.0.1\n"
    )
    job = wait_for(
        application,
        start_deployment(application, request(specification, service_name="unbuilt")),
    )
    assert job.error is not None
    assert job.error.code == "deployment.build_failed"
    assert "numpy==0.0.1" in job.error.message + job.error.evidence
    services.delete_endpoint(application.workspace(), "unbuilt")


def test_a_replacement_keeps_address_and_keys(
    application: Application, demonstration: Job, scoring_environment: EnvironmentSpecification
) -> None:
    workspace = application.workspace()
    wait_for(application, start_deployment(application, request(scoring_environment)))
    before, keys = services.get_endpoint(workspace, "second"), services.keys(workspace, "second")
    echo = Script(
        "echo.py", {"echo.py": b"def init():\n    pass\n\n\ndef run(raw):\n    return {'echo': raw}\n"}
    )
    replaced = wait_for(
        application,
        start_deployment(application, request(scoring_environment, script=echo, replace=True)),
    )
    assert replaced.state == "succeeded", replaced.error
    after = services.get_endpoint(workspace, "second")
    assert (after.scoring_uri, services.keys(workspace, "second")) == (before.scoring_uri, keys)
    assert open_endpoint(workspace, after).score("hello").body == {"echo": "hello"}
    regenerated = services.regenerate_key(workspace, "second", "secondary")
    assert regenerated.primary == keys.primary
    assert regenerated.secondary != keys.secondary
    services.delete_endpoint(workspace, "second")


def test_a_deployment_goes_on_without_the_application_that_began_it(
    application: Application,
    demonstration: Job,
    scoring_environment: EnvironmentSpecification,
    settings: Settings,
) -> None:
    first = open_application(settings)
    job = start_deployment(first, request(scoring_environment, service_name="orphan"))
    first.close()  # the page's process ends; closing waits only for the upload
    left = first.jobs.get(job.id)
    assert left is not None
    if left.state == "running":
        first.history.change_job(job.id, owner="1:0.0")  # as if that process were gone
        second = open_application(settings)
        left = wait_for(second, left)
        second.close()
    assert left.state == "succeeded", left.error
    services.delete_endpoint(application.workspace(), "orphan")


def test_a_forecast_view_is_asked_once_and_then_remembered(
    application: Application, demonstration: Job
) -> None:
    view = refresh(application, ENDPOINT, ACTUALS)
    assert view.live
    assert view.problem is None
    assert view.future is not None
    assert view.future.origin == datetime.datetime(2014, 5, 31)
    assert len(view.future.points) == LONGEST["D"]
    assert set(view.future.points[0].lower) == {80, 95}
    assert len(view.past) == 41
    assert {vintage.origin.weekday() for vintage in view.past} == {6}
    assert view.past[-1].origin == datetime.datetime(2014, 5, 25)
    again = refresh(application, ENDPOINT, ACTUALS)
    assert again == view  # not asked anew: each still has the moment at which it was issued


def test_a_refusal_is_shown_and_not_taken_for_another_contract(
    application: Application, demonstration: Job
) -> None:
    rows = "".join(f"2014-{month:02}-01,{month}\n" for month in range(1, 13))
    monthly = read_actuals(BytesIO(f"ds,y\n{rows}".encode()), "monthly")
    view = refresh(application, ENDPOINT, monthly)
    assert not view.live
    assert view.problem is not None
    assert view.problem.code == "endpoint.rejected"
    assert (view.future, view.past) == (None, ())
    assert application.history.newest_vintages(ENDPOINT, "monthly") == []


def test_an_endpoint_that_is_down_shows_what_it_said_last(
    application: Application, demonstration: Job, scoring_environment: EnvironmentSpecification
) -> None:
    workspace = application.workspace()
    wait_for(application, start_deployment(application, request(scoring_environment, service_name="gone")))
    said = refresh(application, "gone", ACTUALS)
    assert said.future is not None
    services.delete_endpoint(workspace, "gone")
    view = refresh(application, "gone", ACTUALS)
    assert not view.live
    assert view.problem is not None
    assert view.future == said.future
    never = refresh(application, "never-there", ACTUALS)
    assert (never.future, never.past) == (None, ())


def test_the_endpoint_to_show_first_is_a_healthy_one(application: Application, demonstration: Job) -> None:
    endpoints = services.list_endpoints(application.workspace())
    chosen = default_endpoint(endpoints, application.history)
    assert chosen is not None
    assert chosen.state == "Healthy"
    assert default_endpoint([], application.history) is None


def test_an_endpoint_without_an_address_says_so(application: Application) -> None:
    with pytest.raises(EndpointUnavailable, match="no address"):
        open_endpoint(application.workspace(), services.Endpoint("early", "Transitioning"))
