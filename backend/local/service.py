"""What a service is and how it does: the values the supervisor takes and gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from backend.errors import LocalWorkspaceError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

State = Literal["Transitioning", "Healthy", "Unhealthy", "Failed"]


@dataclass(frozen=True)
class ServiceSpecification:
    """One revision of a service.

    `folder` is services/<name>/<revision> and holds azureml-app/; `entry_script` is relative to azureml-app;
    `memory_gb` counts 1024**3 bytes.
    """

    name: str
    revision: str
    python: Path
    folder: Path
    entry_script: str
    model_dir: Path | None
    environment_variables: Mapping[str, str]
    cpu_cores: float
    memory_gb: float

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from every other revision."""
        return self.name, self.revision

    @property
    def log(self) -> Path:
        """stdout and stderr of the process, and the supervisor's own lines."""
        return self.folder / "service.log"


@dataclass(frozen=True)
class ServiceStatus:
    """How a service does; `restarts` counts since it was started, `memory_mb` is the last reading."""

    name: str
    revision: str
    state: State
    reason: str
    port: int | None
    pid: int | None
    started_at: float | None
    restarts: int
    memory_mb: float | None


class ServiceStartFailed(LocalWorkspaceError):
    """The service did not become Healthy.

    `message` is one sentence, `evidence` the traceback or the log's tail, `code` one of init_raised,
    model_file_missing, script_error, init_timeout, out_of_memory, crash_loop, exited.
    """
