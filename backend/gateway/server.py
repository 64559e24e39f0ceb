"""The gateway's process: it listens on a port that it keeps, and ends when its requests have."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import secrets
import signal
import socket
import threading
from typing import TYPE_CHECKING

import uvicorn

from backend.application import Application
from backend.errors import Conflict, YosokuError
from backend.gateway.application import Gateway
from backend.gateway.directory import Directory, place_of
from backend.gateway.forwarding import Forwarder
from backend.gateway.keys import KeyFile, write_private
from backend.gateway.process import PORT, RECORD, RunningGateway, find_running, folder_of, save_record
from backend.process_identity import create_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from backend.settings import Settings

# longer than clients keep a connection unused: one that closes as it is used again loses a request
KEEP_ALIVE_SECONDS = 75
GRACE_SECONDS = 30


class _Server(uvicorn.Server):
    """A uvicorn server that leaves signals to `_serve`; its own way would end the process at once."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def serve(settings: Settings, host: str, port: int | None, announce: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT; `announce` gets the address once it listens.

    Without a port it is the one of the last time, so that the addresses stay. Raises Conflict when the port
    is taken, or a gateway runs already.
    """
    folder = folder_of(settings)
    running = find_running(settings)
    if running is not None:
        raise Conflict(f"The gateway runs already at {running.url}.", code="gateway.running", url=running.url)
    opened = _listen(host, port if port is not None else _kept_port(folder))
    bound: int = opened.getsockname()[1]
    write_private(folder / PORT, str(bound))
    control = secrets.token_urlsafe(32)
    application = Application(settings)
    directory = Directory(lambda name: place_of(application.workspace(), name))
    forwarder = Forwarder(
        directory,
        seconds=settings.scoring_timeout_seconds,
        through_proxy=settings.workspace == "azure",
    )
    gateway = Gateway(application.history, forwarder, KeyFile(folder), control=control)
    threading.Thread(target=_connect, args=(application,), daemon=True).start()
    try:
        asyncio.run(_serve(settings, gateway, opened, host, bound, control, announce))
    finally:
        (folder / RECORD).unlink(missing_ok=True)
        application.close()
        opened.close()


def _connect(application: Application) -> None:
    """Import the SDK and connect before the first request needs it; that takes seconds."""
    with contextlib.suppress(YosokuError):  # the first request tries again, and tells
        application.workspace()


async def _serve(
    settings: Settings,
    gateway: Gateway,
    opened: socket.socket,
    host: str,
    port: int,
    control: str,
    announce: Callable[[str], None],
) -> None:
    server = _Server(
        uvicorn.Config(
            gateway,
            lifespan="on",
            access_log=False,
            log_level="warning",
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    )
    reached = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 - what was asked for
    url = f"http://{reached}:{port}"
    pid = os.getpid()
    # The socket listens already: who connects from here on is answered as soon as the server runs.
    save_record(settings, RunningGateway(pid, create_time(pid) or 0.0, url, control))
    announce(url)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, setattr, server, "should_exit", True)
    await server.serve(sockets=[opened])


def _kept_port(folder: Path) -> int:
    try:
        return int((folder / PORT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return 0


def _listen(host: str, port: int) -> socket.socket:
    # Named as TCP, asyncio switches Nagle's algorithm off; else each answer on a kept one waits 40 ms.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        opened.bind((host, port))
        opened.listen(512)
    except OSError as error:
        opened.close()
        taken = error.errno in (errno.EADDRINUSE, errno.EACCES)
        raise Conflict(
            f"The gateway can't listen on port {port}: "
            f"{'it is taken by another program' if taken else error}.",
            code="gateway.port_taken",
            port=port,
        ) from error
    return opened
