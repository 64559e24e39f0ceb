"""Model management's web services: validate, create, overwrite, read, list, change, delete, keys, logs."""

from __future__ import annotations

import asyncio
import logging
import secrets
import shutil
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from backend.local.deploying import Deployments, Runtime, new_revision, submitted
from backend.local.gateway import Route as GatewayRoute
from backend.local.patching import apply_patch
from backend.local.records import Json, Operation, Service
from backend.local.service_requests import (
    PATCHABLE,
    checked_image,
    checked_name,
    checked_quota,
    checked_record,
    checked_request,
    checked_resources,
    model_ids,
    needs_deployment,
)
from backend.local.service_view import service_state, service_view
from backend.local.tails import tail
from backend.local.wire import WireError, matches_filter

if TYPE_CHECKING:
    from backend.local.service import ServiceStatus

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ServiceFilter:
    """What `Webservice.list` asks for; None or "" asks for nothing."""

    compute_type: str | None = None
    model_name: str | None = None
    model_id: str | None = None
    tags: str | None = None
    properties: str | None = None


class WebServices:
    """The services of a workspace: what may be done to them, one change at a time."""

    def __init__(self, runtime: Runtime, deployments: Deployments, origin: str) -> None:
        self._runtime = runtime
        self._store = runtime.store
        self._deployments = deployments
        self._origin = origin
        self._deleting: dict[str, asyncio.Lock] = {}

    # reading

    def status(self, service: Service) -> ServiceStatus | None:
        if service.active_revision is None:
            return None
        return self._runtime.supervisor.status(service.name, service.active_revision)

    def view(self, service: Service) -> dict[str, Any]:
        return service_view(self._store, service, self.status(service), self._origin)

    def find(self, name: str) -> Service:
        """The service; a `WireError` (404) when there is none."""
        service = self._store.service(name)
        if service is None or service.desired == "deleted":
            raise WireError(404, "ServiceNotFound", f"There is no web service '{name}' in this workspace.")
        return service

    def all(self) -> list[Service]:
        return [service for service in self._store.services() if service.desired == "running"]

    def listed(self, wanted: ServiceFilter) -> list[Service]:
        return [service for service in self.all() if _wanted(service, wanted)]

    def using(self, model_id: str) -> list[str]:
        """The services that need a model, for what they serve or for what is being deployed."""
        return [service.name for service in self.all() if model_id in _models_of(service)]

    def route(self, name: str) -> GatewayRoute | None:
        """Where the gateway finds a service now."""
        service = self._store.service(name)
        if service is None or service.desired == "deleted":
            return None
        status = self.status(service)
        return GatewayRoute(
            port=status.port if status is not None else None,
            keys=(service.primary_key, service.secondary_key),
            auth_enabled=bool(service.current.get("authEnabled")),
            state=status.state if status is not None else service_state(service, None),
        )

    async def logs(self, name: str, lines: int, *, init: bool) -> str:
        """The container's log, or (`init`) what happened before it: progress and the environment's build."""
        service = self.find(name)
        operation = self._attempt(service)
        build = operation.build_log if operation is not None else None
        if init:
            progress = "".join(f"{line.partition('|')[2]}\n" for line in operation.lines) if operation else ""
            return progress + (await asyncio.to_thread(tail, build, lines) if build else "")
        revisions = [service.active_revision, service.attempted_revision]
        parts = []
        for revision in dict.fromkeys(revision for revision in revisions if revision is not None):
            path = self._runtime.folder(name, revision) / "service.log"
            text = await asyncio.to_thread(tail, path, lines)
            if revision != service.active_revision and service.active_revision is not None and text:
                parts.append(f"---- revision {revision}, not serving: its deployment follows ----\n")
            parts.append(text)
        failed = service.error is not None and operation is not None
        if failed and build and operation is not None and operation.sub_operation == "BuildEnvironment":
            parts.append(f"The environment could not be built; its build log follows.\n{tail(build, lines)}")
        return "".join("".join(parts).splitlines(keepends=True)[-lines:])

    def _attempt(self, service: Service) -> Operation | None:
        return self._runtime.operations.get(service.last_operation) if service.last_operation else None

    # checking

    def check_create(self, body: Json) -> dict[str, Any]:
        """A create request with its defaults; a `WireError` says what must be changed."""
        request = checked_request(self._store, body)
        name = checked_name(body.get("name"))
        service = self._store.service(name)
        if service is not None:
            if service.desired == "deleted":
                raise WireError(
                    409, "ServiceBusy", f"Web service '{name}' is being deleted; try again shortly."
                )
            if not body.get("overwrite"):
                raise name_taken(name)
            self._check_idle(service)
        self.check_quota(name, request)
        return request

    def check_update(self, name: str, patch: object) -> tuple[Service, dict[str, Any]]:
        """The service and its request after `patch`."""
        service = self.find(name)
        self._check_idle(service)
        request = apply_patch(service.current, patch, PATCHABLE)
        request["containerResourceRequirements"] = checked_resources(
            request.get("containerResourceRequirements")
        )
        request = checked_record(request)
        if needs_deployment(service.current, request):
            checked_image(self._store, request.get("environmentImageRequest"))
            self.check_quota(name, request)
        return service, request

    def check_free(self, name: str) -> None:
        """A `WireError` when a service of that name exists."""
        checked_name(name)
        if self._store.service(name) is not None:
            raise name_taken(name)

    def check_quota(self, name: str, request: Json) -> None:
        cpu = checked_resources(request.get("containerResourceRequirements"))["cpu"]
        checked_quota(self._runtime.faults(), self.all(), name, cpu)

    def _check_idle(self, service: Service) -> None:
        if service.operation is not None:
            raise WireError(
                409,
                "ServiceBusy",
                f"Web service '{service.name}' is being deployed (operation {service.operation}). Wait "
                f"for it to end, or "
                "delete the service to cancel it.",
            )

    # changing

    def create(self, body: Json) -> Operation:
        """Start the deployment of a new service, or of a new revision of an existing one."""
        request = self.check_create(body)
        name, now = str(body["name"]), time.time()
        given = request["keys"] or {}
        known = self._store.service(name)
        service = known or Service(
            name=name,
            desired="running",
            created=now,
            updated=now,
            primary_key=given.get("primaryKey") or new_key(),
            secondary_key=given.get("secondaryKey") or new_key(),
        )
        return self._deploy(service, request, "Create" if known is None else "Update")

    def update(self, name: str, patch: object) -> Operation:
        """Change a service: at once when only its record changes, by a new revision otherwise."""
        service, request = self.check_update(name, patch)
        if needs_deployment(service.current, request):
            return self._deploy(service, request, "Update")
        serving = service.request is not None
        changed = replace(
            service,
            request=request if serving else None,
            submitted=service.submitted if serving else request,
            updated=time.time(),
        )
        return self._at_once("Update", changed)

    def redeploy(self, service: Service) -> Operation:
        """Deploy the serving request again, when what it was built into is gone."""
        return self._deploy(service, dict(service.current), "Update")

    def regenerate(self, name: str, which: str, value: str | None) -> Operation:
        """Give one of the two keys a new value."""
        service = self.find(name)
        if which not in ("Primary", "Secondary"):
            raise WireError(
                400, "InvalidKeyType", f"keyType must be Primary or Secondary, not {which[:40]!r}."
            )
        key = value or new_key()
        changed = (
            replace(service, primary_key=key) if which == "Primary" else replace(service, secondary_key=key)
        )
        return self._at_once("Keys", changed)

    async def delete(self, name: str) -> None:
        """End a service, cancelling its deployment; returns when its processes are gone."""
        self.find(name)
        async with self._deleting.setdefault(name, asyncio.Lock()):
            service = self._store.service(name)
            if service is None:
                return
            # first the wish, durably: a crash from here on finishes the deletion at the next start
            self._store.put_service(replace(service, desired="deleted"))
            await self._deployments.cancel(name)
            await self._deployments.settle(name)
            if service.active_revision is not None:
                await self._runtime.supervisor.stop(name, service.active_revision)
            await asyncio.to_thread(shutil.rmtree, self._runtime.root / name, ignore_errors=True)
            self.forget(service)
        logger.info("service deleted", extra={"service": name})

    def forget(self, service: Service) -> None:
        """Remove a deleted service's record and uploads."""
        self._store.remove_service(service.name)
        self._deployments.drop_uploads(service.request)
        self._deployments.drop_uploads(service.submitted)

    def _deploy(self, service: Service, request: dict[str, Any], kind: Any) -> Operation:
        failed = service.attempted_revision
        with self._store.transaction():
            operation = self._runtime.operations.begin(
                kind, service.name, request=request, revision=new_revision()
            )
            self._store.put_service(submitted(service, operation))
        self._deployments.drop_uploads(service.submitted, service.request, request)
        if failed is not None and failed != service.active_revision:
            self._deployments.retire(service.name, failed)
        self._deployments.begin(operation)
        return operation

    def _at_once(self, kind: Any, service: Service) -> Operation:
        with self._store.transaction():
            operation = self._runtime.operations.begin(kind, service.name)
            self._store.put_service(replace(service, updated=time.time()))
            return self._runtime.operations.finish(operation.id, "Succeeded")


def new_key() -> str:
    return secrets.token_urlsafe(24)


def name_taken(name: str) -> WireError:
    return WireError(
        409,
        "ServiceExists",
        f"Web service '{name}' already exists. Deploy with overwrite=True to replace it, or choose "
        f"another name.",
    )


def _models_of(service: Service) -> set[str]:
    requests = (service.request, service.submitted)
    return {
        model_id
        for request in requests
        for model_id in model_ids((request or {}).get("environmentImageRequest") or {})
    }


def _wanted(service: Service, wanted: ServiceFilter) -> bool:
    request = service.current
    models = model_ids(request.get("environmentImageRequest") or {})
    names = {model_id.rpartition(":")[0] for model_id in models}
    return (
        (wanted.compute_type or "ACI").upper() == "ACI"
        and (not wanted.model_name or wanted.model_name in names)
        and (not wanted.model_id or wanted.model_id in models)
        and matches_filter(wanted.tags, request.get("kvTags"))
        and matches_filter(wanted.properties, request.get("properties"))
    )
