"""What Yosoku forecasts: the champion that it would have chosen at each origin, without hindsight, then kept.

Kept by the content of the question and of what decides in scoring/: a change of either is forecast anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

import numpy as np

from backend.settings import PROJECT_ROOT
from backend.training_process import ONE_THREAD
from benchmarks.kept_answers import keep, kept, path_of
from benchmarks.quantile_forecast import PROBABILITIES, QuantileForecast
from scoring.competition import CompetitionPlan, hold
from scoring.series import Series

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from benchmarks.series_collections import BenchmarkSeries

SCORING = PROJECT_ROOT / "scoring"
# What decides about a forecast; a change of the command or the report need not forecast everything anew.
DECIDING = (
    *("candidates/*.py", "kinds/*.py", "backtest.py", "competition.py", "selection.py", "intervals.py"),
    *("season_groups.py", "measures.py", "fit.py", "export.py", "frequency.py"),
)
FITTED_BY = ("numpy", "scipy", "statsmodels")
PROCESSES = 2


@dataclass(frozen=True, eq=False)
class Question:
    """A series, and the origins (rows seen) from which so many steps are to be forecast."""

    name: str
    series: Series
    horizon: int
    origins: tuple[int, ...]


def question_of(series: BenchmarkSeries) -> Question:
    """The question that the peers are asked too."""
    asked = Series(tuple(series.moments()), series.values, series.frequency, sha256="")
    return Question(series.name, asked, series.horizon, series.origins)


def kept_champion(question: Question) -> tuple[QuantileForecast, ...] | None:
    """The forecasts as they were kept, one an origin; None when the question was not asked yet."""
    rows = kept(_path(question))
    return None if rows is None else tuple(_read(row) for row in rows)


def ask_champion(questions: Sequence[Question]) -> Iterator[Question]:
    """Answer what is not kept yet, a process a series; gives each once its forecasts are kept."""
    missing = [one for one in questions if kept_champion(one) is None]
    if not missing:
        return
    processes = min(PROCESSES, len(missing))
    with _one_thread(), ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        order = sorted(missing, key=lambda one: -one.series.values.size)
        asked = {pool.submit(nested_forecasts, one): one for one in order}
        try:
            for done in as_completed(asked):
                keep(_path(asked[done]), [_row(one) for one in done.result()])
                yield asked[done]
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def nested_forecasts(question: Question) -> list[QuantileForecast]:
    """The champion's forecast from each origin, chosen by backtests that end before it.

    Each origin has an equal part of the processor's seconds that all candidates' backtests took.
    """
    before = os.times()
    contest = hold(
        question.series,
        CompetitionPlan(horizon=question.horizon, processes=1, references=False),
        lambda phase, done, total: None,
        scored=question.origins,
    )
    selection = contest.selection
    found = []
    for origin, (choice, _) in selection.nested(contest.origins, contest.scored).items():
        outlook = choice.outlook(selection.outlooks, origin)
        place = selection.observed.first + origin - 1
        quantiles = choice.intervals.quantiles(outlook, place, PROBABILITIES)
        found.append((origin, choice.intervals.mean(outlook), quantiles))
    seconds = sum(os.times()[:4]) - sum(before[:4])
    return [QuantileForecast(*one, seconds=seconds / len(found)) for one in found]


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """Processes that start meanwhile compute in one thread each: numpy asks when it is imported."""
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(ONE_THREAD)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _path(question: Question) -> Path:
    series = question.series
    start = series.moments[0].isoformat()
    asked = [series.frequency, start, series.values.tolist(), question.horizon, question.origins]
    return path_of("champion", [_sources(), PROBABILITIES, *asked])


@cache
def _sources() -> str:
    """A digest of everything that decides about a forecast besides the series."""
    digest = hashlib.sha256(str([version(name) for name in FITTED_BY]).encode())
    for path in sorted(path for pattern in DECIDING for path in SCORING.glob(pattern)):
        digest.update(f"{path.relative_to(SCORING)}\n".encode() + path.read_bytes())
    return digest.hexdigest()


def _row(one: QuantileForecast) -> dict[str, Any]:
    return {
        "origin": one.origin,
        "mean": one.mean.tolist(),
        "quantiles": one.quantiles.tolist(),
        "seconds": one.seconds,
    }


def _read(row: dict[str, Any]) -> QuantileForecast:
    return QuantileForecast(
        row["origin"], np.asarray(row["mean"]), np.asarray(row["quantiles"]), row["seconds"]
    )
