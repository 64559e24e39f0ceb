"""One raw HTTP exchange with a service on this machine."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass

import psutil


@dataclass(frozen=True)
class Answer:
    """Status, headers (small letters) and body."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> object:
        """The body as JSON."""
        return json.loads(self.body)


async def request(
    port: int,
    path: str = "/score",
    *,
    body: bytes = b'{"data": [1, 2]}',
    method: str = "POST",
    headers: dict[str, str] | None = None,
    seconds: float = 60,
) -> Answer:
    """Send a request and read the answer; raises ConnectionError when the service drops the connection."""
    lines = {"Host": "localhost", "Connection": "close", "Content-Type": "application/json"} | (headers or {})
    if "Transfer-Encoding" not in lines:
        lines.setdefault("Content-Length", str(len(body)))
    head = f"{method} {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    async with asyncio.timeout(seconds):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(head.encode() + b"\r\n" + body)
            received = await reader.read(-1)
        finally:
            writer.close()
    if not received:
        raise ConnectionResetError("the service closed the connection without an answer")
    top, _, rest = received.partition(b"\r\n\r\n")
    status, *fields = top.decode().split("\r\n")
    pairs = (field.split(":", 1) for field in fields)
    return Answer(int(status.split()[1]), {name.lower(): value.strip() for name, value in pairs}, rest)


def workers(pid: int) -> list[int]:
    """Processes below a scoring process."""
    return [child.pid for child in psutil.Process(pid).children(recursive=True)]


def listening(pid: int) -> set[tuple[str, int]]:
    """Addresses a process and its children listen on."""
    processes = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    found = set()
    for process in processes:
        for connection in process.net_connections(kind="inet"):
            if connection.status == psutil.CONN_LISTEN:
                found.add((connection.laddr.ip, connection.laddr.port))
    return found
