"""Ends processes by session, and tells one process from another by its start time."""

from __future__ import annotations

import contextlib
import os
import signal

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


def signal_session(leader: int, number: int) -> bool:
    """Send a signal to the process group a session leader made; False when nothing of it is left."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, number)
        return True
    return False


def group_members(leader: int) -> list[int]:
    """Living processes of the process group a session leader made, whether or not the leader lives."""
    members = []
    for pid in psutil.pids():
        with contextlib.suppress(ProcessLookupError, psutil.Error):
            if os.getpgid(pid) == leader and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                members.append(pid)
    return members


def end_session(leader: int) -> bool:
    """Kill a process group at once."""
    return signal_session(leader, signal.SIGKILL)
