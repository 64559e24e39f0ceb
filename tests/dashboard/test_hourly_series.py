"""An hourly series is told in hours: what comes next, the chart's axis, the tables and the CSV."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from io import BytesIO, StringIO

import numpy as np
import pandas as pd

from backend.actuals import read_actuals
from backend.outlook import outlook
from backend.track_record import record
from dashboard.board_tables import figures_table
from dashboard.chart_words import chart_words
from dashboard.charts import Lines, forecast_chart
from dashboard.components.figures import forecast_of_answer
from dashboard.headline import byline, headline
from dashboard.i18n import open_reader
from dashboard.series import future_frame
from dashboard.spreadsheet import csv_text
from tests.dashboard.board_examples import board
from tests.dashboard.series_examples import daily, issued, view

HOUR = timedelta(hours=1)
END = datetime(2014, 5, 31, 23)
SERIES = daily([600.0 + 10 * (hour % 24) for hour in range(24 * 30)], name="load", frequency="h")
FUTURE = issued(END, [700.0] * 48, 100.0, step=HOUR)
PAST = tuple(
    issued(END - timedelta(days=days), [600.0 + 10 * (hour % 24) for hour in range(48)], step=HOUR)
    for days in range(18, 0, -1)
)
VIEW = view(SERIES, FUTURE, PAST)
ENGLISH, JAPANESE = open_reader("en"), open_reader("ja")


def test_the_headline_speaks_of_the_next_24_hours() -> None:
    ahead = outlook(SERIES, FUTURE)
    assert (ahead.steps, ahead.average) == (24, 700.0)
    assert headline(ENGLISH, SERIES, VIEW, ahead) == (
        "Over the next 24 hours, Sales_EUR should come to about 16,800."
    )
    load = replace(SERIES, value_column="load")
    assert headline(ENGLISH, load, VIEW, ahead) == (
        "Over the next 24 hours, load should be about 700 an hour, "
        "and between 600 and 800 in four hours of five."
    )
    assert headline(JAPANESE, SERIES, VIEW, ahead).startswith("今後24時間の")


def test_lead_times_are_those_of_hours() -> None:
    past = record(VIEW)
    assert past.pairs["lead"].max() == 48
    assert past.near is not None
    assert past.near.count == 18 * 24
    assert past.near.mae == 0
    assert past.said["lead"].max() == 24


def test_the_byline_counts_the_last_days_hours() -> None:
    line = byline(ENGLISH, SERIES, VIEW, record(VIEW).judged)
    assert "actuals up to 31 May 2014, 23:00" in line
    assert "24 of the last 24 hours fell inside the 80 % range given for them" in line
    assert "直近24時間のうち24時間" in byline(JAPANESE, SERIES, VIEW, record(VIEW).judged)


def test_the_chart_writes_hours_only_where_there_are_hours() -> None:
    lines = Lines(SERIES.frame, future_frame(FUTURE))
    hourly = forecast_chart(lines, chart_words(JAPANESE, None, frequency="h")).layout.xaxis
    assert [stop.value for stop in hourly.tickformatstops] == [
        "%H:%M\n%-m月%-d日",
        "%-m月%-d日\n%Y年",
        "%Y年%-m月",
    ]
    assert hourly.hoverformat == "%Y年%-m月%-d日 %H:%M"
    by_day = forecast_chart(lines, chart_words(JAPANESE, None)).layout.xaxis
    assert len(by_day.tickformatstops) == 2
    assert by_day.hoverformat == "%Y年%-m月%-d日"


def test_an_answer_in_hours_keeps_them() -> None:
    points = [{"ds": "2014-06-01T00:00:00", "mean": 1.0}, {"ds": "2014-06-01T01:00:00", "mean": 2.0}]
    frame = forecast_of_answer({"frequency": "h", "forecast": points})
    assert frame is not None
    assert frame["ds"].tolist() == [pd.Timestamp(2014, 6, 1), pd.Timestamp(2014, 6, 1, 1)]


def test_the_csv_can_be_brought_back_as_actuals() -> None:
    """Its hours are whole, and what was interpolated is marked."""
    gappy = replace(SERIES, filled=(datetime(2014, 5, 31, 12),))
    text = csv_text(board(figures=figures_table(gappy, future_frame(FUTURE), record(VIEW).said)))
    table = pd.read_csv(StringIO(text))
    assert table["ds"].iloc[-1] == "2014-06-02T23:00:00"
    assert table[table["interpolated"]]["ds"].tolist() == ["2014-05-31T12:00:00"]
    again = read_actuals(BytesIO(text.encode()), "again")
    assert (again.frequency, len(again.frame)) == ("h", len(SERIES.frame))
    assert np.array_equal(again.frame["y"], SERIES.frame["y"])


def test_the_csv_of_days_has_days() -> None:
    days = daily([600.0] * 60)
    future = future_frame(issued(days.origin, [1.0] * 7))
    text = csv_text(board(figures=figures_table(days, future, record(view(days, None)).said)))
    assert text.splitlines()[-1].startswith("2014-06-07,")
    assert not any("T00" in line for line in text.splitlines())
