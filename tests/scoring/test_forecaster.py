"""The forecaster against statsmodels, over ARIMA and SARIMAX orders, with and without new history."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.tsa.arima.model import ARIMA
from statsmodels.tsa.statespace.sarimax import SARIMAX

from scoring.contract import MAX_HISTORY_ROWS, MAX_HORIZON, History
from scoring.errors import ModelFileInvalid, RequestRefused
from scoring.export import state_space_of
from scoring.forecaster import Forecaster, State, filter_states, normal_margin
from scoring.model_file import StateSpaceModel

START = datetime(2014, 1, 1)
RELATIVE = 1e-8


def days(first: int, count: int) -> tuple[datetime, ...]:
    return tuple(START + timedelta(days=first + step) for step in range(count))


def served(results) -> Forecaster:
    return Forecaster(state_space_of(results, name="m", frequency="D", start=START))


def assert_agrees(forecast, results, level: int = 95) -> None:
    """Mean and limits are statsmodels' to 1e-8, relative to the larger of mean and standard error."""
    horizon = len(forecast.dates)
    theirs = results.get_forecast(horizon)
    scale = np.maximum(np.abs(theirs.predicted_mean), theirs.se_mean)
    lower, upper = forecast.limits(level)
    their_limits = theirs.conf_int(alpha=1 - level / 100)
    assert (np.abs(forecast.standard_error - theirs.se_mean) <= RELATIVE * theirs.se_mean).all()
    assert (np.abs(forecast.mean - theirs.predicted_mean) <= RELATIVE * scale).all()
    assert (np.abs(lower - their_limits[:, 0]) <= RELATIVE * scale).all()
    assert (np.abs(upper - their_limits[:, 1]) <= RELATIVE * scale).all()


@st.composite
def results_and_values(draw):
    """A model of a random order and random admissible parameters, filtered over a random series.

    Scales are those of business figures. Near 1, statsmodels' diffuse start (a variance of 1e6) costs it up
    to 8 digits; there extended precision is the referee, below.
    """
    p, d, q = draw(st.integers(0, 3)), draw(st.integers(0, 2)), draw(st.integers(0, 3))
    season = draw(st.sampled_from([0, 0, 4, 7, 12]))
    seasonal = (0, 0, 0, 0)
    if season:
        seasonal = (draw(st.integers(0, 1)), draw(st.integers(0, 1)), draw(st.integers(0, 1)), season)
        seasonal = seasonal if any(seasonal[:3]) else (0, 0, 1, season)
    kind = draw(st.sampled_from([ARIMA, SARIMAX]))
    differenced = d + seasonal[1] > 0
    trend = draw(st.sampled_from(["n"] if kind is ARIMA and differenced else ["c", "n"]))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    scale = draw(st.sampled_from([50.0, 700.0, 2e5]))
    values = scale * (3 + generator.normal(size=draw(st.integers(60, 130))))
    model = kind(values, order=(p, d, q), seasonal_order=seasonal, trend=trend)
    count = len(model.param_names)
    parameters = model.transform_params(generator.normal(0, 1.5, count))
    if trend == "c":
        parameters[0] = scale * generator.normal()
    parameters[-1] = (scale * generator.uniform(0.2, 1.5)) ** 2
    # statsmodels takes the filter's covariance for settled at an absolute difference of 3e-10, whatever the
    # scale; ours at a relative one. Its check is switched off.
    model.ssm.tolerance = 0
    return model.smooth(parameters, cov_type="none"), values, scale * (3 + generator.normal(size=40))


@settings(max_examples=25, deadline=None)
@given(results_and_values(), st.integers(1, 60), st.integers(1, 99))
def test_plain_forecast_agrees(case, horizon, level):
    results, _, _ = case
    assert_agrees(served(results).forecast(horizon), results, level)


@settings(max_examples=25, deadline=None)
@given(results_and_values(), st.integers(1, 30), st.data())
def test_history_after_the_series_is_appended(case, horizon, data):
    results, values, new = case
    new = new[: data.draw(st.integers(1, 40))]
    [forecast] = served(results).forecast_after(
        History(days(values.size, new.size), tuple(new.tolist())), horizon
    )
    assert_agrees(forecast, results.append(new, refit=False))


@settings(max_examples=25, deadline=None)
@given(results_and_values(), st.data())
def test_history_replaces_the_series_from_its_first_day(case, data):
    """From before the series, from its first day, or from the middle of it: statsmodels' apply()."""
    results, values, new = case
    first = data.draw(st.integers(-40, values.size - 1))
    [forecast] = served(results).forecast_after(History(days(first, new.size), tuple(new.tolist())), 14)
    assert_agrees(forecast, results.apply(np.concatenate((values[: max(0, first)], new))))


@settings(max_examples=15, deadline=None)
@given(results_and_values(), st.integers(1, 30))
def test_gap_is_bridged_as_unobserved(case, gap):
    results, values, new = case
    history = History(days(values.size + gap, new.size), tuple(new.tolist()))
    [forecast] = served(results).forecast_after(history, 14)
    assert_agrees(forecast, results.append(np.concatenate((np.full(gap, np.nan), new)), refit=False))


@settings(max_examples=15, deadline=None)
@given(results_and_values(), st.sets(st.integers(0, 39), min_size=1, max_size=8))
def test_each_origin_sees_only_the_history_up_to_it(case, offsets):
    results, values, new = case
    moments = days(values.size, new.size)
    origins = [moments[offset] for offset in sorted(offsets)]
    forecasts = served(results).forecast_after(History(moments, tuple(new.tolist())), 7, origins)
    assert [forecast.origin for forecast in forecasts] == [origin.date().isoformat() for origin in origins]
    for offset, forecast in zip(sorted(offsets), forecasts, strict=True):
        assert_agrees(forecast, results.append(new[: offset + 1], refit=False))


def filtered_in_extended_precision(model: StateSpaceModel) -> np.ndarray:
    """The state's mean after the last observation, by the textbook filter in 80-bit arithmetic."""
    wide = {
        name: np.asarray(getattr(model, name), dtype=np.longdouble)
        for name in ("transition", "design", "state_covariance", "state_intercept", "observations")
    }
    transition, design = wide["transition"], wide["design"]
    mean = model.initial_state.astype(np.longdouble)
    covariance = model.initial_covariance.astype(np.longdouble)
    for value in wide["observations"]:
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
    model = ARIMA(3 + generator.normal(size=120), order=order, seasonal_order=seasonal, trend="n")
    parameters = model.transform_params(generator.normal(0, 1, len(model.param_names)))
    parameters[-1] = 0.05
    form = state_space_of(model.smooth(parameters, cov_type="none"), name="m", frequency="D", start=START)
    initial = State(form.initial_state, form.initial_covariance)
    state = filter_states(form, initial, form.observations.tolist(), {120})[120]
    exact = float(form.design @ filtered_in_extended_precision(form))
    assert abs(float(form.design @ state.mean) - exact) <= RELATIVE * max(abs(exact), 0.05**0.5)


def test_the_fitted_course_model_agrees_at_the_longest_horizon(course_model, course_series):
    theirs = ARIMA(course_series.values, order=(2, 0, 2), trend="c")
    theirs.ssm.tolerance = 0
    parameters = list(course_model.facts["parameters"].values())
    forecast = Forecaster(course_model).forecast(MAX_HORIZON)
    assert_agrees(forecast, theirs.smooth(parameters, cov_type="none"))
    assert forecast.origin == "2013-12-31"
    assert (forecast.dates[0], forecast.dates[-1]) == ("2014-01-01", "2015-01-01")


def test_a_whole_series_as_history_is_the_same_as_none(course_model, course_series):
    forecaster = Forecaster(course_model)
    history = History(course_series.moments, tuple(course_series.values.tolist()))
    [forecast] = forecaster.forecast_after(history, 28)
    plain = forecaster.forecast(28)
    assert forecast.dates == plain.dates
    np.testing.assert_array_equal(forecast.mean, plain.mean)
    np.testing.assert_array_equal(forecast.standard_error, plain.standard_error)


@given(st.integers(1, 98))
def test_margins_grow_with_the_level(level):
    assert 0 < normal_margin(level) < normal_margin(level + 1)


def refusal(forecaster: Forecaster, history: History, **options) -> RequestRefused:
    with pytest.raises(RequestRefused) as caught:
        forecaster.forecast_after(history, 3, **options)
    return caught.value


def test_dates_that_do_not_fit_are_refused(course_model):
    forecaster = Forecaster(course_model)
    gap = refusal(forecaster, History((datetime(2014, 1, 1), datetime(2014, 1, 3)), (1.0, 2.0)))
    assert (gap.code, "2014-01-02" in gap.message) == ("history_gap", True)
    noon = refusal(forecaster, History((datetime(2014, 1, 1, 12),), (1.0,)))
    assert (noon.code, "history[0].ds" in noon.message) == ("frequency_mismatch", True)
    late = refusal(forecaster, History((datetime(2100, 1, 1),), (1.0,)))
    assert (late.code, str(MAX_HISTORY_ROWS) in late.message) == ("history_too_late", True)
    history = History((datetime(2014, 1, 1), datetime(2014, 1, 2)), (1.0, 2.0))
    origin = refusal(forecaster, history, origins=[datetime(2014, 1, 1, 5)])
    assert origin.code == "frequency_mismatch"


def test_values_too_large_to_compute_with_are_refused():
    model = ARIMA(np.arange(40.0) ** 2, order=(0, 2, 0), trend="n")
    history = History(days(40, 2), (1.7e308, -1.7e308))
    assert refusal(served(model.smooth([1.0], cov_type="none")), history).code == "history_out_of_range"


def test_a_model_that_gives_no_forecast_is_refused(course_model):
    nothing = np.zeros_like(course_model.transition)
    explosive = replace(course_model, transition=1e200 * course_model.transition)
    certain = replace(course_model, state_covariance=nothing, initial_covariance=nothing)
    for model in (explosive, certain):
        with pytest.raises(ModelFileInvalid, match="no finite forecast"):
            Forecaster(model)
