"""Numbers, money, dates and durations as each language writes them; errors in the reader's words."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.errors import Conflict, YosokuError
from dashboard.i18n import Reader, language_of_locale, open_reader

ENGLISH = open_reader("en", ZoneInfo("Asia/Tokyo"))
JAPANESE = open_reader("ja", ZoneInfo("Asia/Tokyo"))


def test_dates() -> None:
    assert ENGLISH.date(date(2014, 5, 31)) == "31 May 2014"
    assert JAPANESE.date(date(2014, 5, 31)) == "2014年5月31日"


def test_moments_are_in_the_readers_zone() -> None:
    at = datetime(2014, 5, 31, 15, 30, tzinfo=UTC)
    assert ENGLISH.moment(at) == "1 June 2014, 00:30"
    assert JAPANESE.moment(at) == "2014年6月1日 00:30"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (4930, "$4,930"),
        (-28, "−$28"),
        (0, "$0"),
        (3.5, "$3.50"),
        (-0.001, "$0.00"),
        (1234567.8, "$1,234,568"),
    ],
)
def test_money(value: float, text: str) -> None:
    assert ENGLISH.money(value) == text


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12))
def test_a_minus_sign_stands_only_before_a_number_that_is_not_zero(value: float) -> None:
    text = ENGLISH.number(value, 2)
    assert "-" not in text
    assert text.startswith("−") == (round(value, 2) < 0 and text.strip("−0.,") != "")


def test_plain_amounts_have_digits_as_their_size_asks_for() -> None:
    assert [ENGLISH.amount(value, None) for value in (12345.6, 12.34, 1.234)] == ["12,346", "12.3", "1.23"]


def test_percent() -> None:
    assert ENGLISH.percent(0.812) == "81\u00a0%"
    assert JAPANESE.percent(0.812) == "81%"
    assert ENGLISH.signed_percent(0.031) == "+3.1\u00a0%"
    assert ENGLISH.signed_percent(-0.031) == "−3.1\u00a0%"
    assert ENGLISH.signed_percent(0.0001) == "0.0\u00a0%"


@pytest.mark.parametrize(
    ("seconds", "english", "japanese"),
    [
        (0.0124, "12 ms", "12ミリ秒"),
        (0.9999, "1.0 s", "1.0秒"),
        (9.96, "10.0 s", "10.0秒"),
        (42.4, "42 s", "42秒"),
        (59.7, "60 s", "60秒"),
        (185, "3 min 5 s", "3分5秒"),
        (7440, "2 h 4 min", "2時間4分"),
    ],
)
def test_durations(seconds: float, english: str, japanese: str) -> None:
    assert (ENGLISH.duration(seconds), JAPANESE.duration(seconds)) == (english, japanese)


def test_sizes() -> None:
    assert [ENGLISH.size(count) for count in (12, 1500, 2_000_000, 3_400_000_000)] == [
        "12 B",
        "1.5 KB",
        "2.0 MB",
        "3.4 GB",
    ]


@pytest.mark.parametrize("reader", [ENGLISH, JAPANESE], ids=["en", "ja"])
def test_an_error_is_told_from_the_catalogue_with_its_details(reader: Reader) -> None:
    error = Conflict("in use", code="model.in_use", name="demand:3", endpoints="shop, web")
    sentence = reader.error(error)
    assert "demand:3" in sentence
    assert "shop, web" in sentence


def test_an_unknown_error_is_told_in_its_own_words() -> None:
    assert ENGLISH.error(YosokuError("As it came.", code="no.such.code")) == "As it came."
    assert ENGLISH.error(Conflict("No details.", code="model.in_use")) == "No details."


def test_the_browsers_locale_chooses_the_language() -> None:
    assert [language_of_locale(locale) for locale in ("ja-JP", "ja", "en-GB", "fr", None, "")] == [
        "ja",
        "ja",
        "en",
        "en",
        "en",
        "en",
    ]


def test_a_language_that_we_lack_is_english() -> None:
    assert open_reader("fr").language == "en"
    assert open_reader(None).language == "en"
