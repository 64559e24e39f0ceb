"""Real forecasts of the bundled series, made by the scoring room as an endpoint makes them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from backend.actuals import Actuals, read_actuals
from backend.forecast_types import ForecastPoint, Vintage, read_moment
from backend.settings import PROJECT_ROOT
from scoring.contract import History
from scoring.fixed_order import FixedOrderPlan, train_fixed_order
from scoring.forecaster import Forecaster
from scoring.intervals import Intervals
from scoring.kinds.profile import SeasonProfile
from scoring.model_file import ForecastModel, SeriesModel
from scoring.season_groups import weekend_groups
from scoring.series import read_series

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

BUNDLED = PROJECT_ROOT / "data" / "adventureworks_daily.csv"
LEVELS = (80, 95)
HORIZON = 28


def bundled(path: Path = BUNDLED) -> Actuals:
    """The 305 days of the course."""
    return read_actuals(path, "adventureworks_daily")


@cache
def course_model() -> ForecastModel:
    """The course's ARIMA(2,0,2), trained as the course does on the days of 2013: it knows no week."""
    trained = train_fixed_order(read_series(BUNDLED, end=datetime(2013, 12, 31)), FixedOrderPlan("course"))
    return trained.model


def season_regression(series: Actuals) -> ForecastModel:
    """The mean of each weekday over the last 13 weeks, with limits by kind of day: it fits."""
    intervals = Intervals("bootstrap", weekend_groups(), 91, (1.0, 1.0), 0.0)
    first = series.frame.iloc[:154]
    start, values = first["ds"].iloc[0].to_pydatetime(), first["y"].to_numpy(dtype=float)
    own = SeriesModel("regression", start, values, SeasonProfile(7, 13), intervals)
    return ForecastModel("regression", "D", (own,))


def past_forecasts(
    model: ForecastModel, series: Actuals, origins: Sequence[datetime] = (), horizon: int = HORIZON
) -> list[Vintage]:
    """What the model says from past origins, by default Sundays, each seeing the actuals up to it."""
    chosen = sorted(origins) or sundays(series)
    moments = tuple(step.to_pydatetime() for step in series.frame["ds"])
    history = History(moments, tuple(series.frame["y"].tolist()))
    forecaster = Forecaster(model)
    [name] = forecaster.rows
    found = []
    for forecast in forecaster.forecast_after({name: history}, horizon, chosen)[name]:
        lower, upper = forecast.limits(LEVELS)
        points = tuple(
            ForecastPoint(
                read_moment(day),
                float(mean),
                dict(zip(LEVELS, low.tolist(), strict=True)),
                dict(zip(LEVELS, high.tolist(), strict=True)),
            )
            for day, mean, low, high in zip(forecast.dates, forecast.mean, lower, upper, strict=True)
        )
        found.append(vintage(read_moment(forecast.origin), points, model.name))
    return found


def sundays(series: Actuals) -> list[datetime]:
    """The origins that the page asks for: the ends of weeks that have two weeks of history."""
    steps = series.frame["ds"].iloc[13:-1]
    return [step.to_pydatetime() for step in steps[steps.dt.day_of_week == 6]]


def vintage(origin: datetime, points: tuple[ForecastPoint, ...], model: str = "demand") -> Vintage:
    """A forecast as the history store keeps it."""
    return Vintage(
        endpoint=model,
        model_name=model,
        model_version="1",
        series="adventureworks_daily",
        origin=origin,
        issued_at=datetime(2014, 6, 1, tzinfo=UTC),
        frequency="D",
        latency_ms=4.0,
        contract="yosoku",
        points=points,
    )


def until(series: Actuals, end: str) -> Actuals:
    """The series as it was at the end of a day."""
    frame = series.frame[series.frame["ds"] <= np.datetime64(end)].reset_index(drop=True)
    return replace(series, frame=frame, findings=())
