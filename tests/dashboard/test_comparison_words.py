"""Two forecasts are told and drawn side by side."""

from __future__ import annotations

import json
from datetime import datetime

import pandas as pd
import pytest

from backend.comparison import Closer, ahead
from backend.series_calendar import SEASON, Frequency
from dashboard import charts
from dashboard.chart_words import chart_words
from dashboard.comparison_chart import ComparedLines, comparison_chart
from dashboard.comparison_words import (
    ahead_sentence,
    closer_sentence,
    since_then_sentence,
    then_sentence,
)
from dashboard.i18n import Reader, open_reader
from tests.backend.forecast_examples import bundled
from tests.dashboard.series_examples import daily, issued

ENGLISH, JAPANESE = open_reader("en"), open_reader("ja")
SERIES = bundled()
NOW = issued(datetime(2014, 5, 31), [110.0, 120.0, 130.0])
BEFORE = issued(datetime(2014, 5, 3), [100.0] * 40)


def closer_text(found: Closer, reader: Reader = ENGLISH) -> str:
    return closer_sentence(reader, SERIES, found, "demand-a", "demand-b").text


def test_who_was_closer_is_told_when_it_is_no_chance() -> None:
    assert closer_text(Closer(286, 365.0, 285.0, 100, 186, True)) == (
        "demand-b was closer on 186 of 286 days; it missed by $285 on average, demand-a by $365."
    )
    assert closer_text(Closer(286, 365.0, 285.0, 186, 100, True)) == (
        "demand-a was closer on 186 of 286 days, "
        "but missed by more on average: $365 against $285 of demand-b."
    )
    assert closer_text(Closer(20, 365.0, 285.0, 9, 11, False)) == (
        "Over 20 days neither was clearly closer: demand-b missed by $285 on average, demand-a by $365."
    )
    assert closer_text(Closer(286, 365.0, 285.0, 100, 186, True), JAPANESE) == (
        "286日のうち186日は demand-b のほうが実績に近く、"
        "平均の外れ幅は demand-b が$285、demand-a が$365でした。"
    )


def test_what_both_expect_is_a_mean_or_a_sum() -> None:
    both = ahead(NOW, BEFORE)
    assert both is not None
    assert ahead_sentence(ENGLISH, SERIES, both, "demand-a", "demand-b").text == (
        "For the next 3 days, demand-a expects $120 on average, +20.0\u00a0% on the $100 of demand-b."
    )
    sales = daily([1.0] * 30, name="shop")
    assert "360 in all" in ahead_sentence(ENGLISH, sales, both, "a", "b").text
    assert then_sentence(ENGLISH, SERIES, both, BEFORE).text == (
        "On 3 May 2014 we expected $100 on average of the next 3 days; now we expect $120 (+20.0\u00a0%)."
    )
    assert since_then_sentence(JAPANESE, SERIES, BEFORE, 28, 512.0).text == (
        "2014年5月3日より後に実績が出た28日では、当時の予測は平均で$512外れました。"
    )


@pytest.mark.parametrize("frequency", list(SEASON))
@pytest.mark.parametrize("reader", [ENGLISH, JAPANESE], ids=["en", "ja"])
def test_every_frequency_has_its_words(frequency: Frequency, reader: Reader) -> None:
    series = daily([1.0] * 30, frequency=frequency)
    both = ahead(NOW, BEFORE)
    assert both is not None
    for sentence in (
        closer_sentence(reader, series, Closer(20, 3.0, 2.0, 9, 11, False), "a", "b"),
        ahead_sentence(reader, series, both, "a", "b"),
        then_sentence(reader, series, both, BEFORE),
    ):
        assert "{" not in sentence.text


def lines(*, earlier: bool = False, name: str = "demand-b") -> ComparedLines:
    days = pd.date_range("2014-06-01", periods=28)
    first = pd.DataFrame({"ds": days, "mean": 700.0})
    second = pd.DataFrame({"ds": days, "mean": 600.0})
    return ComparedLines(SERIES.frame.tail(28), first, second, "demand-a", name, SERIES.origin, earlier)


@pytest.mark.parametrize("earlier", [True, False])
def test_the_chart_names_both_at_their_ends_in_the_themes_colours(earlier: bool) -> None:
    figure = comparison_chart(lines(earlier=earlier), chart_words(ENGLISH, "USD"))
    by_name = {trace.name: trace for trace in figure.data}
    assert set(by_name) == {"actual", "demand-a", "demand-b"}
    assert by_name["actual"].line.color == charts.INK
    assert by_name["demand-a"].line.color == charts.FORECAST
    assert by_name["demand-a"].line.dash is None
    assert by_name["demand-b"].line.dash == "dash"
    assert by_name["demand-b"].line.color == (charts.SAID if earlier else charts.GOOD)
    names = {note.text: note for note in figure.layout.annotations}
    assert names["<b>demand-a</b>"].font.color == charts.FORECAST
    [second] = [note for text, note in names.items() if text.endswith(" demand-b")]
    assert second.font.color == by_name["demand-b"].line.color
    assert second.yshift > 0  # a row above the first
    assert figure.layout.yaxis.range[0] == 0
    assert len(json.dumps(json.loads(figure.to_json()))) < 60_000


def test_a_name_is_text_and_no_markup() -> None:
    figure = comparison_chart(lines(name="<b>%{y}"), chart_words(ENGLISH, "USD"))
    assert figure.layout.annotations[2].text.endswith("&lt;b>% {y}")
    assert "%{y}" not in figure.data[1].hovertemplate.split("<b>")[0]


def test_japanese_axes_have_no_english() -> None:
    layout = comparison_chart(lines(), chart_words(JAPANESE, "USD")).layout
    assert layout.xaxis.hoverformat == "%Y年%-m月%-d日"
