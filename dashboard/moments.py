"""How a step of a series is written; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backend.series_calendar import has_hours

if TYPE_CHECKING:
    from datetime import datetime

    from dashboard.i18n import Reader


def when(reader: Reader, moment: datetime, frequency: str) -> str:
    """A step of a series: 31 May 2014, with its hour where the series has hours."""
    day = reader.date(moment)
    return reader.t("format.moment", date=day, time=f"{moment:%H:%M}") if has_hours(frequency) else day
