"""How long each phase of a deployment usually takes in this workspace, told from those that succeeded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from math import ceil
from statistics import median
from typing import TYPE_CHECKING

from backend.phases import PhaseEvent, timeline

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from backend.history import History
    from backend.phases import AnyPhase

ENOUGH = 3  # deployments; fewer say nothing of what is usual
REMEMBERED = 50  # deployments; older ones tell of a workspace that has changed since


@dataclass(frozen=True)
class Done:
    """A deployment that succeeded: its phases, its end and what the workspace said of it."""

    events: tuple[PhaseEvent, ...]
    ended: datetime
    lines: tuple[str, ...]


@dataclass(frozen=True)
class UsualTime:
    """What a phase took in `count` deployments: median and 90th percentile, in seconds."""

    median: float
    ninetieth: float
    count: int


def is_reused(lines: Iterable[str]) -> bool | None:
    """Whether a deployment's image was there already; None while the workspace has not said."""
    for line in lines:
        if line.startswith("Use the existing image"):
            return True
        if line.startswith("Building image"):
            return False
    return None


def usual_times(done: Sequence[Done], *, reused: bool | None) -> Mapping[AnyPhase, UsualTime]:
    """The usual time of each phase that at least three deployments went through.

    Building takes seconds where the image exists and minutes where it does not, so that phase is judged by
    the deployments with the same answer to `reused`, and not at all while that is unknown.
    """
    taken: dict[AnyPhase, list[float]] = {}
    for one in done:
        for step in timeline(one.events, one.ended, one.ended, failed=False):
            if step.seconds is None or all(event.phase != step.phase for event in one.events):
                continue
            if step.phase == "build_environment" and (reused is None or is_reused(one.lines) != reused):
                continue
            taken.setdefault(step.phase, []).append(step.seconds)
    return {phase: _summary(seconds) for phase, seconds in taken.items() if len(seconds) >= ENOUGH}


def read_done(history: History) -> tuple[Done, ...]:
    """The newest deployments that succeeded."""
    rows = history.find_jobs(kind="deploy", state="succeeded", limit=REMEMBERED)
    return tuple(
        Done(
            tuple(PhaseEvent(phase, datetime.fromisoformat(at), said) for phase, at, said in row.events),
            row.ended,
            tuple(row.lines),
        )
        for row in rows
        if row.ended
    )


def _summary(seconds: Sequence[float]) -> UsualTime:
    ranked = sorted(seconds)
    # The nearest rank: a time that was really seen, at or above the median whatever the count.
    return UsualTime(median(ranked), ranked[ceil(0.9 * len(ranked)) - 1], len(ranked))
