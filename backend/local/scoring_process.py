"""One scoring process: launched or adopted, asked for its health, ended with everything it started."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from backend.local import process_record
from backend.local.host_environment import host_variables
from backend.local.limits import thread_variables
from backend.local.process_record import ProcessRecord
from backend.local.processes import group_members, signal_session
from backend.process_identity import create_time

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backend.local.service import ServiceSpecification

MAX_BODY_BYTES = 100 * 1024 * 1024
INIT_TIMEOUT_SECONDS = 300.0
_GRACE_SECONDS = 5.0
_LAUNCHER = Path(__file__).with_name("launcher.py")


class ScoringProcess:
    """A running azmlinfsrv with its workers; `popen` is None for an adopted one."""

    def __init__(self, folder: Path, record: ProcessRecord, popen: subprocess.Popen[bytes] | None) -> None:
        self.folder = folder
        self.record = record
        self._popen = popen

    async def exited(self) -> int | None:
        """Wait until the process has ended; its exit code, None for an adopted one."""
        await _ended(self.record)
        return await asyncio.to_thread(self._popen.wait) if self._popen else None

    async def end(self) -> None:
        """End it and everything it started: politely, then by force; returns when nothing is left."""
        pid = self.record.pid
        if self.record.is_alive() and signal_session(pid, signal.SIGTERM):
            try:
                async with asyncio.timeout(_GRACE_SECONDS):
                    await self.exited()
            except TimeoutError:
                signal_session(pid, signal.SIGKILL)
        await sweep(self.record)
        if self._popen:
            await asyncio.to_thread(self._popen.wait)
        process_record.remove(self.folder)

    def mark_healthy(self) -> None:
        """Keep that it answered, so that the next workspace need not wait for it."""
        self.record = replace(self.record, healthy_at=time.time())
        process_record.write(self.folder, self.record)


def launch(
    specification: ServiceSpecification, *, cores: Sequence[int], init_timeout: float, max_body: int
) -> ScoringProcess:
    """Start the process with a listening socket of its own on 127.0.0.1 and its output in service.log."""
    folder = specification.folder
    process_record.remove(folder)
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener, specification.log.open("ab") as log:
        port = int(listener.getsockname()[1])
        popen = subprocess.Popen(
            _command(specification, listener.fileno(), port, cores),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=folder / "azureml-app",
            env=_variables(specification, init_timeout, max_body),
            pass_fds=(listener.fileno(),),
            start_new_session=True,
        )
    # A process of ours stays a zombie until it is waited for, so its start time can always be read here.
    started = create_time(popen.pid) or time.time()
    record = ProcessRecord(popen.pid, started, port, time.time())
    process_record.write(folder, record)
    return ScoringProcess(folder, record, popen)


def adopt(folder: Path) -> ScoringProcess | None:
    """The process that an earlier workspace left running for this revision."""
    record = process_record.read(folder)
    return ScoringProcess(folder, record, None) if record and record.is_alive() else None


async def sweep(record: ProcessRecord) -> None:
    """Kill what is left of a session, unless its leader's number belongs to another process by now."""
    found = create_time(record.pid)
    if found is not None and not record.is_alive():
        return
    while group_members(record.pid):
        signal_session(record.pid, signal.SIGKILL)
        await asyncio.sleep(0.01)


def _command(
    specification: ServiceSpecification, descriptor: int, port: int, cores: Sequence[int]
) -> list[str]:
    command = [str(specification.python), str(_LAUNCHER), "--fd", str(descriptor), "--port", str(port)]
    command += ["--entry-script", specification.entry_script]
    if specification.model_dir is not None:
        command += ["--model-dir", str(specification.model_dir)]
    if cores:
        command += ["--cpus", ",".join(map(str, cores))]
    return command


def _variables(specification: ServiceSpecification, init_timeout: float, max_body: int) -> dict[str, str]:
    """The machine's variables, limits of threads, the service's own, and those a service can't change."""
    application = specification.folder / "azureml-app"
    # services/<name>/<revision> lies in the workspace's state folder.
    variables = host_variables(specification.folder.parent.parent.parent)
    variables["PATH"] = f"{specification.python.parent}{os.pathsep}{variables.get('PATH', os.defpath)}"
    variables["PYTHONUNBUFFERED"] = "1"
    variables |= thread_variables(specification.cpu_cores)
    variables |= specification.environment_variables
    variables |= {
        "AML_APP_ROOT": str(application),
        "SERVICE_NAME": specification.name,
        "YOSOKU_MAX_BODY_BYTES": str(max_body),
        "YOSOKU_WORKER_STATE": str(process_record.worker_path(specification.folder)),
    }
    variables.setdefault("YOSOKU_INIT_TIMEOUT_SECONDS", f"{init_timeout:g}")
    if specification.model_dir is not None:
        variables["AZUREML_MODEL_DIR"] = str(specification.model_dir)
    return variables


async def _ended(record: ProcessRecord) -> None:
    """Wait for the end of a process that need not be our child."""
    try:
        descriptor = os.pidfd_open(record.pid)
    except (AttributeError, OSError):
        while record.is_alive():
            await asyncio.sleep(0.1)
        return
    loop, over = asyncio.get_running_loop(), asyncio.Event()
    try:
        loop.add_reader(descriptor, over.set)
        if record.is_alive():
            await over.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)
