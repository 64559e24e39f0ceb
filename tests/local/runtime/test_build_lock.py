"""Two processes never build the same environment at once: the second waits and finds it built."""

from __future__ import annotations

import asyncio
import fcntl
import json
from pathlib import Path

import pytest

from backend.local.conda import digest
from backend.local.environment_builder import EnvironmentBuilder

DEFINITION = {"python": {"condaDependencies": {"dependencies": ["python=3.11"]}}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of an environment that is complete, as another process left it."""
    folder = tmp_path / digest(DEFINITION)
    python = folder / "env" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch()
    (folder / "complete.json").write_text(json.dumps({}))
    return folder


def test_a_build_of_another_process_is_waited_for(folder: Path) -> None:
    said: list[str] = []

    async def build_while_another_does() -> bool:
        with (folder / "build.lock").open("wb") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            building = asyncio.create_task(EnvironmentBuilder(folder.parent).build(DEFINITION, said.append))
            done, _ = await asyncio.wait({building}, timeout=0.4)
            assert not done
            assert said == []
        return (await asyncio.wait_for(building, 5)).reused

    assert asyncio.run(build_while_another_does())
    assert said == ["Use the existing image."]


def test_waiting_can_be_given_up(folder: Path) -> None:
    builder = EnvironmentBuilder(folder.parent)

    async def give_up() -> bool:
        with (folder / "build.lock").open("wb") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            building = asyncio.create_task(builder.build(DEFINITION, print))
            await asyncio.wait({building}, timeout=0.05)
            building.cancel()
            with pytest.raises(asyncio.CancelledError):
                await building
        return (await asyncio.wait_for(builder.build(DEFINITION, print), 5)).reused

    assert asyncio.run(give_up()), "neither lock is held any more"
