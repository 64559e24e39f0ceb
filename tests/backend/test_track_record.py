"""What past forecasts are known by: the steps that came, the last forecast, what lay outside its band."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd
import pytest

from backend.accuracy import pairs
from backend.track_record import Last, last_forecast, misses, record
from tests.backend.track_examples import weekly_forecasts
from tests.dashboard.series_examples import daily, issued, view


def test_notes_leave_steps_out_of_the_record() -> None:
    series = daily([100.0] * 100, name="shop")
    seen = view(series, None, weekly_forecasts(series, [1.0, 2.0]))
    whole = record(seen)
    end = pd.Timestamp(series.origin)
    without = record(seen, ((end - timedelta(days=6), end),))
    assert whole.near is not None
    assert without.near is not None
    assert whole.near.count == 14
    assert (without.near.count, without.near.mae) == (7, 0)
    assert (without.left_out, len(without.judged)) == (7, 7)
    assert without.said.equals(whole.said)  # what was said stays on the chart and in what is taken away


def test_the_last_forecast_is_told_by_its_sum_and_its_band() -> None:
    series = daily([100.0] * 28)
    earlier, last = (series.origin - timedelta(days=days) for days in (14, 7))
    said = [100.0, 100, 100, 120, 120, 80, 87]
    table = pairs(series.frame, [issued(earlier, [900.0] * 7, 15.0), issued(last, said, 15.0)])
    assert last_forecast(table) == Last(7, pytest.approx(sum(said) / 700 - 1), 4)
    bare = pairs(series.frame, [issued(last, said, None)])
    assert last_forecast(bare) == Last(7, pytest.approx(sum(said) / 700 - 1), None)
    nothing = pairs(daily([0.0] * 28).frame, [issued(last, said, 15.0)])
    assert last_forecast(nothing) == Last(7, None, 0)
    assert last_forecast(table.head(0)) is None


def test_misses_are_the_steps_outside_the_band_that_is_asked_for() -> None:
    series = daily([100.0] * 21 + [100.0, 111, 89, 110, 90, 121, 79])
    start = series.origin - timedelta(days=7)
    said = pairs(series.frame, [issued(start, [100.0] * 7, 10.0)])
    assert misses(said, 80)["y"].tolist() == [111, 89, 121, 79]  # the limits are inside
    assert misses(said, 95)["y"].tolist() == [121, 79]  # twice as wide
    assert misses(said, 95).columns.tolist() == ["ds", "y"]
    assert misses(pairs(series.frame, [issued(start, [900.0] * 7, None)]), 80).empty
