"""Who asks the gateway: the request's body as it comes, and what goes back."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from backend.local.forwarder import Head, Headers

# A caller that still sends does not read: an answer before its body is in would be lost with the connection.
_DRAIN_SECONDS = 10.0


class CallerLeft(Exception):
    """The caller hung up before the request was complete; there is nobody to answer."""


class Refused(Exception):
    """The gateway answers by itself; `retry_after` in seconds."""

    def __init__(self, status: int, sentence: str, *, retry_after: int | None = None) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
        self.retry_after = retry_after


class Caller:
    """One request of one caller, over ASGI."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.method: str = scope["method"]
        self.headers: Headers = scope["headers"]
        self.query: bytes = scope["query_string"]
        self._receive = receive
        self._send = send
        self._more = True
        self._begun = False

    def header(self, name: bytes) -> bytes | None:
        """The first header of a name in small letters."""
        for key, value in self.headers:
            if key == name:
                return value
        return None

    async def piece(self) -> tuple[bytes, bool]:
        """The next piece of the body, and whether more follows; raises CallerLeft."""
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise CallerLeft
        self._more = message.get("more_body", False)
        return message.get("body", b""), self._more

    async def body(self, limit: int) -> tuple[bytes, bool, int]:
        """The body's first piece, whether more follows, and the length of the whole.

        A body of unknown length is collected, since the process needs to be told its length. Raises Refused
        for one over `limit` bytes.
        """
        too_large = Refused(413, f"The request's body is over the limit of {limit} bytes.")
        announced = self.header(b"content-length")
        if announced is not None:
            if not announced.isdigit():
                raise Refused(400, "The Content-Length is not a number.")
            if int(announced) > limit:
                raise too_large
            first, more = await self.piece()
            return first, more, int(announced)
        first, more = await self.piece()
        collected = bytearray(first)
        while more:
            piece, more = await self.piece()
            collected += piece
            if len(collected) > limit:
                raise too_large
        return bytes(collected), False, len(collected)

    async def begin(self, head: Head) -> None:
        """Pass a process's status and headers on."""
        self._begun = True
        await self._send({"type": "http.response.start", "status": head.status, "headers": head.headers})

    async def send(self, data: bytes, *, more: bool) -> None:
        """Pass a piece of a process's body on."""
        await self._send({"type": "http.response.body", "body": data, "more_body": more})

    async def refuse(self, refusal: Refused) -> None:
        """Answer with a sentence; once a body has begun, the server cuts it off instead."""
        if self._begun:
            return
        body = json.dumps({"message": refusal.sentence}).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        if refusal.status == 401:
            headers.append((b"www-authenticate", b"Bearer"))
        if refusal.retry_after is not None:
            headers.append((b"retry-after", b"%d" % refusal.retry_after))
        with contextlib.suppress(CallerLeft, TimeoutError):
            await self._drain()
        await self._send({"type": "http.response.start", "status": refusal.status, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})

    async def _drain(self) -> None:
        """Take in what is left of the body, unless the caller waits for leave to send it."""
        if self.header(b"expect") is None:
            async with asyncio.timeout(_DRAIN_SECONDS):
                while self._more:
                    await self.piece()
