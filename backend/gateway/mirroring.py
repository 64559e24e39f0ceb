"""Copies of requests, sent to another endpoint after the caller has his answer; both answers are kept."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx
from sqlalchemy import delete, insert, select
from sqlalchemy.exc import SQLAlchemyError

from backend.history.schema import mirrored_answers
from backend.local.caller import Refused

if TYPE_CHECKING:
    from backend.gateway.forwarding import Body, Forwarder
    from backend.history import History
    from backend.local.forwarder import Headers

logger = logging.getLogger(__name__)

AT_ONCE = 4  # copies under way; what comes meanwhile is not copied, so that a slow mirror holds nobody up
ANSWER_BYTES = 1024 * 1024
KEPT = 1000  # pairs an address


@dataclass(frozen=True)
class Exchange:
    """What an endpoint answered to a request of an address; latency in milliseconds."""

    address: str
    endpoint: str
    status: int
    latency_ms: float
    answer: bytes


class Mirror:
    """Sends copies in the background; of one event loop."""

    def __init__(self, history: History, forwarder: Forwarder) -> None:
        self._history = history
        self._forwarder = forwarder
        self._running: set[asyncio.Task[None]] = set()

    def copy(self, mirror: str, headers: Headers, query: bytes, body: Body, exchange: Exchange) -> None:
        """Begin to send a copy; nothing happens where too many are under way or the body was not held."""
        if body.held is None or len(self._running) >= AT_ONCE:
            return
        task = asyncio.create_task(self._send(mirror, headers, query, body, exchange))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def close(self) -> None:
        """Leave the copies that are under way."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _send(
        self, mirror: str, headers: Headers, query: bytes, body: Body, exchange: Exchange
    ) -> None:
        begin = time.perf_counter()
        try:
            response = await self._forwarder.send(mirror, headers, query, body)
            try:
                answer = await response.aread()
            finally:
                await response.aclose()
            status = response.status_code
        except Refused as refusal:
            status, answer = refusal.status, b""
        except httpx.HTTPError:  # its answer broke off
            status, answer = 502, b""
        row = {
            "address": exchange.address,
            "moment": datetime.now(UTC),
            "endpoint": exchange.endpoint,
            "mirror": mirror,
            "status": exchange.status,
            "mirror_status": status,
            "latency_ms": exchange.latency_ms,
            "mirror_latency_ms": (time.perf_counter() - begin) * 1000,
            "answer": _document(exchange.answer),
            "mirror_answer": _document(answer),
        }
        try:
            await asyncio.to_thread(_keep, self._history, row)
        except SQLAlchemyError:
            logger.exception("a mirrored answer was not kept")


def _keep(history: History, row: dict[str, Any]) -> None:
    own = mirrored_answers.c.address == row["address"]
    oldest_kept = (
        select(mirrored_answers.c.id)
        .where(own)
        .order_by(mirrored_answers.c.id.desc())
        .offset(KEPT)
        .limit(1)
        .scalar_subquery()
    )
    with history.engine.begin() as connection:
        connection.execute(insert(mirrored_answers).values(**row))
        connection.execute(delete(mirrored_answers).where(own, mirrored_answers.c.id <= oldest_kept))


def _document(answer: bytes) -> Any:
    """The answer's JSON where it is one of a size worth keeping."""
    if len(answer) > ANSWER_BYTES:
        return None
    with contextlib.suppress(ValueError):
        return json.loads(answer)
    return None
