"""`kill -9` of each part in turn: nothing registered is lost, addresses and keys stay."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from backend import models, services
from backend.application import Application
from backend.demonstration import ENDPOINT
from backend.endpoint import open_endpoint
from backend.errors import YosokuError
from backend.jobs import Job
from backend.local import client
from backend.settings import PROJECT_ROOT

DEADLINE_SECONDS = 60
REGISTERING = """
import json, sys, uuid
from pathlib import Path
from backend.application import open_application
from backend.models import register
from backend.run_outputs import read_run_outputs
application = open_application()
folder = application.settings.uploads / uuid.uuid4().hex
(folder / "models").mkdir(parents=True)
with (folder / "models" / "large.bin").open("wb") as file:
    file.truncate(400_000_000)
(folder / "metric.json").write_text(json.dumps({"model_name": "killed", "run_id": "k", "RMSE": 1, "R2": 0}))
print("begin", folder, flush=True)
register(application.workspace(), read_run_outputs(folder))
"""


def until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def answers(application: Application) -> bool:
    """Whether the demonstration's endpoint is Healthy and gives an answer."""
    try:
        workspace = application.workspace()
        endpoint = services.get_endpoint(workspace, ENDPOINT)
        return (
            endpoint.state == "Healthy"
            and open_endpoint(workspace, endpoint).score({"data": [3]}).status == 200
        )
    except YosokuError:
        return False


@pytest.fixture
def unchanged(application: Application, demonstration: Job) -> Iterator[None]:
    """Models, address and keys after the test are those before it, and the endpoint answers."""
    workspace = application.workspace()
    before = (
        [model.id for model in models.list_models(workspace)],
        services.get_endpoint(workspace, ENDPOINT).scoring_uri,
        services.keys(workspace, ENDPOINT),
    )
    yield
    until(lambda: answers(application))
    workspace = application.workspace()
    after = (
        [model.id for model in models.list_models(workspace)],
        services.get_endpoint(workspace, ENDPOINT).scoring_uri,
        services.keys(workspace, ENDPOINT),
    )
    assert after == before


@pytest.mark.usefixtures("unchanged")
def test_the_workspace_killed_while_the_app_runs(application: Application) -> None:
    running = client.find_running(application.settings.state_dir)
    assert running is not None
    os.kill(running.pid, signal.SIGKILL)
    until(lambda: answers(application))  # the app itself starts it again
    again = client.find_running(application.settings.state_dir)
    assert again is not None
    assert again.pid != running.pid


@pytest.mark.usefixtures("unchanged")
def test_the_scoring_process_killed_while_serving(application: Application) -> None:
    (process,) = [
        service["process"]
        for service in client.service_states(application.settings.state_dir)["services"]
        if service["name"] == ENDPOINT
    ]
    os.killpg(process["pid"], signal.SIGKILL)
    until(lambda: not answers(application))
    until(lambda: answers(application))


@pytest.mark.usefixtures("unchanged")
def test_the_app_killed_during_a_registration(application: Application) -> None:
    artifacts = application.settings.state_dir / "workspace" / "artifacts"
    size = stored(artifacts)
    process = subprocess.Popen(
        [sys.executable, "-c", REGISTERING], cwd=PROJECT_ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    staged = Path(process.stdout.readline().split()[1])
    until(lambda: stored(artifacts) > size + 10_000_000)  # in the middle of the upload
    process.kill()
    process.wait()
    process.stdout.close()
    (staged / "models" / "large.bin").unlink()


def stored(folder: Path) -> int:
    """Bytes below a folder that others write to at the same time."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_blocks * 512 if path.is_file() else 0
        except FileNotFoundError:
            continue
    return total


@pytest.mark.usefixtures("unchanged")
def test_the_command_killed_and_started_again(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    first = run(port, tmp_path / "first")
    until(lambda: is_served(port))
    refused = run(port + 1, tmp_path / "refused")
    assert refused.wait(DEADLINE_SECONDS) == 1
    assert "runs already" in (tmp_path / "refused").read_text()
    first.kill()
    first.wait()
    assert is_served(port)  # the app has outlived the command
    second = run(port, tmp_path / "second")
    until(lambda: "Ready." in (tmp_path / "second").read_text())
    until(lambda: is_served(port))
    second.send_signal(signal.SIGINT)
    assert second.wait(DEADLINE_SECONDS) == 0
    assert "Stopping the workspace" not in (tmp_path / "second").read_text()  # it was not its own
    assert not is_served(port)


def run(port: int, output: Path) -> subprocess.Popen[bytes]:
    """`make run` without make; the output goes to a file, since a left-over app would keep a pipe open."""
    command = [sys.executable, "-m", "backend", "run", "--port", str(port)]
    with output.open("wb") as log:
        return subprocess.Popen(command, cwd=PROJECT_ROOT, stdout=log, stderr=log)


def is_served(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
