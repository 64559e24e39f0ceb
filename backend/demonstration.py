"""The demonstrations: a model trained on bundled data, registered, deployed and Healthy.

One is the course's model on a daily series; the other forecasts the bundled sales by country and category.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from backend import environments, models, services
from backend.actuals import BUNDLED, BUNDLED_SALES
from backend.deployments import DeploymentRequest, deploy
from backend.errors import NotFound
from backend.forecasts import ACTUALS
from backend.panel_table import read_file
from backend.run_outputs import read_run_outputs
from backend.scripts import bundled_script
from backend.training_input import write_input
from backend.training_process import run_training

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from azureml.core import Workspace

    from backend.application import Application
    from backend.jobs import Job, Reporter
    from backend.models import RegisteredModel

ENDPOINT = "adventureworks-arima"
MODEL = "adventureworks-arima"
# The slice on which the course trains and judges its ARIMA(2,0,2).
COURSE_SLICE = ("2013-07-31", "2013-12-31")
# On the bundled sales their champions have a MASE of 0.926, those of all quick ones 0.932, in twice the time.
SALES_CANDIDATES = ("seasonal-naive", "recent-mean-8", "weekday-weekend-13", "season-regression-13", "theta")
SALES_HORIZON = 28
CPU_CORES = 1.0
MEMORY_GB = 1.0
TRAINING_SECONDS = 600


def course_arguments(folder: Path) -> list[str]:
    """The course's fit of the slice on which it judges its model."""
    start, end = COURSE_SLICE
    return ["--input", str(BUNDLED), "--start", start, "--end", end]


def sales_arguments(folder: Path) -> list[str]:
    """A competition for each country, category and both, whose forecasts add up."""
    given = write_input(read_file(BUNDLED_SALES, BUNDLED_SALES.stem), folder)
    return [*given, "--candidates", ",".join(SALES_CANDIDATES), "--horizon", str(SALES_HORIZON)]


@dataclass(frozen=True)
class Demonstration:
    """A model that is deployed under its own name; `actuals` is what its forecasts are shown beside.

    `arguments` are those of the training command, which may read what they write into the folder that they
    are given.
    """

    name: str
    description: str
    actuals: str
    arguments: Callable[[Path], list[str]]


DAILY = Demonstration(MODEL, "ARIMA(2,0,2)", BUNDLED.stem, course_arguments)
SALES = Demonstration(
    "adventureworks-sales", "Sales by country and category", BUNDLED_SALES.stem, sales_arguments
)


def is_prepared(application: Application, chosen: Demonstration = DAILY) -> bool:
    """Whether the demonstration's endpoint exists and is not a failed one."""
    try:
        return services.get_endpoint(application.workspace(), chosen.name).state != "Failed"
    except NotFound:
        return False


def prepare_demonstration(application: Application, chosen: Demonstration = DAILY) -> Job:
    """Begin to prepare a demonstration; Conflict when it is being prepared already."""
    return application.jobs.submit(
        "demonstration", chosen.name, lambda reporter: _prepare(application, chosen, reporter)
    )


def _prepare(application: Application, chosen: Demonstration, reporter: Reporter) -> Mapping[str, Any]:
    workspace = application.workspace()
    reporter.phase("validate")
    model = _registered_model(workspace, chosen, application.settings.uploads, reporter)
    reporter.line("progress.deploying")
    return deploy(
        application,
        DeploymentRequest(
            service_name=chosen.name,
            model_name=model.name,
            model_version=model.version,
            script=bundled_script(),
            environment=environments.read(environments.ENVS / environments.OURS),
            cpu_cores=CPU_CORES,
            memory_gb=MEMORY_GB,
            replace=True,
        ),
        reporter,
        keep=True,
    )


def _registered_model(
    workspace: Workspace, chosen: Demonstration, uploads: Path, reporter: Reporter
) -> RegisteredModel:
    """The model of the same training run when it is registered already, so that a retry adds no version."""
    reporter.line("progress.training")
    folder, given = uploads / f"demonstration-{chosen.name}", uploads / f"demonstration-{chosen.name}-input"
    arguments = [*chosen.arguments(given), "--output", str(folder), "--model-name", chosen.name]
    run_training(reporter, arguments, folder / "training.log", seconds=TRAINING_SECONDS)
    outputs = read_run_outputs(folder)
    for known in models.list_models(workspace, outputs.model_name):
        if known.run_id == outputs.run_id:
            return known
    reporter.line("progress.registering")
    trained_on = {ACTUALS: chosen.actuals}
    return models.register(workspace, outputs, description=chosen.description, properties=trained_on)
