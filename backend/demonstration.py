"""The demonstration: the course's model, trained on the bundled data, registered, deployed and Healthy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backend import environments, models, services
from backend.deployments import DeploymentRequest, deploy
from backend.errors import NotFound
from backend.run_outputs import read_run_outputs
from backend.scripts import bundled_script
from backend.settings import PROJECT_ROOT
from backend.training_process import run_training

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from azureml.core import Workspace

    from backend.application import Application
    from backend.jobs import Job, Reporter
    from backend.models import RegisteredModel

ENDPOINT = "adventureworks-arima"
MODEL = "adventureworks-arima"
DATA = PROJECT_ROOT / "data" / "adventureworks_daily.csv"
# The slice on which the course trains and judges its ARIMA(2,0,2).
COURSE_SLICE = ("2013-07-31", "2013-12-31")
CPU_CORES = 1.0
MEMORY_GB = 1.0
TRAINING_SECONDS = 600


def is_prepared(application: Application) -> bool:
    """Whether the demonstration's endpoint exists and is not a failed one."""
    try:
        return services.get_endpoint(application.workspace(), ENDPOINT).state != "Failed"
    except NotFound:
        return False


def prepare_demonstration(application: Application) -> Job:
    """Begin to prepare the demonstration; Conflict when it is being prepared already."""
    return application.jobs.submit(
        "demonstration", ENDPOINT, lambda reporter: _prepare(application, reporter)
    )


def _prepare(application: Application, reporter: Reporter) -> Mapping[str, Any]:
    workspace = application.workspace()
    reporter.phase("validate")
    model = _registered_model(workspace, application.settings.uploads / "demonstration", reporter)
    reporter.line("progress.deploying")
    return deploy(
        application,
        DeploymentRequest(
            service_name=ENDPOINT,
            model_name=model.name,
            model_version=model.version,
            script=bundled_script(),
            environment=environments.read(environments.ENVS / environments.OURS),
            cpu_cores=CPU_CORES,
            memory_gb=MEMORY_GB,
            replace=True,
        ),
        reporter,
    )


def _registered_model(workspace: Workspace, folder: Path, reporter: Reporter) -> RegisteredModel:
    """The model of the same training run when it is registered already, so that a retry adds no version."""
    reporter.line("progress.training")
    _train(folder, reporter)
    outputs = read_run_outputs(folder)
    for known in models.list_models(workspace, outputs.model_name):
        if known.run_id == outputs.run_id:
            return known
    reporter.line("progress.registering")
    return models.register(workspace, outputs, description="ARIMA(2,0,2)")


def _train(folder: Path, reporter: Reporter) -> None:
    start, end = COURSE_SLICE
    arguments = ["--input", str(DATA), "--output", str(folder), "--model-name", MODEL]
    arguments += ["--start", start, "--end", end]
    run_training(reporter, arguments, folder / "training.log", seconds=TRAINING_SECONDS)
