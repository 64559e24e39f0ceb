"""The calendars a series can be on: from a date to its place in the series and back, without pandas.

Names are those of pandas (`D`, `B`, `W-SUN`, `MS`, `ME`, `QS-OCT`, `QE-DEC`, `YS-JAN`, `YE-DEC`, `h`), so
that a model file says what the training data said.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

FIRST_YEAR = 1900
LAST_YEAR = 2200

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2})?)?", re.ASCII)
WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


class Frequency(Protocol):
    """One calendar: equally spaced places, each with one date."""

    def place(self, moment: datetime) -> int:
        """The place of a date in the calendar; raises ValueError for a date that isn't in it."""

    def moment(self, place: int) -> datetime:
        """The date at a place."""

    def label(self, moment: datetime) -> str:
        """The date as an answer writes it."""


def parse_moment(text: str) -> datetime:
    """Read `2014-05-31` or `2014-05-31T13:00[:00]`.

    Raises ValueError for anything else, a time zone included, and for years outside 1900..2200.
    """
    if not _DATE.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is not a date like 2014-05-31 (or 2014-05-31T13:00:00)")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is not a date of the calendar") from error
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValueError(f"{text!r} is outside the years {FIRST_YEAR} to {LAST_YEAR}")
    return moment


def frequency_of(name: str) -> Frequency:
    """The calendar of a pandas frequency name; raises ValueError for one that a model can't be on."""
    base, _, anchor = name.partition("-")
    if base in ("D", "B", "h") and not anchor:
        plain: dict[str, Frequency] = {"D": Daily(), "B": BusinessDaily(), "h": Hourly()}
        return plain[base]
    if base == "W" and (anchor or "SUN") in WEEKDAYS:
        return Weekly(WEEKDAYS.index(anchor or "SUN"))
    if base in ("MS", "ME") and not anchor:
        return Monthly(step=1, phase=0, at_end=base == "ME")
    if base in ("QS", "QE", "YS", "YE"):
        anchor = anchor or ("JAN" if base.endswith("S") else "DEC")
        if anchor in MONTHS:
            step = 3 if base.startswith("Q") else 12
            return Monthly(step=step, phase=MONTHS.index(anchor) % step, at_end=base.endswith("E"))
    raise ValueError(f"the frequency {name!r} is not supported: use h, D, B, W, MS, ME, QS, QE, YS or YE")


def _midnight(moment: datetime) -> date:
    if moment.hour or moment.minute or moment.second or moment.microsecond:
        raise ValueError(f"{moment.isoformat()} has a time of day, the series has whole days")
    return moment.date()


def _at_midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)


class _WholeDays:
    """What the calendars of whole days share: their dates are written without a time."""

    def label(self, moment: datetime) -> str:
        return moment.date().isoformat()


class Daily(_WholeDays):
    """Every day."""

    def place(self, moment: datetime) -> int:
        return _midnight(moment).toordinal()

    def moment(self, place: int) -> datetime:
        return datetime.fromordinal(place)


class BusinessDaily(_WholeDays):
    """Monday to Friday; holidays are not known to it."""

    def place(self, moment: datetime) -> int:
        week, weekday = divmod(_midnight(moment).toordinal() - 1, 7)
        if weekday > 4:
            raise ValueError(f"{moment.date()} is a weekend day, the series has Monday to Friday")
        return week * 5 + weekday

    def moment(self, place: int) -> datetime:
        week, weekday = divmod(place, 5)
        return datetime.fromordinal(week * 7 + weekday + 1)


@dataclass(frozen=True)
class Weekly(_WholeDays):
    """One day a week; `weekday` is 0 for Monday to 6 for Sunday."""

    weekday: int

    def place(self, moment: datetime) -> int:
        week, weekday = divmod(_midnight(moment).toordinal() - 1, 7)
        if weekday != self.weekday:
            raise ValueError(f"{moment.date()} is not a {WEEKDAYS[self.weekday]}, the series' weekday")
        return week

    def moment(self, place: int) -> datetime:
        return datetime.fromordinal(place * 7 + self.weekday + 1)


@dataclass(frozen=True)
class Monthly(_WholeDays):
    """The first or last day of every `step`-th month, those with month (from 0) % step == `phase`."""

    step: int
    phase: int
    at_end: bool

    def place(self, moment: datetime) -> int:
        day = _midnight(moment)
        place, phase = divmod(day.year * 12 + day.month - 1 - self.phase, self.step)
        if phase or self.moment(place).date() != day:
            which = "last" if self.at_end else "first"
            raise ValueError(f"{day} is not the {which} day of one of the series' periods")
        return place

    def moment(self, place: int) -> datetime:
        year, month = divmod(place * self.step + self.phase, 12)
        day = calendar.monthrange(year, month + 1)[1] if self.at_end else 1
        return _at_midnight(date(year, month + 1, day))


class Hourly:
    """Every full hour."""

    def place(self, moment: datetime) -> int:
        if moment.minute or moment.second or moment.microsecond:
            raise ValueError(f"{moment.isoformat()} is not a full hour, the series is hourly")
        return moment.toordinal() * 24 + moment.hour

    def moment(self, place: int) -> datetime:
        day, hour = divmod(place, 24)
        return datetime.fromordinal(day) + timedelta(hours=hour)

    def label(self, moment: datetime) -> str:
        return moment.isoformat()
