"""The sentences of a series that adds up: its total and range, against last year and the last forecast."""

from __future__ import annotations

import pytest

from backend.outlook import outlook
from backend.track_record import record
from dashboard.headline import headline, lead
from dashboard.i18n import LANGUAGES, open_reader
from tests.backend.track_examples import weekly_forecasts
from tests.dashboard.series_examples import daily, issued, view


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sentences_of_a_total(language: str) -> None:
    reader = open_reader(language)
    series = daily([100.0] * 364 + [200.0] * 28, name="shop")
    past = record(view(series, None, weekly_forecasts(series, [0.9, 1.0, 1.1] * 3)))
    future = issued(series.origin, [150.0] * 7)
    ahead = outlook(series, future, past=past.pairs)
    title = headline(reader, series, view(series, future), ahead)
    assert "1,050" in title
    assert "945" in title
    assert "1,155" in title
    second = lead(reader, series, ahead, past.last)
    assert reader.signed_percent(0.5) in second
    assert reader.signed_percent(-0.25) in second
    assert reader.percent(1 - 1 / 1.1) in second  # the last week came to 1.1 of its forecast
    assert lead(reader, series, None, None) == ""
