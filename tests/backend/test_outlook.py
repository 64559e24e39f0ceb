"""What comes next in figures: totals with the range that past totals give, and against last year."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.horizons import FAR_STEPS, HORIZONS, LONGEST, NEXT_STEPS
from backend.outlook import outlook
from backend.series_calendar import SEASON
from backend.totals import adds_up
from backend.track_record import record
from tests.backend.track_examples import weekly_forecasts
from tests.dashboard.series_examples import daily, issued, view


def test_what_adds_up_is_told_by_its_column() -> None:
    assert not adds_up(daily([1.0] * 10))  # the bundled series is an average a day, whatever its column says
    assert adds_up(daily([1.0] * 10, name="shop"))
    assert not adds_up(replace(daily([1.0] * 10, name="shop"), value_column="temperature"))


def test_every_frequency_has_three_horizons_each_farther_than_the_one_before() -> None:
    assert set(HORIZONS) == set(SEASON)
    for frequency, steps in HORIZONS.items():
        assert 0 < NEXT_STEPS[frequency] < FAR_STEPS[frequency] < LONGEST[frequency] <= 366
        assert steps == (NEXT_STEPS[frequency], FAR_STEPS[frequency], LONGEST[frequency])


def test_the_range_of_a_total_is_that_of_past_totals() -> None:
    series = daily([100.0] * 200, name="shop")
    ratios = [0.8, 0.9, 0.95, 1.0, 1.0, 1.05, 1.1, 1.2, 1.3]
    past = record(view(series, None, weekly_forecasts(series, ratios))).pairs
    ahead = outlook(series, issued(series.origin, [100.0] * 28), past=past)
    assert ahead.total == pytest.approx(700)
    assert ahead.total_low == pytest.approx(0.8 * 700)  # nine past weeks: the smallest and the largest
    assert ahead.total_high == pytest.approx(1.3 * 700)
    wide = outlook(series, issued(series.origin, [100.0] * 28), steps=28, past=past)
    assert (wide.steps, wide.total_low) == (28, None)  # no past forecast of a whole four weeks


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0.2, 5.0), min_size=9, max_size=25))
def test_nine_in_ten_past_totals_lie_on_each_side(ratios: list[float]) -> None:
    series = daily([100.0] * 200, name="shop")
    past = record(view(series, None, weekly_forecasts(series, ratios))).pairs
    ahead = outlook(series, issued(series.origin, [100.0] * 7), past=past)
    assert ahead.total_low is not None
    assert ahead.total_high is not None
    came = np.asarray(ratios) * 700
    assert np.mean(came <= ahead.total_high * (1 + 1e-9)) >= 0.9
    assert np.mean(came >= ahead.total_low * (1 - 1e-9)) >= 0.9


def test_too_few_past_totals_give_no_range() -> None:
    series = daily([100.0] * 200, name="shop")
    past = record(view(series, None, weekly_forecasts(series, [1.0] * 8))).pairs
    assert outlook(series, issued(series.origin, [100.0] * 7), past=past).total_high is None


def test_last_years_days_are_the_same_weekdays() -> None:
    values = [100.0] * 364 + [200.0] * 28
    series = daily(values, name="shop")
    ahead = outlook(series, issued(series.origin, [150.0] * 7))
    same = series.frame[series.frame["ds"] == series.origin + timedelta(days=1 - 364)]
    assert same["ds"].iloc[0].weekday() == (series.origin + timedelta(days=1)).weekday()
    assert ahead.year_change == pytest.approx(0.5)
    assert ahead.change == pytest.approx(-0.25)
    assert outlook(daily([1.0] * 300), issued(series.origin, [1.0] * 7)).year_change is None
