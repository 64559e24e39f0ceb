"""The calendars, held against pandas' own."""

from __future__ import annotations

from datetime import datetime

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.frequency import frequency_of, parse_moment

NAMES = [
    "h",
    "D",
    "B",
    "W-SUN",
    "W-WED",
    "MS",
    "ME",
    "QS-JAN",
    "QS-NOV",
    "QE-DEC",
    "QE-JAN",
    "YS-APR",
    "YE-DEC",
]


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
def test_places_and_dates_are_those_of_pandas(name, data):
    start = data.draw(st.datetimes(datetime(1950, 1, 1), datetime(2100, 1, 1)))
    dates = pd.date_range(start.replace(minute=0, second=0, microsecond=0), periods=30, freq=name)
    if name != "h":
        dates = dates.normalize()
    calendar = frequency_of(name)
    places = [calendar.place(date) for date in dates.to_pydatetime()]
    assert places == list(range(places[0], places[0] + 30))
    assert [calendar.moment(place) for place in places] == list(dates.to_pydatetime())
    assert [parse_moment(calendar.label(date)) for date in dates.to_pydatetime()] == list(
        dates.to_pydatetime()
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("D", "2014-05-31T13:00"),
        ("B", "2014-05-31"),
        ("W-SUN", "2014-05-31"),
        ("MS", "2014-05-31"),
        ("ME", "2014-05-30"),
        ("QE-DEC", "2014-05-31"),
        ("YS-JAN", "2014-02-01"),
        ("h", "2014-05-31T13:30"),
    ],
)
def test_dates_off_the_calendar_are_refused(name, text):
    with pytest.raises(ValueError, match="2014"):
        frequency_of(name).place(parse_moment(text))


@pytest.mark.parametrize("name", ["", "d", "2D", "BMS", "W-FOO", "D-SUN", "MS-JAN", "QS-FOO", "min"])
def test_other_frequencies_are_refused(name):
    with pytest.raises(ValueError, match="not supported"):
        frequency_of(name)


@pytest.mark.parametrize(
    ("short", "whole"), [("W", "W-SUN"), ("QS", "QS-JAN"), ("QE", "QE-DEC"), ("YE", "YE-DEC")]
)
def test_short_names_have_pandas_anchors(short, whole):
    assert frequency_of(short) == frequency_of(whole)


@pytest.mark.parametrize(
    "text",
    [
        *("", "2014", "20140531", "2014-5-31", "2014-02-30", "2014-05-31Z", "2014-05-31T10:00+09:00"),
        *("0001-01-01", "9999-12-31", "2014-05-31T25:00", "31/05/2014", "２０１４-05-31", "2014-05-31\n"),
    ],
)
def test_other_texts_are_no_dates(text):
    with pytest.raises(ValueError, match=r"date|years"):
        parse_moment(text)
