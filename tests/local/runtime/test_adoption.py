"""What the next workspace does with the processes of one that was killed."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from backend.local import process_record
from backend.local.processes import group_members
from backend.local.supervisor import ServiceSpecification, end_orphans
from backend.process_identity import create_time
from tests.local.runtime.conftest import Specify, supervisor
from tests.local.runtime.http import request, workers
from tests.local.runtime.workspace_process import specification as specified


def test_a_service_goes_on_and_is_adopted(specify: Specify) -> None:
    specification, pid, port = _left_behind(specify())

    async def scenario() -> None:
        assert (await request(port)).status == 200  # with no workspace at all
        async with supervisor() as running:
            await running.ensure(specification)
            adopted = await running.until("Healthy")
            assert (adopted.pid, adopted.port, adopted.restarts) == (pid, port, 0)
            os.kill(workers(pid)[0], signal.SIGKILL)
            await running.until("Transitioning")
            assert (await running.until("Healthy")).restarts == 1
            os.kill(pid, signal.SIGKILL)
            again = await running.until("Healthy")
            assert again.pid != pid
            assert again.restarts == 2
            assert (await request(again.port or 0)).status == 200

    asyncio.run(scenario())
    assert not group_members(pid)


def test_a_service_whose_process_is_gone_is_started(specify: Specify) -> None:
    specification, pid, _ = _left_behind(specify())
    os.killpg(pid, signal.SIGKILL)

    async def scenario() -> None:
        async with supervisor() as running:
            await running.ensure(specification)
            assert running.status("demand", "r1") is not None
            started = await running.until("Healthy")
            assert started.pid != pid
            assert (await request(started.port or 0)).status == 200

    asyncio.run(scenario())


def test_workers_that_outlived_their_master_are_ended_before_a_start(specify: Specify) -> None:
    script = "import time\ndef init(): pass\ndef run(raw):\n    time.sleep(50)"
    specification, pid, port = _left_behind(specify(script))

    async def scenario() -> None:
        busy = asyncio.create_task(request(port))
        await asyncio.sleep(0.3)
        os.kill(pid, signal.SIGKILL)
        while create_time(pid) is not None:
            await asyncio.sleep(0.01)
        assert group_members(pid)
        async with supervisor() as running:
            await running.ensure(specification)
            await running.until("Healthy")
            assert not group_members(pid)
        with pytest.raises(ConnectionError):
            await busy

    asyncio.run(scenario())


def test_a_service_that_can_not_be_started_again_is_unhealthy(specify: Specify) -> None:
    specification = specify("def init():\n    raise RuntimeError('gone')\ndef run(raw): pass")

    async def scenario() -> None:
        async with supervisor() as running:
            await running.ensure(specification)
            status = await running.until("Unhealthy")
            assert status.reason == "init() raised RuntimeError: gone."

    asyncio.run(scenario())


def test_orphans_are_ended_and_others_are_left_alone(specify: Specify, tmp_path: Path) -> None:
    specification, pid, _ = _left_behind(specify())
    services = specification.folder.parent.parent
    assert end_orphans(services, keep={("demand", "r1")}) == []
    assert create_time(pid) is not None

    # A later process with a recorded number is not the recorded one.
    waiting = [sys.executable, "-c", "input()"]
    stranger = subprocess.Popen(waiting, stdin=subprocess.PIPE, start_new_session=True)
    folder = services / "other" / "r1"
    folder.mkdir(parents=True)
    record = process_record.ProcessRecord(stranger.pid, (create_time(stranger.pid) or 0) - 60, 1, 0)
    process_record.write(folder, record)
    (services / "broken" / "r1").mkdir(parents=True)
    (services / "broken" / "r1" / "process.json").write_text("{")

    try:
        assert end_orphans(services, keep=set()) == [pid]
        assert not group_members(pid)
        assert stranger.poll() is None
        assert end_orphans(services, keep=set()) == []
    finally:
        stranger.communicate(b"\n")


def test_letting_go_leaves_the_service_running(specify: Specify) -> None:
    specification, pid, _ = _left_behind(specify(), killed=False)

    async def scenario() -> None:
        async with supervisor() as running:
            await running.ensure(specification)
            assert (await running.until("Healthy")).pid == pid

    asyncio.run(scenario())


def _left_behind(
    specification: ServiceSpecification, *, killed: bool = True
) -> tuple[ServiceSpecification, int, int]:
    """Start the service in a workspace's process of its own; kill that one, or let it end by itself."""
    command = [sys.executable, "-m", "tests.local.runtime.workspace_process"]
    command += [str(specification.python), str(specification.folder)]
    with subprocess.Popen(
        command, cwd=Path(__file__).parents[3], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as workspace:
        assert workspace.stdout is not None
        pid, port = map(int, workspace.stdout.readline().split())
        if killed:
            workspace.kill()
        else:
            workspace.communicate("\n")
    return specified(specification.python, specification.folder), pid, port
