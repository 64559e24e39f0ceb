"""Limits: which cores, how much memory, what is enforced."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.local.limits import (
    BYTES_PER_GB,
    ProcessMemory,
    children_by_parent,
    cores_for,
    enforced,
    exceeded,
    thread_variables,
    tree_memory,
)


@pytest.mark.parametrize(("cores", "threads"), [(0.1, "1"), (1, "1"), (1.5, "2"), (4, "4")])
def test_threads_are_whole_cores(cores: float, threads: str) -> None:
    assert set(thread_variables(cores).values()) == {threads}


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="this platform has no affinity")
@given(st.floats(0.1, 8), st.dictionaries(st.integers(0, 3), st.integers(0, 5)))
def test_the_least_taken_cores_are_chosen(cpu_cores: float, taken: dict[int, int]) -> None:
    available = os.sched_getaffinity(0)
    chosen = cores_for(cpu_cores, taken)
    if not chosen:
        assert cpu_cores > len(available) - 1
        return
    assert set(chosen) <= available
    assert len(chosen) == -(-cpu_cores // 1)
    most = max(taken.get(core, 0) for core in chosen)
    assert all(taken.get(core, 0) >= most for core in available - set(chosen))


def test_memory_is_the_sum_of_the_tree() -> None:
    memory = [ProcessMemory(1, BYTES_PER_GB // 4), ProcessMemory(2, BYTES_PER_GB // 2)]
    assert exceeded(memory, 0.75) is None
    assert exceeded(memory, 0.7) == BYTES_PER_GB * 3 // 4


def test_the_tree_is_found_and_read() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        children = children_by_parent()
        assert child.pid in children[os.getpid()]
        found = {one.pid: one.used for one in tree_memory(os.getpid(), children)}
        assert found[os.getpid()] > found[child.pid] > 0
        child.communicate(b"\n")
    assert tree_memory(child.pid, {}) == []


def test_what_is_enforced_is_said() -> None:
    limits = enforced()
    assert limits.memory == "watchdog"
    assert limits.cpu == ("whole_cores" if hasattr(os, "sched_setaffinity") else "threads")
    assert limits.fractions is False
