"""What a deployment is doing now, told from the sentences that Azure ML reports while it works.

The local workspace reports the same sentences as Azure does, so one mapping serves both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

Phase = Literal["validate", "upload", "build_environment", "create_container", "start_init", "healthy"]
PhaseStatus = Literal["waiting", "running", "done", "failed"]
PHASES: tuple[Phase, ...] = get_args(Phase)

# Start of the sentence in the operation's streaming log -> phase.
SENTENCES: tuple[tuple[str, Phase], ...] = (
    ("Creating Container Registry", "build_environment"),
    ("Registering the environment", "build_environment"),
    ("Building image", "build_environment"),
    ("Use the existing image", "build_environment"),
    ("Generating deployment configuration", "create_container"),
    ("Submitting deployment to compute", "create_container"),
    ("Checking the status of deployment", "start_init"),
    ("Checking the status of inference endpoint", "start_init"),
)


@dataclass(frozen=True)
class PhaseEvent:
    """The moment a phase began, with the sentence that said so."""

    phase: Phase
    at: datetime
    message: str


@dataclass(frozen=True)
class PhaseStep:
    """One phase as a reader sees it; `seconds` is None while it waits."""

    phase: Phase
    status: PhaseStatus
    seconds: float | None


def phase_of(message: str) -> Phase | None:
    """The phase that a progress sentence belongs to, or None for a sentence that moves nothing."""
    for start, phase in SENTENCES:
        if message.startswith(start):
            return phase
    return None


def timeline(
    events: Sequence[PhaseEvent], now: datetime, ended: datetime | None, failed: bool
) -> tuple[PhaseStep, ...]:
    """All six phases in order, each with its state and elapsed seconds.

    A phase is done when a later one has begun. A phase that was skipped (nothing was reported of it while a
    later one ran) is done in zero seconds. The phase that runs when a deployment fails is the failed one.
    """
    began: dict[Phase, datetime] = {}
    for event in events:
        began.setdefault(event.phase, event.at)
    reached = max((PHASES.index(phase) for phase in began), default=-1)
    return tuple(_step(phase, began, reached, now, ended, failed) for phase in PHASES)


def _step(
    phase: Phase,
    began: dict[Phase, datetime],
    reached: int,
    now: datetime,
    ended: datetime | None,
    failed: bool,
) -> PhaseStep:
    position = PHASES.index(phase)
    if position > reached:
        return PhaseStep(phase, "waiting", None)
    if phase not in began:
        return PhaseStep(phase, "done", 0.0)
    later = [began[other] for other in PHASES[position + 1 :] if other in began]
    end = min(later, default=ended or now)
    seconds = max(0.0, (end - began[phase]).total_seconds())
    if position < reached or (ended and not failed):
        return PhaseStep(phase, "done", seconds)
    return PhaseStep(phase, "failed" if ended else "running", seconds)
