"""Runs every service of the local workspace: start, adopt, watch, stop."""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from collections import Counter
from typing import TYPE_CHECKING

from backend.local import limits, process_record, service_log
from backend.local.processes import group_members, signal_session
from backend.local.service import ServiceSpecification, ServiceStartFailed, ServiceStatus
from backend.local.supervised_service import SupervisedService, Tolerances
from backend.process_identity import create_time

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path

__all__ = [
    "ServiceSpecification",
    "ServiceStartFailed",
    "ServiceStatus",
    "Supervisor",
    "Tolerances",
    "end_orphans",
]

WATCH_SECONDS = 0.1
LIST_SECONDS = 3.0
_ORPHAN_GRACE = 5.0


class Supervisor:
    """Keeps services running on one asyncio loop; `on_change` gets each new status, on that loop."""

    def __init__(
        self, on_change: Callable[[ServiceStatus], None], *, tolerances: Tolerances | None = None
    ) -> None:
        self._on_change = on_change
        self._tolerances = tolerances or Tolerances()
        self._services: dict[tuple[str, str], SupervisedService] = {}
        self._watcher: asyncio.Task[None] | None = None

    async def start(self, specification: ServiceSpecification) -> ServiceStatus:
        """Start a revision, return when it is Healthy; raises ServiceStartFailed and leaves no process."""
        service = self._add(specification)
        try:
            await service.start()
        except BaseException:
            self._services.pop(specification.key, None)
            raise
        return service.status()

    async def ensure(self, specification: ServiceSpecification) -> None:
        """Adopt the running process of a revision, or start it in the background."""
        if specification.key not in self._services:
            self._add(specification).ensure()

    async def stop(self, name: str, revision: str) -> None:
        """End a revision; returns when its processes are gone. Nothing happens when it isn't known."""
        service = self._services.get((name, revision))
        if service:
            await service.stop()
            self._services.pop((name, revision), None)

    def status(self, name: str, revision: str) -> ServiceStatus | None:
        """How a revision does; None when it isn't known."""
        service = self._services.get((name, revision))
        return service.status() if service else None

    async def close(self, *, stop_services: bool) -> None:
        """Stop watching; end the services too, or leave them for the next workspace to adopt."""
        if self._watcher:
            self._watcher.cancel()
            await asyncio.wait({self._watcher})
            self._watcher = None
        services = list(self._services.values())
        await asyncio.gather(*(one.stop() if stop_services else one.release() for one in services))
        self._services.clear()

    def _add(self, specification: ServiceSpecification) -> SupervisedService:
        if specification.key in self._services:
            raise ValueError(f"revision {specification.revision} of {specification.name} is already running")

        def choose_cores() -> Sequence[int]:
            taken = Counter(core for one in self._services.values() for core in one.cores)
            return limits.cores_for(specification.cpu_cores, taken)

        service = SupervisedService(specification, self._tolerances, choose_cores, self._on_change)
        self._services[specification.key] = service
        if self._watcher is None:
            self._watcher = asyncio.create_task(self._watch())
            self._watcher.add_done_callback(_watcher_ended)
        return service

    async def _watch(self) -> None:
        """One loop for the memory of all services."""
        children: dict[int, list[int]] = {}
        listed = 0.0
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            services = list(self._services.values())
            # Listing all processes is dear, reading the memory of a few is cheap: it is listed less often,
            # except while a service starts and its workers are new.
            starting = any(service.status().state == "Transitioning" for service in services)
            now = time.monotonic()
            if services and (starting or now - listed >= LIST_SECONDS):
                children, listed = limits.children_by_parent(), now
                for service in services:
                    service_log.trim(service.specification.log)
            for service in services:
                service.watch(children)


def _watcher_ended(watcher: asyncio.Task[None]) -> None:
    """Without the watcher no limit holds, so its end must not pass in silence."""
    if not watcher.cancelled() and (error := watcher.exception()):
        logging.getLogger(__name__).error("the watch over memory ended", exc_info=error)


def end_orphans(services_root: Path, keep: Collection[tuple[str, str]]) -> list[int]:
    """End the processes of revisions that nobody wants; returns their pids.

    A process is told from a later one of the same number by its start time, and never looked for by name.
    """
    orphans = []
    for path in services_root.glob("*/*/process.json"):
        record = process_record.read(path.parent)
        if (path.parent.parent.name, path.parent.name) in keep:
            continue
        # Another process may have the number by now; then nothing of ours can be left in its group.
        if record and (record.is_alive() or create_time(record.pid) is None) and group_members(record.pid):
            orphans.append(record.pid)
        process_record.remove(path.parent)
    for leader in orphans:
        signal_session(leader, signal.SIGTERM)
    deadline = time.monotonic() + _ORPHAN_GRACE
    for leader in orphans:
        while group_members(leader):
            if time.monotonic() > deadline:
                signal_session(leader, signal.SIGKILL)
            time.sleep(0.02)
    return orphans
