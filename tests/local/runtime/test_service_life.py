"""A running service: killed and back again, busy, over its limits, given up, stopped."""

from __future__ import annotations

import asyncio
import os
import signal
import time

from backend.local.processes import group_members
from backend.local.supervisor import ServiceStatus
from tests.local.runtime.conftest import Specify, Watched, supervisor
from tests.local.runtime.http import request, workers

OBEY = """
import json, os, time
def init():
    pass
def run(raw):
    order = json.loads(raw)
    if order.get("die"):
        os._exit(1)
    if order.get("sleep"):
        time.sleep(order["sleep"])
    if order.get("grow"):
        global kept
        kept = bytearray(b"x") * order["grow"]
        time.sleep(30)
    return {"pid": os.getpid()}
"""


def test_a_killed_worker_comes_back(specify: Specify) -> None:
    specification = specify(OBEY)

    async def scenario() -> None:
        async with supervisor() as running:
            first = await running.start(specification)
            await running.until("Healthy")
            os.kill(_only_worker(first), signal.SIGKILL)
            await running.until("Transitioning")
            again = await running.until("Healthy")
            assert (again.restarts, again.pid, again.port) == (1, first.pid, first.port)
            assert (await request(again.port or 0)).status == 200

    asyncio.run(scenario())
    assert "yosoku: scoring process" in specification.log.read_text()


def test_a_killed_master_comes_back(specify: Specify) -> None:
    specification = specify(OBEY)

    async def scenario() -> None:
        async with supervisor() as running:
            first = await running.start(specification)
            await running.until("Healthy")
            assert first.pid is not None
            os.kill(first.pid, signal.SIGKILL)
            again = await running.until("Healthy")
            assert again.restarts == 1
            assert again.pid != first.pid
            assert not group_members(first.pid)
            assert (await request(again.port or 0)).status == 200

    asyncio.run(scenario())
    assert "the scoring process was ended by SIGKILL; it is started again" in specification.log.read_text()


def test_a_service_that_keeps_ending_is_given_up(specify: Specify) -> None:
    specification = specify(OBEY)

    async def scenario() -> ServiceStatus:
        async with supervisor() as running:
            await running.start(specification)
            given_up = asyncio.create_task(running.until("Unhealthy"))
            while not given_up.done():
                await _send(running, b'{"die": true}')
            status = given_up.result()
            assert running.status("demand", "r1") == status
            return status

    status = asyncio.run(scenario())
    assert status.reason == "The scoring process ended 4 times within a minute, the last time while serving."
    assert status.pid is None
    assert status.restarts == 4
    assert "given up" in specification.log.read_text()


def test_memory_exceeded_restarts_the_worker_with_one_plain_line(specify: Specify) -> None:
    specification = specify(OBEY, memory_gb=0.2)

    async def scenario() -> None:
        async with supervisor() as running:
            await running.start(specification)
            await running.until("Healthy")
            dropped = asyncio.create_task(_send(running, b'{"grow": 300000000}'))
            restarting = await running.until("Transitioning")
            assert restarting.reason.startswith("scoring process exceeded memory_gb=0.2 (")
            assert (await running.until("Healthy")).restarts == 1
            assert not await dropped

    asyncio.run(scenario())
    lines = [line for line in specification.log.read_text().splitlines() if "exceeded memory_gb=0.2" in line]
    assert len(lines) == 1
    assert lines[0].endswith(" MB), restarted")


def test_a_busy_worker_is_no_dead_one_and_stops_quickly(specify: Specify) -> None:
    async def scenario() -> float:
        async with supervisor() as running:
            status = await running.start(specify(OBEY))
            assert status.port is not None
            assert status.pid is not None
            busy = asyncio.create_task(request(status.port, body=b'{"sleep": 50}'))
            # Longer than a health probe waits: it must have failed once by now.
            await asyncio.sleep(6)
            now = running.status("demand", "r1")
            assert now is not None
            assert (now.state, now.restarts) == ("Healthy", 0)
            started = time.monotonic()
            await running.stop("demand", "r1")
            took = time.monotonic() - started
            await asyncio.wait({busy})
            assert not group_members(status.pid)
            return took

    # Not a measurement: gunicorn alone would wait for 30 s here, and the request for 50.
    assert asyncio.run(scenario()) < 20


def test_a_slow_answer_ends_with_the_service_s_own_time_out(specify: Specify) -> None:
    async def scenario() -> None:
        async with supervisor() as running:
            status = await running.start(specify(OBEY, variables={"SCORING_TIMEOUT_MS": "500"}))
            answer = await request(status.port or 0, body=b'{"sleep": 30}')
            assert answer.status == 500
            assert b"Scoring timeout after 500 ms" in answer.body

    asyncio.run(scenario())


def test_the_process_itself_refuses_large_bodies(specify: Specify) -> None:
    async def scenario() -> None:
        async with supervisor() as running:
            status = await running.start(specify())
            port = status.port or 0
            large = {"Content-Length": str(101 * 1024 * 1024)}
            assert (await request(port, body=b"", headers=large)).status == 413
            chunked = await request(port, body=b"0\r\n\r\n", headers={"Transfer-Encoding": "chunked"})
            assert chunked.status == 411
            assert (await request(port)).status == 200

    asyncio.run(scenario())


def test_two_revisions_run_side_by_side(specify: Specify) -> None:
    async def scenario() -> None:
        async with supervisor() as running:
            old = await running.start(specify(OBEY))
            new = await running.start(specify(OBEY, revision="r2"))
            assert old.port != new.port
            await running.stop("demand", "r1")
            assert (await request(new.port or 0)).status == 200

    asyncio.run(scenario())


def _only_worker(status: ServiceStatus) -> int:
    assert status.pid is not None
    (worker,) = workers(status.pid)
    return worker


async def _send(running: Watched, body: bytes) -> bool:
    """Send a request to the service as it is now; whether it answered."""
    status = running.status("demand", "r1")
    try:
        await request(status.port if status and status.port else 9, body=body)
    except OSError:
        await asyncio.sleep(0.02)
        return False
    return True
