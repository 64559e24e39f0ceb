"""What a phase usually takes, told from deployments that succeeded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.deployment_watch import outlook
from backend.phases import PhaseEvent
from backend.usual_times import Done, is_reused, usual_times

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
NEW, REUSED = ("Building image..",), ("Use the existing image.",)


def deployment(build: float, lines: tuple[str, ...]) -> Done:
    """A check of one second, a build, and a start of two."""
    begun = NOON + timedelta(seconds=1)
    built = begun + timedelta(seconds=build)
    events = (
        PhaseEvent("validate", NOON, ""),
        PhaseEvent("build_environment", begun, ""),
        PhaseEvent("start_init", built, ""),
    )
    return Done(events, built + timedelta(seconds=2), lines)


def test_two_deployments_are_too_few_to_say_what_is_usual() -> None:
    assert usual_times([deployment(5, NEW)] * 2, reused=False) == {}


def test_new_and_reused_environments_are_told_apart() -> None:
    done = [deployment(seconds, NEW) for seconds in (60, 80, 100)]
    done += [deployment(seconds, REUSED) for seconds in (1, 2, 9)]
    new, reused = usual_times(done, reused=False), usual_times(done, reused=True)
    assert (new["build_environment"].median, new["build_environment"].ninetieth) == (80, 100)
    assert (reused["build_environment"].median, reused["build_environment"].ninetieth) == (2, 9)
    assert new["start_init"] == reused["start_init"]
    assert (new["start_init"].median, new["start_init"].count) == (2, 6)
    assert "build_environment" not in usual_times(done, reused=None)


def test_a_phase_that_was_never_reported_has_no_usual_time() -> None:
    assert "upload" not in usual_times([deployment(5, NEW)] * 3, reused=False)


@given(st.lists(st.integers(0, 5000), min_size=3, max_size=60))
def test_the_ninetieth_was_seen_and_is_exceeded_by_at_most_one_in_ten(builds: list[int]) -> None:
    usual = usual_times([deployment(build, NEW) for build in builds], reused=False)["build_environment"]
    assert usual.ninetieth in builds
    assert usual.median <= usual.ninetieth
    assert sum(build > usual.ninetieth for build in builds) <= len(builds) / 10


@pytest.mark.parametrize(
    ("lines", "reused"),
    [((), None), (("Registering the environment.",), None), (NEW, False), (REUSED, True)],
)
def test_the_workspace_says_whether_the_image_was_there(lines: tuple[str, ...], reused: bool | None) -> None:
    assert is_reused(lines) is reused


@pytest.mark.parametrize(
    ("state", "meaning"),
    [
        ("Healthy", "healthy"),
        ("Failed", "failed"),
        ("Unhealthy", "watch"),
        ("Unschedulable", "watch"),
        ("Transitioning", "watch"),
    ],
)
def test_only_two_states_end_the_watching(state: str, meaning: str) -> None:
    assert outlook(state) == meaning
