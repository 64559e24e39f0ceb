"""CPU and memory limits of services: what is enforced here, and how memory is watched."""

from __future__ import annotations

import math
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_HAS_PROC = Path("/proc/self/statm").exists()
BYTES_PER_MB = 1024 * 1024
BYTES_PER_GB = 1024 * BYTES_PER_MB
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


@dataclass(frozen=True)
class EnforcedLimits:
    """What this platform enforces; each value is a key that the page and the documentation explain."""

    memory: Literal["watchdog"]
    cpu: Literal["whole_cores", "threads"]
    fractions: bool


@dataclass(frozen=True)
class ProcessMemory:
    """Memory of one process in bytes, without pages that files back."""

    pid: int
    used: int


def enforced() -> EnforcedLimits:
    """What is enforced on this platform: memory by a watchdog, cores by affinity or by thread counts only."""
    return EnforcedLimits(
        memory="watchdog",
        cpu="whole_cores" if hasattr(os, "sched_setaffinity") else "threads",
        fractions=False,
    )


def thread_variables(cpu_cores: float) -> dict[str, str]:
    """Variables that hold numerical libraries to the whole cores asked for."""
    threads = str(max(1, math.ceil(cpu_cores)))
    return dict.fromkeys(THREAD_VARIABLES, threads)


def cores_for(cpu_cores: float, taken: Mapping[int, int]) -> tuple[int, ...]:
    """The least taken cores, as many as asked for, rounded up; `taken` counts the services on each core.

    Empty where the platform has no affinity, or not more cores than that.
    """
    if sys.platform != "linux":
        return ()
    available = sorted(os.sched_getaffinity(0))
    wanted = max(1, math.ceil(cpu_cores))
    if wanted >= len(available):
        return ()
    return tuple(sorted(sorted(available, key=lambda core: (taken.get(core, 0), core))[:wanted]))


def tree_memory(leader: int, children: Mapping[int, list[int]]) -> list[ProcessMemory]:
    """Memory of a process and all below it; `children` is `children_by_parent()`."""
    found: list[ProcessMemory] = []
    waiting = [leader]
    while waiting:
        pid = waiting.pop()
        waiting.extend(children.get(pid, ()))
        used = _memory(pid)
        if used is not None:
            found.append(ProcessMemory(pid, used))
    return found


def children_by_parent() -> dict[int, list[int]]:
    """All processes of this machine by their parent."""
    children: dict[int, list[int]] = {}
    for pid, parent in _parents():
        children.setdefault(parent, []).append(pid)
    return children


def _memory(pid: int) -> int | None:
    """Bytes a process uses, without pages that files back (libraries, mapped models) where that is known.

    Those are reclaimable, and a container isn't killed for them either. None when the process is gone.
    """
    try:
        if not _HAS_PROC:
            return int(psutil.Process(pid).memory_info().rss)
        with open(f"/proc/{pid}/statm", "rb") as file:  # noqa: PTH123 - read many times a second
            _, resident, shared, *_ = file.read().split()
    except (OSError, psutil.Error, ValueError):
        return None
    return (int(resident) - int(shared)) * os.sysconf("SC_PAGE_SIZE")


def _parents() -> Iterator[tuple[int, int]]:
    """Every process and its parent; on Linux read from /proc itself, which takes a tenth of psutil's time."""
    if not _HAS_PROC:
        for process in psutil.process_iter(["ppid"]):
            yield process.pid, process.info["ppid"]
        return
    for name in os.listdir("/proc"):  # noqa: PTH208 - names are enough, and there are hundreds
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as file:  # noqa: PTH123 - as above
                # The name stands in brackets and may contain anything; the parent is second after it.
                yield int(name), int(file.read().rpartition(b")")[2].split(None, 2)[1])
        except OSError:  # it ended meanwhile
            continue


def exceeded(memory: list[ProcessMemory], memory_gb: float) -> int | None:
    """Bytes used when a tree uses more than `memory_gb`, else None."""
    used = sum(process.used for process in memory)
    return used if used > memory_gb * BYTES_PER_GB else None
