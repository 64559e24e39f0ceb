"""What stands out is found where it is known to be, and seldom where nothing is."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.finding import Finding
from scoring.quality import inspect
from scoring.series import read_series

COURSE = read_series(Path(__file__).resolve().parents[2] / "data" / "adventureworks_daily.csv")
DAYS = list(COURSE.moments)
# The weeks of 2014, Wednesday to Tuesday, without the three that hold an outlier and the incomplete last day.
WEEKS_OF_2014 = np.delete(COURSE.values[154:301].reshape(21, 7), [8, 17, 20], axis=0)
HISTORIES = 300


def found(values: np.ndarray, moments: list[datetime] | None = None, **options: object) -> dict[str, Finding]:
    """The findings of a daily series by their code."""
    at = moments if moments is not None else days(len(values))
    findings = inspect(at, values, "D", season=7, **options)  # type: ignore[arg-type]
    assert len({finding.code for finding in findings}) == len(findings)
    return {finding.code: finding for finding in findings}


def days(count: int) -> list[datetime]:
    return [datetime(2013, 7, 31) + timedelta(days=day) for day in range(count)]


def resampled(rng: np.random.Generator, weeks: int) -> np.ndarray:
    """A history in which nothing changes: real weeks in random order."""
    return WEEKS_OF_2014[rng.integers(len(WEEKS_OF_2014), size=weeks)].ravel()


def until(day: str) -> dict[str, Finding]:
    """What was to be seen at the end of a day of the bundled series."""
    rows = DAYS.index(datetime.fromisoformat(day)) + 1
    return found(COURSE.values[:rows], DAYS[:rows])


def test_the_bundled_series_shows_its_outliers_and_its_incomplete_last_day() -> None:
    findings = found(COURSE.values, DAYS)
    assert findings["outlier"].dates == (
        "2013-11-30",
        "2013-12-14",
        "2014-03-01",
        "2014-05-03",
        "2014-05-24",
    )
    cases = {case["date"]: case for case in findings["outlier"].details["cases"]}  # type: ignore[attr-defined]
    assert [cases[day]["z"] for day in ("2014-03-01", "2014-05-03", "2014-05-24")] == [37.2, 6.0, 56.8]
    assert cases["2014-05-24"]["usual"] == pytest.approx(200.27, abs=0.01)
    last = findings["incomplete-last"]
    assert last.dates == ("2014-05-31",)
    assert last.details["cases"][0]["value"] == pytest.approx(58.13, abs=0.01)  # type: ignore[index]
    assert last.details["cases"][0]["usual"] == pytest.approx(210.87, abs=0.01)  # type: ignore[index]
    assert not {"gaps", "duplicates", "interpolated"} & set(findings)


@pytest.mark.parametrize("day", ["2013-12-20", "2013-12-31", "2014-01-12", "2014-01-31", "2014-03-31"])
def test_the_break_of_october_2013_is_seen_and_dated(day: str) -> None:
    finding = until(day)["profile-changed"]
    assert "2013-10-20" <= finding.details["since"] <= "2013-11-03"  # type: ignore[operator]
    assert finding.details["correlation"] < 0.84  # type: ignore[operator]
    assert finding.dates == (finding.details["since"],)


def test_a_new_level_of_a_weekday_is_no_outlier_for_long() -> None:
    """Fridays are high from 2013-11-08 on: at first they stand out, later they are what is usual."""
    assert "2013-11-22" in until("2013-11-26")["outlier"].dates
    assert "2013-11-22" not in until("2014-02-28")["outlier"].dates


@pytest.fixture(scope="module")
def quiet() -> list[dict[str, Finding]]:
    """What is found in histories in which there is nothing to find."""
    rng = np.random.default_rng(20140531)
    return [found(resampled(rng, 30)[: 210 - cut % 7]) for cut in range(HISTORIES)]


def test_false_alarms_are_few(quiet: list[dict[str, Finding]]) -> None:
    def share(code: str) -> float:
        return sum(code in findings for findings in quiet) / HISTORIES

    assert share("profile-changed") <= 0.03
    assert share("incomplete-last") <= 0.03
    judged = sum(210 - cut % 7 - 8 * 7 for cut in range(HISTORIES))
    outliers = sum(findings["outlier"].count for findings in quiet if "outlier" in findings)
    assert outliers / judged <= 0.006
    newest_week = sum(
        findings["outlier"].dates[-1] >= days(210 - cut % 7)[-7].date().isoformat()
        for cut, findings in enumerate(quiet)
        if "outlier" in findings
    )
    assert newest_week / HISTORIES <= 0.06


def test_noise_without_a_profile_has_none_that_could_change() -> None:
    rng = np.random.default_rng(7)
    noise = [found(rng.normal(100, 10, size=210)) for _ in range(HISTORIES)]
    assert sum("profile-changed" in findings for findings in noise) / HISTORIES <= 0.03
    assert sum("outlier" in findings for findings in noise) / HISTORIES <= 0.15


def test_a_changed_profile_is_seen_wherever_it_changes() -> None:
    """The last 10 of 30 weeks have their days moved by two: weekends are then high."""
    rng = np.random.default_rng(3)
    seen = []
    for _ in range(50):
        weeks = resampled(rng, 30).reshape(30, 7)
        weeks[20:] = np.roll(weeks[20:], 2, axis=1)
        seen.append(found(weeks.ravel()).get("profile-changed"))
    since = [datetime.fromisoformat(str(finding.details["since"])) for finding in seen if finding]
    assert len(since) >= 49
    off = [abs((moment - days(141)[-1]).days) / 7 for moment in since]
    assert np.mean([weeks <= 2 for weeks in off]) >= 0.9


def test_gaps_filled_values_and_duplicates_are_told_apart() -> None:
    rng = np.random.default_rng(1)
    values = resampled(rng, 20)
    moments = days(140)
    kept = [position for position in range(140) if position not in (10, 11, 50, 90)]
    findings = found(
        np.append(values[kept], values[30]), [*(moments[p] for p in kept), moments[30]], filled=[moments[50]]
    )
    assert findings["gaps"].dates == ("2013-08-10", "2013-08-11", "2013-10-29")
    assert (findings["gaps"].count, findings["gaps"].details["longest"]) == (3, 2)
    assert findings["interpolated"].dates == ("2013-09-19",)
    assert findings["duplicates"].dates == ("2013-08-30",)
    assert findings["duplicates"].details["rows"] == 2


def test_a_filled_value_is_not_judged() -> None:
    values = resampled(np.random.default_rng(1), 20)
    values[120] = 1e6
    assert "2013-11-28" in found(values)["outlier"].dates
    judged = found(values, filled=[days(140)[120]])
    assert "2013-11-28" not in judged.get("outlier", Finding("outlier", (), 0, {})).dates
    assert judged["interpolated"].dates == ("2013-11-28",)


def test_only_the_newest_dates_are_listed_but_all_are_counted() -> None:
    moments = [datetime(2014, 1, 1) + timedelta(days=2 * day) for day in range(300)]
    finding = found(np.ones(300), moments)["gaps"]
    assert (len(finding.dates), finding.count) == (100, 299)
    assert finding.dates[-1] == "2015-08-21"


def test_an_hour_is_compared_with_the_same_hour_of_the_same_weekday() -> None:
    """Quiet weekends are no outliers of an hourly series; an hour a thousand times too high is one."""
    rng = np.random.default_rng(5)
    moments = pd.date_range("2014-01-06", periods=24 * 7 * 20, freq="h").to_pydatetime().tolist()
    weekday = np.tile(np.repeat([1.0, 1.0, 1.0, 1.0, 1.0, 0.2, 0.1], 24), 20)
    values = 100 * weekday * rng.uniform(0.8, 1.2, size=weekday.size)
    assert inspect(moments, values, "h", season=24) == ()
    values[3000] *= 1000
    (finding,) = inspect(moments, values, "h", season=24)
    assert (finding.code, finding.dates) == ("outlier", (moments[3000].isoformat(),))


@pytest.mark.parametrize(
    ("frequency", "season"), [("B", 5), ("W-WED", 52), ("MS", 12), ("QE-DEC", 4), ("YS-JAN", 1)]
)
def test_other_calendars_are_inspected_too(frequency: str, season: int) -> None:
    count = max(30, 20 * season)
    moments = pd.date_range("1990-01-01", periods=count, freq=frequency).to_pydatetime().tolist()
    rng = np.random.default_rng(2)
    values = 100 + 10 * np.sin(np.arange(count) * 2 * np.pi / season) + rng.normal(size=count)
    values[-3] = 500
    codes = {finding.code: finding for finding in inspect(moments, values, frequency, season=season)}
    assert codes["outlier"].dates == (moments[-3].date().isoformat(),)


def test_a_series_too_short_to_be_compared_has_no_findings() -> None:
    assert found(COURSE.values[:55], DAYS[:55]) == {}
    assert inspect([], [], "D", season=7) == ()


@pytest.mark.parametrize("values", [np.zeros(210), np.full(210, 5.0), np.tile([0, 0, 0, 0, 0, 0, 3.0], 30)])
def test_a_series_that_repeats_itself_has_no_findings(values: np.ndarray) -> None:
    assert found(values) == {}


def test_sales_now_and_then_are_no_outliers() -> None:
    rng = np.random.default_rng(4)
    assert found(np.where(rng.random(210) < 0.1, 5.0, 0.0)) == {}


def test_dates_off_the_calendar_are_refused() -> None:
    with pytest.raises(ValueError, match="has a time of day"):
        inspect([datetime(2014, 1, 1, 5)], [1.0], "D", season=7)
    with pytest.raises(ValueError, match="outside"):
        found(COURSE.values, DAYS, filled=[datetime(2020, 1, 1)])


@settings(deadline=None)
@given(
    st.lists(st.floats(-1e12, 1e12) | st.just(float("nan")), min_size=1, max_size=250),
    st.integers(2, 9),
    st.randoms(use_true_random=False),
)
def test_every_series_can_be_inspected_and_written_as_json(values, season, random) -> None:
    rows = list(zip(days(len(values)), values, strict=True))
    random.shuffle(rows)
    moments, shuffled = zip(*rows, strict=True)
    findings = inspect(moments, shuffled, "D", season=season)
    assert findings == inspect(days(len(values)), values, "D", season=season)
    text = json.dumps([asdict(finding) for finding in findings], allow_nan=False)
    assert all(finding["count"] >= len(finding["dates"]) > 0 for finding in json.loads(text))
