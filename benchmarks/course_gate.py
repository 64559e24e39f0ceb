"""The gate on the course's series: a champion against its ARIMA(2,0,2), refitted at 18 weekly origins."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np
from statsmodels.tsa.arima.model import ARIMA

from backend.settings import PROJECT_ROOT
from benchmarks.quantile_forecast import LIMITS, PINBALL, PROBABILITIES, QuantileForecast
from scoring.series import read_series

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.series_collections import Values
    from scoring.series import Series

COURSE_SERIES = PROJECT_ROOT / "data" / "adventureworks_daily.csv"
# Every week from 2013-12-31, as long as 28 days follow.
ORIGINS = tuple(range(154, 154 + 18 * 7, 7))
HORIZON = 28
ORDER = (2, 0, 2)


@dataclass(frozen=True)
class GateScores:
    """Over all origins and days: RMSE and CRPS in USD, coverage as shares of 1.

    CRPS is twice the mean pinball loss at 0.05, 0.10, ..., 0.95.
    """

    rmse: float
    crps: float
    weekday_coverage_80: float
    weekend_coverage_80: float
    coverage_95: float


def course_series() -> Series:
    """The 305 days of the course."""
    return read_series(COURSE_SERIES)


def course_forecasts(values: Values) -> list[QuantileForecast]:
    """ARIMA(2,0,2), refitted at every origin as statsmodels does by default, with its Gaussian intervals."""
    scores = [NormalDist().inv_cdf(one) for one in PROBABILITIES]
    found = []
    for origin in ORIGINS:
        with warnings.catch_warnings():
            # It starts from zeros where its guess isn't stationary, and says so.
            warnings.simplefilter("ignore")
            fitted: Any = ARIMA(values[:origin], order=ORDER).fit()
        ahead = fitted.get_forecast(HORIZON)
        mean = np.asarray(ahead.predicted_mean, dtype=np.float64)
        quantiles = mean[:, None] + np.outer(np.asarray(ahead.se_mean), scores)
        found.append(QuantileForecast(origin, mean, quantiles))
    return found


def gate_scores(series: Series, forecasts: Sequence[QuantileForecast]) -> GateScores:
    """The scores of forecasts of the gate's origins; raises ValueError for those of others."""
    if tuple(one.origin for one in forecasts) != ORIGINS:
        raise ValueError("the forecasts are not those of the 18 origins")
    rows = np.concatenate([np.arange(origin, origin + HORIZON) for origin in ORIGINS])
    actual = series.values[rows]
    mean = np.concatenate([one.mean for one in forecasts])
    quantiles = np.concatenate([one.quantiles for one in forecasts])
    weekend = np.array([series.moments[row].weekday() >= 5 for row in rows])
    inside_80 = _inside(actual, quantiles, *LIMITS[80])
    return GateScores(
        rmse=float(np.sqrt(np.mean((mean - actual) ** 2))),
        crps=_crps(actual, quantiles),
        weekday_coverage_80=float(inside_80[~weekend].mean()),
        weekend_coverage_80=float(inside_80[weekend].mean()),
        coverage_95=float(_inside(actual, quantiles, *LIMITS[95]).mean()),
    )


def _crps(actual: Values, quantiles: Values) -> float:
    probabilities = np.array(PINBALL)
    error = actual[:, None] - quantiles[:, [PROBABILITIES.index(one) for one in PINBALL]]
    return float(2 * np.maximum(probabilities * error, (probabilities - 1) * error).mean())


def _inside(actual: Values, quantiles: Values, lower: float, upper: float) -> np.ndarray:
    low, high = (quantiles[:, PROBABILITIES.index(one)] for one in (lower, upper))
    return (low <= actual) & (actual <= high)
