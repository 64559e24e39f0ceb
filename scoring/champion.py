"""Train the champion of one series: the competition's outcome as a model, its metrics and its report."""

from __future__ import annotations

import hashlib
import json
import logging
import time
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from .competition import compete, describe
from .forecaster import Forecaster
from .frequency import frequency_of
from .model_file import ForecastModel
from .report import champion_metrics, interval_name, report_of
from .run_outputs import TrainedModel, check_model_name

if TYPE_CHECKING:
    from .competition import CompetitionPlan, Report
    from .series import Series

logger = logging.getLogger(__name__)


def train_champion(
    series: Series,
    model_name: str,
    plan: CompetitionPlan,
    report: Report,
    registered: ForecastModel | None = None,
) -> TrainedModel:
    """Let the candidates compete and fit the champion on everything.

    The metrics are what the selection earned without hindsight. Raises TrainingInputInvalid for a series that
    is too short to be backtested, or a candidate that there is not.
    """
    check_model_name(model_name)
    began = time.perf_counter()
    competition = compete(series, model_name, plan, report, registered)
    run_id = _run_id(series, model_name, plan)
    facts = {
        "horizon": plan.horizon,
        "origins": len(competition.contest.scored),
        "champion": describe(competition.choice),
        "interval": interval_name(competition),
        "frequency": series.frequency,
        "rows": series.values.size,
        **_span(series),
        "seed": plan.seed,
        "data_sha256": series.sha256,
    }
    model = ForecastModel(
        model_name, series.frequency, (competition.model,), facts={"run_id": run_id, **facts}
    )
    Forecaster(model)  # a model that couldn't be served must fail here, not at its deployment
    metrics = {"run_id": run_id, "model_name": model_name, **champion_metrics(competition), **facts}
    logger.info("The champion is %s: RMSE %.4g", facts["champion"], metrics["RMSE"])
    return TrainedModel(model, metrics, report_of(competition, plan, run_id, time.perf_counter() - began))


def _span(series: Series) -> dict[str, object]:
    label = frequency_of(series.frequency).label
    return {"train_start": label(series.moments[0]), "train_end": label(series.moments[-1])}


def _run_id(series: Series, model_name: str, plan: CompetitionPlan) -> str:
    """32 hexadecimal digits that stand for the inputs: the rows, the options and the seed."""
    inputs = json.dumps(
        [
            [moment.isoformat() for moment in series.moments],
            series.values.tolist(),
            model_name,
            asdict(replace(plan, processes=0)),
        ]
    )
    return hashlib.sha256(inputs.encode()).hexdigest()[:32]
