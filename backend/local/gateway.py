"""The scoring gateway: checks the key, forwards to the service's process, answers for it when it can't."""

from __future__ import annotations

import asyncio
import hmac
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.routing import Route as HttpRoute

from backend.local.caller import Caller, CallerLeft, Refused
from backend.local.forwarder import Connections, ServiceDropped, request_head

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import Receive, Scope, Send

# Longer than the 300 s after which gunicorn gives a worker up, so that the service's own answer comes first.
TIMEOUT_SECONDS = 330.0
MAX_BODY_BYTES = 100 * 1024 * 1024
_PREFIX = "/scoring/"
_PATHS: dict[str, tuple[bytes, tuple[str, ...]]] = {
    "score": (b"/score", ("POST", "GET", "OPTIONS")),
    "swagger.json": (b"/swagger.json", ("GET",)),
    "": (b"/", ("GET",)),
}

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Route:
    """Where a service answers now, and who may ask."""

    port: int | None
    keys: tuple[str, ...]
    auth_enabled: bool
    state: str


def gateway_routes(
    resolve: Callable[[str], Route | None],
    *,
    max_body: int = MAX_BODY_BYTES,
    timeout: float = TIMEOUT_SECONDS,
) -> list[HttpRoute]:
    """The gateway as a route of a larger application; see `Gateway`."""
    return [HttpRoute(_PREFIX + "{path:path}", Gateway(resolve, max_body=max_body, timeout=timeout))]


def authorized(header: bytes, keys: tuple[str, ...]) -> bool:
    """Whether an Authorization header carries one of the keys; takes the same time for any wrong one."""
    scheme, _, given = header.partition(b" ")
    given = given.strip()
    # Every key is compared, so that the time doesn't tell which one was nearer.
    matches = [hmac.compare_digest(given, key.encode()) for key in keys]
    return scheme.lower() == b"bearer" and given != b"" and any(matches)


class Gateway:
    """The ASGI application of /scoring/{service}/score, /swagger.json and / (health).

    `resolve` gives a service's route at this moment, None for an unknown one. `max_body` is in bytes,
    `timeout` in seconds for one whole exchange.
    """

    def __init__(
        self,
        resolve: Callable[[str], Route | None],
        *,
        max_body: int = MAX_BODY_BYTES,
        timeout: float = TIMEOUT_SECONDS,
    ) -> None:
        self._resolve = resolve
        self._max_body = max_body
        self._timeout = timeout
        self._connections = Connections()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        caller = Caller(scope, receive, send)
        try:
            await self._serve(scope["path"], caller)
        except CallerLeft:
            return
        except Refused as refusal:
            await caller.refuse(refusal)
        # A client would take a 5xx for the service's and try again, so a fault of ours is none.
        except Exception:
            logger.exception("the gateway failed")
            sentence = "The gateway hit a fault of its own; see the workspace's log."
            await caller.refuse(Refused(400, sentence))

    async def _serve(self, path: str, caller: Caller) -> None:
        """Forward one request, or raise Refused."""
        service, _, ending = path.removeprefix(_PREFIX).partition("/")
        target, methods = _PATHS.get(ending, (b"", ()))
        if not target:
            raise Refused(404, f"There is nothing at {path}; requests go to {_PREFIX}{service}/score.")
        if caller.method not in methods:
            raise Refused(405, f"{caller.method} is not allowed here; use {' or '.join(methods)}.")
        port = self._admit(service, caller)
        try:
            async with asyncio.timeout(self._timeout):
                await self._forward(port, target, caller)
        except TimeoutError as error:
            raise Refused(504, f"The service did not answer within {self._timeout:g} s.") from error
        except (ServiceDropped, OSError) as error:
            sentence = "The scoring process ended while it worked on this request; its log says why."
            raise Refused(502, sentence, retry_after=1) from error

    def _admit(self, service: str, caller: Caller) -> int:
        """The port to forward to; raises Refused when there is none for this caller."""
        route = self._resolve(service)
        if route is None:
            raise Refused(404, f"There is no service named {service}.")
        # A browser's preflight never carries the key, and learns nothing.
        keyless = caller.method == "OPTIONS" or not route.auth_enabled
        if not keyless and not authorized(caller.header(b"authorization") or b"", route.keys):
            raise Refused(401, "The key is missing or wrong: send 'Authorization: Bearer <key>'.")
        if route.state != "Healthy" or route.port is None:
            raise Refused(503, f"The service is {route.state}, not Healthy.", retry_after=2)
        return route.port

    async def _forward(self, port: int, path: bytes, caller: Caller) -> None:
        first, more, length = await caller.body(self._max_body)
        target = path + b"?" + caller.query if caller.query else path
        try:
            exchange = await self._connections.take(port)
        except OSError as error:
            raise Refused(503, "The service is being started again.", retry_after=1) from error
        keep = False
        try:
            await exchange.send(request_head(caller.method, target, caller.headers, length) + first)
            while more:
                piece, more = await caller.piece()
                await exchange.send(piece)
            head = await exchange.head()
            await caller.begin(head)
            async for piece, more in exchange.pieces(head):
                await caller.send(piece, more=more)
            keep = head.keep and exchange.is_open
        finally:
            if keep:
                self._connections.give_back(port, exchange)
            else:
                exchange.close()
