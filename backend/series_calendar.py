"""The calendar a series of actuals is on: how far apart its steps are, and which days or hours they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from backend.errors import InvalidActuals

if TYPE_CHECKING:
    import numpy.typing as npt

Frequency = Literal["h", "D", "B", "W", "MS", "QS", "YS"]

# Steps in a season: a day of hours, a week of days, a year of weeks, months and quarters.
SEASON: dict[Frequency, int] = {"h": 24, "D": 7, "B": 5, "W": 52, "MS": 12, "QS": 4, "YS": 1}
HOUR, DAY = 3600.0, 86_400.0
_STEP_DAYS: tuple[tuple[Frequency, float, float], ...] = (
    ("h", 0.9 / 24, 1.1 / 24),
    ("D", 0.9, 1.1),
    ("W", 6.9, 7.1),
    ("MS", 28, 31),
    ("QS", 89, 92),
    ("YS", 365, 366),
)
_MONTHS: dict[Frequency, int] = {"MS": 1, "QS": 3, "YS": 12}
_PERIOD: dict[Frequency, str] = {"MS": "M", "QS": "Q", "YS": "Y"}
# A daily series that has no weekend in so many days has none at all.
_DAYS_WITH_WEEKENDS = 14


def has_hours(frequency: str) -> bool:
    """Whether a date of this frequency needs its hour to be told."""
    return frequency == "h"


def find_frequency(moments: pd.DatetimeIndex) -> Frequency:
    """The frequency of ascending moments, gaps between them allowed; InvalidActuals when there is none."""
    seconds = np.diff(moments.to_numpy(dtype="datetime64[s]")).astype(float)
    typical = float(np.median(seconds)) / DAY
    for frequency, low, high in _STEP_DAYS:
        if low <= typical <= high:
            return "B" if frequency == "D" and _has_no_weekend(moments) else frequency
    if np.all(seconds % (7 * DAY) == 0):
        return "W"
    # A series with more steps missing than there.
    for frequency, step in (("D", DAY), ("h", HOUR)):
        if np.all(seconds % step == 0) and seconds.min() == step:
            return frequency
    raise InvalidActuals(
        f"The rows are {typical:g} days apart; hourly to yearly series are taken.",
        field="actuals",
        code="actuals.frequency",
        days=round(typical, 3),
    )


def place(moments: pd.DatetimeIndex, frequency: Frequency) -> tuple[str, pd.DatetimeIndex]:
    """The calendar as pandas names it (D, W-FRI, ME, QS-JAN), and each moment's step on it.

    Hours and days count from their beginning. Months, quarters and years are the days that the series has, if
    they are all the first or all the last of a month, else their first day. NaT is a row that lies between
    two steps of a weekly series.
    """
    if frequency == "h":
        return frequency, moments.floor("h")
    days = moments.normalize()
    if frequency in _MONTHS:
        return _place_months(days, frequency)
    if frequency == "W":
        weekday = days[0].day_name()[:3].upper()
        return f"W-{weekday}", pd.DatetimeIndex(days.where(days.day_of_week == days[0].day_of_week))
    return frequency, days


def _has_no_weekend(moments: pd.DatetimeIndex) -> bool:
    span = (moments[-1] - moments[0]).days
    return span >= _DAYS_WITH_WEEKENDS and bool((moments.day_of_week < 5).all())


def _place_months(days: pd.DatetimeIndex, frequency: Frequency) -> tuple[str, pd.DatetimeIndex]:
    step = _MONTHS[frequency]
    first = days[0]
    anchor = "" if step == 1 else f"-{first.month_name()[:3].upper()}"
    regular: npt.NDArray[np.bool_] = (days.month - first.month) % step == 0
    if regular.all() and days.is_month_end.all():
        return f"{frequency[0]}E{anchor}", days
    if regular.all() and (days.day == 1).all():
        return f"{frequency}{anchor}", days
    return f"{frequency}{'-JAN' if anchor else ''}", days.to_period(_PERIOD[frequency]).to_timestamp()
