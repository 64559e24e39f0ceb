"""Series and forecasts for the tests of pure modules."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import pandas as pd

from backend.actuals import Actuals
from backend.forecast_types import ForecastPoint, Vintage
from backend.forecasts import ForecastView
from backend.series_calendar import Frequency


def daily(values: list[float], *, name: str = "adventureworks_daily", frequency: Frequency = "D") -> Actuals:
    """A series that ends on 31 May 2014 (daily, hourly) or begins in January 2010."""
    calendar = {"W": "W-FRI"}.get(frequency, frequency)
    if frequency in ("D", "h"):
        end = "2014-05-31" if frequency == "D" else "2014-05-31 23:00"
        days = pd.date_range(end=end, periods=len(values), freq=frequency)
    else:
        days = pd.date_range("2010-01-01", periods=len(values), freq=calendar)
    return Actuals(
        name=name,
        frame=pd.DataFrame({"ds": days, "y": np.asarray(values, dtype=float)}),
        frequency=frequency,
        date_column="ds",
        value_column="Sales_EUR",
        columns=("ds", "Sales_EUR"),
        problems=(),
        filled=(),
        calendar=calendar,
    )


def issued(
    origin: date, means: list[float], spread: float | None = 100.0, step: timedelta = timedelta(days=1)
) -> Vintage:
    """A daily forecast from an origin, with limits `spread` and twice `spread` around each mean."""
    start = origin if isinstance(origin, datetime) else datetime.combine(origin, time.min)
    points = []
    for lead, mean in enumerate(means, start=1):
        lower = {} if spread is None else {80: mean - spread, 95: mean - 2 * spread}
        upper = {} if spread is None else {80: mean + spread, 95: mean + 2 * spread}
        points.append(ForecastPoint(start + lead * step, mean, lower, upper))
    return Vintage(
        endpoint="demand",
        model_name="demand",
        model_version="3",
        series="adventureworks_daily",
        origin=start,
        issued_at=datetime(2014, 6, 1, tzinfo=UTC),
        frequency="D",
        latency_ms=4.0,
        contract="yosoku",
        points=tuple(points),
    )


def view(series: Actuals, future: Vintage | None, past: tuple[Vintage, ...] = ()) -> ForecastView:
    """What the page is given."""
    return ForecastView(series, future, past, live=True)
