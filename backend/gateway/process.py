"""The gateway as a process beside the app: started when it isn't running, found by its record, stopped."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

import requests

from backend.errors import GatewayUnavailable
from backend.gateway.keys import write_private
from backend.local.tails import tail
from backend.process_identity import is_alive
from backend.settings import PROJECT_ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from backend.settings import Settings

RECORD = "gateway.json"
PORT = "port"
LOCK = "start.lock"
OUTPUT = "gateway.log"
START_SECONDS = 60.0
STOP_SECONDS = 40.0
POLL_SECONDS = 0.05
LOG_LINES = 30
# processes this one started: held, or Python would warn of a child that still runs, as it should
_started: list[subprocess.Popen[bytes]] = []


@dataclass(frozen=True)
class RunningGateway:
    """A gateway that serves; `control` is what it is asked with, and never shows in a repr."""

    pid: int
    create_time: float
    url: str
    control: str = field(repr=False)


def folder_of(settings: Settings) -> Path:
    """Where the gateway keeps its keys, its port, its record and its log."""
    return settings.state_dir / "gateway"


def save_record(settings: Settings, running: RunningGateway) -> None:
    """Tell where the gateway serves; its own process does when it listens."""
    write_private(folder_of(settings) / RECORD, json.dumps(asdict(running)))


def find_running(settings: Settings) -> RunningGateway | None:
    """The gateway of these settings, or None when none runs."""
    try:
        record = json.loads((folder_of(settings) / RECORD).read_text(encoding="utf-8"))
        running = RunningGateway(**record)
    except (OSError, ValueError, TypeError):
        return None
    return running if is_alive(running.pid, running.create_time) else None


def ensure_running(settings: Settings) -> RunningGateway:
    """Find the gateway, or start it and wait until it listens; two callers at once start one.

    Raises GatewayUnavailable with the end of its log.
    """
    running = find_running(settings)
    if running is not None:
        return running
    folder = folder_of(settings)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        running = find_running(settings)
        return running if running is not None else _start(settings, folder)


def stop(settings: Settings) -> bool:
    """Stop the gateway once its requests have ended; whether there was one."""
    running = find_running(settings)
    if running is None:
        return False
    os.kill(running.pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while is_alive(running.pid, running.create_time):
        if time.monotonic() > deadline:
            raise GatewayUnavailable(
                f"The gateway (process {running.pid}) didn't stop within {STOP_SECONDS:g} s.",
                code="gateway.stop_timeout",
                pid=running.pid,
            )
        time.sleep(POLL_SECONDS)
    _started[:] = [process for process in _started if process.poll() is None]
    return True


def drain(settings: Settings, endpoint: str, seconds: float) -> bool:
    """Wait until no request that the gateway took before goes to an endpoint; without a gateway none does."""
    running = find_running(settings)
    if running is None:
        return True
    try:
        answer = _session().get(
            f"{running.url}/-/drained/{endpoint}",
            headers={"Authorization": f"Bearer {running.control}"},
            timeout=(5.0, seconds),
        )
        return bool(answer.json()["drained"])
    except requests.ConnectionError:
        return find_running(settings) is None  # it ended, and its requests with it
    except (requests.RequestException, ValueError, KeyError):
        return False


def _session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False  # no proxy: this never leaves the machine
    return session


def _start(settings: Settings, folder: Path) -> RunningGateway:
    descriptor = os.open(folder / OUTPUT, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    environment = {
        **os.environ,
        "YOSOKU_STATE_DIR": str(settings.state_dir.absolute()),
        "YOSOKU_WORKSPACE": settings.workspace,
        "YOSOKU_DATABASE_URL": settings.database_url,
    }
    with os.fdopen(descriptor, "wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "backend.gateway", "serve"],
            cwd=PROJECT_ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _started.append(process)
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        running = find_running(settings)
        if running is not None:
            return running
        if process.poll() is not None:
            raise _not_started(folder, f"its process ended with code {process.returncode}")
        time.sleep(POLL_SECONDS)
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    raise _not_started(folder, "it didn't answer in time")


def _not_started(folder: Path, reason: str) -> GatewayUnavailable:
    return GatewayUnavailable(
        f"The gateway couldn't be started: {reason}.",
        code="gateway.not_started",
        evidence=tail(folder / OUTPUT, LOG_LINES),
        reason=reason,
    )
