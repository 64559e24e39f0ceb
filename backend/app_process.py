"""The app as a child process: one a state folder, found again when the command that started it was killed."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import psutil

from backend.errors import Conflict
from backend.process_identity import create_time, is_alive
from backend.settings import PROJECT_ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from backend.settings import Settings

ADDRESS = "127.0.0.1"
STOP_SECONDS = 10
RECORD = "app.json"


@contextlib.contextmanager
def serve(settings: Settings, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run the app on a port until the block ends.

    An app that outlived a killed command is ended first. Conflict when one that is still wanted runs already,
    or the port is somebody else's.
    """
    record = settings.state_dir / RECORD
    _end_left_over(record)
    _require_free(port)
    command = [sys.executable, "-m", "streamlit", "run", str(PROJECT_ROOT / "streamlit_app.py")]
    command += ["--server.address", ADDRESS, "--server.port", str(port), "--server.headless", "true"]
    # Its greeting would tell the address a second time; what goes wrong it tells on stderr.
    app = subprocess.Popen(command, cwd=PROJECT_ROOT, stdout=subprocess.DEVNULL)
    settings.state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    record.write_text(
        json.dumps({"app": _identity(app.pid), "command": _identity(os.getpid()), "port": port})
    )
    try:
        yield app
    finally:
        app.terminate()
        try:
            app.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            app.kill()
            app.wait()
        record.unlink(missing_ok=True)


def _end_left_over(record: Path) -> None:
    try:
        known = json.loads(record.read_text())
        app, command, port = known["app"], known["command"], known["port"]
    except (OSError, ValueError, KeyError, TypeError):
        return
    if not is_alive(*app):
        return
    if is_alive(*command):
        raise Conflict(
            f"Yosoku runs already: http://{ADDRESS}:{port} (process {command[0]}).",
            code="app.running",
            port=port,
        )
    with contextlib.suppress(psutil.Error):
        left = psutil.Process(app[0])
        left.kill()
        left.wait(STOP_SECONDS)


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ADDRESS, port))
        except OSError as error:
            raise Conflict(
                f"Port {port} is taken by another program; choose one: make run PORT={port + 1}",
                code="app.port_taken",
                port=port,
            ) from error


def _identity(pid: int) -> tuple[int, float | None]:
    return pid, create_time(pid)
