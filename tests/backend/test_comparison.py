"""Two sets of forecasts are compared on what both said, and only what is no chance is called closer."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from backend.comparison import ahead, closer, since_then, then
from tests.backend.forecast_examples import bundled, course_model, past_forecasts, season_regression
from tests.dashboard.series_examples import issued

SERIES = bundled()
DAY = timedelta(days=1)


def test_the_regression_is_closer_than_the_course_model() -> None:
    course = past_forecasts(course_model(), SERIES)
    regression = past_forecasts(season_regression(SERIES), SERIES)
    found = closer(SERIES.frame, course, regression)
    assert found is not None
    assert found.second_error < found.first_error
    assert found.second_closer > found.first_closer
    assert found.told_apart
    assert found.first_closer + found.second_closer <= found.count == 286  # 19 August to 31 May
    swapped = closer(SERIES.frame, regression, course)
    assert swapped is not None
    assert (swapped.first_error, swapped.first_closer) == (found.second_error, found.second_closer)


def test_only_steps_that_both_forecast_from_the_same_origin_count() -> None:
    frame = pd.DataFrame({"ds": pd.date_range("2014-01-01", periods=20), "y": 10.0})
    first = [issued(datetime(2014, 1, 1), [11.0] * 5), issued(datetime(2014, 1, 8), [11.0] * 3)]
    second = [issued(datetime(2014, 1, 1), [12.0] * 3), issued(datetime(2014, 1, 9), [12.0] * 3)]
    found = closer(frame, first, second)
    assert found is not None
    assert (found.count, found.first_error, found.second_error) == (3, 1.0, 2.0)
    assert (found.first_closer, found.second_closer) == (3, 0)
    assert not found.told_apart  # three of three is a coin's chance of one in four
    assert closer(frame, first, [issued(datetime(2014, 1, 9), [12.0])]) is None
    assert closer(frame, [], second) is None


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 100)), min_size=1, max_size=40))
def test_the_sign_test_is_the_textbooks(said: list[tuple[float, float]]) -> None:
    frame = pd.DataFrame({"ds": pd.date_range("2014-01-02", periods=len(said)), "y": 50.0})
    origin = datetime(2014, 1, 1)
    found = closer(
        frame,
        [issued(origin, [one for one, _ in said])],
        [issued(origin, [other for _, other in said])],
    )
    assert found is not None
    decided = found.first_closer + found.second_closer
    chance = binomtest(found.first_closer, decided, 0.5).pvalue if decided else 1.0
    assert found.told_apart == (chance < 0.05)
    distances = np.abs(np.array(said) - 50)
    assert found.first_error == pytest.approx(distances[:, 0].mean())
    assert found.first_closer == (distances[:, 0] < distances[:, 1]).sum()


def test_the_coming_steps_are_compared_one_by_one_and_in_all() -> None:
    now = issued(datetime(2014, 5, 31), [110.0, 120.0, 130.0])
    before = issued(datetime(2014, 5, 30), [1.0, 100.0, 100.0, 100.0])
    found = ahead(now, before)
    assert found is not None
    assert found.steps["difference"].tolist() == [10.0, 20.0, 30.0]
    assert (found.first_total, found.second_total) == (360.0, 300.0)
    assert found.change == pytest.approx(0.2)
    nearest = ahead(now, before, 2)
    assert nearest is not None
    assert nearest.steps["ds"].tolist() == [pd.Timestamp(2014, 6, 1), pd.Timestamp(2014, 6, 2)]
    assert ahead(now, issued(datetime(2013, 5, 30), [1.0])) is None


def test_a_change_from_nothing_is_none() -> None:
    found = ahead(issued(datetime(2014, 5, 31), [1.0]), issued(datetime(2014, 5, 31), [0.0]))
    assert found is not None
    assert found.change is None


def test_then_is_about_a_month_ago_and_still_speaks_of_what_comes() -> None:
    now = issued(datetime(2014, 5, 31), [1.0] * 90)
    past = [issued(now.origin - weeks * 7 * DAY, [float(weeks)] * 90) for weeks in range(1, 20)]
    found = then(past, now, "D")
    assert found is not None
    assert found.origin == datetime(2014, 5, 3)
    assert then(past[:1], now, "D") is None  # a week ago is not then
    assert then(past[10:], now, "D") is None
    short = [issued(vintage.origin, [1.0] * 14) for vintage in past[3:]]
    assert then(short, now, "D") is None  # it ended before now
    assert since_then(SERIES.frame, found) == (28, pytest.approx(error_of(4.0)))


def error_of(said: float) -> float:
    return float((SERIES.frame["y"].tail(28) - said).abs().mean())
