"""A deployment is watched to its real end: after a restart, after the operation, and when it is cancelled."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from backend import services
from backend.application import Application
from backend.deployment_watch import watch_service
from backend.errors import NotFound
from backend.jobs import Job
from backend.resuming import resume_abandoned
from backend.settings import PROJECT_ROOT
from tests.conftest import wait_for
from tests.dashboard.pages import COURSE_SCRIPT

pytestmark = pytest.mark.usefixtures("demonstration")

DEADLINE_SECONDS = 60
# An application that begins a deployment and is killed while it watches.
DEPLOYING = """
import sys, time
from backend import environments, models
from backend.application import open_application
from backend.deployments import DeploymentRequest, start_deployment
from backend.scripts import script_from_upload

application = open_application()
model = models.list_models(application.workspace())[0]
job = start_deployment(application, DeploymentRequest(
    service_name=sys.argv[1],
    model_name=model.name,
    model_version=model.version,
    script=script_from_upload("score_own.py", sys.argv[2].encode()),
    environment=environments.read(environments.ENVS / "scoring.yml"),
    cpu_cores=0.5,
    memory_gb=0.5,
))
while "start_init" not in [event.phase for event in application.jobs.get(job.id).events]:
    time.sleep(0.05)
print("watching", flush=True)
time.sleep(600)
"""


def begin_and_be_killed(name: str, script: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", DEPLOYING, name, script], cwd=PROJECT_ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "watching\n"
        finally:
            process.kill()


def until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def latest(application: Application, name: str) -> Job:
    job = application.jobs.latest("deploy", name)
    assert job is not None
    return job


def test_a_restarted_application_goes_on_watching_the_same_operation(
    application: Application, tmp_path: Path
) -> None:
    begin, name = tmp_path / "begin", "watched-again"
    begin_and_be_killed(name, COURSE_SCRIPT.format(begin=str(begin), fail=str(tmp_path / "fail")))
    left = latest(application, name)
    assert left.state == "running"
    resume_abandoned(application)
    # The service is not Healthy yet: whoever watches it itself waits too, and says what the state means.
    watching = application.jobs.submit(
        "rehearse",
        name,
        lambda reporter: {"seen": watch_service(application.workspace(), name, reporter).state},
    )
    until(lambda: (application.jobs.get(watching.id) or watching).lines == ("state.help.Transitioning",))
    begin.touch()
    done, seen = wait_for(application, left), wait_for(application, watching)
    assert (done.id, done.state) == (left.id, "succeeded")
    assert done.result["operation"] == left.result["operation"]
    assert done.result["answer"] == {"result": [500.0, 501.0, 502.0]}
    assert seen.result["seen"] == "Healthy"
    services.delete_endpoint(application.workspace(), name)


def test_a_deployment_can_be_cancelled_after_a_restart(application: Application, tmp_path: Path) -> None:
    name = "cancelled-later"
    begin_and_be_killed(name, COURSE_SCRIPT.format(begin=str(tmp_path / "never"), fail=str(tmp_path / "f")))
    left = latest(application, name)
    application.jobs.cancel(left)  # nobody watches it at this moment
    resume_abandoned(application)
    ended = wait_for(application, left)
    assert (ended.state, ended.lines[-1]) == ("cancelled", "stepper.deleting")
    with pytest.raises(NotFound):
        services.get_endpoint(application.workspace(), name)
