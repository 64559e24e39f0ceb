"""One request passed on to an endpoint, with the endpoint's key in the place of the gateway's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx

from backend.errors import NotFound, YosokuError
from backend.local.caller import Refused
from backend.local.forwarder import HOP_BY_HOP

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from backend.gateway.directory import Directory, Place
    from backend.local.caller import Caller
    from backend.local.forwarder import Headers

CONNECT_SECONDS = 5.0
CONNECTIONS = 200
# Shorter than any server's: a connection that closes just as it is used again would fail a request.
KEPT_SECONDS = 2.0
HELD_BYTES = 1024 * 1024  # a body up to here is held, so that it can be sent a second time
# What is between the caller and the gateway: its key, its cookies, the length that is written anew.
_NOT_FORWARDED = HOP_BY_HOP | {b"authorization", b"content-length", b"expect", b"host", b"cookie"}
_NOT_RETURNED = HOP_BY_HOP | {b"date", b"server", b"set-cookie"}
# Nothing of an answer has come when these are raised, and a forecast asked for twice is the same forecast.
_WORTH_ANOTHER = (httpx.ConnectError, httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError)


@dataclass(frozen=True)
class Body:
    """A request's body: held whole where it is small, else passed on as it comes."""

    held: bytes | None
    pieces: AsyncIterator[bytes] | None
    length: int


async def read_body(caller: Caller, limit: int) -> Body:
    """The body of a request; raises Refused for one over `limit` bytes."""
    first, more, length = await caller.body(limit)
    if length > HELD_BYTES and more:
        return Body(None, _pieces(caller, first), length)
    held = bytearray(first)
    while more:
        piece, more = await caller.piece()
        held += piece
    return Body(bytes(held), None, length)


async def _pieces(caller: Caller, first: bytes) -> AsyncIterator[bytes]:
    yield first
    more = True
    while more:
        piece, more = await caller.piece()
        yield piece


def forwarded_headers(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """What goes on to the endpoint: everything but what belongs to the connection and to the gateway."""
    return _without(headers, _NOT_FORWARDED)


def returned_headers(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """What goes back to the caller."""
    return _without(headers, _NOT_RETURNED)


def _without(headers: Iterable[tuple[bytes, bytes]], names: frozenset[bytes]) -> Headers:
    """RFC 9110, 7.6.1: what `Connection` names ends here as well."""
    given = [(name.lower(), value) for name, value in headers]
    named = {
        option.strip().lower()
        for name, value in given
        if name == b"connection"
        for option in value.split(b",")
    }
    return [(name, value) for name, value in given if name not in names and name not in named]


class Forwarder:
    """Sends requests to endpoints; of one event loop."""

    def __init__(self, directory: Directory, *, seconds: float, through_proxy: bool) -> None:
        self._directory = directory
        self._seconds = seconds
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(seconds, connect=CONNECT_SECONDS),
            limits=httpx.Limits(max_connections=CONNECTIONS, keepalive_expiry=KEPT_SECONDS),
            follow_redirects=False,  # a redirect would carry the key elsewhere
            trust_env=through_proxy,
        )

    async def send(self, endpoint: str, headers: Headers, query: bytes, body: Body) -> httpx.Response:
        """The endpoint's answer, its body still to be read; raises Refused when there is none.

        A key that the endpoint refuses and a connection that it drops are tried a second time where the body
        is held.
        """
        place = await self._find(endpoint)
        try:
            answer = await self._once(place, headers, query, body)
        except _WORTH_ANOTHER as error:
            self._directory.forget(place)
            if body.held is None:
                raise Refused(502, _unreachable(endpoint)) from error
        except httpx.TimeoutException as error:
            raise Refused(504, f"{endpoint} did not answer within {self._seconds:g} s.") from error
        else:
            if answer.status_code not in (401, 403) or body.held is None or place.key is None:
                return answer
            await answer.aclose()
            self._directory.forget(place)
        place = await self._find(endpoint)
        try:
            answer = await self._once(place, headers, query, body)
        except httpx.TimeoutException as error:
            raise Refused(504, f"{endpoint} did not answer within {self._seconds:g} s.") from error
        except httpx.HTTPError as error:
            self._directory.forget(place)
            raise Refused(502, _unreachable(endpoint)) from error
        if answer.status_code in (401, 403):  # the caller's key was right, so this is not his to mend
            await answer.aclose()
            raise Refused(502, f"{endpoint} refuses the key that the workspace gives for it.")
        return answer

    async def close(self) -> None:
        """Close every connection."""
        await self._client.aclose()

    async def _find(self, endpoint: str) -> Place:
        try:
            return await self._directory.find(endpoint)
        except NotFound as error:
            raise Refused(503, f"The endpoint {endpoint} behind this address does not exist.") from error
        except YosokuError as error:
            raise Refused(503, f"{endpoint} can't be asked now: {error.message}", retry_after=2) from error

    async def _once(self, place: Place, headers: Headers, query: bytes, body: Body) -> httpx.Response:
        sent = list(headers)
        if place.key is not None:
            sent.append((b"authorization", b"Bearer " + place.key.encode()))
        if body.held is None:
            sent.append((b"content-length", b"%d" % body.length))
        url = httpx.URL(place.scoring_uri).copy_with(query=query or None)
        request = httpx.Request("POST", url, headers=sent, content=body.held or body.pieces or b"")
        request.extensions["timeout"] = self._client.timeout.as_dict()
        return await self._client.send(request, stream=True)


def _unreachable(endpoint: str) -> str:
    return f"{endpoint} can't be reached, or dropped the connection."
