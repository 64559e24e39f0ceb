"""A team's own script, and our template of one, with a pickled statsmodels model, deployed unchanged."""

from __future__ import annotations

import json
import shutil
import uuid
from pathlib import Path

import pytest

from backend import environments, models, services
from backend.actuals import read_actuals
from backend.application import Application
from backend.deployments import DeploymentRequest, start_deployment
from backend.forecasts import refresh
from backend.run_outputs import read_run_outputs
from backend.scripts import SCORING, TEMPLATE, script_from_upload
from backend.settings import Settings
from tests.conftest import wait_for
from tests.data.course_model import write_course_model

DATA = Path(__file__).parents[1] / "data"


@pytest.mark.slow
@pytest.mark.parametrize("script", [DATA / "course_score.py", SCORING / TEMPLATE], ids=lambda path: path.stem)
def test_a_course_script_with_its_pickle_answers_the_course_contract(
    application: Application, script: Path
) -> None:
    workspace = application.workspace()
    folder = application.settings.uploads / uuid.uuid4().hex
    expected = write_course_model(folder)
    model = models.register(workspace, read_run_outputs(folder))
    shutil.rmtree(folder)
    request = DeploymentRequest(
        service_name="course",
        model_name=model.name,
        model_version=model.version,
        script=script_from_upload(script.name, script.read_bytes()),
        environment=environments.read(environments.ENVS / "arima-env.yml"),
        cpu_cores=1.0,
        memory_gb=3.0,
    )
    job = wait_for(application, start_deployment(application, request))
    assert job.state == "succeeded", job.error
    assert json.dumps(job.result["request"]) == '{"data": [3]}'
    assert job.result["answer"]["result"] == pytest.approx(list(expected), rel=1e-6)
    view = refresh(application, "course", read_actuals(Settings().actuals, "adventureworks_daily"))
    shown = [vintage for vintage in (*view.past, view.future) if vintage is not None]
    assert shown
    assert {vintage.contract for vintage in shown} == {"course"}
    assert view.live
    services.delete_endpoint(workspace, "course")
    models.delete_model(workspace, model.name, model.version)
