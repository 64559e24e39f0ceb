"""Train a forecasting model, measure it, and leave run outputs that can be registered.

    python -m scoring.train --input data/adventureworks_daily.csv --output outputs --model-name NAME \
        --start 2013-07-31 --end 2013-12-31

reproduces the course's figures. Left in the output folder: `models/forecast_model.npz` and `metric.json`. The
same input, options and seed leave the same bytes.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import os
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, cast

if __name__ == "__main__":
    # Threads of BLAS only spin on matrices this small: on a busy machine the fit takes twenty times as long.
    for _library in ("OPENBLAS", "OMP", "MKL"):
        os.environ.setdefault(f"{_library}_NUM_THREADS", "1")

import numpy as np

from .errors import TrainingInputInvalid
from .export import state_space_of
from .fit import ModelOrder, Order, SeasonalOrder, Trend, build, fit
from .forecaster import Forecaster
from .frequency import frequency_of, parse_moment
from .model_file import MODEL_FILE_NAME, StateSpaceModel, write_atomically, write_model
from .series import Series, read_series

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from typing import Any

logger = logging.getLogger(__name__)

MODEL_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}")
MODEL_FOLDER = "models"
METRIC_FILE = "metric.json"


@dataclass(frozen=True)
class TrainingPlan:
    """What to train and how: the first `train_fraction` of the rows is fitted, the rest measures it."""

    model_name: str
    order: ModelOrder = field(default_factory=ModelOrder)
    train_fraction: float = 0.9
    starts: int = 12
    seed: int = 0

    def check(self) -> None:
        """Raise TrainingInputInvalid when an option is outside its bound."""
        if not MODEL_NAME.fullmatch(self.model_name):
            raise TrainingInputInvalid(
                "model name", "use 1 to 255 letters, digits, _, - and ., the first a letter, digit or _."
            )
        if not 0.1 <= self.train_fraction <= 0.99:
            raise TrainingInputInvalid("train fraction", "it must be from 0.1 to 0.99.")
        if not 0 <= self.starts <= 1000:
            raise TrainingInputInvalid("starts", "it must be from 0 to 1000.")
        if self.seed < 0:
            raise TrainingInputInvalid("seed", "it can't be negative.")
        self.order.check()


@dataclass(frozen=True)
class TrainedModel:
    """A fitted and measured model; `metrics` is what metric.json holds, the course's keys first."""

    model: StateSpaceModel
    metrics: dict[str, object]


def train(series: Series, plan: TrainingPlan) -> TrainedModel:
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
    model = state_space_of(
        build(values, plan.order).smooth(results.params, cov_type="none"),
        name=plan.model_name,
        frequency=series.frequency,
        start=series.moments[0],
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


def write_run_outputs(trained: TrainedModel, output: Path) -> None:
    """Write `models/` and, last, metric.json: a folder that has it is complete."""
    write_model(trained.model, output / MODEL_FOLDER / MODEL_FILE_NAME)
    text = json.dumps(trained.metrics, indent=2, allow_nan=False) + "\n"
    write_atomically(output / METRIC_FILE, text.encode())
    logger.info("Wrote %s and %s to %s", MODEL_FILE_NAME, METRIC_FILE, output)


def _describe(order: ModelOrder) -> str:
    seasonal = order.seasonal_order if any(order.seasonal_order) else ""
    return f"ARIMA{order.order}{seasonal} with trend {order.trend}"


def _run_id(series: Series, plan: TrainingPlan) -> str:
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


def _facts(series: Series, plan: TrainingPlan, train_rows: int, results: Any) -> dict[str, object]:
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


def _numbers(text: str, count: int) -> tuple[int, ...]:
    try:
        numbers = tuple(int(part) for part in text.split(","))
    except ValueError:
        numbers = ()
    if len(numbers) != count:
        raise argparse.ArgumentTypeError(f"{text!r} must be {count} whole numbers with commas between them")
    return numbers


def _order(text: str) -> Order:
    return cast("Order", _numbers(text, 3))


def _seasonal_order(text: str) -> SeasonalOrder:
    return cast("SeasonalOrder", _numbers(text, 4))


def _day(text: str) -> datetime:
    try:
        return parse_moment(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m scoring.train", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--input", type=Path, required=True, help="CSV with a date and a value column")
    parser.add_argument("--output", type=Path, required=True, help="folder for models/ and metric.json")
    parser.add_argument("--model-name", required=True, help="the name to register the model by")
    parser.add_argument("--order", type=_order, default=(2, 0, 2), metavar="p,d,q", help="default 2,0,2")
    parser.add_argument(
        "--seasonal-order", type=_seasonal_order, default=(0, 0, 0, 0), metavar="P,D,Q,s", help="default none"
    )
    parser.add_argument(
        "--trend", choices=("c", "n"), help="constant or none; default a constant, none when differenced"
    )
    parser.add_argument("--start", type=_day, help="first day used; default the file's first")
    parser.add_argument("--end", type=_day, help="last day used; default the file's last")
    parser.add_argument("--date-column", help="default: found")
    parser.add_argument("--value-column", help="default: found")
    parser.add_argument("--train-fraction", type=float, default=0.9, help="share of rows fitted; default 0.9")
    parser.add_argument("--starts", type=int, default=12, help="random starts of the fit; default 12")
    parser.add_argument("--seed", type=int, default=0, help="of the random starts; default 0")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit status: 2 when the input can't be used."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    differenced = options.order[1] + options.seasonal_order[1] > 0
    trend: Trend = options.trend or ("n" if differenced else "c")
    plan = TrainingPlan(
        options.model_name,
        ModelOrder(options.order, options.seasonal_order, trend),
        options.train_fraction,
        options.starts,
        options.seed,
    )
    try:
        plan.check()
        series = read_series(
            options.input,
            start=options.start,
            end=options.end,
            date_column=options.date_column,
            value_column=options.value_column,
        )
        write_run_outputs(train(series, plan), options.output)
    except (TrainingInputInvalid, OSError) as error:
        logger.error("%s", error)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
