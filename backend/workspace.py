"""The connection to an Azure Machine Learning workspace; the only module that knows Azure from local.

What azureml reads at import time is set here, before azureml is imported. Everywhere else azureml is imported
inside functions, after `connect`.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from backend.errors import NotFound, WorkspaceUnavailable, YosokuError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from azureml.core import Workspace

    from backend.settings import Settings, WorkspaceKind

_importing = threading.Lock()
# The SDK warns of its own deprecation on every import and explains its retries in a user's log.
_QUIET_LOGGERS = ("azureml", "msrest", "urllib3", "azure")


@dataclass(frozen=True)
class WorkspaceFacts:
    """Which workspace this is, for people."""

    kind: WorkspaceKind
    name: str
    resource_group: str
    subscription_id: str
    location: str


def connect(settings: Settings) -> Workspace:
    """Connect to the configured workspace; a local one is started when it doesn't run.

    WorkspaceUnavailable says what is wrong and what to do; its cause is the SDK's own error.
    """
    return _connect_local(settings) if settings.workspace == "local" else _connect_azure(settings)


def is_running(settings: Settings) -> bool:
    """Whether the workspace runs already; one in Azure always does."""
    if settings.workspace == "azure":
        return True
    from backend.local import client

    return client.find_running(settings.state_dir) is not None


def keep_running(settings: Settings) -> None:
    """Start a local workspace again that was killed; it comes back at its addresses, with all it had.

    WorkspaceUnavailable when its ports were taken meanwhile: the SDK keeps the addresses that it was imported
    with.
    """
    if settings.workspace == "azure":
        return
    from backend.local import client

    running = client.ensure_running(settings.state_dir)
    if not os.environ.get("MSI_ENDPOINT", "").startswith(f"{running.http_url}/"):
        raise WorkspaceUnavailable(
            f"The local workspace came back at another address, {running.http_url}: restart the application.",
            code="workspace.moved",
        )


def stop(settings: Settings) -> None:
    """Stop a local workspace and its endpoints; their state stays."""
    if settings.workspace == "local":
        from backend.local import client

        client.stop(settings.state_dir)


def end_left_over_services(settings: Settings) -> None:
    """End the endpoints of a local workspace that was killed; they would go on without it."""
    services = settings.state_dir / "workspace" / "services"
    if settings.workspace == "local" and services.is_dir():
        from backend.local.supervisor import end_orphans

        end_orphans(services, keep=())


def _connect_local(settings: Settings) -> Workspace:
    from backend.local import client

    running = client.ensure_running(settings.state_dir)
    with _importing:
        os.environ.update(client.sdk_environment(settings.state_dir))
        workspace_class = _import_sdk()
    with _unavailable("the local workspace"):
        return workspace_class.get(
            name=running.workspace_name,
            subscription_id=running.subscription_id,
            resource_group=running.resource_group,
        )


def _connect_azure(settings: Settings) -> Workspace:
    with _importing:
        workspace_class = _import_sdk()
    try:
        config = json.loads(settings.config_file.read_text(encoding="utf-8"))
        names = {key: config[key] for key in ("subscription_id", "resource_group", "workspace_name")}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WorkspaceUnavailable(
            f"{settings.config_file} must hold subscription_id, resource_group and workspace_name.",
            code="workspace.config",
            file=settings.config_file.name,
        ) from error
    with _unavailable(f"the workspace {names['workspace_name']}"):
        return workspace_class.get(
            name=names["workspace_name"],
            subscription_id=names["subscription_id"],
            resource_group=names["resource_group"],
            auth=_authentication(settings),
        )


def _authentication(settings: Settings) -> Any:
    """Never InteractiveLoginAuthentication: a server must not open a browser."""
    from azureml.core import authentication

    if settings.authentication == "service_principal":
        return authentication.ServicePrincipalAuthentication(
            tenant_id=settings.tenant_id,
            service_principal_id=settings.client_id,
            service_principal_password=settings.client_secret,
        )
    if settings.authentication == "managed_identity":
        identity = {"client_id": settings.client_id} if settings.client_id else None
        return authentication.MsiAuthentication(identity_config=identity)
    return authentication.AzureCliAuthentication()


def _import_sdk() -> Any:
    os.environ.setdefault("AZUREML_LOG_DEPRECATION_WARNING_ENABLED", "False")
    from azureml.core import Workspace

    for name in _QUIET_LOGGERS:
        logging.getLogger(name).setLevel(logging.ERROR)
    return Workspace


def describe(workspace: Workspace, settings: Settings) -> WorkspaceFacts:
    """The workspace's names and place."""
    return WorkspaceFacts(
        kind=settings.workspace,
        name=workspace.name,
        resource_group=workspace.resource_group,
        subscription_id=workspace.subscription_id,
        location=workspace.location,
    )


@contextlib.contextmanager
def _unavailable(what: str) -> Iterator[None]:
    try:
        yield
    except YosokuError:
        raise
    except Exception as error:  # the SDK raises its own, msrest's, requests' and plain Exceptions here
        raise WorkspaceUnavailable(
            f"{what[0].upper()}{what[1:]} can't be reached: {first_line(error)}",
            code="workspace.unavailable",
            evidence=first_line(error),
        ) from error


@contextlib.contextmanager
def sdk_errors(action: str) -> Iterator[None]:
    """Turn what the SDK raises during `action` into our tree; a missing thing is NotFound."""
    try:
        yield
    except YosokuError:
        raise
    except Exception as error:  # the SDK raises its own, msrest's, requests' and plain Exceptions
        text = first_line(error)
        if "NotFound" in text or "not found" in text.lower():
            raise NotFound(f"Could not {action}: {text}", code="not_found", evidence=text) from error
        raise WorkspaceUnavailable(
            f"Could not {action}: {text}", code="workspace.refused", evidence=text, action=action
        ) from error


def first_line(error: BaseException) -> str:
    """The SDK's message without the wrapping that it prints around it."""
    message = getattr(error, "message", None) or str(error)
    lines = [line.strip() for line in str(message).splitlines() if line.strip()]
    return lines[0][:500] if lines else type(error).__name__
