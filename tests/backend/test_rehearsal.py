"""The dress rehearsal on the real runtime: what it measures, how it fails, that nothing of it is left."""

from __future__ import annotations

import json
import pickle
import shutil
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from backend import environments, models, scripts
from backend.application import open_application
from backend.demonstration import DAILY
from backend.expiry import expiry_of, set_expiry
from backend.local.conda import digest
from backend.local.state import folder_of
from backend.model_contents import read_contents
from backend.phases import REHEARSAL_PHASES
from backend.process_identity import is_alive
from backend.rehearsal import RehearsalRequest, definition, latest_rehearsal, start_rehearsal
from backend.run_outputs import read_run_outputs
from backend.scripts import Script
from backend.services import get_endpoint
from backend.settings import PROJECT_ROOT
from tests.conftest import wait_for
from tests.dashboard.pages import FAILING_SCRIPT

if TYPE_CHECKING:
    from collections.abc import Callable

    from backend.application import Application
    from backend.jobs import Job
    from backend.models import RegisteredModel
    from backend.settings import Settings

COURSE_SCRIPT = b"""
import json, os

def init():
    assert os.listdir(os.path.join(os.environ["AZUREML_MODEL_DIR"], "models"))

def run(raw):
    return json.dumps({"result": [500.0] * json.loads(raw)["data"][0]})
"""
REFUSING_SCRIPT = b"""
def init():
    print("ready, but not willing")

def run(raw):
    raise ValueError("no such request")
"""
HANGING_SCRIPT = b"""
import time

def init():
    while True:
        time.sleep(0.1)

def run(raw):
    return raw
"""


# Begins a rehearsal in an application of its own, on the state folder that the environment names.
ANOTHER_APPLICATION = """
import sys, time
from backend import environments
from backend.application import open_application
from backend.rehearsal import RehearsalRequest, start_rehearsal
from backend.scripts import Script

code, name, version = sys.argv[1:]
request = RehearsalRequest(
    name,
    int(version),
    Script("score_own.py", {"score_own.py": code.encode()}),
    environments.read(environments.ENVS / environments.OURS),
)
application = open_application()
job = start_rehearsal(application, request)
print(job.id, flush=True)
application.jobs.wait(job)
"""


def until(happened: Callable[[], bool]) -> None:
    """Wait for what another process does."""
    deadline = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def until_process(application: Application, job_id: str) -> tuple[int, float]:
    """The process of a rehearsal, by number and start time, once it is known."""
    until(lambda: bool(application.jobs.get(job_id) and application.jobs.get(job_id).result.get("process")))  # type: ignore[union-attr]
    job = application.jobs.get(job_id)
    assert job is not None
    pid, created = job.result["process"]
    return int(pid), float(created)


@pytest.fixture
def model(application: Application, demonstration: Job) -> RegisteredModel:
    return models.list_models(application.workspace(), DAILY.name)[0]


def request_of(model: RegisteredModel, script: Script) -> RehearsalRequest:
    environment = environments.read(environments.ENVS / environments.OURS)
    return RehearsalRequest(model.name, model.version, script, environment)


def rehearsed(application: Application, request: RehearsalRequest) -> Job:
    job = wait_for(application, start_rehearsal(application, request))
    left = list((application.settings.state_dir / "rehearsals").iterdir())
    assert left == [], "its folder goes with it"
    return job


def test_the_bundled_script_is_measured_and_a_size_is_proposed(
    application: Application, model: RegisteredModel
) -> None:
    request = request_of(model, scripts.bundled_script())
    job = rehearsed(application, request)
    assert job.state == "succeeded", job.error
    assert [event.phase for event in job.events] == list(REHEARSAL_PHASES)
    result = job.result
    assert result["environment_reused"], "the demonstration's deployment built the same folder"
    assert 0 < result["start_seconds"] < 60
    assert 0 < result["start_cpu_seconds"] < 60
    assert 20e6 < result["peak_memory_bytes"] < 1e9
    assert [sample["horizon"] for sample in result["samples"]] == [1, 28, 365]
    assert all(sample["requests"] and not sample["refused"] for sample in result["samples"])
    assert all(0 < sample["seconds"] <= sample["slowest_seconds"] for sample in result["samples"])
    assert result["contract"] == "horizon"
    assert len(result["answer"]["forecast"]) == 28
    assert 0.1 <= result["proposal"]["cpu_cores"] <= 1.0
    assert result["proposal"]["memory_gb"] == 0.5
    assert "numpy" in result["installed"]
    assert result["process"] is None
    found = latest_rehearsal(application.jobs, request)
    assert found is not None
    assert found.id == job.id
    assert latest_rehearsal(application.jobs, request_of(model, Script("x.py", {"x.py": b""}))) is None


def test_the_courses_contract_is_spoken_to_a_course_script(
    application: Application, model: RegisteredModel
) -> None:
    job = rehearsed(application, request_of(model, Script("score_own.py", {"score_own.py": COURSE_SCRIPT})))
    assert job.state == "succeeded", job.error
    assert job.result["contract"] == "data"
    assert job.result["answer"] == {"result": [500.0] * 28}


@pytest.mark.parametrize(
    ("code", "content", "evidence"),
    [
        ("rehearsal.not_started", FAILING_SCRIPT.encode(), "no model at models/demand.pkl"),
        ("rehearsal.no_answer", REFUSING_SCRIPT, "no such request"),
    ],
)
def test_a_failure_says_why_with_its_evidence(
    application: Application, model: RegisteredModel, code: str, content: bytes, evidence: str
) -> None:
    job = rehearsed(application, request_of(model, Script("score_own.py", {"score_own.py": content})))
    assert job.state == "failed"
    assert job.error is not None
    assert job.error.code == code
    assert evidence in job.error.evidence


def test_an_environment_that_cannot_be_built_is_told(
    application: Application, model: RegisteredModel
) -> None:
    wrong = environments.parse(
        "name: wrong\ndependencies:\n  - python=3.11\n  - pip:\n    - numpy==0.0.1\n    - numpy==2.0.0\n"
    )
    request = RehearsalRequest(model.name, model.version, scripts.bundled_script(), wrong)
    job = rehearsed(application, request)
    assert job.error is not None
    assert job.error.code == "rehearsal.environment"
    assert "numpy" in job.error.evidence


def test_one_that_is_ended_leaves_no_process(application: Application, model: RegisteredModel) -> None:
    job = start_rehearsal(
        application, request_of(model, Script("score_own.py", {"score_own.py": HANGING_SCRIPT}))
    )
    pid, created = until_process(application, job.id)
    application.jobs.cancel(job)
    assert wait_for(application, job).state == "cancelled"
    assert not is_alive(pid, created)
    assert list((application.settings.state_dir / "rehearsals").iterdir()) == []


def test_an_application_that_is_killed_leaves_no_process_after_its_next_start(
    application: Application, model: RegisteredModel, settings: Settings
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", ANOTHER_APPLICATION, HANGING_SCRIPT.decode(), model.name, str(model.version)],
        cwd=PROJECT_ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        job_id = other.stdout.readline().strip()
        pid, created = until_process(application, job_id)
        other.kill()
    assert is_alive(pid, created), "it is left to itself"
    again = open_application(settings)
    try:
        job = again.jobs.get(job_id)
        assert job is not None
        assert (job.state, job.error and job.error.code) == ("interrupted", "job.interrupted")
        until(lambda: not is_alive(pid, created))
        assert (
            wait_for(again, start_rehearsal(again, request_of(model, scripts.bundled_script()))).error is None
        )
        assert list((settings.state_dir / "rehearsals").iterdir()) == [], "and its folder went, too"
    finally:
        again.close()


def test_a_deployment_finds_the_environment_that_a_rehearsal_built(
    application: Application, demonstration: Job
) -> None:
    ours = environments.read(environments.ENVS / environments.OURS)
    folder = folder_of(application.settings.state_dir).environments
    assert (folder / digest(definition(ours)) / "complete.json").is_file()


def test_the_demonstrations_model_is_data_only(application: Application, model: RegisteredModel) -> None:
    contents = read_contents(application.workspace(), model.name, model.version)
    assert contents.files
    assert contents.runs_code == ()


def test_a_pickle_is_found_under_any_name(application: Application) -> None:
    workspace = application.workspace()
    folder = application.settings.uploads / "pickled"
    (folder / "models").mkdir(parents=True, exist_ok=True)
    (folder / "models" / "weights.dat").write_bytes(pickle.dumps({"level": 1.0}))
    (folder / "models" / "empty.json").touch()
    (folder / "metric.json").write_text(json.dumps({"model_name": "rehearsed-pickle", "RMSE": 1, "R2": 0}))
    registered = models.register(workspace, read_run_outputs(folder))
    try:
        contents = read_contents(workspace, registered.name, registered.version)
    finally:
        models.delete_model(workspace, registered.name, registered.version)
        shutil.rmtree(folder)
    assert len(contents.files) == 2
    assert contents.runs_code == ("models/weights.dat",)


def test_an_expiry_is_a_tag_beside_the_others(application: Application, demonstration: Job) -> None:
    workspace = application.workspace()
    before = get_endpoint(workspace, DAILY.name)
    moment = before.created
    assert moment is not None
    set_expiry(workspace, DAILY.name, moment)
    after = get_endpoint(workspace, DAILY.name)
    assert expiry_of(after) == moment.replace(microsecond=0)
    assert after.tags["model_name"] == before.tags["model_name"]
    assert after.state == "Healthy"
    set_expiry(workspace, DAILY.name, None)
    assert dict(get_endpoint(workspace, DAILY.name).tags) == dict(before.tags)
