"""The gate before every route: host, bearer token, and an answer that never is a 5xx of our own making."""

from __future__ import annotations

import logging
import time
import uuid
from typing import TYPE_CHECKING

from starlette.datastructures import Headers

from backend.local.wire import WireError, error_response

if TYPE_CHECKING:
    from collections.abc import Collection

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from backend.local.signatures import Signatures

logger = logging.getLogger(__name__)
access = logging.getLogger("backend.local.access")

# each proves who asks in its own way: by a secret or signature in the address, by a service's key
OPEN = ("/health", "/discovery/", "/MSI/", "/azureml/", "/logs/", "/scoring/")


class Guard:
    """Refuses foreign hosts and requests without the workspace's token; logs requests without secrets."""

    def __init__(self, app: ASGIApp, *, signatures: Signatures, ports: Collection[int]) -> None:
        self._app = app
        self._signatures = signatures
        names = ("127.0.0.1", "localhost")
        self._hosts = frozenset(f"{name}:{port}".encode() for name in names for port in ports)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["path"].startswith("/scoring/") and self._known_host(scope):
            # the hot path: the gateway checks the service's key itself and answers for its own faults
            await self._app(scope, receive, send)
            return
        request_id, started, status = str(uuid.uuid4()), time.monotonic(), 0

        async def send_marked(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-ms-request-id", request_id.encode())]
            await send(message)

        try:
            refusal = self._refusal(scope)
            if refusal is not None:
                await error_response(refusal)(scope, receive, send_marked)
            else:
                await self._app(scope, receive, send_marked)
        # the SDK repeats a 5xx for many seconds, then hides it: our own faults are 400s with an id
        except Exception:
            logger.exception("request broke", extra={"request": request_id, "path": visible(scope)})
            if status == 0:
                message = f"The local workspace hit a fault of its own: {request_id} in its server.log."
                fault = WireError(400, "LocalWorkspaceFault", message)
                await error_response(fault)(scope, receive, send_marked)
        finally:
            took = round((time.monotonic() - started) * 1000, 1)
            fields = {"method": scope["method"], "path": visible(scope), "status": status, "ms": took}
            access.debug("request", extra=fields)

    def _refusal(self, scope: Scope) -> WireError | None:
        if not self._known_host(scope):
            return WireError(400, "InvalidHost", "This server answers only to 127.0.0.1 and localhost.")
        if scope["path"].startswith(OPEN):
            return None
        if not self._signatures.accepts_bearer(Headers(scope=scope).get("authorization")):
            return WireError(401, "Unauthorized", "The local workspace's token is missing, wrong or expired.")
        return None

    def _known_host(self, scope: Scope) -> bool:
        """Against DNS rebinding: a page of another name must not reach us through the user's browser."""
        given = [value for name, value in scope["headers"] if name == b"host"]
        return len(given) == 1 and given[0].lower() in self._hosts


def visible(scope: Scope) -> str:
    """The request's path as it may be logged: no query (signatures), no secret of the identity's address."""
    path = str(scope["path"])
    return "/MSI/…" if path.startswith("/MSI/") else path
