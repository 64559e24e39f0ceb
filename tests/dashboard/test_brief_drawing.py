"""The printed chart: where its ticks are, what they say, and that every kind of board can be drawn."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from reportlab.graphics.shapes import Circle, Drawing, Polygon, PolyLine, String

from dashboard.brief.colours import coloured, over, palette
from dashboard.brief.drawing import chart_drawing
from dashboard.brief.fonts import MISSING, printable
from dashboard.brief.scales import MOST_DATES, amount, date_ticks, date_words, value_ticks, written
from dashboard.chart_style import FORECAST, INK
from dashboard.chart_words import chart_words
from dashboard.charts import Lines
from dashboard.i18n import LANGUAGES, Language, open_reader
from tests.dashboard.board_examples import board

SIZE = (515.0, 240.0)
NOTHING = Lines(pd.DataFrame({"ds": pd.to_datetime([]), "y": []}), pd.DataFrame({"ds": [], "mean": []}))


def of_kind(drawing: Drawing, kind: type) -> list[Any]:
    return [part for part in drawing.contents if isinstance(part, kind)]


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0, 1_480, [0, 500, 1_000]),
        (-12, 30, [-10, 0, 10, 20, 30]),
        (0, 0.9, [0, 0.2, 0.4, 0.6, 0.8]),
        (5, 5, [5]),
    ],
)
def test_values_are_round(low: float, high: float, ticks: list[float]) -> None:
    assert value_ticks(low, high) == pytest.approx(ticks)


@pytest.mark.parametrize(
    ("first", "last", "ticks"),
    [
        ("2014-05-30", "2014-06-02", ["2014-05-30", "2014-05-31", "2014-06-01", "2014-06-02"]),
        ("2014-03-02", "2014-06-28", ["2014-04-01", "2014-05-01", "2014-06-01"]),
        ("2009-05-01", "2014-06-28", [f"{year}-01-01" for year in range(2010, 2015)]),
        ("2014-06-01", "2014-06-01", ["2014-06-01"]),
    ],
)
def test_dates_are_round(first: str, last: str, ticks: list[str]) -> None:
    found = date_ticks(datetime.fromisoformat(first), datetime.fromisoformat(last))
    assert found == [pd.Timestamp(tick) for tick in ticks]


@pytest.mark.parametrize("years", [0.001, 0.01, 0.1, 1, 7, 40, 120])
def test_there_are_never_many_dates(years: float) -> None:
    last = datetime(2014, 5, 31)
    first = (pd.Timestamp(last) - pd.Timedelta(days=365 * years)).to_pydatetime()
    assert 1 <= len(date_ticks(first, last)) <= MOST_DATES


def test_hours_are_told_where_there_are_any() -> None:
    found = date_ticks(datetime(2014, 5, 31), datetime(2014, 5, 31, 23), hours=True)
    assert [tick.hour for tick in found] == [0, 6, 12, 18]
    words = chart_words(open_reader("en"), None, frequency="h")
    assert date_words(found, words) == [["00:00", "31 May"], ["06:00"], ["12:00"], ["18:00"]]


def test_the_year_is_told_where_it_changes() -> None:
    words = chart_words(open_reader("ja"), "USD")
    ticks = [pd.Timestamp(day) for day in ("2013-12-24", "2013-12-31", "2014-01-07")]
    assert date_words(ticks, words) == [["12月24日", "2013年"], ["12月31日"], ["1月7日", "2014年"]]
    assert written(datetime(2014, 5, 4, 9, 5), "%-d %b, %H:%M") == "4 May, 09:05"


def test_amounts_are_the_charts() -> None:
    words = chart_words(open_reader("en"), "USD")
    assert [amount(value, words) for value in (1234.4, -1234.4, -0.2)] == ["$1,234", "−$1,234", "$0"]
    assert amount(1.5, chart_words(open_reader("en"), None, size=5)) == "1.50"


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_is_drawn_once_and_inside(language: Language) -> None:
    shown = board(language)
    drawing = chart_drawing(shown.lines, shown.words, *SIZE)
    actual, forecast = of_kind(drawing, PolyLine)
    assert len(actual.points) == 2 * len(shown.lines.actuals)
    assert len(forecast.points) == 2 * len(shown.lines.future)
    bands = [part for part in of_kind(drawing, Polygon) if len(part.points) > 6]
    assert [len(band.points) for band in bands] == [4 * len(shown.lines.future)] * 2
    rings = [part for part in of_kind(drawing, Circle) if part.fillColor is None]
    assert len(rings) == len(shown.lines.misses) + 1  # and the one of the legend
    texts = [part.text for part in of_kind(drawing, String)]
    for text in (shown.words.actual, shown.words.forecast, shown.words.said, shown.words.miss):
        assert text in texts
    left, low, right, high = drawing.getBounds()
    assert left >= -0.5
    assert low >= -0.5
    assert right <= SIZE[0] + 0.5
    assert high <= SIZE[1] + 0.5


def test_positions_are_the_values() -> None:
    shown = board()
    drawing = chart_drawing(shown.lines, shown.words, *SIZE)
    heights = np.asarray(of_kind(drawing, PolyLine)[0].points[1::2])
    values = shown.lines.actuals["y"].to_numpy()
    assert np.corrcoef(heights, values)[0, 1] == pytest.approx(1.0)
    labels = {part.text: part.y for part in of_kind(drawing, String)}
    a_dollar = (labels["$1,000"] - labels["$500"]) / 500
    assert (heights[1] - heights[0]) / (values[1] - values[0]) == pytest.approx(a_dollar)


@pytest.mark.parametrize(
    "lines",
    [
        NOTHING,
        replace(board().lines, future=pd.DataFrame({"ds": pd.to_datetime([]), "mean": []})),
        replace(board().lines, actuals=NOTHING.actuals),
        replace(board().lines, actuals=board().lines.actuals.head(1), future=board().lines.future.head(1)),
        replace(board().lines, actuals=board().lines.actuals.assign(y=np.nan)),
        replace(board().lines, actuals=board().lines.actuals.assign(y=lambda frame: -frame["y"])),
        replace(board().lines, future=board().lines.future[["ds", "mean"]]),
        replace(board().lines, plan=board().lines.future[["ds"]].assign(y=1_000.0)),
    ],
    ids=["nothing", "no forecast", "no actuals", "one point", "unknown", "below zero", "no bands", "plan"],
)
def test_every_state_can_be_drawn(lines: Lines) -> None:
    drawing = chart_drawing(lines, board().words, *SIZE)
    assert bool(drawing.contents) == bool(len(lines.actuals) or len(lines.future))
    for part in of_kind(drawing, String):
        assert "nan" not in part.text.lower()


def test_a_gap_is_left_open_and_a_lonely_value_is_a_dot() -> None:
    shown = board()
    actuals = shown.lines.actuals.copy()
    actuals.loc[actuals.index[[10, 12]], "y"] = np.nan
    drawing = chart_drawing(replace(shown.lines, actuals=actuals), shown.words, *SIZE)
    assert [len(line.points) // 2 for line in of_kind(drawing, PolyLine)[:2]] == [10, len(actuals) - 13]


def test_letters_are_the_fonts() -> None:
    assert printable("予測 $1,061 – 80 %") == "予測 $1,061 – 80 %"
    assert printable("ｱｲｳ ①") == "アイウ 1"
    assert printable("か\u3099\u200b") == "が"
    assert printable("ő ☃") == f"o {MISSING}"
    # What Japanese office programs write: every kanji of JIS X 0208.
    kanji = [
        bytes((row, cell)).decode("euc_jp", "ignore")
        for row in range(0xB0, 0xF5)
        for cell in range(0xA1, 0xFF)
    ]
    assert printable("".join(kanji)) == "".join(kanji)


def test_placeholders_become_the_light_themes_colours() -> None:
    figure = {"line": {"color": INK}, "x": [FORECAST, 1, None], "text": f"ticket {INK}"}
    assert coloured(figure) == {
        "line": {"color": palette().ink},
        "x": [palette().forecast, 1, None],
        "text": f"ticket {INK}",
    }
    assert over("#00000080", "#FFFFFF") == "#7F7F7F"
    assert over("#165E83", "#FFFFFF") == "#165E83"
