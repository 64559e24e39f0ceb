"""kill -9 of the workspace, of a service, and in the middle of work: nothing registered is lost."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import httpx
import psutil
import pytest

from backend.errors import LocalWorkspaceError
from backend.local.client import (
    PROJECT,
    RunningWorkspace,
    ensure_running,
    find_running,
    sdk_environment,
    stop,
)
from backend.local.state import folder_of, load_identity, save_identity
from tests.local.conftest import SCORE, Sdk
from tests.local.polling import until
from tests.local.test_sdk_failures import scoring_process


def kill(running: RunningWorkspace) -> None:
    """kill -9 of the workspace's process; returns when it is gone."""
    process = psutil.Process(running.pid)
    os.kill(running.pid, signal.SIGKILL)
    until(lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE)


def answer(uri: str, key: str) -> httpx.Response:
    return httpx.post(uri, json={"data": [3]}, headers={"Authorization": f"Bearer {key}"})


def test_services_outlive_the_workspace_and_are_adopted(
    sdk: Sdk, adder: str, running: RunningWorkspace, state_dir: Path
) -> None:
    keys, facts, models = sdk("keys", service=adder), sdk("service", name=adder), sdk("models")
    process = scoring_process(running, adder)

    kill(running)
    assert find_running(state_dir) is None
    assert process.is_running()
    again = ensure_running(state_dir)

    assert (again.http_url, again.tls_url) == (running.http_url, running.tls_url)
    until(lambda: sdk("service", name=adder)["state"] == "Healthy")
    assert scoring_process(again, adder).pid == process.pid
    assert sdk("keys", service=adder) == keys
    assert sdk("service", name=adder) == facts
    assert sdk("models") == models
    assert answer(facts["scoring_uri"], keys[0]).json() == {"result": [43]}


def test_workspace_and_service_killed_together_come_back(
    sdk: Sdk, adder: str, running: RunningWorkspace, state_dir: Path
) -> None:
    keys, facts = sdk("keys", service=adder), sdk("service", name=adder)
    leader = scoring_process(running, adder)
    processes = [*leader.children(recursive=True), leader]

    kill(running)
    for process in processes:
        process.kill()
    ensure_running(state_dir)

    until(lambda: sdk("service", name=adder)["state"] == "Healthy")
    assert sdk("keys", service=adder) == keys
    assert sdk("service", name=adder)["scoring_uri"] == facts["scoring_uri"]
    assert answer(facts["scoring_uri"], keys[0]).json() == {"result": [43]}


def test_clean_stop_ends_services_and_the_next_start_brings_them_back(
    sdk: Sdk, adder: str, running: RunningWorkspace, state_dir: Path
) -> None:
    uri, key = sdk("service", name=adder)["scoring_uri"], sdk("keys", service=adder)[0]
    process = scoring_process(running, adder)

    assert stop(state_dir)
    # One that has ended may wait for its new parent to collect it, and still has its number.
    assert not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    assert not stop(state_dir)
    ensure_running(state_dir)

    until(lambda: answer(uri, key).status_code == 200)


def test_kill_during_a_registration_loses_nothing_registered(
    sdk: Sdk, work: Path, running: RunningWorkspace, state_dir: Path
) -> None:
    before = sdk("register", name="before-the-crash", path="outputs/models", tags={"RMSE": "2"})
    partial = state_dir / "workspace" / "artifacts" / "partial"
    (work / "heavy.bin").write_bytes(os.urandom(1 << 20) * 80)

    uploading = Sdk(state_dir, work)
    uploading.begin("register", name="crashed", path="heavy.bin")
    until(lambda: len(list(partial.glob("*.blocks/*"))) >= 2)
    kill(running)
    uploading.process.kill()  # or it would try again for half a minute
    uploading.close()
    ensure_running(state_dir)

    assert sdk("model", name="before-the-crash") == before
    assert sdk("models", name="crashed") == []
    assert list(partial.iterdir()) == []
    after = sdk("register", name="crashed", path="heavy.bin")
    assert after["version"] == 1
    sdk("delete_model", name="crashed", version=1)


def test_kill_during_a_deployment_resumes_it(
    sdk: Sdk, base_model: str, state_dir: Path, running: RunningWorkspace, script: Callable[[str], str]
) -> None:
    slow = SCORE.replace("    global base\n", "    global base\n    import time; time.sleep(3)\n")
    sdk(
        "deploy",
        service="resumed",
        models=[base_model],
        source=script(slow),
        environment_path="scoring.yml",
        wait=False,
    )
    folder = state_dir / "workspace" / "services" / "resumed"
    orphan = until(lambda: next(folder.glob("*/process.json"), None))

    kill(running)
    ensure_running(state_dir)

    assert not orphan.exists()
    until(lambda: sdk("service", name="resumed")["state"] == "Healthy")
    assert sdk("run", service="resumed") == {"result": [43]}
    assert len(list(folder.iterdir())) == 1
    sdk("delete", service="resumed")


def test_kept_port_that_is_taken_is_replaced_and_said(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        folder = folder_of(tmp_path)
        folder.root.mkdir(parents=True)
        identity = load_identity(folder)
        save_identity(folder, type(identity)(**{**vars(identity), "http_port": port}))

        running = ensure_running(tmp_path)
        try:
            assert running.http_url != f"http://127.0.0.1:{port}"
            assert f"the kept http port {port} is taken" in folder.log.read_text()
        finally:
            stop(tmp_path)


def test_starters_at_once_start_one_server(tmp_path: Path) -> None:
    found: list[RunningWorkspace] = []
    starters = [threading.Thread(target=lambda: found.append(ensure_running(tmp_path))) for _ in range(4)]
    for starter in starters:
        starter.start()
    for starter in starters:
        starter.join()

    try:
        assert len(found) == 4
        assert len({running.pid for running in found}) == 1
        second = subprocess.run(
            [sys.executable, "-m", "backend.local", "serve", "--state-dir", tmp_path],
            cwd=PROJECT,
            capture_output=True,
            text=True,
        )
        assert second.returncode == 1
        assert "already runs" in second.stderr
    finally:
        stop(tmp_path)


def test_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    folder.root.mkdir(parents=True)
    folder.database.write_text("this is no database, and long enough that SQLite looks at it" * 20)

    with pytest.raises(LocalWorkspaceError) as raised:
        ensure_running(tmp_path)

    assert "couldn't be started" in raised.value.message
    assert "database" in raised.value.evidence


def test_stale_record_of_another_process_is_not_believed(tmp_path: Path) -> None:
    running = ensure_running(tmp_path)
    folder = folder_of(tmp_path)
    record = folder.server_record.read_text()
    stop(tmp_path)

    folder.server_record.write_text(record.replace(str(running.pid), str(os.getpid())))

    assert find_running(tmp_path) is None
    assert not stop(tmp_path)
    assert sdk_environment(tmp_path)["MSI_ENDPOINT"].startswith("http://127.0.0.1:")
