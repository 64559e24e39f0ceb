"""Ends processes by session."""

from __future__ import annotations

import contextlib
import os
import signal

import psutil


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
