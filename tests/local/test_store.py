"""The records' database."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from backend.errors import LocalWorkspaceError
from backend.local.records import Artifact, Asset, Environment, Operation, Service
from backend.local.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "workspace.db")


def test_versions_count_up_and_survive_deletion_and_reopening(tmp_path: Path, store: Store) -> None:
    first, second = (store.add_model("demo", {"kvTags": {"é": "予測"}}, now) for now in (1.0, 2.0))
    store.remove_model(second)
    store.close()

    again = Store(tmp_path / "workspace.db")
    third = again.add_model("demo", {}, 3.0)

    assert (first.id, third.id) == ("demo:1", "demo:3")
    assert [model.id for model in again.models()] == ["demo:3", "demo:1"]
    assert [model.id for model in again.models(before=third.row)] == ["demo:1"]
    assert again.model("demo", 1) == first
    assert again.model("demo", 2) is None
    assert again.latest_versions() == {"demo": 3}
    again.close()


def test_failed_transaction_changes_nothing(store: Store) -> None:
    service = Service("svc", "running", 1.0, 1.0, "a", "b")
    store.put_service(service)

    def half_a_change() -> None:
        with store.transaction():
            store.put_service(replace(service, primary_key="changed"))
            store.add_model("demo", {}, 1.0)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half_a_change()

    assert store.service("svc") == service
    assert list(store.models()) == []
    assert store.add_model("demo", {}, 1.0).version == 1
    store.close()


def test_prefix_is_a_folder_and_not_a_beginning(store: Store) -> None:
    names = ("a/b/m", "a/b/m/1", "a/b/m/x/2", "a/b/m2", "a/b/m_", "a/b/m%/3", "a/b/M/4")
    for name in names:
        store.put_artifact(Artifact(name, "f", 1, 1.0))

    assert [found.id for found in store.artifacts_under("a/b/m")] == ["a/b/m", "a/b/m/1", "a/b/m/x/2"]
    assert [found.id for found in store.artifacts_under("a/b/m/")] == ["a/b/m", "a/b/m/1", "a/b/m/x/2"]
    assert [found.id for found in store.artifacts_under("a/b/m%")] == ["a/b/m%/3"]
    store.close()


def test_records_come_back_as_they_were(tmp_path: Path, store: Store) -> None:
    asset = Asset("1", "demo", 1.0, ({"prefix": "a/b/m"},))
    environment = Environment("env", "1", "d", 1.0, {"python": {"x": [1]}})
    operation = Operation("o", "Create", "svc", "Running", 1.0, request={"a": 1}, lines=("1|x", "2|y"))
    done = replace(operation, id="p", state="Succeeded", ended=2.0)
    service = Service("svc", "running", 1.0, 2.0, "a", "b", request={"x": 1}, error={"code": "c"})
    store.add_asset(asset)
    store.add_environment(environment)
    store.put_operation(operation)
    store.put_operation(done)
    store.put_service(service)
    store.close()

    again = Store(tmp_path / "workspace.db")
    assert again.asset("1") == asset
    assert again.environments("env") == [environment]
    assert (again.operation("o"), again.operation("p")) == (operation, done)
    assert again.unfinished_operations() == [operation]
    assert again.services() == [service]
    again.close()


def test_database_of_another_schema_is_refused(tmp_path: Path, store: Store) -> None:
    store.close()
    connection = sqlite3.connect(tmp_path / "workspace.db")
    connection.execute("PRAGMA user_version = 99")
    connection.close()

    with pytest.raises(LocalWorkspaceError, match="schema 99"):
        Store(tmp_path / "workspace.db")
