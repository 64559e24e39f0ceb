"""The form that a file holds forecasts what the fitted statsmodels object does, to 1e-8."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.tsa.arima.model import ARIMA
from statsmodels.tsa.exponential_smoothing.ets import ETSModel
from statsmodels.tsa.statespace.sarimax import SARIMAX
from statsmodels.tsa.statespace.structural import UnobservedComponents

from scoring.candidates.candidate import Fitted
from scoring.candidates.smoothing import smoothing_of
from scoring.export import state_space_of
from scoring.kinds.outlook import Observed, Vector
from scoring.kinds.state_space import StateSpace
from tests.scoring.kind_examples import (
    FIRST,
    assert_close,
    assert_same_in_a_file,
    outlook,
    quietly,
    weekly_values,
)

HORIZON = 30
COUNT = 84

ETS_FORMS = [
    (error, trend, damped, season)
    for error, (trend, damped), season in product(
        ("add", "mul"), ((None, False), ("add", False), ("add", True)), (None, "add", "mul")
    )
]


def ets_model(values: Vector, form: tuple[str, str | None, bool, str | None], season: int = 7) -> ETSModel:
    error, trend, damped, seasonal = form
    return ETSModel(
        values,
        error=error,
        trend=trend,
        damped_trend=damped,
        seasonal=seasonal,
        seasonal_periods=season if seasonal else None,
        initialization_method="heuristic",
    )


@pytest.mark.parametrize("form", ETS_FORMS, ids=str)
def test_every_form_of_ets_that_was_fitted(
    form: tuple[str, str | None, bool, str | None], tmp_path: Path
) -> None:
    values = weekly_values(COUNT, 1)
    results = quietly(ets_model(values, form).fit, disp=False, maxiter=25)
    kind = smoothing_of(results, FIRST)
    found = outlook(kind, values, HORIZON, COUNT)
    assert_close(found.mean, results.forecast(HORIZON))
    assert_close(found.fitted, results.fittedvalues)
    assert_same_in_a_file(kind, values, tmp_path)


@st.composite
def ets_results(draw: st.DrawFn) -> Any:
    """ETS of any form and season with random parameters inside the usual bounds, smoothed over a series."""
    form = draw(st.sampled_from(ETS_FORMS))
    season = draw(st.sampled_from([4, 7, 12]))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    values = draw(st.sampled_from([1.0, 1e6])) * generator.uniform(0.5, 1.5, draw(st.integers(30, 90)))
    model = ets_model(values, form, season)
    alpha = generator.uniform(0.01, 0.95)
    shares = {
        "smoothing_level": alpha,
        "smoothing_trend": alpha * generator.uniform(),
        "smoothing_seasonal": (1 - alpha) * generator.uniform(),
        "damping_trend": generator.uniform(0.8, 0.99),
    }
    return model.smooth(np.array([shares[name] for name in model.param_names]))


@settings(max_examples=60, deadline=None)
@given(results=ets_results(), first=st.integers(0, 3000))
def test_ets_with_any_parameters_from_any_place_in_the_calendar(results: Any, first: int) -> None:
    values = results.model.endog
    found = outlook(smoothing_of(results, first), values, HORIZON, values.size, first)
    scale = float(np.abs(results.forecast(HORIZON)).max())
    assert_close(found.mean, results.forecast(HORIZON), scale)
    assert_close(found.fitted, results.fittedvalues, scale)


@pytest.mark.parametrize(
    "form", [form for form in ETS_FORMS if form[0] == "add" and form[3] != "mul"], ids=str
)
def test_the_spread_of_additive_ets_grows_as_statsmodels_says(
    form: tuple[str, str | None, bool, str | None],
) -> None:
    values = weekly_values(COUNT, 4)
    model = ets_model(values, form)
    shares = {"smoothing_level": 0.4, "smoothing_trend": 0.2, "smoothing_seasonal": 0.3, "damping_trend": 0.9}
    results = model.smooth(np.array([shares[name] for name in model.param_names]))
    found = outlook(smoothing_of(results, 0), values, HORIZON, 40, 0)
    growth = np.sqrt(results._relative_forecast_variance(np.arange(1, HORIZON + 1)))
    assert_close(found.scale, np.sqrt(np.mean(found.errors**2)) * growth)


@settings(max_examples=20, deadline=None)
@given(results=ets_results(), more=st.integers(1, 40), seed=st.integers(0, 2**32 - 1))
def test_ets_moves_on_with_new_values_as_smoothing_the_longer_series_does(
    results: Any, more: int, seed: int
) -> None:
    """ETS has no append(): the same model of the longer series, its first states and parameters given."""
    model, values = results.model, results.model.endog
    new = float(values.mean()) * np.random.default_rng(seed).uniform(0.5, 1.5, more)
    known = {"initial_level": results.initial_level}
    if model.has_trend:
        known["initial_trend"] = results.initial_trend
    if model.has_seasonal:
        known["initial_seasonal"] = results.initial_seasonal
    longer = ETSModel(
        np.append(values, new),
        error=model.error,
        trend=model.trend,
        damped_trend=model.damped_trend,
        seasonal=model.seasonal,
        seasonal_periods=model.seasonal_periods if model.seasonal else None,
        initialization_method="known",
        **known,
    )
    moved = longer.smooth(results.params)
    fitted = Fitted(smoothing_of(results, 3), Observed(values, 3)).update(new)
    scale = float(np.abs(moved.forecast(HORIZON)).max())
    assert_close(fitted.forecast(HORIZON).mean, moved.forecast(HORIZON), scale)


UNOBSERVED = [(level, season) for level in ("llevel", "lltrend", "rwdrift") for season in (None, 4, 7)]


@pytest.mark.parametrize(("level", "season"), UNOBSERVED)
def test_unobserved_components(level: str, season: int | None, tmp_path: Path) -> None:
    values = weekly_values(COUNT, 2, scale=1.0)
    results = quietly(
        UnobservedComponents(values, level=level, seasonal=season).fit,
        disp=False,
        maxiter=10,
        cov_type="none",
    )
    kind = state_space_of(results)
    theirs = results.get_forecast(HORIZON)
    found = outlook(kind, values, HORIZON)
    assert_close(found.mean, theirs.predicted_mean)
    assert_close(found.scale, theirs.se_mean)
    moved = results.append(values[:20], refit=False).get_forecast(HORIZON)
    after = Fitted(kind, Observed(values, FIRST)).update(values[:20]).forecast(HORIZON)
    assert_close(after.mean, moved.predicted_mean)
    assert_close(after.scale, moved.se_mean)
    assert_same_in_a_file(kind, values, tmp_path)


ORDERS = [
    ((1, 0, 1), (0, 1, 1, 7)),
    ((0, 1, 1), (0, 1, 1, 7)),
    ((0, 1, 1), (0, 0, 0, 0)),
    ((2, 1, 2), (0, 0, 0, 0)),
    ((2, 0, 0), (0, 0, 0, 0)),
    ((9, 0, 0), (0, 0, 0, 0)),
]


@pytest.mark.parametrize(("order", "seasonal"), ORDERS)
@pytest.mark.parametrize("model", [ARIMA, SARIMAX])
def test_the_orders_that_compete(
    model: type, order: tuple[int, int, int], seasonal: tuple[int, int, int, int], tmp_path: Path
) -> None:
    values = weekly_values(COUNT, 3)
    made = model(values, order=order, seasonal_order=seasonal, trend="n")
    made.ssm.tolerance = 0
    results = made.smooth(np.append(quietly(lambda: made.start_params)[:-1] * 0.5, 200.0), cov_type="none")
    kind = state_space_of(results)
    theirs, found = results.get_forecast(HORIZON), outlook(kind, values, HORIZON)
    assert_close(found.mean, theirs.predicted_mean, float(np.abs(values).max()))
    assert_close(found.scale, theirs.se_mean)
    assert_same_in_a_file(kind, values, tmp_path)


@settings(max_examples=25, deadline=None)
@given(
    rows=st.sets(st.integers(0, COUNT - 1), max_size=40), structural=st.booleans(), seed=st.integers(0, 999)
)
def test_gaps_are_filtered_as_statsmodels_filters_them(rows: set[int], structural: bool, seed: int) -> None:
    values = weekly_values(COUNT, seed)
    values[sorted(rows)] = np.nan
    if structural:
        model = UnobservedComponents(values, level="llevel", seasonal=7)
        model.ssm.tolerance = 0
        results = model.smooth([300.0, 60.0, 9.0], cov_type="none")
    else:
        model = SARIMAX(values, order=(1, 0, 1), seasonal_order=(0, 1, 1, 7))
        model.ssm.tolerance = 0
        results = model.smooth([0.5, -0.2, -0.6, 300.0], cov_type="none")
    theirs, found = results.get_forecast(HORIZON), outlook(state_space_of(results), values, HORIZON)
    scale = float(np.nanmax(np.abs(values)))
    assert_close(found.mean, theirs.predicted_mean, scale)
    assert_close(found.scale, theirs.se_mean)


def test_pandas_series_with_dates_are_exported_too() -> None:
    """A team's own fit is mostly one of a dated series."""
    values = weekly_values(60)
    dated = pd.Series(values, pd.date_range("2014-01-01", periods=60, freq="D"))
    results = ARIMA(dated, order=(1, 0, 0), trend="c").smooth([90.0, 0.4, 300.0], cov_type="none")
    assert_close(outlook(state_space_of(results), values, HORIZON).mean, results.forecast(HORIZON))


@settings(max_examples=20, deadline=None)
@given(rows=st.sets(st.integers(0, COUNT - 1), max_size=20), seed=st.integers(0, 999))
def test_errors_are_the_filters_once_its_diffuse_start_is_over(rows: set[int], seed: int) -> None:
    """One-step errors where the filter's own variance is at most four times the last one's; else none."""
    values = weekly_values(COUNT, seed)
    values[sorted(rows - {COUNT - 1})] = np.nan
    model = SARIMAX(values, order=(0, 1, 1), seasonal_order=(0, 1, 1, 7))
    model.ssm.tolerance = 0
    results = model.smooth([-0.6, -0.5, 300.0], cov_type="none")
    filtered = results.filter_results
    errors, variances = values - filtered.forecasts[0], filtered.forecasts_error_cov[0, 0]
    started = (variances <= 4 * variances[-1]) & ~np.isnan(values)
    found = outlook(state_space_of(results), values, HORIZON, COUNT)
    np.testing.assert_array_equal(~np.isnan(found.errors), started)
    assert_close(found.errors[started], errors[started], 100)
    assert_close(found.fitted[started], filtered.forecasts[0][started], 100)
    assert np.isnan(found.fitted[~started]).all()
    assert started.sum() < COUNT - 7


def filtered_in_extended_precision(model: StateSpace, observations: Vector) -> np.ndarray:
    """The state's mean after the last observation, by the textbook filter in 80-bit arithmetic."""
    wide = {
        name: np.asarray(getattr(model, name), dtype=np.longdouble)
        for name in ("transition", "design", "state_covariance", "state_intercept")
    }
    transition, design = wide["transition"], wide["design"]
    mean = model.initial_state.astype(np.longdouble)
    covariance = model.initial_covariance.astype(np.longdouble)
    for value in observations.astype(np.longdouble):
        cross = covariance @ design
        variance = design @ cross + np.longdouble(model.observation_variance)
        error = value - design @ mean - np.longdouble(model.observation_intercept)
        mean = transition @ (mean + cross * (error / variance)) + wide["state_intercept"]
        covariance = covariance - np.outer(cross, cross) / variance
        covariance = transition @ covariance @ transition.T + wide["state_covariance"]
    return mean


@pytest.mark.skipif(np.finfo(np.longdouble).eps > 1e-18, reason="no extended precision on this machine")
@pytest.mark.parametrize("order", [(2, 0, 2), (1, 1, 2), (2, 2, 1)])
@pytest.mark.parametrize("seasonal", [(0, 0, 0, 0), (1, 1, 1, 12)])
def test_filter_keeps_its_digits_at_unit_scale(order, seasonal):
    generator = np.random.default_rng(5)
    values = 3 + generator.normal(size=120)
    model = ARIMA(values, order=order, seasonal_order=seasonal, trend="n")
    parameters = model.transform_params(generator.normal(0, 1, len(model.param_names)))
    parameters[-1] = 0.05
    form = state_space_of(model.smooth(parameters, cov_type="none"))
    state = form.filter(values.tolist(), {120}).states[120]
    exact = float(form.design @ filtered_in_extended_precision(form, values))
    assert abs(float(form.design @ state.mean) - exact) <= 1e-8 * max(abs(exact), 0.05**0.5)
