"""Train an ARIMA of a given order as the course does: fit the first rows, measure it on the rest."""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from .errors import TrainingInputInvalid
from .export import state_space_of
from .fit import ModelOrder, build, fit
from .forecaster import Forecaster
from .frequency import frequency_of
from .intervals import Intervals
from .model_file import ForecastModel, SeriesModel
from .run_outputs import TrainedModel, check_model_name

if TYPE_CHECKING:
    from typing import Any

    from .series import Series

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class FixedOrderPlan:
    """What to train and how: the first `train_fraction` of the rows is fitted, the rest measures it."""

    model_name: str
    order: ModelOrder = field(default_factory=ModelOrder)
    train_fraction: float = 0.9
    starts: int = 12
    seed: int = 0

    def check(self) -> None:
        """Raise TrainingInputInvalid when an option is outside its bound."""
        check_model_name(self.model_name)
        if not 0.1 <= self.train_fraction <= 0.99:
            raise TrainingInputInvalid("train fraction", "it must be from 0.1 to 0.99.")
        if not 0 <= self.starts <= 1000:
            raise TrainingInputInvalid("starts", "it must be from 0 to 1000.")
        if self.seed < 0:
            raise TrainingInputInvalid("seed", "it can't be negative.")
        self.order.check()


def train_fixed_order(series: Series, plan: FixedOrderPlan) -> TrainedModel:
    """Fit on the first rows, measure on the rest, then let the model see the rest as well.

    The parameters and the figures are those of the training rows alone; the state moves on to the last row,
    so that a plain request is answered from the newest day the run was given. Raises TrainingInputInvalid for
    a series that is too short for the order, or constant.
    """
    plan.check()
    values = series.values
    train_rows = int(plan.train_fraction * values.size)
    if not 2 <= train_rows < values.size:
        raise TrainingInputInvalid(
            "input", f"{values.size} rows are too few to split at {plan.train_fraction}."
        )
    logger.info("Fitting %s on %s of %s rows", _describe(plan.order), train_rows, values.size)
    results = fit(values[:train_rows], plan.order, starts=plan.starts, seed=plan.seed)
    rmse, r2 = accuracy(values[train_rows:], np.asarray(results.forecast(values.size - train_rows)))
    logger.info("RMSE %.3f and R2 %s over the last %s rows", rmse, r2, values.size - train_rows)
    run_id = _run_id(series, plan)
    facts = _facts(series, plan, train_rows, results)
    parameters = dict(zip(results.model.param_names, np.asarray(results.params).tolist(), strict=True))
    kind = state_space_of(build(values, plan.order).smooth(results.params, cov_type="none"))
    intervals = Intervals("gaussian", lower=0.0 if (values >= 0).all() else None)
    model = ForecastModel(
        plan.model_name,
        series.frequency,
        (SeriesModel(plan.model_name, series.moments[0], values, kind, intervals, _describe(plan.order)),),
        facts={"run_id": run_id, **facts, "parameters": parameters},
    )
    Forecaster(model)  # a model that couldn't be served must fail here, not at its deployment
    metrics = {"run_id": run_id, "model_name": plan.model_name, "RMSE": rmse, "R2": r2, **facts}
    return TrainedModel(model, metrics)


def accuracy(actual: np.ndarray, forecast: np.ndarray) -> tuple[float, float | None]:
    """RMSE and R2 of a forecast, in the series' unit; R2 is None where the actuals don't vary."""
    squares = float(((actual - forecast) ** 2).sum())
    spread = float(((actual - actual.mean()) ** 2).sum())
    return (squares / actual.size) ** 0.5, 1 - squares / spread if spread > 0 else None


def _describe(order: ModelOrder) -> str:
    seasonal = order.seasonal_order if any(order.seasonal_order) else ""
    return f"ARIMA{order.order}{seasonal} with trend {order.trend}"


def _run_id(series: Series, plan: FixedOrderPlan) -> str:
    """32 hexadecimal digits that stand for the inputs: the rows, the options and the seed."""
    inputs = json.dumps(
        [
            [moment.isoformat() for moment in series.moments],
            series.values.tolist(),
            plan.model_name,
            plan.order.order,
            plan.order.seasonal_order,
            plan.order.trend,
            plan.train_fraction,
            plan.starts,
            plan.seed,
        ]
    )
    return hashlib.sha256(inputs.encode()).hexdigest()[:32]


def _facts(series: Series, plan: FixedOrderPlan, train_rows: int, results: Any) -> dict[str, object]:
    calendar = frequency_of(series.frequency)
    labels = [calendar.label(moment) for moment in series.moments]
    return {
        "order": list(plan.order.order),
        "seasonal_order": list(plan.order.seasonal_order),
        "trend": plan.order.trend,
        "frequency": series.frequency,
        "rows": len(labels),
        "train_rows": train_rows,
        "test_rows": len(labels) - train_rows,
        "train_start": labels[0],
        "train_end": labels[train_rows - 1],
        "test_end": labels[-1],
        "log_likelihood": float(results.llf),
        "starts": plan.starts,
        "seed": plan.seed,
        "data_sha256": series.sha256,
    }
