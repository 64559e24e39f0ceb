"""Deployed endpoints as the workspace reports them: state, logs, keys, deletion."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from backend.errors import NotFound
from backend.operations import failure_of
from backend.secrets_masking import mask
from backend.workspace import first_line, sdk_errors

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azureml.core import Webservice, Workspace

State = Literal["Transitioning", "Healthy", "Unhealthy", "Unschedulable", "Failed"]
WhichKey = Literal["primary", "secondary"]
LOG_LINES = 5000


@dataclass(frozen=True)
class Endpoint:
    """A web service as the workspace reports it; memory in GB."""

    name: str
    state: State
    scoring_uri: str | None = None
    model_name: str | None = None
    model_version: int | None = None
    cpu_cores: float | None = None
    memory_gb: float | None = None
    authentication: bool = True
    created: datetime | None = None
    updated: datetime | None = None
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    properties: Mapping[str, str] = field(default_factory=dict)
    error: str | None = None
    compute_type: str = "ACI"

    @property
    def model_id(self) -> str | None:
        """`name:version` of the model it serves."""
        return f"{self.model_name}:{self.model_version}" if self.model_name else None


@dataclass(frozen=True)
class Keys:
    """An endpoint's two keys; they never show in a repr, so that no log or traceback can hold them."""

    primary: str = field(repr=False)
    secondary: str = field(repr=False)


def list_endpoints(workspace: Workspace) -> list[Endpoint]:
    """Every endpoint of the workspace, by name."""
    from azureml.core import Webservice

    with sdk_errors("list endpoints"):
        found = [_endpoint(service) for service in Webservice.list(workspace)]
    return sorted(found, key=lambda endpoint: endpoint.name)


def get_endpoint(workspace: Workspace, name: str) -> Endpoint:
    """One endpoint; NotFound when there is none of that name."""
    return _endpoint(find(workspace, name))


def find(workspace: Workspace, name: str) -> Webservice:
    """The SDK's own object of one endpoint."""
    from azureml.core import Webservice
    from azureml.exceptions import WebserviceException

    try:
        with sdk_errors(f"read the endpoint {name}"):
            return Webservice(workspace, name)
    except NotFound as error:
        raise NotFound(f"There is no endpoint {name}.", code="endpoint.not_found", name=name) from error
    except WebserviceException as error:
        raise NotFound(
            f"There is no endpoint {name}.", code="endpoint.not_found", name=name, evidence=first_line(error)
        ) from error


def logs(workspace: Workspace, name: str, *, container: Literal["main", "init"] = "main") -> str:
    """The last lines that the container wrote, secrets masked; an empty text when there are none yet."""
    service = find(workspace, name)
    with sdk_errors(f"read the log of {name}"):
        return mask(service.get_logs(num_lines=LOG_LINES, init=container == "init") or "")


def keys(workspace: Workspace, name: str) -> Keys:
    """The endpoint's keys."""
    service = find(workspace, name)
    with sdk_errors(f"read the keys of {name}"):
        primary, secondary = service.get_keys()
    return Keys(primary, secondary)


def regenerate_key(workspace: Workspace, name: str, which: WhichKey) -> Keys:
    """Replace one key with a new random one; callers with the old one are refused from then on.

    Takes five seconds: the SDK sleeps before its first look at the operation.
    """
    service = find(workspace, name)
    with sdk_errors(f"regenerate the {which} key of {name}"):
        service.regen_key(which.capitalize())
    return keys(workspace, name)


def delete_endpoint(workspace: Workspace, name: str) -> None:
    """Delete an endpoint; one that is not there any more is fine."""
    try:
        service = find(workspace, name)
    except NotFound:
        return
    with sdk_errors(f"delete the endpoint {name}"):
        service.delete()


def _endpoint(service: Webservice) -> Endpoint:
    name, version = _model(service)
    resources = getattr(service, "container_resource_requirements", None)
    return Endpoint(
        name=service.name,
        state=service.state or "Transitioning",
        scoring_uri=service.scoring_uri,
        model_name=name,
        model_version=version,
        cpu_cores=getattr(resources, "cpu", None),
        memory_gb=getattr(resources, "memory_in_gb", None),
        authentication=bool(service.auth_enabled),
        created=_utc(service.created_time),
        updated=_utc(service.updated_time),
        description=service.description or "",
        tags=dict(service.tags or {}),
        properties=dict(service.properties or {}),
        error=_error(service.error),
        compute_type=service.compute_type,
    )


def _model(service: Webservice) -> tuple[str | None, int | None]:
    for model in service.models or []:
        return model.name, int(model.version)
    return None, None


def _utc(moment: datetime | None) -> datetime | None:
    if moment is None:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _error(error: Any) -> str | None:
    """The innermost sentence of Azure ML's nested error."""
    if not error:
        return None
    return failure_of(error)[0] if isinstance(error, dict) else str(error)
