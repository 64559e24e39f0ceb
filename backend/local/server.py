"""The server process: one loop, two listeners on 127.0.0.1 (plain and TLS) for one application."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import importlib
import importlib.util
import logging
import os
import signal
import socket
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import psutil
import uvicorn

from backend.errors import LocalWorkspaceError
from backend.local.application import build_application
from backend.local.blob_files import BlobFiles
from backend.local.certificates import ensure_certificates
from backend.local.deploying import Deployments, Runtime
from backend.local.environment_builder import EnvironmentBuilder
from backend.local.faults import read_faults
from backend.local.operations import Operations
from backend.local.reconciling import reconcile
from backend.local.server_log import open_log
from backend.local.signatures import Signatures
from backend.local.state import (
    Identity,
    ServerRecord,
    StateFolder,
    folder_of,
    load_identity,
    load_token,
    make_private,
    save_identity,
    save_server_record,
    write_client_files,
)
from backend.local.store import Store
from backend.local.supervisor import Supervisor
from backend.local.web_services import WebServices

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from backend.local.service import ServiceStatus

logger = logging.getLogger(__name__)

# longer than the SDK's five-second polls: a connection that closes as it is used again fails the poll
KEEP_ALIVE_SECONDS = 75
GRACE_SECONDS = 3
LOCK_SECONDS = 0.5


class _Listener(uvicorn.Server):
    """A uvicorn server that leaves signals to `serve`."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def serve(state_dir: Path, announce: Callable[[str], None]) -> None:
    """Run the workspace until SIGTERM or SIGINT; raises `LocalWorkspaceError` when it can't start.

    `announce` gets its address, once it listens.
    """
    folder = folder_of(state_dir)
    make_private(folder.root)
    open_log(folder.log)
    with only_one(folder.server_lock):
        try:
            with asyncio.Runner(loop_factory=loop_factory()) as runner:
                runner.run(_serve(folder, announce))
        except LocalWorkspaceError:
            logger.exception("the workspace can't run")
            raise


@contextlib.contextmanager
def only_one(lock: Path) -> Iterator[None]:
    """Hold the folder's lock; the system lets it go when the process ends, however it ends."""
    deadline = time.monotonic() + LOCK_SECONDS
    with lock.open("a") as held:
        lock.chmod(0o600)
        while True:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError as fault:
                # a client that looks whether it is held has it for a moment
                if time.monotonic() > deadline:
                    raise LocalWorkspaceError(
                        f"A local workspace already runs on {lock.parent}.",
                        code="local.already_running",
                        folder=str(lock.parent),
                    ) from fault
                time.sleep(LOCK_SECONDS / 50)
        yield


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop's loop where it is installed (a request costs a third), else None: asyncio's own."""
    if importlib.util.find_spec("uvloop") is None:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = importlib.import_module("uvloop").new_event_loop
    return factory


async def _serve(folder: StateFolder, announce: Callable[[str], None]) -> None:
    identity, token = load_identity(folder), load_token(folder)
    certificate, key = ensure_certificates(folder.tls)
    plain, secure = listen("http", identity.http_port), listen("TLS", identity.tls_port)
    http_port, tls_port = plain.getsockname()[1], secure.getsockname()[1]
    identity = replace(identity, http_port=http_port, tls_port=tls_port)
    save_identity(folder, identity)
    write_client_files(folder, identity, tls_port)
    store = Store(folder.database)
    runtime = _runtime(folder, store)
    deployments = Deployments(runtime)
    services = WebServices(runtime, deployments, f"http://127.0.0.1:{http_port}")
    application = build_application(
        identity=identity,
        signatures=Signatures(token, identity),
        runtime=runtime,
        deployments=deployments,
        services=services,
        http_port=http_port,
        tls_port=tls_port,
    )
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    await reconcile(runtime, deployments, services)
    listeners = [
        (_Listener(_settings(application)), plain),
        (_Listener(_settings(application, certificate, key)), secure),
    ]
    running = [asyncio.create_task(listener.serve(sockets=[opened])) for listener, opened in listeners]
    save_server_record(folder, _record(identity))
    logger.info("serving", extra={"http_port": http_port, "tls_port": tls_port, "pid": os.getpid()})
    announce(f"http://127.0.0.1:{http_port}")
    await asyncio.wait([asyncio.create_task(stopping.wait()), *running], return_when=asyncio.FIRST_COMPLETED)
    logger.info("stopping")
    runtime.operations.close()
    await deployments.interrupt()
    for listener, _ in listeners:
        listener.should_exit = True
    await asyncio.gather(*running, return_exceptions=True)
    await runtime.supervisor.close(stop_services=True)
    store.close()
    folder.server_record.unlink(missing_ok=True)
    logger.info("stopped")


def listen(kind: str, kept: int) -> socket.socket:
    """A listening socket on the kept port, or on a free one when that is taken by somebody else (0: any)."""
    for port in (kept, 0):
        # Named as TCP, asyncio switches Nagle's algorithm off; else each answer on a kept one waits 40 ms.
        opened = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            opened.bind(("127.0.0.1", port))
            opened.listen(512)
        except OSError as fault:
            opened.close()
            if fault.errno not in (errno.EADDRINUSE, errno.EACCES) or port == 0:
                raise LocalWorkspaceError(
                    f"The {kind} listener can't be opened on 127.0.0.1: {fault}.",
                    code="local.listen",
                    kind=kind,
                ) from fault
            logger.warning(
                "the kept %s port %s is taken; another is chosen, so scoring addresses change", kind, port
            )
        else:
            opened.setblocking(False)
            return opened
    raise AssertionError("the loop returns or raises")


def _runtime(folder: StateFolder, store: Store) -> Runtime:
    make_private(folder.environments)
    make_private(folder.services)
    return Runtime(
        root=folder.services,
        store=store,
        files=BlobFiles(folder.artifacts, store),
        operations=Operations(store),
        builder=EnvironmentBuilder(folder.environments),
        supervisor=Supervisor(_log_change),
        faults=lambda: read_faults(folder.faults),
    )


def _log_change(status: ServiceStatus) -> None:
    logger.info(
        "service is %s",
        status.state,
        extra={
            "service": status.name,
            "revision": status.revision,
            "reason": status.reason,
            "pid": status.pid,
            "restarts": status.restarts,
        },
    )


def _settings(
    application: Callable[..., Any], certificate: Path | None = None, key: Path | None = None
) -> uvicorn.Config:
    return uvicorn.Config(
        application,
        interface="asgi3",
        http="auto",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
        ssl_certfile=certificate,
        ssl_keyfile=key,
    )


def _record(identity: Identity) -> ServerRecord:
    return ServerRecord(
        pid=os.getpid(),
        create_time=psutil.Process().create_time(),
        http_port=identity.http_port,
        tls_port=identity.tls_port,
        subscription_id=identity.subscription_id,
        resource_group=identity.resource_group,
        workspace_name=identity.workspace_name,
        workspace_id=identity.workspace_id,
    )
