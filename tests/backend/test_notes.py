"""Notes: kept for all, checked in the backend, and what they leave out of the figures."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from io import BytesIO

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from backend.actuals import read_actuals
from backend.errors import InvalidInput, NotFound
from backend.history import History, notes
from backend.notes import Note, NoteKind, bounds, excluded_ranges, notes_of, pin, remove, without

DAYS = "\n".join(f"{date(2014, 1, 1) + timedelta(days=day)},{day + 1}" for day in range(60))
SERIES = read_actuals(BytesIO(f"ds,y\n{DAYS}".encode()), "daily")
FIRST, LAST = datetime(2014, 1, 10), datetime(2014, 1, 12)


def test_a_note_is_there_for_everyone_who_opens_the_store(history: History, database_url: str) -> None:
    pinned = pin(history, SERIES, FIRST, LAST, "  Spring\n campaign 春 ", "campaign", excluded=True)
    assert (pinned.text, pinned.kind, pinned.excluded) == ("Spring campaign 春", "campaign", True)
    earlier = pin(history, SERIES, datetime(2014, 1, 2), datetime(2014, 1, 2), "x" * 200)
    other = History(database_url)
    assert notes_of(other, "daily") == [earlier, pinned]
    assert notes_of(other, "hourly") == []
    other.engine.dispose()


def test_a_removed_note_is_seen_no_more_and_still_stored(history: History) -> None:
    pinned = pin(history, SERIES, FIRST, LAST, "Outage", "outage")
    remove(history, pinned.id)
    assert notes_of(history, "daily") == []
    with history.engine.connect() as connection:
        assert connection.execute(select(func.count(notes.c.removed))).scalar() == 1
    with pytest.raises(NotFound):
        remove(history, pinned.id)


@pytest.mark.parametrize(
    ("first", "last", "text", "kind", "field"),
    [
        (FIRST, LAST, " \n ", "other", "text"),
        (FIRST, LAST, "x" * 201, "other", "text"),
        (FIRST, LAST, "fine", "party", "kind"),
        (LAST, FIRST, "fine", "other", "last"),
        (datetime(2013, 12, 31), LAST, "fine", "other", "first"),
        (FIRST, datetime(2015, 4, 7), "fine", "other", "last"),
    ],
)
def test_a_note_outside_its_bounds_names_the_field(
    history: History, first: datetime, last: datetime, text: str, kind: NoteKind, field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        pin(history, SERIES, first, last, text, kind)
    assert refused.value.field == field
    assert notes_of(history, "daily") == []


def test_a_note_may_reach_four_hundred_days_ahead(history: History) -> None:
    low, high = bounds(SERIES)
    assert (low, high.date()) == (datetime(2014, 1, 1), date(2015, 4, 5))
    assert pin(history, SERIES, low, high, "All of it").last == high


def test_rows_of_days_that_are_left_out_are_dropped_from_the_pairs() -> None:
    table = pd.DataFrame({"ds": pd.date_range("2014-01-01", periods=20).repeat(2), "lead": [1, 2] * 20})
    assert without(table, []) is table
    assert without(table, excluded_ranges([note(5, 7, excluded=False)])) is table
    pinned = [note(5, 7), note(7, 8), note(12, 12), note(15, 16, excluded=False)]
    kept = without(table, excluded_ranges(pinned))
    assert sorted({day.day for day in kept["ds"]}) == [1, 2, 3, 4, 9, 10, 11, *range(13, 21)]
    assert len(kept) == 30


@given(st.lists(st.tuples(st.integers(1, 20), st.integers(0, 6), st.booleans()), max_size=8))
def test_ranges_cover_the_days_of_the_notes_and_no_other(drawn: list[tuple[int, int, bool]]) -> None:
    pinned = [note(first, first + length, excluded=excluded) for first, length, excluded in drawn]
    ranges = excluded_ranges(pinned)
    for day in pd.date_range("2014-01-01", periods=31).to_pydatetime():
        inside = sum(first <= day <= last for first, last in ranges)
        assert inside == any(each.covers(day) and each.excluded for each in pinned)
    assert list(ranges) == sorted(ranges)


def note(first: int, last: int, *, excluded: bool = True) -> Note:
    begin = datetime(2014, 1, 1) - timedelta(days=1)
    days = (begin + timedelta(days=first), begin + timedelta(days=last))
    return Note(1, "daily", *days, "Outage", "outage", excluded, begin)
