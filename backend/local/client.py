"""The local workspace seen from outside its process: start it when it isn't running, find it, stop it."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backend.errors import LocalWorkspaceError
from backend.local.signatures import Signatures
from backend.local.state import (
    ServerRecord,
    StateFolder,
    folder_of,
    load_identity,
    load_server_record,
    load_token,
    make_private,
)
from backend.local.tails import tail
from backend.local.trust import write_trust_folder
from backend.process_identity import is_alive

if TYPE_CHECKING:
    from collections.abc import Iterator

START_SECONDS = 60.0
STOP_SECONDS = 60.0
POLL_SECONDS = 0.02
LOG_LINES = 30
PROJECT = Path(__file__).resolve().parents[2]
# servers this process started: held, or Python would warn of a child that still runs, as it should
_started: list[subprocess.Popen[bytes]] = []
TRUSTED = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")


@dataclass(frozen=True)
class RunningWorkspace:
    """A local workspace that answers, and how an SDK process names it."""

    http_url: str
    tls_url: str
    pid: int
    subscription_id: str
    resource_group: str
    workspace_name: str
    config_file: Path


def ensure_running(state_dir: Path, *, timeout: float = START_SECONDS) -> RunningWorkspace:
    """Find the workspace of `state_dir`, or start it as a process of its own and wait until it answers.

    Two callers at once start one server. Raises `LocalWorkspaceError` with the end of its log when it doesn't
    answer
    within `timeout` seconds.
    """
    running = find_running(state_dir)
    if running is not None:
        return running
    folder = folder_of(state_dir)
    make_private(folder.root)
    deadline = time.monotonic() + timeout
    with _alone(folder.start_lock, deadline):
        return _start(state_dir, folder, deadline)


def find_running(state_dir: Path) -> RunningWorkspace | None:
    """The workspace of `state_dir` when its process lives and proves that it is ours; None otherwise."""
    folder = folder_of(state_dir)
    record = load_server_record(folder)
    if record is None or not is_alive(record.pid, record.create_time) or not _answers(folder, record):
        return None
    return RunningWorkspace(
        http_url=f"http://127.0.0.1:{record.http_port}",
        tls_url=f"https://127.0.0.1:{record.tls_port}",
        pid=record.pid,
        subscription_id=record.subscription_id,
        resource_group=record.resource_group,
        workspace_name=record.workspace_name,
        config_file=folder.config,
    )


def sdk_environment(state_dir: Path) -> dict[str, str]:
    """The variables with which an SDK process finds this workspace; set them before azureml is imported.

    The workspace must have been started once. What the user trusts already (REQUESTS_CA_BUNDLE and the like)
    stays
    trusted; HOME is left alone, since the workspace's id and discovery address are its own.
    """
    folder = folder_of(state_dir)
    record, identity = load_server_record(folder), load_identity(folder)
    http_port = record.http_port if record is not None else identity.http_port
    signatures = Signatures(load_token(folder), identity)
    trusted = [Path(os.environ[name]) for name in TRUSTED if os.environ.get(name)]
    trust = write_trust_folder(folder.trust, folder.tls / "ca.pem", trusted)
    without_proxy = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    hosts = list(dict.fromkeys([*filter(None, without_proxy.split(",")), "127.0.0.1", "localhost"]))
    return {
        "ARM_CLOUD_METADATA_URL": folder.clouds.as_uri(),
        "AZUREML_CURRENT_CLOUD": "AzureCloud",
        "REQUESTS_CA_BUNDLE": str(trust),
        # a path that isn't there: where it is, the SDK keeps a copy of the addresses that goes stale
        "AZURE_CONFIG_DIR": str(folder.root / "no-azure-configuration"),
        "MSI_ENDPOINT": f"http://127.0.0.1:{http_port}/MSI/{signatures.identity_secret}/token",
        # a script's own fault (500) isn't worth repeating; a service that starts again (503) is, but soon
        "AZUREML_DEFAULT_500_BACKOFF": "0",
        "AZUREML_DEFAULT_503_BACKOFF": "1",
        "AZUREML_LOG_DEPRECATION_WARNING_ENABLED": "False",
        "NO_PROXY": ",".join(hosts),
        "no_proxy": ",".join(hosts),
    }


def stop(state_dir: Path, *, timeout: float = STOP_SECONDS) -> bool:
    """Stop the workspace and its services; whether there was one. Waits until its process is gone."""
    record = load_server_record(folder_of(state_dir))
    if record is None or not is_alive(record.pid, record.create_time):
        return False
    os.kill(record.pid, signal.SIGTERM)
    deadline = time.monotonic() + timeout
    while is_alive(record.pid, record.create_time):
        if time.monotonic() > deadline:
            raise LocalWorkspaceError(
                f"The local workspace (process {record.pid}) didn't stop within {timeout:g} s.",
                code="local.stop_timeout",
                pid=record.pid,
            )
        time.sleep(POLL_SECONDS)
    _started[:] = [process for process in _started if process.poll() is None]
    return True


def service_states(state_dir: Path) -> dict[str, Any]:
    """What the workspace says of itself: `started` (epoch seconds) and `services` (the wire's views)."""
    folder = folder_of(state_dir)
    running = find_running(state_dir)
    if running is None:
        raise LocalWorkspaceError("The local workspace isn't running.", code="local.not_running")
    request = urllib.request.Request(  # noqa: S310 — http on loopback
        f"{running.http_url}/yosoku/status", headers={"Authorization": f"Bearer {load_token(folder)}"}
    )
    answer: dict[str, Any] = _fetch(request, 10.0)
    return answer


def _answers(folder: StateFolder, record: ServerRecord) -> bool:
    """Whether who listens there holds this folder's token; it is asked for a proof, never shown the token."""
    challenge = secrets.token_hex(16)
    url = f"http://127.0.0.1:{record.http_port}/health?challenge={challenge}"
    try:
        answer = _fetch(urllib.request.Request(url), 5.0)
    except (OSError, ValueError, urllib.error.URLError):
        return False
    signatures = Signatures(load_token(folder), load_identity(folder))
    return isinstance(answer, dict) and signatures.accepts_proof(challenge, str(answer.get("proof")))


def _fetch(request: urllib.request.Request, timeout: float) -> Any:
    # no proxy, whatever the user's environment says: this never leaves the machine
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=timeout) as answer:
        return json.loads(answer.read())


def _spawn(state_dir: Path, folder: StateFolder) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "backend.local", "serve", "--state-dir", str(state_dir.absolute())]
    descriptor = os.open(folder.output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as output:
        process = subprocess.Popen(
            command,
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _started.append(process)
    return process


def _start(state_dir: Path, folder: StateFolder, deadline: float) -> RunningWorkspace:
    """Start a server unless one holds the folder's lock already, and poll until one answers."""
    process: subprocess.Popen[bytes] | None = None
    while time.monotonic() < deadline:
        running = find_running(state_dir)
        if running is not None:
            return running
        if not _is_held(folder.server_lock):
            if process is None:
                process = _spawn(state_dir, folder)
            elif process.poll() is not None:
                raise _not_started(folder, f"its process ended with code {process.returncode}")
        time.sleep(POLL_SECONDS)
    raise _not_started(folder, "it didn't answer in time")


def _is_held(lock: Path) -> bool:
    """Whether a server holds its folder's lock."""
    with lock.open("a") as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def _not_started(folder: StateFolder, reason: str) -> LocalWorkspaceError:
    said = tail(folder.output, LOG_LINES) or tail(folder.log, LOG_LINES)
    return LocalWorkspaceError(
        f"The local workspace couldn't be started: {reason}. Its log is {folder.log}.",
        code="local.not_started",
        evidence=said,
        reason=reason,
    )


@contextlib.contextmanager
def _alone(lock: Path, deadline: float) -> Iterator[None]:
    with lock.open("w") as held:
        while True:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError as fault:
                if time.monotonic() > deadline:
                    raise LocalWorkspaceError(
                        "Another process has been starting the local workspace for too long.",
                        code="local.start_lock",
                    ) from fault
                time.sleep(POLL_SECONDS)
        yield
