"""The floor: an `azmlinfsrv` started by its own command, with a script that does nothing of ours."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

EMPTY = """
def init():
    pass


def run(raw_data):
    pass
"""
CONSTANT = """
def init():
    pass


def run(raw_data):
    return {"result": [1.0]}
"""
LOOK_SECONDS = 0.002
ANSWER_SECONDS = 60.0
STOP_SECONDS = 10.0
_REQUEST = (
    b"POST /score HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    b"Connection: close\r\nContent-Length: %d\r\n\r\n%s"
)


@contextlib.contextmanager
def plain_server(python: Path, script: str, folder: Path, *, cores: Sequence[int] = ()) -> Iterator[int]:
    """Run one with its default of one worker; gives its port, at once and without waiting for an answer.

    `cores` are those it may run on; empty for all.
    """
    folder.mkdir(exist_ok=True)
    (folder / "main.py").write_text(script, encoding="utf-8")
    port = free_port()
    with (folder / "server.log").open("ab") as log:
        server = subprocess.Popen(
            [str(python.with_name("azmlinfsrv")), "--entry_script", "main.py", "--port", str(port)],
            cwd=folder,
            env=_variables(folder),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        if cores:
            psutil.Process(server.pid).cpu_affinity(
                list(cores)
            )  # before it starts its worker, which inherits it
        yield port
    finally:
        end_session(server)


def end_session(process: subprocess.Popen[bytes]) -> None:
    """End a process and what it started, politely and then by force."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_for_score(port: int, body: bytes = b"{}") -> bytes:
    """Ask `POST /score` again and again until it answers 200; the whole answer. Raises TimeoutError."""
    deadline = time.monotonic() + ANSWER_SECONDS
    while time.monotonic() < deadline:
        answer = _score(port, body)
        if b" 200 " in answer[:16]:
            return answer
        time.sleep(LOOK_SECONDS)
    raise TimeoutError(
        f"no 200 on port {port} within {ANSWER_SECONDS:g} s; the last answer: {answer[:500]!r}"
    )


def free_port() -> int:
    """A port nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _score(port: int, body: bytes) -> bytes:
    """One request, over a bare socket so that the client's own time doesn't count; empty when refused."""
    received = bytearray()
    try:
        with socket.create_connection(("127.0.0.1", port), ANSWER_SECONDS) as connection:
            connection.sendall(_REQUEST % (len(body), body))
            while piece := connection.recv(65536):
                received += piece
    except ConnectionError:
        return b""
    return bytes(received)


def _variables(folder: Path) -> dict[str, str]:
    """The machine's own; gunicorn's control socket goes into a home of its own."""
    return {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(folder), "LANG": "C.UTF-8"}
