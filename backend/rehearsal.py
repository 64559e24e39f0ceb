"""Dress rehearsal: the very script, environment and model on this machine, before they go anywhere else.

What runs is what the local workspace runs for an endpoint, without an endpoint: the environment built from
the same specification (and reused by a deployment), the model's files laid out as in Azure's image, and the
inference server as a process of its own. It is a job, so that it goes on when the page is left.
"""

from __future__ import annotations

import asyncio
import hashlib
import shutil
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import yaml

from backend import models
from backend.errors import YosokuError
from backend.local.environment_builder import BuildFailed, EnvironmentBuilder
from backend.local.service import ServiceSpecification, ServiceStartFailed
from backend.local.service_files import APP, MODELS
from backend.local.state import folder_of, make_private
from backend.local.supervisor import end_orphans
from backend.rehearsal_run import NoAnswer, memory_to_spare, rehearse_service
from backend.sizing import Measured, propose

if TYPE_CHECKING:
    from collections.abc import Collection, Coroutine, Mapping
    from pathlib import Path

    from azureml.core import Workspace

    from backend.application import Application
    from backend.environments import EnvironmentSpecification
    from backend.jobs import Job, Jobs, Reporter
    from backend.local.environment_builder import BuiltEnvironment
    from backend.rehearsal_run import Rehearsed
    from backend.scripts import Script

LOOK_SECONDS = 0.3  # how often a rehearsal looks whether somebody asked for its end
RUN = "run"
SUBJECT_CHARACTERS = 200  # of the model's name; a subject has 255


@dataclass(frozen=True)
class RehearsalRequest:
    """What is rehearsed."""

    model_name: str
    model_version: int
    script: Script
    environment: EnvironmentSpecification

    @property
    def subject(self) -> str:
        """What the job is about: the model, and a digest that tells this very script and environment."""
        model_id = f"{self.model_name}:{self.model_version}"
        return f"{model_id[:SUBJECT_CHARACTERS]} {self._digest(model_id)}"

    def _digest(self, model_id: str) -> str:
        digest = hashlib.sha256(f"{model_id}\0{self.script.entry}\0{self.environment.text}".encode())
        for name, content in sorted(self.script.files.items()):
            digest.update(f"\0{name}\0{len(content)}\0".encode())
            digest.update(content)
        return digest.hexdigest()[:16]


class RehearsalFailed(YosokuError):
    """The environment could not be built, or the script did not start or did not answer; with evidence."""


def start_rehearsal(application: Application, request: RehearsalRequest) -> Job:
    """Begin a rehearsal that goes on without the page; Conflict while one of this model runs."""
    return application.jobs.submit(
        "rehearse", request.subject, lambda reporter: rehearse(application, request, reporter)
    )


def latest_rehearsal(jobs: Jobs, request: RehearsalRequest) -> Job | None:
    """The newest rehearsal of this very request, running or ended."""
    return jobs.latest("rehearse", request.subject)


def rehearse(application: Application, request: RehearsalRequest, reporter: Reporter) -> Mapping[str, Any]:
    """Run the script with the model and the sample requests; the result holds what `Rehearsed` has, and a
    proposed size.

    RehearsalFailed carries the log; NotFound when the registry has no such model.
    """
    settings = application.settings
    rehearsals = settings.state_dir.resolve() / "rehearsals"
    make_private(rehearsals)
    _sweep(rehearsals, {job.id for job in application.jobs.running() if job.kind == "rehearse"})
    folder = rehearsals / reporter.job_id / RUN
    try:
        reporter.phase("fetch")
        lay_out(application.workspace(), request, folder)
        reporter.check()
        environments = folder_of(settings.state_dir).environments
        make_private(environments)
        work = _run(request, folder, EnvironmentBuilder(environments), reporter)
        return asyncio.run(_unless_stopped(work, reporter))
    finally:
        shutil.rmtree(folder.parent, ignore_errors=True)


def _sweep(rehearsals: Path, running: Collection[str]) -> None:
    """End and remove what rehearsals left whose application was killed."""
    end_orphans(rehearsals, keep={(job_id, RUN) for job_id in running})
    for folder in rehearsals.iterdir():
        if folder.name not in running:
            shutil.rmtree(folder, ignore_errors=True)


def lay_out(workspace: Workspace, request: RehearsalRequest, folder: Path) -> None:
    """The files of a container below `folder`: the script, and the model by its name and version."""
    application = folder / APP
    application.mkdir(parents=True)
    request.script.write(application)
    registered = models.get_model(workspace, request.model_name, request.model_version)
    models.download(workspace, registered, model_directory(folder, request))


def model_directory(folder: Path, request: RehearsalRequest) -> Path:
    """AZUREML_MODEL_DIR of the rehearsal."""
    return folder / APP / MODELS / request.model_name / str(request.model_version)


def definition(environment: EnvironmentSpecification) -> dict[str, Any]:
    """A conda YAML as the SDK's dictionary of an Environment, so that both build the same folder."""
    return {"python": {"condaDependencies": yaml.safe_load(environment.text)}}


async def _run(
    request: RehearsalRequest, folder: Path, builder: EnvironmentBuilder, reporter: Reporter
) -> Mapping[str, Any]:
    reporter.phase("build_environment")
    try:
        built = await builder.build(definition(request.environment), reporter.line)
    except BuildFailed as error:
        raise RehearsalFailed(
            f"The environment can't be built: {error.message}",
            code="rehearsal.environment",
            evidence=error.evidence,
            reason=error.message.splitlines()[0],
        ) from error
    reporter.phase("start_init")
    try:
        rehearsed = await rehearse_service(_specification(request, folder, built), reporter)
    except ServiceStartFailed as error:
        raise RehearsalFailed(
            f"The script did not start: {error.message}",
            code="rehearsal.not_started",
            evidence=error.evidence,
            reason=error.message.splitlines()[0],
        ) from error
    except NoAnswer as error:
        raise RehearsalFailed(
            f"The script started, but answered no sample request: {error.reason}",
            code="rehearsal.no_answer",
            evidence=error.log,
            reason=error.reason,
        ) from error
    return _result(rehearsed, built)


def _specification(request: RehearsalRequest, folder: Path, built: BuiltEnvironment) -> ServiceSpecification:
    return ServiceSpecification(
        name="rehearsal",
        revision=RUN,
        python=built.python,
        folder=folder,
        entry_script=request.script.entry,
        model_dir=model_directory(folder, request),
        environment_variables={},
        # One core, as nearly every endpoint has; what is proposed follows from the seconds of CPU.
        cpu_cores=1.0,
        memory_gb=memory_to_spare(),
    )


def _result(rehearsed: Rehearsed, built: BuiltEnvironment) -> Mapping[str, Any]:
    measured = Measured(
        rehearsed.start_cpu_seconds,
        [sample.cpu_seconds for sample in rehearsed.samples if not sample.refused],
        rehearsed.peak_memory_bytes,
    )
    return {
        **asdict(rehearsed),
        "environment_seconds": round(built.seconds, 1),
        "environment_reused": built.reused,
        "installed": _installed(built),
        "proposal": asdict(propose(measured)),
    }


def _installed(built: BuiltEnvironment) -> dict[str, str]:
    """What the environment holds, by package."""
    frozen = built.log.with_name("freeze.txt")
    lines = frozen.read_text(encoding="utf-8").splitlines() if frozen.is_file() else []
    pairs = (line.split("==", 1) for line in lines if "==" in line)
    return {name.strip().lower(): version.strip() for name, version in pairs}


async def _unless_stopped(
    work: Coroutine[Any, Any, Mapping[str, Any]], reporter: Reporter
) -> Mapping[str, Any]:
    """The work's result; when the job is to stop, the work is ended first, with all its processes."""

    async def stopping() -> None:
        while not reporter.is_stopping():
            await asyncio.sleep(LOOK_SECONDS)

    working, watching = asyncio.create_task(work), asyncio.create_task(stopping())
    try:
        await asyncio.wait({working, watching}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            working.cancel()
            await asyncio.wait({working})
            reporter.check()
        return working.result()
    finally:
        watching.cancel()
