"""The app as AppTest drives it: the real entry, the real backend, the local workspace of the run."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest
from streamlit.testing.v1 import AppTest

from backend import deployments, environments
from backend.demonstration import DAILY
from backend.deployments import DeploymentRequest
from dashboard import reads
from tests.dashboard.pages import ENTRY, TIMEOUT_SECONDS

if TYPE_CHECKING:
    from backend.application import Application
    from backend.jobs import Job
    from backend.models import RegisteredModel
    from backend.scripts import Script
    from dashboard.i18n import Language

DEADLINE_SECONDS = 120


class OpenPage(Protocol):
    """Opens a page of the app in a language, in a session of its own."""

    def __call__(self, name: str, language: Language = "en", **query: str) -> AppTest: ...


@pytest.fixture
def open_page(application: Application) -> OpenPage:
    """Pages of the app, with nothing left of what earlier tests read from the workspace."""
    reads.forget()

    def open_it(name: str, language: Language = "en", **query: str) -> AppTest:
        at = AppTest.from_file(str(ENTRY), default_timeout=TIMEOUT_SECONDS)
        for key, value in {"lang": language, **query}.items():
            at.query_params[key] = value
        at.run()
        if name != "forecast":
            at.switch_page(f"dashboard/pages/{name}.py").run()
        assert not at.exception, at.exception
        return at

    return open_it


@pytest.fixture
def run_outputs(application: Application, demonstration: Job, tmp_path: Path) -> Path:
    """The demonstration's run outputs as a zip, as a team would upload them."""
    folder = application.settings.uploads / f"demonstration-{DAILY.name}"
    archive = shutil.make_archive(str(tmp_path / "outputs"), "zip", folder)
    return Path(archive)


def deploy_small(application: Application, service_name: str, model: RegisteredModel, script: Script) -> None:
    """Deploy a model at the smallest size, and wait until it is Healthy."""
    request = DeploymentRequest(
        service_name=service_name,
        model_name=model.name,
        model_version=model.version,
        script=script,
        environment=environments.read(environments.ENVS / "scoring.yml"),
        cpu_cores=0.5,
        memory_gb=0.5,
        replace=True,
    )
    deployments.start_deployment(application, request)
    ended = until_ended(application, service_name)
    assert ended.state == "succeeded", ended.error


def until_ended(application: Application, subject: str) -> Job:
    """The subject's newest deployment once it has ended."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        job = application.jobs.latest("deploy", subject)
        assert job is not None
        if job.state != "running":
            return job
        assert time.monotonic() < deadline, f"{subject} still runs: {job.lines}"
        time.sleep(0.05)
