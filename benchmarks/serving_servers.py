"""What a server of the serving benchmark is, how it is asked, and ours: a scoring process."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import psutil

from backend.local import limits, scoring_process

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from backend.local.service import ServiceSpecification

LEVELS = ("80", "95")
ANSWER_SECONDS = 120.0
LOOK_SECONDS = 0.002


@dataclass(frozen=True)
class RunningServer:
    """A started server: the process that its command became, its port, and when that was (perf_counter)."""

    process: psutil.Process
    port: int
    started: float

    def memory(self) -> float:
        """MB that only this server's processes use, all of them together: their unique set sizes."""
        tree = [self.process, *self.process.children(recursive=True)]
        return float(sum(process.memory_full_info().uss for process in tree)) / 1024**2


class Server(Protocol):
    """One way to serve the model: what it is called, where and what it is asked, and how its answer reads."""

    @property
    def name(self) -> str:
        """As the reader knows it."""

    @property
    def path(self) -> str:
        """Where it is asked."""

    def run(self) -> AbstractContextManager[RunningServer]:
        """Start it, without waiting for an answer, and end it with everything it started."""

    def body(self, horizon: int) -> str:
        """The request for a forecast of so many days with limits at 80 and 95 %."""

    def figures(self, answer: Any) -> np.ndarray:
        """The figures of a parsed answer, (horizon, 5): mean, lower limits, upper limits."""


@dataclass(frozen=True)
class Endpoint:
    """Ours: a scoring process as the local workspace launches it, asked at its own port."""

    specification: ServiceSpecification
    name: str = "Yosoku"
    path: str = "/score"

    @contextlib.contextmanager
    def run(self) -> Iterator[RunningServer]:
        """See Server."""
        started = time.perf_counter()
        process = scoring_process.launch(
            self.specification,
            cores=limits.cores_for(self.specification.cpu_cores, {}),
            init_timeout=scoring_process.INIT_TIMEOUT_SECONDS,
            max_body=scoring_process.MAX_BODY_BYTES,
        )
        try:
            yield RunningServer(psutil.Process(process.record.pid), process.record.port, started)
        finally:
            asyncio.run(process.end())

    def body(self, horizon: int) -> str:
        """See Server."""
        return json.dumps({"horizon": horizon, "levels": [int(level) for level in LEVELS]})

    def figures(self, answer: Any) -> np.ndarray:
        """See Server."""
        rows = answer["forecast"]
        return np.array(
            [
                [row["mean"], *(row[side][level] for side in ("lower", "upper") for level in LEVELS)]
                for row in rows
            ]
        )


def ask(server: Server, port: int, horizon: int) -> bytes | None:
    """The answer to one request; None when nobody listens or the answer is no 200."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS)
    try:
        connection.request(
            "POST",
            server.path,
            server.body(horizon),
            {"Content-Type": "application/json", "Connection": "close"},
        )
        response = connection.getresponse()
        answer = response.read()
    except (ConnectionError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    return answer if response.status == http.HTTPStatus.OK else None


def first_answer(server: Server, running: RunningServer, horizon: int) -> bytes:
    """Ask again and again until the answer is a 200. Raises TimeoutError, also when the server has ended."""
    deadline = time.monotonic() + ANSWER_SECONDS
    while time.monotonic() < deadline and running.process.status() != psutil.STATUS_ZOMBIE:
        if answer := ask(server, running.port, horizon):
            return answer
        time.sleep(LOOK_SECONDS)
    raise TimeoutError(f"{server.name} ended, or gave no answer within {ANSWER_SECONDS:g} s")
