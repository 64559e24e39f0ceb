"""From a registered model to a Healthy endpoint on Azure Container Instances."""

from __future__ import annotations

import re
import shutil
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from backend import environments, models, revisions, services
from backend.deployment_watch import follow as follow  # watching is a part of deploying for whoever asks here
from backend.errors import Conflict, InvalidInput, NotFound
from backend.workspace import sdk_errors

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from azureml.core import Webservice, Workspace

    from backend.application import Application
    from backend.environments import EnvironmentSpecification
    from backend.jobs import Job, Jobs, Reporter
    from backend.scripts import Script
    from backend.services import Keys

# azureml._model_management._util and the service itself: 3 to 32 characters of this form.
SERVICE_NAME = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
SERVICE_NAME_LENGTH = (3, 32)
# Where a run's facts go with the endpoint, so that a chart knows them without asking the registry.
CARRIED_PROPERTIES = ("train_end", "actuals", "series")


@dataclass(frozen=True)
class Bound:
    """An inclusive range."""

    low: float
    high: float


CPU_CORES = Bound(0.1, 4.0)
MEMORY_GB = Bound(0.1, 16.0)


@dataclass(frozen=True)
class DeploymentRequest:
    """Everything a deployment needs; memory in GB."""

    service_name: str
    model_name: str
    model_version: int
    script: Script
    environment: EnvironmentSpecification
    cpu_cores: float
    memory_gb: float
    authentication: bool = True
    description: str = ""
    replace: bool = False
    keys_of: str | None = None  # the endpoint whose keys the new one takes over


def check(request: DeploymentRequest) -> tuple[InvalidInput, ...]:
    """What is wrong with a request, each naming its field and bound; empty when nothing is."""
    found = [check_service_name(request.service_name)]
    for field, value, bound in (
        ("cpu_cores", request.cpu_cores, CPU_CORES),
        ("memory_gb", request.memory_gb, MEMORY_GB),
    ):
        if not bound.low <= value <= bound.high:  # NaN fails too
            found.append(
                InvalidInput(
                    f"{field} must lie between {bound.low:g} and {bound.high:g}; it is {value:g}.",
                    field=field,
                    code=f"deployment.{field}",
                    low=bound.low,
                    high=bound.high,
                    value=value,
                )
            )
    return tuple(error for error in found if error)


def check_service_name(name: str) -> InvalidInput | None:
    """Why a name can't be an endpoint's, or None."""
    shortest, longest = SERVICE_NAME_LENGTH
    if shortest <= len(name) <= longest and SERVICE_NAME.fullmatch(name):
        return None
    return InvalidInput(
        f"The endpoint's name must have {shortest} to {longest} characters: small letters, digits and "
        "dashes, beginning with a letter and not ending with a dash.",
        field="service_name",
        code="deployment.service_name",
        shortest=shortest,
        longest=longest,
    )


def start_deployment(application: Application, request: DeploymentRequest) -> Job:
    """Begin a deployment that goes on without the page.

    Raises the first InvalidInput of `check`, and Conflict when the name is taken and `replace` is not asked.
    """
    for problem in check(request):
        raise problem
    workspace = application.workspace()
    if not request.replace and _exists(workspace, request.service_name):
        raise Conflict(
            f"There is an endpoint {request.service_name} already; choose to replace it, or another name.",
            code="deployment.name_taken",
            name=request.service_name,
        )
    return application.jobs.submit(
        "deploy", request.service_name, lambda reporter: deploy(application, request, reporter, keep=True)
    )


def deploy(
    application: Application, request: DeploymentRequest, reporter: Reporter, *, keep: bool = False
) -> Mapping[str, Any]:
    """Deploy, wait for the end, and send the first request; DeploymentFailed carries the evidence.

    `keep` remembers what was asked for, so that the endpoint can be made again; replacing does that itself.
    """
    workspace = application.workspace()
    reporter.phase("validate")
    model = models.find(workspace, request.model_name, request.model_version)
    environment, reused = environments.ensure(workspace, request.environment)
    reporter.line(f"Environment {environment.name}:{environment.version}{' reused' if reused else ''}")
    reporter.check_wanted()  # until here there is nothing to delete
    reporter.phase("upload")
    service = _submit(application, workspace, request, model, environment)
    operation_id = service._operation_endpoint.rstrip("/").rsplit("/", 1)[-1]
    reporter.remember(endpoint=request.service_name, operation=operation_id, model=model.id)
    if keep:
        revisions.keep_deployment(application.history, request)
    return follow(application, request.service_name, operation_id, reporter)


@dataclass(frozen=True)
class Deployed:
    """A model (`name:version`) that an endpoint took into service, and when (UTC)."""

    moment: datetime
    model: str


def deployed_to(jobs: Jobs, name: str) -> tuple[Deployed, ...]:
    """What was deployed to an endpoint from here, the newest first."""
    done = jobs.succeeded("deploy", name)
    return tuple(
        Deployed(job.ended or job.started, str(job.result["model"])) for job in done if "model" in job.result
    )


def _submit(
    application: Application, workspace: Workspace, request: DeploymentRequest, model: Any, environment: Any
) -> Webservice:
    from azureml.core import Model
    from azureml.core.model import InferenceConfig
    from azureml.core.webservice import AciWebservice

    kept = _kept_keys(workspace, request)
    configuration = AciWebservice.deploy_configuration(
        cpu_cores=request.cpu_cores,
        memory_gb=request.memory_gb,
        tags={"model_name": request.model_name, "model_version": str(request.model_version)},
        properties={name: model.properties[name] for name in CARRIED_PROPERTIES if name in model.properties},
        description=request.description or None,
        location=application.settings.location or None,
        auth_enabled=request.authentication,
        primary_key=kept.primary if kept else None,
        secondary_key=kept.secondary if kept else None,
    )
    staging = application.settings.uploads / uuid.uuid4().hex / "scoring"
    try:
        request.script.write(staging)
        with sdk_errors(f"deploy {request.service_name}"):
            return Model.deploy(
                workspace,
                request.service_name,
                models=[model],
                inference_config=InferenceConfig(
                    entry_script=request.script.entry, source_directory=str(staging), environment=environment
                ),
                deployment_config=configuration,
                overwrite=request.replace,
                show_output=False,
            )
    finally:
        shutil.rmtree(staging.parent, ignore_errors=True)


def _kept_keys(workspace: Workspace, request: DeploymentRequest) -> Keys | None:
    """A replacement keeps the keys, so that its callers need not change."""
    source = request.keys_of or (request.service_name if request.replace else None)
    if source is None or not request.authentication:
        return None
    try:
        before = services.get_endpoint(workspace, source)
    except NotFound:
        return None
    return services.keys(workspace, source) if before.authentication else None


def _exists(workspace: Workspace, name: str) -> bool:
    try:
        services.find(workspace, name)
    except NotFound:
        return False
    return True
