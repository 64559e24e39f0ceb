"""A size that serves what a rehearsal measured, with margin, inside what the target has."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.deployments import CPU_CORES, MEMORY_GB
from backend.sizing import (
    ACI,
    BYTES_PER_GB,
    MEMORY_MARGIN,
    Measured,
    largest_request,
    propose,
    round_up,
    start_seconds,
    with_overhead,
)

SECONDS = st.floats(0, 1000)


def test_a_light_script_gets_the_smallest_size() -> None:
    proposal = propose(Measured(0.8, [0.001, 0.002, 0.004], 90 << 20))
    assert (proposal.cpu_cores, proposal.memory_gb) == (0.1, 0.5)
    assert proposal.because == "smallest"
    assert proposal.fits


def test_a_slow_start_decides_the_cpu() -> None:
    proposal = propose(Measured(12.0, [0.01], 400 << 20))
    assert (proposal.cpu_cores, proposal.because) == (0.6, "start")
    assert proposal.memory_gb == 0.6


def test_a_dear_request_decides_the_cpu() -> None:
    assert propose(Measured(1.0, [0.01, 0.02, 0.75], 0)).because == "request"
    assert propose(Measured(1.0, [0.01, 0.02, 0.75], 0)).cpu_cores == 0.8


def test_the_rate_decides_the_cpu_of_evenly_dear_requests() -> None:
    proposal = propose(Measured(1.0, [0.2, 0.2, 0.2], 0))
    assert (proposal.cpu_cores, proposal.because) == (1.5, "rate")


def test_more_memory_than_there_is_does_not_fit() -> None:
    proposal = propose(Measured(1.0, [0.01], 12 * BYTES_PER_GB))
    assert proposal.memory_gb == largest_request()[1] == 15.0
    assert not proposal.fits


def test_a_tenth_of_a_core_starts_ten_times_slower() -> None:
    assert start_seconds(0.8, 0.7, 0.1) == pytest.approx(7.0)
    assert start_seconds(0.8, 0.7, 2.0) == 0.8


def test_the_platform_counts_its_own_containers_as_users_saw_it() -> None:
    assert with_overhead(2.0, 2.0) == (2.2, 3.0)


@given(SECONDS, st.lists(SECONDS, max_size=5), st.integers(0, 40 * BYTES_PER_GB))
def test_a_proposal_can_be_asked_for_and_has_the_margin(
    start: float, requests: list[float], peak: int
) -> None:
    proposal = propose(Measured(start, requests, peak))
    cores, memory = with_overhead(proposal.cpu_cores, proposal.memory_gb)
    assert CPU_CORES.low <= proposal.cpu_cores <= CPU_CORES.high
    assert MEMORY_GB.low <= proposal.memory_gb <= MEMORY_GB.high
    assert cores <= ACI.cpu_cores
    assert memory <= ACI.memory_gb
    if proposal.fits:
        assert proposal.memory_gb * BYTES_PER_GB >= peak * MEMORY_MARGIN * 0.999999


@given(SECONDS, st.integers(0, 10 * BYTES_PER_GB), st.integers(0, 10 * BYTES_PER_GB))
def test_more_memory_seen_is_never_less_proposed(start: float, one: int, other: int) -> None:
    less, more = sorted((one, other))
    assert propose(Measured(start, [], less)).memory_gb <= propose(Measured(start, [], more)).memory_gb


@given(st.floats(0, 100))
def test_rounding_goes_up_to_the_next_step(amount: float) -> None:
    rounded = round_up(amount)
    assert rounded >= amount - 1e-6
    assert rounded - amount < 0.1 + 1e-6
    assert math.isclose(rounded * 10, round(rounded * 10), abs_tol=1e-9)


@pytest.mark.parametrize("step", [0.1, 0.3, 0.6, 1.0, 3.8])
def test_a_multiple_stays_what_it_is(step: float) -> None:
    assert round_up(step) == step
