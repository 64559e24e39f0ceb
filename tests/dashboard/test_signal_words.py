"""Signals are said in figures that are the series' own, a sentence each, with what to do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from backend.actuals import read_actuals
from backend.series_calendar import SEASON, Frequency
from backend.settings import PROJECT_ROOT
from backend.signals import Code, Signal
from dashboard.i18n import Reader, open_reader
from dashboard.moments import when
from dashboard.signal_words import OF_DATA, finding_sentence, signal_sentence
from scoring.finding import Finding
from tests.dashboard.series_examples import daily

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
def test_a_changed_profile_says_since_when(frequency: Frequency, reader: Reader) -> None:
    details = {"season": 7, "since": "2013-10-30", "correlation": 0.154, "limit": 0.84, "recent_seasons": 8}
    finding = Finding("profile-changed", ("2013-10-30",), 1, details)
    sentence = finding_sentence(reader, finding, frequency, None)
    assert when(reader, datetime(2013, 10, 30), frequency) in sentence
    assert "0.15" in sentence
    assert "8" in sentence


SINCE = datetime(2014, 1, 31)
GROUP = {"share": 0.61, "count": 65, "level": 80}
FIGURES: dict[Code, dict[str, object]] = {
    "freshness": {"last": datetime(2014, 5, 31), "late": 9},
    "profile": {"agreement": 0.521, "seasons": 8},
    "group-error": {"weekday": -219.1, "weekend": 294.2},
    "skill": {"rmse": 440.8, "guess_rmse": 375.8, "cycles": 13},
    "coverage": {"groups": [{"group": "weekday", **GROUP}, {"group": "weekend", **GROUP}]},
}


def told(code: Code, reader: Reader = ENGLISH) -> str:
    return signal_sentence(reader, COURSE, Signal(code, SINCE, FIGURES[code], "warning")).text


def test_each_signal_of_the_model_has_its_figure_and_since_when() -> None:
    assert told("profile") == (
        "Since 31 January 2014, the weekday pattern that comes has no longer been the one forecast: "
        "over the last 8 weeks the two agree to 0.52 (1 is fully, below 0.75 is too little)."
    )
    assert told("group-error") == (
        "Since 31 January 2014, weekdays and weekends have been missed differently: "
        "weekdays $219 too low, weekends $294 too high (on average over the last 4 weeks)."
    )
    assert told("skill") == (
        "Since 31 January 2014, a simple guess would have been closer: the mean of the same weekday over "
        "13 weeks. Over the last 4 weeks the forecasts’ typical error was $441, the guess’s $376."
    )
    assert told("coverage") == (
        "Since 31 January 2014, the 80\u00a0% range has been too narrow: "
        "over the last 13 weeks it held only 61\u00a0% of weekdays, 61\u00a0% of weekends."
    )
    assert told("freshness") == "The newest actual is of 31 May 2014; 9 more should have come by now."


def test_the_same_in_japanese() -> None:
    assert told("group-error", JAPANESE) == (
        "2014年1月31日以降、平日と週末で予測の外れ方が異なります：平日は$219低め、週末は$294高め（直近4週間の平均）。"
    )
    assert told("coverage", JAPANESE) == (
        "2014年1月31日以降、80%区間が狭すぎます：直近13週間で区間に入った割合は平日で61%、週末で61%にとどまります。"
    )


@pytest.mark.parametrize("frequency", list(SEASON))
@pytest.mark.parametrize("code", [code for code in FIGURES if code != "profile"])
@pytest.mark.parametrize("reader", [ENGLISH, JAPANESE], ids=["en", "ja"])
def test_every_frequency_has_its_words(frequency: Frequency, code: Code, reader: Reader) -> None:
    series = daily([1.0] * 30, frequency=frequency)
    figures = {"groups": [{"group": "all", **GROUP}]} if code == "coverage" else FIGURES[code]
    sentence = signal_sentence(reader, series, Signal(code, SINCE, figures, "warning"))
    assert sentence.advice
    assert sentence.tone == "bad"
    assert "{" not in sentence.text


@pytest.mark.parametrize("reader", [ENGLISH, JAPANESE], ids=["en", "ja"])
def test_no_jargon(reader: Reader) -> None:
    for code in FIGURES:
        text = told(code, reader).lower()
        assert not [
            word for word in ("welch", "binomial", "crps", "rmse", "p-value", "lin") if word in text.split()
        ]


@pytest.mark.parametrize("code", OF_DATA)
@pytest.mark.parametrize("reader", [ENGLISH, JAPANESE], ids=["en", "ja"])
def test_what_is_of_the_data_is_calm_and_says_what_to_do(code: Code, reader: Reader) -> None:
    details = {"recent_seasons": 8, "correlation": 0.1}
    finding = FOUND.get(code) or Finding(code, ("2014-05-01",), 1, details)  # type: ignore[call-overload, arg-type]
    sentence = signal_sentence(reader, COURSE, Signal(code, SINCE, {"finding": finding}, "note"))
    assert sentence.text == finding_sentence(reader, finding, "D", "USD")
    assert sentence.advice == reader.t(f"signal.{code}_advice")
    assert sentence.tone == "calm"
