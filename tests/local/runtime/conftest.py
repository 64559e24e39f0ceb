"""Real services for the runtime's tests: one built environment a session, scripts written a test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from backend.local.environment_builder import BuiltEnvironment, EnvironmentBuilder
from backend.local.supervisor import ServiceSpecification, ServiceStatus, Supervisor, Tolerances

ANSWER = """
import json
def init():
    print("init ran")
def run(raw):
    return {"result": json.loads(raw)["data"]}
"""


def definition(*dependencies: object) -> dict[str, object]:
    """The SDK's Environment dictionary with these conda dependencies."""
    return {"name": "test", "python": {"condaDependencies": {"dependencies": list(dependencies)}}}


LEAN = definition("python>=3.11,<3.13", {"pip": ["azureml-inference-server-http"]})


@pytest.fixture(scope="session")
def environments(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace's environments folder."""
    return tmp_path_factory.mktemp("workspace") / "environments"


@pytest.fixture(scope="session")
def environment(environments: Path) -> BuiltEnvironment:
    """An environment with nothing but the inference server."""
    return asyncio.run(EnvironmentBuilder(environments).build(LEAN, lambda _: None))


Specify = Callable[..., ServiceSpecification]


@pytest.fixture
def specify(tmp_path: Path, environment: BuiltEnvironment) -> Specify:
    """Make a revision's folder around a scoring script."""

    def make(
        script: str = ANSWER,
        *,
        name: str = "demand",
        revision: str = "r1",
        variables: Mapping[str, str] | None = None,
        cpu_cores: float = 1,
        memory_gb: float = 1,
        python: Path | None = None,
    ) -> ServiceSpecification:
        folder = tmp_path / "workspace" / "services" / name / revision
        application = folder / "azureml-app"
        model = application / "azureml-models" / "demand" / "1"
        model.mkdir(parents=True)
        (application / "score.py").write_text(script, encoding="utf-8")
        return ServiceSpecification(
            name=name,
            revision=revision,
            python=python or environment.python,
            folder=folder,
            entry_script="score.py",
            model_dir=model,
            environment_variables=variables or {},
            cpu_cores=cpu_cores,
            memory_gb=memory_gb,
        )

    return make


class Watched(Supervisor):
    """A supervisor that keeps what it reported, and wakes those who wait for it."""

    def __init__(self, tolerances: Tolerances | None = None) -> None:
        super().__init__(self._note, tolerances=tolerances)
        self.changes: list[ServiceStatus] = []
        self._changed = asyncio.Event()

    def _note(self, status: ServiceStatus) -> None:
        self.changes.append(status)
        self._changed.set()

    async def until(self, state: str, *, seconds: float = 60) -> ServiceStatus:
        """The next change to a state that has not been waited for yet."""
        async with asyncio.timeout(seconds):
            while True:
                while self.changes:
                    status = self.changes.pop(0)
                    if status.state == state:
                        return status
                self._changed.clear()
                await self._changed.wait()


@asynccontextmanager
async def supervisor(tolerances: Tolerances | None = None) -> AsyncIterator[Watched]:
    """A supervisor whose services end with the test."""
    watched = Watched(tolerances)
    try:
        yield watched
    finally:
        await watched.close(stop_services=True)
