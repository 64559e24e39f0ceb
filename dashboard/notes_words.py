"""A note in the reader's words; pure."""

from __future__ import annotations

from datetime import time
from typing import TYPE_CHECKING

from backend.series_calendar import has_hours
from dashboard.moments import when

if TYPE_CHECKING:
    from backend.notes import Note
    from dashboard.i18n import Reader


def note_days(reader: Reader, note: Note, frequency: str) -> str:
    """The day or the range of a note: 24 May 2014; with hours only where it doesn't hold whole days."""
    whole = not has_hours(frequency) or (note.first.time() == time.min and note.last.time() == time.max)
    first, last = (
        reader.date(moment) if whole else when(reader, moment, frequency)
        for moment in (note.first, note.last)
    )
    return first if first == last else reader.t("notes.range", first=first, last=last)


def note_text(reader: Reader, note: Note, frequency: str) -> str:
    """A whole note: 24 May 2014: spring campaign (left out of the figures)."""
    text = reader.t("notes.line", days=note_days(reader, note, frequency), text=note.text)
    return reader.t("notes.left_out", text=text) if note.excluded else text
