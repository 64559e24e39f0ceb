"""Accuracy figures against hand-made cases and identities."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.accuracy import (
    by_lead_span,
    count_inside,
    inside_band,
    measure,
    naive_scale,
    newest_per_step,
    pairs,
)
from backend.forecast_types import ForecastPoint, Vintage

FIRST = datetime(2024, 1, 1)


def vintage(
    origin: datetime,
    means: list[float],
    half_width: float | None = 10.0,
    step: timedelta = timedelta(days=1),
) -> Vintage:
    def limits(mean: float, sign: int) -> dict[int, float]:
        return {} if half_width is None else {80: mean + sign * half_width, 95: mean + sign * 2 * half_width}

    points = tuple(
        ForecastPoint(origin + lead * step, mean, limits(mean, -1), limits(mean, 1))
        for lead, mean in enumerate(means, start=1)
    )
    return Vintage(
        "demand", "arima", "1", "test", origin, datetime(2024, 2, 1, tzinfo=UTC), "D", 5.0, "yosoku", points
    )


def actuals(values: list[float]) -> pd.DataFrame:
    days = pd.date_range(FIRST, periods=len(values))
    return pd.DataFrame({"ds": days, "y": values})


def test_pairs_hold_only_days_that_came() -> None:
    table = pairs(actuals([100, 110, 90]), [vintage(FIRST, [105, 100, 1])])
    assert table["lead"].tolist() == [1, 2]
    assert table["y"].tolist() == [110, 90]
    assert table["upper_95"].tolist() == [125, 120]


def test_the_figures_of_a_small_case() -> None:
    table = pairs(actuals([100, 110, 90]), [vintage(FIRST, [105, 102])])
    accuracy = measure(table, scale=10)
    assert accuracy is not None
    assert accuracy.count == 2
    assert accuracy.bias == pytest.approx((-5 + 12) / 2)  # positive: too high
    assert accuracy.mae == pytest.approx(8.5)
    assert accuracy.rmse == pytest.approx(np.sqrt((25 + 144) / 2))
    assert accuracy.wape == pytest.approx(17 / 200)
    assert accuracy.mase == pytest.approx(0.85)
    assert accuracy.r2 == pytest.approx(1 - (25 + 144) / 200)
    assert accuracy.coverage == {80: 0.5, 95: 1.0}


def test_nothing_to_measure_is_nothing_and_not_a_perfect_score() -> None:
    assert measure(pairs(actuals([1.0, 2.0]), []), 1.0) is None
    level = measure(
        pairs(actuals([5, 5, 5]), [vintage(FIRST, [5, 5], half_width=None)]), naive_scale([5, 5, 5], 1)
    )
    assert level is not None
    assert (level.r2, level.mase, level.coverage) == (None, None, {})


def test_lead_times_are_bands_that_do_not_overlap() -> None:
    table = pairs(actuals([1.0] * 40), [vintage(FIRST, [1.0] * 28)])
    found = by_lead_span(table, None, [(1, 1), (2, 7), (8, 28)])
    assert [(span, accuracy.count) for span, accuracy in found] == [((1, 1), 1), ((2, 7), 6), ((8, 28), 21)]


def test_the_limits_of_a_band_are_inside_it_and_no_band_is_neither() -> None:
    wide = vintage(FIRST, [10.0, 10.0, 10.0, 10.0], half_width=2.0)
    table = pairs(actuals([0, 8, 12, 7.9, 12.1]), [wide])
    assert inside_band(table, 80).tolist() == [1, 1, 0, 0]
    assert inside_band(table, 95).tolist() == [1, 1, 1, 1]
    assert (count_inside(table, 80), count_inside(table, 95)) == (2, 4)
    later = vintage(FIRST + timedelta(4), [10.0], half_width=None)
    mixed = pairs(actuals([0, 8, 12, 7.9, 12.1, 10]), [wide, later])
    np.testing.assert_array_equal(inside_band(mixed, 80), [1, 1, 0, 0, np.nan])
    assert count_inside(mixed, 80) is None
    assert count_inside(mixed.head(0), 80) is None
    accuracy = measure(mixed, None)
    assert accuracy is not None
    assert accuracy.coverage[80] == 0.5  # of those that have a band


def test_of_several_forecasts_of_a_day_the_newest_counts() -> None:
    table = pairs(actuals([1.0] * 10), [vintage(FIRST, [1.0] * 5), vintage(FIRST + timedelta(2), [9.0] * 5)])
    newest = newest_per_step(table)
    assert newest["ds"].is_unique
    assert newest["mean"].tolist() == [1.0, 1.0, 9.0, 9.0, 9.0, 9.0, 9.0]


def test_hours_are_compared_hour_by_hour() -> None:
    """Two forecasts of a day of hours from midnight and noon; the later one counts where both speak."""
    hours = pd.DataFrame({"ds": pd.date_range(FIRST, periods=48, freq="h"), "y": np.arange(48.0)})
    hour = timedelta(hours=1)
    issued = [vintage(FIRST + start * hour, [20.0] * 24, step=hour) for start in (0, 12)]
    table = pairs(hours, issued)
    assert table["ds"].iloc[0] == datetime(2024, 1, 1, 1)
    assert table.groupby("origin")["lead"].max().tolist() == [24, 24]
    newest = newest_per_step(table)
    assert len(newest) == 36
    assert newest[newest["ds"] > datetime(2024, 1, 1, 12)]["lead"].max() == 24
    spans = [(1, 24), (25, 48), (49, 168)]
    assert [span for span, _ in by_lead_span(table, naive_scale(hours["y"], 24), spans)] == [(1, 24)]


@given(st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=50), st.floats(-1e3, 1e3))
def test_a_constant_shift_is_all_bias(values: list[float], shift: float) -> None:
    series = actuals(values)
    table = pairs(series, [vintage(FIRST, [value + shift for value in values[1:]])])
    accuracy = measure(table, None)
    assert accuracy is not None
    assert accuracy.bias == pytest.approx(shift, abs=1e-6)
    assert accuracy.mae == pytest.approx(abs(shift), abs=1e-6)
    assert accuracy.rmse >= accuracy.mae - 1e-9
