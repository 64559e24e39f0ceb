"""The records' database: one SQLite file, written in transactions.

WAL with synchronous=FULL: a commit that was answered survives the loss of power, not only of the process.
Writes come at
a person's pace, so the extra fsync (a few ms) isn't felt. All calls come from the server's one loop.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TypeVar

from backend.errors import LocalWorkspaceError
from backend.local.records import Artifact, Asset, Environment, Model, Operation, Service

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

Row = TypeVar("Row")

SCHEMA_VERSION = 1
SCHEMA = """
CREATE TABLE model (row INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, version INTEGER NOT NULL,
    created REAL NOT NULL, modified REAL NOT NULL, body TEXT NOT NULL, UNIQUE (name, version));
CREATE TABLE model_counter (name TEXT PRIMARY KEY, version INTEGER NOT NULL);
CREATE TABLE asset (id TEXT PRIMARY KEY, name TEXT NOT NULL, created REAL NOT NULL, artifacts TEXT NOT NULL);
CREATE TABLE artifact (id TEXT PRIMARY KEY, file TEXT NOT NULL, size INTEGER NOT NULL, created REAL NOT NULL);
CREATE TABLE environment (name TEXT NOT NULL, version TEXT NOT NULL, digest TEXT NOT NULL, created REAL NOT
NULL,
    definition TEXT NOT NULL, PRIMARY KEY (name, version));
CREATE TABLE service (name TEXT PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE operation (id TEXT PRIMARY KEY, service TEXT NOT NULL, state TEXT NOT NULL, created REAL NOT
NULL,
    body TEXT NOT NULL);
CREATE INDEX operation_service ON operation (service, created);
"""


class Store:
    """Typed reads and writes over the database at `path`; made with its schema on first use."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        path.chmod(0o600)
        self._connection.row_factory = sqlite3.Row
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=5000"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._prepare(path)
        # the scoring gateway asks for a service at every request, so they are kept in memory too
        self._services: dict[str, Service] | None = None

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All writes inside happen together or not at all; may be nested, the outermost one commits."""
        if self._connection.in_transaction:
            yield
            return
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            self._services = None
            raise
        self._connection.execute("COMMIT")

    # models

    def add_model(self, name: str, body: Mapping[str, Any], now: float) -> Model:
        """Register a model under its name's next version; a deleted version's number isn't given again."""
        with self.transaction():
            self._run(
                "INSERT INTO model_counter VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET version = "
                "version + 1",
                name,
            )
            version = int(self._one("SELECT version FROM model_counter WHERE name = ?", name)["version"])
            self._run(
                "INSERT INTO model (name, version, created, modified, body) VALUES (?, ?, ?, ?, ?)",
                *(name, version, now, now, json.dumps(body)),
            )
        model = self.model(name, version)
        assert model is not None  # just written in this connection
        return model

    def model(self, name: str, version: int) -> Model | None:
        return _first(self._models("WHERE name = ? AND version = ?", name, version))

    def models(self, name: str | None = None, before: int | None = None) -> Iterator[Model]:
        """Newest registration first; `before` is the row of the last one already seen."""
        limit = before if before is not None else 2**62
        if name is None:
            return self._models("WHERE row < ? ORDER BY row DESC", limit)
        return self._models("WHERE name = ? AND row < ? ORDER BY row DESC", name, limit)

    def latest_versions(self) -> dict[str, int]:
        """The newest version of each model name."""
        rows = self._connection.execute("SELECT name, MAX(version) AS version FROM model GROUP BY name")
        return {row["name"]: int(row["version"]) for row in rows}

    def change_model(self, model: Model, body: Mapping[str, Any], now: float) -> None:
        self._run("UPDATE model SET body = ?, modified = ? WHERE row = ?", json.dumps(body), now, model.row)

    def remove_model(self, model: Model) -> None:
        self._run("DELETE FROM model WHERE row = ?", model.row)

    def _models(self, where: str, *values: object) -> Iterator[Model]:
        for row in self._connection.execute(f"SELECT * FROM model {where}", values):  # noqa: S608
            yield Model(
                row=row["row"],
                name=row["name"],
                version=row["version"],
                created=row["created"],
                modified=row["modified"],
                body=json.loads(row["body"]),
            )

    # assets and artifacts

    def add_asset(self, asset: Asset) -> None:
        self._run(
            "INSERT INTO asset VALUES (?, ?, ?, ?)",
            *(asset.id, asset.name, asset.created, json.dumps([dict(item) for item in asset.artifacts])),
        )

    def asset(self, asset_id: str) -> Asset | None:
        row = self._find("SELECT * FROM asset WHERE id = ?", asset_id)
        if row is None:
            return None
        return Asset(row["id"], row["name"], row["created"], tuple(json.loads(row["artifacts"])))

    def remove_asset(self, asset_id: str) -> None:
        self._run("DELETE FROM asset WHERE id = ?", asset_id)

    def put_artifact(self, artifact: Artifact) -> None:
        self._run(
            "INSERT OR REPLACE INTO artifact VALUES (?, ?, ?, ?)",
            *(artifact.id, artifact.file, artifact.size, artifact.created),
        )

    def artifact(self, artifact_id: str) -> Artifact | None:
        row = self._find("SELECT * FROM artifact WHERE id = ?", artifact_id)
        return None if row is None else Artifact(**dict(row))

    def artifacts_under(self, prefix: str) -> list[Artifact]:
        """The artifact named `prefix` and all below it as a folder, in order of name."""
        folder = prefix.rstrip("/")
        # 0 is the character after the slash: a range over the key, so no wildcard in a name is special
        rows = self._connection.execute(
            "SELECT * FROM artifact WHERE id = ? OR (id >= ? AND id < ?) ORDER BY id",
            (folder, f"{folder}/", f"{folder}0"),
        )
        return [Artifact(**dict(row)) for row in rows]

    def artifact_files(self) -> set[str]:
        return {row["file"] for row in self._connection.execute("SELECT file FROM artifact")}

    def remove_artifact(self, artifact_id: str) -> None:
        self._run("DELETE FROM artifact WHERE id = ?", artifact_id)

    # environments

    def add_environment(self, environment: Environment) -> None:
        self._run(
            "INSERT INTO environment VALUES (?, ?, ?, ?, ?)",
            *(environment.name, environment.version, environment.digest, environment.created),
            json.dumps(environment.definition),
        )

    def environments(self, name: str | None = None) -> list[Environment]:
        """All registered environments, or all versions of one, newest first."""
        where, values = ("", ()) if name is None else ("WHERE name = ?", (name,))
        rows = self._connection.execute(
            f"SELECT * FROM environment {where} ORDER BY created DESC, rowid DESC",  # noqa: S608 — fixed clauses
            values,
        )
        return [
            Environment(
                row["name"], row["version"], row["digest"], row["created"], json.loads(row["definition"])
            )
            for row in rows
        ]

    # services and operations

    def put_service(self, service: Service) -> None:
        held = self._held_services()
        self._run("INSERT OR REPLACE INTO service VALUES (?, ?)", service.name, json.dumps(asdict(service)))
        held[service.name] = service

    def service(self, name: str) -> Service | None:
        return self._held_services().get(name)

    def services(self) -> list[Service]:
        """All services, in order of name."""
        held = self._held_services()
        return [held[name] for name in sorted(held)]

    def remove_service(self, name: str) -> None:
        held = self._held_services()
        self._run("DELETE FROM service WHERE name = ?", name)
        held.pop(name, None)

    def _held_services(self) -> dict[str, Service]:
        if self._services is None:
            rows = self._connection.execute("SELECT name, body FROM service")
            self._services = {row["name"]: Service(**json.loads(row["body"])) for row in rows}
        return self._services

    def put_operation(self, operation: Operation) -> None:
        self._run(
            "INSERT OR REPLACE INTO operation VALUES (?, ?, ?, ?, ?)",
            *(
                operation.id,
                operation.service,
                operation.state,
                operation.created,
                json.dumps(asdict(operation)),
            ),
        )

    def operation(self, operation_id: str) -> Operation | None:
        return _first(self._operations("WHERE id = ?", operation_id))

    def unfinished_operations(self) -> list[Operation]:
        return list(self._operations("WHERE state IN ('NotStarted', 'Running') ORDER BY created"))

    def _operations(self, where: str, *values: object) -> Iterator[Operation]:
        for row in self._connection.execute(f"SELECT body FROM operation {where}", values):  # noqa: S608
            stored = json.loads(row["body"])
            yield Operation(**{**stored, "lines": tuple(stored["lines"])})

    def _prepare(self, path: Path) -> None:
        version = int(self._one("PRAGMA user_version")["user_version"])
        if version == 0:
            # executescript commits what is open; one script makes the schema and its version together
            self._connection.executescript(f"BEGIN; {SCHEMA} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;")
        elif version != SCHEMA_VERSION:
            raise LocalWorkspaceError(
                f"{path} was written by another version of the local workspace (schema {version}, this "
                f"one reads "
                f"{SCHEMA_VERSION}). Use that version, or reset the local workspace.",
                code="local.schema",
                found=version,
                expected=SCHEMA_VERSION,
            )

    def _run(self, statement: str, *values: object) -> None:
        self._connection.execute(statement, values)

    def _find(self, statement: str, *values: object) -> sqlite3.Row | None:
        row: sqlite3.Row | None = self._connection.execute(statement, values).fetchone()
        return row

    def _one(self, statement: str, *values: object) -> sqlite3.Row:
        row = self._find(statement, *values)
        assert row is not None  # only for statements that always answer
        return row


def _first(items: Iterator[Row]) -> Row | None:
    return next(items, None)
