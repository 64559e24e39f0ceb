"""A deployment, from request to Healthy: build, lay out the files, start, switch, stop the old revision.

Nothing of a service changes before its new revision answers. A failed or cancelled deployment leaves the
serving revision,
its request and its keys as they were.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
import time
import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from backend.errors import YosokuError
from backend.local.deployment_errors import deployment_error
from backend.local.environments import register as register_environment
from backend.local.faults import Faults
from backend.local.faults import entry_script as fault_script
from backend.local.service import ServiceSpecification
from backend.local.service_files import APP, PlacedFile, assemble, model_directory, plan
from backend.local.service_requests import artifact_ids, entry_script
from backend.local.wire import WireError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from backend.local.blob_files import BlobFiles
    from backend.local.environment_builder import BuiltEnvironment, EnvironmentBuilder
    from backend.local.operations import Operations
    from backend.local.records import Json, Operation, OperationState, Service
    from backend.local.store import Store
    from backend.local.supervisor import Supervisor

logger = logging.getLogger(__name__)

FAULT_ENTRY = "yosoku_fault_entry.py"


@dataclass(frozen=True)
class Runtime:
    """What a deployment works with."""

    root: Path
    store: Store
    files: BlobFiles
    operations: Operations
    builder: EnvironmentBuilder
    supervisor: Supervisor
    faults: Callable[[], Faults]

    def folder(self, service: str, revision: str) -> Path:
        return self.root / service / revision


class Deployments:
    """Runs deployments as tasks of the server's loop, one a service at a time."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._retiring: dict[asyncio.Task[None], str] = {}
        self._interrupted = False

    def begin(self, operation: Operation) -> None:
        """Start the deployment of an operation that `Operations.begin` or `resume` made."""
        task = asyncio.create_task(self._run(operation), name=f"deploy {operation.service}")
        self._tasks[operation.service] = task
        task.add_done_callback(lambda done: self._forget(operation.service, done))

    async def cancel(self, service: str) -> None:
        """Cancel the deployment of a service, if one runs; returns when it has cleaned up."""
        task = self._tasks.get(service)
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def settle(self, service: str | None = None) -> None:
        """Wait for old revisions (of one service, or of all) that are being stopped."""
        tasks = [task for task, name in self._retiring.items() if service in (None, name)]
        await asyncio.gather(*tasks, return_exceptions=True)

    async def interrupt(self) -> None:
        """The server stops: end running deployments without a verdict; the next start does them again."""
        self._interrupted = True
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.settle()

    def retire(self, service: str, revision: str) -> None:
        """Stop a revision and remove its folder, in the background."""
        task = asyncio.create_task(self._retire(service, revision), name=f"retire {service}")
        self._retiring[task] = service
        task.add_done_callback(lambda done: self._retiring.pop(done, None))

    async def _run(self, operation: Operation) -> None:
        service, revision = operation.service, operation.revision or ""
        logger.info("deployment begins", extra={"service": service, "operation": operation.id})
        try:
            environment = await self._prepare(operation)
            await self._start(operation, environment)
        except asyncio.CancelledError as reason:
            await self._clear(service, revision)
            if not self._interrupted:
                self._fail(operation, "Cancelled", deployment_error(reason))
            raise
        except (YosokuError, WireError) as error:
            self._fail(operation, "Failed", deployment_error(error))
        # a fault of ours must end the operation too, or the client would wait for ever
        except Exception as error:
            logger.exception("deployment broke", extra={"service": service, "operation": operation.id})
            await self._clear(service, revision)
            self._fail(operation, "Failed", deployment_error(error))

    async def _prepare(self, operation: Operation) -> BuiltEnvironment:
        run, image = self._runtime, operation.request["environmentImageRequest"]
        definition = image["environment"]
        self._report(operation, "Creating Container Registry if not exists.")
        self._report(operation, "Registering the environment.")
        if definition.get("name"):
            register_environment(run.store, str(definition["name"]), definition)
        run.operations.enter(
            operation.id, "BuildEnvironment", build_log=str(run.builder.log_path(definition))
        )
        await asyncio.sleep(run.faults().slow_build)
        environment = await run.builder.build(definition, lambda sentence: self._report(operation, sentence))
        run.operations.enter(operation.id, "DeployService", build_log=str(environment.log))
        return environment

    async def _start(self, operation: Operation, environment: BuiltEnvironment) -> None:
        run, service, revision = self._runtime, operation.service, operation.revision or ""
        folder = run.folder(service, revision)
        self._report(operation, "Generating deployment configuration.")
        placed = plan(run.store, run.files, operation.request["environmentImageRequest"])
        await assemble_to_the_end(folder, placed)
        specification = specified(folder, service, revision, environment.python, operation.request)
        fault = run.faults().entry
        if fault is not None:
            (folder / APP / FAULT_ENTRY).write_text(fault_script(fault))
            specification = replace(specification, entry_script=FAULT_ENTRY)
        self._report(operation, "Submitting deployment to compute.")
        self._report(operation, f"Checking the status of deployment {service}..")
        self._report(operation, f"Checking the status of inference endpoint {service}.")
        await run.supervisor.start(specification)
        self._switch(operation, environment)

    def _switch(self, operation: Operation, environment: BuiltEnvironment) -> None:
        """The new revision answers: route to it, remember it, let the old one go."""
        run, request = self._runtime, dict(operation.request)
        keys = request.pop("keys", None) or {}
        with run.store.transaction():
            service = run.store.service(operation.service)
            assert service is not None  # deleting a service first cancels its deployment
            run.store.put_service(
                replace(
                    service,
                    request=request,
                    submitted=None,
                    active_revision=operation.revision,
                    active_python=str(environment.python),
                    operation=None,
                    error=None,
                    updated=time.time(),
                    primary_key=keys.get("primaryKey") or service.primary_key,
                    secondary_key=keys.get("secondaryKey") or service.secondary_key,
                )
            )
            run.operations.finish(operation.id, "Succeeded")
        logger.info("deployment succeeded", extra={"service": service.name, "operation": operation.id})
        self.drop_uploads(service.request, request)
        if service.active_revision is not None:
            self.retire(service.name, service.active_revision)

    def _fail(self, operation: Operation, state: OperationState, error: Json) -> None:
        run = self._runtime
        with run.store.transaction():
            service = run.store.service(operation.service)
            if service is not None:
                run.store.put_service(replace(service, operation=None, error=error, updated=time.time()))
            run.operations.finish(operation.id, state, error)
        logger.warning(
            "deployment ended: %s",
            error["message"],
            extra={"service": operation.service, "operation": operation.id, "state": state},
        )

    def drop_uploads(self, request: Json | None, *kept: Json | None) -> None:
        """Remove the uploaded sources of a request, but those that a kept request needs too."""
        for artifact_id in artifact_ids(request).difference(*map(artifact_ids, kept)):
            artifact = self._runtime.store.artifact(artifact_id)
            if artifact is not None:
                self._runtime.files.remove(artifact)

    async def _clear(self, service: str, revision: str) -> None:
        await self._runtime.supervisor.stop(service, revision)

    async def _retire(self, service: str, revision: str) -> None:
        await self._runtime.supervisor.stop(service, revision)
        await asyncio.to_thread(shutil.rmtree, self._runtime.folder(service, revision), ignore_errors=True)

    def _report(self, operation: Operation, sentence: str) -> None:
        self._runtime.operations.report(operation.id, sentence)

    def _forget(self, service: str, done: asyncio.Task[None]) -> None:
        if self._tasks.get(service) is done:
            del self._tasks[service]


def specified(folder: Path, service: str, revision: str, python: Path, request: Json) -> ServiceSpecification:
    """What the supervisor must know to run a revision of a request."""
    image, resources = request["environmentImageRequest"], request["containerResourceRequirements"]
    variables = image["environment"].get("environmentVariables") or {}
    return ServiceSpecification(
        name=service,
        revision=revision,
        python=python,
        folder=folder,
        entry_script=entry_script(image),
        model_dir=model_directory(folder, image),
        environment_variables={str(name): str(value) for name, value in variables.items()},
        cpu_cores=float(resources["cpu"]),
        memory_gb=float(resources["memoryInGB"]),
    )


def submitted(service: Service, operation: Operation) -> Service:
    """The service while `operation` works on its new request."""
    shown = {name: value for name, value in operation.request.items() if name != "keys"}
    return replace(
        service,
        submitted=shown,
        operation=operation.id,
        last_operation=operation.id,
        attempted_revision=operation.revision,
        error=None,
        updated=time.time(),
    )


async def assemble_to_the_end(folder: Path, placed: list[PlacedFile]) -> None:
    """`assemble` in a thread; when cancelled, its end is awaited: nothing is written after the clean-up."""
    working = asyncio.create_task(asyncio.to_thread(assemble, folder, placed))
    try:
        await asyncio.shield(working)
    except asyncio.CancelledError:
        await asyncio.wait([working])
        raise


def new_revision() -> str:
    return uuid.uuid4().hex[:12]
