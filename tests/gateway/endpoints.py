"""Real endpoints for the gateway's tests: a web server each, which answers at a pace that the test sets."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import uvicorn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import ASGIApp, Receive, Scope, Send


@dataclass
class AnswerBack:
    """An endpoint that answers with its name and what came; while `held` is set it waits."""

    name: str
    key: str
    received: list[dict[str, object]] = field(default_factory=list)
    arrived: threading.Event = field(default_factory=threading.Event)
    held: threading.Event = field(default_factory=threading.Event)
    status: int = 200

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.received.append({"body": body, **headers})
        self.arrived.set()
        while self.held.is_set():
            await asyncio.sleep(0.005)
        right = headers.get("authorization") == f"Bearer {self.key}"
        answer = json.dumps({"endpoint": self.name, "length": len(body)}).encode()
        given = [(b"content-type", b"application/json"), (b"keep-alive", b"timeout=5")]
        await send({"type": "http.response.start", "status": self.status if right else 401, "headers": given})
        await send({"type": "http.response.body", "body": answer[:5], "more_body": True})
        await send({"type": "http.response.body", "body": answer[5:]})


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.contextmanager
def serving(application: ASGIApp, lifespan: Literal["on", "off"] = "off") -> Iterator[str]:
    """An application on a port of its own; its address."""
    opened = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    opened.bind(("127.0.0.1", 0))
    opened.listen(128)
    server = _Server(uvicorn.Config(application, lifespan=lifespan, log_level="error"))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[opened])), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{opened.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        opened.close()
