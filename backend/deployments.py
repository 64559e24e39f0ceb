"""From a registered model to a Healthy endpoint on Azure Container Instances."""

from __future__ import annotations

import re
import shutil
import uuid
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from backend import environments, models, services
from backend.endpoint import open_endpoint
from backend.errors import Conflict, DeploymentFailed, InvalidInput, NotFound, YosokuError
from backend.jobs import ClosingError
from backend.operations import failure_of, read_log, read_operation
from backend.phases import phase_of
from backend.workspace import sdk_errors

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from azureml.core import Webservice, Workspace

    from backend.application import Application
    from backend.environments import EnvironmentSpecification
    from backend.jobs import Job, Jobs, Reporter
    from backend.operations import OperationReading
    from backend.scripts import Script
    from backend.services import Endpoint, Keys

# azureml._model_management._util and the service itself: 3 to 32 characters of this form.
SERVICE_NAME = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
SERVICE_NAME_LENGTH = (3, 32)
LOOK_SECONDS = 2
EVIDENCE_LINES = 40
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
        "deploy", request.service_name, lambda reporter: deploy(application, request, reporter)
    )


def deploy(application: Application, request: DeploymentRequest, reporter: Reporter) -> Mapping[str, Any]:
    """Deploy, wait for the end, and send the first request; DeploymentFailed carries the evidence."""
    workspace = application.workspace()
    reporter.phase("validate")
    model = models.find(workspace, request.model_name, request.model_version)
    environment, reused = environments.ensure(workspace, request.environment)
    reporter.line(f"Environment {environment.name}:{environment.version}{' reused' if reused else ''}")
    reporter.phase("upload")
    service = _submit(application, workspace, request, model, environment)
    operation_id = service._operation_endpoint.rstrip("/").rsplit("/", 1)[-1]
    reporter.remember(endpoint=request.service_name, operation=operation_id, model=model.id)
    return follow(application, request.service_name, operation_id, reporter)


def follow(application: Application, name: str, operation_id: str, reporter: Reporter) -> Mapping[str, Any]:
    """Watch a deployment that the workspace works on, to its end and the first answered request."""
    workspace = application.workspace()
    offset = 0
    while True:
        reading = read_operation(workspace, operation_id, offset=offset, wait_seconds=LOOK_SECONDS)
        offset = reading.next_offset
        for sentence in reading.sentences:
            reporter.line(sentence)
            phase = phase_of(sentence)
            if phase:
                reporter.phase(phase, sentence)
        if reading.ended:
            break
        if reporter.pause(0 if reading.waited else LOOK_SECONDS):
            raise ClosingError
    if reading.state != "Succeeded":
        raise _failure(workspace, name, reading)
    endpoint = services.get_endpoint(workspace, name)
    if endpoint.state != "Healthy":
        raise DeploymentFailed(
            f"{name} was deployed, but is {endpoint.state}.",
            code="deployment.not_healthy",
            evidence=_tail(services.logs(workspace, name)),
            name=name,
            state=endpoint.state,
        )
    reporter.phase("healthy")
    return {"endpoint": name, "scoring_uri": endpoint.scoring_uri, **_first_answer(workspace, endpoint)}


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


def resume_abandoned(application: Application) -> None:
    """Go on watching the deployments whose application was stopped; the workspace has worked on meanwhile."""
    for job in application.jobs.abandoned():
        operation = job.result.get("operation")
        if job.kind == "deploy" and operation:
            application.jobs.resume(job, partial(follow, application, job.subject, operation))
        else:
            application.jobs.interrupt(job)


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
    if not request.replace or not request.authentication:
        return None
    try:
        before = services.get_endpoint(workspace, request.service_name)
    except NotFound:
        return None
    return services.keys(workspace, request.service_name) if before.authentication else None


def _exists(workspace: Workspace, name: str) -> bool:
    try:
        services.find(workspace, name)
    except NotFound:
        return False
    return True


def _failure(workspace: Workspace, name: str, reading: OperationReading) -> DeploymentFailed:
    message, told = failure_of(reading.error)
    message = message or f"The operation ended as {reading.state}."
    if reading.building and reading.log_uri:
        evidence = read_log(workspace, reading.log_uri)
    else:
        try:
            evidence = services.logs(workspace, name)
        except YosokuError:  # the evidence that came with the error is left
            evidence = ""
    code = "deployment.build_failed" if reading.building else "deployment.failed"
    return DeploymentFailed(
        message, code=code, evidence=_tail(evidence or told), name=name, reason=message.splitlines()[0]
    )


def _first_answer(workspace: Workspace, endpoint: Endpoint) -> dict[str, Any]:
    """The first request, in our contract or else the course's; a refusal is told, not raised."""
    client = open_endpoint(workspace, endpoint)
    problem: YosokuError | None = None
    for payload in ({"horizon": 7, "levels": [80, 95]}, {"data": [3]}):
        try:
            answer = client.score(payload)
        except YosokuError as error:
            problem = error
        else:
            if not (isinstance(answer.body, dict) and "error" in answer.body):
                return {"request": payload, "answer": answer.body, "latency_ms": answer.latency_ms}
    return {"answer_problem": problem.message if problem else "The script answered with an error."}


def _tail(text: str) -> str:
    return "\n".join(text.strip().splitlines()[-EVIDENCE_LINES:])
