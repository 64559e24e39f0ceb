"""Connections to scoring processes, and one HTTP exchange after the other on each.

A plain asyncio protocol does an exchange in a fraction of a general client's time (docs/performance.md).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

Headers = list[tuple[bytes, bytes]]

HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
_NOT_FORWARDED = HOP_BY_HOP | {b"authorization", b"content-length", b"expect"}
# The gateway's own server writes these two.
_NOT_RETURNED = HOP_BY_HOP | {b"date", b"server"}
_MAX_HEAD = 64 * 1024
_HIGH_WATER = 1024 * 1024
_MOST_IDLE = 16


class ServiceDropped(Exception):
    """The process closed the connection before its answer was complete."""


@dataclass(frozen=True, slots=True)
class Head:
    """Status and headers of an answer; `length` is its body's when the process said it."""

    status: int
    headers: Headers
    length: int | None
    chunked: bool
    keep: bool


class Connections:
    """Open connections by port; a process that ends takes its own with it."""

    def __init__(self) -> None:
        self._idle: dict[int, list[Exchange]] = {}

    async def take(self, port: int) -> Exchange:
        """An idle connection to a process on this machine, or a new one; raises OSError."""
        idle = self._idle.get(port)
        while idle:
            exchange = idle.pop()
            if exchange.is_open:
                return exchange
        # Processes that ended have left connections that are closed.
        self._idle = {key: kept for key, kept in self._idle.items() if any(one.is_open for one in kept)}
        _, exchange = await asyncio.get_running_loop().create_connection(Exchange, "127.0.0.1", port)
        return exchange

    def give_back(self, port: int, exchange: Exchange) -> None:
        """Keep a connection whose exchange is complete."""
        idle = self._idle.setdefault(port, [])
        if len(idle) < _MOST_IDLE:
            idle.append(exchange)
        else:
            exchange.close()


class Exchange(asyncio.Protocol):
    """One connection: what is sent, and the answer as it arrives."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._received = bytearray()
        self._ended = False
        self._paused = False
        self._waiter: asyncio.Future[None] | None = None
        self._writable = asyncio.Event()
        self._writable.set()

    @property
    def is_open(self) -> bool:
        """Whether the next exchange can begin on this connection."""
        return not self._ended and not self._received

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember the transport; asyncio calls this."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Collect what arrived, and hold the process back when it is faster than the caller."""
        self._received += data
        if len(self._received) > _HIGH_WATER and not self._paused and self._transport:
            self._transport.pause_reading()
            self._paused = True
        self._wake()

    def eof_received(self) -> bool:
        """The process has sent everything."""
        self._ended = True
        self._wake()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._ended = True
        self._writable.set()
        self._wake()

    def pause_writing(self) -> None:
        """The process reads slower than the caller sends."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """The process caught up."""
        self._writable.set()

    async def send(self, data: bytes) -> None:
        """Send a piece of the request; nothing once the process has hung up, as its answer says why."""
        if self._transport and not self._ended:
            self._transport.write(data)
            if not self._writable.is_set():
                await self._writable.wait()

    async def head(self) -> Head:
        """The answer's status and headers; interim answers (1xx) are skipped."""
        while True:
            end = self._received.find(b"\r\n\r\n")
            if end < 0:
                if self._ended or len(self._received) > _MAX_HEAD:
                    raise ServiceDropped
                await self._more()
                continue
            lines = bytes(self._received[:end]).split(b"\r\n")
            del self._received[: end + 4]
            head = _parse(lines)
            if head.status >= 200:
                return head

    async def pieces(self, head: Head) -> AsyncIterator[tuple[bytes, bool]]:
        """The body as it arrives, each piece with whether more follows; may raise ServiceDropped."""
        if head.chunked:
            while (size := await self._chunk_size()) > 0:
                yield (await self._exactly(size + 2))[:-2], True
            await self._exactly(2)
            yield b"", False
            return
        left = head.length
        while left is None or left > len(self._received):
            if self._received:
                piece = bytes(self._received)
                self._received.clear()
                left = None if left is None else left - len(piece)
                yield piece, True
            elif not self._ended:
                await self._more()
            elif left is None:
                yield b"", False
                return
            else:
                raise ServiceDropped
        yield await self._exactly(left), False

    def close(self) -> None:
        """Drop the connection."""
        if self._transport:
            self._transport.close()

    async def _chunk_size(self) -> int:
        while (end := self._received.find(b"\r\n")) < 0:
            if self._ended:
                raise ServiceDropped
            await self._more()
        line = bytes(self._received[:end])
        del self._received[: end + 2]
        return int(line.split(b";")[0], 16)

    async def _exactly(self, size: int) -> bytes:
        while len(self._received) < size:
            if self._ended:
                raise ServiceDropped
            await self._more()
        piece = bytes(self._received[:size])
        del self._received[:size]
        return piece

    async def _more(self) -> None:
        if self._paused and self._transport and not self._ended:
            self._transport.resume_reading()
            self._paused = False
        self._waiter = asyncio.get_running_loop().create_future()
        await self._waiter

    def _wake(self) -> None:
        if self._waiter and not self._waiter.done():
            self._waiter.set_result(None)


def request_head(method: str, target: bytes, headers: Iterable[tuple[bytes, bytes]], length: int) -> bytes:
    """The head of a forwarded request: end-to-end headers, without the caller's key."""
    lines = [b"%b %b HTTP/1.1" % (method.encode("ascii"), target)]
    lines += [b"%b: %b" % pair for pair in headers if pair[0] not in _NOT_FORWARDED]
    if length or method not in {"GET", "HEAD", "OPTIONS"}:
        lines.append(b"content-length: %d" % length)
    return b"\r\n".join(lines) + b"\r\n\r\n"


def _parse(lines: list[bytes]) -> Head:
    """Read a status line and headers; raises ServiceDropped for what is not HTTP."""
    headers: Headers = []
    length: int | None = None
    chunked, closing = False, not lines[0].startswith(b"HTTP/1.1 ")
    try:
        status = int(lines[0].split(b" ", 2)[1])
        for line in lines[1:]:
            name, _, value = line.partition(b":")
            name, value = name.strip().lower(), value.strip()
            if name == b"content-length":
                length = int(value)
            elif name == b"transfer-encoding":
                chunked = value.lower() == b"chunked"
            elif name == b"connection":
                closing = value.lower() == b"close"
            if name not in _NOT_RETURNED:
                headers.append((name, value))
    except (ValueError, IndexError) as error:
        raise ServiceDropped from error
    if status in {204, 304}:
        length = 0
    return Head(status, headers, length, chunked, keep=not closing and (chunked or length is not None))
