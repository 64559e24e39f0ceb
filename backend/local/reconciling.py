"""What a start does with what the last run left: wishes carried out, orphans ended, half-done work redone."""

from __future__ import annotations

import asyncio
import logging
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from backend.local.deploying import Deployments, Runtime, new_revision, specified, submitted
from backend.local.supervisor import end_orphans

if TYPE_CHECKING:
    from backend.local.records import Operation, Service
    from backend.local.web_services import WebServices

logger = logging.getLogger(__name__)


async def reconcile(runtime: Runtime, deployments: Deployments, services: WebServices) -> None:
    """Bring the processes and files to what the records say; returns before services are Healthy."""
    runtime.root.mkdir(exist_ok=True)
    swept = runtime.files.sweep()
    wanted = {
        (service.name, service.active_revision)
        for service in services.all()
        if service.active_revision is not None
    }
    ended = await asyncio.to_thread(end_orphans, runtime.root, wanted)
    logger.info("swept", extra={"files": swept, "orphans": len(ended)})
    for service in runtime.store.services():
        if service.desired == "deleted":
            await asyncio.to_thread(shutil.rmtree, runtime.root / service.name, ignore_errors=True)
            services.forget(service)
    await asyncio.to_thread(_remove_unknown, runtime.root, services.all())
    interrupted = runtime.store.unfinished_operations()
    busy = {operation.service for operation in interrupted}
    for service in services.all():
        await _serve(runtime, services, service, busy=service.name in busy)
    for operation in interrupted:
        _redo(runtime, deployments, operation)


async def _serve(runtime: Runtime, services: WebServices, service: Service, *, busy: bool) -> None:
    """Adopt or start the serving revision; deploy it anew when its environment or folder is gone."""
    if service.active_revision is None or service.request is None:
        if not busy and service.operation is not None:
            runtime.store.put_service(replace(service, operation=None))
        return
    folder = runtime.folder(service.name, service.active_revision)
    python = Path(service.active_python or "")
    if service.active_python and python.exists() and folder.is_dir():
        specification = specified(folder, service.name, service.active_revision, python, service.request)
        await runtime.supervisor.ensure(specification)
        if not busy and service.operation is not None:
            runtime.store.put_service(replace(service, operation=None))
    elif not busy:
        logger.warning("environment or folder is gone, deploying again", extra={"service": service.name})
        services.redeploy(service)


def _redo(runtime: Runtime, deployments: Deployments, operation: Operation) -> None:
    """Do an interrupted deployment again from its stored request; end it when its service is gone."""
    service = runtime.store.service(operation.service)
    resumed = runtime.operations.resume(operation, new_revision())
    if service is None or not operation.request:
        message = "The local workspace was stopped while this operation ran, and its service is gone."
        error = {"code": "Interrupted", "statusCode": 400, "message": message, "details": []}
        runtime.operations.finish(operation.id, "Failed", error)
        return
    if service.attempted_revision not in (None, service.active_revision):
        deployments.retire(service.name, str(service.attempted_revision))
    logger.info("deployment resumed", extra={"service": service.name, "operation": operation.id})
    runtime.store.put_service(submitted(service, resumed))
    deployments.begin(resumed)


def _remove_unknown(root: Path, services: list[Service]) -> None:
    """Remove the folders of revisions that neither serve nor were the last attempt."""
    known = {
        (service.name, revision)
        for service in services
        for revision in (service.active_revision, service.attempted_revision)
        if revision is not None
    }
    for folder in root.glob("*/*"):
        if folder.is_dir() and (folder.parent.name, folder.name) not in known:
            shutil.rmtree(folder, ignore_errors=True)
    for folder in root.iterdir():
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
