"""The forecaster against statsmodels over ARIMA and SARIMAX orders, and what a history does to any model."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.tsa.arima.model import ARIMA
from statsmodels.tsa.statespace.sarimax import SARIMAX

from scoring.contract import MAX_HISTORY_ROWS, MAX_HORIZON, History
from scoring.errors import ModelFileInvalid, RequestRefused
from scoring.export import state_space_of
from scoring.forecaster import Forecast, Forecaster
from scoring.intervals import Intervals, normal_quantile
from tests.scoring.kind_examples import (
    FIRST,
    bootstrap,
    days,
    kinds,
    model_of,
    outlook,
    series_model,
    weekly_values,
)

RELATIVE = 1e-8


def served(results) -> Forecaster:
    return Forecaster(model_of(series_model(state_space_of(results), np.asarray(results.model.endog)[:, 0])))


def after(forecaster: Forecaster, history: History, horizon: int, **options) -> list[Forecast]:
    """The forecasts of the only series after a history."""
    [name] = forecaster.rows
    return forecaster.forecast_after({name: history}, horizon, **options)[name]


def assert_agrees(forecast, results, level: int = 95) -> None:
    """Mean and limits are statsmodels' to 1e-8, relative to the larger of mean and standard error."""
    horizon = len(forecast.dates)
    theirs = results.get_forecast(horizon)
    scale = np.maximum(np.abs(theirs.predicted_mean), theirs.se_mean)
    lower, upper = (limits[:, 0] for limits in forecast.limits([level]))
    their_limits = theirs.conf_int(alpha=1 - level / 100)
    assert (np.abs(forecast.outlook.scale - theirs.se_mean) <= RELATIVE * theirs.se_mean).all()
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
    [forecast] = served(results).forecast(horizon, ["m"])
    assert_agrees(forecast, results, level)


@settings(max_examples=25, deadline=None)
@given(results_and_values(), st.integers(1, 30), st.data())
def test_history_after_the_series_is_appended(case, horizon, data):
    results, values, new = case
    new = new[: data.draw(st.integers(1, 40))]
    [forecast] = after(served(results), History(days(values.size, new.size), tuple(new.tolist())), horizon)
    assert_agrees(forecast, results.append(new, refit=False))


@settings(max_examples=25, deadline=None)
@given(results_and_values(), st.data())
def test_history_replaces_the_series_from_its_first_day(case, data):
    """From before the series, from its first day, or from the middle of it: statsmodels' apply()."""
    results, values, new = case
    first = data.draw(st.integers(-40, values.size - 1))
    [forecast] = after(served(results), History(days(first, new.size), tuple(new.tolist())), 14)
    assert_agrees(forecast, results.apply(np.concatenate((values[: max(0, first)], new))))


@settings(max_examples=15, deadline=None)
@given(results_and_values(), st.integers(1, 30))
def test_gap_is_bridged_as_unobserved(case, gap):
    results, values, new = case
    history = History(days(values.size + gap, new.size), tuple(new.tolist()))
    [forecast] = after(served(results), history, 14)
    assert_agrees(forecast, results.append(np.concatenate((np.full(gap, np.nan), new)), refit=False))


@settings(max_examples=15, deadline=None)
@given(results_and_values(), st.sets(st.integers(0, 39), min_size=1, max_size=8))
def test_each_origin_sees_only_the_history_up_to_it(case, offsets):
    results, values, new = case
    moments = days(values.size, new.size)
    origins = [moments[offset] for offset in sorted(offsets)]
    forecasts = after(served(results), History(moments, tuple(new.tolist())), 7, origins=origins)
    assert [forecast.origin for forecast in forecasts] == [origin.date().isoformat() for origin in origins]
    for offset, forecast in zip(sorted(offsets), forecasts, strict=True):
        assert_agrees(forecast, results.append(new[: offset + 1], refit=False))


def test_the_fitted_course_model_agrees_at_the_longest_horizon(course_model, course_series):
    theirs = ARIMA(course_series.values, order=(2, 0, 2), trend="c")
    theirs.ssm.tolerance = 0
    parameters = list(course_model.facts["parameters"].values())
    [series] = course_model.series
    plain = replace(course_model, series=(replace(series, intervals=Intervals("gaussian")),))
    [forecast] = Forecaster(plain).forecast(MAX_HORIZON, Forecaster(plain).rows)
    assert_agrees(forecast, theirs.smooth(parameters, cov_type="none"))
    assert forecast.origin == "2013-12-31"
    assert (forecast.dates[0], forecast.dates[-1]) == ("2014-01-01", "2015-01-01")


def test_a_whole_series_as_history_is_the_same_as_none(course_model, course_series):
    forecaster = Forecaster(course_model)
    history = History(course_series.moments, tuple(course_series.values.tolist()))
    [forecast] = after(forecaster, history, 28)
    [plain] = forecaster.forecast(28, list(forecaster.rows))
    assert forecast.dates == plain.dates
    np.testing.assert_array_equal(forecast.mean, plain.mean)
    np.testing.assert_array_equal(forecast.outlook.scale, plain.outlook.scale)


@given(st.integers(1, 98))
def test_margins_grow_with_the_level(level):
    margin, wider = (normal_quantile(0.5 + percent / 200) for percent in (level, level + 1))
    assert 0 < margin < wider


def refusal(forecaster: Forecaster, history: History, **options) -> RequestRefused:
    with pytest.raises(RequestRefused) as caught:
        after(forecaster, history, 3, **options)
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
    [series] = course_model.series
    kind = series.kind
    nothing = np.zeros_like(kind.transition)
    explosive = replace(kind, transition=1e200 * kind.transition)
    certain = replace(kind, state_covariance=nothing, initial_covariance=nothing)
    for broken in (explosive, certain):
        with pytest.raises(ModelFileInvalid, match="no finite forecast"):
            Forecaster(replace(course_model, series=(replace(series, kind=broken),)))


@pytest.mark.parametrize("kind", kinds().values(), ids=kinds())
@settings(max_examples=3, deadline=None)
@given(
    first=st.integers(-30, 75),
    origin=st.integers(0, 39),
    future=st.sampled_from([0.0, 1e9, -1e9]),
    seed=st.integers(0, 2**32 - 1),
)
def test_what_comes_after_an_origin_changes_nothing(kind, first, origin, future, seed):
    """Of every kind, for histories from before the series, within it and after it: to the last bit."""
    new = weekly_values(40, seed)
    moments = days(first, 40)
    forecaster = Forecaster(model_of(series_model(kind, weekly_values(70), bootstrap(window=40))))
    other = np.append(new[: origin + 1], np.full(39 - origin, future))
    [one], [same] = (
        after(forecaster, History(moments, tuple(values.tolist())), 9, origins=[moments[origin]])
        for values in (new, other)
    )
    assert one.dates == same.dates
    np.testing.assert_array_equal(one.mean, same.mean)
    np.testing.assert_array_equal(one.limits([80, 95]), same.limits([80, 95]))


@pytest.mark.parametrize("first", [-20, 0, 30, 70, 90])
@pytest.mark.parametrize("kind", kinds().values(), ids=kinds())
def test_a_history_takes_the_place_of_the_series(kind, first):
    """From before it, at its first day, within it, right after it, and after a gap, as the docstring says."""
    own, new = weekly_values(70), weekly_values(40, 1)
    [found] = after(
        Forecaster(model_of(series_model(kind, own))), History(days(first, 40), tuple(new.tolist())), 14
    )
    if first < 0 and kind.anchored:
        values, start = new[-first:], FIRST  # its first state is that of its own first day
    elif first < 0:
        values, start = new, FIRST + first
    else:
        between = np.full(max(0, first - 70), np.nan)
        values, start = np.concatenate([own[:first], between, new]), FIRST
    expected = outlook(kind, values, 14, 0, start)
    np.testing.assert_array_equal(found.mean, expected.mean)
    np.testing.assert_array_equal(found.outlook.scale, expected.scale)
    assert found.origin == days(first, 40)[-1].date().isoformat()


def test_an_anchored_model_starts_anew_for_an_origin_before_its_series():
    new = weekly_values(40, 1)
    for name in ("smoothing", "theta", "mean of four"):
        forecaster = Forecaster(model_of(series_model(kinds()[name], weekly_values(70))))
        history = History(days(-30, 40), tuple(new.tolist()))
        [early] = after(forecaster, history, 5, origins=[days(-30, 40)[8]])
        np.testing.assert_array_equal(
            early.mean, outlook(kinds()[name], new[:9], 5, 0, FIRST - 30).mean, err_msg=name
        )


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 99), min_size=1, max_size=6, unique=True), st.sampled_from(sorted(kinds())))
def test_limits_are_in_the_order_of_the_levels_and_nested(levels, name):
    forecaster = Forecaster(model_of(series_model(kinds()[name], weekly_values(70), bootstrap())))
    [forecast] = forecaster.forecast(20, ["m"])
    lower, upper = forecast.limits(levels)
    assert lower.shape == upper.shape == (20, len(levels))
    for column, level in enumerate(levels):
        alone = forecast.limits([level])
        np.testing.assert_array_equal(alone[0][:, 0], lower[:, column])
        np.testing.assert_array_equal(alone[1][:, 0], upper[:, column])
    ascending = np.argsort(levels)
    assert (np.diff(lower[:, ascending], axis=1) <= 0).all()
    assert (np.diff(upper[:, ascending], axis=1) >= 0).all()
    assert (lower <= upper).all()
