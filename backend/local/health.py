"""Asking a scoring process for its health."""

from __future__ import annotations

import asyncio
import contextlib

PROBE_TIMEOUT = 2.0


async def answers(port: int, timeout: float) -> bool:
    """Whether the health probe gets 200 in time; raises ConnectionRefusedError when nothing listens."""
    try:
        async with asyncio.timeout(timeout):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
                return b" 200 " in await reader.readline()
            finally:
                writer.close()
    except ConnectionRefusedError:
        raise
    except (TimeoutError, OSError):
        return False


async def first_probe(port: int) -> None:
    """Give an adopted process a moment to answer, or to turn out to be gone."""
    with contextlib.suppress(ConnectionRefusedError):
        await answers(port, PROBE_TIMEOUT)


async def answered(port: int) -> None:
    """Until the health probe is answered; a probe that waits is answered the moment the worker serves."""
    while True:
        try:
            if await answers(port, 30.0):
                return
        except ConnectionRefusedError:
            pass
        await asyncio.sleep(0.02)
