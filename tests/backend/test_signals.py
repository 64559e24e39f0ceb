"""Signals fire on a model that has lost its series, say since when, and are silent otherwise."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest, f_oneway, ttest_ind

from backend import forecast_monitors as monitors
from backend.accuracy import newest_per_step, pairs
from backend.actuals import Actuals
from backend.notes import Note
from backend.signals import Signal, find_signals, worth_telling
from scoring.finding import Finding
from tests.backend.forecast_examples import (
    bundled,
    course_model,
    past_forecasts,
    season_regression,
    until,
    vintage,
)
from tests.dashboard.series_examples import daily, issued

SERIES = bundled()
NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture(scope="module")
def course() -> pd.DataFrame:
    return pairs(SERIES.frame, past_forecasts(course_model(), SERIES))


@pytest.fixture(scope="module")
def regression() -> pd.DataFrame:
    return pairs(SERIES.frame, past_forecasts(season_regression(SERIES), SERIES))


def at(end: str, table: pd.DataFrame) -> dict[str, Signal]:
    """The signals as they were at the end of a day."""
    found = find_signals(until(SERIES, end), table[table["ds"] <= end], now=NOW)
    return {signal.code: signal for signal in found}


def test_the_course_model_is_found_out_and_since_when(course: pd.DataFrame) -> None:
    found = {signal.code: signal for signal in find_signals(SERIES, course, now=NOW)}
    assert list(found) == ["profile", "group-error", "skill", "incomplete-last", "outlier"]
    groups = found["group-error"]
    assert groups.figures["weekday"] < -100 < 100 < groups.figures["weekend"]  # type: ignore[operator]
    assert datetime(2013, 12, 1) < groups.since < datetime(2014, 1, 12)
    skill = found["skill"]
    assert skill.since == datetime(2014, 1, 31)
    assert skill.figures["rmse"] > 1.15 * skill.figures["guess_rmse"]  # type: ignore[operator]
    profile = found["profile"]
    assert profile.since < datetime(2014, 2, 15)
    assert profile.figures["agreement"] < 0.6  # type: ignore[operator]
    assert [signal.severity for signal in found.values()] == ["warning"] * 3 + ["note"] * 2


def test_the_group_error_fires_in_january(course: pd.DataFrame) -> None:
    """As in the study: from 12 January on, with whole histories and outliers in them."""
    assert "group-error" not in at("2013-11-30", course)
    for end in ("2014-01-12", "2014-01-19", "2014-02-02", "2014-02-23"):
        assert "group-error" in at(end, course)


def test_the_simple_guess_is_better_from_the_end_of_january_at_two_looks(course: pd.DataFrame) -> None:
    assert "skill" not in at("2014-01-12", course)
    assert "skill" not in at("2014-01-31", course)  # the first look
    assert at("2014-02-07", course)["skill"].since == datetime(2014, 1, 31)


def test_a_model_that_follows_is_left_alone(regression: pd.DataFrame) -> None:
    found = {signal.code for signal in find_signals(SERIES, regression, now=NOW)}
    assert found == {"incomplete-last", "outlier"}
    for end in pd.date_range("2014-02-16", "2014-05-25", freq="7D"):
        assert at(str(end.date()), regression) == {}, end


def test_the_tests_are_the_textbooks(course: pd.DataFrame) -> None:
    """Welch's test, the simple guess and the pattern's F against scipy and a loop, on the last window."""
    nothing = np.zeros(len(SERIES.frame), dtype=bool)
    watched = monitors.watch(SERIES, course, nothing, nothing)
    rows = newest_per_step(course).tail(28)
    error, weekend = rows["mean"] - rows["y"], rows["ds"].dt.day_of_week >= 5
    expected = ttest_ind(error[~weekend], error[weekend], equal_var=False).pvalue
    ours = monitors._welch(error[~weekend].to_numpy(), error[weekend].to_numpy())
    assert ours == pytest.approx(expected)
    values = SERIES.frame.set_index("ds")["y"]
    for row, guess in list(zip(newest_per_step(course).itertuples(), watched.guess, strict=True))[-20:]:
        known = values[values.index <= row.origin]
        same = known[known.index.day_of_week == row.ds.day_of_week]
        assert guess == pytest.approx(same.iloc[-13:].mean())
    seasons = SERIES.frame["y"].to_numpy()[-56:].reshape(8, 7)
    centred = seasons - seasons.mean(axis=1, keepdims=True)
    # One-way on the centred values has too many degrees of freedom; corrected for the seven means taken.
    statistic = f_oneway(*centred.T).statistic * (7 * 6) / (8 * 7 - 7)
    assert monitors._has_pattern(seasons)
    assert statistic > 4.6
    assert not monitors._has_pattern(np.random.default_rng(0).normal(size=(8, 7)))


def test_a_band_that_is_too_narrow_within_a_group() -> None:
    """Weekends are 40 either way, said to be within 10; weekdays are as said."""
    generator = np.random.default_rng(1)
    days = pd.date_range(end="2014-05-31", periods=180)
    weekend = days.day_of_week >= 5
    series = daily((300 + np.where(weekend, 40, 5) * generator.choice([-1, 1], 180)).tolist())
    origins = days[days.day_of_week == 6][8:]
    table = pairs(series.frame, [issued(day.to_pydatetime(), [300.0] * 7, 10.0) for day in origins])
    [signal] = [signal for signal in find_signals(series, table, now=NOW) if signal.code == "coverage"]
    [group] = signal.figures["groups"]  # type: ignore[misc]
    assert (group["group"], group["share"], group["level"]) == ("weekend", 0.0, 80)
    assert group["count"] == 26  # of 13 weeks
    assert binomtest(0, 26, 0.8, alternative="less").pvalue < 0.01
    assert signal.since < series.origin - timedelta(days=28)


def test_weekly_false_alarms_are_as_rare_as_in_the_study() -> None:
    """Weeks of January to May 2014 in random order, forecast by their right means: nothing has changed."""
    frame = SERIES.frame[SERIES.frame["ds"].between("2014-01-05", "2014-05-31")]
    weeks = frame["y"].to_numpy()[:147].reshape(21, 7)
    right, generator = weeks.mean(axis=0), np.random.default_rng(0)
    spread = np.quantile(np.abs(weeks - right), [0.8, 0.95], axis=0)
    alarms = dict.fromkeys(("profile", "groups", "skill", "coverage"), 0)
    histories = 60
    for _ in range(histories):
        values = weeks[generator.integers(0, 21, 34)].ravel()
        fired = alarms_of(values, right, spread)
        for name in alarms:
            alarms[name] += name in fired
    assert alarms["groups"] <= 0.03 * histories
    assert alarms["profile"] <= 0.08 * histories
    assert alarms["coverage"] <= 0.10 * histories
    assert alarms["skill"] <= 0.20 * histories


def alarms_of(values: np.ndarray, right: np.ndarray, spread: np.ndarray) -> set[str]:
    """Which tests fire at any weekly look over the last 21 of 34 weeks."""
    series = daily(values.tolist())
    days = series.frame["ds"]
    said = np.tile(right, 34)
    table = pd.DataFrame({"ds": days, "y": values, "mean": said})
    table["origin"] = days.dt.to_period("W-SAT").dt.start_time - pd.Timedelta(days=1)
    table["lead"] = (days - table["origin"]).dt.days
    for level, half in zip((80, 95), spread, strict=True):
        table[f"lower_{level}"], table[f"upper_{level}"] = said - np.tile(half, 34), said + np.tile(half, 34)
    nothing = np.zeros(len(series.frame), dtype=bool)
    watched = monitors.watch(series, table.iloc[13 * 7 :].reset_index(drop=True), nothing, nothing)
    fired = set()
    for end in range(13 * 7 + 27, 34 * 7, 7):
        fired |= {"groups"} if monitors.groups_differ(watched, end) else set()
        fired |= {"skill"} if monitors.guess_is_better(watched, end) else set()
        fired |= {"profile"} if monitors.profile_missed(watched, end) else set()
        for group in watched.groups:
            fired |= {"coverage"} if monitors.band_too_narrow(watched, end, group) else set()
    return fired


def test_history_of_2014_is_not_late_for_ever() -> None:
    """Every forecast of it was issued years after what it saw."""
    seen = past_forecasts(season_regression(SERIES), SERIES)
    late = replace(seen[-1], issued_at=NOW - timedelta(days=1))
    assert not [
        s
        for s in find_signals(SERIES, pairs(SERIES.frame, []), vintages=[late], now=NOW)
        if s.code == "freshness"
    ]


def test_live_actuals_that_stop_coming_are_late() -> None:
    series = daily([100.0] * 60)  # up to 31 May 2014
    live = replace(vintage(series.origin, ()), issued_at=datetime(2014, 6, 1, 6, tzinfo=UTC))
    nothing = pairs(series.frame, [])
    assert find_signals(series, nothing, vintages=[live], now=datetime(2014, 6, 3, tzinfo=UTC)) == ()
    [late] = find_signals(series, nothing, vintages=[live], now=datetime(2014, 6, 10, 12, tzinfo=UTC))
    assert (late.code, late.severity, late.since) == ("freshness", "warning", datetime(2014, 6, 1))
    assert late.figures == {"last": datetime(2014, 5, 31), "late": 9}  # 1 to 9 June; the 10th runs
    assert find_signals(series, nothing, now=datetime(2014, 6, 10, tzinfo=UTC)) == ()


def pinned(first: datetime, last: datetime, *, excluded: bool = False) -> Note:
    return Note(1, SERIES.name, first, last, "spring campaign", "campaign", excluded, NOW)


def test_what_a_note_explains_is_not_asked_about() -> None:
    nothing = pairs(SERIES.frame, [])
    campaign = pinned(datetime(2014, 5, 24), datetime(2014, 5, 25))

    def outlier(*notes: Note) -> Finding | None:
        found = [s for s in find_signals(SERIES, nothing, notes, now=NOW) if s.code == "outlier"]
        return found[0].figures["finding"] if found else None  # type: ignore[return-value]

    before, after = outlier(), outlier(campaign)
    assert before is not None
    assert after is not None
    assert before.dates[-1] == "2014-05-24"
    assert after.dates[-1] == "2014-05-03"
    assert after.count == before.count - 1
    assert outlier(pinned(datetime(2013, 8, 1), datetime(2014, 5, 31))) is None


def test_days_that_notes_leave_out_judge_no_model(course: pd.DataFrame) -> None:
    spring = pinned(datetime(2014, 1, 1), datetime(2014, 5, 31), excluded=True)
    codes = {signal.code for signal in find_signals(SERIES, course, [spring], now=NOW)}
    assert "skill" not in codes
    assert "profile" not in codes


def test_what_stood_out_long_ago_is_not_told_any_more() -> None:
    """Up to 31 May 2014: 13 weeks reach back to 1 March."""
    changed = Finding("profile-changed", ("2013-10-30",), 1, {})
    new = Finding("outlier", ("2013-11-30", "2014-03-01"), 2, {})
    old = Finding("outlier", ("2013-11-30", "2014-02-28"), 2, {})
    assert worth_telling(replace(SERIES, findings=(new, changed))) == [new, changed]
    assert worth_telling(replace(SERIES, findings=(old, changed))) == [changed]
    assert worth_telling(replace(SERIES, findings=(old,), frequency="MS")) == [old]


def test_a_changed_profile_is_told_once(course: pd.DataFrame, regression: pd.DataFrame) -> None:
    """Of the data where the forecasts follow it, and of the model where they don't."""
    details = {"season": 7, "since": "2014-03-02", "correlation": 0.2, "limit": 0.84, "recent_seasons": 8}
    changed = replace(SERIES, findings=(Finding("profile-changed", ("2014-03-02",), 1, details),))
    told = [signal.code for signal in find_signals(changed, regression, now=NOW)]
    assert told == ["profile-changed"]
    told = [signal.code for signal in find_signals(changed, course, now=NOW)]
    assert "profile" in told
    assert "profile-changed" not in told


@pytest.mark.parametrize("frequency", ["h", "D", "W", "MS", "QS", "YS"])
def test_every_frequency_is_watched(frequency: str) -> None:
    """A forecast that is always 30 % too high, with a band that is too narrow, of a series with a season."""
    series = steady(frequency)
    season, steps = series.season, series.frame["ds"].dt.to_pydatetime().tolist()
    values = series.frame["y"].to_numpy()
    look = monitors.LOOK[frequency]  # type: ignore[index]
    length = {"h": 168, "D": 7}.get(frequency, 4)
    tables = []
    for origin in range(2 * season, len(steps) - 1, min(look, length)):
        ahead = range(origin + 1, min(origin + 1 + length, len(steps)))
        tables.append(
            pd.DataFrame(
                {
                    "ds": [steps[step] for step in ahead],
                    "origin": steps[origin],
                    "lead": range(1, len(ahead) + 1),
                    "y": values[list(ahead)],
                    "mean": 1.3 * values[list(ahead)],
                }
            )
        )
    table = pd.concat(tables, ignore_index=True)
    for level in (80, 95):
        table[f"lower_{level}"], table[f"upper_{level}"] = table["mean"] - 1, table["mean"] + 1
    codes = {signal.code for signal in find_signals(series, table, now=NOW)}
    assert {"skill", "coverage"} <= codes


def steady(frequency: str) -> Actuals:
    """Ten to sixty seasons of a wave with a little noise."""
    season = {"h": 24, "D": 7, "W": 52, "MS": 12, "QS": 4, "YS": 1}[frequency]
    count = {"h": 24 * 140, "D": 7 * 52, "W": 52 * 4, "MS": 12 * 8, "QS": 4 * 12, "YS": 30}[frequency]
    generator = np.random.default_rng(0)
    wave = 10 * np.sin(2 * np.pi * np.arange(count) / season) if season > 1 else np.zeros(count)
    values = 100 + wave + generator.normal(size=count)
    return daily(values.tolist(), frequency=frequency)  # type: ignore[arg-type]
