"""How wrong forecasts of the benchmark's series are: per series, per collection, and as a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from backend.accuracy import LEVELS, measure, naive_scale
from benchmarks.peer_forecasts import Forecast

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.series_collections import BenchmarkSeries

SEASONAL_NAIVE = "seasonal naive"
OVERALL = "overall"


@dataclass(frozen=True)
class SeriesErrors:
    """One method on one series: mean MASE of its origins, RMSE and coverage over all of them, seconds."""

    series: str
    collection: str
    method: str
    mase: float
    rmse: float
    coverage: Mapping[int, float]
    seconds: float


@dataclass(frozen=True)
class CollectionErrors:
    """One method on one collection.

    `mase` is the mean over the series, `typical_mase` their geometric mean, `rmse_ratio` the geometric mean
    of the RMSE over that of the seasonal naive forecast, `coverage` the mean share, `seconds` the sum.
    """

    collection: str
    method: str
    series: int
    mase: float
    typical_mase: float
    rmse_ratio: float
    coverage: Mapping[int, float]
    seconds: float


def seasonal_naive(series: BenchmarkSeries) -> tuple[Forecast, ...]:
    """The last season repeated, from each origin; it has no limits."""
    found = []
    for origin in series.origins:
        season = series.values[origin - series.season : origin]
        found.append(Forecast(origin, np.resize(season, series.horizon), {}, {}, 0.0))
    return tuple(found)


def series_errors(method: str, series: BenchmarkSeries, forecasts: Sequence[Forecast]) -> SeriesErrors:
    """The errors at the days that were observed.

    MASE is scaled by the seasonal naive error within the rows up to its own origin. Raises ValueError when
    the forecasts are not those of the series' origins.
    """
    if tuple(one.origin for one in forecasts) != series.origins:
        raise ValueError(f"{method} has not forecast {series.name} from each of its origins")
    tables = [_beside_actuals(series, one) for one in forecasts]
    mase = []
    for origin, table in zip(series.origins, tables, strict=True):
        found = measure(table, naive_scale(pd.Series(series.values[:origin]), series.season))
        assert found is not None
        assert found.mase is not None, f"{series.name} is constant"
        mase.append(found.mase)
    pooled = measure(pd.concat(tables), None)
    assert pooled is not None
    seconds = sum(one.seconds for one in forecasts)
    return SeriesErrors(
        series.name,
        series.collection,
        method,
        float(np.mean(mase)),
        pooled.rmse,
        pooled.coverage,
        seconds,
    )


def collection_errors(found: Sequence[SeriesErrors]) -> list[CollectionErrors]:
    """A line for each collection and method, then for each method overall; in the order they come in.

    Every series needs a line of the seasonal naive forecast.
    """
    naive = {one.series: one.rmse for one in found if one.method == SEASONAL_NAIVE}
    collections = list(dict.fromkeys(one.collection for one in found))
    methods = list(dict.fromkeys(one.method for one in found))
    lines = []
    for collection in [*collections, OVERALL] if len(collections) > 1 else collections:
        for method in methods:
            chosen = [
                one for one in found if one.method == method and collection in (OVERALL, one.collection)
            ]
            if chosen:
                lines.append(_line(collection, method, chosen, naive))
    return lines


def _line(
    collection: str, method: str, chosen: Sequence[SeriesErrors], naive: Mapping[str, float]
) -> CollectionErrors:
    mase = np.array([one.mase for one in chosen])
    ratios = np.array([one.rmse / naive[one.series] for one in chosen])
    covered = {
        level: float(np.mean([one.coverage[level] for one in chosen]))
        for level in LEVELS
        if all(level in one.coverage for one in chosen)
    }
    return CollectionErrors(
        collection=collection,
        method=method,
        series=len(chosen),
        mase=float(mase.mean()),
        typical_mase=float(np.exp(np.log(mase).mean())),
        rmse_ratio=float(np.exp(np.log(ratios).mean())),
        coverage=covered,
        seconds=sum(one.seconds for one in chosen),
    )


def _beside_actuals(series: BenchmarkSeries, forecast: Forecast) -> pd.DataFrame:
    """Forecast and actual, a row a day, as `backend.accuracy.measure` takes them."""
    days = slice(forecast.origin, forecast.origin + series.horizon)
    nothing = np.full(series.horizon, np.nan)
    columns = {"y": series.values[days], "mean": forecast.mean}
    for level in LEVELS:
        columns[f"lower_{level}"] = forecast.lower.get(level, nothing)
        columns[f"upper_{level}"] = forecast.upper.get(level, nothing)
    return pd.DataFrame(columns)[series.observed[days]]
