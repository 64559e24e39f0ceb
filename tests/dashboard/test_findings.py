"""What stands out is said in figures that are the series' own, a sentence each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from backend.actuals import Finding, read_actuals
from backend.series_calendar import SEASON, Frequency
from backend.settings import PROJECT_ROOT
from dashboard.findings import finding_sentence, when, worth_telling
from dashboard.i18n import open_reader

ENGLISH, JAPANESE = open_reader("en"), open_reader("ja")
COURSE = read_actuals(PROJECT_ROOT / "data" / "adventureworks_daily.csv", "adventureworks_daily")
FOUND = {finding.code: finding for finding in COURSE.findings}


def test_the_bundled_series_has_an_incomplete_last_day() -> None:
    assert finding_sentence(ENGLISH, FOUND["incomplete-last"], "D", "USD") == (
        "31 May 2014 looks incomplete: $58, against about $211 on the 13 Saturdays before."
    )
    assert finding_sentence(JAPANESE, FOUND["incomplete-last"], "D", "USD") == (
        "2014年5月31日のデータはまだ揃っていない可能性があります：$58に対し、直前13回の土曜は約$211です。"
    )


def test_the_newest_outlier_is_told_in_figures_and_the_others_by_date() -> None:
    assert finding_sentence(ENGLISH, FOUND["outlier"], "D", "USD") == (
        "24 May 2014 stands out: $1,386, against about $200 on the 13 Saturdays before. "
        "The same goes for 3 May 2014, 1 March 2014 and 2 earlier."
    )
    assert finding_sentence(JAPANESE, FOUND["outlier"], "D", "USD") == (
        "2014年5月24日の値は通常と大きく異なります：$1,386に対し、直前13回の土曜は約$200です。"
        "2014年5月3日、2014年3月1日と、それ以前の2件も同様です。"
    )


def outliers(dates: Sequence[str]) -> Finding:
    cases = [{"date": date, "value": 9.0, "usual": 2.5, "compared": 9, "z": 7.0} for date in dates]
    return Finding("outlier", tuple(dates), len(dates), {"season": 7, "cases": cases})


def test_one_outlier_stands_alone_and_two_have_none_earlier() -> None:
    alone = "6 January 2014 stands out: 9.00, against about 2.50 on the 9 Mondays before."
    assert finding_sentence(ENGLISH, outliers(["2014-01-06"]), "B", None) == alone
    two = finding_sentence(ENGLISH, outliers(["2014-01-03", "2014-01-06"]), "B", None)
    assert two == f"{alone} The same goes for 3 January 2014."


def test_an_hour_is_told_with_its_time() -> None:
    assert finding_sentence(ENGLISH, outliers(["2014-01-06T13:00:00"]), "h", None) == (
        "6 January 2014, 13:00 stands out: 9.00, against about 2.50 at this hour on the 9 Mondays before."
    )
    hours = ["2014-01-06T11:00:00", "2014-01-06T12:00:00", "2014-01-06T13:00:00"]
    assert finding_sentence(ENGLISH, outliers(hours), "h", None).endswith(
        "Others before it: 2, the newest 6 January 2014, 12:00."
    )
    assert when(JAPANESE, datetime(2014, 1, 6), "h") == "2014年1月6日 00:00"
    assert when(JAPANESE, datetime(2014, 1, 6), "D") == "2014年1月6日"


def test_what_stood_out_long_ago_is_not_told_any_more() -> None:
    """Up to 31 May 2014: 13 weeks reach back to 1 March."""
    changed = Finding("profile-changed", ("2013-10-30",), 1, {})
    new, old = outliers(["2013-11-30", "2014-03-01"]), outliers(["2013-11-30", "2014-02-28"])
    assert worth_telling(replace(COURSE, findings=(new, changed))) == [new, changed]
    assert worth_telling(replace(COURSE, findings=(old, changed))) == [changed]
    assert worth_telling(replace(COURSE, findings=(old,), frequency="MS")) == [old]


@pytest.mark.parametrize("code", ["gaps", "interpolated", "duplicates"])
def test_few_dates_are_named_and_many_counted(code: str) -> None:
    dates = tuple((datetime(2014, 1, 1) + timedelta(days=day)).date().isoformat() for day in range(5))
    few = finding_sentence(ENGLISH, Finding(code, dates[:2], 2, {}), "D", None)  # type: ignore[arg-type]
    many = finding_sentence(ENGLISH, Finding(code, dates, 1205, {}), "D", None)  # type: ignore[arg-type]
    assert "1 January 2014, 2 January 2014" in few
    assert "1,205" in many
    assert "5 January 2014" in many
    assert "1 January 2014" not in many


@pytest.mark.parametrize("frequency", [frequency for frequency in SEASON if SEASON[frequency] > 1])
@pytest.mark.parametrize("reader", [ENGLISH, JAPANESE], ids=["en", "ja"])
def test_a_changed_profile_says_since_when(frequency: Frequency, reader: object) -> None:
    details = {"season": 7, "since": "2013-10-30", "correlation": 0.154, "limit": 0.84, "recent_seasons": 8}
    finding = Finding("profile-changed", ("2013-10-30",), 1, details)
    sentence = finding_sentence(reader, finding, frequency, None)  # type: ignore[arg-type]
    assert when(reader, datetime(2013, 10, 30), frequency) in sentence  # type: ignore[arg-type]
    assert "0.15" in sentence
    assert "8" in sentence
