"""How right we were: verdicts only where the count allows them, spans, misses, bias; what a forecast is made
of."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from backend.accuracy import newest_per_step, pairs
from backend.calibration import (
    LEAD_SPANS,
    RECENT_SEASONS,
    bias,
    by_origin,
    coverage,
    lead_times,
    verdict,
    worst_misses,
)
from backend.forecast_components import components
from backend.forecast_types import ForecastPoint
from backend.horizons import LONGEST
from backend.season_groups import season_groups
from backend.series_calendar import SEASON, Frequency
from scoring.frequency import frequency_of
from scoring.kinds.outlook import Observed
from scoring.season_groups import season_groups as groups_of_training
from tests.backend.forecast_examples import bundled, vintage
from tests.dashboard.series_examples import daily, issued

SERIES = bundled()


def weekly(means: float, spread: float, count: int = 30) -> pd.DataFrame:
    """Pairs of flat forecasts of the bundled series from Sundays."""
    sundays = pd.date_range("2013-10-06", periods=count, freq="7D").to_pydatetime()
    return pairs(SERIES.frame, [issued(day, [means] * 28, spread) for day in sundays])


@pytest.mark.parametrize(
    ("level", "count", "inside", "expected"),
    [
        (80, 182, 142, "held"),
        (80, 182, 120, "narrow"),
        (80, 182, 175, "wide"),
        (80, 9, 7, None),  # 78 %: right so far, but of nine days
        (80, 10, 7, None),  # 70 %: chance explains it
        (80, 10, 3, "narrow"),  # 30 %: chance doesn't
        (80, 12, 12, None),
        (80, 17, 17, "wide"),
        (95, 40, 40, None),  # all of 40 inside a 95 % band is no surprise
        (95, 200, 200, "wide"),
        (80, 1000, 860, "held"),  # sure to be above 80 %, yet near enough
    ],
)
def test_a_verdict_needs_a_difference_that_matters_and_is_no_chance(
    level: int, count: int, inside: int, expected: str | None
) -> None:
    assert verdict(level, count, inside) == expected


@settings(deadline=None, max_examples=50)
@given(st.sampled_from([80, 95]), st.integers(1, 400), st.floats(0, 1))
def test_verdicts_agree_with_an_exact_binomial_test(level: int, count: int, share: float) -> None:
    inside = round(share * count)
    found = verdict(level, count, inside)
    if found in ("narrow", "wide"):
        side = "less" if found == "narrow" else "greater"
        assert binomtest(inside, count, level / 100, alternative=side).pvalue < 0.025
    more = verdict(level, count, min(inside + 1, count))
    if found == "wide":
        assert more == "wide"


def test_each_group_is_counted_once_and_together_they_are_all() -> None:
    newest = newest_per_step(weekly(650.0, 400.0))
    found = {(held.level, held.group): held for held in coverage(SERIES, newest)}
    assert set(found) == {(level, group) for level in (80, 95) for group in ("all", "weekday", "weekend")}
    for level in (80, 95):
        whole = found[level, "all"]
        assert whole.count == sum(found[level, group].count for group in ("weekday", "weekend"))
        assert whole.inside == sum(found[level, group].inside for group in ("weekday", "weekend"))
    # Weekends of 200 lie below 250, weekdays of 950 mostly inside 250 to 1050.
    assert found[80, "weekend"].verdict == "narrow"
    assert found[80, "weekend"].share < 0.3 < found[80, "weekday"].share


def test_a_model_without_limits_has_no_coverage_and_no_misses() -> None:
    sunday = datetime(2014, 5, 4)
    table = pairs(SERIES.frame, [issued(sunday, [650.0] * 7, None)])
    newest = newest_per_step(table)
    assert coverage(SERIES, newest) == ()
    assert worst_misses(newest) == ()
    assert bias(newest, RECENT_SEASONS * SERIES.season) is not None
    course = by_origin(table, SERIES.season)
    assert len(course) == 1
    assert course["inside"].isna().all()


def test_nothing_judged_is_nothing() -> None:
    nothing = pairs(SERIES.frame, [])
    newest = newest_per_step(nothing)
    assert (lead_times(SERIES, nothing), coverage(SERIES, newest), worst_misses(newest)) == ((), (), ())
    assert bias(newest, RECENT_SEASONS * SERIES.season) is None
    assert by_origin(nothing, SERIES.season).empty


def test_the_next_day_is_always_a_monday_and_a_whole_week_is_not() -> None:
    found = {(part.first, part.last): part for part in lead_times(SERIES, weekly(650.0, 400.0))}
    assert list(found) == [(1, 1), (1, 7), (22, 28)]
    assert found[1, 1].weekday == 0
    assert found[1, 7].weekday is None
    assert found[22, 28].weekday is None


@pytest.mark.parametrize("frequency", list(SEASON))
def test_spans_are_within_what_is_asked_for(frequency: Frequency) -> None:
    spans = LEAD_SPANS[frequency]
    assert all(1 <= first <= last <= LONGEST[frequency] for first, last in spans)
    assert list(spans) == sorted(spans)


def test_the_worst_miss_comes_first_and_is_told_by_the_newest_forecast() -> None:
    series = daily([100.0] * 20 + [500.0] + [100.0] * 9)
    days = series.frame["ds"].dt.to_pydatetime().tolist()
    table = pairs(series.frame, [issued(days[4], [100.0] * 25, 10.0), issued(days[17], [120.0] * 12, 10.0)])
    first, *others = worst_misses(newest_per_step(table))
    assert (first.ds, first.origin) == (days[20], days[17])
    assert (first.said, first.came, first.error) == (120.0, 500.0, -380.0)
    assert [miss.error for miss in others] == [20.0] * 4


@settings(deadline=None, max_examples=50)
@given(st.lists(st.floats(-1e4, 1e4), min_size=30, max_size=60), st.floats(-500, 500))
def test_a_constant_lean_is_the_bias_over_any_span(values: list[float], lean: float) -> None:
    series = daily(values)
    start = series.frame["ds"].iloc[0].to_pydatetime()
    said = [value + lean for value in values[1:]]
    newest = newest_per_step(pairs(series.frame, [issued(start, said)]))
    found = bias(newest, RECENT_SEASONS * series.season)
    assert found is not None
    assert found.mean == pytest.approx(lean, abs=1e-6)
    assert found.recent_mean == pytest.approx(lean, abs=1e-6)
    assert found.recent_total == pytest.approx(lean * found.recent, abs=1e-4)
    assert found.recent == min(28, len(values) - 1)


def test_the_course_over_origins_has_what_came_of_each_ones_first_season() -> None:
    table = weekly(650.0, 400.0)
    last = table["origin"].max()
    cut = table[(table["origin"] < last) | (table["lead"] < 5)]
    whole, shorter = (by_origin(some, SERIES.season).set_index("origin") for some in (table, cut))
    assert list(whole.index) == list(shorter.index) == sorted(set(table["origin"]))
    for course, steps in ((whole, 7), (shorter, 4)):
        own = table[(table["origin"] == last) & (table["lead"] <= steps)]
        assert len(own) == steps
        assert course.loc[last, "miss"] == pytest.approx((650.0 - own["y"]).abs().mean())
        assert course.loc[last, "bias"] == pytest.approx((650.0 - own["y"]).mean())
        assert course.loc[last, "inside"] == ((own["y"] - 650.0).abs() <= 400.0).mean()
    assert whole.drop(last).equals(shorter.drop(last))


def test_a_forecast_is_its_level_and_its_weekdays() -> None:
    """Last actual Saturday 31 May 2014: the forecast begins on a Sunday."""
    series = daily([100.0, 100, 100, 100, 100, 40, 30] * 20)  # 140 days to a Saturday
    said = [float(10 * ((day + 6) % 7)) for day in range(21)]  # 60 on Sunday, 0 on Monday, ...
    found = components(issued(datetime(2014, 5, 31), said), series)
    assert found is not None
    assert found.seasons == 13
    assert found.level == pytest.approx(30)
    assert [position.number for position in found.profile] == list(range(7))
    assert [found.level + position.forecast for position in found.profile] == pytest.approx(
        [0, 10, 20, 30, 40, 50, 60]
    )
    by_day = {position.number: found.actual_level + position.actual for position in found.profile}
    assert sorted(by_day.values()) == pytest.approx([30, 40, 100, 100, 100, 100, 100])
    assert by_day[5] == pytest.approx(30)  # Saturday, the last of the list
    assert sum(position.actual for position in found.profile) == pytest.approx(0, abs=1e-9)


def test_months_are_told_by_their_number() -> None:
    series = daily([float(month % 12) for month in range(60)], frequency="MS")
    start = series.frame["ds"].iloc[-1].to_pydatetime()
    months = pd.date_range(start, periods=25, freq="MS")[1:]
    points = tuple(ForecastPoint(month.to_pydatetime(), 5.0, {}, {}) for month in months)
    found = components(replace(vintage(start, points), frequency="MS"), series)
    assert found is not None
    assert [position.number for position in found.profile] == list(range(1, 13))
    assert found.seasons == 5
    assert found.profile[0].actual == pytest.approx(-5.5)


def test_no_season_or_too_short_a_forecast_has_no_parts() -> None:
    yearly = daily([1.0, 2.0, 3.0], frequency="YS")
    assert components(issued(datetime(2012, 1, 1), [4.0] * 3), yearly) is None
    assert components(issued(datetime(2014, 5, 31), [4.0] * 6), SERIES) is None


def test_groups_are_those_that_models_are_trained_with() -> None:
    hours = daily(
        [100 + 30 * np.sin(hour / 24) * ((hour % 24) > 6) + (hour * 7919 % 13) for hour in range(24 * 30)],
        frequency="h",
    )
    for series, calendar in ((SERIES, "D"), (hours, "h")):
        first = frequency_of(calendar).place(series.frame["ds"].iloc[0].to_pydatetime())
        observed = Observed(series.frame["y"].to_numpy(dtype=float), first)
        trained = groups_of_training(calendar, series.season, observed, 5_000)
        names, codes = season_groups(series, series.frame["ds"])
        places = first + np.arange(len(series.frame))
        assert codes.tolist() == trained.of(places).tolist()
        assert len(names) == len(trained.names)


def test_other_series_are_one_group() -> None:
    series = daily([1.0, 2.0, 3.0], frequency="MS")
    names, codes = season_groups(series, series.frame["ds"])
    assert names == ("all",)
    assert codes.tolist() == [0, 0, 0]
