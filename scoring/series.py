"""Read the series that a training run is given: a CSV with a date and a value column."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from io import BytesIO
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .errors import TrainingInputInvalid
from .frequency import MONTHS, WEEKDAYS, frequency_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from pathlib import Path

    from .model_file import Vector

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Series:
    """A series without gaps: dates and values (n,), pandas' name of its frequency, and the file's SHA-256."""

    moments: tuple[datetime, ...]
    values: Vector
    frequency: str
    sha256: str


def read_series(
    path: Path,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    date_column: str | None = None,
    value_column: str | None = None,
) -> Series:
    """Read the rows from `start` to `end` (both included; all when None), in order of date.

    The columns are found when they are not named: the only one of dates, the only other one of numbers.
    Raises TrainingInputInvalid, naming the row of the file, for cells that are no date (ISO: 2013-07-31) or
    number, repeated dates, gaps, and for a file from which no column can be told.
    """
    try:
        content = path.read_bytes()
        table = pd.read_csv(BytesIO(content), dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise TrainingInputInvalid("input", f"{path} can't be read as a CSV: {error}") from error
    table.index = pd.RangeIndex(2, len(table) + 2)  # rows as a person counts them: the header is row 1
    dates = _column(table, date_column, "date column", _dates)
    _refuse_first(dates[dates.isna()], "the date is not one like 2013-07-31")
    numbers = _column(table.drop(columns=[str(dates.name)]), value_column, "value column", _numbers)
    logger.info("Reading %s: dates from %s, values from %s", path.name, dates.name, numbers.name)
    chosen = pd.Series(True, index=table.index)
    if start is not None:
        chosen &= dates >= start
    if end is not None:
        chosen &= dates <= end
    dates = dates[chosen].sort_values(kind="stable")
    numbers = numbers[dates.index]
    if len(dates) < 4:
        raise TrainingInputInvalid("input", f"{len(dates)} rows are left between start and end: too few.")
    _refuse_first(numbers[numbers.isna()], "the value is missing, NaN or infinite")
    _refuse_first(dates[dates.duplicated()], "the date is there twice")
    moments = tuple(moment.to_pydatetime() for moment in dates)
    return Series(
        moments=moments,
        values=numbers.to_numpy(dtype=np.float64),
        frequency=_frequency(moments),
        sha256=hashlib.sha256(content).hexdigest(),
    )


def _dates(cells: pd.Series[str]) -> pd.Series[pd.Timestamp]:
    # Only the ISO order of year, month, day: any other is read differently on two sides of an ocean.
    iso = cells.where(cells.str.match(r"\d{4}-\d{2}-\d{2}"))
    dates = pd.to_datetime(iso, format="ISO8601", errors="coerce", utc=True)
    return dates.dt.tz_localize(None).dt.as_unit("us")


def _numbers(cells: pd.Series[str]) -> pd.Series[float]:
    numbers = pd.to_numeric(cells, errors="coerce").astype(float)
    return numbers.where(np.isfinite(numbers))


def _column(
    table: pd.DataFrame, name: str | None, option: str, read: Callable[[pd.Series[str]], pd.Series[Any]]
) -> pd.Series[Any]:
    """The named column as `read` reads it, or the only one that it reads in most rows."""
    if name is not None:
        if name not in table.columns:
            raise TrainingInputInvalid(option, f"there is no {name!r}, only {', '.join(table.columns)}.")
        return read(table[name])
    readable = [column for column in table.columns if read(table[column]).notna().sum() * 2 > len(table)]
    if len(readable) != 1:
        found = ", ".join(readable) or "none"
        raise TrainingInputInvalid(option, f"name it, since it can't be told; candidates: {found}.")
    return read(table[readable[0]])


def _refuse_first(rows: pd.Series[Any], problem: str) -> None:
    if len(rows):
        raise TrainingInputInvalid("input", f"row {rows.index[0]}: {problem} ({len(rows)} such rows).")


def _frequency(moments: Sequence[datetime]) -> str:
    """The finest frequency that the dates fill without a gap."""
    nearest, fewest_missing = None, 0
    for name in _candidates(moments[0]):
        calendar = frequency_of(name)
        try:
            places = [calendar.place(moment) for moment in moments]
        except ValueError:
            continue
        missing = places[-1] - places[0] + 1 - len(places)
        if not missing:
            return name
        if nearest is None or missing < fewest_missing:
            gap = next(place for place, after in pairwise(places) if after != place + 1) + 1
            nearest, fewest_missing = (name, calendar.label(calendar.moment(gap))), missing
    if nearest is None:
        raise TrainingInputInvalid("input", "the dates are on no known frequency (h, D, B, W, M, Q, Y).")
    name, gap_label = nearest
    raise TrainingInputInvalid(
        "input", f"{gap_label} is missing, at frequency {name} ({fewest_missing} such): fill the gaps first."
    )


def _candidates(first: datetime) -> tuple[str, ...]:
    weekday, month = WEEKDAYS[first.weekday()], MONTHS[first.month - 1]
    return (
        *("h", "D", "B", f"W-{weekday}", "MS", "ME"),
        *(f"{period}-{month}" for period in ("QS", "QE", "YS", "YE")),
    )
