"""A model of every kind, and what tests build of them: series, model files, forecasts."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from statsmodels.tsa.arima.model import ARIMA
from statsmodels.tsa.statespace.structural import UnobservedComponents

from scoring.export import state_space_of
from scoring.intervals import Intervals
from scoring.kinds.combination import Combination
from scoring.kinds.naive import SeasonalNaive
from scoring.kinds.outlook import Kind, Observed, Outlook, Vector
from scoring.kinds.profile import SeasonProfile
from scoring.kinds.smoothing import ExponentialSmoothing
from scoring.kinds.theta import Theta
from scoring.kinds.transformed import Transformed
from scoring.model_file import ForecastModel, SeriesModel, read_model, write_model
from scoring.season_groups import weekend_groups

START = datetime(2014, 1, 1)
FIRST = START.toordinal()
"""The calendar place of START on daily data."""


def days(first: int, count: int) -> tuple[datetime, ...]:
    """`count` days from the `first` after START."""
    return tuple(START + timedelta(days=first + step) for step in range(count))


def weekly_values(count: int, seed: int = 0, scale: float = 100.0) -> Vector:
    """A positive daily series with a week in it."""
    generator = np.random.default_rng(seed)
    week = np.array([1.2, 1.1, 1.0, 0.9, 1.0, 0.6, 0.5])
    values = scale * week[np.arange(count) % 7] * generator.uniform(0.8, 1.2, count)
    return np.asarray(values, dtype=np.float64)


def smoothing(**changes: object) -> ExponentialSmoothing:
    """A damped additive model with a week, or what `changes` make of it."""
    settings: dict[str, object] = {
        "level": 100.0,
        "trend": 0.3,
        "seasonal": np.array([20.0, 10.0, 0.0, -10.0, 0.0, -8.0, -12.0]),
        "alpha": 0.4,
        "beta": 0.05,
        "gamma": 0.2,
        "damping": 0.9,
        "multiplicative": False,
        "relative_errors": False,
    }
    return ExponentialSmoothing(**(settings | changes))  # type: ignore[arg-type]


@lru_cache
def kinds() -> Mapping[str, Kind]:
    """At least one of every kind, with every setting that changes what it does."""
    values = weekly_values(70)
    arma = ARIMA(values, order=(1, 0, 1), trend="c").smooth([90.0, 0.6, -0.2, 400.0], cov_type="none")
    airline = ARIMA(values, order=(0, 1, 1), seasonal_order=(0, 1, 1, 7))
    seasonal = airline.smooth([-0.7, -0.6, 300.0], cov_type="none")
    level = UnobservedComponents(values, level="llevel", seasonal=7)
    structural = level.smooth([200.0, 40.0, 3.0], cov_type="none")
    week = np.array([1.2, 1.1, 1.0, 0.9, 1.0, 0.6, 0.5])
    theta = Theta(alpha=0.3, slope=0.2)
    found: dict[str, Kind] = {
        "naive": SeasonalNaive(1),
        "seasonal naive": SeasonalNaive(7),
        "mean": SeasonProfile(1),
        "profile": SeasonProfile(7),
        "sliding profile": SeasonProfile(7, 5),
        "fading profile": SeasonProfile(7, 0, 6.0),
        "grouped profile": SeasonProfile(7, 5, groups=weekend_groups()),
        "smoothing": smoothing(),
        "level": smoothing(seasonal=np.zeros(1), gamma=0.0, trend=0.0, beta=0.0, damping=1.0),
        "multiplicative": smoothing(seasonal=week, multiplicative=True, relative_errors=True),
        "theta": theta,
        "ARMA": state_space_of(arma),
        "seasonal ARIMA": state_space_of(seasonal),
        "structural": state_space_of(structural),
        "logarithm": Transformed(Theta(0.3, 0.001), np.zeros(1), unit=0.5, log=True),
        "season taken out": Transformed(theta, week, unit=2.0, multiplicative=True),
        "season subtracted": Transformed(SeasonProfile(1), 10 * week, unit=3.0),
    }
    parts = (found["sliding profile"], found["ARMA"], found["smoothing"], found["season taken out"])
    found["mean of four"] = Combination(parts, "mean")
    found["median of four"] = Combination(parts, "median")
    found["mean with a median"] = Combination((Combination(parts[:3], "median"), theta), "mean")
    return found


def outlook(kind: Kind, values: Vector, horizon: int = 14, window: int = 30, first: int = FIRST) -> Outlook:
    """The outlook from the end of the values."""
    with np.errstate(all="ignore"):
        [found] = kind.outlooks(Observed(values, first), [values.size], horizon, window)
    return found


def series_model(
    kind: Kind, values: Vector, intervals: Intervals | None = None, name: str = "m", start: datetime = START
) -> SeriesModel:
    """A daily series with its model; plain Gaussian intervals when none are given."""
    return SeriesModel(name, start, values, kind, intervals or Intervals("gaussian"))


def model_of(*series: SeriesModel, name: str = "m", frequency: str = "D", **parts: object) -> ForecastModel:
    """A model file's content."""
    return ForecastModel(name, frequency, series, **parts)  # type: ignore[arg-type]


def written_and_read(model: ForecastModel, folder: Path) -> ForecastModel:
    """The model after a way through a file."""
    path = folder / "forecast_model.npz"
    write_model(model, path)
    return read_model(path)


def assert_same_outlook(one: Outlook, other: Outlook, relative: float = 0.0) -> None:
    """Mean, scale, fitted values and errors agree; NaN where the other has NaN."""
    for name in ("mean", "scale", "fitted", "errors"):
        a, b = getattr(one, name), getattr(other, name)
        np.testing.assert_allclose(a, b, rtol=relative, atol=relative * np.abs(one.mean).max(), err_msg=name)


def bootstrap(groups: Sequence[int] = (0,), window: int = 60, lower: float | None = None) -> Intervals:
    """Intervals of the errors that were made, by group."""
    return Intervals("bootstrap", tuple(groups), window, (1.0,) * (max(groups) + 1), lower)


def assert_close(ours: Vector, theirs: Any, scale: float | None = None) -> None:
    """Equal to 1e-8 of the larger of each value and, where given, the forecast's own scale."""
    expected = np.asarray(theirs, dtype=np.float64)
    bound = 1e-8 * np.maximum(np.abs(expected), scale or 0.0)
    assert (np.abs(ours - expected) <= bound).all(), np.abs(ours - expected).max()


def quietly(fit: Any, **options: Any) -> Any:
    """A fit of few steps warns that it has not converged; what it stopped at is a model like any other."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return fit(**options)


def assert_same_in_a_file(kind: Kind, values: Vector, folder: Path) -> None:
    model = model_of(series_model(kind, values))
    again = written_and_read(model, folder)
    first = (folder / "forecast_model.npz").read_bytes()
    written_and_read(again, folder)
    assert (folder / "forecast_model.npz").read_bytes() == first
    assert_same_outlook(outlook(kind, values, 30), outlook(again.series[0].kind, values, 30))
