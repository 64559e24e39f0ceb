"""The chart shows what it is given, in the reader's words, in the theme's colours."""

from __future__ import annotations

import json
from datetime import date

import pandas as pd
import pytest

from backend.track_record import misses, record
from dashboard import chart_style, charts
from dashboard.chart_style import Words
from dashboard.chart_words import chart_words
from dashboard.charts import Lines, answer_chart, forecast_chart
from dashboard.components.figures import forecast_of_answer
from dashboard.i18n import open_reader
from dashboard.series import future_frame, window
from tests.dashboard.series_examples import daily, issued, view

END = date(2014, 5, 31)
SERIES = daily([600.0] * 363 + [600.0, 1500.0])
PAST = tuple(issued(day.date(), [600.0] * 28) for day in pd.date_range("2014-02-01", "2014-05-24", freq="7D"))
VIEW = view(SERIES, issued(END, [640.0] * 28), PAST)
RECORD = record(VIEW)
FUTURE = future_frame(VIEW.future)
LINES = Lines(SERIES.frame, FUTURE, RECORD.said, misses(RECORD.said, 95))
ENGLISH = chart_words(open_reader("en"), "USD")
JAPANESE = chart_words(open_reader("ja"), "USD", miss_level=80)


def names(figure: object) -> list[str]:
    return [trace.name for trace in figure.data]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("levels", "bands"), [("80", ["80"]), ("95", ["95"]), ("both", ["95", "80"])], ids=["80", "95", "both"]
)
def test_bands_that_are_asked_for_are_drawn_the_wide_one_first(
    levels: charts.Levels, bands: list[str]
) -> None:
    drawn = [
        name for name in names(forecast_chart(LINES, ENGLISH, levels=levels)) if name.startswith("upper")
    ]
    assert drawn == [f"upper_{level}" for level in bands]


@pytest.mark.parametrize("words", [ENGLISH, JAPANESE], ids=["en", "ja"])
def test_every_part_is_named_in_the_readers_words(words: Words) -> None:
    figure = forecast_chart(LINES, words)
    assert {words.actual, words.forecast, words.said, words.miss} <= set(names(figure))
    written = {annotation.text for annotation in figure.layout.annotations}
    assert {words.actual, f"<b>{words.forecast}</b>", *words.band.values()} <= written


def test_japanese_axes_and_hover_have_no_english() -> None:
    layout = forecast_chart(LINES, JAPANESE).layout
    assert layout.xaxis.hoverformat == "%Y年%-m月%-d日"
    assert [stop.value for stop in layout.xaxis.tickformatstops] == ["%-m月%-d日\n%Y年", "%Y年%-m月"]
    assert (
        "予測"
        in next(trace for trace in forecast_chart(LINES, JAPANESE).data if trace.name == "予測").hovertemplate
    )


def test_the_axis_starts_at_zero_where_money_is() -> None:
    wide = future_frame(issued(END, [640.0] * 28, 700.0))
    assert forecast_chart(Lines(SERIES.frame, wide), ENGLISH).layout.yaxis.range[0] == 0


def test_a_series_with_losses_keeps_its_own_axis() -> None:
    losses = SERIES.frame.assign(y=SERIES.frame["y"] - 1000)
    assert forecast_chart(Lines(losses, FUTURE), ENGLISH).layout.yaxis.range is None


def test_a_day_outside_its_band_is_a_ring() -> None:
    assert misses(RECORD.said, 95)["ds"].dt.date.tolist() == [END]
    ring = next(trace for trace in forecast_chart(LINES, ENGLISH).data if trace.name == ENGLISH.miss)
    assert ring.marker.symbol == "circle-open"
    assert ring.marker.color == chart_style.MISS


def test_a_forecast_without_limits_is_drawn_without_bands() -> None:
    bare = future_frame(issued(END, [640.0] * 28, None))
    figure = forecast_chart(Lines(SERIES.frame, bare), ENGLISH)
    assert names(figure) == [ENGLISH.actual, ENGLISH.forecast]


def test_colours_are_places_in_the_theme() -> None:
    """Streamlit's front end puts chartCategoricalColors in place of these; any other would be fixed."""
    text = forecast_chart(LINES, ENGLISH).to_json()
    assert (chart_style.INK, chart_style.FORECAST) == ("#000001", "#000002")
    for colour in ("#165E83", "#1F2430", "rgb("):
        assert colour not in text


def test_the_payload_is_small() -> None:
    assert len(forecast_chart(LINES, ENGLISH).to_json()) < 60_000


def test_the_window_cuts_all_frames_at_the_same_day() -> None:
    actual, said = window([SERIES.frame, RECORD.said], 28, SERIES.frame)
    assert len(actual) == 28
    assert said["ds"].min() >= actual["ds"].min()
    assert len(window([SERIES.frame], 0, SERIES.frame)[0]) == 365


def test_an_answer_in_our_contract_is_drawn_with_dates() -> None:
    body = {
        "model": {"name": "demand", "version": 3},
        "origin": "2014-05-31",
        "frequency": "D",
        "forecast": [{"ds": "2014-06-01", "mean": 5.0, "lower": {"80": 1.0}, "upper": {"80": 9.0}}],
    }
    frame = forecast_of_answer(body)
    assert frame is not None
    assert frame["upper_80"].tolist() == [9.0]
    assert answer_chart(frame, ENGLISH).data


def test_an_answer_in_the_courses_contract_is_drawn_by_step() -> None:
    frame = forecast_of_answer({"result": [1.0, 2.0, 3.0]})
    assert frame is not None
    figure = answer_chart(frame, ENGLISH)
    assert list(figure.data[0].x) == [1, 2, 3]
    assert not figure.layout.xaxis.tickformatstops


@pytest.mark.parametrize("body", [None, [], "text", {}, {"result": []}, {"result": ["a"]}, {"forecast": []}])
def test_an_answer_without_a_forecast_is_not_drawn(body: object) -> None:
    assert forecast_of_answer(body) is None


def test_the_figure_is_json() -> None:
    assert json.loads(forecast_chart(LINES, ENGLISH).to_json())["data"]
