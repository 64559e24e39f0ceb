"""One process told apart from a later one with the same number, by its start time."""

from __future__ import annotations

import psutil

# Two readings of one process's start time may differ by a clock tick.
_SAME_START_SECONDS = 0.05


def create_time(pid: int) -> float | None:
    """Start time of a process in seconds since the epoch; None when there is none, or a zombie."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return process.create_time()
    except psutil.Error:
        return None


def is_alive(pid: int, started: float) -> bool:
    """Whether that very process runs: the same number and the same start time."""
    found = create_time(pid)
    return found is not None and abs(found - started) < _SAME_START_SECONDS
