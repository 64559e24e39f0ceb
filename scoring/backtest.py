"""Rolling-origin backtests: every candidate refitted at every origin on what could be seen there.

A forecast never sees past its origin: a fit gets the values up to it, and nothing else of the series.
"""

from __future__ import annotations

import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .candidates.candidate import Fitted
from .errors import CandidateUnfit
from .kinds.outlook import Observed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .candidates.candidate import Candidate
    from .kinds.outlook import Outlook

MOST_FITTED_ROWS = 750
"""Rows that a fit sees, the newest: older ones cost time and say little."""


@dataclass(frozen=True)
class Task:
    """One candidate at one origin (a count of values), and how far and with how many errors it answers."""

    candidate: Candidate
    observed: Observed
    origin: int
    horizon: int
    window: int


@dataclass(frozen=True)
class Outcome:
    """What came of a task: an outlook, or why there is none; and the seconds that the fit took."""

    slug: str
    origin: int
    outlook: Outlook | None
    problem: str
    seconds: float


@dataclass(frozen=True)
class Backtest:
    """All outlooks, by slug and origin; `problems` by slug for candidates that failed at any origin."""

    outlooks: Mapping[str, Mapping[int, Outlook]]
    problems: Mapping[str, str]
    seconds: Mapping[str, float]


def origins_of(count: int, horizon: int, season: int, *, wanted: int, step: int | None = None) -> list[int]:
    """Up to `wanted` origins, a step apart, the newest one a step before the end; ascending.

    The step is a season where that is no longer than the horizon's half, else a quarter of the horizon. An
    origin needs three seasons and at least a third of the series, or 24 values, before it.
    """
    step = step or step_of(horizon, season)
    least = min(fewest_values(count, season), max(8, count - step))
    return [origin for origin in range(count - wanted * step, count, step) if origin >= least]


def fewest_values(count: int, season: int) -> int:
    """The values that an origin in a series of `count` needs before it."""
    return max(3 * season, min(count // 3, 24), 8)


def step_of(horizon: int, season: int) -> int:
    """Steps from one origin to the next."""
    return season if 1 < season <= max(2, horizon // 2) else max(1, horizon // 4)


def run_task(task: Task) -> Outcome:
    """Fit the candidate on the values up to the origin, and look ahead."""
    began = time.perf_counter()
    skipped = max(0, task.origin - MOST_FITTED_ROWS)
    seen = Observed(task.observed.values[skipped : task.origin], task.observed.first + skipped)
    outlook, problem = None, ""
    try:
        outlook = Fitted(task.candidate.fit(seen), seen).forecast(task.horizon, task.window)
    except (CandidateUnfit, FloatingPointError) as error:
        problem = str(error)
    return Outcome(task.candidate.slug, task.origin, outlook, problem, time.perf_counter() - began)


def backtest(
    tasks: Sequence[Task], *, processes: int, report: Callable[[int, int], None] | None = None
) -> Backtest:
    """Run the tasks in so many processes; `report` is told how many of how many are done."""
    outcomes: list[Outcome] = []

    def collect(outcome: Outcome) -> None:
        outcomes.append(outcome)
        if report:
            report(len(outcomes), len(tasks))

    if processes <= 1 or len(tasks) < 2 * processes:
        for task in tasks:
            collect(run_task(task))
    else:
        # Spawned, not forked: a fork copies the threads' locks of whoever calls.
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(processes, mp_context=context) as pool:
            for outcome in pool.map(run_task, tasks, chunksize=4):
                collect(outcome)
    return _sorted(outcomes)


def _sorted(outcomes: Sequence[Outcome]) -> Backtest:
    outlooks: dict[str, dict[int, Outlook]] = {}
    problems: dict[str, str] = {}
    seconds: dict[str, float] = {}
    for outcome in outcomes:
        seconds[outcome.slug] = seconds.get(outcome.slug, 0.0) + outcome.seconds
        if outcome.outlook is None:
            problems.setdefault(outcome.slug, outcome.problem)
        else:
            outlooks.setdefault(outcome.slug, {})[outcome.origin] = outcome.outlook
    return Backtest(outlooks, problems, seconds)
