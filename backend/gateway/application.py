"""The ASGI application of the stable addresses: /{address}/score, and /{address}, which tells who answers."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import SQLAlchemyError

from backend import revisions
from backend.addresses import ALL, choose
from backend.gateway.forwarding import Forwarder, forwarded_headers, read_body, returned_headers
from backend.gateway.in_flight import Traffic
from backend.gateway.mirroring import ANSWER_BYTES, Exchange, Mirror
from backend.local.caller import Caller, CallerLeft, Refused
from backend.local.forwarder import Head
from backend.local.gateway import MAX_BODY_BYTES, authorized

if TYPE_CHECKING:
    import httpx
    from starlette.types import Receive, Scope, Send

    from backend.addresses import Revision
    from backend.gateway.in_flight import InFlight
    from backend.gateway.keys import KeyFile
    from backend.history import History

logger = logging.getLogger(__name__)

# Multiples of the golden ratio fall evenly into 0..1 from the first on, so that a share of ten percent is
# every tenth request and not ten percent in the long run (Weyl's sequence).
_GOLDEN = 0.6180339887498949
DRAIN_SECONDS = 330.0
_OWN = "-"  # no address begins so


class Gateway:
    """Forwards the requests of every address; `control` is the token of who drains endpoints."""

    def __init__(
        self,
        history: History,
        forwarder: Forwarder,
        keys: KeyFile,
        *,
        control: str,
        max_body: int = MAX_BODY_BYTES,
    ) -> None:
        self._history = history
        self._forwarder = forwarder
        self._keys = keys
        self._control = control
        self._max_body = max_body
        self._traffic = Traffic()
        self._counted: dict[str, int] = {}
        self._mirror = Mirror(history, forwarder)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        caller = Caller(scope, receive, send)
        try:
            await self._serve(scope["path"], caller)
        except CallerLeft:
            return
        except Refused as refusal:
            await caller.refuse(refusal)
        except Exception:
            logger.exception("the gateway failed")
            await caller.refuse(Refused(500, "The gateway hit a fault of its own; see its log."))

    async def _live(self, receive: Receive, send: Send) -> None:
        """Close every connection to the endpoints when the server ends."""
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._mirror.close()
        await self._forwarder.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _serve(self, path: str, caller: Caller) -> None:
        address, _, ending = path.removeprefix("/").partition("/")
        if address == _OWN:
            await self._serve_own(ending, caller)
            return
        if ending not in ("", "score"):
            raise Refused(404, f"There is nothing at {path}; requests go to /{address}/score.")
        method = "POST" if ending else "GET"
        if caller.method != method:
            raise Refused(405, f"{caller.method} is not allowed here; use {method}.")
        keys = self._keys.keys()
        if not authorized(caller.header(b"authorization") or b"", (keys.primary, keys.secondary)):
            raise Refused(401, "The key is missing or wrong: send 'Authorization: Bearer <key>'.")
        request = self._traffic.begin()
        try:
            revision = await self._revision(address)
            if ending:
                await self._score(revision, caller, request)
            else:
                await _answer(caller, _described(revision))
        finally:
            self._traffic.end(request)

    async def _revision(self, address: str) -> Revision:
        try:
            found = await asyncio.to_thread(revisions.current, self._history, address)
        except SQLAlchemyError as error:
            raise Refused(503, "The routes can't be read now; try again.", retry_after=1) from error
        if found is None:
            raise Refused(404, f"There is no address {address}.")
        return found

    async def _score(self, revision: Revision, caller: Caller, request: InFlight) -> None:
        endpoint = self._next_endpoint(revision)
        request.endpoints.add(endpoint)
        request.routed = True
        body = await read_body(caller, self._max_body)
        headers = forwarded_headers(caller.headers)
        begin = time.perf_counter()
        response = await self._forwarder.send(endpoint, headers, caller.query, body)
        kept = bytearray()
        try:
            await caller.begin(
                Head(response.status_code, _told(response, endpoint, revision), None, False, keep=False)
            )
            async for piece in response.aiter_raw():
                if revision.mirror and len(kept) <= ANSWER_BYTES:
                    kept += piece
                await caller.send(piece, more=True)
            await caller.send(b"", more=False)
        finally:
            await response.aclose()
        if revision.mirror:
            latency = (time.perf_counter() - begin) * 1000
            exchange = Exchange(revision.address, endpoint, response.status_code, latency, bytes(kept))
            self._mirror.copy(revision.mirror, headers, caller.query, body, exchange)

    def _next_endpoint(self, revision: Revision) -> str:
        counted = self._counted.get(revision.address, 0)
        self._counted[revision.address] = counted + 1
        return choose(revision.routes, counted * _GOLDEN % 1 * ALL).endpoint

    async def _serve_own(self, ending: str, caller: Caller) -> None:
        """What the app asks of its gateway: whether it is there, and to wait until an endpoint is drained."""
        if ending == "health":
            await _answer(caller, {"status": "ok"})
            return
        if not authorized(caller.header(b"authorization") or b"", (self._control,)):
            raise Refused(401, "This is for the application that started the gateway.")
        action, _, endpoint = ending.partition("/")
        if action != "drained" or not endpoint:
            raise Refused(404, f"There is nothing at /{_OWN}/{ending}.")
        drained = await self._traffic.drained(endpoint, DRAIN_SECONDS)
        await _answer(caller, {"drained": drained, "under_way": self._traffic.count(endpoint)})


def _told(response: httpx.Response, endpoint: str, revision: Revision) -> list[tuple[bytes, bytes]]:
    """The endpoint's headers, and which endpoint and revision answered."""
    return [
        *returned_headers(response.headers.raw),
        (b"x-yosoku-endpoint", endpoint.encode()),
        (b"x-yosoku-revision", b"%d" % revision.number),
    ]


def _described(revision: Revision) -> dict[str, Any]:
    return {
        "address": revision.address,
        "revision": revision.number,
        "since": revision.moment.isoformat(),
        "routes": [{"endpoint": route.endpoint, "share": route.share} for route in revision.routes],
        "mirror": revision.mirror,
    }


async def _answer(caller: Caller, document: dict[str, Any]) -> None:
    body = json.dumps(document).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await caller.begin(Head(200, headers, len(body), False, keep=True))
    await caller.send(body, more=False)
