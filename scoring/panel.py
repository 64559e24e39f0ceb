"""Train many series into one model: a competition each, and coherent forecasts where they add up."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, cast

import numpy as np

from .backtest import MOST_FITTED_ROWS
from .candidates.catalogue import seasons_of
from .competition import compete, errors_window
from .errors import TrainingInputInvalid
from .forecaster import Forecaster
from .frequency import frequency_of
from .intervals import Intervals
from .kinds.profile import SeasonProfile
from .measures import naive_scale
from .merged_report import merged
from .model_file import ForecastModel, SeriesModel
from .nodes import fingerprint
from .reconciliation import NodeBacktest, reconcile
from .report import report_of
from .run_outputs import TrainedModel, check_model_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from concurrent.futures import Executor

    from .competition import CompetitionPlan, Contest, Report
    from .kinds.outlook import Matrix, Outlook
    from .reconciliation import Reconciled
    from .series import Panel, Series


FALLBACK = "mean"


@dataclass(frozen=True)
class SeriesTask:
    """One series to train, by its name; a hierarchy's `node` also tells its forecasts of past origins."""

    series: Series
    name: str
    plan: CompetitionPlan
    node: bool


@dataclass(frozen=True)
class Outcome:
    """What became of one series: its model and report; `problem` says why it could not be backtested.

    `nested` is a node's champion's outlook at each scored origin, told by its steps before the end (-28).
    """

    model: SeriesModel
    report: Mapping[str, object] | None
    nested: Mapping[int, Outlook]
    problem: TrainingInputInvalid | None = None


def train_panel(
    panel: Panel,
    model_name: str,
    plan: CompetitionPlan,
    report: Report,
    *,
    summing: Matrix | None = None,
    executor: Executor | None = None,
) -> TrainedModel:
    """Let the candidates compete for each series.

    With `summing` (nodes, bottoms) the series are its nodes, whose forecasts are made to add up. `executor`
    runs the series (a Dask client's, say); by default processes of this machine. A series that can't be
    backtested, being too short or constant, is served by its mean, and the report says so. Raises
    TrainingInputInvalid, with what is wrong with the longest, when that is so of every series.
    """
    check_model_name(model_name)
    began = time.perf_counter()
    node, alone = summing is not None, replace(plan, processes=1)
    tasks = [
        SeriesTask(_begun(series) if node else series, name, alone, node)
        for name, series in zip(panel.ids, panel.series, strict=True)
    ]
    outcomes = _run(tasks, plan.workers, report, executor)
    _refuse_unless_any(tasks, outcomes)
    reconciled = None if summing is None else _reconciled(summing, outcomes, panel)
    models = [outcome.model for outcome in outcomes]
    run_id = _run_id(panel, model_name, plan, summing)
    rows = merged([outcome.report for outcome in outcomes if outcome.report is not None])
    facts = _facts(panel, plan, reconciled)
    model = ForecastModel(
        model_name,
        panel.frequency,
        tuple(models if summing is None else _supported(summing, models)),
        reconciled.hierarchy if reconciled else None,
        {"run_id": run_id, **facts},
    )
    Forecaster(model)  # a model that couldn't be served must fail here, not at its deployment
    metrics = {"run_id": run_id, "model_name": model_name, **_champion_figures(rows["leaderboard"]), **facts}
    text = _report(rows, outcomes, plan, metrics, reconciled, time.perf_counter() - began)
    return TrainedModel(model, metrics, text)


def train_series(task: SeriesTask) -> Outcome:
    """One series' competition, in the process that it is given to."""
    try:
        competition = compete(task.series, task.name, task.plan, lambda phase, done, total: None)
    except TrainingInputInvalid as error:
        return Outcome(_mean_model(task.series, task.name), None, {}, error)
    nested = _nested(competition.contest) if task.node else {}
    return Outcome(competition.model, report_of(competition, task.plan, "", 0.0), nested)


def _nested(contest: Contest) -> dict[int, Outlook]:
    selection = contest.selection
    return {
        origin - contest.observed.values.size: choice.outlook(selection.outlooks, origin)
        for origin, (choice, _) in selection.nested(contest.origins, contest.scored).items()
    }


def _refuse_unless_any(tasks: Sequence[SeriesTask], outcomes: Sequence[Outcome]) -> None:
    """Raise what is wrong with the longest series when no series could be backtested."""
    problems = [
        (task.series.values.size, outcome.problem)
        for task, outcome in zip(tasks, outcomes, strict=True)
        if outcome.problem
    ]
    if len(problems) == len(outcomes):
        raise max(problems, key=lambda one: one[0])[1]


def _begun(series: Series) -> Series:
    """The series from its first value that isn't zero: before it there was nothing to forecast."""
    sold = np.flatnonzero(series.values)
    first = min(int(sold[0]) if sold.size else 0, series.values.size - 1)
    return replace(series, moments=series.moments[first:], values=series.values[first:])


def _mean_model(series: Series, name: str) -> SeriesModel:
    values, start = series.values[-MOST_FITTED_ROWS:], series.moments[-MOST_FITTED_ROWS:][0]
    # As many errors as its neighbours have: where series add up, so do their errors.
    window = errors_window(seasons_of(series.frequency)[0])
    lower = 0.0 if (values >= 0).all() else None
    intervals = Intervals("gaussian", window=window, lower=lower)
    return SeriesModel(name, start, values, SeasonProfile(1), intervals, FALLBACK)


def _run(
    tasks: Sequence[SeriesTask],
    workers: int,
    report: Report,
    executor: Executor | None,
) -> list[Outcome]:
    """The outcomes in the order of the tasks."""
    outcomes: list[Outcome | None] = [None] * len(tasks)
    for done, (row, outcome) in enumerate(_each(tasks, workers, executor), start=1):
        outcomes[row] = outcome
        report("backtest", done, len(tasks))
    return cast("list[Outcome]", outcomes)


def _each(
    tasks: Sequence[SeriesTask], workers: int, executor: Executor | None
) -> Iterator[tuple[int, Outcome]]:
    if executor is None and (workers <= 1 or len(tasks) < 2):
        yield from enumerate(map(train_series, tasks))
        return
    # Spawned, not forked: a fork copies the threads' locks of whoever calls.
    pool = executor or ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))
    try:
        waiting = {pool.submit(train_series, task): row for row, task in enumerate(tasks)}
        for future in as_completed(waiting):
            yield waiting[future], future.result()
    finally:
        if executor is None:
            pool.shutdown(cancel_futures=True)


def _reconciled(summing: Matrix, outcomes: Sequence[Outcome], panel: Panel) -> Reconciled:
    """The way to add up, by the origins at which every node was scored."""
    nested = [outcome.nested for outcome in outcomes]
    shared = sorted(set.intersection(*(set(outlooks) for outlooks in nested)))
    actuals = np.stack([series.values for series in panel.series])
    count = actuals.shape[1]
    before = count + shared[0] if shared else count
    backtest = NodeBacktest(
        outlooks={count + origin: [outlooks[origin] for outlooks in nested] for origin in shared},
        actuals=actuals,
        scales=np.array([naive_scale(row[:before], 1) or 1.0 for row in actuals]),
        intervals=[outcome.model.intervals for outcome in outcomes],
    )
    return reconcile(summing, backtest)


def _supported(summing: Matrix, models: Sequence[SeriesModel]) -> list[SeriesModel]:
    """The nodes' models, where a sum is only held above zero when all of its parts are."""
    free = np.array([model.intervals.lower is None for model in models[-summing.shape[1] :]])
    return [
        replace(model, intervals=replace(model.intervals, lower=None)) if (row > 0)[free].any() else model
        for row, model in zip(summing, models, strict=True)
    ]


def _facts(panel: Panel, plan: CompetitionPlan, reconciled: Reconciled | None) -> dict[str, object]:
    label = frequency_of(panel.frequency).label
    facts: dict[str, object] = {
        "horizon": plan.horizon,
        "origins": plan.origins,
        "series": len(panel.ids),
        "frequency": panel.frequency,
        "rows": sum(series.values.size for series in panel.series),
        "train_start": label(min(series.moments[0] for series in panel.series)),
        "train_end": label(max(series.moments[-1] for series in panel.series)),
        "seed": plan.seed,
        "data_sha256": panel.sha256,
    }
    return facts | ({"reconciliation": reconciled.method} if reconciled else {})


def _champion_figures(leaderboard: Sequence[Mapping[str, object]]) -> dict[str, object]:
    row = next(row for row in leaderboard if row["role"] == "champion")
    coverage = cast("Mapping[str, float]", row["coverage"])
    found = {name: row[name] for name in ("RMSE", "R2", "MAE", "MASE", "CRPS")}
    return found | {f"coverage_{level}": share for level, share in coverage.items()}


def _report(
    rows: Mapping[str, object],
    outcomes: Sequence[Outcome],
    plan: CompetitionPlan,
    metrics: Mapping[str, object],
    reconciled: Reconciled | None,
    seconds: float,
) -> dict[str, object]:
    first = next(outcome.report for outcome in outcomes if outcome.report is not None)
    data = cast("Mapping[str, object]", first["data"])
    return {
        "format": first["format"],
        "version": first["version"],
        "run_id": metrics["run_id"],
        "model_name": metrics["model_name"],
        "champion": {"name": "per-series", "members": [], "how": "single", "interval": "per-series"},
        "settings": first["settings"],
        "data": {
            **data,
            "rows": metrics["rows"],
            "start": metrics["train_start"],
            "end": metrics["train_end"],
            "series": len(outcomes),
        },
        "quality": [],
        **rows,
        "series": [
            {"id": outcome.model.id, "champion": outcome.model.label, **_own_figures(outcome)}
            for outcome in outcomes
        ],
        "reconciliation": {"method": reconciled.method, "errors": dict(reconciled.errors)}
        if reconciled
        else None,
        "seconds": {"total": round(seconds, 3), "candidates": {}},
    }


def _own_figures(outcome: Outcome) -> dict[str, object]:
    if outcome.report is None:
        return {"error": str(outcome.problem), "MASE": None, "RMSE": None}
    rows = cast("Sequence[Mapping[str, object]]", outcome.report["leaderboard"])
    row = next(row for row in rows if row["role"] == "champion")
    return {"error": None, "MASE": row["MASE"], "RMSE": row["RMSE"]}


def _run_id(panel: Panel, model_name: str, plan: CompetitionPlan, summing: Matrix | None) -> str:
    """32 hexadecimal digits that stand for the inputs: the rows, the options and the seed."""
    inputs = [fingerprint(panel), model_name, asdict(replace(plan, processes=0)), summing is not None]
    return hashlib.sha256(json.dumps(inputs).encode()).hexdigest()[:32]
