"""Series and forecasts for the tests of pure modules."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd

from backend.actuals import Actuals, Frequency
from backend.forecast_types import ForecastPoint, Vintage
from backend.forecasts import ForecastView


def daily(values: list[float], *, name: str = "adventureworks_daily", frequency: Frequency = "D") -> Actuals:
    """A series that ends on 31 May 2014 (daily) or begins in January 2010."""
    if frequency == "D":
        days = pd.date_range(end="2014-05-31", periods=len(values), freq="D")
    else:
        days = pd.date_range("2010-01-01", periods=len(values), freq={"W": "W-FRI"}.get(frequency, frequency))
    return Actuals(
        name=name,
        frame=pd.DataFrame({"ds": days, "y": np.asarray(values, dtype=float)}),
        frequency=frequency,
        date_column="ds",
        value_column="Sales_EUR",
        columns=("ds", "Sales_EUR"),
        problems=(),
        filled=(),
    )


def issued(origin: date, means: list[float], spread: float | None = 100.0) -> Vintage:
    """A daily forecast from an origin, with limits `spread` and twice `spread` around each mean."""
    points = []
    for step, mean in enumerate(means, start=1):
        lower = {} if spread is None else {80: mean - spread, 95: mean - 2 * spread}
        upper = {} if spread is None else {80: mean + spread, 95: mean + 2 * spread}
        points.append(ForecastPoint(origin + timedelta(days=step), mean, lower, upper))
    return Vintage(
        endpoint="demand",
        model_name="demand",
        model_version="3",
        series="adventureworks_daily",
        origin=origin,
        issued_at=datetime(2014, 6, 1, tzinfo=UTC),
        frequency="D",
        latency_ms=4.0,
        contract="yosoku",
        points=tuple(points),
    )


def view(series: Actuals, future: Vintage | None, past: tuple[Vintage, ...] = ()) -> ForecastView:
    """What the page is given."""
    return ForecastView(series, future, past, live=True)
