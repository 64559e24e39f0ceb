"""One function a command: what it does with the open application, and what it has to say."""

from __future__ import annotations

import json
import shutil
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backend import environments, models, scripts, services
from backend.deployments import DeploymentRequest, start_deployment
from backend.endpoint import open_endpoint
from backend.errors import DeploymentFailed, InvalidInput, NotFound
from backend.run_outputs import read_run_outputs, unpack_run_outputs

if TYPE_CHECKING:
    from argparse import Namespace

    from backend.application import Application
    from backend.jobs import Job
    from backend.models import RegisteredModel
    from backend.run_outputs import RunOutputs
    from backend.services import Endpoint

Document = dict[str, Any] | list[dict[str, Any]] | str
Tell = Callable[[str], None]  # a line of progress, for the person who waits
Command = Callable[["Application", "Namespace", Tell], Document]
LOOK_SECONDS = 0.2
USUAL_REQUEST = {"horizon": 7, "levels": [80, 95]}


def list_models(application: Application, given: Namespace, tell: Tell) -> Document:
    """Every version of every model, or of one."""
    return [_model(model) for model in models.list_models(application.workspace(), given.name)]


def register(application: Application, given: Namespace, tell: Tell) -> Document:
    """Register run outputs; a copy is taken to where the SDK reads models from."""
    workspace = application.workspace()
    outputs = _staged(application, given.outputs)
    try:
        return _model(models.register(workspace, outputs))
    finally:
        shutil.rmtree(outputs.folder, ignore_errors=True)


def delete_model(application: Application, given: Namespace, tell: Tell) -> Document:
    """Delete one version; Conflict while an endpoint serves it."""
    name, version = _version(application, given.model)
    models.delete_model(application.workspace(), name, version)
    return {"deleted": f"{name}:{version}"}


def deploy(application: Application, given: Namespace, tell: Tell) -> Document:
    """Deploy and wait for the end; DeploymentFailed with the evidence when it fails."""
    name, version = _version(application, given.model)
    request = DeploymentRequest(
        service_name=given.name,
        model_name=name,
        model_version=version,
        script=_script(given.script),
        environment=_environment(given.environment),
        cpu_cores=given.cpu,
        memory_gb=given.memory,
        authentication=not given.no_key,
        description=given.description,
        replace=given.replace,
    )
    job = _ended(application, start_deployment(application, request), tell)
    if job.state != "succeeded":
        error = job.error
        raise DeploymentFailed(
            error.message if error else f"The deployment of {given.name} ended as {job.state}.",
            code=error.code if error else "job.interrupted",
            evidence=error.evidence if error else "",
            name=given.name,
        )
    return {key: value for key, value in job.result.items() if key != "operation"}


def list_endpoints(application: Application, given: Namespace, tell: Tell) -> Document:
    """Every endpoint."""
    return [_endpoint(endpoint) for endpoint in services.list_endpoints(application.workspace())]


def show_endpoint(application: Application, given: Namespace, tell: Tell) -> Document:
    """One endpoint."""
    return _endpoint(services.get_endpoint(application.workspace(), given.name))


def delete_endpoint(application: Application, given: Namespace, tell: Tell) -> Document:
    """Delete an endpoint; one that isn't there is told, so that a typing error isn't taken for a success."""
    workspace = application.workspace()
    services.get_endpoint(workspace, given.name)
    services.delete_endpoint(workspace, given.name)
    return {"deleted": given.name}


def keys(application: Application, given: Namespace, tell: Tell) -> Document:
    """Both keys, as somebody asked for them by name."""
    found = services.keys(application.workspace(), given.name)
    return {"primary": found.primary, "secondary": found.secondary}


def renew_key(application: Application, given: Namespace, tell: Tell) -> Document:
    """Replace one key; it is not written, `keys --show` does that."""
    services.regenerate_key(application.workspace(), given.name, given.which)
    return {"endpoint": given.name, "renewed": given.which}


def logs(application: Application, given: Namespace, tell: Tell) -> Document:
    """The container's log as it is; a sentence on the way when there is none yet."""
    text = services.logs(application.workspace(), given.name, container=given.container)
    if not text.strip():
        tell("The container has not written anything yet.")
    return text


def score(application: Application, given: Namespace, tell: Tell) -> Document:
    """Send one request; the answer's body and what it took."""
    workspace = application.workspace()
    endpoint = services.get_endpoint(workspace, given.name)
    answer = open_endpoint(workspace, endpoint).score(_payload(given))
    return {"status": answer.status, "latency_ms": round(answer.latency_ms, 1), "answer": answer.body}


def _payload(given: Namespace) -> object:
    if given.horizon is not None:
        return {**USUAL_REQUEST, "horizon": given.horizon}
    if given.data is None:
        return USUAL_REQUEST
    text = given.data
    if text == "-":
        text = sys.stdin.read()
    elif text.startswith("@"):
        text = _read(Path(text[1:]), "data").decode("utf-8", errors="replace")
    try:
        json.loads(text)
    except ValueError as error:
        raise InvalidInput(f"--data isn't JSON: {error}", field="data", code="request.json") from error
    return text


def _staged(application: Application, given: Path) -> RunOutputs:
    uploads = application.settings.uploads
    if given.is_file():
        with given.open("rb") as archive:
            return unpack_run_outputs(archive, uploads)
    outputs = read_run_outputs(given)  # refuses links before anything is copied
    folder = uploads / uuid.uuid4().hex
    shutil.copytree(outputs.folder, folder)
    return read_run_outputs(folder)


def _version(application: Application, text: str) -> tuple[str, int]:
    """Name and version of `name:version`, or of a name's newest version."""
    name, colon, number = text.partition(":")
    if colon and not number.isdecimal():
        raise InvalidInput(f"A model is name:version, not {text}.", field="model", code="model.reference")
    if colon:
        return name, int(number)
    versions = [model.version for model in models.list_models(application.workspace(), name)]
    if not versions:
        raise NotFound(f"There is no model {name}.", code="model.not_found", name=name)
    return name, max(versions)


def _script(path: Path | None) -> scripts.Script:
    if path is None:
        return scripts.bundled_script()
    return scripts.script_from_upload(path.name, _read(path, "script"))


def _environment(path: Path | None) -> environments.EnvironmentSpecification:
    if path is None:
        return environments.read(environments.ENVS / environments.OURS)
    return environments.parse(_read(path, "environment").decode("utf-8", errors="replace"))


def _read(path: Path, field: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidInput(
            f"{path} can't be read: {error.strerror}.", field=field, code="file.unreadable", name=path.name
        ) from error


def _ended(application: Application, job: Job, tell: Tell) -> Job:
    told = 0
    while job.state == "running":
        application.jobs.pause(LOOK_SECONDS)
        job = application.jobs.get(job.id) or job
        for line in job.lines[told:]:
            tell(line)
        told = len(job.lines)
    return job


def _model(model: RegisteredModel) -> dict[str, Any]:
    created = model.created.isoformat() if model.created else None
    return {"name": model.name, "version": model.version, "created": created, **model.metrics}


def _endpoint(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "name": endpoint.name,
        "state": endpoint.state,
        "model": endpoint.model_id,
        "cpu_cores": endpoint.cpu_cores,
        "memory_gb": endpoint.memory_gb,
        "with_key": endpoint.authentication,
        "scoring_uri": endpoint.scoring_uri,
        "error": endpoint.error,
    }
