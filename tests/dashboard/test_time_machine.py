"""The replay of a past forecast beside what came, and where a figure comes from; both pure."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from backend.track_record import record
from dashboard.charts import Lines
from dashboard.i18n import LANGUAGES, open_reader
from dashboard.provenance import explained_steps, figure_sentence, issued_for, provenance_sentence
from dashboard.series import future_frame
from dashboard.time_machine import replay, replay_sentence
from tests.dashboard.series_examples import daily, issued, view

SERIES = daily([100.0] * 60 + [150.0] * 7, name="shop")
ORIGIN = SERIES.origin - timedelta(days=7)
PAST = issued(ORIGIN, [120.0] * 90, spread=20.0)
EARLIER = issued(ORIGIN - timedelta(days=7), [90.0] * 90, spread=20.0)
FUTURE = issued(SERIES.origin, [130.0] * 90)
VIEW = view(SERIES, FUTURE, (EARLIER, PAST))


def test_a_replay_has_what_was_said_and_what_came() -> None:
    shown = replay(VIEW, ORIGIN)
    assert shown.vintage == PAST.within(28)
    assert (shown.count, shown.expected, shown.came, shown.inside) == (7, 840, 1050, 0)
    assert shown.lines.seen_until == ORIGIN
    assert shown.lines.actuals["ds"].iloc[-1] == SERIES.origin  # what came is drawn, though it wasn't known
    assert replay(VIEW, EARLIER.origin).inside == 7
    with pytest.raises(KeyError):
        replay(VIEW, datetime(2000, 1, 1))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_replay_in_words(language: str) -> None:
    reader = open_reader(language)
    sentence = replay_sentence(reader, VIEW, replay(VIEW, ORIGIN))
    for part in (reader.date(ORIGIN), "840", "1,050", reader.signed_percent(0.25), "7"):
        assert part in sentence


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_figure_tells_where_it_comes_from(language: str) -> None:
    reader = open_reader(language)
    said = record(VIEW).said
    came = SERIES.origin
    vintage = issued_for(VIEW, said, came)
    assert vintage == PAST  # the newer of the two forecasts of that day
    figure = figure_sentence(reader, VIEW, vintage, came)
    for part in (reader.date(came), "120", "100", "140", "150"):
        assert part in figure
    origin = provenance_sentence(reader, vintage)
    for part in (reader.moment(vintage.issued_at), "demand", "3", reader.date(ORIGIN), "4"):
        assert part in origin


def test_every_drawn_step_can_be_asked_about() -> None:
    said = record(VIEW).said
    future = future_frame(VIEW.future.within(28) if VIEW.future else None)
    reader = open_reader("en")
    names = explained_steps(reader, Lines(SERIES.frame, future, said=said), SERIES.frequency)
    steps = [datetime.fromisoformat(step) for step in names]
    assert steps[0] == SERIES.origin + timedelta(days=1)
    assert list(names.values()) == [reader.date(step) for step in steps]
    assert len(steps) == 28 + 14
    assert all(issued_for(VIEW, said, step) for step in steps)
    assert issued_for(VIEW, said, datetime(2000, 1, 1)) is None
