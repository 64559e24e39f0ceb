"""What all tests share: one local workspace a run, since the SDK reads its cloud once, on import."""

from __future__ import annotations

import os

# Before numpy is imported: on matrices as small as a forecast's, a second thread only spins.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.application import Application, open_application
from backend.demonstration import prepare_demonstration
from backend.jobs import Job
from backend.settings import Settings
from backend.workspace import stop

DEADLINE_SECONDS = 240
TESTS = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep tests that share a workspace in one worker (`--dist loadgroup`): one group a folder."""
    for item in items:
        parts = item.path.relative_to(TESTS).parts[:-1]
        group = {"local": "/".join(parts), "scoring": "scoring"}.get(parts[0] if parts else "", "application")
        item.add_marker(pytest.mark.xdist_group(group))


def wait_for(application: Application, job: Job) -> Job:
    """The job once it has ended; its state is polled from the store, as a page does."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while job.state == "running":
        assert time.monotonic() < deadline, (
            f"{job.subject} still runs after {DEADLINE_SECONDS} s: {job.lines}"
        )
        time.sleep(0.05)
        job = application.jobs.get(job.id) or job
    return job


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of a state folder that only this run uses; the environment tells the app's script the same."""
    for name in [name for name in os.environ if name.startswith("YOSOKU_")]:
        del os.environ[name]
    os.environ["YOSOKU_STATE_DIR"] = str(tmp_path_factory.mktemp("state"))
    return Settings()


@pytest.fixture(scope="session")
def application(settings: Settings) -> Iterator[Application]:
    """The open application, on its own local workspace."""
    opened = open_application(settings)
    yield opened
    opened.close()
    stop(settings)


@pytest.fixture(scope="session")
def demonstration(application: Application) -> Job:
    """The prepared demonstration: a Healthy endpoint of the course's model."""
    job = wait_for(application, prepare_demonstration(application))
    assert job.state == "succeeded", job.error
    return job
