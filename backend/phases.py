"""What a deployment, a training or a brief is doing now, step by step.

A deployment's phases are told from the sentences that Azure ML reports while it works; the local workspace
reports the same sentences as Azure does, so one mapping serves both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

Phase = Literal["validate", "upload", "build_environment", "create_container", "start_init", "healthy"]
TrainingPhase = Literal["prepare", "backtest", "fit", "judge", "register"]
BriefPhase = Literal["ask", "write", "send"]
RehearsalPhase = Literal["fetch", "build_environment", "start_init", "sample_requests"]
ReplacementPhase = Literal["ask_new", "switch", "drain", "delete_old"]
AnyPhase: TypeAlias = Phase | TrainingPhase | BriefPhase | RehearsalPhase | ReplacementPhase
PhaseStatus = Literal["waiting", "running", "done", "failed"]
PHASES: tuple[Phase, ...] = get_args(Phase)
TRAINING_PHASES: tuple[TrainingPhase, ...] = get_args(TrainingPhase)
BRIEF_PHASES: tuple[BriefPhase, ...] = get_args(BriefPhase)
REHEARSAL_PHASES: tuple[RehearsalPhase, ...] = get_args(RehearsalPhase)
REPLACEMENT_PHASES: tuple[AnyPhase, ...] = (*PHASES, *get_args(ReplacementPhase))

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

    phase: AnyPhase
    at: datetime
    message: str


@dataclass(frozen=True)
class PhaseStep:
    """One phase as a reader sees it; `seconds` is None while it waits."""

    phase: AnyPhase
    status: PhaseStatus
    seconds: float | None


def phase_of(message: str) -> Phase | None:
    """The phase that a progress sentence belongs to, or None for a sentence that moves nothing."""
    for start, phase in SENTENCES:
        if message.startswith(start):
            return phase
    return None


def timeline(
    events: Sequence[PhaseEvent],
    now: datetime,
    ended: datetime | None,
    failed: bool,
    phases: Sequence[AnyPhase] = PHASES,
) -> tuple[PhaseStep, ...]:
    """All phases in order, each with its state and elapsed seconds.

    A phase is done when a later one has begun. A phase that was skipped (nothing was reported of it while a
    later one ran) is done in zero seconds. The phase that runs when the work fails is the failed one.
    """
    began: dict[AnyPhase, datetime] = {}
    for event in events:
        began.setdefault(event.phase, event.at)
    reached = max((phases.index(phase) for phase in began), default=-1)
    steps = []
    for position, phase in enumerate(phases):
        later = [began[other] for other in phases[position + 1 :] if other in began]
        status: PhaseStatus = "waiting" if position > reached else "done"
        if position == reached and (failed or not ended):
            status = "failed" if ended else "running"
        steps.append(PhaseStep(phase, status, _seconds(status, began.get(phase), later, ended or now)))
    return tuple(steps)


def _seconds(
    status: PhaseStatus, began: datetime | None, later: Sequence[datetime], end: datetime
) -> float | None:
    if status == "waiting":
        return None
    if began is None:
        return 0.0
    return max(0.0, (min(later, default=end) - began).total_seconds())
