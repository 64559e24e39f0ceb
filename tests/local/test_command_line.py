"""`python -m backend.local`, and a plain SDK script in a folder of its own."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

from backend.local.client import PROJECT, RunningWorkspace
from tests.local.conftest import ENVIRONMENT, SCORE, Sdk

SCRIPT = """
from azureml.core import Environment, Model, Workspace
from azureml.core.model import InferenceConfig
from azureml.core.webservice import AciWebservice

workspace = Workspace.from_config()
model = Model.register(workspace, model_path="models", model_name="plain-model")
environment = Environment.from_conda_specification("plain", "env.yml")
inference = InferenceConfig(entry_script="score.py", source_directory="source", environment=environment)
deployment = AciWebservice.deploy_configuration(cpu_cores=1, memory_gb=3)
service = Model.deploy(workspace, "plain", [model], inference, deployment, overwrite=True)
service.wait_for_deployment(True)
print("state:", service.state)
print("log:", "Users's init has completed" in service.get_logs())
print("answer:", service.run('{"data": [3]}'))
service.delete()
"""


def command(
    *arguments: str | Path, env: dict[str, str] | None = None, input: str | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "backend.local", *arguments],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        env=env,
        input=input,
    )


def test_plain_script_in_another_folder_runs_unchanged(
    state_dir: Path, running: RunningWorkspace, tmp_path: Path
) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "base.txt").write_text("40")
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "score.py").write_text(SCORE)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    (tmp_path / "env.yml").write_text(ENVIRONMENT.format(version=version))
    (tmp_path / "plain.py").write_text(SCRIPT)
    python, state = shlex.quote(sys.executable), shlex.quote(str(state_dir))
    shell = (
        f'eval "$({python} -m backend.local env --state-dir {state})" && '
        f"cd {shlex.quote(str(tmp_path))} && exec {python} plain.py"
    )

    done = subprocess.run(
        ["sh", "-c", shell],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        env={**os.environ, "HOME": str(tmp_path / "home with space"), "PYTHONPATH": str(tmp_path / "user's")},
    )

    assert done.returncode == 0, done.stderr
    assert "state: Healthy" in done.stdout
    assert "log: True" in done.stdout
    assert "answer: {'result': [43]}" in done.stdout
    assert not (tmp_path / ".azureml").exists()
    assert not (tmp_path / "config.json").exists()


def test_exports_keep_what_the_user_had(state_dir: Path, running: RunningWorkspace) -> None:
    done = command(
        "env", "--state-dir", state_dir, env={**os.environ, "PYTHONPATH": "/a b", "no_proxy": "corp"}
    )

    exports = dict(
        shlex.split(line)[1].split("=", 1) for line in done.stdout.splitlines() if line.startswith("export ")
    )
    assert exports["PYTHONPATH"].split(os.pathsep)[1:] == ["/a b"]
    assert exports["NO_PROXY"] == "corp,127.0.0.1,localhost"
    assert "HOME" not in exports
    assert not Path(exports["AZURE_CONFIG_DIR"]).exists()


def test_status_is_a_table(state_dir: Path, running: RunningWorkspace, sdk: Sdk, adder: str) -> None:
    done = command("status", "--state-dir", state_dir)

    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert running.http_url in lines[0]
    assert lines[1].split()[:3] == ["SERVICE", "STATE", "MODEL"]
    row = next(line.split() for line in lines if line.startswith("adder"))
    assert row[1] == "Healthy"
    assert row[2].startswith("base:")


def test_reset_asks_first(tmp_path: Path) -> None:
    assert command("status", "--state-dir", tmp_path).returncode == 1
    assert command("env", "--state-dir", tmp_path).returncode == 0

    kept = command("reset", "--state-dir", tmp_path, input="no\n")
    assert kept.returncode == 1
    assert (tmp_path / "workspace" / "workspace.db").exists()

    done = command("reset", "--state-dir", tmp_path, input="reset\n")
    assert done.returncode == 0
    assert not (tmp_path / "workspace").exists()
    assert command("status", "--state-dir", tmp_path).returncode == 1
    assert "wasn't running" in command("stop", "--state-dir", tmp_path).stdout
