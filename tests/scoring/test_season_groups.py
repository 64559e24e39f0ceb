"""Which days and hours are grouped for their intervals, and when there are too few to split."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.frequency import frequency_of
from scoring.kinds.outlook import Observed
from scoring.season_groups import FEWEST_ERRORS, ONE_GROUP, season_groups, weekend_groups

DAILY, HOURLY = frequency_of("D"), frequency_of("h")


@given(st.dates(datetime(1950, 1, 1).date(), datetime(2100, 1, 1).date()))
def test_saturdays_and_sundays_are_the_weekend(day) -> None:
    place = DAILY.place(datetime(day.year, day.month, day.day))
    assert weekend_groups()[place % 7] == (day.weekday() >= 5)


def daily(count: int) -> Observed:
    return Observed(np.arange(float(count)), DAILY.place(datetime(2014, 1, 1)))


def test_daily_data_has_weekdays_and_weekends() -> None:
    found = season_groups("D", 7, daily(300), 91)
    assert found.names == ("weekday", "weekend")
    days = [datetime(2014, 1, 1) + timedelta(days=step) for step in range(14)]
    places = np.array([DAILY.place(day) for day in days])
    assert found.of(places).tolist() == [int(day.weekday() >= 5) for day in days]


@pytest.mark.parametrize(
    ("count", "window", "split"), [(300, 91, True), (300, 70, True), (300, 69, False), (69, 91, False)]
)
def test_too_few_errors_are_not_split(count: int, window: int, split: bool) -> None:
    """Two days in seven: 70 errors have 20 of a weekend."""
    assert FEWEST_ERRORS == 20
    assert (season_groups("D", 7, daily(count), window) != ONE_GROUP) == split


@pytest.mark.parametrize("frequency", ["B", "W-SUN", "MS", "QE-DEC", "YS-JAN"])
def test_other_frequencies_are_one_group(frequency: str) -> None:
    assert season_groups(frequency, 12, Observed(np.arange(500.0), 0), 400) == ONE_GROUP


def test_hours_are_grouped_by_how_much_they_vary() -> None:
    """Nights hardly vary, afternoons do: three groups of eight hours, at the clock's own hours."""
    generator = np.random.default_rng(0)
    start = datetime(2014, 1, 1, 5)
    hours = (np.arange(24 * 60) + 5) % 24
    spread = np.where(hours < 8, 1.0, np.where(hours < 16, 50.0, 10.0))
    observed = Observed(generator.normal(100, spread), HOURLY.place(start))
    found = season_groups("h", 24, observed, 312)
    assert found.names == ("group-1", "group-2", "group-3")
    places = np.array([HOURLY.place(datetime(2014, 3, 1, hour)) for hour in range(24)])
    assert found.of(places).tolist() == [0] * 8 + [2] * 8 + [1] * 8


def test_hours_of_a_flat_series_are_still_grouped_evenly() -> None:
    found = season_groups("h", 24, Observed(np.full(24 * 30, 7.0), HOURLY.place(datetime(2014, 1, 1))), 312)
    assert sorted(found.groups.count(group) for group in range(3)) == [8, 8, 8]


def test_hours_with_gaps_and_of_less_than_a_day() -> None:
    values = np.random.default_rng(1).normal(size=24 * 30)
    values[::5] = np.nan
    assert season_groups("h", 24, Observed(values, 0), 312).names[0] == "group-1"
    assert season_groups("h", 24, Observed(values[:10], 0), 312) == ONE_GROUP
