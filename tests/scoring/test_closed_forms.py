"""Kinds in closed form against plain pandas and numpy: on a whole series, moved on, and with gaps."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.candidates.candidate import Fitted
from scoring.kinds.combination import Combination, How
from scoring.kinds.naive import SeasonalNaive
from scoring.kinds.outlook import Kind, Observed, Outlook, Vector, spread_of
from scoring.kinds.profile import SeasonProfile
from scoring.kinds.smoothing import ExponentialSmoothing
from scoring.kinds.theta import Theta
from scoring.kinds.transformed import Transformed
from scoring.season_groups import weekend_groups
from tests.scoring.kind_examples import FIRST, assert_close, kinds, outlook, smoothing, weekly_values

HORIZON = 23
WEEK = np.array([1.2, 1.1, 1.0, 0.9, 1.0, 0.6, 0.5])
DATES = pd.date_range("2014-01-01", periods=400, freq="D")
Plain = Callable[[pd.Series], list[float]]
"""The forecast of HORIZON days after a dated series, in a few lines of pandas."""


@st.composite
def series(draw: st.DrawFn) -> pd.Series:
    """A daily series of 15 to 120 days that may have gaps, but at least a value in its last week."""
    count = draw(st.integers(15, 120))
    values = weekly_values(count, draw(st.integers(0, 2**32 - 1)))
    values[sorted(draw(st.sets(st.integers(0, count - 2), max_size=count // 3)))] = np.nan
    return pd.Series(values, DATES[:count])


def ahead_of(values: pd.Series) -> pd.DatetimeIndex:
    return pd.date_range(values.index[-1], periods=HORIZON + 1, freq="D")[1:]


def repeated_week(values: pd.Series) -> list[float]:
    filled = values.copy()
    for day in filled.index[7:]:
        if np.isnan(filled[day]):
            filled[day] = filled[day - pd.Timedelta(days=7)]
    week = filled.iloc[-7:]
    return np.resize(week.fillna(week.mean()), HORIZON).tolist()


def last_value(values: pd.Series) -> list[float]:
    return [float(values.ffill().iloc[-1])] * HORIZON


def mean_of_weekday(cycles: int) -> Plain:
    def forecast(values: pd.Series) -> list[float]:
        recent = values.iloc[-7 * cycles :] if cycles else values
        means = recent.groupby(recent.index.day_of_week).mean()
        return [
            float(means.fillna(recent.mean()).get(day.day_of_week, recent.mean())) for day in ahead_of(values)
        ]

    return forecast


def mean_of_all(values: pd.Series) -> list[float]:
    return [float(values.mean())] * HORIZON


def mean_of_weekend(values: pd.Series) -> list[float]:
    recent = values.iloc[-35:]
    means = recent.groupby(recent.index.day_of_week >= 5).mean().reindex([False, True]).fillna(recent.mean())
    return [float(means[day.day_of_week >= 5]) for day in ahead_of(values)]


def fading_mean(values: pd.Series) -> list[float]:
    """A cycle of 7 days counts half as much as the sixth one after it."""
    weeks_ago = (len(values) - 1 - np.arange(len(values))) // 7
    weights = pd.Series(0.5 ** (weeks_ago / 6.0), values.index).where(values.notna())
    weekday = values.index.day_of_week
    means = (values * weights).groupby(weekday).sum() / weights.groupby(weekday).sum()
    overall = (values * weights).sum() / weights.sum()
    weekdays = means.reindex(range(7)).fillna(overall)
    return [float(weekdays[day.day_of_week]) for day in ahead_of(values)]


def smoothed(values: pd.Series) -> list[float]:
    """Simple smoothing as pandas does it, where a gap leaves the level as it is; plus half a slope of 0.2."""
    level = values.dropna().ewm(alpha=0.3, adjust=False).mean().iloc[-1]
    count = len(values)
    return [float(level + 0.5 * 0.2 * (step + (1 - 0.7**count) / 0.3)) for step in range(HORIZON)]


PLAIN: dict[str, tuple[Kind, Plain]] = {
    "naive": (SeasonalNaive(1), last_value),
    "seasonal naive": (SeasonalNaive(7), repeated_week),
    "mean": (SeasonProfile(1), mean_of_all),
    "weekday means": (SeasonProfile(7), mean_of_weekday(0)),
    "weekday means of 5 weeks": (SeasonProfile(7, 5), mean_of_weekday(5)),
    "weekday means of 1 week": (SeasonProfile(7, 1), mean_of_weekday(1)),
    "weekday and weekend": (SeasonProfile(7, 5, groups=weekend_groups()), mean_of_weekend),
    "fading": (SeasonProfile(7, 0, 6.0), fading_mean),
    "theta": (Theta(0.3, 0.2), smoothed),
}


@pytest.mark.parametrize("name", PLAIN)
@settings(max_examples=12, deadline=None)
@given(values=series(), more=series())
def test_the_mean_is_what_pandas_says(name: str, values: pd.Series, more: pd.Series) -> None:
    """Of a series with gaps, and after more values: a closed form follows them without a refit."""
    kind, plain = PLAIN[name]
    start = Fitted(kind, Observed(values.to_numpy(), FIRST))
    assert_close(start.forecast(HORIZON).mean, plain(values))
    moved = start.update(more.to_numpy())
    longer = pd.Series(moved.observed.values, DATES[: len(values) + len(more)])
    assert_close(moved.forecast(HORIZON).mean, plain(longer))


@settings(max_examples=20, deadline=None)
@given(values=series())
def test_naive_errors_and_their_growth(values: pd.Series) -> None:
    filled = values.copy()
    for day in filled.index[7:]:
        filled[day] = filled[day - pd.Timedelta(days=7)] if np.isnan(filled[day]) else filled[day]
    errors = (values - filled.shift(7)).to_numpy()
    found = outlook(SeasonalNaive(7), values.to_numpy(), HORIZON, len(values))
    np.testing.assert_array_equal(found.errors, errors)
    known = errors[~np.isnan(errors)]
    spread = np.sqrt(np.mean(known**2)) if known.size else 0.0
    assert_close(found.scale, spread * np.sqrt(np.arange(HORIZON) // 7 + 1))


def test_profile_errors_are_as_large_as_those_of_new_values() -> None:
    """A mean of k values leaves residuals too small, by the root of (k - 1) / (k + 1)."""
    values = weekly_values(70, 3)
    weekday = pd.Series(values).groupby(np.arange(70) % 7)
    residuals = values - weekday.transform("mean").to_numpy()
    found = outlook(SeasonProfile(7), values, HORIZON, 70)
    assert_close(found.errors, residuals * np.sqrt(11 / 9), scale=100)
    assert_close(found.scale, np.full(HORIZON, np.sqrt(np.mean(residuals**2) * 11 / 9)))
    one = outlook(SeasonProfile(7, 1), values, HORIZON, 70)
    assert np.isnan(one.errors).all()


def test_profile_errors_are_honest_for_a_series_without_memory() -> None:
    """Against the errors of real one-step forecasts, over 400 origins of white noise: within 5 percent."""
    values = np.random.default_rng(1).normal(size=1400)
    kind = SeasonProfile(7, 4)
    ends = range(100, 1399)
    outlooks = kind.outlooks(Observed(values, 0), ends, 1, 28)
    made = [values[end] - found.mean[0] for end, found in zip(ends, outlooks, strict=True)]
    said = [found.scale[0] for found in outlooks]
    assert np.sqrt(np.mean(np.square(made))) == pytest.approx(np.sqrt(np.mean(np.square(said))), rel=0.05)


def filled_by_forecasts(kind: Kind, values: Vector) -> Vector:
    """The series with each gap filled by the forecast of one step before it."""
    filled = values.copy()
    for row in np.flatnonzero(np.isnan(values)):
        filled[row] = outlook(kind, filled[:row], 1).mean[0]
    return filled


@pytest.mark.parametrize(
    "kind",
    [
        smoothing(),
        kinds()["multiplicative"],
        smoothing(seasonal=np.zeros(1), gamma=0.0),
        Theta(0.3, 0.0),
        Transformed(Theta(0.3, 0.0), WEEK, 2.0, multiplicative=True),
    ],
    ids=["additive", "multiplicative", "no season", "theta", "season taken out"],
)
@settings(max_examples=12, deadline=None)
@given(values=series())
def test_a_gap_is_what_was_forecast_for_it(kind: Kind, values: pd.Series) -> None:
    """Smoothing learns nothing from a day that nobody saw: as if it had brought what was expected."""
    seen = values.to_numpy(copy=True)
    seen[0] = 90.0
    filled = filled_by_forecasts(kind, seen)
    assert_close(outlook(kind, seen, HORIZON).mean, outlook(kind, filled, HORIZON).mean, 100)
    errors = outlook(kind, filled, HORIZON, len(seen)).errors
    found = outlook(kind, seen, HORIZON, len(seen)).errors
    assert_close(found[1:][~np.isnan(seen[1:])], errors[1:][~np.isnan(seen[1:])], 100)


def test_smoothing_by_its_recursion_on_paper() -> None:
    """Two values of ETS(A,Ad,A) with a season of 2, worked out by hand."""
    kind = ExponentialSmoothing(10.0, 1.0, np.array([2.0, -2.0]), 0.5, 0.1, 0.2, 0.8, False, False)
    found = outlook(kind, np.array([14.0, 9.0]), 3, 2, first=0)
    # l = 10.8, s0 = 2: expected 12.8, error 1.2 -> l 11.4, b 0.92, s0 2.24
    # l = 11.4 + .736 = 12.136, s1 = -2: expected 10.136, error -1.136 -> l 11.568, b 0.6224, s1 -2.2272
    assert found.fitted == pytest.approx([12.8, 10.136])
    assert found.errors == pytest.approx([1.2, -1.136])
    slopes = 0.6224 * np.cumsum([0.8, 0.64, 0.512])
    assert found.mean == pytest.approx(11.568 + slopes + [2.24, -2.2272, 2.24])


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    unit=st.floats(0.01, 1e4),
    shift=st.integers(0, 6),
    multiplicative=st.booleans(),
)
def test_a_season_taken_out_comes_back_at_its_days(
    seed: int, unit: float, shift: int, multiplicative: bool
) -> None:
    values = weekly_values(60, seed)
    first = FIRST + shift
    places = WEEK[(first + np.arange(60 + HORIZON)) % 7]
    inner = Theta(0.3, 0.2)
    flat = values / unit / places[:60] if multiplicative else values / unit - places[:60]
    bare = outlook(inner, flat, HORIZON, 60)
    found = outlook(Transformed(inner, WEEK, unit, multiplicative=multiplicative), values, HORIZON, 60, first)
    ahead, behind = places[60:], places[:60]
    expected = bare.mean * ahead if multiplicative else bare.mean + ahead
    assert_close(found.mean, expected * unit, 100)
    back = bare.errors * (behind if multiplicative else 1.0) * unit
    assert_close(found.errors[1:], back[1:], 100)
    assert_close(found.fitted[1:], values[1:] - back[1:], 100)
    assert_close(found.scale, bare.scale * (ahead if multiplicative else 1.0) * unit, 100)


def test_logarithms_come_back_with_the_errors_that_were_seen() -> None:
    """Duan's smearing: the mean of exp(error) makes up for the mean of logarithms being a median."""
    values = np.exp(np.random.default_rng(8).normal(3, 0.4, 90))
    inner = Theta(0.05, 0.0)
    bare = outlook(inner, np.log(values), HORIZON, 89)
    found = outlook(Transformed(inner, np.zeros(1), log=True), values, HORIZON, 89)
    smear = np.mean(np.exp(bare.errors))
    assert_close(found.mean, np.exp(bare.mean) * smear)
    of_the_mean = outlook(Transformed(SeasonProfile(1), np.zeros(1), log=True), values, 1, 90)
    assert of_the_mean.mean[0] == pytest.approx(values.mean(), rel=0.01)
    assert values.mean() > 1.07 * np.exp(np.log(values).mean())
    assert_close(found.fitted + found.errors * found.fitted / found.mean[0], values[1:], 100)
    assert_close(found.scale, found.mean * np.sqrt(np.expm1(bare.scale**2)))


def test_of_a_value_of_zero_there_is_no_logarithm() -> None:
    with pytest.raises(FloatingPointError, match="zero or below"):
        outlook(kinds()["logarithm"], np.array([1.0, 2.0, 0.0, 3.0]))


def test_of_a_logarithm_too_large_there_is_no_forecast() -> None:
    with pytest.raises(FloatingPointError, match="too large"):
        outlook(Transformed(Theta(1.0, 100.0), np.zeros(1), log=True), weekly_values(30))


@pytest.mark.parametrize("how", ["mean", "median"])
def test_a_combination_is_the_middle_of_its_members(how: How) -> None:
    values = weekly_values(70, 5)
    members = [kinds()[name] for name in ("sliding profile", "ARMA", "smoothing", "seasonal naive")]
    parts: list[Outlook] = [outlook(member, values, HORIZON, 40) for member in members]
    found = outlook(Combination(tuple(members), how), values, HORIZON, 40)
    center = {"mean": np.mean, "median": np.median}[how]
    for name in ("mean", "scale", "fitted", "errors"):
        np.testing.assert_array_equal(
            getattr(found, name), center([getattr(one, name) for one in parts], axis=0)
        )


def test_the_spread_of_no_errors_is_none() -> None:
    assert spread_of(np.array([3.0, np.nan, -4.0])) == pytest.approx(np.sqrt(12.5))
    assert spread_of(np.full(3, np.nan)) == 0
    assert spread_of(np.zeros(0)) == 0
