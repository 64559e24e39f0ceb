"""What the workspace remembers, as values: models, assets, environments, services, operations, artifacts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

OperationKind = Literal["Create", "Update", "Keys"]
OperationState = Literal["NotStarted", "Running", "Succeeded", "Failed", "Cancelled", "TimedOut"]
SubOperation = Literal["BuildEnvironment", "DeployService"]
Desired = Literal["running", "deleted"]
TERMINAL: frozenset[str] = frozenset(("Succeeded", "Failed", "Cancelled", "TimedOut"))

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Model:
    """A registered model; `body` is what the client sent, in the wire's own names."""

    row: int
    name: str
    version: int
    created: float
    modified: float
    body: Json

    @property
    def id(self) -> str:
        return f"{self.name}:{self.version}"


@dataclass(frozen=True)
class Asset:
    """A named set of artifacts: `artifacts` is a list of {"prefix"} or {"id"}."""

    id: str
    name: str
    created: float
    artifacts: tuple[Json, ...]


@dataclass(frozen=True)
class Artifact:
    """One uploaded file; its content is in the file that `file` names, below the artifacts folder."""

    id: str
    file: str
    size: int
    created: float


@dataclass(frozen=True)
class Environment:
    """A registered environment definition, keys in camelCase as the SDK reads them."""

    name: str
    version: str
    digest: str
    created: float
    definition: Json


@dataclass(frozen=True)
class Service:
    """A web service: what should run (`desired`, `active_revision`) and the request that made it.

    `request` is the request that the active revision was made from; None until the first success.
    `submitted` is the newest request, still being deployed or failed; None once it is the active one.
    `operation` is the deployment that runs now, `last_operation` the newest one, ended or not.
    """

    name: str
    desired: Desired
    created: float
    updated: float
    primary_key: str
    secondary_key: str
    request: Json | None = None
    submitted: Json | None = None
    active_revision: str | None = None
    active_python: str | None = None
    attempted_revision: str | None = None
    operation: str | None = None
    last_operation: str | None = None
    error: Json | None = None

    @property
    def current(self) -> Json:
        """The request to show: the serving one, else the newest."""
        return self.request or self.submitted or {}


@dataclass(frozen=True)
class Operation:
    """A long-running operation on a service, with its streaming log."""

    id: str
    kind: OperationKind
    service: str
    state: OperationState
    created: float
    ended: float | None = None
    revision: str | None = None
    sub_operation: SubOperation = "BuildEnvironment"
    request: Json = field(default_factory=dict)
    error: Json | None = None
    lines: tuple[str, ...] = ()
    build_log: str | None = None
