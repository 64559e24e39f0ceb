"""One local workspace for the suite, driven by the real SDK in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from backend.local.arm import workspace_path
from backend.local.client import PROJECT, RunningWorkspace, ensure_running, sdk_environment, stop
from backend.local.state import folder_of, load_identity, load_token

ENVIRONMENT = """name: scoring
dependencies:
  - python={version}
  - pip:
    - azureml-inference-server-http==1.5.1
"""
SCORE = """import json
import os


def init():
    global base
    with open(os.path.join(os.environ["AZUREML_MODEL_DIR"], "models", "base.txt")) as stream:
        base = int(stream.read())


def run(data):
    return {"result": [base + number for number in json.loads(data)["data"]]}
"""


class SdkError(Exception):
    """What the SDK raised, by its type's name and its message."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind = kind
        self.message = message


class Sdk:
    """The SDK in its own process; `folder` is its working folder."""

    def __init__(self, state_dir: Path, folder: Path) -> None:
        self.folder = folder
        self.printed = ""
        variables = {**os.environ, **sdk_environment(state_dir), "HOME": str(folder)}
        variables["PYTHONPATH"] = str(PROJECT)
        self.process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "tests.local.sdk_worker"],
            cwd=folder,
            env=variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def begin(self, call: str, **arguments: Any) -> None:
        """Ask without waiting for the answer."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"call": call, "arguments": arguments}, default=str) + "\n")
        self.process.stdin.flush()

    def answer(self) -> Any:
        """The answer to the oldest question; `SdkError` when the SDK raised."""
        assert self.process.stdout is not None
        answer = json.loads(self.process.stdout.readline() or '{"error": {"type": "Ended", "message": ""}}')
        self.printed = answer.get("printed", "")
        if "error" in answer:
            raise SdkError(answer["error"]["type"], answer["error"]["message"])
        return answer["value"]

    def __call__(self, call: str, **arguments: Any) -> Any:
        self.begin(call, **arguments)
        return self.answer()

    def close(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(60)
        self.process.stdout.close()


@pytest.fixture(scope="session")
def state_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The state folder of the suite's workspace; stopped at the end."""
    folder = tmp_path_factory.mktemp("state")
    yield folder
    stop(folder)


@pytest.fixture
def running(state_dir: Path) -> RunningWorkspace:
    """The suite's workspace, started when it isn't running."""
    return ensure_running(state_dir)


@pytest.fixture(scope="session")
def work(tmp_path_factory: pytest.TempPathFactory, state_dir: Path) -> Path:
    """The working folder of a user's scripts: config.json, a model, a script, an environment."""
    folder = tmp_path_factory.mktemp("work")
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    (folder / "config.json").write_bytes(ensure_running(state_dir).config_file.read_bytes())
    (folder / "scoring.yml").write_text(ENVIRONMENT.format(version=version))
    (folder / "outputs" / "models").mkdir(parents=True)
    (folder / "outputs" / "models" / "base.txt").write_text("40")
    (folder / "src").mkdir()
    (folder / "src" / "score.py").write_text(SCORE)
    return folder


@pytest.fixture(scope="session")
def sdk(work: Path, state_dir: Path) -> Iterator[Sdk]:
    """The real SDK on the suite's workspace."""
    opened = Sdk(state_dir, work)
    yield opened
    opened.close()


@pytest.fixture
def wire(state_dir: Path, running: RunningWorkspace) -> Iterator[httpx.Client]:
    """Model management without the SDK, for what the SDK takes long for or can't ask."""
    folder = folder_of(state_dir)
    identity = load_identity(folder)
    base = f"{running.http_url}/modelmanagement/v1.0{workspace_path(identity)}/"
    headers = {"Authorization": f"Bearer {load_token(folder)}"}
    with httpx.Client(base_url=base, headers=headers, timeout=70, trust_env=False) as client:
        yield client


@pytest.fixture(scope="session")
def base_model(sdk: Sdk) -> str:
    """The id of a registered model whose script adds 40."""
    return str(sdk("register", name="base", path="outputs/models", tags={"RMSE": "1.5"})["id"])


@pytest.fixture(scope="session")
def adder(sdk: Sdk, base_model: str) -> str:
    """The name of a Healthy service that the tests only read."""
    sdk(
        "deploy",
        service="adder",
        models=[base_model],
        source="src",
        environment_path="scoring.yml",
        auth_enabled=True,
    )
    return "adder"


@pytest.fixture
def script(work: Path, request: pytest.FixtureRequest) -> Any:
    """Writes a source folder with a score.py; gives its name, relative to the working folder."""

    def write(text: str) -> str:
        folder = work / f"src-{request.node.name}".replace("[", "-").replace("]", "")
        folder.mkdir(exist_ok=True)
        (folder / "score.py").write_text(text)
        return folder.name

    return write
