"""The phase stepper's arithmetic."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.phases import PHASES, TRAINING_PHASES, PhaseEvent, phase_of, timeline

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("sentence", "phase"),
    [
        ("Registering the environment.", "build_environment"),
        ("Building image..", "build_environment"),
        ("Use the existing image.", "build_environment"),
        ("Submitting deployment to compute.", "create_container"),
        ("Checking the status of deployment demand..", "start_init"),
        ("Something Azure never said before.", None),
    ],
)
def test_azure_sentences_become_phases(sentence: str, phase: str | None) -> None:
    assert phase_of(sentence) == phase


def test_a_running_deployment_shows_what_is_done_runs_and_waits() -> None:
    events = [PhaseEvent("validate", at(0), ""), PhaseEvent("upload", at(2), "")]
    steps = timeline(events, now=at(5), ended=None, failed=False)
    assert [(step.status, step.seconds) for step in steps] == [
        ("done", 2.0),
        ("running", 3.0),
        *[("waiting", None)] * 4,
    ]


def test_a_failed_deployment_marks_the_phase_that_ran() -> None:
    events = [PhaseEvent("validate", at(0), ""), PhaseEvent("start_init", at(4), "")]
    steps = {step.phase: step for step in timeline(events, now=at(99), ended=at(10), failed=True)}
    assert (steps["start_init"].status, steps["start_init"].seconds) == ("failed", 6.0)
    assert (steps["upload"].status, steps["upload"].seconds) == ("done", 0.0)
    assert steps["healthy"].status == "waiting"


@given(
    st.lists(st.tuples(st.sampled_from(PHASES), st.floats(0, 1000)), max_size=12),
    st.booleans(),
    st.booleans(),
)
def test_there_are_always_six_steps_in_order_and_no_time_is_negative(
    reported: list[tuple[str, float]], ended: bool, failed: bool
) -> None:
    events = [PhaseEvent(phase, at(second), "") for phase, second in sorted(reported, key=lambda r: r[1])]  # type: ignore[arg-type]
    steps = timeline(events, at(2000), at(1500) if ended else None, failed)
    assert [step.phase for step in steps] == list(PHASES)
    assert all(step.seconds is None or step.seconds >= 0 for step in steps)
    order = {"done": 0, "running": 1, "failed": 1, "waiting": 2}
    ranks = [order[step.status] for step in steps]
    assert ranks == sorted(ranks)
    assert ranks.count(1) <= 1


def test_a_training_has_phases_of_its_own() -> None:
    events = [PhaseEvent("prepare", at(0), ""), PhaseEvent("backtest", at(3), "")]
    steps = timeline(events, at(10), None, False, TRAINING_PHASES)
    assert [(step.phase, step.status) for step in steps] == [
        ("prepare", "done"),
        ("backtest", "running"),
        ("fit", "waiting"),
        ("judge", "waiting"),
        ("register", "waiting"),
    ]


def test_a_challenger_that_was_kept_out_was_never_registered() -> None:
    events = [PhaseEvent(phase, at(place), "") for place, phase in enumerate(TRAINING_PHASES[:-1])]
    *others, register = timeline(events, at(99), at(9), False, TRAINING_PHASES)
    assert {step.status for step in others} == {"done"}
    assert (register.status, register.seconds) == ("waiting", None)
