"""Notes that people pin to days of a series: a campaign, an outage; some are left out of the figures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Literal, get_args

from sqlalchemy import insert, select, update

from backend.errors import InvalidInput, NotFound
from backend.history.schema import notes

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from backend.actuals import Actuals
    from backend.history import History

NoteKind = Literal["campaign", "outage", "other"]
NOTE_KINDS: tuple[NoteKind, ...] = get_args(NoteKind)
TEXT_LENGTH = 200
DAYS_AHEAD = 400  # how far after the last actual a note may lie


@dataclass(frozen=True)
class Note:
    """What somebody knows of the steps from `first` to `last`, both included, on the series' own clock."""

    id: int
    series: str
    first: datetime
    last: datetime
    text: str
    kind: NoteKind
    excluded: bool
    created: datetime

    def covers(self, moment: datetime) -> bool:
        """Whether a step lies in its range."""
        return self.first <= moment <= self.last


def bounds(series: Actuals) -> tuple[datetime, datetime]:
    """The first and the last moment that a note of a series may reach."""
    first = datetime.combine(series.frame["ds"].iloc[0].date(), time.min)
    return first, datetime.combine(series.origin.date() + timedelta(days=DAYS_AHEAD), time.max)


def pin(
    history: History,
    series: Actuals,
    first: datetime,
    last: datetime,
    text: str,
    kind: NoteKind = "other",
    excluded: bool = False,
) -> Note:
    """Keep a note for all to see; raises InvalidInput, which names the field."""
    words = " ".join(text.split())
    _check(series, first, last, words, kind)
    created = datetime.now(UTC)
    row = {
        "series": series.name,
        "first": first,
        "last": last,
        "text": words,
        "kind": kind,
        "excluded": excluded,
        "created": created,
    }
    with history.engine.begin() as connection:
        number: int = connection.execute(insert(notes).values(**row).returning(notes.c.id)).scalar_one()
    return Note(number, series.name, first, last, words, kind, excluded, created)


def remove(history: History, note_id: int) -> None:
    """Take a note off; it stays in the store with the moment of its removal. Raises NotFound."""
    one = notes.c.id == note_id
    with history.engine.begin() as connection:
        taken = update(notes).where(one, notes.c.removed.is_(None)).values(removed=datetime.now(UTC))
        if connection.execute(taken).rowcount == 0:
            raise NotFound("There is no such note any more.", code="note.not_found")


def notes_of(history: History, series: str) -> list[Note]:
    """The notes on a series, the earliest first."""
    query = (
        select(notes)
        .where(notes.c.series == series, notes.c.removed.is_(None))
        .order_by(notes.c.first, notes.c.last, notes.c.id)
    )
    with history.engine.connect() as connection:
        return [
            Note(row.id, row.series, row.first, row.last, row.text, row.kind, row.excluded, row.created)
            for row in connection.execute(query)
        ]


def excluded_ranges(pinned: Iterable[Note]) -> tuple[tuple[datetime, datetime], ...]:
    """The ranges that are left out of the figures: ascending, no two of them overlapping."""
    merged: list[tuple[datetime, datetime]] = []
    for first, last in sorted((note.first, note.last) for note in pinned if note.excluded):
        if merged and first <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    return tuple(merged)


def without(table: pd.DataFrame, ranges: Iterable[tuple[datetime, datetime]]) -> pd.DataFrame:
    """A table without the rows whose step (`ds`) lies in a range that is left out."""
    for first, last in ranges:
        table = table[~table["ds"].between(first, last)]
    return table


def _check(series: Actuals, first: datetime, last: datetime, text: str, kind: str) -> None:
    if not 1 <= len(text) <= TEXT_LENGTH:
        raise InvalidInput(
            f"A note has between 1 and {TEXT_LENGTH} characters; this one has {len(text)}.",
            field="text",
            code="note.text",
            count=len(text),
            bound=TEXT_LENGTH,
        )
    if kind not in NOTE_KINDS:
        raise InvalidInput(
            f"A note's kind is one of {', '.join(NOTE_KINDS)}.", field="kind", code="note.kind", kind=kind
        )
    low, high = bounds(series)
    for name, moment in (("first", first), ("last", last)):
        if not low <= moment <= high:
            raise InvalidInput(
                f"A note lies between {low.date()} and {high.date()}; its {name} day is {moment.date()}.",
                field=name,
                code="note.range",
                low=low.date(),
                high=high.date(),
                day=moment.date(),
            )
    if last < first:
        raise InvalidInput(
            f"A note can't end on {last.date()}, before it begins on {first.date()}.",
            field="last",
            code="note.order",
            first=first.date(),
            last=last.date(),
        )
