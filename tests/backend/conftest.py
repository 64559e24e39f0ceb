"""What tests of the backend share: both kinds of database, and run outputs as a team's own training leaves
them (any file will do for the registry)."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from backend.application import Application
from backend.history import History
from backend.run_outputs import RunOutputs, read_run_outputs
from tests.backend.postgres import Postgres, running_postgres

REPORT = Path(__file__).parent.parent / "data" / "report.json"


class LeaveOutputs(Protocol):
    """Makes run outputs under a model's name; `facts` go into metric.json."""

    def __call__(self, name: str, *, report: bool = False, **facts: object) -> RunOutputs: ...


@pytest.fixture
def leave_outputs(application: Application) -> Iterator[LeaveOutputs]:
    """Run outputs where the registry takes them from; gone after the test."""
    folders = []

    def leave(name: str, *, report: bool = False, **facts: object) -> RunOutputs:
        folder = application.settings.uploads / uuid.uuid4().hex
        folders.append(folder)
        (folder / "models").mkdir(parents=True)
        (folder / "models" / "demand.pkl").write_bytes(b"a team's own")
        document = {"model_name": name, "run_id": "r", "RMSE": 1.0, "R2": 0.5, **facts}
        (folder / "metric.json").write_text(json.dumps(document))
        if report:
            shutil.copy(REPORT, folder)
        return read_run_outputs(folder)

    yield leave
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server of this run's own."""
    with running_postgres() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a new and empty database, of each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'state' / 'yosoku.db'}"
    server: Postgres = request.getfixturevalue("postgres")
    return server.url(server.new_database())


@pytest.fixture
def history(database_url: str) -> Iterator[History]:
    """An empty store on each kind of database."""
    store = History(database_url)
    yield store
    store.engine.dispose()
