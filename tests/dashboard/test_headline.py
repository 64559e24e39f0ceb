"""The sentences of the Forecast page say what its figures say."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from backend.accuracy import Accuracy
from backend.outlook import outlook
from backend.track_record import record
from dashboard.headline import bias_remark, byline, headline, skill_remark, subject, unit_of
from dashboard.i18n import open_reader
from tests.dashboard.series_examples import daily, issued, view

ENGLISH, JAPANESE = open_reader("en"), open_reader("ja")
END = date(2014, 5, 31)
FLAT = daily([600.0] * 60)


def told(
    language: str, means: list[float], spread: float | None, *, name: str = "adventureworks_daily"
) -> str:
    series = daily([600.0] * 60, name=name)
    future = issued(END, means, spread)
    return headline(open_reader(language), series, view(series, future), outlook(series, future))


def test_a_range_above_zero_is_told_from_both_sides() -> None:
    assert told("en", [640.0] * 28, 100.0) == (
        "Next week’s average transaction should be about $640, "
        "and between $540 and $740 on four days in five."
    )
    assert told("ja", [640.0] * 28, 100.0) == (
        "来週の平均取引額は約$640の見込みです。5日のうち4日は$540〜$740に収まります。"
    )


def test_a_lower_limit_that_nothing_can_fall_below_is_left_out() -> None:
    assert told("en", [640.0] * 28, 700.0) == (
        "Next week’s average transaction should be about $640, and below $1,340 on nine days in ten."
    )


def test_a_model_without_limits_has_no_range() -> None:
    assert told("en", [640.0] * 28, None) == "Next week’s average transaction should be about $640."


def test_the_range_holds_every_day_of_the_week() -> None:
    ahead = outlook(FLAT, issued(END, [500.0, 900.0, 700.0, 700.0, 700.0, 700.0, 700.0, 9000.0], 100.0))
    assert (ahead.low, ahead.high, ahead.steps) == (400.0, 1000.0, 7)
    assert ahead.average == pytest.approx(700.0)
    assert ahead.change == pytest.approx(1 / 6)


def test_somebody_elses_series_is_named_by_its_column_and_has_no_currency() -> None:
    series = daily([600.0] * 60, name="shop")
    assert unit_of(series) is None
    assert subject(ENGLISH, series) == "Sales_EUR"
    sentence = told("en", [640.0] * 28, 100.0, name="shop")
    assert "$" not in sentence
    assert sentence == "Next week, Sales_EUR should come to about 4,480."


@pytest.mark.parametrize("name", ["part", "total", "total.D", "adventureworks_sales_daily.x"])
def test_somebodys_name_is_no_key_of_the_catalogue(name: str) -> None:
    series = replace(daily([600.0] * 60, name=name), value_column="load")
    assert subject(ENGLISH, series) == "load"
    ahead = outlook(series, issued(series.origin, [640.0] * 28))
    assert headline(ENGLISH, series, view(series, None), ahead).startswith(
        "Next week, load should be about 640"
    )


def test_without_a_forecast_the_sentence_says_so() -> None:
    assert "no forecast" in headline(ENGLISH, FLAT, view(FLAT, None), None)
    old = issued(date(2013, 12, 31), [600.0] * 7)
    ahead = outlook(FLAT, old)
    assert ahead.steps == 0
    assert "ends before" in headline(ENGLISH, FLAT, view(FLAT, old), ahead)


@pytest.mark.parametrize("frequency", ["h", "B", "W", "MS", "QS", "YS"])
@pytest.mark.parametrize("reader", [ENGLISH, JAPANESE], ids=["en", "ja"])
def test_other_steps_have_their_sentences(frequency: str, reader: object) -> None:
    series = daily([600.0] * 60, frequency=frequency)  # type: ignore[arg-type]
    future = issued(series.origin, [640.0] * 12)
    sentence = headline(reader, series, view(series, future), outlook(series, future))  # type: ignore[arg-type]
    assert "$640" in sentence
    assert "$540" in sentence


def test_the_byline_counts_last_weeks_days_inside() -> None:
    series = daily([600.0] * 58 + [600.0, 1500.0])
    past = issued(date(2014, 5, 24), [600.0] * 28, 100.0)
    seen = view(series, issued(END, [600.0] * 28), (past,))
    line = byline(ENGLISH, series, seen, record(seen).judged)
    assert "demand version 3" in line
    assert "31 May 2014" in line
    assert "6 of 7 days" in line


def accuracy(**figures: float | None) -> Accuracy:
    values = {"rmse": 1.0, "mae": 1.0, "bias": 0.0, "wape": None, "mase": None, "r2": None} | figures
    return Accuracy(count=10, coverage={}, **values)  # type: ignore[arg-type]


def test_remarks() -> None:
    assert bias_remark(ENGLISH, accuracy(bias=5.0), 600.0) == ENGLISH.t("kpi.bias_none")
    assert bias_remark(ENGLISH, accuracy(bias=50.0), 600.0) == ENGLISH.t("kpi.bias_high")
    assert bias_remark(ENGLISH, accuracy(bias=-50.0), 600.0) == ENGLISH.t("kpi.bias_low")
    assert skill_remark(ENGLISH, accuracy(mase=0.88)) == "12\u00a0% better than a simple guess"
    assert skill_remark(ENGLISH, accuracy(mase=1.07)) == "7\u00a0% worse than a simple guess"
    assert skill_remark(ENGLISH, accuracy()) is None
