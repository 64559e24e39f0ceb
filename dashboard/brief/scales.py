"""Where a printed chart's ticks are and what they say; pure."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from dashboard.chart_style import Words

MOST_DATES, VALUES = 7, 5
# Distances between dates, the first that gives few enough ticks is taken: pandas' offset aliases.
DISTANCES = (
    "h",
    "3h",
    "6h",
    "12h",
    "D",
    "2D",
    "W-MON",
    "2W-MON",
    "MS",
    "2MS",
    "QS",
    "6MS",
    "YS",
    "2YS",
    "5YS",
)
DAY = pd.Timedelta(days=1)


def value_ticks(low: float, high: float, count: int = VALUES) -> list[float]:
    """Round numbers (1, 2 or 5 times a power of ten apart) from `low` to `high`, about `count` of them."""
    span = high - low
    if not span > 0 or not math.isfinite(span):
        return [low]
    rough = span / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [position * step for position in range(first, last + 1)]


def date_ticks(
    first: datetime, last: datetime, *, hours: bool = False, most: int = MOST_DATES
) -> list[pd.Timestamp]:
    """Round days, or hours where the series has them, from `first` to `last`; at most `most` of them."""
    start, end = pd.Timestamp(first), pd.Timestamp(last)
    for distance in DISTANCES if hours else DISTANCES[DISTANCES.index("D") :]:
        if (end - start) / DAY > most * 31 and distance in DISTANCES[: DISTANCES.index("MS")]:
            continue  # so many hours or days would only be counted to be thrown away
        found = list(pd.date_range(start.normalize(), end, freq=distance))
        found = [moment for moment in found if moment >= start]
        if len(found) <= most:
            return found or [start]
    every = math.ceil(len(found) / most)
    return found[::every]


def date_words(ticks: Sequence[pd.Timestamp], words: Words) -> list[list[str]]:
    """Each tick's lines; the second only where it changes, as plotly writes it."""
    distance = min((later - earlier for earlier, later in itertools.pairwise(ticks)), default=DAY)
    form = words.day_format if distance < 28 * DAY else words.month_format
    if distance < DAY and words.hour_format:
        form = words.hour_format
    told: list[list[str]] = []
    previous = ""
    for tick in ticks:
        first, _, second = written(tick, form).partition("\n")
        told.append([first, second] if second and second != previous else [first])
        previous = second
    return told


def written(moment: datetime, form: str) -> str:
    """A moment in a d3 time format; its unpadded numbers (%-d) are not everywhere strftime's."""
    for sign, value in (("%-d", moment.day), ("%-m", moment.month), ("%-H", moment.hour)):
        form = form.replace(sign, str(value))
    return moment.strftime(form)


def amount(value: float, words: Words) -> str:
    """A value in the chart's d3 number format."""
    dollar = "$" if words.value_format.startswith("$") else ""
    text = dollar + format(abs(value), words.value_format.removeprefix("$"))
    return ("\N{MINUS SIGN}" if value < 0 and any(sign in "123456789" for sign in text) else "") + text
