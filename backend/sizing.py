"""How much CPU and memory a scoring script needs, from what a rehearsal measured (pure).

Azure starts two containers of its own beside a model on ACI, each with 0.1 cores and 0.5 GB (users' reports:
MicrosoftDocs/azure-docs issue 54582; microsoft/PowerApps-Samples issue 332, where 2 cores and 2 GB were
answered as "2.2 CPU, 3 GB requested"). They count against the limit of the container group and of the quota.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

BYTES_PER_GB = 1024**3
STEP = 0.1  # of both sizes, as ACI takes them
# Memory: half as much again as the peak that was seen, for requests larger and longer than the samples.
MEMORY_MARGIN = 1.5
SMALLEST_MEMORY_GB = 0.5
# CPU: a start within this time, the dearest sample request within that, and so many of the middle ones a
# second with the core busy for no more than two thirds of the time.
START_SECONDS = 20.0
REQUEST_SECONDS = 1.0
REQUESTS_A_SECOND = 5.0
BUSY_SHARE = 2 / 3
SMALLEST_CPU_CORES = 0.1

Reason = Literal["start", "request", "rate", "smallest"]


@dataclass(frozen=True)
class Overhead:
    """What the platform adds to every request; memory in GB."""

    cpu_cores: float
    memory_gb: float


@dataclass(frozen=True)
class TargetLimits:
    """Largest container group of a target, the platform's own containers with it; memory in GB."""

    cpu_cores: float
    memory_gb: float
    overhead: Overhead


ACI = TargetLimits(cpu_cores=4.0, memory_gb=16.0, overhead=Overhead(0.2, 1.0))


@dataclass(frozen=True)
class Measured:
    """What a rehearsal saw: seconds of CPU until it answered, CPU of each sample request, peak in bytes."""

    start_cpu_seconds: float
    request_cpu_seconds: Sequence[float]
    peak_memory_bytes: int


@dataclass(frozen=True)
class Proposal:
    """A size, and what decided its CPU; `fits` is False when the target has nothing large enough."""

    cpu_cores: float
    memory_gb: float
    because: Reason
    fits: bool


def propose(measured: Measured, target: TargetLimits = ACI) -> Proposal:
    """The smallest size with margin that serves what was measured, cut to what the target has."""
    dearest = max(measured.request_cpu_seconds, default=0.0)
    ranked = sorted(measured.request_cpu_seconds)
    middle = ranked[len(ranked) // 2] if ranked else 0.0
    wanted: dict[Reason, float] = {
        "smallest": SMALLEST_CPU_CORES,
        "start": measured.start_cpu_seconds / START_SECONDS,
        "request": dearest / REQUEST_SECONDS,
        "rate": middle * REQUESTS_A_SECOND / BUSY_SHARE,
    }
    because = max(wanted, key=lambda reason: wanted[reason])
    cores = round_up(wanted[because])
    memory = max(SMALLEST_MEMORY_GB, round_up(measured.peak_memory_bytes / BYTES_PER_GB * MEMORY_MARGIN))
    most_cores, most_memory = largest_request(target)
    return Proposal(
        cpu_cores=min(cores, most_cores),
        memory_gb=min(memory, most_memory),
        because=because,
        # Waiting longer than one would like is no failure, running out of memory is.
        fits=memory <= most_memory,
    )


def start_seconds(seen: float, cpu_seconds: float, cpu_cores: float) -> float:
    """How long a start would take with so many cores: no shorter than it was seen with one."""
    return max(seen, cpu_seconds / cpu_cores)


def with_overhead(cpu_cores: float, memory_gb: float, target: TargetLimits = ACI) -> tuple[float, float]:
    """What the platform counts for a request of this size: cores and GB."""
    return (
        round(cpu_cores + target.overhead.cpu_cores, 3),
        round(memory_gb + target.overhead.memory_gb, 3),
    )


def largest_request(target: TargetLimits = ACI) -> tuple[float, float]:
    """The most that can be asked for, cores and GB, so that the platform's own still fits."""
    return (
        round(target.cpu_cores - target.overhead.cpu_cores, 3),
        round(target.memory_gb - target.overhead.memory_gb, 3),
    )


def round_up(amount: float) -> float:
    """The next multiple of the step; a multiple stays what it is."""
    return round(math.ceil(round(amount / STEP, 6)) * STEP, 3)
