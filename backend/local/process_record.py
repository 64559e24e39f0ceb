"""What is kept about a scoring process, so that the next workspace finds it again."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from backend.process_identity import is_alive

if TYPE_CHECKING:
    from pathlib import Path

_FILE = "process.json"
_WORKER_FILE = "worker.json"


@dataclass(frozen=True)
class ProcessRecord:
    """One scoring process: the session leader, told from a later one of the same number by its start time.

    `healthy_at` is None until it answered for the first time. Times are seconds since the epoch.
    """

    pid: int
    create_time: float
    port: int
    launched_at: float
    healthy_at: float | None = None

    def is_alive(self) -> bool:
        """Whether that very process still runs."""
        return is_alive(self.pid, self.create_time)


@dataclass(frozen=True)
class WorkerDeaths:
    """What the launcher wrote about workers that ended by themselves."""

    deaths: int
    kind: str
    reason: str


def write(folder: Path, record: ProcessRecord) -> None:
    """Keep the record, atomically."""
    temporary = folder / (_FILE + ".part")
    temporary.write_text(json.dumps(asdict(record)), encoding="utf-8")
    os.replace(temporary, folder / _FILE)  # noqa: PTH105 - the one call that replaces atomically


def read(folder: Path) -> ProcessRecord | None:
    """The record of a revision's folder; None when there is none or it can't be read."""
    try:
        return ProcessRecord(**json.loads((folder / _FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def remove(folder: Path) -> None:
    """Forget the process, and what its workers left."""
    (folder / _FILE).unlink(missing_ok=True)
    (folder / _WORKER_FILE).unlink(missing_ok=True)


def worker_path(folder: Path) -> Path:
    """The file the launcher writes when a worker ends."""
    return folder / _WORKER_FILE


def worker_deaths(folder: Path) -> WorkerDeaths:
    """How often workers ended since this process began; none when the launcher wrote nothing."""
    try:
        content = json.loads(worker_path(folder).read_text(encoding="utf-8"))
        return WorkerDeaths(int(content["deaths"]), str(content["kind"]), str(content["reason"]))
    except (OSError, ValueError, KeyError):
        return WorkerDeaths(0, "", "")
