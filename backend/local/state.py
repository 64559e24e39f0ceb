"""The state folder of a local workspace: where each thing lives, and how a file is written whole."""

from __future__ import annotations

import json
import os
import secrets
import tempfile
import uuid
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backend.errors import LocalWorkspaceError

if TYPE_CHECKING:
    from collections.abc import Mapping

WORKSPACE_NAME = "yosoku-local"
RESOURCE_GROUP = "local"
LOCATION = "local"


@dataclass(frozen=True)
class StateFolder:
    """Paths below `<state_dir>/workspace/`; makes nothing by itself."""

    root: Path

    @property
    def server_record(self) -> Path:
        return self.root / "server.json"

    @property
    def identity(self) -> Path:
        return self.root / "workspace.json"

    @property
    def server_lock(self) -> Path:
        return self.root / "server.lock"

    @property
    def start_lock(self) -> Path:
        return self.root / "start.lock"

    @property
    def token(self) -> Path:
        return self.root / "token"

    @property
    def tls(self) -> Path:
        return self.root / "tls"

    @property
    def trust(self) -> Path:
        return self.root / "trust"

    @property
    def clouds(self) -> Path:
        return self.root / "clouds.json"

    @property
    def config(self) -> Path:
        return self.root / "config.json"

    @property
    def database(self) -> Path:
        return self.root / "workspace.db"

    @property
    def artifacts(self) -> Path:
        return self.root / "artifacts"

    @property
    def environments(self) -> Path:
        return self.root / "environments"

    @property
    def services(self) -> Path:
        return self.root / "services"

    @property
    def log(self) -> Path:
        return self.root / "server.log"

    @property
    def output(self) -> Path:
        return self.root / "server.out"

    @property
    def faults(self) -> Path:
        return self.root / "faults.json"


@dataclass(frozen=True)
class Identity:
    """What stays the same over restarts: the workspace's ids and the ports it keeps (0: not chosen yet)."""

    subscription_id: str
    workspace_id: str
    resource_group: str = RESOURCE_GROUP
    workspace_name: str = WORKSPACE_NAME
    http_port: int = 0
    tls_port: int = 0


@dataclass(frozen=True)
class ServerRecord:
    """The running server: its process and where it listens."""

    pid: int
    create_time: float
    http_port: int
    tls_port: int
    subscription_id: str
    resource_group: str
    workspace_name: str
    workspace_id: str


def folder_of(state_dir: Path) -> StateFolder:
    """The layout under `state_dir` (default of the app: `.yosoku`)."""
    return StateFolder((state_dir.expanduser() / "workspace").absolute())


def make_private(folder: Path) -> None:
    """Make `folder` (and its parents) and close it to everybody but its owner."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)


def write_atomic(path: Path, content: bytes | str, mode: int = 0o600) -> None:
    """Write a file so that a reader sees the old content or the new one, and a crash leaves one of them."""
    data = content.encode() if isinstance(content, str) else content
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            os.fchmod(stream.fileno(), mode)
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make a rename or a new name in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_json(path: Path, value: object) -> None:
    write_atomic(path, json.dumps(value, indent=2, sort_keys=True) + "\n")


def load_identity(folder: StateFolder) -> Identity:
    """The workspace's identity, made on the first start."""
    stored = _read_object(folder.identity)
    if stored is not None:
        return Identity(**_known(stored, Identity))
    identity = Identity(subscription_id=str(uuid.uuid4()), workspace_id=str(uuid.uuid4()))
    save_identity(folder, identity)
    return identity


def save_identity(folder: StateFolder, identity: Identity) -> None:
    write_json(folder.identity, asdict(identity))


def load_server_record(folder: StateFolder) -> ServerRecord | None:
    """The record of the last server; None when there is none or it was written by something else."""
    stored = _read_object(folder.server_record)
    if stored is None:
        return None
    try:
        return ServerRecord(**_known(stored, ServerRecord))
    except TypeError:
        return None


def save_server_record(folder: StateFolder, record: ServerRecord) -> None:
    write_json(folder.server_record, asdict(record))


def load_token(folder: StateFolder) -> str:
    """The control plane's token (0600), made on the first start; the root of every signature."""
    if folder.token.exists():
        token = folder.token.read_text().strip()
        if len(token) >= 32:
            return token
    token = secrets.token_urlsafe(48)
    write_atomic(folder.token, token + "\n")
    return token


def write_client_files(folder: StateFolder, identity: Identity, tls_port: int) -> None:
    """Write what an SDK process reads: clouds.json (where ARM is) and config.json (which workspace)."""
    manager = f"https://127.0.0.1:{tls_port}"
    cloud = {
        "name": "AzureCloud",
        "portal": "https://portal.azure.com",
        "resourceManager": manager,
        "authentication": {"loginEndpoint": manager, "audiences": [f"{manager}/"]},
        "graphAudience": "https://graph.windows.net/",
        "suffixes": {
            "storage": "core.windows.net",
            "acrLoginServer": "azurecr.io",
            "keyVaultDns": "vault.azure.net",
        },
    }
    write_json(folder.clouds, [cloud])
    write_json(
        folder.config,
        {
            "subscription_id": identity.subscription_id,
            "resource_group": identity.resource_group,
            "workspace_name": identity.workspace_name,
        },
    )


def _read_object(path: Path) -> Mapping[str, object] | None:
    try:
        stored = json.loads(path.read_text())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as fault:
        raise LocalWorkspaceError(
            f"{path} can't be read: {fault}. Remove it, or reset the local workspace.",
            code="local.state_unreadable",
            path=str(path),
        ) from fault
    if not isinstance(stored, dict):
        raise LocalWorkspaceError(
            f"{path} isn't a JSON object.", code="local.state_unreadable", path=str(path)
        )
    return stored


def _known(stored: Mapping[str, Any], kind: type) -> dict[str, Any]:
    names = {field.name for field in fields(kind)}
    return {name: value for name, value in stored.items() if name in names}
