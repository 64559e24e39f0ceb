"""Connections to a scoring process stay open, and none of them holds up another."""

from __future__ import annotations

import asyncio
import json

from tests.local.runtime.conftest import Specify, supervisor
from tests.local.runtime.http import request

OBEYING = """
import json, sys
def init():
    pass
def run(raw):
    order = json.loads(raw)
    if order == "raise":
        raise RuntimeError("as asked")
    if order == "exit":
        sys.exit(7)
    return {"order": order}
"""


async def _post(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, body: object, *, extra: str = ""
) -> tuple[int, str, bytes]:
    """One request on an open connection: status, head and body of the answer."""
    data = json.dumps(body).encode()
    head = "POST /score HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    head += f"Content-Length: {len(data)}\r\n"
    writer.write(f"{head}{extra}\r\n".encode() + data)
    async with asyncio.timeout(60):
        top = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(top.split("content-length:")[1].split("\r\n")[0])
        return int(top.split()[1]), top, await reader.readexactly(length)


def test_a_connection_serves_many_requests_until_told_otherwise(specify: Specify) -> None:
    async def scenario() -> None:
        async with supervisor() as running:
            status = await running.start(specify(OBEYING))
            reader, writer = await asyncio.open_connection("127.0.0.1", status.port)
            for number in range(3):
                code, _, body = await _post(reader, writer, number)
                assert (code, json.loads(body)) == (200, {"order": number})
            # The server's own errors don't end the connection; what ends the script does.
            assert (await _post(reader, writer, "raise"))[0] == 500
            assert (await _post(reader, writer, 4))[0] == 200
            _, head, _ = await _post(reader, writer, 5, extra="Connection: close\r\n")
            assert "connection: close" in head
            assert await reader.read() == b""
            writer.close()

    asyncio.run(scenario())


def test_a_silent_connection_holds_nobody_up(specify: Specify) -> None:
    async def scenario() -> None:
        async with supervisor() as running:
            status = await running.start(specify(OBEYING))
            silent = [await asyncio.open_connection("127.0.0.1", status.port) for _ in range(70)]
            assert (await request(status.port or 0, body=b"1")).status == 200
            # More than the worker keeps: the oldest one had to give way, the newest still serves.
            assert await silent[0][0].read() == b""
            assert (await _post(*silent[-1], 2))[0] == 200
            for _, writer in silent:
                writer.close()

    asyncio.run(scenario())


def test_a_script_that_exits_is_answered_and_the_worker_lives(specify: Specify) -> None:
    async def scenario() -> None:
        async with supervisor() as running:
            status = await running.start(specify(OBEYING))
            assert (await request(status.port or 0, body=b'"exit"')).status == 500
            assert (await request(status.port or 0, body=b"1")).status == 200
            now = running.status("demand", "r1")
            assert now is not None
            assert now.restarts == 0

    asyncio.run(scenario())


def test_several_workers_are_gunicorn_s_own(specify: Specify) -> None:
    async def scenario() -> None:
        async with supervisor() as running:
            status = await running.start(specify(OBEYING, variables={"WORKER_COUNT": "2"}, cpu_cores=2))
            reader, writer = await asyncio.open_connection("127.0.0.1", status.port)
            code, head, _ = await _post(reader, writer, 1)
            assert (code, "connection: close" in head) == (200, True)
            writer.close()

    asyncio.run(scenario())
